"""Live messages between gateways, over the bus: a client here hears what a client there publishes.

Subject ``mqtt.<tenant>.<level>.<level>…``: each level of the topic with all but letters, digits, ``-`` and ``_``
written as ``=XX`` per byte; an empty level is ``=``. Body: the sender's id and a line feed, one character
``0``–``2`` for QoS (``4``–``6`` when retained), then the payload. Not stored: who is not there now misses it, and
what is telemetry travels as frames anyway.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from typing import TYPE_CHECKING

from baigong.bus.contract import Bus, Message
from baigong.vocab.errors import RetryLater

if TYPE_CHECKING:
    from baigong.gateway.frontdoor.door import FrontDoor

_QUEUE = 10_000  # messages waiting for the bus; more are dropped and counted
_PLAIN = re.compile(rb"[A-Za-z0-9_-]")
_ESCAPED = re.compile(rb"=([0-9A-F]{2})")


def encode_topic(topic: str) -> str:
    """Write a topic as tokens of a subject.

    >>> encode_topic("plant/press 3//x.y")
    'plant.press=203.=.x=2Ey'
    """
    return ".".join(_level(level.encode()) for level in topic.split("/"))


def _level(raw: bytes) -> str:
    return "".join(chr(b) if _PLAIN.match(bytes((b,))) else f"={b:02X}" for b in raw) or "="


def decode_topic(tokens: str) -> str:
    """Read what ``encode_topic`` wrote.

    >>> decode_topic("plant.press=203.=.x=2Ey")
    'plant/press 3//x.y'
    """
    levels = ("" if token == "=" else token for token in tokens.split("."))  # noqa: S105 - not a password
    return "/".join(
        _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), level.encode()).decode() for level in levels
    )


class Bridge:
    """Sends what clients of this door publish, and gives to them what comes from other doors."""

    def __init__(self, bus: Bus, door: FrontDoor) -> None:
        self._bus, self._door = bus, door
        self._own = uuid.uuid4().hex.encode()
        self._queue: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(_QUEUE)
        self._incoming = bus.subscribe("mqtt.>")

    def send(self, tenant: str, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        body = b"%b\n%d%b" % (self._own, qos + 4 * retain, payload)
        try:
            self._queue.put_nowait((f"mqtt.{tenant}.{encode_topic(topic)}", body))
        except asyncio.QueueFull:
            self._door.counts.dropped["bus is slow"] += 1

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_on())
            group.create_task(self._listen())

    async def _send_on(self) -> None:
        while True:
            subject, body = await self._queue.get()
            try:
                await self._bus.publish(subject, body)
            except RetryLater:
                self._door.counts.dropped["bus is down"] += 1

    async def _listen(self) -> None:
        async for message in self._incoming:
            self._take(message)

    def _take(self, message: Message) -> None:
        sender, _, rest = message.payload.partition(b"\n")
        if sender == self._own:
            return
        _, tenant, tokens = message.subject.split(".", 2)
        try:
            topic, flags = decode_topic(tokens), int(rest[:1])
        except ValueError:
            self._door.counts.dropped["bus message malformed"] += 1
            return
        room = self._door.room(tenant)
        room.pass_on(topic, rest[1:], flags & 3, retain=flags >= 4)
        room.wake()
