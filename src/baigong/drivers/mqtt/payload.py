"""From JSON payloads to columns: what a topic's messages look like is worked out once and remembered.

A ``Book`` holds the points of one device, a ``Reader`` one topic, a ``Plan`` one shape of message. A message of a
known shape costs its JSON decoding, one ``itemgetter`` per object and one append per message; 2–3 us for five
values on one core of 2.5 GHz. Everything else (arrays, nulls, new shapes) takes the long way through ``sniff``.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import msgspec

from baigong.drivers.mqtt import sniff
from baigong.drivers.mqtt.columns import Columns
from baigong.drivers.mqtt.mapping import SNIFF, Rule, rule_for
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.ids import point_number

_decode = msgspec.json.Decoder().decode
_UNLIKE = (TypeError, KeyError, OverflowError, AttributeError, IndexError)
_PLANS_KEPT = 8  # shapes remembered per topic
_STEP_US = 1_000_000
_REPLANS = 64  # shapes tried per topic: beyond, messages have no shape and always take the long way


def decode_payload(payload: bytes) -> Any:
    """Decode JSON as ``Reader.take`` does. Raises payload.malformed."""
    try:
        return _decode(payload)
    except (ValueError, RecursionError) as error:
        return _decode_loosely(payload, error)


def _decode_loosely(payload: bytes, error: Exception) -> Any:
    """Read what strict JSON refuses and other encoders write: NaN, Infinity and numbers beyond float64."""
    if b"NaN" in payload or b"Infinity" in payload or "out of range" in str(error):
        try:
            document = json.loads(payload)
            msgspec.json.encode(document)  # refuses lone surrogates, which no column could hold
            return document
        except (ValueError, RecursionError):
            pass
    raise FixConfiguration("payload.malformed", f"not JSON: {error}") from error


@dataclass(slots=True)
class Point:
    """What a book knows of one point. ``number`` 0: nobody wants it."""

    number: int
    address: str
    name: str
    kind: str
    unit: str
    reader: Reader
    scale: float = 1.0
    offset: float = 0.0
    last_us: int = 0


Numbering = Callable[[str], int]


class Book:
    """The points of one device, by address; new ones are numbered as they are met and kept in ``fresh``.

    ``numbering`` gives the number of an address, 0 for one nobody wants (then it is not a point). Not more than
    ``max_points`` are made; what is beyond is counted in ``refused``.
    """

    def __init__(
        self,
        numbering: Numbering,
        rules: tuple[Rule, ...] = (),
        specs: list[PointSpec] | None = None,
        *,
        otherwise: Rule | None = SNIFF,
        max_points: int = 20_000,
        max_topics: int = 20_000,
    ) -> None:
        self.numbering, self.rules, self.otherwise = numbering, rules, otherwise
        self.max_points, self.max_topics = max_points, max_topics
        self.specs = {spec.address: spec for spec in specs or []}
        self.readers: dict[str, Reader] = {}
        self.points: dict[str, Point] = {}
        self.by_number: dict[int, Point] = {}
        self.fresh: list[Point] = []
        self.refused = 0

    def reader(self, topic: str) -> Reader:
        """Find or make the reader of a topic; beyond ``max_topics`` it is made anew for each message."""
        found = self.readers.get(topic)
        if found is None:
            rule = rule_for(topic, self.rules, self.otherwise)
            found = Reader(topic, rule, self)
            if len(self.readers) < self.max_topics and len(topic) < sniff.MAX_ADDRESS:
                self.readers[topic] = found
        return found

    def point(self, reader: Reader, path: str, value: Any, unit: str = "") -> Point | None:
        """Find or make the point of a path; None when nobody wants it or there are too many."""
        found = reader.points.get(path)
        if found is not None:
            return found if found.number else None
        address = f"{reader.topic}#{path}"
        known = self.points.get(address)
        if known is not None:
            return known
        if len(address) > sniff.MAX_ADDRESS:
            self.refused += 1
            return None
        rule = reader.rule or SNIFF
        spec = self.specs.get(address)
        number = (spec.number if spec else None) or self.numbering(address)
        if number and len(self.points) >= self.max_points:
            self.refused += 1
            return None
        kind = "state" if isinstance(value, bool) else "text" if isinstance(value, str) else "gauge"
        made = Point(
            number,
            address,
            spec.name if spec else sniff.propose_name(reader.topic, path, rule.asset, rule.fields.get(path, "")),
            kind,
            unit,
            reader,
            spec.scale if spec else 1.0,
            spec.offset if spec else 0.0,
        )
        if len(reader.points) < self.max_points:
            reader.points[path] = made
        if not number:
            return None
        self.points[address] = self.by_number[number] = made
        if spec is None:
            self.fresh.append(made)
        return made


def numbering_of(tenant: str, device: str) -> Numbering:
    """Number addresses as every gateway does."""
    return lambda address: point_number(tenant, device, address)


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


class Plan:
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
            moments = [self._moment(_follow(document, self.time_walk), arrival_us) if self.time_walk else arrival_us]
            for group in self.groups:
                node = _follow(document, group.walk) if group.walk else document
                if len(node) != group.size:
                    raise KeyError
                time_us = moments[group.parent]
                if group.time_key is not None:
                    time_us = self._moment(node[group.time_key], arrival_us)
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

    def _moment(self, stamp: Any, arrival_us: int) -> int:
        made = sniff.moment_us(stamp, self.time_unit)
        if made is None:
            raise KeyError
        return made if -(1 << 62) < made < 1 << 62 else 0


class Reader:
    """The messages of one topic: their shapes, and what *why* asks about them."""

    __slots__ = (
        "_clock_us",
        "_is_special",
        "_plan",
        "_plans",
        "_replans",
        "book",
        "error",
        "error_us",
        "last_us",
        "messages",
        "points",
        "rule",
        "topic",
    )

    def __init__(self, topic: str, rule: Rule | None, book: Book) -> None:
        self.topic, self.rule, self.book = topic, rule, book
        self.points: dict[str, Point] = {}
        self.last_us = self.messages = self.error_us = 0
        self.error: FixConfiguration | None = None
        self._is_special = rule is None or rule.format != "json"
        self._plan: Plan | None = None
        self._plans: list[Plan] = []
        self._replans = 0
        self._clock_us = 0

    def take(self, payload: bytes, columns: Columns, now_us: int) -> int:
        """Append the values of one payload and return how many they were.

        Values without a time of their own get ``now_us``, made strictly increasing per topic, so that two
        messages in one read stay two samples. Raises payload.malformed; nothing is appended then.
        """
        if self._clock_us - _STEP_US < now_us <= self._clock_us:  # further back: the clock was set, follow it
            now_us = self._clock_us + 1
        self._clock_us = now_us
        self.last_us = now_us
        self.messages += 1
        if self._is_special:
            return self._special(payload, columns, now_us)
        try:
            document = _decode(payload)
        except (ValueError, RecursionError) as error:
            try:
                document = _decode_loosely(payload, error)
            except FixConfiguration as refusal:
                raise self.fail(refusal) from error
        plan = self._plan
        if plan is not None:
            count = plan.put(document, columns, now_us)
            if count >= 0:
                return count
        return self._long_way(document, columns, now_us)

    def fail(self, error: FixConfiguration) -> FixConfiguration:
        self.error, self.error_us = error, self.last_us
        return error

    def _special(self, payload: bytes, columns: Columns, now_us: int) -> int:
        if self.rule is None or self.rule.format == "ignore":
            return 0
        try:
            word = payload.decode()
        except UnicodeDecodeError as error:
            raise self.fail(
                FixConfiguration("payload.malformed", f"not UTF-8: {error}", place=self.topic[:200])
            ) from error
        return self._add([sniff.Sample("", word, None)], columns, now_us)

    def _long_way(self, document: Any, columns: Columns, now_us: int) -> int:
        for plan in self._plans:
            count = plan.put(document, columns, now_us)
            if count >= 0:
                self._plan = plan
                return count
        rule = self.rule or SNIFF
        try:
            found = sniff.walk(document, rule)
        except FixConfiguration as error:
            raise self.fail(error) from None
        self._learn(document, rule)
        return self._add(found, columns, now_us)

    def _add(self, found: list[sniff.Sample], columns: Columns, now_us: int) -> int:
        count = 0
        lone = {s.time_us for s in found if s.time_us is not None}
        later = {moment: at for at, moment in enumerate(sorted(lone))}  # broken clocks: samples stay apart
        for sample in found:
            value = sample.value
            if value is None and sample.path not in self.points:
                continue
            if isinstance(value, str) and len(value) > sniff.MAX_TEXT:
                self.fail(FixConfiguration("payload.too_large", f"{sample.path}: {len(value)} characters of text"))
                continue
            point = self.book.point(self, sample.path, value, sample.unit)
            if point is None:
                continue
            if (point.scale != 1.0 or point.offset) and isinstance(value, int | float) and not isinstance(value, bool):
                value = value * point.scale + point.offset
            if sample.time_us is None or not -(1 << 62) < sample.time_us < 1 << 62:
                moment, arrival = (now_us if sample.time_us is None else 0), now_us
            else:
                moment, arrival = sample.time_us, now_us + later[sample.time_us]
            columns.add(point.number, moment, arrival, value, sample.quality)
            count += 1
        self._clock_us = max(self._clock_us, now_us + len(lone))
        return count

    def _learn(self, document: Any, rule: Rule) -> None:
        """Remember the shape of a document, if it has one that ``Plan`` can take."""
        if self._replans >= _REPLANS or not isinstance(document, dict) or rule.quality:
            return
        self._replans += 1
        plan = Plan(rule)
        if self._group(plan, document, (), rule, 0):
            self._plans = [plan, *self._plans[: _PLANS_KEPT - 1]]
            self._plan = plan

    def _group(self, plan: Plan, node: dict[str, Any], walk: tuple[str, ...], rule: Rule, parent: int) -> bool:
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
        self._fill(group, leaves, prefix, rule)
        inner = [(key, value) for key, value in node.items() if isinstance(value, dict)]
        return all(self._group(plan, value, (*walk, key), rule, own) for key, value in inner)

    def _fill(self, group: _Group, leaves: dict[str, Any], prefix: str, rule: Rule) -> None:
        takes, words, scaling = [], [], []
        for key, value in leaves.items():
            path = sniff.join(prefix, key)
            if path == rule.time or (rule.fields and path not in rule.fields):
                continue
            point = self.book.point(self, path, value)
            if point is None:
                continue
            if isinstance(value, str):
                words.append(key)
                group.texts.append(point.number)
            else:
                takes.append(key)
                group.numbers.append(point.number)
                scaling.append((point.scale, point.offset))
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
