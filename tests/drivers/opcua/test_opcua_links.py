"""Links that are not what they seem: refused, silent, talking nonsense, frozen in the middle."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asyncua import ua

from baigong.drivers.contract import Wanted
from baigong.drivers.opcua.driver import OpcUaDriver
from baigong.drivers.opcua.faults import translate
from baigong.drivers.opcua.machine import SimNode, SimTypes
from baigong.drivers.opcua.sim import OpcUaSim
from baigong.vocab.errors import RetryLater


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SMALL: dict[str, Any] = {"nodes": [SimNode("M.T", 4.5)], "types": SimTypes()}
POINT = [Wanted(1, "ns=2;s=M.T", 0.1)]
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def fails(options: dict[str, Any], limit_s: float) -> str:
    began = time.monotonic()
    with pytest.raises(RetryLater) as caught:
        async with asyncio.timeout(limit_s * 2), OpcUaDriver(options):
            pytest.fail("it says it is connected")
    assert time.monotonic() - began < limit_s
    return caught.value.code


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[dict[str, Any]]:
    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except ConnectionError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(quietly, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield {"url": f"opc.tcp://127.0.0.1:{port}/", "timeout_s": 1.0}
    finally:
        server.close()


async def test_nobody_listens() -> None:
    assert await fails({"url": f"opc.tcp://127.0.0.1:{free_port()}/"}, 2) == "driver.unreachable"
    assert await fails({"url": "opc.tcp://no-such-host.invalid:4840/", "timeout_s": 2.0}, 5) in {
        "driver.unreachable",
        "driver.timeout",
    }


async def test_silence() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with listening(silent) as options:
        assert await fails(options, 3) == "driver.timeout"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n" * 4,
        b"ACKF\x08\x00\x00\x00",
        b"ACKF\xff\xff\xff\x7f" + bytes(100),
        b"ERRF\x10\x00\x00\x00\x00\x00\x7d\x80\xff\xff\xff\xff",
        os.urandom(300),
        b"",
    ],
)
async def test_nonsense(answer: bytes) -> None:
    async def babbling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(answer)
        await writer.drain()

    async with listening(babbling) as options:
        assert await fails(options, 3) in {"driver.protocol", "driver.timeout", "driver.unreachable"}


class Cable:
    """A TCP relay that can be cut without either end being told."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open = asyncio.Event()
        self._open.set()

    def cut(self) -> None:
        self._open.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                await self._open.wait()
                sink.write(data)
            sink.close()

        try:
            await asyncio.gather(pump(reader, back), pump(there, writer))
        finally:
            back.close()


async def test_a_pulled_cable_ends_watch_and_read_within_seconds() -> None:
    async with OpcUaSim(**SMALL) as sim:
        cable = Cable(sim.port)
        async with listening(cable.serve) as options:
            driver = OpcUaDriver(options)
            await driver.__aenter__()
            began = 0.0
            with pytest.raises(RetryLater) as caught:
                async for delivery in driver.watch(POINT):
                    await delivery.accept()
                    cable.cut()
                    began = time.monotonic()
            assert caught.value.code == "driver.unreachable"
            assert time.monotonic() - began < 5
            with pytest.raises(RetryLater) as caught:
                await driver.read(POINT)
            assert caught.value.code in {"driver.timeout", "driver.unreachable"}
            began = time.monotonic()
            await driver.__aexit__(None, None, None)
            assert time.monotonic() - began < 3


async def test_a_closed_driver_says_so() -> None:
    driver = OpcUaDriver({"url": "x"})
    with pytest.raises(RetryLater):
        await driver.read(POINT)
    assert not (await driver.health()).ok


def test_every_status_code_has_a_place() -> None:
    names = [n for n in vars(ua.StatusCodes) if n.startswith("Bad")]
    found = {translate(ua.UaStatusCodeError(getattr(ua.StatusCodes, n)), "here", "testing").code for n in names}
    assert found == {
        "driver.certificate",
        "driver.credentials",
        "driver.option",
        "driver.protocol",
        "driver.timeout",
        "driver.unreachable",
    }
    assert translate(TimeoutError(), "here", "x").code == "driver.timeout"
    assert translate(OSError("gone"), "here", "x").code == "driver.unreachable"
    assert translate(ValueError("what"), "here", "x").code == "driver.protocol"
