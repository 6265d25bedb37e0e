"""A client of other people's brokers: subscribes, takes values out of payloads, acknowledges what was stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from baigong.drivers.contract import Ack, Delivery, Found, Health, Node, Wanted
from baigong.drivers.mqtt.batches import LINGER_S, Batches
from baigong.drivers.mqtt.browse import Listener
from baigong.drivers.mqtt.command import command_of
from baigong.drivers.mqtt.link import Link
from baigong.drivers.mqtt.links import MOST_FOUND, Links
from baigong.drivers.mqtt.payload import Book
from baigong.drivers.mqtt.settings import parse_settings
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater
from baigong.vocab.happenings import Command


class MqttDriver:
    """See ``driver.toml`` and ``docs.md``.

    Opening and browsing use a throw-away client id; only ``watch`` uses the lasting one, so that testing a
    connection never takes it over from a running one.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self._settings = parse_settings(options)
        self._listener = Listener(self._settings)
        self._links = Links(self._settings, self._listener.receive)
        self._batches = Batches()
        self._book = Book(lambda address: 0)
        self._topics: dict[str, None] = {}  # those that hold a wanted point, in their order
        self._numbering: Callable[[str], int] | None = None
        self._wanted: dict[str, int] = {}
        self._counters = {"messages": 0, "values": 0, "malformed": 0, "unwanted": 0, "dropped": 0}

    async def __aenter__(self) -> Self:
        await self._links.look()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._links.close()

    async def browse(self, path: str = "") -> list[Node]:
        """Listen for a while; topics at the top, below each the values of its last message."""
        return await self._listener.browse(await self._links.look(), path)

    async def read(self, points: Sequence[Wanted]) -> pa.RecordBatch:
        raise FixConfiguration("driver.unsupported", "a broker cannot be asked for values, only listened to")

    async def write(self, command: Command) -> Ack:
        """Publish the value, not retained; that the broker has it does not yet say that the machine obeyed."""
        topic, payload = command_of(command.address, command.value)
        link = self._links.up
        if link is None:
            raise RetryLater("driver.unreachable", "not connected")
        await link.publish(topic, payload)
        return Ack(True, f"published on {topic}")

    async def health(self) -> Health:
        return Health(*self._links.health(), self._counters | {"refused": self._batches.refused})

    def discover(self, numbering: Callable[[str], int]) -> bool:
        """Make points of all that the topic filters bring; without filters only what is wanted is subscribed."""
        self._numbering = numbering if self._settings.discover else None
        return self._numbering is not None

    def take_found(self) -> list[Found]:
        met, self._book.fresh = self._book.fresh, []
        return [Found(p.number, p.address, p.name, p.kind, p.unit) for p in met if p.address not in self._wanted]

    async def watch(self, points: Sequence[Wanted]) -> AsyncIterator[Delivery]:
        """Yield what the broker sends; a message is acknowledged to it by ``accept()`` only.

        What is neither accepted nor acknowledged when the connection ends, the broker sends again next time.
        """
        numbers = self._wanted = {point.address: point.number for point in points}
        number_others = self._numbering or (lambda address: 0)
        self._book = Book(
            lambda address: numbers.get(address) or number_others(address),
            self._settings.rules,
            max_points=len(numbers) + (MOST_FOUND if self._numbering else 1),
        )
        self._topics = dict.fromkeys(topic for address in numbers if (topic := _topic(address)))
        self._batches.begin()
        link = Link(self._settings, self._settings.client_id, self._receive, persistent=self._settings.qos > 0)
        try:
            await self._links.last(link)
            await link.subscribe(list(self._settings.topics or self._topics), self._settings.qos)
            while True:
                await link.wait(self._batches.ready)
                await asyncio.sleep(LINGER_S)
                for delivery in self._batches.take(link):
                    yield delivery
        finally:
            await link.close()

    def _receive(self, topic: str, payload: bytes, packet_id: int, is_retained: bool) -> None:
        batch = self._batches.batch
        self._counters["messages"] += 1
        if not packet_id and self._batches.is_full:
            self._counters["dropped"] += 1
            return
        if packet_id:
            batch.packet_ids.append(packet_id)
        self._batches.ready.set()
        if not payload or (topic not in self._topics and self._numbering is None):
            self._counters["unwanted"] += 1
            return
        try:
            count = self._book.reader(topic).take(payload, batch.columns, time.time_ns() // 1000, is_old=is_retained)
        except BaigongError:
            self._counters["malformed"] += 1
        else:
            self._counters["values"] += count
            self._counters["unwanted"] += not count


def _topic(address: str) -> str:
    """Return the topic of an address; "" when nobody could publish there."""
    topic, separator, _ = address.partition("#")
    return topic if separator and topic and "\0" not in topic and "+" not in topic else ""
