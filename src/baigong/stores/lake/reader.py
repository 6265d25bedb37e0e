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
import pyarrow.parquet as pq

from baigong.stores.lake.contract import ALL, LAKE, LakeFile, Names
from baigong.stores.lake.files import absent_columns, decode_decimals
from baigong.stores.lake.sorting import column_us, resolve, sort_table
from baigong.stores.lake.table import last_seq_of
from baigong.vocab import quality as q

Ints = np.ndarray[Any, np.dtype[np.int64]]
_DAY_US = 86_400_000_000
_MOST_CUTS = 10_000
_CACHED = 4096  # files whose metadata is kept
_TO_RESOLVE = ("quality", "seq")


@dataclass(slots=True, frozen=True)
class _Index:
    """What a file's footer says of each row group: smallest and largest point, first and last time."""

    metadata: Any
    low: Ints
    high: Ints
    first_us: Ints
    last_us: Ints
    absent: frozenset[str]  # columns that hold nothing in the whole file


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
        made = _index(pq.read_metadata(path))
        with self._lock:
            self._known[path] = made
            while len(self._known) > _CACHED:
                self._known.popitem(last=False)
        return made


def _index(metadata: Any) -> _Index:
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    return _Index(metadata, *_bounds(groups, 0), *_bounds(groups, 1), absent_columns(metadata))


def _bounds(groups: list[Any], column: int) -> tuple[Ints, Ints]:
    """Return the smallest and largest of each row group; the widest bounds where the writer did not say."""
    found = [group.column(column).statistics for group in groups]
    known = [s is not None and s.has_min_max and s.physical_type == "INT64" for s in found]
    low = [s.min_raw if said else -(1 << 63) for s, said in zip(found, known, strict=True)]
    high = [s.max_raw if said else (1 << 63) - 1 for s, said in zip(found, known, strict=True)]
    return np.array(low, np.int64), np.array(high, np.int64)


@dataclass(slots=True)
class _Part:
    """Rows of one file, or the hot ones, by (point, time). ``edges``: where each wanted point begins, and the end.

    ``late``: they may stand at times that other parts have too, or retract.
    """

    table: pa.Table
    edges: Ints
    times: Ints
    late: bool


class SnapshotReader:
    """Answers ``series`` over a snapshot. ``threads``: how many files are read at once."""

    def __init__(self, cache: FileCache, threads: int = 2) -> None:
        self._cache = cache
        self._pool = ThreadPoolExecutor(threads, "lake-read")

    def series(
        self,
        files: Sequence[LakeFile],
        hot: pa.Table,
        points: Sequence[int],
        start_us: int,
        end_us: int,
        columns: Names = ALL,
    ) -> pa.Table:
        """Return the rows (these columns of LAKE) of ``points`` with start <= time < end, resolved, by (point, time).

        ``hot``: the rows that are not in the files yet, already cut to these points and times.
        """
        wanted = np.unique(np.array(points, np.int64))
        near = [f for f in files if len(wanted) and _touches(f.day, start_us, end_us)]
        near.sort(key=lambda f: (f.day, last_seq_of(f.path), f.late))  # rows in order follow each other in time
        doubtful = len(wanted) * len(near) > _MOST_CUTS or any(f.late for f in near)
        read = _wide(columns) if doubtful else tuple(columns)
        found = self._pool.map(lambda f: self._from_file(f, wanted, start_us, end_us, read), near)
        parts = [part for part in found if len(part.table)]
        if len(hot):
            parts.append(_hot_part(hot, wanted, read))
        laid = _by_point(parts, wanted, read)
        if laid is None:  # what should follow in time does not: look again, with what tells the newer row
            return self.series(files, hot, points, start_us, end_us, _wide(columns)).select(columns)
        return laid.select(columns)

    def _from_file(self, file: LakeFile, wanted: Ints, start_us: int, end_us: int, columns: Names) -> _Part:
        index = self._cache.index(file.path)
        # row groups are sorted by point: those that can hold any of the wanted ones
        first = np.searchsorted(wanted, index.low, "left")
        holds = (first < len(wanted)) & (wanted[np.minimum(first, len(wanted) - 1)] <= index.high)
        groups = np.flatnonzero(holds & (index.first_us < end_us) & (index.last_us >= start_us))
        if not len(groups):
            return _Part(_empty(columns), np.zeros(len(wanted) + 1, np.int64), np.empty(0, np.int64), file.late)
        stored = [name for name in ("point", *columns) if name not in index.absent]
        stored += [name for name in ("digits", "scale") if "value" in columns and name not in index.absent]
        with pq.ParquetFile(file.path, metadata=index.metadata, memory_map=True) as parquet:
            known = set(parquet.schema_arrow.names)
            names = list(dict.fromkeys(["point", "time", *(name for name in stored if name in known)]))
            table = parquet.read_row_groups(groups.tolist(), columns=names, use_threads=len(groups) > 4)
        spans = _spans(table, wanted, start_us, end_us)
        kept = _sliced(table, spans)
        edges = np.append(0, np.cumsum(spans[1] - spans[0]))
        return _Part(_shaped(decode_decimals(kept), columns), edges, column_us(kept, "time"), file.late)


