"""Rows of a table under a template: values with their times, episodes, and everything that could not be taken. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from baigong.models.sheets.moments import DAY_US, read_moment
from baigong.models.sheets.tables import Column, Problem, Table
from baigong.models.sheets.template import EpisodeColumns, LongColumns, PointColumn, SheetTemplate, keys
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.frame import TIME
from baigong.vocab.happenings import Episode
from baigong.vocab.quality import BAD_DATA_UNAVAILABLE, GOOD
from baigong.vocab.zones import zone_of

VALUES = pa.schema(
    [
        pa.field("name", pa.string()),
        pa.field("time", TIME),
        pa.field("value", pa.float64()),
        pa.field("text", pa.string()),
        pa.field("quality", pa.int32()),
        pa.field("cell", pa.string()),
    ]
)
_NONE = np.iinfo(np.int64).min


@dataclass(slots=True)
class Applied:
    """``values`` (schema VALUES): a name and time at most once; ``units``: name -> unit that the sheet shows.

    ``twice``: rows that another row with the same name and time replaced; ``empty``: cells without a value.
    """

    table: Table
    values: pa.Table
    episodes: list[Episode]
    units: dict[str, str]
    problems: list[Problem] = field(default_factory=list)
    twice: int = 0
    empty: int = 0


def apply(template: SheetTemplate, table: Table) -> Applied:
    """Take values and episodes. config.invalid where the template names a column that is not there, or no time."""
    columns = dict(zip(keys(table), table.columns, strict=True))
    for name in _named(template):
        if name not in columns:
            raise FixConfiguration("config.invalid", f"{table.range} has no column {name!r}", place="template")
    day_us = _days(template, table, columns)
    made = Applied(table, VALUES.empty_table(), [], {p.point: p.unit for p in template.points})
    parts = []
    if template.points or template.long:
        times, troubled = _times(template, table, columns, day_us)
        made.problems += troubled
        parts = [_wide(made, p, columns[p.column], times) for p in template.points]
        if template.long:
            parts.append(_long(made, template.long, columns, times))
    if parts:
        made.values = _once(made, pa.concat_tables(parts))
    if template.episodes:
        made.episodes = _episodes(made, template, columns, day_us)
    wanted = {columns[name].letter for name in _named(template)}
    made.problems += [p for p in table.problems() if p.cell.rstrip("0123456789") in wanted]
    return made


def _named(template: SheetTemplate) -> list[str]:
    """List every column that a template speaks of."""
    time, long, told = template.time, template.long, template.episodes
    names = [time.date, time.clock, *(p.column for p in template.points)]
    names += [long.name, long.value] if long else []
    if told:
        names += [told.start, told.end, told.asset_column, told.title, *told.key, *told.attributes]
    return list(dict.fromkeys(filter(None, names)))


def _us(column: Column) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return microseconds, with the least number where there are none."""
    if column.kind not in ("date", "datetime", "clock"):
        raise FixConfiguration("config.invalid", f"{column.header!r} holds {column.kind}, no times", place="time")
    us = column.values.cast(pa.int64()).fill_null(_NONE).to_numpy(zero_copy_only=False)
    return np.asarray(us, np.int64)


