"""Long charts: finished days drawn from their rollups instead of their rows, where no pixel would show the difference.

Of every bucket a chart gets the first, least, greatest and last value. They are exact; their time is exact to the
bucket, which is a quarter of a pixel at most. Values of bad quality are in no rollup: a bucket that holds nothing
else is a gap of that quality.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from baigong.stores.lake.contract import LAKE, Snapshot
from baigong.stores.lake.downsample import Raster
from baigong.stores.lake.reader import FileCache
from baigong.stores.lake.rollup import BUCKETS_S
from baigong.stores.lake.sorting import column_us
from baigong.stores.lake.thin import day_of
from baigong.vocab.frame import TIME

COLUMNS = ("point", "time", "value", "whole", "text", "quality")
DRAWN = pa.schema([LAKE.field(name) for name in COLUMNS])
_READ = ["point", "time", "count", "min", "max", "first", "last", "worst_quality"]
_DAY_US = 86_400_000_000
_PER_PIXEL = 4  # buckets a pixel must hold
_BAD = 0x8000
_FOOTERS = FileCache()


@dataclass(slots=True, frozen=True)
class Outline:
    """``rows``: schema DRAWN, by (point, time), what to draw of the days drawn so; ``counts``: samples behind each row.

    ``spans``: the times that are to be read from rows. ``unfit``: points that rollups say nothing of (texts).
    """

    rows: pa.Table
    counts: np.ndarray[Any, np.dtype[np.int64]]
    spans: tuple[tuple[int, int], ...]
    unfit: frozenset[int] = frozenset()

    def samples(self, points: Sequence[int]) -> dict[int, int]:
        """Return of each point how many samples stand behind its rows, beyond those rows."""
        numbers = self.rows.column("point").to_numpy()
        spans = {n: slice(*np.searchsorted(numbers, [n, n + 1]).tolist()) for n in points}
        return {n: int(self.counts[span].sum()) - (span.stop - span.start) for n, span in spans.items()}


def outline(snapshot: Snapshot, points: Sequence[int], raster: Raster) -> Outline | None:
    """Return what rollups tell of the whole days in a chart; None where its pixels are too fine, or no day is ready."""
    name = coarsest(raster)
    if name is None:
        return None
    current = snapshot.rolled_days - snapshot.overlapping - (snapshot.hot_days or frozenset())
    days = {
        day: path
        for path in snapshot.rollups.get(name, ())
        if (day := day_of(path)) in current
        and _begin(day) >= raster.start_us
        and _begin(day) + _DAY_US <= raster.end_us
    }
    if not days or snapshot.hot_days is None:
        return None
    wanted = np.unique(np.array(points, np.int64))
    table = pa.concat_tables([_read(days[day], wanted) for day in sorted(days)]).combine_chunks()
    rows, counts, unfit = _drawn(table, BUCKETS_S[name] * 1_000_000)
    return Outline(rows, counts, tuple(_between(raster, sorted(days))), unfit)


def coarsest(raster: Raster) -> str | None:
    """Name the longest bucket of which a pixel holds enough; None when even the shortest is too long."""
    if not raster.width:
        return None
    pixel_s = (raster.end_us - raster.start_us) / raster.width / 1e6
    fitting = [name for name, seconds in BUCKETS_S.items() if seconds * _PER_PIXEL <= pixel_s]
    return max(fitting, key=BUCKETS_S.__getitem__, default=None)


def _begin(day: str) -> int:
    return int(np.datetime64(day, "us").astype(np.int64))


def _between(raster: Raster, days: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the times of the chart that are in none of these days."""
    at = raster.start_us
    for day in days:
        if _begin(day) > at:
            yield at, _begin(day)
        at = _begin(day) + _DAY_US
    if at < raster.end_us:
        yield at, raster.end_us


def _read(path: str, wanted: np.ndarray[Any, np.dtype[np.int64]]) -> pa.Table:
    index = _FOOTERS.index(path)
    first = np.searchsorted(wanted, index.low, "left")
    holds = (first < len(wanted)) & (wanted[np.minimum(first, len(wanted) - 1)] <= index.high)
    groups = np.flatnonzero(holds).tolist()
    with pq.ParquetFile(path, metadata=index.metadata, memory_map=True) as parquet:
        table = parquet.read_row_groups(groups, columns=_READ, use_threads=False)
    numbers = table.column("point").to_numpy()
    begins, ends = np.searchsorted(numbers, wanted, "left"), np.searchsorted(numbers, wanted, "right")
    spans = zip(begins.tolist(), ends.tolist(), strict=True)
    return pa.concat_tables([table.slice(0, 0), *(table.slice(a, b - a) for a, b in spans if b > a)])


def _drawn(table: pa.Table, bucket_us: int) -> tuple[pa.Table, np.ndarray[Any, Any], frozenset[int]]:
    """Make four rows of a bucket, one where it held one value or none; the count stands at a bucket's first row."""
    counts = table.column("count").to_numpy()
    numbers, times = table.column("point").to_numpy(), column_us(table, "time")
    values = np.stack([table.column(n).fill_null(np.nan).to_numpy() for n in ("first", "min", "max", "last")], axis=1)
    worst = table.column("worst_quality").to_numpy()
    empty = np.isnan(values[:, 0])
    unfit = frozenset(np.unique(numbers[empty & (counts > 0) & (worst & _BAD == 0)]).tolist())
    falls = values[:, 3] < values[:, 0]
    values[falls, 1:3] = values[falls, 2:0:-1]  # downhill the greatest comes first
    keep = np.repeat((counts > 0)[:, None], 4, axis=1)
    keep[(counts == 1) | empty, 1:] = False
    keep[:, 1:3] &= values[:, 1:3] != values[:, [0, 3]]  # a bucket has no more rows than it had samples
    order = np.flatnonzero(keep)
    order = order[np.lexsort((order, np.repeat(numbers, 4)[order]))]  # days lie one after the other: now by point
    steps = np.array([0, bucket_us // 3, 2 * bucket_us // 3, bucket_us - 1], np.int64)
    n, flat = len(order), values.ravel()[order]
    columns: dict[str, Any] = {
        "point": np.repeat(numbers, 4)[order],
        "time": pa.array((times[:, None] + steps).ravel()[order]).cast(TIME),
        "value": pa.array(flat, mask=np.isnan(flat)),
        "whole": pa.nulls(n, pa.int64()),
        "text": pa.nulls(n, pa.string()),
        "quality": np.repeat(worst, 4)[order].astype(np.int32),
    }
    first = order % 4 == 0
    return pa.table(columns, schema=DRAWN), np.where(first, np.repeat(counts, 4)[order], 0), unfit
