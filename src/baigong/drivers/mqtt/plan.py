"""How to take the values out of documents whose shape is known: worked out once, then a few C calls per message.

``put`` appends to the columns and returns how many values it found, or -1, with nothing appended, when the document
turns out to have another shape.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from operator import itemgetter
from typing import Any, Protocol

from baigong.drivers.mqtt import sniff
from baigong.drivers.mqtt.columns import Columns
from baigong.drivers.mqtt.mapping import Rule, TimeUnit

_UNLIKE = (TypeError, KeyError, OverflowError, AttributeError, IndexError)
_NUMERIC = {int, float, bool}

Numbers = Callable[[str, Any], "tuple[int, float, float] | None"]
"""(path, a value of it) -> (point number, scale, offset); None: not a point."""


class Plan(Protocol):
    def put(self, document: Any, columns: Columns, arrival_us: int) -> int: ...


def plan_for(document: Any, rule: Rule, number: Numbers) -> Plan | None:
    """Work out how to read documents like this one; None when each must be looked at anew."""
    entries = _entries(document, rule, number)
    if entries is not None or not isinstance(document, dict):
        return entries
    plan = ObjectPlan(rule)
    return plan if _group(plan, document, (), rule, 0, number) else None


class _Group:
    """One object inside a document of known shape: which keys hold numbers, which hold words."""

    __slots__ = ("numbers", "parent", "scaling", "size", "take", "texts", "time_key", "walk", "words")

    def __init__(self, walk: tuple[str, ...], size: int, time_key: str | None, parent: int) -> None:
        self.walk, self.size, self.time_key, self.parent = walk, size, time_key, parent
        self.take: Callable[[Any], tuple[Any, ...]] | None = None
        self.numbers = array("q")
        self.scaling: list[tuple[float, float]] | None = None
        self.words: Callable[[Any], tuple[Any, ...]] | None = None
        self.texts: list[int] = []

    def put_words(self, node: Any, columns: Columns, time_us: int, arrival_us: int) -> int:
        words = self.words(node) if self.words else ()
        if len("".join(words)) > sniff.MAX_TEXT:  # and a TypeError when one is no text
            raise KeyError
        for number, word in zip(self.texts, words, strict=True):
            columns.extra.append((number, time_us, arrival_us, word, 0))
        return len(words)


class ObjectPlan:
    """How to take the values out of documents of one shape."""

    __slots__ = ("groups", "time_unit", "time_walk")

    def __init__(self, rule: Rule) -> None:
        self.groups: list[_Group] = []
        self.time_walk = sniff.keys_of(rule.time) if rule.time else None
        self.time_unit = rule.time_unit

    def put(self, document: Any, columns: Columns, arrival_us: int) -> int:
        """Append a document's values; -1, and nothing appended, when it has another shape."""
        mark, messages, extra = len(columns.points), len(columns.counts), len(columns.extra)
        total = 0
        try:
            moments = [_moment(_follow(document, self.time_walk), self.time_unit) if self.time_walk else arrival_us]
            for group in self.groups:
                node = _follow(document, group.walk) if group.walk else document
                if len(node) != group.size:
                    raise KeyError
                time_us = moments[group.parent]
                if group.time_key is not None:
                    time_us = _moment(node[group.time_key], self.time_unit)
                moments.append(time_us)
                if group.take is not None:
                    row = group.take(node)
                    if group.scaling is not None:
                        row = tuple([v * s + o for v, (s, o) in zip(row, group.scaling, strict=True)])
                    columns.values.extend(row)
                    columns.points.extend(group.numbers)
                    columns.times.append(time_us)
                    columns.arrivals.append(arrival_us)
                    columns.counts.append(len(row))
                    columns.raws.append(row)
                    total += len(row)
                if group.words is not None:
                    total += group.put_words(node, columns, time_us, arrival_us)
        except _UNLIKE:
            columns.cut(mark, messages, extra)
            return -1
        return total


