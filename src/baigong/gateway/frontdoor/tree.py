"""Who wants a topic: a tree of filter levels, with what it found remembered per topic."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")
_REMEMBERED = 10_000  # topics
_LENGTH_REMEMBERED = 512  # characters


class _Node(Generic[T]):
    __slots__ = ("below", "here")

    def __init__(self) -> None:
        self.below: dict[str, _Node[T]] = {}
        self.here: dict[T, int] = {}


class Tree(Generic[T]):
    """Subscriptions of one tenant. ``bool(tree)``: whether anybody wants anything."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()
        self._size = 0
        self._found: dict[str, dict[T, int]] = {}

    def __bool__(self) -> bool:
        return self._size > 0

    def add(self, wanted: str, who: T, qos: int) -> None:
        """Subscribe, or change the QoS of a subscription."""
        node = self._root
        for level in wanted.split("/"):
            node = node.below.setdefault(level, _Node())
        self._size += who not in node.here
        node.here[who] = qos
        self._found.clear()

    def remove(self, wanted: str, who: T) -> None:
        trail = [self._root]
        levels = wanted.split("/")
        for level in levels:
            below = trail[-1].below.get(level)
            if below is None:
                return
            trail.append(below)
        if trail[-1].here.pop(who, None) is None:
            return
        self._size -= 1
        self._found.clear()
        for node, level in zip(reversed(trail[:-1]), reversed(levels), strict=True):
            if node.below[level].below or node.below[level].here:
                break
            del node.below[level]

    def match(self, topic: str) -> dict[T, int]:
        """Return who wants a topic, each once, with the greatest QoS of its matching filters [MQTT-3.3.5-1]."""
        found = self._found.get(topic)
        if found is None:
            found = {}
            levels = topic.split("/")
            self._collect(self._root, levels, found)
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            if len(topic) <= _LENGTH_REMEMBERED:
                self._found[topic] = found
        return found

    def _collect(self, root: _Node[T], levels: list[str], found: dict[T, int]) -> None:
        hidden = levels[0][:1] == "$"  # wildcards in front do not match these [MQTT-4.7.2-1]
        nodes = [root]
        for depth, level in enumerate(levels):
            following = []
            for node in nodes:
                if not (hidden and depth == 0):
                    _merge(found, node.below.get("#"))
                    if "+" in node.below:
                        following.append(node.below["+"])
                if level in node.below and level not in ("+", "#"):
                    following.append(node.below[level])
            nodes = following
        for node in nodes:
            _merge(found, node)
            _merge(found, node.below.get("#"))  # a/# matches a itself, §4.7.1.2


def _merge(found: dict[T, int], node: _Node[T] | None) -> None:
    if node is not None:
        for who, qos in node.here.items():
            found[who] = max(qos, found.get(who, 0))
