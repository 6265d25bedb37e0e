"""Counters: how much they counted in every interval, and the exchange of a meter."""

from __future__ import annotations

from typing import Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Meta, Struct

from baigong.api.intervals import Interval, read_interval
from baigong.api.rooms import Rooms
from baigong.api.tables import FORMATS, answer, column_values
from baigong.api.times import read_time
from baigong.api.wire import Call, Operation, offered
from baigong.registry.visible import EXCHANGED, Window
from baigong.stores.records.plant import PointRow
from baigong.vocab import frame as frames
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Episode, Event

_MOST_ROWS = 200_000
_COLUMNS = ("increase", "rollovers", "resets", "exchanges", "unexplained")


class IncreaseQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``every``: whole minutes, like 1min, 15min, 1h, 1d, 1w, or 1mo, 1y of the calendar. ``tz``: whose midnight days
    begin at, like Asia/Shanghai.
    """

    start: str = "-7d"
    end: str = "now"
    every: str = "1h"
    tz: str = "UTC"
    format: str = ""
    bom: bool = False


class IncreaseRow(Struct, frozen=True, kw_only=True):
    """One interval (time, time + every]; ``rate``: unit per second."""

    time_us: int
    increase: float
    rate: float
    rollovers: int
    resets: int
    exchanges: int
    unexplained: int


class IncreaseAnswer(Struct, frozen=True, kw_only=True):
    """Intervals without a reading are left out. ``total``: the sum of ``rows``, exactly. ``every_s``: of months and
    years on average.
    """

    name: str
    unit: str
    every_s: int
    start_us: int
    end_us: int
    total: float
    rows: list[IncreaseRow]


class Exchange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A meter was exchanged at ``time``. ``old_end`` null: nobody read the old one; what it counted last is lost."""

    time: Annotated[str, Meta(min_length=1)]
    old_end: float | int | None = None
    new_start: float | int = 0.0
    note: Annotated[str, Meta(max_length=1000)] = ""


class ExchangeAnswer(Struct, frozen=True, kw_only=True):
    time_us: int
    old_end: float | int | None
    new_start: float | int | None
    note: str
    by: str


def operations(rooms: Rooms) -> list[Operation]:
    async def increase(call: Call) -> Any:
        query: IncreaseQuery = call.query
        point = counter_of(call.book.find(call.tenant, call.part("name")))
        form = offered(call.request, FORMATS, query.format)
        every = read_interval(query.every, query.tz)
        start, end = (
            read_time(query.start, rooms.clock_us(), "start"),
            read_time(query.end, rooms.clock_us(), "end"),
        )
        sql = increase_sql(point.name, start, end, every)
        within_s = rooms.settings.sql_timeout_s
        table = await rooms.sql.query(call.tenant, sql, limit=_MOST_ROWS + 1, timeout_s=within_s, only=call.only)
        if len(table) > _MOST_ROWS:
            raise FixConfiguration(
                "payload.too_large", f"more than {_MOST_ROWS} intervals: ask for longer ones", place="every"
            )
        if form != "json":
            return answer(form, table.schema, iter([table]), name="increase", bom=query.bom)
        return _told(point, table, every.seconds, start, end)

    async def exchange(call: Call) -> Any:
        told: Exchange = call.body
        point = counter_of(call.book.find(call.tenant, call.part("name")))
        time_us = read_time(told.time, rooms.clock_us(), "time")
        readings: list[tuple[int, Any, int]] = [(time_us, told.new_start, q.GOOD_LOCAL_OVERRIDE | q.RESTARTED)]
        if told.old_end is not None:
            readings.insert(0, (time_us - 1, told.old_end, q.GOOD_LOCAL_OVERRIDE))
        await _store(rooms, point, readings)
        made = ExchangeAnswer(
            time_us=time_us,
            old_end=told.old_end,
            new_start=told.new_start,
            note=told.note,
            by=call.who.user,
        )
        await _remember(rooms, point, made, "meter.exchanged")
        return made

    async def cancel(call: Call) -> Any:
        point = counter_of(call.book.find(call.tenant, call.part("name")))
        time_us = read_time(call.part("time"), rooms.clock_us(), "time")
        if time_us not in {found.time_us for found in await _exchanges(rooms, point)}:
            raise FixConfiguration("config.invalid", "no meter of this point was exchanged then", place="time")
        await _store(rooms, point, [(time_us - 1, None, q.DELETED), (time_us, None, q.DELETED)])
        gone = ExchangeAnswer(time_us=time_us, old_end=None, new_start=None, note="", by=call.who.user)
        await _remember(rooms, point, gone, "meter.exchange_cancelled")

    async def exchanges(call: Call) -> Any:
        point = counter_of(call.book.find(call.tenant, call.part("name")))
        window = call.seen.window(point.number) or Window()
        return [found for found in await _exchanges(rooms, point) if window.holds(found.time_us)]

    return [
        Operation(
            "GET",
            "/points/{name}/increase",
            "How much a counter counted, interval by interval",
            increase,
            query=IncreaseQuery,
            answer=IncreaseAnswer,
            gives=tuple(FORMATS.values()),
        ),
        Operation(
            "GET", "/points/{name}/exchanges", "Exchanged meters of a counter", exchanges, answer=list[ExchangeAnswer]
        ),
        Operation(
            "POST",
            "/points/{name}/exchanges",
            "Record that a meter was exchanged; again at the same time corrects it",
            exchange,
            body=Exchange,
            answer=ExchangeAnswer,
        ),
        Operation("DELETE", "/points/{name}/exchanges/{time}", "Cancel the exchange of a meter", cancel),
    ]


