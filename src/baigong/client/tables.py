"""The values of many points of many assets in one table, by few questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

import pyarrow as pa
import pyarrow.compute as pc

from baigong.client.link import Link
from baigong.client.point import Point
from baigong.client.times import Time, back, moment
from baigong.vocab.devices import seconds
from baigong.vocab.errors import FixConfiguration

if TYPE_CHECKING:
    import pandas as pd

How = Literal["mean", "min", "max", "first", "last", "count"]
_T = TypeVar("_T")
_MOST = 50  # points in one question about rows
_TEXT = 80_000  # letters of names or numbers in one SQL statement
_ROWS = 500_000  # intervals that one answer should hold
_COLUMNS = ["asset", "quantity", "time", "value", "quality"]
_GOOD = "(quality & 32768) = 0"  # OPC 10000-4 §7.39: not bad
_WHOLE = "coalesce(value, whole)"
# the worst code of all: what is bad or uncertain is above what is not; the bits below say why, and that it is simulated
_WORST = "arg_max(quality, quality & 65535)"


def of_assets(link: Link, assets: Sequence[str]) -> list[Point]:
    """Return the points that are named by these assets."""
    found = []
    for names in in_parts(assets, lambda name: len(name) + 4):
        sql = f"select * from points where asset in ({_quoted(names)}) order by name"  # noqa: S608 - quotes are doubled
        rows = link.arrow("POST", "/sql", body={"sql": sql}).to_pylist()
        found += [Point(link, row["name"], row | {"number": str(row.pop("point"))}) for row in rows]
    return sorted(found, key=lambda point: point.name)


def read_latest(link: Link, assets: Sequence[str]) -> pd.DataFrame:
    parts = []
    for names in in_parts(assets, lambda name: len(name) + 4):
        sql = f"""select asset, quantity, {_WHOLE} as value, text, coalesce(unit, '') as unit, quality,
            time from latest
            where asset in ({_quoted(names)})"""  # noqa: S608 - quotes are doubled
        parts.append(link.arrow("POST", "/sql", body={"sql": sql}))
    empty = pa.table({name: pa.nulls(0, kind) for name, kind in _LATEST.items()})
    frame = pa.concat_tables(parts or [empty]).to_pandas()
    return frame.set_index(["asset", "quantity"]).sort_index()


_LATEST = {
    "asset": pa.string(), "quantity": pa.string(), "value": pa.float64(), "text": pa.string(), "unit": pa.string(),
    "quality": pa.int32(), "time": pa.timestamp("us", tz="UTC"),
}  # fmt: skip


def read_rows(link: Link, points: Sequence[Point], start: Time, end: Time) -> pd.DataFrame:
    """Return every row of these points."""
    parts = []
    for at in range(0, len(points), _MOST):
        piece = points[at : at + _MOST]
        params = {"points": ",".join(p.name for p in piece), "start": back(start), "end": back(end), "width": 0}
        table = link.arrow("GET", "/series", params=params).replace_schema_metadata(None)
        parts.append(_named(table, piece))
    return _frame(parts)


def read_intervals(link: Link, points: Sequence[Point], start: Time, end: Time, every: str, how: How) -> pd.DataFrame:
    """Return one row for each interval of each point."""
    if how not in get_args(How):
        raise FixConfiguration("config.invalid", f"how is one of {', '.join(get_args(How))}, not {how!r}", place="how")
    every_us, now = _interval_us(every), datetime.now(UTC)
    since, until = (datetime.fromisoformat(moment(time, now)) for time in (start, end))
    within = f"time >= timestamptz '{since.isoformat()}' and time < timestamptz '{until.isoformat()}'"
    intervals = max((until - since).total_seconds() * 1e6 / every_us, 1.0)
    parts = []
    for value, part in _by_value(points, how):
        for piece in in_parts(part, lambda one: max(len(_number(one)) + 1, int(_TEXT * intervals / _ROWS))):
            sql = f"""select point, time_bucket(interval '{every_us} microseconds', time) as since,
                    {value} as value, {_WORST} as quality
                from telemetry
                where point in ({",".join(map(_number, piece))}) and {within} and {_GOOD} and {_WHOLE} is not null
                group by point, since order by point, since"""  # noqa: S608 - numbers and times
            table = link.arrow("POST", "/sql", body={"sql": sql}).replace_schema_metadata(None)
            at = pc.index_in(table["point"], pa.array([int(_number(one)) for one in piece], pa.int64()))
            table = table.drop_columns("point").rename_columns(["time", "value", "quality"])
            parts.append(_named(table.append_column("series", at), piece))
    frame = _frame(parts)
    return frame.sort_values(["asset", "quantity", "time"], ignore_index=True)


def _interval_us(every: str) -> int:
    try:
        if every.endswith(("mo", "y")):
            raise ValueError("months and years are not all of one length")
        found = round(seconds(every) * 1e6)
        if found <= 0:
            raise ValueError("it takes no time")
    except ValueError as error:
        raise FixConfiguration("config.invalid", f"{every!r} is no interval: {error}", place="every") from error
    return found


def _by_value(points: Sequence[Point], how: How) -> Iterator[tuple[str, list[Point]]]:
    """Yield what is computed of which points: the mean of what may have one, of the others the last."""
    made = {"count": "count(*)::double", "min": f"min({_WHOLE})::double", "max": f"max({_WHOLE})::double"}
    made |= {"first": f"arg_min({_WHOLE}, time)::double", "last": f"arg_max({_WHOLE}, time)::double"}
    if how != "mean":
        yield made[how], list(points)
        return
    averaged = [point for point in points if point.facts["kind"] in ("gauge", "setpoint")]
    yield f"avg({_WHOLE})", averaged
    yield made["last"], [point for point in points if point.facts["kind"] not in ("gauge", "setpoint")]


def _number(point: Point) -> str:
    return str(point.facts["number"])


def _named(table: pa.Table, points: Sequence[Point]) -> pa.Table:
    """Put asset and quantity in the place of ``series``, the index of the point."""
    names = {
        what: pa.array([point.facts[what] for point in points], pa.string()).take(table["series"])
        for what in ("asset", "quantity")
    }
    return pa.table(names | {what: table[what] for what in table.column_names if what != "series"})


def _frame(parts: Sequence[pa.Table]) -> pd.DataFrame:
    kinds = [pa.string(), pa.string(), pa.timestamp("us", tz="UTC"), pa.float64(), pa.int32()]
    empty = pa.table({name: pa.nulls(0, kind) for name, kind in zip(_COLUMNS, kinds, strict=True)})
    table = pa.concat_tables(parts or [empty], promote_options="permissive")
    names = [n for n in ("text", "whole") if n in table.column_names and table[n].null_count < len(table)]
    return table.select([*_COLUMNS, *names]).to_pandas()


def side_by_side(frame: pd.DataFrame) -> pd.DataFrame:
    """Give every point a column: columns (asset, quantity), rows by time; of two values of one time, the last."""
    keys = ["asset", "quantity"]
    frame = frame.drop_duplicates([*keys, "time"], keep="last")
    wide = frame.pivot(index="time", columns=keys, values="value").sort_index(axis="columns")
    if "text" in frame:
        texts = frame[frame["text"].notna()].pivot(index="time", columns=keys, values="text")
        for key in texts.columns:
            wide[key] = texts[key].combine_first(wide[key].astype(object)).reindex(wide.index)
    return wide


def in_parts(items: Sequence[_T], weight: Callable[[_T], int], room: int = _TEXT) -> Iterator[list[_T]]:
    """Divide a list so that each part fits into one statement, or into so much room."""
    part: list[_T] = []
    left = room
    for item in items:
        left -= weight(item)
        if part and left < 0:
            yield part
            part, left = [], room - weight(item)
        part.append(item)
    if part:
        yield part


def _quoted(names: Sequence[str]) -> str:
    return ",".join("'{}'".format(name.replace("'", "''")) for name in names)
