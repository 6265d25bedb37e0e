"""Records of business systems: orders, items, bills of material, routings, stock, lots, customers.

What is sent is shown as it was understood first (``preview``), and taken only when it is sent again without it.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated, Any, Literal

import msgspec
import pyarrow as pa
import sqlalchemy as sa
from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.business import Run
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.recordkinds import RecordKind, record_kinds
from baigong.vocab.recordmap import Mapped, RecordMap, Understood, guessed, require, understand
from baigong.vocab.recordwire import Part

_ROWS = 200_000  # of one call
_SHOWN = 20  # records of a preview
_LOTS = 200
Name = Annotated[str, Meta(min_length=1, max_length=100)]


class RecordsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``search``: anywhere in key or content; ``after``, ``after_source``: of the last of the page before."""

    kind: str
    search: str = ""
    gone: Literal["", "no", "only"] = ""
    after: str = ""
    after_source: str = ""
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 100


class RecordQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: str
    key: str
    source: str


class RunsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``state``: open, done, held, agreed, replaced; empty: all."""

    state: str = ""
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 50


class BusinessRecord(Struct, frozen=True, kw_only=True):
    """``fields``: by the kind's names, times in microseconds; ``attributes``: columns that no field takes.

    ``gone_us``: when its source was found without it.
    """

    kind: str
    key: str
    source: str
    fields: dict[str, Any]
    attributes: dict[str, Any]
    first_us: int
    changed_us: int
    gone_us: int | None
    run: str


class RecordChange(Struct, frozen=True, kw_only=True):
    """``what``: changed, gone, back. ``before``: of a change, the values it replaced."""

    changed_us: int
    what: str
    run: str
    before: dict[str, Any]


class RecordPage(Struct, frozen=True, kw_only=True):
    """``lots``, ``episodes``: whose records name this one, by lot, order or item."""

    record: BusinessRecord
    history: list[RecordChange]
    refers: list[BusinessRecord]
    episodes: list[str]
    lots: list[str]


class RecordCount(Struct, frozen=True, kw_only=True):
    kind: str
    source: str
    there: int
    gone: int
    changed_us: int


class RecordOverview(Struct, frozen=True, kw_only=True):
    """``held``: snapshots that miss so much that somebody has to agree before it is marked as gone."""

    kinds: list[RecordKind]
    counts: list[RecordCount]
    held: list[Run]


class SendRecords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``columns``: as the source has them. ``map``: column by field; left out: by what the columns are called.

    ``whole``: these are all there are, and others of this source are gone.
    """

    kind: str
    source: Name
    columns: dict[str, list[Any]]
    map: RecordMap | None = None
    whole: bool = False
    zone: str = "UTC"


class RecordPreview(Struct, frozen=True, kw_only=True):
    """What would be taken. ``problem``: why nothing would be; empty: it can be sent. ``first``: a few records."""

    map: RecordMap
    understood: Understood
    problem: str
    first: list[BusinessRecord]


class SentRecords(Struct, frozen=True, kw_only=True):
    understood: Understood
    run: Run


