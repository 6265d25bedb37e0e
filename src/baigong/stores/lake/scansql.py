"""How files of the lake are read in SQL: whole, or only what is open of them."""

# ruff: noqa: S608 - SQL is what this module writes; paths are quoted

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TypeAlias

import pyarrow.parquet as pq

from baigong.stores.lake.coverage import Coverage

Scan: TypeAlias = Callable[..., str]  # (paths, seconds=0) -> what stands behind "from"


def whole(paths: Iterable[str], seconds: int = 0) -> str:
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    return f"read_parquet([{listed}], hive_partitioning = false)"


def open_only(paths: Iterable[str], seconds: int = 0, also: str = "", bounded: bool = True) -> str:
    """Read rows of points in ``base.points`` within their windows; rows of ``seconds`` must end there, too.

    ``also``: columns of ``base.points``, since the join is paid for (a second one costs as much as the wall).
    ``bounded``: some point's window has an end; where none has, nobody compares times.

    The window function is a wall: without one, DuckDB moves conditions of the query's author below the join, to where
    the rows of others still are, and ``error(text)`` tells their values. It is not computed, since nobody selects it.
    """
    ends = f"r.time + interval {seconds} second <= p.open_until" if seconds else "r.time < p.open_until"
    within = f" where r.time >= p.open_from and {ends}" if bounded else ""
    columns = "".join(f", p.{name.strip()}" for name in also.split(",")) if also else ""
    return (
        f"(select * exclude (wall) from (select r.*{columns}, row_number() over () as wall from {whole(paths)} r "
        f"join base.points p on p.point = r.point{within}))"
    )


class FileShapes:
    """Remembers which files keep decimals as digits and scale. Thread-safe; 0.1 ms a new file, then nothing."""

    def __init__(self, capacity: int = 65_536) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, bool] = OrderedDict()
        self._capacity = capacity
        self.coverage = Coverage()

    def has_decimals(self, path: str) -> bool:
        with self._lock:
            if path in self._known:
                self._known.move_to_end(path)
                return self._known[path]
        found = {"digits", "scale"} <= set(pq.read_schema(path).names)
        with self._lock:
            self._known[path] = found
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)
        return found
