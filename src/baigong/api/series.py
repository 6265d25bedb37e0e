"""Trends: rows of many points between two times, thinned to what a chart of a given width shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Meta, Struct, field
from starlette.responses import Response

from baigong.api.counters import counter_of, increase_sql
from baigong.api.intervals import Interval, read_interval
from baigong.api.lines import Line, read_lines
from baigong.api.rooms import Rooms
from baigong.api.tables import ARROW, FORMATS, answer, shown_whole
from baigong.api.times import read_time
from baigong.api.wire import JSON, Call, Operation, offered
from baigong.stores.lake.contract import LakeReader
from baigong.stores.records.plant import PointRow
from baigong.vocab.devices import AssetWords
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.frame import TIME

MOST_POINTS = 50
_MOST_BARS = 200_000
_BAR_PX = 4
_BARS_S = (60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 86_400, 7 * 86_400, 28 * 86_400)
_SLICE_ROWS = 500_000  # what an export wants to hold in memory at a time
_DAY_US = 86_400_000_000

DRAWN = pa.schema(
    [
        pa.field("series", pa.int32(), nullable=False),
        pa.field("time", TIME, nullable=False),
        pa.field("value", pa.float64()),
        pa.field("text", pa.string()),
        pa.field("quality", pa.int32(), nullable=False),
    ]
)
ROWS = DRAWN.insert(3, pa.field("whole", pa.int64()))  # exact where ``value`` is only the nearest float64
EXPORTED = pa.schema([pa.field("point", pa.string(), nullable=False), *list(ROWS)[1:]])


class SeriesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``start``/``end``: microseconds, ISO 8601, ``now``, ``-30d``. ``width`` 0: every row.

    ``as``: of counters, what they counted in every interval, or that per second; ``every``: the interval, whole
    minutes or 1mo, 1y; left out, one that gives a bar some pixels. ``tz``: whose midnight days begin at.
    """

    points: str
    start: str = "-1h"
    end: str = "now"
    width: Annotated[int, Meta(ge=0, le=20_000)] = 1200
    as_: Literal["value", "increase", "rate"] = field(default="value", name="as")
    every: str = ""
    tz: str = "UTC"
    format: str = ""
    bom: bool = False


class Series(Struct, frozen=True, kw_only=True):
    """One line. ``rows``: how many there are; ``values``: numbers, or texts where the point holds texts.

    Integers beyond 2**53 are texts too, since most readers of JSON would round them.
    ``held``: the first row here stands before ``start`` and its value lasts into it (points whose value holds until
    the next; found if it is the newest or at most 92 days older).
    """

    name: str
    number: str
    unit: str
    title: str
    title_zh: str
    asset_title: str
    asset_title_zh: str
    kind: str
    sloped: bool
    states: dict[str, str]
    states_zh: dict[str, str]
    rows: int
    downsampled: bool
    held: bool
    times_us: list[int]
    values: list[float | str | None]
    qualities: list[int]


class SeriesAnswer(Struct, frozen=True, kw_only=True):
    start_us: int
    end_us: int
    series: list[Series]


def operations(rooms: Rooms) -> list[Operation]:
    async def series(call: Call) -> Any:
        query: SeriesQuery = call.query
        form = offered(call.request, FORMATS, query.format)
        points = find_points(call, query.points)
        start, end = span(rooms, query.start, query.end)
        if query.as_ != "value":
            return await _counted(rooms, call, points, (start, end), form)
        if form in ("csv", "parquet") or (form == "arrow" and query.width == 0):
            return _export(rooms, call, points, (start, end), form)
        assets = rooms.registry.devices.assets(call.tenant)
        lines = await asyncio.to_thread(
            read_lines, call.lake, call.tenant, points, start, end, query.width, hold=query.width > 0
        )
        if form == "arrow":
            return await asyncio.to_thread(_arrow, lines, start, end, assets)
        total = sum(len(line.times) for line in lines)
        if total > rooms.settings.json_rows:
            raise FixConfiguration(
                "payload.too_large", f"{total} rows are too many for JSON: ask for Arrow, CSV or Parquet", place="width"
            )
        made = await asyncio.to_thread(_json, lines, start, end, assets)
        return Response(made, media_type=JSON)

    return [
        Operation(
            "GET",
            "/series",
            "Rows of up to 50 points between two times, thinned to the pixels of a chart",
            series,
            query=SeriesQuery,
            answer=SeriesAnswer,
            gives=tuple(FORMATS.values()),
        )
    ]


