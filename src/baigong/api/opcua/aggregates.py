"""Aggregates of OPC 10000-13 over spans of raw values: columns in, one value a span out. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from asyncua import ua

from baigong.api.opcua.datavalues import BOOLEAN, DOUBLE, INT32, STATUS, Codes, Floats, Ints, Small
from baigong.api.opcua.spans import BAD_NO_DATA, INTERPOLATED, SUB_NORMAL, Answer, Flags, Raw, Rules, Spans

_E = ua.ObjectIds
CALCULATED, PARTIAL, MANY = 0x0401, 0x0404, 0x0410  # history bits with info type DataValue, OPC 10000-4 §7.39
BAD = 0x80000000


def _calculated(values: Floats, spans: Spans, statuses: Any, type: int = DOUBLE) -> Answer:
    """Stamp with the spans' starts; what has no value is NoData."""
    codes = np.where(np.isnan(values), BAD_NO_DATA, np.asarray(statuses, np.uint32) | np.uint32(CALCULATED))
    return Answer(values, codes.astype(np.uint32), spans.stamps, type)


def _counts(raw: Raw, spans: Spans) -> tuple[Ints, Ints]:
    """Return of each span (its values, those of them that are good)."""
    low, high = spans.within(raw.times)
    goods = np.append(0, np.cumsum(raw.good))
    return high - low, goods[high] - goods[low]


def _by_values(raw: Raw, spans: Spans) -> Codes:
    """Judge by how many values are good (§5.3.3.2.2), where the aggregate does not count time."""
    total, good = _counts(raw, spans)
    return _judged(good / np.maximum(total, 1) * 100, raw.rules, total == 0)


def _by_time(raw: Raw, spans: Spans) -> Codes:
    """Judge by for how much of the time the value is good (§5.3.3.2.1)."""
    _, good = _between(raw, spans)
    return _judged(good / _seconds(spans) * 100, raw.rules, np.zeros(len(spans), bool))


def _judged(percent: Floats, rules: Rules, empty: Flags) -> Codes:
    percent = np.where(empty, 100.0, np.round(percent, 9))
    made = np.where(percent >= rules.percent_good, 0, SUB_NORMAL)
    return np.where(100.0 - percent >= rules.percent_bad, BAD, made).astype(np.uint32)


def _between(raw: Raw, spans: Spans, weight: Callable[[Floats], Floats] | None = None) -> tuple[Floats, Floats]:
    """Return of each span (the integral of the value, the seconds for which it was good)."""
    (area, good), (before, was) = raw.running(spans.end, weight), raw.running(spans.begin, weight)
    return area - before, good - was


def _end(spans: Spans) -> int:
    return int(spans.end.max())


def _seconds(spans: Spans) -> Floats:
    made: Floats = (spans.end - spans.begin) / 1e6
    return made


def _reduced(raw: Raw, spans: Spans, reduce: Any) -> Floats:
    """Reduce the good values of each span with a ufunc; NaN where there is none."""
    used = raw.usable()
    low, high = spans.within(used.times)
    made = np.full(len(spans), np.nan)
    some = np.flatnonzero(high > low)
    if len(some):
        edges = np.stack([low[some], high[some]], 1).ravel()
        padded = np.append(used.values, used.values[-1])  # reduceat knows no edge behind the last value
        order = np.argsort(edges[::2], kind="stable")
        pairs = edges.reshape(-1, 2)[order].ravel()
        made[some[order]] = reduce.reduceat(padded, pairs)[::2]
    return made


def _ignored(raw: Raw, spans: Spans) -> Codes:
    """Say that a value was left out because it is not good."""
    total, good = _counts(raw, spans)
    return np.where(total > good, SUB_NORMAL, 0).astype(np.uint32)


def _interpolative(raw: Raw, spans: Spans) -> Answer:
    used, when = raw.usable(), spans.stamps
    values, statuses = used.at(when)
    if len(used.times) < len(raw.times) and len(used.times):
        bad = raw.times[~raw.good]
        left = np.searchsorted(used.times, when, "right") - 1
        before = used.times[np.maximum(left, 0)]
        after = when if raw.held else used.times[np.minimum(left + 1, len(used.times) - 1)]
        skipped = np.searchsorted(bad, after, "right") > np.searchsorted(bad, before, "right")
        unsure = skipped & (before != when) & (left >= 0)
        statuses = np.where(unsure, SUB_NORMAL | INTERPOLATED, statuses).astype(np.uint32)
    return Answer(values, statuses, when, 0)


