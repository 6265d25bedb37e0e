"""What a client may say and hear: its device's own topics, and what was given with its credential (decision 0016)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from baigong.drivers.mqtt.mapping import parse_mapping
from baigong.drivers.mqtt.topics import covers, within
from baigong.vocab.devices import DeviceSpec


class Allowance:
    """``named``: topics that the device's file names; ``publish`` and ``subscribe``: topic filters.

    Topics that begin with ``$`` are the server's own. Asked once a topic and connection, not once a message.
    """

    __slots__ = ("_named", "_publish", "_subscribe")

    def __init__(self, device: str, named: frozenset[str], publish: Iterable[str], subscribe: Iterable[str]) -> None:
        own = f"{device}/#"
        self._named, self._publish, self._subscribe = named, (own, *publish), (own, *subscribe)

    def may(self, action: str, topic: str) -> bool:
        """``action``: "publish" to a topic name, or "subscribe" to a topic filter."""
        if topic[:1] == "$":
            return False
        if topic in self._named:
            return True
        if action == "publish":
            return any(covers(allowed, topic) for allowed in self._publish)
        return any(within(allowed, topic) for allowed in self._subscribe)


def named_topics(spec: DeviceSpec | None) -> frozenset[str]:
    """List what a device's file names: the topics of its points, and those of its mapping that are no patterns.

    A pattern says what payloads look like wherever they come from, and mostly matches other machines, too.
    """
    if spec is None:
        return frozenset()
    mapping: Any = spec.options.get("mapping")
    topics = [point.address.partition("#")[0] for point in spec.points]
    topics += [rule.topic for rule in parse_mapping(mapping)]
    return frozenset(topic for topic in topics if topic and "+" not in topic and "#" not in topic)
