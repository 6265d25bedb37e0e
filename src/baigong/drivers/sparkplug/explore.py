"""What there is at a broker: listen, ask for births, show edge nodes, devices and their metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress

from baigong.drivers.contract import Node
from baigong.drivers.mqtt.columns import Columns
from baigong.drivers.mqtt.link import Link
from baigong.drivers.sparkplug.host import Host
from baigong.drivers.sparkplug.messages import rebirth
from baigong.drivers.sparkplug.nodes import EdgeNode, Known
from baigong.drivers.sparkplug.settings import Settings
from baigong.drivers.sparkplug.topics import CERTIFICATES, Place
from baigong.drivers.sparkplug.values import TYPES, kind_of

_UNSHOWN = 16  # numbers of types from which on a value is too long to show: data sets, bytes, files


class Explorer:
    """Keeps what it heard; nothing of it is stored."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.host = Host(lambda address: 0, settings.reorder_s)
        self._news = asyncio.Event()
        self._listening: Link | None = None

    def receive(self, topic: str, payload: bytes, packet_id: int, is_retained: bool) -> None:
        if topic.startswith(CERTIFICATES) or not is_retained:
            self.host.take(topic, payload, Columns(), time.time_ns() // 1000, time.monotonic())
            self._news.set()

    async def browse(self, link: Link, path: str) -> list[Node]:
        """List edge nodes at the top, below them their metrics and devices."""
        if not path or self._node(path) is None:
            await self.listen(link, self._settings.link.listen_s)
        if path:
            return list(self._below(path))
        nodes = sorted((node for node in self.host.nodes.values() if node.metrics), key=lambda node: node.key)
        return [Node("/".join(node.key), "/".join(node.key), has_children=True) for node in nodes]

    async def listen(self, link: Link, seconds: float, wanted: Place | None = None) -> None:
        """Hear what is said and ask whom nobody knows for a birth; ``wanted``: until this metric was born."""
        if link is not self._listening:
            await link.subscribe([*self._settings.link.topics, *self._settings.certificates], 0)
            self._listening = link
        until = time.monotonic() + seconds
        while (left_s := until - time.monotonic()) > 0 and (wanted is None or self.find(wanted) is None):
            while self._settings.ask_for_rebirth and (node := self.host.rebirths.due(time.monotonic())) is not None:
                link.tell(*rebirth(node, time.time_ns() // 1_000_000))
            due_s = self.host.rebirths.next_s()
            if due_s is not None:
                left_s = min(left_s, max(due_s - time.monotonic(), 0.01))
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await link.wait(self._news)

    def find(self, place: Place) -> Known | None:
        return find(self.host, place)

    def _node(self, path: str) -> EdgeNode | None:
        levels = path.split("/")
        return self.host.nodes.get((levels[0], levels[1])) if len(levels) in (2, 3) else None

    def _below(self, path: str) -> Iterator[Node]:
        node, levels = self._node(path), path.split("/")
        if node is None:
            return
        device = levels[2] if len(levels) == 3 else ""
        if not device:
            for name in sorted(name for name in node.metrics if name):
                yield Node(f"{path}/{name}", name, has_children=True)
        for known in sorted(node.known(device), key=lambda known: known.name):
            if known.members is None:
                yield _shown(known)


def find(host: Host, place: Place) -> Known | None:
    """Return what a birth declared at a place."""
    node = host.nodes.get((place.group, place.node))
    return node.metrics.get(place.device, {}).get(place.metric) if node is not None else None


def _shown(known: Known) -> Node:
    return Node(
        path=known.address,
        title=known.name,
        address=known.address,
        type=TYPES[known.datatype] if known.datatype < len(TYPES) else "",
        unit=known.unit,
        value=None if known.datatype >= _UNSHOWN else known.value,
        quality=known.quality,
        writable=known.datatype < _UNSHOWN,
        kind=kind_of(known.datatype),
    )
