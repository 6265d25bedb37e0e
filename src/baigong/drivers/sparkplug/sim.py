"""A broker with one edge node in this process, for tests: it is born when asked, reports by alias, obeys commands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from baigong.drivers.mqtt.sim import Simulator as Broker
from baigong.drivers.sparkplug.codec import BOOLEAN, LONG, Metric, Payload, decode, encode
from baigong.drivers.sparkplug.topics import NAMESPACE, parse_address, parse_topic
from baigong.drivers.sparkplug.values import NUMBER, raw_of, value_of


class Simulator(Broker):
    """``values``: address -> (data type, value), all of one edge node. Every ``every_s`` it reports them all."""

    def __init__(self, values: Mapping[str, tuple[str, Any]], port: int = 0, every_s: float = 0.1) -> None:
        super().__init__(port=port)
        places = [parse_address(address) for address in values]
        self.group, self.node = places[0].group, places[0].node
        self.held = {
            (place.device, place.metric): (NUMBER[kind], value)
            for place, (kind, value) in zip(places, values.values(), strict=True)
        }
        self.aliases = {key: alias for alias, key in enumerate(self.held, 1)}
        self.devices = list(dict.fromkeys(place.device for place in places if place.device))
        self.births = self.seq = self.death_number = 0
        self._every_s = every_s
        self._obeyed = asyncio.Event()
        self._beat: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await super().start()
        self._beat = asyncio.create_task(self._report())

    async def stop(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
            with suppress(asyncio.CancelledError):
                await self._beat
            self._beat = None
        await super().stop()

    async def stir(self) -> None:
        """Report every value again."""
        for device in ("", *self.devices):
            self.tell("DATA", device, [self._metric(key, with_name=False) for key in self.held if key[0] == device])

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            await self.stir()

    def publish(self, topic: str, payload: bytes, *, qos: int = 1) -> None:
        """Give a message to whoever subscribed; the edge node is one of them."""
        super().publish(topic, payload, qos=qos)
        where = parse_topic(topic)
        if where is None or (where.group, where.node) != (self.group, self.node):
            return
        if where.kind in ("NCMD", "DCMD"):
            for metric in decode(payload).metrics:
                self._obey(where.device, metric)

    def _obey(self, device: str, metric: Metric) -> None:
        key = (device, metric.name or "")
        if metric.name == "Node Control/Rebirth":
            self.birth()
        elif key in self.held:
            datatype = self.held[key][0]
            self.held[key] = (datatype, value_of(datatype, metric.at, metric.value))
            self._obeyed.set()
            self.tell("DATA", device, [self._metric(key, with_name=False)])

    async def told(self, seconds: float) -> bool:
        """Wait for a command, if none has come since the last time; say whether one came."""
        try:
            async with asyncio.timeout(seconds):
                await self._obeyed.wait()
        except TimeoutError:
            return False
        self._obeyed.clear()
        return True

    def birth(self) -> None:
        """Publish the births of the edge node and of its devices."""
        self.births += 1
        self.seq = 0
        own = [
            Metric("bdSeq", None, None, NUMBER["Int64"], at=LONG, value=self.death_number),
            Metric("Node Control/Rebirth", None, None, NUMBER["Boolean"], at=BOOLEAN, value=False),
        ]
        for device in ("", *self.devices):
            mine = [self._metric(key, with_name=True) for key in self.held if key[0] == device]
            self.tell("BIRTH", device, mine if device else own + mine)

    def death(self, number: int | None = None) -> None:
        """Publish what the broker says when the edge node is gone."""
        told = Metric(
            "bdSeq", None, None, NUMBER["Int64"], at=LONG, value=self.death_number if number is None else number
        )
        topic = f"{NAMESPACE}/{self.group}/NDEATH/{self.node}"
        super().publish(topic, encode(Payload(None, None, [told])), qos=1)

    def tell(self, kind: str, device: str, metrics: list[Metric]) -> None:
        """Publish with the next sequence number. ``kind``: BIRTH, DATA or DEATH."""
        payload = Payload(time.time_ns() // 1_000_000, self.seq, metrics)
        self.seq = (self.seq + 1) % 256
        topic = f"{NAMESPACE}/{self.group}/{'D' if device else 'N'}{kind}/{self.node}{f'/{device}' if device else ''}"
        super().publish(topic, encode(payload), qos=0)

    def _metric(self, key: tuple[str, str], *, with_name: bool) -> Metric:
        datatype, value = self.held[key]
        at, raw = raw_of(datatype, value)
        name = key[1] if with_name else None
        kind = datatype if with_name else 0
        return Metric(name, self.aliases[key], time.time_ns() // 1_000_000, kind, at=at, value=raw)