def _days(template: SheetTemplate, table: Table, columns: dict[str, Column]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the day (or the moment) of each row; the least number where it has none."""
    time = template.time
    if time.date:
        us = _us(columns[time.date])
    else:
        found = read_moment(time.day) if time.day else None
        first = int(pd.Timestamp(found[0]).value // 1000) if found else _NONE
        us = np.full(len(table.rows), first, np.int64)
    if time.fill_down and len(us):
        at = np.maximum.accumulate(np.where(us != _NONE, np.arange(len(us)), 0))
        us = us[at]
    return us


def _times(
    template: SheetTemplate, table: Table, columns: dict[str, Column], day_us: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], list[Problem]]:
    """Return UTC microseconds of each row, and the rows whose time is not known."""
    time = template.time
    if not time.date and not time.day:
        raise FixConfiguration("config.invalid", "say which column is the date, or the day of all rows", place="time")
    us, letter = day_us, columns[time.date].letter if time.date else table.columns[0].letter
    zoned = bool(time.date) and columns[time.date].typed.zoned
    if time.clock:
        clock = _us(columns[time.clock])
        us = _joined(day_us, clock, _nights(day_us, clock) if time.past_midnight else np.zeros(len(clock), np.int64))
        letter = columns[time.clock].letter
    made = us if zoned else _utc(us, time.zone)
    why = [("no_time" if us[at] == _NONE else "clock_change") for at in np.flatnonzero(made == _NONE)]
    rows = table.rows[made == _NONE]
    return made, [Problem(f"{letter}{row}", "", one) for row, one in zip(rows, why, strict=True)]


def _joined(days: np.ndarray[Any, Any], clock: np.ndarray[Any, Any], nights: np.ndarray[Any, Any]) -> Any:
    known = (days != _NONE) & (clock != _NONE)
    return np.where(known, np.where(known, days, 0) + np.where(known, clock, 0) + nights * DAY_US, _NONE)


def _nights(days: np.ndarray[Any, Any], clock: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Count, for each row, how often the clock went back since its day began."""
    nights = np.zeros(len(clock), np.int64)
    day, last, count = _NONE, _NONE, 0
    for at, (one, us) in enumerate(zip(days.tolist(), clock.tolist(), strict=True)):
        if one != day:
            day, last, count = one, _NONE, 0
        if us != _NONE:
            count += last != _NONE and us < last
            last = us
        nights[at] = count
    return nights


def _utc(us: np.ndarray[Any, Any], zone: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Take local times to UTC; those that a change of the clocks makes none or two have no time."""
    zone_of(zone, "zone")
    known = us != _NONE
    local = pd.Series(pd.to_datetime(np.where(known, us, 0), unit="us"))
    utc = local.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")
    good = known & utc.notna().to_numpy()
    return np.where(good, utc.dt.tz_localize(None).astype("datetime64[us]").astype(np.int64).to_numpy(), _NONE)


def _wide(made: Applied, told: PointColumn, column: Column, times: np.ndarray[Any, Any]) -> pa.Table:
    names = np.full(len(times), told.point, object)
    return _rows(made, column, names, times)


def _long(made: Applied, told: LongColumns, columns: dict[str, Column], times: np.ndarray[Any, Any]) -> pa.Table:
    names = [
        None if not n else n if "." in n else f"{told.asset}.{n}" if told.asset else n
        for n in columns[told.name].values.cast(pa.string()).to_pylist()
    ]
    nameless = [at for at, name in enumerate(names) if not name]
    made.problems += [Problem(f"{columns[told.name].letter}{made.table.rows[at]}", "", "no_name") for at in nameless]
    return _rows(made, columns[told.value], np.array(names, object), times)


def _rows(made: Applied, column: Column, names: np.ndarray[Any, Any], times: np.ndarray[Any, Any]) -> pa.Table:
    """Make a table of what one column gives: its values, and null of bad quality where a code stands for none."""
    n, text = len(times), column.kind in ("text", "date", "datetime")
    held = column.values.is_valid().to_numpy(zero_copy_only=False)
    coded = np.zeros(n, np.bool_)
    coded[[odd.row for odd in column.typed.odd if odd.why in ("code", "error")]] = True
    named = np.array([name is not None for name in names], np.bool_)
    keep = (held | coded) & (times != _NONE) & named
    made.empty += int((~held & ~coded).sum())
    values = pa.nulls(n, pa.float64()) if text else _numbers(column)
    rows = made.table.rows
    table = pa.table(
        {
            "name": pa.array(names, pa.string()),
            "time": pa.array(np.where(times == _NONE, 0, times), pa.int64()).cast(TIME),
            "value": values,
            "text": column.values.cast(pa.string()) if text else pa.nulls(n, pa.string()),
            "quality": pa.array(np.where(coded, BAD_DATA_UNAVAILABLE, GOOD), pa.int32()),
            "cell": pa.array([f"{column.letter}{row}" for row in rows.tolist()], pa.string()),
        },
        schema=VALUES,
    )
    return table.filter(pa.array(keep))


def _numbers(column: Column) -> pa.Array:
    if column.kind == "clock" or column.kind == "duration":
        return pa.array(column.values.to_numpy(zero_copy_only=False) / 1e6, pa.float64(), from_pandas=True)  # seconds
    return (
        column.values.cast(pa.int8()).cast(pa.float64())
        if column.kind == "boolean"
        else column.values.cast(pa.float64())
    )


def _once(made: Applied, rows: pa.Table) -> pa.Table:
    """Keep the last row of each name and time."""
    frame = pd.DataFrame(
        {"name": rows.column("name").to_pandas(), "time": rows.column("time").cast(pa.int64()).to_pandas()}
    )
    again = frame.duplicated(keep="last").to_numpy()
    made.twice = int(again.sum())
    cells = rows.column("cell").filter(pa.array(again)).to_pylist() if made.twice else []
    made.problems += [Problem(cell, "", "twice") for cell in cells]
    return rows.filter(pa.array(~again)) if made.twice else rows


def _episodes(
    made: Applied, template: SheetTemplate, columns: dict[str, Column], days: np.ndarray[Any, Any]
) -> list[Episode]:
    told = template.episodes
    assert told is not None  # noqa: S101 - asked by the caller
    starts = _moment(columns[told.start], days)
    ends = _moment(columns[told.end], days) if told.end else np.full(len(starts), _NONE)
    if told.end and columns[told.end].kind == "clock":  # an end before its start is on the next day
        ends = np.where((ends != _NONE) & (starts != _NONE) & (ends < starts), ends + DAY_US, ends)
    zone = template.time.zone
    first, last = (_utc(us, zone) for us in (starts, ends))
    values = {
        name: columns[name].values.to_pylist()
        for name in {*told.key, *told.attributes, told.title, told.asset_column}
        if name
    }
    found: dict[str, Episode] = {}
    for at, row in enumerate(made.table.rows.tolist()):
        asset = str(values[told.asset_column][at] or "") if told.asset_column else told.asset
        place = f"{columns[told.start].letter}{row}"
        if first[at] == _NONE or not asset:
            made.problems.append(Problem(place, "", "no_time" if asset else "no_asset"))
            continue
        end = int(last[at]) if last[at] != _NONE else None
        if end is not None and end < first[at]:
            made.problems.append(Problem(place, "", "ends_early"))
            continue
        one = Episode(
            id=_id(template, told, asset, int(first[at]), [values[k][at] for k in told.key]),
            asset=asset, kind=told.kind, start_us=int(first[at]), end_us=end,
            title=_word(values[told.title][at]) if told.title else "",
            attributes={k: _plainly(values[k][at]) for k in told.attributes if values[k][at] is not None},
        )  # fmt: skip
        if one.id in found:
            made.twice += 1
            made.problems.append(Problem(place, "", "twice"))
        found[one.id] = one
    return list(found.values())


def _moment(column: Column, days: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    us = _us(column)
    return us if column.kind != "clock" else _joined(days, us, np.zeros(len(us), np.int64))


def _id(template: SheetTemplate, told: EpisodeColumns, asset: str, start_us: int, key: Sequence[Any]) -> str:
    """Name an episode so that the same row is the same one when it comes again."""
    known = [_word(k) for k in key] if key and all(k is not None for k in key) else [str(start_us)]
    text = "\x1f".join([template.template, told.kind, asset, *known])
    return f"sheet-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def _word(value: Any) -> str:
    plain = _plainly(value)
    return "" if plain is None else str(plain)


def _plainly(value: Any) -> Any:
    if type(value) is float and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)
