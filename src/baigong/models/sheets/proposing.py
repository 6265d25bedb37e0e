"""What a table probably means: its time, its points, its episodes. A person looks at it first. Pure."""

from __future__ import annotations

import re

import numpy as np

from baigong.models.sheets.moments import Unclear, read_moment
from baigong.models.sheets.tables import Column, Table
from baigong.models.sheets.template import (
    EpisodeColumns,
    LongColumns,
    PointColumn,
    SheetTemplate,
    TimeColumns,
    keys,
)
from baigong.vocab.devices import NO_NAME

_START = re.compile(r"start|begin|from|开始|起始|上线", re.I)
_END = re.compile(r"\bend|stop|finish|until|结束|终止|截止|下线", re.I)
_NAMES = re.compile(r"(point|tag|name|parameter|item|测点|位号|参数|项目)(\s*name)?", re.I)
_VALUES = re.compile(r"(value|reading|数值|值|读数)", re.I)
_KEYS = re.compile(r"batch|order|lot|number|\bno\b|\bid\b|批号|批次|工单|单号|编号|序号", re.I)
_IN_TEXT = re.compile(r"\d{4}\s*[年/.-]\s*\d{1,2}\s*[月/.-]\s*\d{1,2}\s*日?|\d{1,2}[./]\d{1,2}[./]\d{4}")


def propose(table: Table, name: str, asset: str, zone: str = "UTC") -> SheetTemplate:
    """Propose a template; ``asset`` goes before the names of new points."""
    named = list(zip(keys(table), table.columns, strict=True))
    time = _time(table, named, zone)
    episodes = _episodes(named, asset)
    long = _long(named, asset) if episodes is None else None
    taken = {time.date, time.clock}
    points = [
        PointColumn(column=key, point=f"{asset}.{step(column.name)}", unit=column.unit)
        for key, column in named
        if (time.date or time.day)
        and key not in taken
        and column.kind in ("number", "boolean")
        and long is None
        and episodes is None
    ]
    words = [key for key, column in named if column.header]
    return SheetTemplate(
        template=_slug(name), sheet=table.sheet, words=words or keys(table), time=time, points=_distinct(points),
        long=long, episodes=episodes,
    )  # fmt: skip


def _slug(name: str) -> str:
    return re.sub(r"[^\w-]+", "-", name)[:64].strip("-_") or "table"


def step(words: str) -> str:
    """Make a step of a point's name from a header.

    >>> step("Steam flow / total"), step("出口温度")
    ('Steam_flow_total', '出口温度')
    """
    return re.sub(r"_+", "_", NO_NAME.sub("_", words)).strip("_")[:80] or "value"


def _distinct(points: list[PointColumn]) -> list[PointColumn]:
    seen: dict[str, int] = {}
    made = []
    for one in points:
        seen[one.point] = seen.get(one.point, 0) + 1
        name = one.point if seen[one.point] == 1 else f"{one.point}_{seen[one.point]}"
        made.append(PointColumn(column=one.column, point=name, unit=one.unit))
    return made


def _time(table: Table, named: list[tuple[str, Column]], zone: str) -> TimeColumns:
    moment = next((k for k, c in named if c.kind == "datetime"), "")
    date = moment or next((k for k, c in named if c.kind == "date"), "")
    clock = "" if moment else next((k for k, c in named if c.kind == "clock"), "")
    day = "" if date or not clock else _day(table)
    column = dict(named).get(date)
    gaps = bool(column and column.kind == "date" and column.values.null_count and column.values[0].is_valid)
    back = bool(clock) and _goes_back(dict(named)[clock], column)
    return TimeColumns(date=date, clock=clock, day=day, zone=zone, past_midnight=back, fill_down=gaps)


def _day(table: Table) -> str:
    for title in table.titles:
        found = _IN_TEXT.search(title)
        try:
            moment = read_moment(found[0]) if found else None
        except Unclear:
            moment = None
        if moment:
            return moment[0].date().isoformat()
    return ""


def _goes_back(clock: Column, date: Column | None) -> bool:
    """Say whether clock times fall while the day stays: a shift that passes midnight."""
    us = clock.values.to_numpy(zero_copy_only=False).astype(np.float64)
    days = (
        np.zeros(len(us))
        if date is None
        else date.values.cast("int64").to_numpy(zero_copy_only=False).astype(np.float64)
    )
    same = (days[1:] == days[:-1]) | np.isnan(days[1:])
    return bool(np.any((np.diff(us) < 0) & same))


def _episodes(named: list[tuple[str, Column]], asset: str) -> EpisodeColumns | None:
    moments = [(k, c) for k, c in named if c.kind in ("clock", "datetime", "date")]
    start = next((k for k, c in moments if _START.search(k)), "")
    end = next((k for k, c in moments if _END.search(k) and k != start), "")
    if not start or not end:
        return None
    rest = [k for k, c in named if k not in (start, end) and c.kind not in ("date", "datetime", "clock", "empty")]
    key = [k for k in rest if _KEYS.search(k)][:1]
    return EpisodeColumns(kind="run", start=start, end=end, asset=asset, key=key, attributes=rest)


def _long(named: list[tuple[str, Column]], asset: str) -> LongColumns | None:
    name = next((k for k, c in named if c.kind == "text" and _NAMES.fullmatch(k)), "")
    value = next((k for k, c in named if c.kind in ("number", "text") and k != name and _VALUES.fullmatch(k)), "")
    return LongColumns(name=name, value=value, asset=asset) if name and value else None
