"""From JSON payloads to columns: what a topic's messages look like is worked out once and remembered.

A ``Book`` holds the points of one device, a ``Reader`` one topic, a ``Plan`` one shape of message. A message of a
known shape costs its JSON decoding, one ``itemgetter`` per object and one append per message; 2–3 us for five
values on one core of 2.5 GHz. Everything else (arrays, nulls, new shapes) takes the long way through ``sniff``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from baigong.drivers.mqtt import sniff, waves
from baigong.drivers.mqtt.columns import Columns
from baigong.drivers.mqtt.mapping import SNIFF, Rule, rule_for
from baigong.drivers.mqtt.plan import Plan, plan_for
from baigong.vocab import quality as q
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.ids import point_number

_decode = msgspec.json.Decoder().decode
_PLANS_KEPT = 8  # shapes remembered per topic
_OLD = q.UNCERTAIN_LAST_USABLE
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
ReadWave = Callable[[Any, Rule], waves.Wave]


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
        kind = _kind(value)
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

    def take(self, payload: bytes, columns: Columns, now_us: int, *, is_old: bool = False) -> int:
        """Append the values of one payload and return how many they were.

        Values without a time of their own get ``now_us``, made strictly increasing per topic, so that two
        messages in one read stay two samples. ``is_old``: the broker had kept the message, nobody knows how long, so
        a value without a time is uncertain. Raises payload.malformed; nothing is appended then.
        """
        if self._clock_us - _STEP_US < now_us <= self._clock_us:  # further back: the clock was set, follow it
            now_us = self._clock_us + 1
        self._clock_us = now_us
        self.last_us = now_us
        self.messages += 1
        if self._is_special:
            return self._special(payload, columns, now_us, is_old=is_old)
        try:
            document = _decode(payload)
        except (ValueError, RecursionError) as error:
            try:
                document = _decode_loosely(payload, error)
            except FixConfiguration as refusal:
                raise self.fail(refusal) from error
        plan = self._plan
        if plan is None and waves.is_wave(document):
            return self._wave(waves.from_json, document, columns, now_us, is_old=is_old)
        if is_old:
            return self._add(self._find(document), columns, now_us, _OLD)
        if plan is not None:
            count = plan.put(document, columns, now_us)
            if count >= 0:
                return count
        return self._long_way(document, columns, now_us)

    def fail(self, error: FixConfiguration) -> FixConfiguration:
        self.error, self.error_us = error, self.last_us
        return error

    def _special(self, payload: bytes, columns: Columns, now_us: int, *, is_old: bool) -> int:
        if self.rule is None or self.rule.format == "ignore":
            return 0
        if self.rule.format == "burst":
            return self._wave(waves.from_json, decode_payload(payload), columns, now_us, is_old=is_old)
        if self.rule.format != "text":
            return self._wave(waves.from_bytes, payload, columns, now_us, is_old=is_old)
        try:
            word = payload.decode()
        except UnicodeDecodeError as error:
            raise self.fail(
                FixConfiguration("payload.malformed", f"not UTF-8: {error}", place=self.topic[:200])
            ) from error
        return self._add([sniff.Sample("", word, None)], columns, now_us, _OLD if is_old else 0)

    def _wave(self, read: ReadWave, raw: Any, columns: Columns, now_us: int, *, is_old: bool) -> int:
        """Take the whole payload as one waveform; it is the point of the empty path."""
        try:
            wave = read(raw, self.rule or SNIFF)
        except FixConfiguration as error:
            raise self.fail(error) from None
        point = self.book.point(self, "", [], wave.unit)
        if point is None:
            return 0
        samples = wave.samples
        if point.scale != 1.0 or point.offset:
            samples = (samples.astype("f8") * point.scale + point.offset).astype("f4")
        quality = wave.quality or (_OLD if is_old and wave.time_us is None else 0)
        columns.add_wave(point.number, wave.began_us(now_us), now_us, wave.rate_hz, samples, quality)
        return 1

    def _find(self, document: Any) -> list[sniff.Sample]:
        try:
            return sniff.walk(document, self.rule or SNIFF)
        except FixConfiguration as error:
            raise self.fail(error) from None

    def _long_way(self, document: Any, columns: Columns, now_us: int) -> int:
        if waves.is_wave(document):
            return self._wave(waves.from_json, document, columns, now_us, is_old=False)
        for plan in self._plans:
            count = plan.put(document, columns, now_us)
            if count >= 0:
                self._plan = plan
                return count
        count = self._add(self._find(document), columns, now_us)
        self._learn(document, self.rule or SNIFF)
        return count

    def _add(self, found: list[sniff.Sample], columns: Columns, now_us: int, untimed: int = 0) -> int:
        """Append samples one by one; ``untimed``: quality of those that do not say when."""
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
            value = _bounded(value, point)
            if sample.time_us is None or not -(1 << 62) < sample.time_us < 1 << 62:
                moment, arrival = (now_us if sample.time_us is None else 0), now_us
            else:
                moment, arrival = sample.time_us, now_us + later[sample.time_us]
            doubt = untimed if sample.time_us is None and not sample.quality else sample.quality
            columns.add(point.number, moment, arrival, value, doubt)
            count += 1
        self._clock_us = max(self._clock_us, now_us + len(lone))
        return count

    def _learn(self, document: Any, rule: Rule) -> None:
        """Remember the shape of a document, if it has one that a plan can take."""
        if self._replans >= _REPLANS or rule.quality:
            return
        self._replans += 1

        def number(path: str, value: Any) -> tuple[int, float, float] | None:
            point = self.book.point(self, path, value)
            return (point.number, point.scale, point.offset) if point else None

        plan = plan_for(document, rule, number)
        if plan is not None:
            self._plans = [plan, *self._plans[: _PLANS_KEPT - 1]]
            self._plan = plan


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "burst"
    return "state" if isinstance(value, bool) else "text" if isinstance(value, str) else "gauge"


def _bounded(value: Any, point: Point) -> Any:
    """Scale a number, and keep out integers that no column can hold (beyond float64)."""
    if not isinstance(value, int | float):
        return value
    try:
        scaled = value * point.scale + point.offset
    except OverflowError:
        return float("inf")
    return value if point.scale == 1.0 and not point.offset else scaled