class EntryPlan:
    """Documents that are a list of named values: ``[{"name": …, "value": …, "ts": …}, …]``, alone or below one key."""

    __slots__ = ("entry_time", "keys", "name", "number", "outer_size", "outer_time", "value", "walk")

    def __init__(
        self, walk: tuple[str, ...], outer: tuple[int, str | None], item: dict[str, Any], number: dict[str, int]
    ) -> None:
        names = sniff.entry_keys(item)
        if names is None:
            raise KeyError
        self.walk, self.number = walk, number
        self.outer_size, self.outer_time = outer
        self.keys = item.keys()
        self.name, self.value = names
        self.entry_time = sniff.time_key(item)

    def put(self, document: Any, columns: Columns, arrival_us: int) -> int:
        mark, messages, extra = len(columns.points), len(columns.counts), len(columns.extra)
        try:
            time_us, items = arrival_us, document
            if self.walk:
                if len(document) != self.outer_size:
                    raise KeyError
                items = document[self.walk[0]]
                if self.outer_time is not None:
                    time_us = _moment(document[self.outer_time], "auto")
            row = []
            for item in items:
                value = item[self.value]
                if item.keys() != self.keys or type(value) not in _NUMERIC:
                    raise KeyError
                columns.points.append(self.number[item[self.name]])
                row.append(value)
                if self.entry_time is not None:
                    columns.times.append(_moment(item[self.entry_time], "auto"))
                    columns.arrivals.append(arrival_us)
                    columns.counts.append(1)
                    columns.raws.append((value,))
            columns.values.extend(row)
            if self.entry_time is None and row:
                columns.times.append(time_us)
                columns.arrivals.append(arrival_us)
                columns.counts.append(len(row))
                columns.raws.append(tuple(row))
        except _UNLIKE:
            columns.cut(mark, messages, extra)
            return -1
        return len(row)


def _entries(document: Any, rule: Rule, number: Numbers) -> EntryPlan | None:
    """Make a plan for named values that are all alike; what has qualities, texts or a scaling has none."""
    walk: tuple[str, ...] = ()
    outer: tuple[int, str | None] = (0, None)
    items = document
    if isinstance(document, dict):
        when = sniff.time_key(document)
        below = [key for key in document if key != when]
        if len(below) != 1:
            return None
        walk, outer, items = (below[0],), (len(document), when), document[below[0]]
    if rule.time or rule.fields or not isinstance(items, list) or not items or not isinstance(items[0], dict):
        return None
    names = sniff.entry_keys(items[0])
    if names is None or any(not isinstance(i, dict) or i.keys() != items[0].keys() for i in items):
        return None
    if any(key in items[0] for key in sniff.QUALITY_KEYS) or any(type(i[names[1]]) not in _NUMERIC for i in items):
        return None
    numbers = {}
    for item in items:
        name = item[names[0]]
        point = number(sniff.join(sniff.join("", walk[0]) if walk else "", name), item[names[1]]) if name else None
        if point is None or point[1:] != (1.0, 0.0):
            return None
        numbers[name] = point[0]
    return EntryPlan(walk, outer, items[0], numbers)


def _moment(stamp: Any, unit: TimeUnit) -> int:
    made = sniff.moment_us(stamp, unit)
    if made is None:
        raise KeyError
    return made if -(1 << 62) < made < 1 << 62 else 0


def _group(
    plan: ObjectPlan, node: dict[str, Any], walk: tuple[str, ...], rule: Rule, parent: int, number: Numbers
) -> bool:
    if sniff.entry_keys(node) or len(walk) > sniff.MAX_DEPTH:
        return False
    when = None if rule.time else sniff.time_key(node)
    group = _Group(walk, len(node), when, parent)
    plan.groups.append(group)
    own = len(plan.groups)  # moments[0] is the document's, groups count from 1
    prefix = ""
    for key in walk:
        prefix = sniff.join(prefix, key)
    leaves = {k: v for k, v in node.items() if k != when and not isinstance(v, dict)}
    if any(v is None or isinstance(v, list) for v in leaves.values()):
        return False
    _fill(group, leaves, prefix, rule, number)
    inner = [(key, value) for key, value in node.items() if isinstance(value, dict)]
    return all(_group(plan, value, (*walk, key), rule, own, number) for key, value in inner)


def _fill(group: _Group, leaves: dict[str, Any], prefix: str, rule: Rule, number: Numbers) -> None:
    takes, words, scaling = [], [], []
    for key, value in leaves.items():
        path = sniff.join(prefix, key)
        if path == rule.time or (rule.fields and path not in rule.fields):
            continue
        point = number(path, value)
        if point is None:
            continue
        if isinstance(value, str):
            words.append(key)
            group.texts.append(point[0])
        else:
            takes.append(key)
            group.numbers.append(point[0])
            scaling.append(point[1:])
    group.take, group.words = _getter(takes), _getter(words)
    if any(pair != (1.0, 0.0) for pair in scaling):
        group.scaling = scaling


def _follow(node: Any, walk: tuple[str, ...]) -> Any:
    for key in walk:
        node = node[key]
    return node


def _getter(keys: list[str]) -> Callable[[Any], tuple[Any, ...]] | None:
    if not keys:
        return None
    if len(keys) == 1:
        only = keys[0]
        return lambda node: (node[only],)
    return itemgetter(*keys)
