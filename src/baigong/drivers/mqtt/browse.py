"""What a broker has to tell: listen, remember the last message of each topic, show its values."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from baigong.drivers.contract import Node
from baigong.drivers.mqtt import sniff
from baigong.drivers.mqtt.link import Link
from baigong.drivers.mqtt.mapping import SNIFF, rule_for
from baigong.drivers.mqtt.payload import decode_payload
from baigong.drivers.mqtt.settings import Settings
from baigong.drivers.mqtt.topics import topic_name
from baigong.vocab.errors import FixConfiguration

_TOPICS = 20_000  # remembered
_QUIET_S = 0.3  # after the first message of a single topic


class Listener:
    """Collects the last payload per topic."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._heard: dict[str, tuple[bytes, int]] = {}
        self._news = asyncio.Event()
        self._link: Link | None = None
        self._subscribed: set[str] = set()

    def receive(self, topic: str, payload: bytes, packet_id: int, is_retained: bool) -> None:
        if payload and (topic in self._heard or len(self._heard) < _TOPICS):
            self._heard[topic] = (payload, time.time_ns() // 1000)
            self._news.set()

    async def browse(self, link: Link, path: str) -> list[Node]:
        if path:
            try:
                topic_name(path.encode())
            except FixConfiguration:
                return []
        await self._listen(link, path)
        if path:
            payload = self._heard.get(path)
            return self._values(path, *payload) if payload else []
        return [node for topic in sorted(self._heard) for node in self._topic(topic)]

    async def _listen(self, link: Link, path: str) -> None:
        if path and path in self._heard:
            return
        if link is not self._link:
            self._link, self._subscribed = link, set()
        wanted = [path] if path else list(self._settings.topics or ("#",))
        await link.subscribe([w for w in wanted if w not in self._subscribed], 0)
        self._subscribed.update(wanted)
        until = time.monotonic() + self._settings.listen_s
        while (left_s := until - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left_s):
                    await link.wait(self._news)
            except TimeoutError:
                return
            if path and path in self._heard:
                return

    def _topic(self, topic: str) -> list[Node]:
        """Show a topic as a folder, or as its value when the payload is one."""
        values = self._values(topic, *self._heard[topic])
        if len(values) == 1 and values[0].address == f"{topic}#":
            return values
        return [Node(path=topic, title=topic, has_children=True)] if values else []

    def _values(self, topic: str, payload: bytes, heard_us: int) -> list[Node]:
        rule = rule_for(topic, self._settings.rules) or SNIFF
        if rule.format == "ignore":
            return []
        try:
            document = payload.decode() if rule.format == "text" else decode_payload(payload)
            found = sniff.walk(document, rule)
        except (FixConfiguration, UnicodeDecodeError):
            return []
        made: dict[str, Node] = {}
        for sample in found:
            address = f"{topic}#{sample.path}"
            if len(address) <= sniff.MAX_ADDRESS and sample.value is not None:
                made[address] = Node(
                    path=address,
                    title=sample.path or topic,
                    address=address,
                    type=_type(sample.value),
                    unit=sample.unit,
                    value=sample.value,
                    quality=sample.quality,
                    time_us=sample.time_us or heard_us,
                    kind="state"
                    if isinstance(sample.value, bool)
                    else "text"
                    if isinstance(sample.value, str)
                    else "gauge",
                )
        return list(made.values())


def _type(value: Any) -> str:
    return {bool: "boolean", int: "integer", float: "number", str: "string"}.get(type(value), "")