def _average(raw: Raw, spans: Spans) -> Answer:
    _, good = _counts(raw, spans)
    total = _reduced(raw, spans, np.add)
    return _calculated(total / np.where(good > 0, good, 1), spans, _by_values(raw, spans))


def _time_average(raw: Raw, spans: Spans, *, total: bool = False) -> Answer:
    """Between interpolated bounds; without one there is none, and beyond the last value it is not sure."""
    used = raw.usable()
    area, known = _between(used, spans)
    last = used.times[-1] if len(used.times) else 0
    held = used.values[-1] if len(used.times) else np.nan
    rest = np.clip(spans.end - np.maximum(spans.begin, last), 0, None) / 1e6  # extrapolated, as a step
    first = used.times[0] if len(used.times) else np.iinfo(np.int64).max
    early = spans.begin < first
    values = area + held * rest
    if not total:
        values = values / np.where(early, np.maximum(known + rest, 1e-9), _seconds(spans))
    values = np.where(spans.end <= first, np.nan, values)
    unsure = (_ignored(raw, spans) > 0) | (rest > 0) | early
    return _calculated(values, spans, np.where(unsure, SUB_NORMAL, 0))


def _time_average2(raw: Raw, spans: Spans) -> Answer:
    area, good = _between(raw, spans)
    values = np.divide(area, good, out=np.full(len(spans), np.nan), where=good > 0)
    return _calculated(values, spans, _by_time(raw, spans))


def _total2(raw: Raw, spans: Spans) -> Answer:
    area, good = _between(raw, spans)
    return _calculated(np.where(good > 0, area, np.nan), spans, _by_time(raw, spans))


def _extreme(raw: Raw, spans: Spans, reduce: Any) -> Answer:
    made = _calculated(_reduced(raw, spans, reduce), spans, _ignored(raw, spans))
    return Answer(made.values, made.statuses, made.times, 0)


def _extreme_time(raw: Raw, spans: Spans, reduce: Any) -> Answer:
    """Give the extreme with its own time: the first, as the client counts, and whether there are more."""
    made, used = _extreme(raw, spans, reduce), raw.usable()
    low, high = spans.within(used.times)
    times, statuses = made.times.copy(), made.statuses.copy()
    for at in np.flatnonzero(~np.isnan(made.values)).tolist():
        found = np.flatnonzero(used.values[low[at] : high[at]] == made.values[at])
        times[at] = used.times[low[at] + found[-1 if spans.back else 0]]
        raw_or_many = MANY if len(found) > 1 else 0
        statuses[at] = (statuses[at] & np.uint32(0xFFFF0000)) | np.uint32(raw_or_many)
    return Answer(made.values, statuses, times, 0)


def _extreme2(raw: Raw, spans: Spans, reduce: Any) -> Answer:
    """Take the value at both ends into account, by simple bounds."""
    values = _reduced(raw, spans, reduce)
    for when in (spans.begin, spans.end):
        bound, _ = raw.at(when)
        values = np.where(np.isnan(values), bound, np.where(np.isnan(bound), values, reduce(values, bound)))
    return Answer(values, _calculated(values, spans, _by_time(raw, spans)).statuses, spans.stamps, 0)


def _range(raw: Raw, spans: Spans) -> Answer:
    values = _reduced(raw, spans, np.maximum) - _reduced(raw, spans, np.minimum)
    return _calculated(values, spans, _ignored(raw, spans))


def _range2(raw: Raw, spans: Spans) -> Answer:
    values = _extreme2(raw, spans, np.maximum).values - _extreme2(raw, spans, np.minimum).values
    return _calculated(values, spans, _by_time(raw, spans))


def _count(raw: Raw, spans: Spans) -> Answer:
    return _calculated(_counts(raw, spans)[1].astype(float), spans, _by_values(raw, spans), INT32)


def _transitions(raw: Raw, spans: Spans) -> Answer:
    used = raw.usable()
    changes = np.append(0, np.cumsum(np.append(False, used.values[1:] != used.values[:-1])[: len(used.times)]))
    low, high = spans.within(used.times)
    return _calculated((changes[high] - changes[low]).astype(float), spans, _ignored(raw, spans), INT32)


def _edge(raw: Raw, spans: Spans, *, last: bool) -> Answer:
    """Give the first or last value of any quality, as it is."""
    low, high = spans.within(raw.times)
    none = high <= low
    place = np.clip(high - 1 if last != spans.back else low, 0, max(len(raw.times) - 1, 0))
    if not len(raw.times):
        return Answer(np.full(len(spans), np.nan), np.full(len(spans), BAD_NO_DATA, np.uint32), spans.stamps, 0)
    statuses = np.where(none, BAD_NO_DATA, raw.statuses[place]).astype(np.uint32)
    times = np.where(none, spans.stamps, raw.times[place])
    return Answer(np.where(none, np.nan, raw.values[place]), statuses, times, 0)


