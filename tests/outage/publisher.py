"""An MQTT 3.1.1 publisher on a bare socket that knows what was acknowledged: QoS 1, sent again until PUBACK."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import time
from dataclasses import dataclass, field

_WINDOW = 20  # messages sent and not yet acknowledged


@dataclass
class Publisher:
    """Each message is one value with a time of its own (whole milliseconds, never twice) on ``topic``.

    ``acked``: sample time in microseconds -> value, of what the platform has promised to keep. Messages
    that were sent and never acknowledged are sent again after a reconnect, flagged as duplicates.
    """

    port: int
    user: str
    password: str
    topic: str
    pause_s: float = 0.002
    acked: dict[int, float] = field(default_factory=dict)
    sent: int = 0
    connects: int = 0
    connected: float = 0.0  # when the newest connection was accepted
    last_ack: float = 0.0
    _waiting: dict[int, tuple[int, float]] = field(default_factory=dict)  # packet id -> (time, value)
    _stop: bool = False
    _last_ms: int = 0
    _skew_ms: int = 0
    _used: set[int] = field(default_factory=set)

    def stop(self) -> None:
        self._stop = True

    async def run(self) -> None:
        while not (self._stop and not self._waiting):
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                await self._live()
            await asyncio.sleep(0.05)

    async def _live(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(self._connect())
            async with asyncio.timeout(5):
                answer = await reader.readexactly(4)
            if answer[3]:
                return  # the registry cannot be asked yet
            self.connects += 1
            self.connected = time.monotonic()
            for number, sample in self._waiting.items():
                writer.write(self._packet(number, sample, again=True))
            async with asyncio.TaskGroup() as group:
                hearing = group.create_task(self._hear(reader))
                group.create_task(self._speak(writer, hearing))
        except* (OSError, asyncio.IncompleteReadError):
            pass  # the line is gone; what waits is sent again over the next
        finally:
            writer.close()

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        while not (self._stop and not self._waiting):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    kind, _, number = struct.unpack(">BBH", await reader.readexactly(4))
                    assert kind == 0x40, f"no PUBACK but {kind:#x}"
                    at_us, value = self._waiting.pop(number)
                    self.acked[at_us] = value
                    self.last_ack = time.monotonic()

    async def _speak(self, writer: asyncio.StreamWriter, hearing: asyncio.Task[None]) -> None:
        while not self._stop and not hearing.done():
            if len(self._waiting) < _WINDOW:
                self._last_ms = self._free_ms()
                self.sent += 1
                number = self.sent % 60_000 + 1
                self._waiting[number] = sample = (self._last_ms * 1000, float(self.sent))
                writer.write(self._packet(number, sample))
                await writer.drain()
            await asyncio.sleep(self.pause_s)

    def step(self, skew_ms: int) -> None:
        """Set the device's clock forward or back, relative to ours."""
        self._skew_ms, self._last_ms = skew_ms, 0

    def _free_ms(self) -> int:
        at = max(self._last_ms + 1, time.time_ns() // 1_000_000 + self._skew_ms)
        while at in self._used:
            at += 1
        self._used.add(at)
        return at

    def _connect(self) -> bytes:
        client = f"outage-{self.topic}".encode()
        parts = [client, self.user.encode(), self.password.encode()]
        body = b"\0\4MQTT\4\xc2\0\x3c" + b"".join(struct.pack(">H", len(p)) + p for p in parts)
        return b"\x10" + _length(len(body)) + body

    def _packet(self, number: int, sample: tuple[int, float], *, again: bool = False) -> bytes:
        topic, payload = self.topic.encode(), json.dumps({"ts": sample[0] // 1000, "count": sample[1]}).encode()
        body = struct.pack(">H", len(topic)) + topic + struct.pack(">H", number) + payload
        return bytes([0x3A if again else 0x32]) + _length(len(body)) + body


def _length(n: int) -> bytes:
    made = bytearray()
    while True:
        n, low = divmod(n, 128)
        made.append(low | (0x80 if n else 0))
        if not n:
            return bytes(made)
