"""Rollups of one point-day: what a minute or an hour held, by count and by time (OPC 10000-13)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from baigong.stores.lake.sorting import column_us
from baigong.vocab.frame import TIME

ROLLUP = pa.schema(
    [
        pa.field("point", pa.int64(), nullable=False),
        pa.field("time", TIME, nullable=False),  # start of the bucket
        pa.field("count", pa.int64(), nullable=False),  # samples of any quality
        pa.field("min", pa.float64()),  # over values that are not bad, as are max, sum, first and last
        pa.field("max", pa.float64()),
        pa.field("sum", pa.float64()),
        pa.field("first", pa.float64()),
        pa.field("last", pa.float64()),
        pa.field("worst_quality", pa.int32(), nullable=False),
        pa.field("integral", pa.float64(), nullable=False),  # value * seconds, while the value was not bad
        pa.field("good_s", pa.float64(), nullable=False),  # seconds for which the value was not bad
    ]
)
BUCKETS_S = {"1m": 60, "1h": 3600}
Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]


def rollup(table: pa.Table, bucket_s: int, sloped: np.ndarray[Any, Any] | None = None) -> pa.Table:
    """Aggregate resolved rows (schema LAKE, sorted by (point, time)) into buckets.

    ``sloped``: per row, whether the point is interpolated between samples (else the last value holds); default
    all held. A sample counts in time from its own instant to the point's next sample; the last one of a point
    counts until its own instant only, since nothing later is known. Buckets without a sample have a row when a
    value held through them. Simulated and manual qualities are good ones; severity decides.
    """
    n = len(table)
    if not n:
        return ROLLUP.empty_table()
    bucket_us = bucket_s * 1_000_000
    points, times = table.column("point").to_numpy(), column_us(table, "time")
    qualities = table.column("quality").to_numpy()
    values = _numbers(table)
    usable = ~np.isnan(values) & ((qualities & 0x8000) == 0)
    buckets = times // bucket_us
    parts = _held(points, times, values, usable, sloped, bucket_us)
    return _merge(points, buckets, values, usable, qualities, parts, bucket_us)


def _numbers(table: pa.Table) -> Floats:
    """Values as float64, NaN where there is none; integers that a double cannot hold are rounded to the nearest."""
    column, wholes = table.column("value"), table.column("whole")
    values: Floats = column.fill_null(np.nan).to_numpy() if column.null_count else column.to_numpy()
    if wholes.null_count < len(wholes):
        held = wholes.is_valid().to_numpy()
        values = np.where(held, wholes.fill_null(0).to_numpy().astype(np.float64), values)
    return values


def _held(
    points: Ints, times: Ints, values: Floats, usable: Any, sloped: Any, bucket_us: int
) -> tuple[Ints, Ints, Floats, Floats]:
    """Cut each stretch between two samples at bucket borders: (point, bucket, integral, seconds) a piece."""
    go = np.flatnonzero((points[1:] == points[:-1]) & usable[:-1])
    begin, end = times[go], times[go + 1]
    first, last = begin // bucket_us, np.maximum(end - 1, begin) // bucket_us
    pieces = (last - first + 1).astype(np.int64)
    row = np.repeat(np.arange(len(go)), pieces)
    step = np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    bucket = first[row] + step
    a = np.maximum(begin[row], bucket * bucket_us)
    b = np.minimum(end[row], (bucket + 1) * bucket_us)
    seconds = (b - a) / 1e6
    v0 = values[go][row]
    mean = v0
    if sloped is not None:
        slope = sloped[go][row] & usable[go + 1][row]
        span = np.maximum(end - begin, 1)[row]
        middle = ((a + b) / 2 - begin[row]) / span
        v1 = np.where(slope, values[go + 1][row], v0)
        mean = v0 + (v1 - v0) * middle
    return points[go][row], bucket, mean * seconds, seconds


def _merge(
    points: Ints, buckets: Ints, values: Floats, usable: Any, qualities: Any, held: Any, bucket_us: int
) -> pa.Table:
    held_point, held_bucket, held_integral, held_seconds = held
    all_points = np.concatenate([points, held_point])
    all_buckets = np.concatenate([buckets, held_bucket])
    order = np.lexsort((all_buckets, all_points))
    sorted_points, sorted_buckets = all_points[order], all_buckets[order]
    new = np.append(True, (sorted_points[1:] != sorted_points[:-1]) | (sorted_buckets[1:] != sorted_buckets[:-1]))
    slot = np.empty(len(order), np.int64)
    slot[order] = np.cumsum(new) - 1
    size = int(new.sum())
    mine, theirs = slot[: len(points)], slot[len(points) :]
    count = np.bincount(mine, minlength=size)
    integral = np.bincount(theirs, weights=held_integral, minlength=size)
    good_s = np.bincount(theirs, weights=held_seconds, minlength=size)
    worst = np.zeros(size, np.int32)
    np.maximum.at(worst, mine, qualities & 0xFFFF)
    rows = np.flatnonzero(usable)
    slots = mine[rows]  # ascending, because rows are sorted by (point, time)
    good = values[rows]
    edge = np.flatnonzero(np.append(True, slots[1:] != slots[:-1])) if len(rows) else np.empty(0, np.int64)
    filled = slots[edge]
    stats = {name: np.full(size, np.nan) for name in ("min", "max", "sum", "first", "last")}
    if len(rows):
        stats["min"][filled] = np.minimum.reduceat(good, edge)
        stats["max"][filled] = np.maximum.reduceat(good, edge)
        stats["sum"][filled] = np.add.reduceat(good, edge)
        stats["first"][filled] = good[edge]
        stats["last"][filled] = good[np.append(edge[1:], len(good)) - 1]
    heads = np.flatnonzero(new)
    columns: dict[str, Any] = {
        "point": sorted_points[heads],
        "time": pa.array(sorted_buckets[heads] * bucket_us).cast(TIME),
        "count": count,
        **{name: pa.array(column, mask=np.isnan(column)) for name, column in stats.items()},
        "worst_quality": worst,
        "integral": integral,
        "good_s": good_s,
    }
    return pa.table(columns, schema=ROLLUP)
