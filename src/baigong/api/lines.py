"""Lines of a chart: the rows of some points between two times, thinned to its pixels. Blocking; columns all the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from baigong.stores.lake.contract import LAKE, LakeReader
from baigong.stores.lake.downsample import Raster, m4
from baigong.stores.lake.outline import COLUMNS, coarsest, outline
from baigong.stores.lake.sorting import sort_table
from baigong.stores.records.plant import PointRow

_HOUR_US = 3_600_000_000
_LOOK_BACK_US = tuple(hours * _HOUR_US for hours in (1, 24, 8 * 24, 92 * 24))


@dataclass(slots=True, frozen=True)
class Line:
    """One series in columns. ``values``: NaN where there is none; ``texts``: None when there are none.

    ``wholes``: integers that float64 would round; ``values`` holds the nearest to draw. None when there are none.
    ``rows``: how many there are between start and end. ``held``: one more stands first, from before the start.
    """

    point: PointRow
    times: Any
    values: Any
    qualities: Any
    texts: pa.Array | None
    rows: int
    held: bool = False
    wholes: pa.Array | None = None

    @property
    def downsampled(self) -> bool:
        return len(self.times) - self.held < self.rows


def read_lines(
    lake: LakeReader,
    tenant: str,
    points: Sequence[PointRow],
    start_us: int,
    end_us: int,
    width: int,
    *,
    hold: bool = False,
) -> list[Line]:
    """Read and thin, in the order of ``points``. ``width`` 0: every row.

    ``hold``: points whose value holds until the next begin with the row before the start, if one of 92 days is found.
    """
    raster, none = Raster(start_us, end_us, width), LAKE.empty_table()
    cuts, unread = _cuts(lake, tenant, points, raster)
    before = _held(lake, tenant, points, cuts, start_us) if hold else {}
    return [_line(p, cuts.get(p.number, none), before.get(p.number), raster, unread.get(p.number, 0)) for p in points]


def _cuts(
    lake: LakeReader, tenant: str, points: Sequence[PointRow], raster: Raster
) -> tuple[dict[int, pa.Table], dict[int, int]]:
    """Return the rows of each point that has any, and how many more stand behind those that come from rollups."""
    steady = [p.number for p in points if p.spec.kind != "state"]  # how long a state lasted is no least or greatest
    drawn = outline(lake.snapshot(tenant), steady, raster) if steady and coarsest(raster) else None
    if drawn is None:
        numbers = [p.number for p in points]
        rows = lake.series(tenant, numbers, raster.start_us, raster.end_us, COLUMNS)
        return _by_number(rows, numbers), {}
    outlined = [n for n in dict.fromkeys(steady) if n not in drawn.unfit]
    others = list({p.number for p in points}.difference(outlined))
    parts: dict[int, list[pa.Table]] = {}
    for number, rows in _by_number(drawn.rows, outlined).items():
        parts.setdefault(number, []).append(rows)
    for start_us, end_us in drawn.spans:
        for number, rows in _by_number(lake.series(tenant, outlined, start_us, end_us, COLUMNS), outlined).items():
            parts.setdefault(number, []).append(rows)
    cuts = {number: sort_table(pa.concat_tables(tables).combine_chunks()) for number, tables in parts.items()}
    if others:
        cuts |= _by_number(lake.series(tenant, others, raster.start_us, raster.end_us, COLUMNS), others)
    return cuts, drawn.samples(outlined)


def _by_number(table: pa.Table, points: Iterable[int]) -> dict[int, pa.Table]:
    """Cut a table sorted by point into one of each that has rows."""
    numbers = table.column("point").to_numpy()
    wanted = np.unique(np.fromiter(points, np.int64))
    begins, ends = np.searchsorted(numbers, wanted, "left"), np.searchsorted(numbers, wanted, "right")
    spans = zip(wanted.tolist(), begins.tolist(), ends.tolist(), strict=True)
    return {number: table.slice(a, b - a) for number, a, b in spans if b > a}


def _held(
    lake: LakeReader, tenant: str, points: Sequence[PointRow], cuts: dict[int, pa.Table], start_us: int
) -> dict[int, pa.Table]:
    """Find the row before ``start_us`` of points whose value holds until the next one, where none begins there."""
    wanted = {p.number for p in points if not p.spec.interpolates}
    wanted -= {number for number in wanted & cuts.keys() if _first_us(cuts[number]) == start_us}
    if not wanted:
        return {}
    newest = _by_number(sort_table(lake.latest(tenant, sorted(wanted))), wanted)
    found = {n: row.select(COLUMNS) for n, row in newest.items() if _first_us(row) < start_us}
    wanted &= newest.keys()  # others have no rows at all
    until = start_us
    for back_us in _LOOK_BACK_US:
        wanted -= found.keys()
        if not wanted:
            break
        older = _by_number(lake.series(tenant, sorted(wanted), start_us - back_us, until, COLUMNS), wanted)
        found |= {number: rows.slice(len(rows) - 1) for number, rows in older.items()}
        until = start_us - back_us
    return found


def _first_us(table: pa.Table) -> int:
    return int(table.column("time")[0].value)


def _line(point: PointRow, table: pa.Table, held: pa.Table | None, raster: Raster, unread: int) -> Line:
    times, values, qualities, texts, wholes = _columns(table)
    rows = len(times) + unread
    if raster.width:
        picked, qualities = m4(times, values, qualities, raster)
        if len(picked) < len(times):
            times, values = times[picked], values[picked]
            texts, wholes = texts.take(pa.array(picked)), wholes.take(pa.array(picked))
    if held is not None:
        first = _columns(held)
        times, values = np.append(first[0], times), np.append(first[1], values)
        qualities, texts = np.append(first[2], qualities), pa.concat_arrays([first[3], texts])
        wholes = pa.concat_arrays([first[4], wholes])
    return Line(point, times, values, qualities, _any(texts), rows, held is not None, _any(wholes))


def _any(column: pa.Array) -> pa.Array | None:
    return None if column.null_count == len(column) else column


def _columns(table: pa.Table) -> tuple[Any, Any, Any, pa.Array, pa.Array]:
    """Return times, numbers (whole ones too, as float64: for drawing), qualities, texts and wholes."""
    times = table.column("time").cast(pa.int64()).to_numpy()
    values, wholes = table.column("value"), table.column("whole")
    if wholes.null_count < len(wholes):
        values = pc.coalesce(values, wholes.cast(pa.float64(), safe=False))
    texts, wholes = _combined(table.column("text")), _combined(wholes)
    return times, values.to_numpy(), table.column("quality").to_numpy(), texts, wholes


def _combined(column: pa.ChunkedArray) -> pa.Array:
    return pa.nulls(len(column), column.type) if column.null_count == len(column) else column.combine_chunks()
