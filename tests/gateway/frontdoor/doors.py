"""What the front-door tests share: a sink that can be held back, a raw client, and foreign clients as programs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from baigong.drivers.mqtt import packets as p
from baigong.drivers.mqtt.codec import decode, encode
from baigong.gateway.frontdoor import FoundPoint, FrontDoor, Options
from baigong.gateway.frontdoor.options import Machine
from baigong.vocab.errors import BaigongError
from baigong.vocab.happenings import Event

OPENED: list[Client] = []  # by tests, closed with the house
ALL = (("#",), ("#",))  # topics of the whole company, for tests of other things
PEOPLE = {
    "press1": Machine("demo", "press1", *ALL),
    "press2": Machine("demo", "press2", *ALL),
    "other": Machine("rival", "press1", *ALL),
    "narrow": Machine("demo", "press1"),
    "edge": Machine("demo", "edge", ("plant/+/data",), ("plant/#",)),
}


@dataclass
class HeldSink:
    """Stores frames while ``open`` is set; raises ``failures`` first, one after another."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    frames: list[tuple[str, pa.RecordBatch]] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    calls: int = 0

    async def store(self, partition: str, tenant: str, frame: pa.RecordBatch) -> int:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        await self.open.wait()
        self.frames.append((tenant, frame))
        return len(self.frames)

    def values(self, tenant: str = "demo") -> list[Any]:
        """List what was stored: numbers or texts, in the order of frames and rows."""
        made = []
        for owner, frame in self.frames:
            if owner == tenant:
                made += [next((row[k] for k in ("value", "whole", "text") if row[k] is not None), None)
                         for row in frame.to_pylist()]  # fmt: skip
        return made


@dataclass
class House:
    """A front door, its sink, and what it told."""

    door: FrontDoor
    sink: HeldSink
    points: list[tuple[str, str, FoundPoint]]
    events: list[Event]

    @property
    def port(self) -> int:
        return self.door.port


@asynccontextmanager
async def house(
    file: Path | None = None,
    *,
    sink: HeldSink | None = None,
    is_open: bool = True,
    register: Any = None,
    **options: Any,
) -> AsyncIterator[House]:
    sink = sink or HeldSink()
    if is_open:
        sink.open.set()
    points: list[tuple[str, str, FoundPoint]] = []
    events: list[Event] = []

    async def credentials(username: str, password: bytes, client_id: str) -> Machine | None:
        return PEOPLE.get(username) if password == b"secret" else None

    async def remember(tenant: str, device: str, found: list[FoundPoint]) -> None:
        points.extend((tenant, device, point) for point in found)

    chosen = Options(port=0, file=file, **{"refusal_delay_s": 0.0, "retry_s": 0.01} | options)
    door = FrontDoor(
        sink=sink,
        credentials=credentials,
        register_points=register or remember,
        options=chosen,
        notice=events.append,
    )
    await door.start()
    try:
        yield House(door, sink, points, events)
    finally:
        await door.stop(0.3)
        while OPENED:
            OPENED.pop().cut()
        await asyncio.sleep(0)


class Client:
    """A client that does exactly what a test says, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._rest = b""

    def send(self, *packets: p.Packet | bytes) -> None:
        for packet in packets:
            self.writer.write(packet if isinstance(packet, bytes) else encode(packet))

    async def get(self, timeout_s: float = 3.0) -> p.Packet:
        """Read the next packet; EOFError when the server hung up."""
        while True:
            packet, used = decode(self._rest)
            if packet is not None:
                self._rest = self._rest[used:]
                return packet
            async with asyncio.timeout(timeout_s):
                more = await self.reader.read(65_536)
            if not more:
                raise EOFError
            self._rest += more

    async def silent(self, seconds: float = 0.1) -> bool:
        """Tell whether nothing comes for so long."""
        try:
            got = await self.get(seconds)
        except TimeoutError:
            return True
        raise AssertionError(f"unexpected {got}")

    async def gone(self, timeout_s: float = 5.0) -> bool:
        """Tell whether the server hung up, whatever it said before."""
        try:
            async with asyncio.timeout(timeout_s):
                while await self.reader.read(65_536):
                    pass
        except ConnectionError:
            pass
        return True

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()

    def cut(self) -> None:
        """Vanish without a word."""
        self.writer.transport.abort()


async def raw_client(port: int) -> Client:
    made = Client(*await asyncio.open_connection("127.0.0.1", port))
    OPENED.append(made)
    return made


async def client(
    port: int, client_id: str = "c1", *, user: str | None = "press1", password: bytes | None = b"secret", **more: Any
) -> Client:
    """Connect and sign in; the CONNACK is checked, and its session flag kept in ``session_present``."""
    made = await raw_client(port)
    made.send(p.Connect(client_id, username=user, password=password, **more))
    answer = await made.get()
    assert isinstance(answer, p.Connack), answer
    assert answer.code == p.ACCEPTED, answer
    made.session_present = answer.session_present  # type: ignore[attr-defined]
    return made


def publish(packet_id: int, value: Any = 1, *, qos: int = 1, topic: str = "plant/data", **more: Any) -> p.Publish:
    return p.Publish(topic, json.dumps({"n": value}).encode(), qos, packet_id if qos else 0, **more)


async def until(holds: Any, timeout_s: float = 5.0) -> None:
    """Wait until ``holds()``; fail when it does not."""
    async with asyncio.timeout(timeout_s):
        while not holds():
            await asyncio.sleep(0.01)


async def run(*command: str, send: bytes = b"", timeout_s: float = 30.0) -> tuple[int, bytes, bytes]:
    """Run a program to its end: (return code, output, errors)."""
    child = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(timeout_s):
            output, errors = await child.communicate(send)
    except TimeoutError:
        child.kill()
        await child.wait()
        raise
    return child.returncode or 0, output, errors


__all__ = ["BaigongError", "Client", "HeldSink", "House", "client", "house", "raw_client", "run", "until"]
