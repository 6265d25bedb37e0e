"""Devices that answer wrongly, late, in pieces, too much or not at all: a typed error, in time, every time."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from baigong.drivers.contract import Wanted
from baigong.drivers.modbus.codec import wrap_rtu
from baigong.drivers.modbus.driver import ModbusDriver
from baigong.vocab.errors import BaigongError, RetryLater

POINTS = [Wanted(1, "holding:0"), Wanted(2, "holding:1")]
RIGHT = bytes([3, 4, 0, 7, 0, 8])
Speak = Callable[[bytes, asyncio.StreamWriter, int], Awaitable[None]]


@asynccontextmanager
async def device(speak: Speak, size: int = 12) -> AsyncIterator[int]:
    """Serve whatever ``speak(request, writer, how many requests before)`` does."""
    asked = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        try:
            while True:
                request = await reader.readexactly(size)
                asked += 1
                await speak(request, writer, asked - 1)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def tcp(request: bytes, pdu: bytes, *, transaction: int = 0, protocol: int = 0, unit: int = 1, extra: int = 0) -> bytes:
    number = struct.unpack(">H", request[:2])[0] + transaction
    return struct.pack(">HHHB", number & 0xFFFF, protocol, len(pdu) + 1 + extra, unit) + pdu


def options(port: int, **more: Any) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": port, "timeout_s": 0.25, "retries": 0} | more


def saying(*parts: Callable[[bytes], bytes]) -> Speak:
    async def speak(request: bytes, writer: asyncio.StreamWriter, asked: int) -> None:
        for part in parts:
            writer.write(part(request))

    return speak


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(lambda r: b"HTTP/1.1 400 Bad Request\r\n\r\n", "driver.protocol", id="another protocol"),
        pytest.param(lambda r: b"\xff" * 3000, "driver.protocol", id="noise"),
        pytest.param(lambda r: b"\0" * 3000, "driver.protocol", id="zeros"),
        pytest.param(lambda r: tcp(r, RIGHT, protocol=7), "driver.protocol", id="wrong protocol number"),
        pytest.param(lambda r: tcp(r, RIGHT, unit=9), "driver.protocol", id="wrong unit"),
        pytest.param(lambda r: tcp(r, RIGHT, transaction=5), "driver.timeout", id="wrong transaction"),
        pytest.param(lambda r: tcp(r, bytes([4]) + RIGHT[1:]), "driver.protocol", id="wrong function"),
        pytest.param(lambda r: tcp(r, bytes([0x84, 2])), "driver.protocol", id="exception of another function"),
        pytest.param(lambda r: tcp(r, RIGHT[:-1]), "driver.protocol", id="a byte too few"),
        pytest.param(lambda r: tcp(r, RIGHT + b"\0"), "driver.protocol", id="a byte too many"),
        pytest.param(lambda r: tcp(r, bytes([3, 2, 0, 7])), "driver.protocol", id="a register too few"),
        pytest.param(lambda r: tcp(r, b"\x83"), "driver.protocol", id="exception without a code"),
        pytest.param(lambda r: tcp(r, RIGHT, extra=60000), "driver.protocol", id="a lie about the length"),
        pytest.param(lambda r: tcp(r, RIGHT, extra=100), "driver.timeout", id="a promise of more"),
        pytest.param(lambda r: tcp(r, RIGHT)[:7], "driver.timeout", id="half an answer"),
        pytest.param(lambda r: b"", "driver.timeout", id="silence"),
    ],
)
async def test_wrong_answers_are_typed_and_in_time(answer: Callable[[bytes], bytes], code: str) -> None:
    async with device(saying(answer)) as port, ModbusDriver(options(port)) as driver:
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(RetryLater) as caught:
                await driver.read(POINTS)
            assert time.monotonic() - began < 1.0
            assert caught.value.code in {code, "driver.unreachable"}
        assert caught.value.place == f"127.0.0.1:{port} unit 1"


async def test_an_answer_in_single_bytes_is_one_answer() -> None:
    async def drip(request: bytes, writer: asyncio.StreamWriter, asked: int) -> None:
        for byte in tcp(request, RIGHT):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.005)

    async with device(drip) as port, ModbusDriver(options(port, timeout_s=2.0)) as driver:
        assert (await driver.read(POINTS))["value"].to_pylist() == [7, 8]


async def test_an_old_answer_before_the_right_one_is_passed_over() -> None:
    wrong = bytes([3, 4, 9, 9, 9, 9])
    speak = saying(lambda r: tcp(r, wrong, transaction=-1), lambda r: tcp(r, RIGHT), lambda r: tcp(r, wrong))
    async with device(speak) as port, ModbusDriver(options(port)) as driver:
        for _ in range(3):
            assert (await driver.read(POINTS))["value"].to_pylist() == [7, 8]
        assert (await driver.health()).counters["strays"] >= 4


async def test_hanging_up_is_noticed_at_once() -> None:
    async def hang_up(request: bytes, writer: asyncio.StreamWriter, asked: int) -> None:
        writer.close()

    async with device(hang_up) as port, ModbusDriver(options(port, timeout_s=30.0)) as driver:
        began = time.monotonic()
        for _ in range(2):
            with pytest.raises(RetryLater) as caught:
                await driver.read(POINTS)
            assert caught.value.code == "driver.unreachable"
        assert time.monotonic() - began < 1.0
        assert not (await driver.health()).ok


async def test_a_lost_answer_is_asked_for_again() -> None:
    async def forgetful(request: bytes, writer: asyncio.StreamWriter, asked: int) -> None:
        if asked % 2:
            writer.write(tcp(request, RIGHT))

    async with device(forgetful) as port, ModbusDriver(options(port, retries=1)) as driver:
        assert (await driver.read(POINTS))["value"].to_pylist() == [7, 8]
        assert (await driver.health()).counters["timeouts"] == 1


@pytest.mark.parametrize("spoiled", [0, 1])
async def test_late_answers_on_a_line_without_numbers_are_never_taken_for_another(spoiled: int) -> None:
    """RTU has no transaction number: what comes after its time must not answer the next request."""

    async def late(request: bytes, writer: asyncio.StreamWriter, asked: int) -> None:
        start = struct.unpack(">H", request[2:4])[0]
        if asked == spoiled:
            await asyncio.sleep(0.35)
        writer.write(wrap_rtu(1, bytes([3, 2]) + start.to_bytes(2, "big")))

    wanted = [Wanted(i, f"holding:{i}") for i in (100, 300, 500)]
    more = {"transport": "rtu-over-tcp", "retries": 1}
    async with device(late, size=8) as port, ModbusDriver(options(port, **more)) as driver:
        for _ in range(2):
            assert (await driver.read(wanted))["value"].to_pylist() == [100, 300, 500]


async def test_a_cancelled_request_leaves_no_answer_for_the_next() -> None:
    async def slow(request: bytes, writer: asyncio.StreamWriter, asked: int) -> None:
        await asyncio.sleep(0.1)
        writer.write(wrap_rtu(1, bytes([3, 2]) + request[2:4]))

    more = {"transport": "rtu-over-tcp", "timeout_s": 1.0}
    async with device(slow, size=8) as port, ModbusDriver(options(port, **more)) as driver:
        reading = asyncio.create_task(driver.read([Wanted(1, "holding:100")]))
        await asyncio.sleep(0.05)
        reading.cancel()
        assert (await driver.read([Wanted(1, "holding:300")]))["value"].to_pylist() == [300]


async def test_a_silent_unit_spoils_only_its_own_points() -> None:
    alive = {2, 4}

    async def line(request: bytes, writer: asyncio.StreamWriter, asked: int) -> None:
        if request[0] in alive:
            writer.write(wrap_rtu(request[0], bytes([3, 2 * request[5]]) + bytes([0, request[0]]) * request[5]))

    now_s = 0.0
    wanted = [Wanted(unit, f"{unit}!holding:0") for unit in (1, 2, 3, 4)]
    settings = options(0, transport="rtu-over-tcp", timeout_s=0.4)
    async with device(line, size=8) as port, ModbusDriver(settings | {"port": port}, clock_s=lambda: now_s) as driver:

        async def read() -> tuple[list[float | None], float]:
            began = time.monotonic()
            return (await driver.read(wanted))["value"].to_pylist(), time.monotonic() - began

        for _ in range(3):  # one silent unit is found out per read
            values, _ = await read()
        assert values == [None, 2, None, 4]
        values, took_s = await read()
        assert values == [None, 2, None, 4]
        assert took_s < 0.35  # nobody waits for the silent
        assert (await driver.health()).detail.endswith("no answer from unit 1, 3")
        alive.add(3)
        now_s = 30.0
        for _ in range(2):
            values, took_s = await read()
            assert took_s < 0.75
        assert values == [None, 2, 3, 4]
        alive.clear()
        now_s = 200.0
        with pytest.raises(RetryLater) as caught:
            for _ in range(4):
                await read()
        assert caught.value.code == "driver.timeout"


@pytest.mark.parametrize("host", ["no-such-host.invalid", "127.0.0.1", "256.256.256.256", "a" * 70 + ".example", "::1"])
async def test_hosts_that_lead_nowhere(host: str) -> None:
    began = time.monotonic()
    with pytest.raises(BaigongError) as caught:
        async with ModbusDriver({"host": host, "port": 1, "timeout_s": 2.0}):
            pytest.fail("connected to nobody")
    assert caught.value.code in {"driver.unreachable", "driver.option"}
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("port", ["/dev/does-not-exist", "/dev/null", "/etc/passwd", ""])
async def test_serial_ports_that_are_none(port: str) -> None:
    with pytest.raises(BaigongError) as caught:
        async with ModbusDriver({"transport": "serial", "serial_port": port}):
            pytest.fail("opened no port")
    assert caught.value.code in {"driver.unreachable", "driver.option"}
