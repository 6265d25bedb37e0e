from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baigong.stores.lake import downsample
from baigong.stores.lake.downsample import Raster, m4
from baigong.vocab import quality as q


def brute(times, values, raster: Raster) -> dict[int, tuple[int, float | None, float | None, int]]:
    """Per pixel column: first row, lowest and highest value, last row."""
    columns: dict[int, list[int]] = {}
    for i, t in enumerate(times.tolist()):
        column = (t - raster.start_us) * raster.width // (raster.end_us - raster.start_us)
        columns.setdefault(column, []).append(i)
    made = {}
    for column, rows in columns.items():
        held = [values[i] for i in rows if not np.isnan(values[i])]
        made[column] = (rows[0], min(held, default=None), max(held, default=None), rows[-1])
    return made


@st.composite
def series(draw):
    n = draw(st.integers(0, 400))
    start = draw(st.integers(-(10**9), 10**9))
    span = draw(st.integers(1, 10**6))
    times = np.sort(np.array(draw(st.lists(st.integers(start, start + span - 1), min_size=n, max_size=n)), np.int64))
    value = st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6, allow_nan=False), st.sampled_from([0.0, 1.0]))
    values = np.array(draw(st.lists(value, min_size=n, max_size=n)), np.float64)
    codes = st.sampled_from([q.GOOD, q.GOOD, q.GOOD, q.UNCERTAIN, q.BAD, q.SIMULATED])
    qualities = np.array(draw(st.lists(codes, min_size=n, max_size=n)), np.int32)
    return times, values, qualities, Raster(start, start + span, draw(st.integers(1, 60)))


@pytest.mark.parametrize("loop_above", [0, 10**9])
@given(series())
@settings(max_examples=60, deadline=None)
def test_every_column_keeps_its_ends_extremes_and_worst_quality(loop_above: int, given_series) -> None:
    times, values, qualities, raster = given_series
    kept, downsample._LOOP_ABOVE = downsample._LOOP_ABOVE, loop_above
    try:
        rows, shown = m4(times, values, qualities, raster)
    finally:
        downsample._LOOP_ABOVE = kept
    assert len(rows) == len(shown) <= max(4 * raster.width, 0)
    assert rows.tolist() == sorted(set(rows.tolist()))
    if len(times) <= 4 * raster.width:
        assert len(rows) == len(times)
        return
    want = brute(times, values, raster)
    got = brute(times[rows], values[rows], raster)
    assert got.keys() == want.keys()
    for column, (first, low, high, last) in want.items():
        g_first, g_low, g_high, g_last = got[column]
        assert (rows[g_first], rows[g_last]) == (first, last)
        assert (g_low, g_high) == (low, high)
        worst = max((int(k) >> 14) & 3 for k in qualities[first : last + 1])
        assert max((int(k) >> 14) & 3 for k in shown[g_first : g_last + 1]) == worst


def test_a_gap_between_columns_stays_a_gap() -> None:
    times = np.arange(1000, dtype=np.int64)
    values = np.ones(1000)
    values[500:520] = np.nan  # two columns of ten rows each
    qualities = np.where(np.isnan(values), q.BAD_NO_COMMUNICATION, 0).astype(np.int32)
    rows, _ = m4(times, values, qualities, Raster(0, 1000, 100))
    assert np.isnan(values[rows][(rows >= 500) & (rows < 520)]).all()
    assert ((rows >= 500) & (rows < 520)).sum() >= 2


def test_a_million_rows_take_milliseconds() -> None:
    n = 1_000_000
    times = np.arange(n, dtype=np.int64) * 1000
    values = np.random.default_rng(1).normal(size=n).cumsum()
    qualities = np.zeros(n, np.int32)
    took = []
    for _ in range(5):
        begun = time.process_time()
        m4(times, values, qualities, Raster(0, n * 1000, 1200))
        took.append(time.process_time() - begun)
    assert min(took) < 0.015, f"{min(took) * 1000:.1f} ms of CPU"
