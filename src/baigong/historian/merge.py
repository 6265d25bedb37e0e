"""Merging: small files into larger ones through the day, one finished file with its rollups after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from baigong.stores.lake.contract import LAKE, LakeFile
from baigong.stores.lake.files import decode_decimals, sync_file
from baigong.stores.lake.rollup import BUCKETS_S, ROLLUP, rollup
from baigong.stores.lake.sorting import resolve, sort_table
from baigong.stores.lake.table import FINISHED, PartitionTable, Written, last_seq_of, tier_of

_FAN_IN = 6  # files of one tier that become one of the next
_MOST_LATE = 2_000_000  # rows of a day that readers hold in memory to resolve; beyond, the day is rewritten
_CHUNK_ROWS = 4_000_000  # rows held in memory while merging
_ROLLED_ROWS = 65_536  # of a rollup's row group: a chart reads one point's rows, not a million beside them
_GRACE_S = 900.0  # a day is finished this long after its midnight (UTC)
_LATE_S = 600.0  # late data wait this long for company before a finished day is rewritten
_DAY_S = 86_400


@dataclass(slots=True, frozen=True)
class Job:
    """Files of one (tenant, day) that become one; ``files`` empty ``result_tier`` None: drop them (retention)."""

    tenant: str
    day: str
    files: tuple[LakeFile, ...]
    result_tier: int | None
    clears_overlap: bool
    upto: int
    late: bool = False  # files of late rows become one of those


class Merger:
    """Plans and writes merges; committing is the owner's. ``sloped``: (tenant, points) -> bool per point."""

    def __init__(self, sloped: Callable[[str, Any], Any], clock: Callable[[], float] = time.time) -> None:
        self.rows = 0  # of the merge being written; 0 when none is
        self._sloped = sloped
        self._clock = clock

    def plan(
        self,
        table: PartitionTable,
        overlaps: dict[str, dict[str, int]],
        watermark: int,
        retention_days: dict[str, int],
    ) -> Job | None:
        """Choose the most useful merge, or None."""
        days: dict[tuple[str, str], list[tuple[str, LakeFile]]] = {}
        for relative, file in table.files.items():
            days.setdefault((file.tenant, file.day), []).append((relative, file))
        for (tenant, day), entries in sorted(days.items(), key=lambda item: item[0][1], reverse=True):
            job = self._plan_day(table.root, tenant, day, entries, overlaps.get(tenant, {}), watermark)
            if job is not None:
                return job
        for (tenant, day), entries in days.items():
            keep = retention_days.get(tenant)
            if keep is not None and self._clock() - day_end(day) > keep * _DAY_S:
                return Job(tenant, day, tuple(f for _, f in entries), None, True, watermark)
        return None

    def _plan_day(
        self,
        root: Path,
        tenant: str,
        day: str,
        entries: list[tuple[str, LakeFile]],
        overlaps: dict[str, int],
        watermark: int,
    ) -> Job | None:
        files = tuple(f for _, f in entries)
        flagged = overlaps.get(day, watermark + 1) <= watermark
        late = sum(f.rows for f in files if f.late)
        age = self._clock() - day_end(day)
        tiers = [tier_of(r) for r, _ in entries]
        if age > _GRACE_S:
            done = tiers == [FINISHED] and not flagged and has_rollups(root, files[0])
            newest = max(last_written(f) for f in files)
            waiting = FINISHED in tiers and self._clock() - newest < _LATE_S and len(files) <= _FAN_IN
            return None if done or waiting else Job(tenant, day, files, FINISHED, True, watermark)
        if late > _MOST_LATE:
            return Job(tenant, day, files, min(max(tiers) + 1, FINISHED - 1), True, watermark)
        for tier in range(FINISHED - 1):
            for is_late in (False, True):
                same = tuple(f for r, f in entries if tier_of(r) == tier and f.late is is_late)
                if len(same) >= _FAN_IN:
                    return Job(tenant, day, same, tier + 1, False, watermark, is_late)
        return None

    def write(self, table: PartitionTable, job: Job) -> list[Written]:
        """Write the merged file (and rollups when it finishes the day); synced, not yet committed."""
        if job.result_tier is None:
            return []
        self.rows = sum(f.rows for f in job.files)
        try:
            return self._write(table, job, job.result_tier)
        finally:
            self.rows = 0

    def _write(self, table: PartitionTable, job: Job, tier: int) -> list[Written]:
        last = max(last_seq_of(f.path) for f in job.files)
        rolled: dict[str, list[pa.Table]] = {name: [] for name in BUCKETS_S}
        finishing = tier == FINISHED

        def chunks() -> Iterator[pa.Table]:
            for chunk in merged_chunks([f.path for f in job.files], keep_deleted=not job.clears_overlap):
                if finishing:
                    points = chunk.column("point").to_numpy()
                    unique, inverse = np.unique(points, return_inverse=True)
                    sloped = self._sloped(job.tenant, unique)[inverse]
                    for name, seconds in BUCKETS_S.items():
                        rolled[name].append(rollup(chunk, seconds, sloped))
                yield chunk

        made = table.write(job.tenant, job.day, tier, last, chunks(), late=job.late)
        if made is None:
            return []
        if finishing:
            for name, parts in rolled.items():
                path = rollup_path(table.root, name, made.file)
                path.parent.mkdir(parents=True, exist_ok=True)
                rows = pa.concat_tables([ROLLUP.empty_table(), *parts])
                pq.write_table(rows, path, compression="zstd", row_group_size=_ROLLED_ROWS)
                sync_file(path)
        return [made]


