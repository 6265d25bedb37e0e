"""Reads a snapshot: single points through cached Parquet metadata, in milliseconds however large the lake."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from baigong.stores.lake.contract import LAKE, LakeFile
from baigong.stores.lake.files import decode_decimals
from baigong.stores.lake.sorting import column_us, resolve, sort_table

_DAY_US = 86_400_000_000
_MOST_CUTS = 10_000
_CACHED = 4096  # files whose metadata is kept


@dataclass(slots=True, frozen=True)
class _Index:
    metadata: Any
    low: np.ndarray[Any, np.dtype[np.int64]]  # smallest point of each row group
    high: np.ndarray[Any, np.dtype[np.int64]]


class FileCache:
    """Footers of Parquet files, parsed once. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Index] = OrderedDict()

    def index(self, path: str) -> _Index:
        with self._lock:
            found = self._known.get(path)
            if found is not None:
                self._known.move_to_end(path)
                return found
        metadata = pq.read_metadata(path)
        bounds = [metadata.row_group(i).column(0).statistics for i in range(metadata.num_row_groups)]
        made = _Index(
            metadata,
            np.array([s.min for s in bounds], np.int64),
            np.array([s.max for s in bounds], np.int64),
        )
        with self._lock:
            self._known[path] = made
            while len(self._known) > _CACHED:
                self._known.popitem(last=False)
        return made


class SnapshotReader:
    """Answers ``series`` over a snapshot. ``threads``: how many files are read at once."""

    def __init__(self, cache: FileCache, threads: int = 2) -> None:
        self._cache = cache
        self._pool = ThreadPoolExecutor(threads, "lake-read")

    def series(
        self, files: Sequence[LakeFile], hot: pa.Table, points: Sequence[int], start_us: int, end_us: int
    ) -> pa.Table:
        """Return the rows (schema LAKE) of ``points`` with start <= time < end, resolved, by (point, time).

        ``hot``: the rows that are not in the files yet, already cut to these points and times.
        """
        wanted = np.unique(np.array(points, np.int64))
        near = [f for f in files if _touches(f.day, start_us, end_us)]
        parts = list(self._pool.map(lambda f: self._from_file(f, wanted, start_us, end_us), near))
        days: dict[str, list[pa.Table]] = {}
        for file, part in zip(near, parts, strict=True):
            if len(part):
                days.setdefault(file.day, []).append(part)
        if len(hot):
            _join_hot(days, hot)
        groups = [_resolved(days[day]) for day in sorted(days)]
        return _by_point(groups, wanted) if groups else LAKE.empty_table()

    def _from_file(self, file: LakeFile, wanted: Any, start_us: int, end_us: int) -> pa.Table:
        index = self._cache.index(file.path)
        # row groups are sorted by point: those that can hold any of the wanted ones
        first = np.searchsorted(wanted, index.low, "left")
        groups = np.flatnonzero((first < len(wanted)) & (wanted[np.minimum(first, len(wanted) - 1)] <= index.high))
        if not len(groups):
            return LAKE.empty_table()
        with pq.ParquetFile(file.path, metadata=index.metadata, memory_map=True) as parquet:
            table = parquet.read_row_groups(groups.tolist(), use_threads=len(groups) > 4)
        return decode_decimals(cut(table, wanted, start_us, end_us)).select(LAKE.names).cast(LAKE)


def _join_hot(days: dict[str, list[pa.Table]], hot: pa.Table) -> None:
    """Put the hot rows together with all files of the days they fall into."""
    moments = column_us(hot, "time")
    first, last = (str(np.datetime64(int(moment) // _DAY_US, "D")) for moment in (moments.min(), moments.max()))
    touched = [day for day in days if first <= day <= last]
    days[first] = [part for day in touched for part in days.pop(day)] + [hot]


def _resolved(parts: list[pa.Table]) -> pa.Table:
    if len(parts) == 1:
        table = parts[0].combine_chunks()
        points, times = table.column("point").to_numpy(), column_us(table, "time")
        steps = (points[1:] > points[:-1]) | ((points[1:] == points[:-1]) & (times[1:] >= times[:-1]))
        return resolve(table if steps.all() else sort_table(table))
    return resolve(sort_table(pa.concat_tables(parts).combine_chunks()))


def _by_point(groups: list[pa.Table], wanted: Any) -> pa.Table:
    """Lay groups of later and later days together by point, by cutting where that is cheaper than sorting."""
    if len(groups) == 1:
        return groups[0]
    if len(wanted) * len(groups) > _MOST_CUTS:
        return sort_table(pa.concat_tables(groups).combine_chunks())
    pieces = []
    edges = [np.searchsorted(group.column("point").to_numpy(), np.append(wanted, wanted[-1] + 1)) for group in groups]
    for at in range(len(wanted)):
        for group, edge in zip(groups, edges, strict=True):
            if edge[at + 1] > edge[at]:
                pieces.append(group.slice(edge[at], edge[at + 1] - edge[at]))
    return pa.concat_tables(pieces) if pieces else LAKE.empty_table()


def cut(table: pa.Table, wanted: Any, start_us: int, end_us: int) -> pa.Table:
    """Keep the rows of these points (sorted, unique) with start <= time < end."""
    if not len(table):
        return table
    points = table.column("point")
    one = len(wanted) == 1
    mask = pc.equal(points, pa.scalar(int(wanted[0]))) if one else pc.is_in(points, pa.array(wanted))
    kind = table.schema.field("time").type
    low, high = pa.scalar(start_us, pa.int64()).cast(kind), pa.scalar(end_us, pa.int64()).cast(kind)
    times = table.column("time")
    mask = pc.and_(mask, pc.and_(pc.greater_equal(times, low), pc.less(times, high)))
    return table.filter(mask)


def _touches(day: str, start_us: int, end_us: int) -> bool:
    begin = int(np.datetime64(day, "us").astype(np.int64))
    return begin < end_us and begin + _DAY_US > start_us
