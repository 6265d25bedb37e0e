"""SQL for people: one SELECT in, a table out in the format asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

import pyarrow as pa
from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.sqlnames import in_present_names
from baigong.api.tables import FORMATS, answer, column_values
from baigong.api.wire import Call, Operation, authorise, offered
from baigong.stores.lake.recordsql import RECORD_TABLES
from baigong.vocab.errors import BaigongError, FixConfiguration, Reauthenticate

_JSON_ROWS = 10_000
_TABLES = (
    "telemetry",
    "points",
    "assets",
    "relations",
    "latest",
    "rollup_1m",
    "rollup_1h",
    "consumption_1m",
    "consumption_1h",
    "rollup_states_1m",
    "rollup_states_1h",
    "episodes",
    "tasks",
    "lots",
    "lot_uses",
    "genealogy",
    *RECORD_TABLES,
    "bursts",
)


class SqlRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sql: Annotated[str, Meta(min_length=1, max_length=100_000)]
    limit: Annotated[int, Meta(ge=1, le=100_000_000)] | None = None


class SqlQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: str = ""
    bom: bool = False


class Column(Struct, frozen=True, kw_only=True):
    name: str
    type: str


class SqlAnswer(Struct, frozen=True, kw_only=True):
    """``rows_total``: how many rows are here; ``truncated``: there were more."""

    columns: list[Column]
    rows: list[list[Any]]
    rows_total: int
    truncated: bool
    ms: float


def _point_of_today(rooms: Rooms, call: Call, point: str) -> str:
    """Return what a point is called today that has, or had, this name; who may not know it is not told that either."""
    now = rooms.registry.names.point(call.tenant, point)
    open_to = now == point or call.only is None or call.book.named(call.tenant, now) is not None
    return now if open_to else point


class SqlTable(Struct, frozen=True, kw_only=True):
    name: str
    columns: list[Column]


def operations(rooms: Rooms) -> list[Operation]:
    async def run(call: Call) -> Any:
        asked: SqlRequest = call.body
        form = offered(call.request, FORMATS, call.query.format)
        limit = asked.limit
        if form == "json":
            limit = min(limit or _JSON_ROWS, rooms.settings.json_rows)
        begun = time.perf_counter()
        one_more = None if limit is None else limit + 1
        within_s = rooms.settings.sql_timeout_s
        with _counted(rooms, call.who.tenant) as spent:
            told = in_present_names(asked.sql, call.asset, partial(_point_of_today, rooms, call))
            table = await rooms.sql.query(call.tenant, told, limit=one_more, timeout_s=within_s, only=call.only)
            spent(table)
        _still_open(rooms, call)
        taken_ms = (time.perf_counter() - begun) * 1000
        cut = limit is not None and len(table) > limit
        short = not cut and (table.schema.metadata or {}).get(b"truncated") == b"true"
        truncated = cut or short
        table = table.slice(0, limit) if cut else table
        if short and form != "json":  # no place in these to say so, and nobody would see that rows are missing
            raise FixConfiguration(
                "sql.too_large", f"one answer holds {len(table):,} of these rows, and not all of them"
            )
        if form == "json":
            return await asyncio.to_thread(_rows, table, truncated, taken_ms)
        schema, tables = _plain_types(table, form)
        return answer(form, schema, tables, name="query", bom=call.query.bom, stream=len(table) > 100_000)

    return [
        Operation(
            "POST",
            "/sql",
            "Run one SELECT",
            run,
            query=SqlQuery,
            body=SqlRequest,
            answer=SqlAnswer,
            gives=tuple(FORMATS.values()),
        ),
        _schema(rooms),
    ]


def _still_open(rooms: Rooms, call: Call) -> None:
    """Raise auth.required or auth.denied when a token, session, consent or grant has ended while the query ran: what
    it found is not given out.
    """
    authorise(rooms, call.request, "GET")
    if call.tenant == call.who.tenant:
        return
    if not rooms.registry.rights.part(call.who, "read", call.tenant).holds(call.seen):
        raise Reauthenticate("auth.denied", "what opened this has ended meanwhile", place=call.tenant)


@contextmanager
def _counted(rooms: Rooms, tenant: str) -> Iterator[Callable[[pa.Table], None]]:
    """Let a query run within the quotas of who asks, and count what it takes: CPU, or the time until it failed."""
    usage, begun, cpu_s = rooms.registry.usage, time.perf_counter(), -1.0

    def spent(table: pa.Table) -> None:
        nonlocal cpu_s
        cpu_s = float((table.schema.metadata or {}).get(b"cpu_ms", 0)) / 1000

    with rooms.registry.quotas.query(tenant):
        usage.add(tenant, "queries")
        try:
            yield spent
        except BaigongError:
            usage.add(tenant, "queries_failed")
            raise
        finally:
            usage.add(tenant, "query_s", round(time.perf_counter() - begun if cpu_s < 0 else cpu_s, 6))


def _schema(rooms: Rooms) -> Operation:
    held: list[SqlTable] = []  # the same for everybody, for as long as the program runs

    async def schema(call: Call) -> Any:
        if held:
            return held
        found = []
        for name in _TABLES:
            empty = await rooms.sql.query(
                call.tenant,
                f"select * from {name} limit 0",  # noqa: S608 (the names are ours)
                limit=1,
                timeout_s=rooms.settings.sql_timeout_s,
                only=call.only,
            )
            found.append(SqlTable(name=name, columns=_columns(empty.schema)))
        held[:] = found
        return held

    return Operation("GET", "/sql/schema", "Tables and columns that SQL sees", schema, answer=list[SqlTable])


def _columns(schema: pa.Schema) -> list[Column]:
    return [Column(name=f.name, type=str(f.type)) for f in schema]


def _rows(table: pa.Table, truncated: bool, taken_ms: float) -> SqlAnswer:
    columns = [column_values(table.column(i)) for i in range(table.num_columns)]
    return SqlAnswer(
        columns=_columns(table.schema),
        rows=[list(row) for row in zip(*columns, strict=True)],
        rows_total=len(table),
        truncated=truncated,
        ms=round(taken_ms, 2),
    )


def _plain_types(table: pa.Table, form: str) -> tuple[pa.Schema, Iterator[pa.Table]]:
    """Turn what CSV cannot write (lists, structs, decimals…) and Parquet neither (intervals) into text."""
    for index, field in enumerate(table.schema):
        kind = field.type
        odd = pa.types.is_nested(kind) or pa.types.is_decimal(kind) or pa.types.is_binary(kind)
        if (form != "arrow" and pa.types.is_interval(kind)) or (form == "csv" and (odd or pa.types.is_duration(kind))):
            texts = [None if v is None else str(v) for v in column_values(table.column(index))]
            table = table.set_column(index, field.name, pa.array(texts, pa.string()))
        elif form == "csv" and pa.types.is_dictionary(kind):
            table = table.set_column(index, field.name, table.column(index).cast(kind.value_type))
    if form == "csv" and len(set(table.column_names)) < table.num_columns:
        raise FixConfiguration("sql.invalid", "two columns have one name: write … as other_name", place="sql")
    return table.schema, iter([table.slice(at, 100_000) for at in range(0, max(len(table), 1), 100_000)])
