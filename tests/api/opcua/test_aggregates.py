"""Aggregates: the examples of OPC 10000-13 Annex A, and what must hold for any values."""

from __future__ import annotations

import numpy as np
import pytest

from baigong.api.opcua.aggregates import AGGREGATES, CALCULATED, MANY, PARTIAL, aggregated
from baigong.api.opcua.datavalues import DOUBLE
from baigong.api.opcua.spans import BAD_NO_DATA, INTERPOLATED, SUB_NORMAL, Raw, Rules, Spans

S = 1_000_000
BAD, UNCERTAIN = 0x80000000, 0x40000000
# Historian 1 of Annex A.1: seconds after 12:00, values, qualities
TIMES = np.array([10, 20, 30, 40, 50, 60, 70, 80, 90], np.int64) * S
VALUES = np.array([10, 20, 30, 40, 50, 60, 70, 80, 90], float)
CODES = np.array([0, 0, 0, BAD, 0, 0, UNCERTAIN, 0, 0], np.uint32)


def raw(*, held: bool = False, uncertain_is_bad: bool = True) -> Raw:
    return Raw(TIMES, VALUES, CODES, held=held, rules=Rules(uncertain_is_bad=uncertain_is_bad))


def spans(*edges: int) -> Spans:
    made = np.array(edges, np.int64) * S
    return Spans(made[:-1], made[1:])


def told(which: int, *edges: int, held: bool = False) -> list[tuple[float | None, int]]:
    answer, _ = aggregated(which, raw(held=held), spans(*edges), DOUBLE)
    values = [None if np.isnan(v) else round(float(v), 6) for v in answer.values]
    return list(zip(values, answer.statuses.tolist(), strict=True))


def test_averages_take_good_values_only() -> None:
    assert told(2342, 0, 16, 32, 48, 64, 80, 96, 112) == [
        (10.0, CALCULATED | PARTIAL), (25.0, CALCULATED), (None, BAD_NO_DATA), (55.0, CALCULATED),
        (None, BAD_NO_DATA), (85.0, CALCULATED | PARTIAL), (None, BAD_NO_DATA),
    ]  # fmt: skip
    assert told(2342, 10, 60) == [(27.5, SUB_NORMAL | CALCULATED)]  # 4 of 5 are good


def test_time_averages_go_along_the_line() -> None:
    assert told(2343, 20, 30) == [(25.0, CALCULATED)]
    assert told(2343, 20, 60) == [(40.0, SUB_NORMAL | CALCULATED)]  # across the bad one, from 30 to 50
    assert told(2343, 20, 30, held=True) == [(20.0, CALCULATED)]
    assert told(2344, 20, 30) == [(250.0, CALCULATED)]
    assert told(11285, 20, 50, held=False) == [
        (25.0 + (30 - 25) / 2, SUB_NORMAL | CALCULATED)
    ]  # bad from 40 on: left out
    assert told(11304, 20, 50) == [(25.0 * 10 + 30.0 * 10, SUB_NORMAL | CALCULATED)]


def test_extremes_and_their_times() -> None:
    assert told(2346, 20, 50) == [(20.0, SUB_NORMAL | CALCULATED)]
    assert told(2347, 20, 40) == [(30.0, CALCULATED)]
    assert told(2350, 10, 40) == [(20.0, CALCULATED)]
    times = np.array([0, 10, 20], np.int64) * S
    twice = Raw(times, np.array([5.0, 1.0, 1.0]), np.zeros(3, np.uint32), held=True, rules=Rules())
    answer, _ = aggregated(2348, twice, spans(0, 20, 21), DOUBLE)
    assert answer.times.tolist() == [10 * S, 20 * S]
    assert answer.values.tolist() == [1.0, 1.0]
    answer, _ = aggregated(2348, twice, Spans(np.array([0]), np.array([20 * S + 1])), DOUBLE)
    assert (answer.times[0], answer.statuses[0] & MANY) == (10 * S, MANY)