def _delta(raw: Raw, spans: Spans) -> Answer:
    used = raw.usable()
    first, last = _edge(used, spans, last=False), _edge(used, spans, last=True)
    return _calculated(last.values - first.values, spans, _ignored(raw, spans))


def _bound(raw: Raw, spans: Spans, *, last: bool) -> Answer:
    when = spans.begin if last == spans.back else spans.end
    values, statuses = raw.at(when)
    if last:
        statuses = np.where(statuses < BAD, (statuses & np.uint32(0xFFFF0000)) | np.uint32(CALCULATED), statuses)
    return Answer(values, statuses, spans.stamps, 0)


def _delta_bounds(raw: Raw, spans: Spans) -> Answer:
    first, last = _bound(raw, spans, last=False), _bound(raw, spans, last=True)
    unsure = ((first.statuses >> 30) == 1) | ((last.statuses >> 30) == 1)
    return _calculated(last.values - first.values, spans, np.where(unsure, SUB_NORMAL, 0))


def _duration(raw: Raw, spans: Spans, *, bad: bool = False, percent: bool = False) -> Answer:
    """Count milliseconds, or percent of the time. The last value is taken to hold on (§5.4.3.31)."""
    _, good = _between(raw.lasting(_end(spans)), spans)
    seconds = _seconds(spans)
    shown = np.clip(seconds - good if bad else good, 0.0, None)
    values = shown / seconds * 100 if percent else shown * 1000
    return _calculated(np.round(values, 6), spans, 0)


def _in_state(raw: Raw, spans: Spans, *, zero: bool) -> Answer:
    """Count milliseconds in which the good value is zero, or is not."""
    raw = raw.lasting(_end(spans))
    lasted, _ = _between(raw, spans, (lambda v: (v == 0) * 1.0) if zero else (lambda v: (v != 0) * 1.0))
    return _calculated(np.round(lasted * 1000, 6), spans, _by_time(raw, spans))


def _worst(raw: Raw, spans: Spans, *, bounds: bool = False) -> Answer:
    """Give the worst status code of each span's values; ``bounds``: the one at its beginning, too."""
    low, high = spans.within(raw.times)
    opening = raw.at(spans.begin)[1]
    values, statuses = np.full(len(spans), np.nan), np.full(len(spans), CALCULATED, np.uint32)
    for at in range(len(spans)):
        codes = raw.statuses[low[at] : high[at]]
        codes = np.append(codes, opening[at]) if bounds else codes
        if not len(codes):
            continue
        worst = codes[codes >> 30 == (codes >> 30).max()]
        values[at] = float(worst[0])
        statuses[at] |= MANY if len(np.unique(worst)) > 1 else 0
    statuses = np.where(np.isnan(values), BAD_NO_DATA, statuses).astype(np.uint32)
    return Answer(values, statuses, spans.stamps, STATUS)


def _spread(raw: Raw, spans: Spans, *, sample: bool, root: bool) -> Answer:
    used = raw.usable()
    centre = float(used.values.mean()) if len(used.values) else 0.0
    low, high = spans.within(used.times)
    count = (high - low).astype(float)
    moved = used.values - centre  # small numbers, so that the difference of two sums says something
    sums, squares = np.append(0.0, np.cumsum(moved)), np.append(0.0, np.cumsum(moved**2))
    total, square = sums[high] - sums[low], squares[high] - squares[low]
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.clip(square - total**2 / count, 0.0, None) / np.maximum(count - sample, 1)
    variance = np.where(count > 0, variance, np.nan)
    return _calculated(np.sqrt(variance) if root else variance, spans, _by_values(raw, spans))