def counter_of(point: PointRow) -> PointRow:
    """Return the point, if it counts."""
    if point.spec.kind != "counter":
        raise FixConfiguration(
            "config.invalid", f"{point.name} is a {point.spec.kind}, not a counter: change its kind", place="kind"
        )
    return point


def increase_sql(name: str, start_us: int, end_us: int, every: Interval) -> str:
    """Ask for the increase of a counter in [start, end): time, increase, rate and what was met, an interval a row."""
    quoted = name.replace("'", "''")
    sums = ", ".join(f"sum({column}){'' if column == 'increase' else '::bigint'} as {column}" for column in _COLUMNS)
    return f"""
select start as time, {sums}, sum(increase) / {every.length_s()} as rate
from (select make_timestamptz({every.begin()}) as start, * from {every.table(start_us, end_us)}
      where name = '{quoted}' and epoch_us(time) >= {start_us} and epoch_us(time) < {end_us})
group by start order by start"""  # noqa: S608 - numbers, a known zone, and a name whose quotes are doubled


def _told(point: PointRow, table: pa.Table, every_s: int, start_us: int, end_us: int) -> IncreaseAnswer:
    columns = [table.column("time").cast(pa.int64()).to_pylist()]
    columns += [column_values(table.column(name)) for name in ("increase", "rate", *_COLUMNS[1:])]
    names = IncreaseRow.__struct_fields__
    rows = [IncreaseRow(**dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]
    total = pc.sum(table.column("increase")).as_py() or 0.0
    return IncreaseAnswer(
        name=point.name,
        unit=point.spec.unit,
        every_s=every_s,
        start_us=start_us,
        end_us=end_us,
        total=total,
        rows=rows,
    )


async def _store(rooms: Rooms, point: PointRow, readings: list[tuple[int, Any, int]]) -> None:
    times, values, qualities = zip(*readings, strict=True)
    batch = frames.from_python([point.number] * len(times), times, values, qualities)
    await rooms.bus.store(rooms.settings.partition, point.tenant, frames.encode(batch))


async def _remember(rooms: Rooms, point: PointRow, told: ExchangeAnswer, kind: str) -> None:
    """As an episode, so that trends and SQL see it, and as an event of the point."""
    facts = {
        "point": point.name,
        "old_end": told.old_end,
        "new_start": told.new_start,
        "note": told.note,
        "by": told.by,
        "cancelled": told.new_start is None,
    }
    episode = Episode(
        id=f"{EXCHANGED}/{point.number}/{told.time_us}",
        asset=point.spec.asset,
        kind=EXCHANGED,
        start_us=told.time_us,
        end_us=told.time_us,
        title=point.spec.title or point.name,
        attributes=facts,
    )
    await rooms.registry.episodes.put(point.tenant, [episode], told.by)
    event = Event(
        kind=kind,
        time_us=rooms.clock_us(),
        tenant=point.tenant,
        subject=f"point:{point.number}",
        detail=facts | {"at_us": told.time_us},
    )
    await rooms.registry.events.tell([event])


async def _exchanges(rooms: Rooms, point: PointRow) -> list[ExchangeAnswer]:
    begin = f"{EXCHANGED}/{point.number}/"
    found = await rooms.registry.episodes.list(point.tenant, assets=[point.spec.asset], kind=EXCHANGED)
    return [
        ExchangeAnswer(
            time_us=episode.start_us,
            old_end=episode.attributes.get("old_end"),
            new_start=episode.attributes.get("new_start"),
            note=str(episode.attributes.get("note", "")),
            by=str(episode.attributes.get("by", "")),
        )
        for episode in found
        if episode.id.startswith(begin) and not episode.attributes.get("cancelled")
    ]
