"""The host application's connection: announces itself, listens, asks for births, and hands over what was said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from baigong.drivers.contract import Ack, Delivery, Found, Health, Node, Wanted
from baigong.drivers.mqtt.batches import LINGER_S, Batches
from baigong.drivers.mqtt.link import Link
from baigong.drivers.mqtt.links import MOST_FOUND, Links
from baigong.drivers.sparkplug.explore import Explorer, find
from baigong.drivers.sparkplug.host import Host
from baigong.drivers.sparkplug.messages import command as command_of
from baigong.drivers.sparkplug.messages import rebirth, says_offline, state
from baigong.drivers.sparkplug.nodes import Known
from baigong.drivers.sparkplug.settings import parse_settings
from baigong.drivers.sparkplug.topics import Place, parse_address, state_topic
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.happenings import Command

_FAREWELL_S = 0.5


class SparkplugDriver:
    """See ``driver.toml`` and ``docs.md``.

    Opening and browsing use a throw-away client id and announce nobody; only ``watch`` is the host application.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self._settings = parse_settings(options)
        self._explorer = Explorer(self._settings)
        self._links = Links(self._settings.link, self._explorer.receive)
        self._host = Host(lambda address: 0)
        self._batches = Batches()
        self._numbering: Callable[[str], int] | None = None
        self._wanted: dict[str, int] = {}
        self._must_announce = False

    async def __aenter__(self) -> Self:
        await self._links.look()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._links.close()

    async def browse(self, path: str = "") -> list[Node]:
        """Listen for a while; edge nodes at the top, below each its devices and the metrics of its births."""
        return await self._explorer.browse(await self._links.look(), path)

    async def read(self, points: Sequence[Wanted]) -> pa.RecordBatch:
        raise FixConfiguration("driver.unsupported", "edge nodes report by themselves; they cannot be asked for values")

    async def write(self, command: Command) -> Ack:
        """Send NCMD or DCMD, QoS 0 as the standard says: what the metric reports afterwards tells whether it obeyed.

        The type is that of the birth; without one the edge node is asked for it first.
        """
        place = parse_address(command.address)
        link = self._links.lasting if self._links.lasting is not None and self._links.lasting.is_up else None
        known = find(self._host, place) if link is not None else None
        if known is None:
            known = await self._born(place)
        topic, payload = command_of(place, known.datatype, command.value, time.time_ns() // 1_000_000)
        (link or await self._links.look()).tell(topic, payload)
        return Ack(True, f"sent on {topic}")

    async def _born(self, place: Place) -> Known:
        """Find what a birth says of a metric, asking for one if need be. Raises driver.address."""
        probe = await self._links.look()
        if self._explorer.find(place) is None:
            self._explorer.host.rebirths.want((place.group, place.node))
            await self._explorer.listen(probe, self._settings.link.timeout_s / 2, place)
        known = self._explorer.find(place)
        if known is None:
            raise FixConfiguration(
                "driver.address", f"no birth of {place.group}/{place.node} declares {place.metric!r}"
            )
        return known

    async def health(self) -> Health:
        is_up, detail = self._links.health()
        trouble = self._host.trouble()
        counters = dict(self._host.counters) | {"refused": self._batches.refused}
        return Health(is_up, f"{detail}; {trouble}" if trouble else detail, counters)

    def discover(self, numbering: Callable[[str], int]) -> bool:
        """Make points of every metric that is born, if the options say so."""
        self._numbering = numbering if self._settings.discover else None
        return self._numbering is not None

    def take_found(self) -> list[Found]:
        met, self._host.fresh = self._host.fresh, []
        return [found for found in met if found.address not in self._wanted]

    async def watch(self, points: Sequence[Wanted]) -> AsyncIterator[Delivery]:
        """Yield what edge nodes report. Their messages have QoS 0 and a new session begins with each connection.

        What they said while we were away comes, as historical values, from those whose primary host we are.
        """
        numbers = self._wanted = {point.address: point.number for point in points}
        others = self._numbering or (lambda address: 0)
        most = len(numbers) + (MOST_FOUND if self._numbering else 1)
        self._host = Host(lambda address: numbers.get(address) or others(address), self._settings.reorder_s, most)
        self._batches.begin()
        since_ms = time.time_ns() // 1_000_000
        topic, name = state_topic(self._settings.host_id), self._settings.host_id
        will = (topic, state(online=False, since_ms=since_ms)) if name else None
        link = Link(self._settings.link, self._settings.link.client_id, self._receive, persistent=False, will=will)
        try:
            await self._links.last(link)
            await link.subscribe([*([topic] if name else []), *self._settings.link.topics], 1)
            self._must_announce = bool(name)
            while True:
                if self._must_announce:
                    self._must_announce = False
                    await link.publish(topic, state(online=True, since_ms=since_ms), retain=True)
                await self._news(link)
                for delivery in self._batches.take(link):
                    yield delivery
        finally:
            if name and link.is_up:  # a farewell makes the broker forget the will
                with suppress(BaigongError, TimeoutError):
                    async with asyncio.timeout(_FAREWELL_S):
                        await link.publish(topic, state(online=False, since_ms=since_ms), retain=True)
            await link.close()

    async def _news(self, link: Link) -> None:
        """Wait for a message or for what is due; ask for the births that are wanted."""
        due_s = self._host.next_s()
        with suppress(TimeoutError):
            async with asyncio.timeout(None if due_s is None else max(due_s - time.monotonic(), 0.0)):
                await link.wait(self._batches.ready)
            await asyncio.sleep(LINGER_S)
        self._host.tick(self._batches.batch.columns, time.time_ns() // 1000, time.monotonic())
        while (node := self._host.rebirths.due(time.monotonic())) is not None:
            if self._settings.ask_for_rebirth:
                self._host.counters["rebirths"] += 1
                link.tell(*rebirth(node, time.time_ns() // 1_000_000))

    def _receive(self, topic: str, payload: bytes, packet_id: int, is_retained: bool) -> None:
        batches = self._batches
        if packet_id:
            batches.batch.packet_ids.append(packet_id)
        batches.ready.set()
        if self._settings.host_id and topic == state_topic(self._settings.host_id):
            # §5.9: as long as we are here nobody may believe that we are not
            self._must_announce = self._must_announce or (not is_retained and says_offline(payload))
        elif is_retained:
            self._host.counters["unwanted"] += 1  # births are never retained: whose this was, nobody knows
        elif not packet_id and batches.is_full:
            self._host.counters["dropped"] += 1  # its number is missing now: a birth will say the values again
        else:
            self._host.take(topic, payload, batches.batch.columns, time.time_ns() // 1000, time.monotonic())
