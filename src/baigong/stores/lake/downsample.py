"""M4: of a series, the rows that a line chart of a given width needs, and no others. Pure.

Source: Jugel, Jerzak, Hackenbroich, Markl, *M4: A Visualization-Oriented Time Series Data Aggregation*,
PVLDB 7(10), 2014: a line through the first, last, lowest and highest sample of every pixel column covers the
same pixels as a line through all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_Ints = np.ndarray[Any, np.dtype[np.int64]]
_Floats = np.ndarray[Any, np.dtype[np.float64]]
_LOOP_ABOVE = 64  # rows per column from which one argmin per column beats passes over all rows


@dataclass(slots=True, frozen=True)
class Raster:
    """The chart: ``width`` pixel columns over [start, end), microseconds."""

    start_us: int
    end_us: int
    width: int


def m4(
    times_us: _Ints, values: _Floats, qualities: np.ndarray[Any, Any], raster: Raster
) -> tuple[_Ints, np.ndarray[Any, Any]]:
    """Return (the indices of the rows to draw, ascending, at most ``4 * width``; the quality to show at each).

    ``times_us`` ascending; NaN in ``values`` means no value (a gap). Column of a row: (time - start) * width
    // (end - start); rows outside [start, end) count to the first or last column. Of each column: its first and
    last row (so a gap at a column's edge stays a gap), its lowest and highest value; and, where one of the four
    places is free, its row of worst quality. The quality shown is the row's own, but on a column's last row the
    column's worst: a fault of a second shows in a trend of a year.
    """
    if len(times_us) <= 4 * raster.width:
        return np.arange(len(times_us), dtype=np.int64), qualities
    starts, stops = _columns(times_us, raster)
    low, high = _extremes(values, starts, stops)
    picks = np.stack([starts, low, high, stops - 1], axis=1)
    picks.sort(axis=1)
    fresh = np.ones(picks.shape, bool)
    fresh[:, 1:] = picks[:, 1:] != picks[:, :-1]
    chosen = picks[fresh]
    if not qualities.any():
        return chosen, qualities[chosen]
    worst = _worst_rows(qualities, starts, stops)
    chosen = np.union1d(chosen, worst[fresh.sum(axis=1) < 4])
    shown = qualities[chosen]
    at = np.searchsorted(chosen, stops - 1)  # a column's last row is always chosen
    worse = _rank(qualities[worst]) > _rank(shown[at])
    shown[at[worse]] = qualities[worst[worse]]
    return chosen, shown


def _columns(times_us: _Ints, raster: Raster) -> tuple[_Ints, _Ints]:
    """Return [start, stop) of every column that holds rows."""
    start_us, width, span = raster.start_us, raster.width, max(raster.end_us - raster.start_us, 1)
    # The smallest time in column k is ceil(k * span / width): exact in integers, Python's have no end.
    edges = np.array([start_us + -(-k * span // width) for k in range(1, width)], np.int64)
    cuts = np.concatenate(([0], np.searchsorted(times_us, edges), [len(times_us)])).astype(np.int64)
    full = cuts[1:] > cuts[:-1]
    return cuts[:-1][full], cuts[1:][full]


def _extremes(values: _Floats, starts: _Ints, stops: _Ints) -> tuple[_Ints, _Ints]:
    """Return the row of the lowest and of the highest value of each column; its first row where all are NaN."""
    gaps = np.isnan(values)
    any_gap = bool(gaps.any())
    lows = np.where(gaps, np.inf, values) if any_gap else values
    highs = np.where(gaps, -np.inf, values) if any_gap else values
    if len(values) > _LOOP_ABOVE * len(starts):
        spans = list(zip(starts.tolist(), stops.tolist(), strict=True))
        low = np.array([a + int(lows[a:b].argmin()) for a, b in spans], np.int64)
        high = np.array([a + int(highs[a:b].argmax()) for a, b in spans], np.int64)
        return low, high
    sizes = stops - starts
    return (
        _first_equal(lows, np.minimum.reduceat(lows, starts), starts, sizes),
        _first_equal(highs, np.maximum.reduceat(highs, starts), starts, sizes),
    )


def _first_equal(values: Any, per_column: Any, starts: _Ints, sizes: _Ints) -> _Ints:
    hits = np.flatnonzero(values == np.repeat(per_column, sizes))
    return hits[np.searchsorted(hits, starts)]


def _rank(qualities: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return ((qualities >> 14) & 0b11).astype(np.int8)  # good 0, uncertain 1, bad 2: vocab.quality


def _worst_rows(qualities: np.ndarray[Any, Any], starts: _Ints, stops: _Ints) -> _Ints:
    rank = _rank(qualities)
    return _first_equal(rank, np.maximum.reduceat(rank, starts), starts, stops - starts)
