"""Thinned files beside finished days: made when nothing else is to do, made again when a point becomes a counter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from baigong.historian.merge import rollup_path
from baigong.stores.lake.contract import LAKE, LakeFile
from baigong.stores.lake.files import decode_decimals, sync_file
from baigong.stores.lake.thin import NEITHER, THIN, THINNED, thin

# (tenant, points) -> NEITHER, COUNTER or STATE for each
Kinds = Callable[[str, np.ndarray[Any, Any]], np.ndarray[Any, Any]]
_SEEN, _KINDS = b"baigong.points", b"baigong.kinds"  # in the file's metadata: what its points were taken for


def no_kinds(tenant: str, points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Know of no counters and states."""
    return np.full(len(points), NEITHER)


class Thinner:
    """Of one partition. ``version``: (tenant) -> a number that changes whenever ``kinds`` may."""

    def __init__(self, root: Path, kinds: Kinds = no_kinds, version: Callable[[str], int] = lambda tenant: 0) -> None:
        self._root = root
        self._kinds = kinds
        self._version = version
        self._told: dict[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]] = {}  # path -> (points, their kinds)
        self._found: dict[str, tuple[Any, tuple[str, ...]]] = {}

    def paths(self, tenant: str, files: tuple[LakeFile, ...], changing: frozenset[str]) -> tuple[str, ...]:
        """Return the thinned files of days that are finished, and whose points are what they were taken for."""
        if self._kinds is no_kinds:
            return ()
        key = (self._version(tenant), changing, files)
        held = self._found.get(tenant)
        if held is None or held[0] != key:
            found = [str(self._path(f)) for f in _finished(files, changing) if self._current(f)]
            held = self._found[tenant] = (key, tuple(found))
        return held[1]

    def next(self, tenant: str, files: tuple[LakeFile, ...], changing: frozenset[str]) -> LakeFile | None:
        """Return the newest day that wants thinning."""
        if self._kinds is no_kinds:
            return None
        done = set(self.paths(tenant, files, changing))
        wanting = [f for f in _finished(files, changing) if str(self._path(f)) not in done]
        return max(wanting, key=lambda f: f.day, default=None)

    def write(self, file: LakeFile) -> None:
        """Thin one day; blocking. Reads the row groups that hold counters and states."""
        with pq.ParquetFile(file.path, memory_map=True) as reader:
            points = np.unique(reader.read(["point"]).column("point").to_numpy())
            kinds = self._kinds(file.tenant, points).astype(np.int8)
            wanted = points[kinds != NEITHER]
            parts = [THIN.empty_table()]
            for group in range(reader.metadata.num_row_groups):
                bounds = reader.metadata.row_group(group).column(0).statistics
                if np.searchsorted(wanted, bounds.min) < np.searchsorted(wanted, bounds.max, "right"):
                    rows = decode_decimals(reader.read_row_group(group)).select(LAKE.names).cast(LAKE)
                    parts.append(thin(rows, kinds[np.searchsorted(points, rows.column("point").to_numpy())]))
        facts = {_SEEN: points.astype("<i8").tobytes(), _KINDS: kinds.tobytes()}
        path = self._path(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        pq.write_table(pa.concat_tables(parts).replace_schema_metadata(facts), fresh, compression="zstd")
        sync_file(fresh)
        fresh.replace(path)
        self._told[str(path)] = (points, kinds)
        self._found.pop(file.tenant, None)

    def _path(self, file: LakeFile) -> Path:
        return rollup_path(self._root, THINNED, file)

    def _current(self, file: LakeFile) -> bool:
        path = self._path(file)
        told = self._told.get(str(path))
        if told is None:
            try:
                facts = pq.read_schema(path).metadata or {}
            except (OSError, pa.ArrowException):  # not made yet, or damaged: it will be made again
                return False
            points, kinds = np.frombuffer(facts[_SEEN], "<i8"), np.frombuffer(facts[_KINDS], np.int8)
            told = self._told[str(path)] = (points, kinds)
        return bool(np.array_equal(self._kinds(file.tenant, told[0]), told[1]))


def _finished(files: tuple[LakeFile, ...], changing: frozenset[str]) -> list[LakeFile]:
    """Return the files that are a whole day each."""
    count: dict[str, int] = {}
    for file in files:
        count[file.day] = count.get(file.day, 0) + 1
    return [f for f in files if f.merged and count[f.day] == 1 and f.day not in changing]
