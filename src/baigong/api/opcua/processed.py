"""HistoryRead of aggregates and of values at given times, from the lake (OPC 10000-11 §6.5.4 and §6.5.5).

Spans are computed in groups that hold a bounded number of values, and an answer ends when it has read enough: the rest
comes with a continuation point. So a year by the minute costs no more memory than a day.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from asyncua import ua
from asyncua.ua.uaerrors import UaStatusCodeError

from baigong.api.opcua.aggregates import AGGREGATES, OF_ANY_KIND, aggregated
from baigong.api.opcua.datavalues import STRING, Ints, Rows, Small, joined
from baigong.api.opcua.history import MOST, moment, told
from baigong.api.opcua.nodes import built_in_type
from baigong.api.opcua.past import BEGINNING, END_OF_TIME, Past
from baigong.api.opcua.spans import BAD_NO_DATA, INTERPOLATED, Raw, Rules, Spans
from baigong.vocab.devices import PointSpec

_GROUP_ROWS, _MOST_ROWS = 500_000, 4_000_000  # values looked at together, and for one answer
_FIRST_GROUP_US = 86_400_000_000
_NEIGHBOURS = 10  # values beyond the spans, among which one that is good is looked for
_APART_US = 3_600_000_000  # times further apart than this are read one by one
_POINT = struct.Struct("<cqqqq")
_MARK = b"P"


@dataclass(slots=True, frozen=True)
class Plan:
    """Spans of ``every_us`` from ``start_us`` to ``end_us``, which may be earlier; ``at``: the first still wanted."""

    start_us: int
    end_us: int
    every_us: int
    at: int = 0

    @property
    def count(self) -> int:
        return -(-abs(self.end_us - self.start_us) // self.every_us)

    def spans(self, begin: int, end: int) -> Spans:
        back = self.end_us < self.start_us
        step = -self.every_us if back else self.every_us
        starts = self.start_us + np.arange(begin, end, dtype=np.int64) * step
        ends = starts + step
        ends = np.maximum(ends, self.end_us) if back else np.minimum(ends, self.end_us)
        return Spans(ends, starts, True) if back else Spans(starts, ends)

    def packed(self) -> bytes:
        return _POINT.pack(_MARK, self.start_us, self.end_us, self.every_us, self.at)


def read_plan(details: ua.ReadProcessedDetails, point: bytes | None) -> Plan:
    """Read what spans a client asks for. Raises a status code for none at all."""
    if point:
        if len(point) != _POINT.size or point[:1] != _MARK:
            raise UaStatusCodeError(ua.StatusCodes.BadContinuationPointInvalid)
        _, start, end, every, at = _POINT.unpack(point)
        if every <= 0 or at < 0:
            raise UaStatusCodeError(ua.StatusCodes.BadContinuationPointInvalid)
        return Plan(start, end, every, at)
    start_us, end_us = moment(details.StartTime), moment(details.EndTime)
    if start_us is None or end_us is None or start_us == end_us or not details.ProcessingInterval >= 0:
        raise UaStatusCodeError(ua.StatusCodes.BadInvalidArgument)
    whole = abs(end_us - start_us)
    every = int(min(details.ProcessingInterval * 1000, whole)) or whole
    return Plan(start_us, end_us, every)


def read_rules(told: ua.AggregateConfiguration) -> Rules:
    """Read how good a value has to be. Raises a status code for what contradicts itself."""
    if told.UseServerCapabilitiesDefaults:
        return Rules()
    if told.PercentDataBad > 100 or told.PercentDataGood > 100 or told.PercentDataBad + told.PercentDataGood < 100:
        raise UaStatusCodeError(ua.StatusCodes.BadAggregateConfigurationRejected)
    return Rules(
        bool(told.TreatUncertainAsBad), told.PercentDataBad, told.PercentDataGood, bool(told.UseSlopedExtrapolation)
    )


def which_aggregate(id: ua.NodeId, kind: int) -> int:
    """Return the number of an aggregate function that points of this kind have. Raises BadAggregateNotSupported."""
    which = id.Identifier if id.NamespaceIndex == 0 else None
    if which not in AGGREGATES or (kind == STRING and which not in OF_ANY_KIND):
        raise UaStatusCodeError(ua.StatusCodes.BadAggregateNotSupported)
    return int(which)


async def read_processed(
    past: Past, asked: tuple[int, Plan, Rules], stamps: ua.TimestampsToReturn, now_us: int
) -> ua.HistoryReadResult:
    """Answer for one node. ``asked``: the aggregate, its spans, and its rules."""
    rows, kinds, rest = await asyncio.to_thread(_processed, past, *asked, now_us)
    return told(rows, kinds, stamps, now_us, rest.packed() if rest is not None else None)


def _processed(past: Past, which: int, plan: Plan, rules: Rules, now_us: int) -> tuple[Rows, Small, Plan | None]:
    spec = past.point.spec
    kind = built_in_type(spec)
    parts: list[Rows] = []
    kinds: list[Small] = []
    at, seen = plan.at, 0
    many = max(1, _FIRST_GROUP_US // plan.every_us)
    count = min(plan.count, plan.at + MOST)
    while at < count and seen < _MOST_ROWS:
        spans = plan.spans(at, min(at + many, count))
        rows = _around(past, int(spans.begin.min()), int(spans.end.max()))
        if rows is None:
            if len(spans) == 1:
                raise UaStatusCodeError(ua.StatusCodes.BadResourceUnavailable)  # one span that nobody can hold
            many = max(1, many // 8)
            continue
        answer, types = aggregated(which, _as_raw(rows, spec, rules), _until(spans, now_us), kind)
        parts.append(Rows(answer.values, answer.statuses, answer.times))
        kinds.append(types)
        at, seen = at + len(spans), seen + len(rows)
        many = int(np.clip(_GROUP_ROWS * len(spans) // max(len(rows), 1), 1, 4 * len(spans)))
    rest = replace(plan, at=at) if at < plan.count else None
    return joined(parts), np.concatenate([np.empty(0, np.uint8), *kinds]), rest


def _until(spans: Spans, now_us: int) -> Spans:
    """Cut spans that reach into the future: nothing lasts longer than until now."""
    return Spans(spans.begin, np.maximum(np.minimum(spans.end, now_us), spans.begin + 1), spans.back)


def _as_raw(rows: Rows, spec: PointSpec, rules: Rules) -> Raw:
    values = rows.values
    if rows.texts is not None:
        values = np.where(rows.texts != None, 0.0, values)  # noqa: E711 - by element
    return Raw(rows.times, values, rows.statuses, held=not spec.interpolates, rules=rules)


def _around(past: Past, low: int, high: int) -> Rows | None:
    """Return the rows from low to high, both with, and their neighbours; None where there are too many."""
    inside = past.nearest(low, high + 1, _MOST_ROWS + 1, back=False)
    if len(inside) > _MOST_ROWS:
        return None
    before = past.nearest(BEGINNING, low, _NEIGHBOURS, back=True).take(slice(None, None, -1))
    after = past.nearest(high + 1, END_OF_TIME, _NEIGHBOURS, back=False)
    return joined([before, inside, after])


async def read_at_times(
    past: Past, details: ua.ReadAtTimeDetails, stamps: ua.TimestampsToReturn, now_us: int
) -> ua.HistoryReadResult:
    """Answer for one node with its values at the times asked for, in their order."""
    times = [moment(time) for time in details.ReqTimes or ()]
    if not times:
        raise UaStatusCodeError(ua.StatusCodes.BadNothingToDo)
    if len(times) > MOST:
        raise UaStatusCodeError(ua.StatusCodes.BadTooManyOperations)
    wanted = np.array([BEGINNING if time is None else time for time in times], np.int64)
    rows = await asyncio.to_thread(_at_times, past, wanted, bool(details.UseSimpleBounds))
    kinds = np.full(len(rows), built_in_type(past.point.spec), np.uint8)
    return told(rows, kinds, stamps, now_us, None)


def _at_times(past: Past, wanted: Ints, simple: bool) -> Rows:
    order = np.argsort(wanted, kind="stable")
    spec, parts = past.point.spec, []
    for group in _together(wanted[order]):
        rows = _around(past, int(group[0]), int(group[-1]))
        if rows is None:
            raise UaStatusCodeError(ua.StatusCodes.BadResourceUnavailable)
        parts.append(_texts_at(rows, group) if rows.texts is not None else _values_at(rows, spec, group, simple))
    return joined(parts).take(np.argsort(order))


def _together(times: Ints) -> Iterator[Ints]:
    """Cut ascending times where they are far apart."""
    yield from np.split(times, np.flatnonzero(np.diff(times) > _APART_US) + 1)


def _values_at(rows: Rows, spec: PointSpec, when: Ints, simple: bool) -> Rows:
    raw = _as_raw(rows, spec, Rules())
    values, statuses = (raw if simple else raw.usable()).at(when)
    return Rows(values, statuses, when)


def _texts_at(rows: Rows, when: Ints) -> Rows:
    """A text holds until the next."""
    place = np.searchsorted(rows.times, when, "right") - 1
    found = rows.take(np.maximum(place, 0))
    exact = found.times == when
    statuses = np.where(exact, found.statuses, (found.statuses & np.uint32(0xFFFF0000)) | np.uint32(INTERPOLATED))
    statuses = np.where(place < 0, BAD_NO_DATA, statuses).astype(np.uint32)
    texts = None if found.texts is None else found.texts.copy()
    if texts is not None:
        texts[place < 0] = None
    return Rows(np.full(len(when), np.nan), statuses, when, texts)