def test_counts_durations_and_percents() -> None:
    assert told(2352, 0, 5, 25, 45, 100, 120) == [
        (None, BAD_NO_DATA), (2.0, CALCULATED | PARTIAL), (1.0, SUB_NORMAL | CALCULATED),
        (4.0, SUB_NORMAL | CALCULATED | PARTIAL), (None, BAD_NO_DATA),
    ]  # fmt: skip
    assert told(2360, 30, 60) == [(20_000.0, CALCULATED)]
    assert told(2361, 30, 60) == [(10_000.0, CALCULATED)]
    assert told(2362, 0, 20) == [(50.0, CALCULATED | PARTIAL)]
    assert told(2363, 0, 20) == [(50.0, CALCULATED | PARTIAL)]
    assert told(2362, 80, 100) == [(100.0, CALCULATED | PARTIAL)]  # the last value holds on


def test_bounds_and_edges() -> None:
    assert told(2341, 25, 26) == [(25.0, INTERPOLATED)]
    assert told(2341, 25, 26, held=True) == [(20.0, INTERPOLATED)]
    assert told(2341, 40, 41) == [(40.0, SUB_NORMAL | INTERPOLATED)]  # between 30 and 50
    assert told(2341, 20, 21) == [(20.0, 0)]
    assert told(2341, 95, 96) == [(90.0, SUB_NORMAL | INTERPOLATED)]
    assert told(2341, 5, 6) == [(None, BAD_NO_DATA)]
    assert told(2357, 15, 45) == [(20.0, 0)]
    assert told(2358, 15, 45) == [(40.0, BAD)]
    assert told(2359, 10, 40) == [(20.0, CALCULATED)]
    assert told(11505, 25, 35) == [(25.0, INTERPOLATED)]
    assert told(11506, 20, 30) == [(30.0, CALCULATED)]
    assert told(11507, 10, 30) == [(20.0, CALCULATED)]


def test_time_that_flows_backwards_takes_the_value_where_it_starts() -> None:
    back = Spans(np.array([10 * S]), np.array([30 * S]), back=True)
    answer, _ = aggregated(2342, raw(), back, DOUBLE)
    assert (answer.values[0], answer.times[0]) == (25.0, 30 * S)
    answer, _ = aggregated(2357, raw(), back, DOUBLE)
    assert answer.values[0] == 30.0


def test_the_worst_quality_and_what_counts_as_bad() -> None:
    answer, types = aggregated(2364, raw(), spans(20, 60, 80), DOUBLE)
    assert answer.values.tolist() == [BAD, UNCERTAIN]
    assert types.tolist() == [19, 19]
    lenient, _ = aggregated(2342, raw(uncertain_is_bad=False), spans(60, 80), DOUBLE)
    assert lenient.values[0] == 65.0


@pytest.mark.parametrize("held", [True, False])
def test_every_aggregate_of_any_values_is_one_value_a_span(held: bool) -> None:
    rng = np.random.default_rng(7)
    for count in (0, 1, 2, 300):
        times = np.unique(rng.integers(0, 1000 * S, count))
        values = np.where(rng.random(len(times)) < 0.1, np.nan, rng.normal(5, 2, len(times)))
        codes = rng.choice(np.array([0, 0, 0, UNCERTAIN, BAD], np.uint32), len(times))
        some = Raw(times, values, codes, held=held, rules=Rules())
        edges = np.arange(-100, 1200, 50, dtype=np.int64) * S
        where = Spans(edges[:-1], edges[1:])
        good = some.good
        for which in AGGREGATES:
            answer, types = aggregated(which, some, where, DOUBLE)
            assert len(answer.values) == len(answer.statuses) == len(answer.times) == len(types) == len(where)
        at, _ = aggregated(2342, some, where, DOUBLE)
        for span in range(len(where)):
            inside = good & (times >= where.begin[span]) & (times < where.end[span])
            expected = values[inside].mean() if inside.any() else np.nan
            assert at.values[span] == pytest.approx(expected, nan_ok=True)


def test_a_running_integral_is_that_of_small_steps() -> None:
    rng = np.random.default_rng(11)
    times = np.unique(rng.integers(0, 100 * S, 40))
    values = rng.normal(0, 1, len(times))
    for held in (True, False):
        some = Raw(times, values, np.zeros(len(times), np.uint32), held=held, rules=Rules())
        begin, end = int(times[3]) + 17, int(times[-2]) - 5
        answer, _ = aggregated(2343, some, Spans(np.array([begin]), np.array([end])), DOUBLE)
        fine = np.linspace(begin, end, 400_001)
        shape = values[np.searchsorted(times, fine, "right") - 1] if held else np.interp(fine, times, values)
        assert answer.values[0] == pytest.approx(shape.mean(), abs=2e-4)
