"""The lake's second table, ``bursts``: waveforms in small row groups, one read without touching the others.

A table of its own, because telemetry's files are made for millions of eight-byte rows and these for few rows of
kilobytes; and beside it under the same owner, because both are made of one stream. Why both are exact together
stands in ``historian.bursts``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from baigong.stores.lake.contract import LAKE, LakeFile
from baigong.stores.lake.files import LakeFileWriter
from baigong.stores.lake.reader import FileCache
from baigong.stores.lake.table import PartitionTable
from baigong.vocab import quality as q
from baigong.vocab.frame import BURST

LAKE_BURSTS = pa.schema([*BURST, LAKE.field("seen"), LAKE.field("seq")])
_GROUP_BYTES = 1 << 20  # of samples in a row group: what reading one recording costs at most, beside itself
_RUN_BYTES = 32 << 20  # of samples held at once while many are read in order
_DAY_US = 86_400_000_000
_KEYS = ["point", "time", "seq", "quality"]
_TABLE = pa.schema([*LAKE_BURSTS, pa.field("tenant", pa.string()), pa.field("day", pa.date32())])
Ints = np.ndarray[Any, np.dtype[np.int64]]


class BurstFileWriter(LakeFileWriter):
    """Writes one file of bursts sorted by (point, time). Chunks: schema LAKE_BURSTS."""

    def write(self, table: pa.Table) -> None:
        if not len(table):
            return
        if self._writer is None:
            self._writer = self._open(table)
        for group in _groups(table):
            self._writer.write_table(group, row_group_size=len(group))
        self.rows += len(table)
        points = table.column("point")
        self.minimum = points[0].as_py() if self.minimum is None else self.minimum
        self.maximum = points[-1].as_py()

    def _open(self, stored: pa.Table) -> pq.ParquetWriter:
        return pq.ParquetWriter(
            self.path,
            LAKE_BURSTS,
            compression="zstd",
            compression_level=3,
            use_dictionary=["point", "rate_hz", "quality"],
            # the exponents of neighbouring samples are alike, their last bits are not: apart, they compress
            column_encoding={"samples.list.element": "BYTE_STREAM_SPLIT"},
            write_statistics=["point", "time", "seq"],
            store_schema=False,
        )


def _groups(table: pa.Table) -> Iterator[pa.Table]:
    """Cut a table into row groups of about a megabyte of samples."""
    lengths = _lengths(table.column("samples")) * 4 + 64
    which = (np.cumsum(lengths) - lengths) // _GROUP_BYTES
    starts = np.flatnonzero(np.append(True, which[1:] != which[:-1]))
    for start, stop in zip(starts, np.append(starts[1:], len(table)), strict=True):
        yield table.slice(start, stop - start)


def _lengths(column: pa.ChunkedArray) -> Ints:
    parts = [chunk.value_lengths().to_numpy(zero_copy_only=False) for chunk in column.chunks]
    return np.concatenate(parts).astype(np.int64) if parts else np.empty(0, np.int64)


class BurstTable(PartitionTable):
    """``<root>/bursts`` of one partition; ``at``: the position up to which the stream's bursts are in it."""

    name = "bursts"
    schema = _TABLE
    app = "bursts"

    def __init__(self, root: Path, partition: str) -> None:
        super().__init__(root, partition)
        self.at = self.last_position()

    def writer(self, path: Path) -> LakeFileWriter:
        return BurstFileWriter(path)


@dataclass(slots=True, frozen=True)
class Keys:
    """Where recordings stand, in columns, sorted by (point, time, seq). ``file`` -1: among the hot rows."""

    point: Ints
    time: Ints
    seq: Ints
    quality: Ints
    file: Ints
    group: Ints
    row: Ints

    def __len__(self) -> int:
        return len(self.point)

    def take(self, which: Any) -> Keys:
        return Keys(*(getattr(self, name)[which] for name in Keys.__slots__))

    def resolved(self) -> Keys:
        """Keep the highest seq of each (point, time), unless it retracts."""
        if not len(self):
            return self
        last = np.append((self.point[1:] != self.point[:-1]) | (self.time[1:] != self.time[:-1]), True)
        return self.take(last & ((self.quality & 0xFFFF) != q.DELETED))

    def thinned(self, most: int) -> Keys:
        """Keep at most ``most`` of them, evenly spread in their order, the first and the last included."""
        if len(self) <= most:
            return self
        return self.take(np.unique(np.round(np.linspace(0, len(self) - 1, max(most, 1))).astype(np.int64)))


class BurstReader:
    """Finds recordings by point and time, and reads those wanted. Thread-safe."""

    def __init__(self, cache: FileCache) -> None:
        self._cache = cache

    def keys(
        self,
        files: Sequence[LakeFile],
        hot: pa.Table,
        point: int | None = None,
        start_us: int = -(1 << 62),
        end_us: int = 1 << 62,
    ) -> Keys:
        """Find recordings with start <= time < end, of one point or all; not resolved. Reads no samples."""
        parts = [_rows(hot.select(_KEYS), -1, 0)]
        for index, file in enumerate(files):
            if _touches(file.day, start_us, end_us):
                parts += self._from_file(index, file, point, start_us, end_us)
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        points, times, seqs = columns[0], columns[1], columns[2]
        wanted = (times >= start_us) & (times < end_us)
        if point is not None:
            wanted &= points == point
        order = np.lexsort((seqs, times, points))
        return Keys(*(column[order[wanted[order]]] for column in columns))

    def _from_file(
        self, index: int, file: LakeFile, point: int | None, start_us: int, end_us: int
    ) -> Iterator[list[Ints]]:
        known = self._cache.index(file.path)
        with pq.ParquetFile(file.path, metadata=known.metadata, memory_map=True) as parquet:
            for group in range(parquet.metadata.num_row_groups):
                if point is not None and not known.low[group] <= point <= known.high[group]:
                    continue
                yield _rows(parquet.read_row_group(group, columns=_KEYS), index, group)

    def read(self, files: Sequence[LakeFile], hot: pa.Table, keys: Keys) -> Iterator[pa.Table]:
        """Yield the recordings of ``keys`` in their order (schema LAKE_BURSTS), some megabytes at a time."""
        held: dict[tuple[int, int], pa.Table] = {}
        gathered: list[pa.Table] = []
        size = 0
        for file, group, row in zip(keys.file.tolist(), keys.group.tolist(), keys.row.tolist(), strict=True):
            if (file, group) not in held:
                held = {place: rows for place, rows in held.items() if place[0] != file}  # files are in order too
                held[file, group] = hot if file < 0 else self._group(files[file].path, group)
            one = held[file, group].slice(row, 1)
            gathered.append(one)
            size += one.nbytes
            if size >= _RUN_BYTES:
                yield pa.concat_tables(gathered).combine_chunks()
                gathered, size = [], 0
        if gathered:
            yield pa.concat_tables(gathered).combine_chunks()

    def _group(self, path: str, group: int) -> pa.Table:
        with pq.ParquetFile(path, metadata=self._cache.index(path).metadata, memory_map=True) as parquet:
            return parquet.read_row_group(group).select(LAKE_BURSTS.names).cast(LAKE_BURSTS)


def _rows(table: pa.Table, file: int, group: int) -> list[Ints]:
    n = len(table)
    columns = [table.column(name).cast(pa.int64()).to_numpy() for name in _KEYS]
    return [*columns, np.full(n, file), np.full(n, group), np.arange(n)]


def _touches(day: str, start_us: int, end_us: int) -> bool:
    begin = int(np.datetime64(day, "us").astype(np.int64))
    return begin < end_us and begin + _DAY_US > start_us
