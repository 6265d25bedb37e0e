"""What business systems tell: orders, items, stock … upserted by key, missed ones marked, nothing ever doubled.

A *run* is one telling of one source about one kind: some records, or the whole of what there is (a snapshot), in one
or more parts. A part may come twice. A snapshot that misses a large part of what was there is held: its records are
taken, and what it misses is marked as gone only when somebody has agreed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.businesssql import RecordTables
from baigong.registry.events import Events
from baigong.stores.records import Records, access
from baigong.stores.records import business as rows
from baigong.stores.records.business import Place, Written
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Event
from baigong.vocab.recordkinds import record_kind
from baigong.vocab.recordmap import Wrong
from baigong.vocab.recordrows import as_json
from baigong.vocab.recordwire import Part

_RUNS_KEPT = 50  # of one kind from one source
_HELD_FROM = 3  # records missed
_HELD_PART = 0.2  # of those that were there


class Counts(Struct, frozen=True, kw_only=True):
    inserted: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0

    def plus(self, other: Counts) -> Counts:
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


class Told(Struct, frozen=True, kw_only=True):
    """``gone``: marked as gone; ``held``: would be, and wait for somebody.

    ``partial``: parts of the telling were lost, so nothing is marked.
    """

    counts: Counts = Counts()
    gone: int = 0
    held: int = 0
    partial: bool = False
    wrong: list[Wrong] = []
    parts: dict[int, Counts] = {}


class Run(Struct, frozen=True, kw_only=True):
    """``state``: open, done, held, agreed, replaced (a later snapshot decided)."""

    run: str
    kind: str
    source: str
    state: str
    whole: bool
    began_us: int
    ended_us: int | None
    who: str
    told: Told


class BusinessRecords:
    def __init__(self, records: Records, events: Events, clock_us: Callable[[], int]) -> None:
        self._records, self._events, self._clock_us = records, events, clock_us
        self.tables = RecordTables(records)

    async def put(self, tenant: str, part: Part, table: pa.Table, who: str) -> Run:
        """Take records (schema ``record_schema``); on disk when this returns. Raises record.kind."""
        record_kind(part.kind)
        place, now = Place(tenant, part.kind, part.source), self._clock_us()
        told = await asyncio.to_thread(lambda: [Written(*row) for row in as_json(table, part.kind)])

        def work(connection: sa.Connection) -> Run:
            access.ensure_tenant(connection, tenant, now)
            counts = _upsert(connection, place, told, now, part)
            return _note(connection, place, part, [row.key for row in told], counts, now, who)

        made = await self._records.write(work, tenant=tenant)
        self.tables.note(tenant, part.kind, [row.key for row in told] if not made.told.gone else None)
        if made.told.held:
            await self._tell(made, tenant, now)
        return made

    async def agree(self, tenant: str, run: str, gone: int, who: str) -> Run:
        """Mark as gone what a held snapshot missed. Raises record.held where they are not ``gone`` in number by now."""
        now = self._clock_us()

        def work(connection: sa.Connection) -> Run:
            held = rows.find_run(connection, tenant, run)
            if held is None or held.state != "held":
                raise FixConfiguration("record.held", f"the run {run!r} waits for nobody", place="run")
            missed = msgspec.json.decode(held.missed, type=list[str])
            if len(missed) != gone:
                raise FixConfiguration("record.held", f"it is {len(missed)} records now, not {gone}", place="gone")
            place = Place(tenant, held.kind, held.source)
            rows.mark_records(connection, place, missed, now, now, run)
            told = msgspec.structs.replace(msgspec.json.decode(held.told, type=Told), gone=len(missed), held=0)
            values = {"state": "agreed", "ended_us": now, "who": who, "told": _text(told), "missed": "[]"}
            rows.put_run(connection, place, run, values)
            return _stands(connection, tenant, run)

        made = await self._records.write(work, tenant=tenant)
        self.tables.note(tenant, made.kind, None)
        return made

    async def counts(self, tenant: str) -> list[tuple[str, str, int, int, int]]:
        """Return (kind, source, there, gone, last change) of everything there is."""
        found = await self._records.read(lambda c: rows.counts_of(c, tenant), tenant=tenant)
        return [tuple(row) for row in found]

    async def search(
        self,
        tenant: str,
        kind: str,
        *,
        search: str = "",
        gone: bool | None = None,
        after: tuple[str, str] = ("", ""),
        limit: int = 100,
    ) -> list[sa.Row[Any]]:
        record_kind(kind)
        return await self._records.read(
            lambda c: rows.list_records(c, tenant, kind, search, gone, after, limit), tenant=tenant
        )

    async def one(self, tenant: str, kind: str, source: str, key: str) -> tuple[sa.Row[Any], list[sa.Row[Any]]]:
        """Return a record and its history. Raises http.not_found."""
        place = Place(tenant, kind, source)
        found, told = await self._records.read(
            lambda c: (rows.one_record(c, place, key), rows.history_of(c, place, key, 200)), tenant=tenant
        )
        if found is None:
            raise FixConfiguration("http.not_found", f"{source} told of no {kind} {key!r}", place="key")
        return found, told

    async def with_key(self, tenant: str, kind: str, key: str) -> list[sa.Row[Any]]:
        """Return what each source says of a key."""
        return await self._records.read(lambda c: rows.records_with(c, tenant, kind, key), tenant=tenant)

    async def episodes_of(self, tenant: str, order: str) -> list[str]:
        """Return ids of episodes whose attributes name this order, the latest first."""
        return await self._records.read(lambda c: rows.episodes_of_order(c, tenant, order, 200), tenant=tenant)

    async def runs(self, tenant: str, state: str = "", limit: int = 50) -> list[Run]:
        found = await self._records.read(lambda c: rows.list_runs(c, tenant, state, limit), tenant=tenant)
        return [_run(row) for row in found]

    def forget(self, tenant: str) -> None:
        """Follow the records after a company is gone."""
        self.tables.forget(tenant)

    async def _tell(self, run: Run, tenant: str, now: int) -> None:
        detail = {"run": run.run, "kind": run.kind, "missed": run.told.held}
        await self._events.tell(
            [Event(kind="records.held", time_us=now, tenant=tenant, subject=f"source:{run.source}", detail=detail)]
        )


def _upsert(connection: sa.Connection, place: Place, told: Sequence[Written], now: int, part: Part) -> Counts:
    held = rows.held_of(connection, place, [row.key for row in told])
    fresh = [row for row in told if row.key not in held]
    other = [row for row in told if row.key in held and held[row.key][0] != row.digest]
    back = [row.key for row in told if row.key in held and held[row.key] == (row.digest, True)]
    back += [row.key for row in other if held[row.key][1]]
    rows.mark_records(connection, place, back, None, now, part.run)
    rows.add_records(connection, place, fresh, now, part.run)
    rows.change_records(connection, place, other, now, part.run)
    same = len(told) - len(fresh) - len(other)
    return Counts(inserted=len(fresh), changed=len(other), unchanged=same, refused=part.refused)


def _note(
    connection: sa.Connection, place: Place, part: Part, keys: Sequence[str], counts: Counts, now: int, who: str
) -> Run:
    """Write down how the run stands, and with its last part what it misses."""
    before = rows.find_run(connection, place.tenant, part.run)
    had = Told() if before is None else msgspec.json.decode(before.told, type=Told)
    if before is not None and before.state != "open" and part.part in had.parts:
        return _run(before)  # it came twice, and is written
    parts = had.parts | {part.part: counts}
    total = Counts()
    for one in parts.values():
        total = total.plus(one)
    told = msgspec.structs.replace(had, counts=total, parts=parts, wrong=[*had.wrong, *part.wrong][:20])
    there = [*keys, *part.standing]
    _there_again(connection, place, there)
    if part.whole:
        rows.put_part(connection, place.tenant, part.run, part.part, msgspec.json.encode(there).decode())
    if part.last and part.whole:
        told = _missed(connection, place, part, told, now)
    values = {
        "state": "done" if part.last else "open",
        "whole": part.whole,
        "began_us": now if before is None else before.began_us,
        "ended_us": now if part.last else None,
        "who": who,
        "told": _text(told),
        "missed": "[]",
    }
    rows.put_run(connection, place, part.run, values)
    if part.last:
        rows.forget_runs(connection, place, _RUNS_KEPT)
    return _stands(connection, place.tenant, part.run)


def _there_again(connection: sa.Connection, place: Place, keys: Sequence[str]) -> None:
    """What waits to be marked as gone, and is told again meanwhile, is not gone."""
    for held in rows.held_runs(connection, place):
        missed, there = msgspec.json.decode(held.missed, type=list[str]), set(keys)
        left = [key for key in missed if key not in there]
        if len(left) < len(missed):
            told = msgspec.structs.replace(msgspec.json.decode(held.told, type=Told), held=len(left))
            state = "held" if left else "replaced"
            rows.put_run(connection, place, held.run, {"state": state, "told": _text(told), "missed": _text(left)})


def _missed(connection: sa.Connection, place: Place, part: Part, told: Told, now: int) -> Told:
    """Mark what a whole snapshot does not have, or hold it where that is too much to believe."""
    parts = rows.take_parts(connection, place.tenant, part.run)
    if {number for number, _ in parts} != set(range(part.part + 1)):
        return msgspec.structs.replace(told, partial=True)
    there = {key for _, keys in parts for key in msgspec.json.decode(keys, type=list[str])}
    present = rows.present_keys(connection, place)
    missed = sorted(set(present) - there)
    waiting = rows.held_runs(connection, place)
    if (not there & set(present) and missed) or (len(missed) >= _HELD_FROM and len(missed) > _HELD_PART * len(present)):
        _hold(connection, place, part, told, missed, waiting[0].run if waiting else f"{part.run}-missed", now)
        return msgspec.structs.replace(told, held=len(missed))
    for one in waiting:
        rows.put_run(connection, place, one.run, {"state": "replaced", "ended_us": now, "missed": "[]"})
    rows.mark_records(connection, place, missed, now, now, part.run)
    return msgspec.structs.replace(told, gone=len(missed))


def _hold(
    connection: sa.Connection, place: Place, part: Part, told: Told, missed: Sequence[str], run: str, now: int
) -> None:
    """One run of a source waits, however often it is read meanwhile: people agree to what they see."""
    held = Told(held=len(missed), wrong=told.wrong)
    values = {
        "state": "held", "whole": True, "began_us": now, "ended_us": None, "who": "", "told": _text(held),
        "missed": _text(missed),
    }  # fmt: skip
    if rows.find_run(connection, place.tenant, run) is not None:
        del values["began_us"]
    rows.put_run(connection, place, run, values)


def _stands(connection: sa.Connection, tenant: str, run: str) -> Run:
    found = rows.find_run(connection, tenant, run)
    if found is None:
        raise FixConfiguration("record.held", f"there is no run {run!r}", place="run")
    return _run(found)


def _text(what: Any) -> str:
    return msgspec.json.encode(what).decode()


def _run(row: sa.Row[Any]) -> Run:
    return Run(
        run=row.run,
        kind=row.kind,
        source=row.source,
        state=row.state,
        whole=bool(row.whole),
        began_us=row.began_us,
        ended_us=row.ended_us,
        who=row.who,
        told=msgspec.json.decode(row.told, type=Told),
    )