def merged_chunks(paths: list[str], *, keep_deleted: bool) -> Iterator[pa.Table]:
    """Yield the rows of sorted files as one sorted, resolved sequence, a range of points at a time.

    ``keep_deleted``: retractions stay (files elsewhere may hold what they retract).
    """
    readers = [pq.ParquetFile(path, memory_map=True) for path in paths]
    try:
        for low, high in _ranges(readers):
            parts = []
            for reader in readers:
                groups = [g for g, (a, b) in enumerate(_bounds(reader)) if a <= high and b >= low]
                if not groups:
                    continue
                rows = decode_decimals(reader.read_row_groups(groups)).select(LAKE.names).cast(LAKE)
                points = rows.column("point").to_numpy()
                first, last = np.searchsorted(points, low, "left"), np.searchsorted(points, high, "right")
                parts.append(rows.slice(first, last - first))
            chunk = pa.concat_tables(parts).combine_chunks()
            yield resolve(sort_table(chunk) if len(parts) > 1 else chunk, keep_deleted=keep_deleted)
    finally:
        for reader in readers:
            reader.close()


def _bounds(reader: pq.ParquetFile) -> list[tuple[int, int]]:
    groups = [reader.metadata.row_group(g).column(0).statistics for g in range(reader.metadata.num_row_groups)]
    return [(s.min, s.max) for s in groups]


def _ranges(readers: list[pq.ParquetFile]) -> Iterator[tuple[int, int]]:
    """Cut the points into ranges of about _CHUNK_ROWS rows, at borders of row groups; a point is never cut."""
    ends: list[tuple[int, int]] = []
    for reader in readers:
        for group, (_, high) in enumerate(_bounds(reader)):
            ends.append((high, reader.metadata.row_group(group).num_rows))
    ends.sort()
    low, rows = -(1 << 63), 0
    for i, (high, count) in enumerate(ends):
        rows += count
        if rows >= _CHUNK_ROWS or i == len(ends) - 1:
            if high >= low:
                yield low, high
            low, rows = high + 1, 0


def rollup_path(root: Path, name: str, file: LakeFile) -> Path:
    """Return where the rollup of exactly this file stands: it can be thrown away and rebuilt."""
    return root / "rollup" / name / f"tenant={file.tenant}" / f"day={file.day}" / Path(file.path).name


_ROLLED: set[str] = set()  # files whose rollups were seen; a file never changes, and neither do they


def has_rollups(root: Path, file: LakeFile) -> bool:
    if file.path not in _ROLLED and all(rollup_path(root, name, file).exists() for name in BUCKETS_S):
        _ROLLED.add(file.path)
    return file.path in _ROLLED


def rollup_paths(
    root: Path, files: tuple[LakeFile, ...], overlaps: dict[str, int]
) -> tuple[frozenset[str], dict[str, tuple[str, ...]]]:
    """Return the days whose rollups are complete and current, and the rollup files of those days."""
    by_day: dict[str, list[LakeFile]] = {}
    for file in files:
        by_day.setdefault(file.day, []).append(file)
    good = {
        day: group[0]
        for day, group in by_day.items()
        if len(group) == 1 and group[0].merged and day not in overlaps and has_rollups(root, group[0])
    }
    paths = {name: tuple(str(rollup_path(root, name, f)) for f in good.values()) for name in BUCKETS_S}
    return frozenset(good), paths


def last_written(file: LakeFile) -> float:
    try:
        return Path(file.path).stat().st_mtime
    except OSError:
        return 0.0


def day_end(day: str) -> float:
    return float(np.datetime64(day, "s").astype(np.int64)) + _DAY_S