_INTERPOLATIVE = _E.AggregateFunction_Interpolative
Aggregate = Callable[[Raw, Spans], Answer]
AGGREGATES: dict[int, Aggregate] = {  # by the NodeId of the AggregateFunction, OPC 10000-13 table 13
    _INTERPOLATIVE: _interpolative,
    _E.AggregateFunction_Average: _average,
    _E.AggregateFunction_TimeAverage: _time_average,
    _E.AggregateFunction_Total: lambda raw, spans: _time_average(raw, spans, total=True),
    _E.AggregateFunction_Minimum: lambda raw, spans: _extreme(raw, spans, np.minimum),
    _E.AggregateFunction_Maximum: lambda raw, spans: _extreme(raw, spans, np.maximum),
    _E.AggregateFunction_MinimumActualTime: lambda raw, spans: _extreme_time(raw, spans, np.minimum),
    _E.AggregateFunction_MaximumActualTime: lambda raw, spans: _extreme_time(raw, spans, np.maximum),
    _E.AggregateFunction_Range: _range,
    _E.AggregateFunction_Count: _count,
    _E.AggregateFunction_NumberOfTransitions: _transitions,
    _E.AggregateFunction_Start: lambda raw, spans: _edge(raw, spans, last=False),
    _E.AggregateFunction_End: lambda raw, spans: _edge(raw, spans, last=True),
    _E.AggregateFunction_Delta: _delta,
    _E.AggregateFunction_DurationGood: _duration,
    _E.AggregateFunction_DurationBad: lambda raw, spans: _duration(raw, spans, bad=True),
    _E.AggregateFunction_PercentGood: lambda raw, spans: _duration(raw, spans, percent=True),
    _E.AggregateFunction_PercentBad: lambda raw, spans: _duration(raw, spans, bad=True, percent=True),
    _E.AggregateFunction_WorstQuality: _worst,
    _E.AggregateFunction_TimeAverage2: _time_average2,
    _E.AggregateFunction_Minimum2: lambda raw, spans: _extreme2(raw, spans, np.minimum),
    _E.AggregateFunction_Maximum2: lambda raw, spans: _extreme2(raw, spans, np.maximum),
    _E.AggregateFunction_Range2: _range2,
    _E.AggregateFunction_WorstQuality2: lambda raw, spans: _worst(raw, spans, bounds=True),
    _E.AggregateFunction_Total2: _total2,
    _E.AggregateFunction_DurationInStateZero: lambda raw, spans: _in_state(raw, spans, zero=True),
    _E.AggregateFunction_DurationInStateNonZero: lambda raw, spans: _in_state(raw, spans, zero=False),
    _E.AggregateFunction_StandardDeviationSample: lambda raw, spans: _spread(raw, spans, sample=True, root=True),
    _E.AggregateFunction_StandardDeviationPopulation: lambda raw, spans: _spread(raw, spans, sample=False, root=True),
    _E.AggregateFunction_VarianceSample: lambda raw, spans: _spread(raw, spans, sample=True, root=False),
    _E.AggregateFunction_VariancePopulation: lambda raw, spans: _spread(raw, spans, sample=False, root=False),
    _E.AggregateFunction_StartBound: lambda raw, spans: _bound(raw, spans, last=False),
    _E.AggregateFunction_EndBound: lambda raw, spans: _bound(raw, spans, last=True),
    _E.AggregateFunction_DeltaBounds: _delta_bounds,
}
OF_ANY_KIND = frozenset({  # what texts have, too
    _E.AggregateFunction_Count,
    _E.AggregateFunction_DurationGood,
    _E.AggregateFunction_DurationBad,
    _E.AggregateFunction_PercentGood,
    _E.AggregateFunction_PercentBad,
    _E.AggregateFunction_WorstQuality,
    _E.AggregateFunction_WorstQuality2,
})  # fmt: skip


def aggregated(which: int, raw: Raw, spans: Spans, kind: int) -> tuple[Answer, Small]:
    """Compute one aggregate for all spans; the built-in type of each value goes with it. ``kind``: of the point.

    What lies wholly before the first or after the last value is NoData; what does so in part is marked partial.
    """
    made = AGGREGATES[which](raw, spans)
    type = kind if made.type == 0 else made.type
    statuses, values = made.statuses, made.values
    if len(raw.times):
        before, after = spans.end <= raw.times[0], spans.begin > raw.times[-1]
        cut = (spans.begin < raw.times[0]) | (spans.end > raw.times[-1])
        partial = np.where(cut & (which != _INTERPOLATIVE) & (statuses < BAD), PARTIAL, 0).astype(np.uint32)
        statuses = statuses | partial
        outside = (before | after) & (which != _INTERPOLATIVE)
        statuses = np.where(outside, BAD_NO_DATA, statuses).astype(np.uint32)
        values = np.where(outside, np.nan, values)
    else:
        statuses, values = np.full(len(spans), BAD_NO_DATA, np.uint32), np.full(len(spans), np.nan)
    if type == BOOLEAN:
        values = np.where(np.isnan(values), np.nan, (values != 0) * 1.0)
    return Answer(values, statuses, made.times, type), np.full(len(spans), type, np.uint8)
