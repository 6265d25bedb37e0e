"""Thinned rows of counters and states: few of a day's samples, and by them the same increase and the same seconds.

What a counter did is decided by declarations that people correct years later (a rollover, a reset that may happen).
So what is stored of a finished day is not the answer but those samples that any declaration needs: of a counter the
first and the last of every minute and both sides of every fall, of a state the changes. The answer is a view.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.stores.lake.sorting import column_us
from baigong.vocab import quality as q
from baigong.vocab.frame import TIME

THINNED = "thin"  # the name among a snapshot's rollups
NEITHER, COUNTER, STATE = 0, 1, 2
THIN = pa.schema(
    [
        pa.field("point", pa.int64(), nullable=False),
        pa.field("time", TIME, nullable=False),
        pa.field("value", pa.float64()),
        pa.field("whole", pa.int64()),
        pa.field("text", pa.string()),
        pa.field("quality", pa.int32(), nullable=False),
        pa.field("hourly", pa.bool_(), nullable=False),  # also needed where only hours are asked for
    ]
)
_MINUTE_US = 60_000_000
_HOUR_US = 3_600_000_000
Mask = np.ndarray[Any, np.dtype[np.bool_]]


def day_of(path: str) -> str:
    """Read the day from a path of the lake (``…/day=2026-01-31/….parquet``)."""
    return PurePath(path).parent.name.removeprefix("day=")


def thin(table: pa.Table, kinds: np.ndarray[Any, Any]) -> pa.Table:
    """Keep what counters and states need of resolved rows sorted by (point, time); ``kinds``: of each row's point."""
    counted, stated = (
        _counters(table.filter(pa.array(kinds == COUNTER))),
        _states(table.filter(pa.array(kinds == STATE))),
    )
    both = pa.concat_tables([counted, stated]).combine_chunks()
    return both.sort_by([("point", "ascending"), ("time", "ascending")]) if len(counted) and len(stated) else both


def _counters(table: pa.Table) -> pa.Table:
    """Samples that are not bad: the first and last of every (minute], both sides of a fall, the exchanged meters."""
    qualities = table.column("quality").to_numpy()
    table = table.filter(pa.array((qualities & 0x8000) == 0))
    values, whole = table.column("value"), table.column("whole")
    table = table.filter(pa.array(values.is_valid().to_numpy() | whole.is_valid().to_numpy()))
    if not len(table):
        return THIN.empty_table()
    points, times = table.column("point").to_numpy(), column_us(table, "time")
    restarted = (table.column("quality").to_numpy() & q.RESTARTED) != 0
    fall = np.zeros(len(table), bool)
    fall[1:] = (points[1:] == points[:-1]) & _falls(table)
    turn = fall | restarted
    turn[:-1] |= turn[1:].copy()
    minutely, hourly = (turn | _edges(points, (times - 1) // bucket) for bucket in (_MINUTE_US, _HOUR_US))
    return _kept(table, minutely | hourly, hourly)


def _falls(table: pa.Table) -> Mask:
    """Whether each row but the first is less than the one before it; integers are compared as such."""
    wholes = table.column("whole")
    floats = table.column("value").combine_chunks().fill_null(np.nan).to_numpy(zero_copy_only=False)
    if wholes.null_count == len(wholes):
        return np.asarray(floats[1:] < floats[:-1])
    held = wholes.is_valid().to_numpy()
    numbers = np.where(held, 0.0, floats)
    with np.errstate(invalid="ignore"):  # a huge float beside an integer: as far from it as int64 can say
        near = numbers.astype(np.int64)
    exact = np.where(held, wholes.combine_chunks().fill_null(0).to_numpy(zero_copy_only=False), near)
    either = held[1:] | held[:-1]
    falls: Mask = np.where(either, exact[1:] < exact[:-1], floats[1:] < floats[:-1])
    return falls


def _edges(points: Any, buckets: Any) -> Mask:
    new = np.append(True, (points[1:] != points[:-1]) | (buckets[1:] != buckets[:-1]))
    edges: Mask = new | np.append(new[1:], True)
    return edges


def _states(table: pa.Table) -> pa.Table:
    """Samples where the state, or whether it is known, differs from the one before; and the last of the day."""
    if not len(table):
        return THIN.empty_table()
    points = table.column("point").to_numpy()
    bad = (table.column("quality").to_numpy() & 0x8000) != 0
    change = np.ones(len(table), bool)
    change[1:] = (points[1:] != points[:-1]) | (bad[1:] != bad[:-1])
    for name in ("value", "whole", "text"):
        codes = table.column(name).combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy()
        change[1:] |= codes[1:] != codes[:-1]
    last = np.append(points[1:] != points[:-1], True)
    return _kept(table, change | last, np.ones(len(table), bool))


def _kept(table: pa.Table, keep: Mask, hourly: Mask) -> pa.Table:
    rows = table.select(THIN.names[:-1]).append_column("hourly", pa.array(hourly))
    return rows.filter(pa.array(keep)).cast(THIN)