def _wide(columns: Names) -> tuple[str, ...]:
    return tuple(name for name in LAKE.names if name in columns or name in _TO_RESOLVE or name in ("point", "time"))


def _schema(columns: Names) -> pa.Schema:
    return pa.schema([LAKE.field(name) for name in columns])


def _empty(columns: Names) -> pa.Table:
    return _schema(columns).empty_table()


def _spans(table: pa.Table, wanted: Ints, start_us: int, end_us: int) -> tuple[Ints, Ints]:
    """Find each wanted point's rows of these times: [from, to) in a table sorted by (point, time)."""
    points, times = table.column("point").to_numpy(), column_us(table, "time")
    begins, ends = np.searchsorted(points, wanted, "left"), np.searchsorted(points, wanted, "right")
    if len(times) and (times.min() < start_us or times.max() >= end_us):
        for i, (a, b) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True)):
            begins[i], ends[i] = a + np.searchsorted(times[a:b], [start_us, end_us])
    return begins, ends


def _sliced(table: pa.Table, spans: tuple[Ints, Ints]) -> pa.Table:
    """Keep these spans, copying no more than there is to join."""
    full = spans[1] > spans[0]
    begins, ends = spans[0][full], spans[1][full]
    if not len(begins):
        return table.slice(0, 0)
    joins = np.flatnonzero(begins[1:] != ends[:-1])  # spans that follow each other are one
    begins, ends = begins[np.append(0, joins + 1)], ends[np.append(joins, len(ends) - 1)]
    pieces = [table.slice(a, b - a) for a, b in zip(begins.tolist(), ends.tolist(), strict=True)]
    return pa.concat_tables(pieces).combine_chunks()


def _shaped(table: pa.Table, columns: Names) -> pa.Table:
    held = set(table.schema.names)
    made = [
        table.column(name).cast(LAKE.field(name).type) if name in held else pa.nulls(len(table), LAKE.field(name).type)
        for name in columns
    ]
    return pa.table(made, schema=_schema(columns))


def _hot_part(hot: pa.Table, wanted: Ints, columns: Names) -> _Part:
    ordered = sort_table(hot.combine_chunks())
    points, times = ordered.column("point").to_numpy(), column_us(ordered, "time")
    twice = (points[1:] == points[:-1]) & (times[1:] == times[:-1])
    gone = (ordered.column("quality").to_numpy() & 0xFFFF) == q.DELETED
    edges = np.searchsorted(points, np.append(wanted, wanted[-1] + 1))
    return _Part(ordered.select(columns), edges, times, bool(twice.any() or gone.any()))


def _by_point(parts: list[_Part], wanted: Ints, columns: Names) -> pa.Table | None:
    """Lay parts of later and later rows together by point; rows that stand in each other's way are resolved.

    None: they would have to be, and a column for that was not read.
    """
    can = set(_wide(())) <= set(columns)
    if len(wanted) * len(parts) > _MOST_CUTS:
        return resolve(sort_table(pa.concat_tables([p.table for p in parts]).combine_chunks())) if can else None
    pieces: list[pa.Table] = []
    for at in range(len(wanted)):
        mine, clear, newest = [], True, -(1 << 63)
        for part in parts:
            a, b = int(part.edges[at]), int(part.edges[at + 1])
            if a == b:
                continue
            clear = clear and not part.late and newest < part.times[a]
            newest = int(part.times[b - 1])
            mine.append(part.table.slice(a, b - a))
        if clear:
            pieces += mine
        elif can:
            pieces.append(resolve(sort_table(pa.concat_tables(mine).combine_chunks())))
        else:
            return None
    return pa.concat_tables(pieces) if pieces else _empty(columns)


def _touches(day: str, start_us: int, end_us: int) -> bool:
    begin = int(np.datetime64(day, "us").astype(np.int64))
    return begin < end_us and begin + _DAY_US > start_us