class AgreeGone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``gone``: how many records were shown as missing; another number by now is not agreed to."""

    gone: int


def operations(rooms: Rooms) -> list[Operation]:
    business = rooms.registry.business

    async def overview(call: Call) -> Any:
        counts = [RecordCount(kind=k, source=s, there=t, gone=g, changed_us=c) for k, s, t, g, c in
                  await business.counts(call.tenant)]  # fmt: skip
        return RecordOverview(
            kinds=list(record_kinds().values()), counts=counts, held=await business.runs(call.tenant, "held", 100)
        )

    async def listed(call: Call) -> Any:
        query: RecordsQuery = call.query
        gone = {"": None, "no": False, "only": True}[query.gone]
        found = await business.search(
            call.tenant,
            query.kind,
            search=query.search,
            gone=gone,
            after=(query.after, query.after_source),
            limit=query.limit,
        )
        return [_record(row) for row in found]

    async def one(call: Call) -> Any:
        query: RecordQuery = call.query
        row, told = await business.one(call.tenant, query.kind, query.source, query.key)
        record = _record(row)
        history = [
            RecordChange(changed_us=c.changed_us, what=c.what, run=c.run, before=msgspec.json.decode(c.before))
            for c in told
        ]
        return RecordPage(
            record=record,
            history=history,
            refers=await _referred(call.tenant, record),
            **await _told_elsewhere(call.tenant, record),
        )

    async def _referred(tenant: str, record: BusinessRecord) -> list[BusinessRecord]:
        """Find the records that this one names: its item, its customer, its lot."""
        found: list[BusinessRecord] = []
        for field in record_kinds()[record.kind].fields:
            named = record.fields.get(field.name)
            if field.refers and isinstance(named, str) and (field.refers, named) != (record.kind, record.key):
                found += [_record(row) for row in await business.with_key(tenant, field.refers, named)]
        return found

    async def _told_elsewhere(tenant: str, record: BusinessRecord) -> dict[str, list[str]]:
        lot, order = record.fields.get("lot"), record.fields.get("order")
        lots = [lot] if lot else []
        if record.kind == "item":
            lots = await rooms.registry.lots.search(tenant, "", record.key, _LOTS)
        episodes = await business.episodes_of(tenant, str(order)) if order else []
        return {"lots": lots, "episodes": episodes}

    return [
        Operation("GET", "/business", "Kinds of business records, and how many there are", overview,
                  answer=RecordOverview),
        Operation("GET", "/business/records", "Find business records", listed, query=RecordsQuery,
                  answer=list[BusinessRecord]),
        Operation("GET", "/business/record", "One business record, and what became of it", one, query=RecordQuery,
                  answer=RecordPage),
        *_telling(rooms),
    ]  # fmt: skip


def _telling(rooms: Rooms) -> list[Operation]:
    business = rooms.registry.business

    async def preview(call: Call) -> Any:
        asked: SendRecords = call.body
        mapping, mapped = await asyncio.to_thread(_read, asked)
        problem = ""
        try:
            require(mapped.told, asked.source)
        except FixConfiguration as error:
            problem = error.message
        first = [
            BusinessRecord(
                kind=asked.kind, key=row.pop("key"), source=asked.source,
                attributes=msgspec.json.decode(row.pop("attributes") or "{}"),
                fields={name: value for name, value in row.items() if value is not None},
                first_us=0, changed_us=0, gone_us=None, run="",
            )
            for row in _shown(mapped.records.slice(0, _SHOWN))
        ]  # fmt: skip
        return RecordPreview(map=mapping, understood=mapped.told, problem=problem, first=first)

    async def send(call: Call) -> Any:
        asked: SendRecords = call.body
        _, mapped = await asyncio.to_thread(_read, asked)
        require(mapped.told, asked.source)
        part = Part(
            kind=asked.kind, source=asked.source, run=f"{rooms.clock_us()}-{secrets.token_hex(4)}", whole=asked.whole,
            refused=mapped.told.refused, standing=mapped.standing, wrong=mapped.told.wrong,
        )  # fmt: skip
        run = await business.put(call.tenant, part, mapped.records, call.who.user)
        call.after = {"run": run.run, "kind": run.kind, "source": run.source, "told": run.told}
        return SentRecords(understood=mapped.told, run=run)

    async def runs(call: Call) -> Any:
        return await business.runs(call.tenant, call.query.state, call.query.limit)

    async def agree(call: Call) -> Any:
        made = await business.agree(call.tenant, call.part("id"), call.body.gone, call.who.user)
        call.after = {"run": made.run, "kind": made.kind, "source": made.source, "gone": made.told.gone}
        return made

    return [
        Operation("POST", "/business/preview", "Show how rows would be understood; nothing is stored", preview,
                  body=SendRecords, answer=RecordPreview),
        Operation("POST", "/business/records", "Take rows of a business system", send, body=SendRecords,
                  answer=SentRecords),
        Operation("GET", "/business/runs", "What was told when, and what of it was not understood", runs,
                  query=RunsQuery, answer=list[Run]),
        Operation("POST", "/business/runs/{id}/agree", "Mark as gone what a held snapshot misses", agree,
                  body=AgreeGone, answer=Run),
    ]  # fmt: skip


def _record(row: sa.Row[Any]) -> BusinessRecord:
    return BusinessRecord(
        kind=row.kind,
        key=row.key,
        source=row.source,
        fields=msgspec.json.decode(row.fields),
        attributes=msgspec.json.decode(row.attributes),
        first_us=row.first_us,
        changed_us=row.changed_us,
        gone_us=row.gone_us,
        run=row.run,
    )


def _shown(table: pa.Table) -> list[dict[str, Any]]:
    plain = [c.cast(pa.int64()) if pa.types.is_timestamp(c.type) else c for c in table.columns]
    return list(pa.table(plain, names=table.column_names).to_pylist())


def _read(asked: SendRecords) -> tuple[RecordMap, Mapped]:
    """Raises payload.malformed for columns that are none."""
    lengths = {len(column) for column in asked.columns.values()}
    if len(lengths) != 1 or not asked.columns:
        raise FixConfiguration("payload.malformed", "send columns of one length", place="columns")
    if max(lengths) > _ROWS:
        raise FixConfiguration("payload.too_large", f"send at most {_ROWS:,} rows at once", place="columns")
    table = pa.table({name: _column(name, column) for name, column in asked.columns.items()})
    mapping = asked.map or guessed(asked.kind, table.column_names, asked.zone)
    if mapping.kind != asked.kind:
        raise FixConfiguration("config.invalid", f"the map is of {mapping.kind}", place="map.kind")
    return mapping, understand(table, mapping)


def _column(name: str, column: list[Any]) -> pa.Array:
    try:
        return pa.array(column)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        pass
    # a column of a spreadsheet may hold numbers and texts
    if any(isinstance(value, list | dict) for value in column):
        raise FixConfiguration("payload.malformed", "a value is a text, a number, true, false or null", place=name)
    return pa.array([None if value is None else str(value) for value in column], pa.string())
