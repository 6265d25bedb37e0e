"""How files of the lake are read in SQL: whole, or only what is open of them."""

# ruff: noqa: S608 - SQL is what this module writes; paths are quoted

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

Scan: TypeAlias = Callable[..., str]  # (paths, seconds=0) -> what stands behind "from"


def whole(paths: Iterable[str], seconds: int = 0) -> str:
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    return f"read_parquet([{listed}], hive_partitioning = false)"


def open_only(paths: Iterable[str], seconds: int = 0) -> str:
    """Read rows of points in ``base.points`` within their windows; rows of ``seconds`` must end there, too.

    The window function is a wall: without one, DuckDB moves conditions of the query's author below the join, to where
    the rows of others still are, and ``error(text)`` tells their values. It is not computed, since nobody selects it.
    """
    ends = f"r.time + interval {seconds} second <= p.open_until" if seconds else "r.time < p.open_until"
    return (
        f"(select * exclude (wall) from (select r.*, row_number() over () as wall from {whole(paths)} r "
        f"join base.points p on p.point = r.point where r.time >= p.open_from and {ends}))"
    )