async def drawn(
    rooms: Rooms, lake: LakeReader, tenant: str, points: list[PointRow], since: str, width: int
) -> Response:
    """Answer with the rows of these points until now, as an Arrow stream; who may see them was asked before."""
    start, end = span(rooms, since, "now")
    lines = await asyncio.to_thread(read_lines, lake, tenant, points, start, end, width, hold=True)
    return await asyncio.to_thread(_arrow, lines, start, end, rooms.registry.devices.assets(tenant))


async def _counted(rooms: Rooms, call: Call, points: list[PointRow], window: tuple[int, int], form: str) -> Response:
    """Answer with the increase or the rate of counters: a value an interval, at its start."""
    (start, end), query = window, call.query
    fitting = Interval(_fitting(end - start, query.width), 0, read_interval("1d", query.tz).zone)
    every = read_interval(query.every, query.tz) if query.every else fitting
    lines = []
    for point in points:
        sql = increase_sql(counter_of(point).name, start, end, every)
        within_s = rooms.settings.sql_timeout_s
        table = await rooms.sql.query(call.tenant, sql, limit=_MOST_BARS + 1, timeout_s=within_s, only=call.only)
        if len(table) > _MOST_BARS:
            raise FixConfiguration(
                "payload.too_large", f"more than {_MOST_BARS} intervals: ask for longer ones", place="every"
            )
        times = table.column("time").cast(pa.int64()).to_numpy()
        values = table.column(query.as_).to_numpy()
        lines.append(Line(_bars(point, query.as_), times, values, np.zeros(len(times), np.int32), None, len(times)))
    assets = rooms.registry.devices.assets(call.tenant)
    if form == "arrow":
        return _arrow(lines, start, end, assets)
    if form == "json":
        return Response(_json(lines, start, end, assets), media_type=JSON)
    return answer(form, EXPORTED, (_named(line) for line in lines), name=query.as_, bom=query.bom)


def _fitting(span_us: int, width: int) -> int:
    wanted_s = span_us / 1e6 / (width / _BAR_PX) if width else 0
    return next((every_s for every_s in _BARS_S if every_s >= wanted_s), _BARS_S[-1])


def _bars(point: PointRow, kind: str) -> PointRow:
    """The point as what is drawn: a number that holds through its interval, a rate per second."""
    unit = f"{point.spec.unit if point.spec.unit != '1' else ''}/s" if kind == "rate" else point.spec.unit
    return replace(point, spec=msgspec.structs.replace(point.spec, unit=unit, kind="gauge", sloped=False))


def find_points(call: Call, names: str) -> list[PointRow]:
    wanted = [n for n in (part.strip() for part in names.split(",")) if n]
    if not 1 <= len(wanted) <= MOST_POINTS:
        raise FixConfiguration("config.invalid", f"name 1 to {MOST_POINTS} points, not {len(wanted)}", place="points")
    return [call.book.find(call.tenant, name) for name in wanted]


def span(rooms: Rooms, since: str, until: str) -> tuple[int, int]:
    now = rooms.clock_us()
    start, end = read_time(since, now, "start"), read_time(until, now, "end")
    if end <= start:
        raise FixConfiguration("config.invalid", "the end is not after the start", place="end")
    return start, end


def _json(lines: list[Line], start: int, end: int, assets: Mapping[str, AssetWords]) -> bytes:
    series = [
        Series(
            **_about(line, assets),
            times_us=line.times.tolist(),
            values=_shown(line),
            qualities=line.qualities.tolist(),
        )
        for line in lines
    ]
    return msgspec.json.encode(SeriesAnswer(start_us=start, end_us=end, series=series))


def _about(line: Line, assets: Mapping[str, AssetWords]) -> dict[str, Any]:
    spec = line.point.spec
    called = assets.get(spec.asset, AssetWords())
    return {
        "name": spec.name,
        "number": str(line.point.number),
        "unit": spec.unit,
        "title": spec.title,
        "title_zh": spec.title_zh,
        "asset_title": called.title,
        "asset_title_zh": called.title_zh,
        "kind": spec.kind,
        "sloped": spec.sloped,
        "states": spec.states,
        "states_zh": spec.states_zh,
        "rows": line.rows,
        "downsampled": line.downsampled,
        "held": line.held,
    }


