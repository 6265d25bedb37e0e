"""Which files hold rows of open points and of no others: they are read as the whole company reads them.

The wall of ``scansql.open_only`` costs 5 to 9 % of a query that reads all of a file, and most who are let in machine
by machine may read all there is. A file never changes, so the points in it are looked up once; whether all of them
are open is asked with the rights of the moment, whenever a query is planned.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow.parquet as pq

from baigong.stores.lake.contract import LakeFile
from baigong.stores.lake.part import Part

_ROWS_A_PLAN = 4 << 20  # 10 ms; of more files the next query finds out, and reads them through the wall until then
_FOOTER_ROWS = 1 << 16  # what a look that ends in the footer counts
_KEPT = 8 << 20  # numbers of points kept, of all files together: 64 MB
_Points: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]


class Coverage:
    """Remembers the points of files. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._points: OrderedDict[str, _Points] = OrderedDict()
        self._kept = 0
        self._told: WeakKeyDictionary[Part, dict[str, bool]] = WeakKeyDictionary()

    def covered(self, files: Iterable[LakeFile], part: Part) -> frozenset[str]:
        """Return the paths of those files in which everything is open to this part; of a bounded one, none.

        A file that is not looked at yet is none of them, so "no" is no promise; "yes" is one.
        """
        if part.bounded or not len(part):
            return frozenset()
        with self._lock:
            told = self._told.setdefault(part, {})
        rows, found = _ROWS_A_PLAN, []
        for file in files:
            if file.path not in told and rows > 0:
                told[file.path], looked_at = self._look(file, part)
                rows -= looked_at
            if told.get(file.path):
                found.append(file.path)
        return frozenset(found)

    def _look(self, file: LakeFile, part: Part) -> tuple[bool, int]:
        """Tell whether all is open, and how many rows it took to know."""
        with self._lock:
            points = self._points.get(file.path)
            if points is not None:
                self._points.move_to_end(file.path)
        if points is not None:
            return part.holds(points), 0
        with pq.ParquetFile(file.path, memory_map=True) as parquet:
            if not part.holds(_edges(parquet.metadata)):
                return False, _FOOTER_ROWS
            points = _points(parquet)
        with self._lock:
            self._kept += len(points) - len(self._points.get(file.path, ()))
            self._points[file.path] = points
            while self._kept > _KEPT:
                self._kept -= len(self._points.popitem(last=False)[1])
        return part.holds(points), file.rows


def _edges(footer: pq.FileMetaData) -> _Points:
    """Return the least and the greatest point of every row group, where the footer names them."""
    at = footer.schema.names.index("point")
    groups = (footer.row_group(i).column(at).statistics for i in range(footer.num_row_groups))
    named = [edge for told in groups if told is not None and told.has_min_max for edge in (told.min, told.max)]
    return np.unique(np.array(named, np.int64))


def _points(parquet: pq.ParquetFile) -> _Points:
    runs = [np.empty(0, np.int64)]
    for group in range(parquet.num_row_groups):
        column = parquet.read_row_group(group, columns=["point"], use_threads=False).column(0).to_numpy()
        runs.append(column[np.append(True, column[1:] != column[:-1])[: len(column)]])  # rows are sorted by point
    return np.unique(np.concatenate(runs))