def _shown(line: Line) -> list[float | str | None]:
    numbers: list[float | str | None] = line.values.tolist()  # NaN becomes null when encoded
    if line.wholes is not None:
        for at in np.flatnonzero(line.wholes.is_valid().to_numpy(zero_copy_only=False)).tolist():
            numbers[at] = shown_whole(line.wholes[at].as_py())
    if line.texts is None:
        return numbers
    return [number if text is None else text for number, text in zip(numbers, line.texts.to_pylist(), strict=True)]


def _drawn(index: int, line: Line, schema: pa.Schema = DRAWN) -> pa.RecordBatch:
    """Make a batch of a line: schema DRAWN or ROWS."""
    n = len(line.times)
    columns = {
        "series": pa.array(np.full(n, index, np.int32)),
        "time": pa.array(line.times).cast(TIME),
        "value": pa.array(line.values, mask=np.isnan(line.values)),
        "whole": pa.nulls(n, pa.int64()) if line.wholes is None else line.wholes,
        "text": pa.nulls(n, pa.string()) if line.texts is None else line.texts,
        "quality": pa.array(line.qualities),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)


def _arrow(lines: list[Line], start: int, end: int, assets: Mapping[str, AssetWords]) -> Response:
    about = [_about(line, assets) for line in lines]
    words = {"series": msgspec.json.encode(about), "start_us": str(start), "end_us": str(end)}
    schema = DRAWN.with_metadata(words)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for index, line in enumerate(lines):
            writer.write_batch(_drawn(index, line).replace_schema_metadata(words))
    return Response(sink.getvalue().to_pybytes(), media_type=ARROW)


def _export(rooms: Rooms, call: Call, points: list[PointRow], window: tuple[int, int], form: str) -> Response:
    (start, end), query, tenant, lake = window, call.query, call.tenant, call.lake
    schema = EXPORTED
    make: Callable[[Line], pa.Table] = _named
    if form == "arrow":
        assets = rooms.registry.devices.assets(tenant)
        about = [_about(Line(p, (), (), (), None, 0), assets) | {"rows": None} for p in points]
        words = {"series": msgspec.json.encode(about), "start_us": str(start), "end_us": str(end)}
        schema, make = ROWS.with_metadata(words), _indexed(points)
    if query.width:  # the rows of the chart, as a file
        lines = (line for point in points for line in read_lines(lake, tenant, [point], start, end, query.width))
    else:
        lines = (
            line
            for point in points
            for at, until in slices(lake, tenant, point, start, end)
            for line in read_lines(lake, tenant, [point], at, until, 0)
        )
    tables = (make(line) for line in lines)
    name = points[0].name if len(points) == 1 else f"{len(points)} points"
    return answer(form, schema, tables, name=_ascii(name), bom=query.bom, stream=True)


def _indexed(points: list[PointRow]) -> Callable[[Line], pa.Table]:
    index = {point.number: i for i, point in enumerate(points)}
    return lambda line: pa.Table.from_batches([_drawn(index[line.point.number], line, ROWS)])


def _named(line: Line) -> pa.Table:
    drawn = _drawn(0, line, ROWS)
    names = pa.array([line.point.name]).take(pa.array(np.zeros(len(drawn), np.int32)))
    return pa.Table.from_arrays([names, *drawn.columns[1:]], schema=EXPORTED)


def slices(lake: LakeReader, tenant: str, point: PointRow, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut [start, end) so that a slice holds some half a million rows at most, judged by the newest day."""
    newest = lake.latest(tenant, [point.number]).column("time").combine_chunks().view(pa.int64()).to_pylist()
    until = min(end, newest[0] + 1) if newest else start
    last_hour = (max(start, until - _DAY_US // 24), until)
    probe = lake.series(tenant, [point.number], *last_hour, ("point", "time")) if until > start else ()
    per_us = len(probe) / (_DAY_US / 24)
    step = _DAY_US if per_us == 0 else int(min(max(_SLICE_ROWS / per_us, 60_000_000), 365 * _DAY_US))
    at = max(start, lake.snapshot(tenant).first_us) if until > start else until
    while at < until:
        yield at, min(at + step, until)
        at += step


def _ascii(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
