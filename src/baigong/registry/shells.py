"""Asset administration shells, submodels, concept descriptions and descriptors of the tenants, as they were handed in.

Each is kept as its canonical JSON (decision 0018) and served from memory; whoever changes one gets it decoded anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import sqlalchemy as sa

from baigong.models.aas import Finding, errors, judge
from baigong.models.aas.descriptors import (
    LINKS,
    SHELL_DESCRIPTOR,
    SUBMODEL_DESCRIPTOR,
    asset_links,
    shell_descriptor,
    submodel_descriptor,
)
from baigong.models.aas.environment import Jsonable
from baigong.models.aas.findings import refusal
from baigong.registry.events import Events
from baigong.registry.resident import Resident
from baigong.stores.records.engine import Records
from baigong.stores.records.shells import (
    FileRow,
    ShellRow,
    drop_files,
    drop_shells,
    file_of,
    files_of,
    put_file,
    put_shells,
    since_us,
)
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Event

SHELL, SUBMODEL, CONCEPT = "AssetAdministrationShell", "Submodel", "ConceptDescription"
_MOST = 256 << 20  # characters in memory at once
_MOST_EVENTS = 100  # of one change; a larger one is one event
Key = tuple[str, str]  # kind, id


@dataclass(slots=True)
class _Shelf:
    rows: dict[Key, ShellRow]
    order: dict[str, list[str]] = field(default_factory=dict)  # ids by kind, sorted; empty: to be made


@dataclass(slots=True, kw_only=True)
class Change:
    """What is written at once. ``bare``: whose files go first; ``lost``: single files (kind, id, name)."""

    puts: Sequence[Jsonable] = ()
    drops: Sequence[Key] = ()
    bare: Sequence[Key] = ()
    lost: Sequence[tuple[str, str, str]] = ()
    files: Sequence[FileRow] = ()


class Shells:
    """Lives on the event loop; reading is callable from threads."""

    def __init__(
        self,
        events: Events,
        records: Records,
        clock_us: Callable[[], int],
        load: Callable[[str], Iterable[ShellRow]],
        most: int = _MOST,
    ) -> None:
        self._events, self._records, self._clock_us = events, records, clock_us
        self._shelves: Resident[_Shelf] = Resident(lambda tenant: _shelf(load(tenant)), _size, most)
        self._one_change = asyncio.Lock()
        self._since: dict[str, int] = {}

    def since_us(self, tenant: str) -> int:
        """Return when a tenant was made here; it never changes."""
        found = self._since.get(tenant)
        if found is None:
            found = self._since[tenant] = self._records.read_now(lambda c: since_us(c, tenant), tenant=tenant)
        return found

    def ids(self, tenant: str, kind: str) -> list[str]:
        """Return the ids of a kind, sorted; do not change it."""
        shelf = self._shelves.get(tenant)
        found = shelf.order.get(kind)
        if found is None:
            found = shelf.order[kind] = sorted(id for of, id in shelf.rows if of == kind)
        return found

    def find(self, tenant: str, kind: str, id: str) -> ShellRow | None:
        return self._shelves.get(tenant).rows.get((kind, id))

    def row(self, tenant: str, kind: str, id: str) -> ShellRow:
        """Return what bears an id. Raises aas.unknown."""
        found = self.find(tenant, kind, id)
        if found is None:
            raise FixConfiguration("aas.unknown", f"there is no {kind} {id!r}", place=id)
        return found

    async def add(self, tenant: str, kind: str, value: Any, by: str) -> Jsonable:
        """Keep a new one; returns it as it is kept. Raises aas.exists, aas.structure, aas.invalid."""
        made = await asyncio.to_thread(admitted, kind, value)
        async with self._one_change:
            if self.find(tenant, kind, made["id"]) is not None:
                raise FixConfiguration("aas.exists", f"there is a {kind} {made['id']!r} already", place=made["id"])
            await self.write(tenant, Change(puts=[made]), by)
        return made

    async def put(self, tenant: str, kind: str, id: str, value: Any, by: str) -> Jsonable | None:
        """Keep one in place of what bears its id; returns it where nothing did."""
        made = await asyncio.to_thread(admitted, kind, value)
        if made["id"] != id:
            raise FixConfiguration("aas.identifier", f"the body has the id {made['id']!r}, the path {id!r}", place=id)
        async with self._one_change:
            is_new = self.find(tenant, kind, id) is None
            await self.write(tenant, Change(puts=[made]), by)
        return made if is_new else None

    async def edit(
        self,
        tenant: str,
        kind: str,
        id: str,
        by: str,
        work: Callable[[Jsonable], Change | None],
    ) -> Jsonable:
        """Let ``work`` change one in place, judge it and keep it; ``work`` returns what else is written with it.

        What was broken before, because it was tolerated, may stay so; nothing more may break.
        """
        async with self._one_change:
            before = self.row(tenant, kind, id)

            def changed() -> tuple[Jsonable, Change]:
                value = decoded(before)
                change = work(value) or Change()
                return admitted(kind, value, before), change

            made, change = await asyncio.to_thread(changed)
            if made["id"] != id:
                raise FixConfiguration("aas.identifier", "an id stays: delete this one and add another", place=id)
            change.puts = [made, *change.puts]
            await self.write(tenant, change, by)
            return made

    async def drop(self, tenant: str, kind: str, id: str, by: str) -> None:
        """Take one away with its files. Raises aas.unknown."""
        async with self._one_change:
            self.row(tenant, kind, id)
            await self.write(tenant, Change(drops=[(kind, id)]), by)

    async def replace(self, tenant: str, change: Callable[[], Change], by: str) -> None:
        """Write all of what ``change`` returns, or nothing."""
        async with self._one_change:
            await self.write(tenant, change(), by)

    async def write(self, tenant: str, change: Change, by: str) -> None:
        """Write while the one change is held; what is the same already is not written again."""
        held, now = self._shelves.get(tenant).rows, self._clock_us()
        rows, events = [], []
        added = 0
        for value in change.puts:
            made = made_row(tenant, value, now, by)
            old = held.get((made.kind, made.id))
            if old is not None and old.body == made.body:
                continue
            added += old is None
            revision = old.revision + 1 if old is not None else 1
            rows.append(replace(made, revision=revision))
            events.append(_event("shell.changed" if old is not None else "shell.added", tenant, now, made.id, by))
        events += [_event("shell.removed", tenant, now, id, by) for _, id in change.drops]
        if len(events) > _MOST_EVENTS:
            detail = {"by": by, "added": added, "changed": len(rows) - added, "removed": len(change.drops)}
            events = [
                Event(kind="shells.changed", time_us=now, tenant=tenant, subject="plant:", detail=detail)
            ]  # fmt: skip

        def work(connection: sa.Connection) -> None:
            for kind, id in (*change.bare, *change.drops):
                drop_files(connection, tenant, kind, id)
            for kind, id, name in change.lost:
                drop_files(connection, tenant, kind, id, name)
            drop_shells(connection, tenant, change.drops)
            put_shells(connection, tenant, rows)
            for file in change.files:
                put_file(connection, file)

        await self._events.tell(events, with_work=work)
        with self._shelves.lock:
            shelf = self._shelves.get(tenant)
            for row in rows:
                shelf.rows[row.kind, row.id] = row
            for key in change.drops:
                shelf.rows.pop(key, None)
            if added or change.drops:
                shelf.order = {}
            self._shelves.grown(tenant)

    async def file(self, tenant: str, kind: str, id: str, name: str) -> FileRow | None:
        """Return one file of a shell or submodel."""
        return await self._records.read(lambda c: file_of(c, tenant, kind, id, name), tenant=tenant)

    async def files(self, tenant: str, keys: Iterable[Key]) -> list[FileRow]:
        """Return all files of these."""
        wanted = list(keys)
        return await self._records.read(
            lambda c: [row for kind, id in wanted for row in files_of(c, tenant, kind, id)], tenant=tenant
        )

    def forget(self, tenant: str) -> None:
        """Follow the records after a tenant is gone."""
        self._shelves.drop(tenant)
        self._since.pop(tenant, None)


def decoded(row: ShellRow) -> Jsonable:
    """Return what a row holds; it is the caller's own."""
    value: Jsonable = msgspec.json.decode(row.body)
    return value


_DESCRIBED = {SHELL_DESCRIPTOR: shell_descriptor, SUBMODEL_DESCRIPTOR: submodel_descriptor, LINKS: asset_links}


def admitted(kind: str, value: Any, before: ShellRow | None = None) -> Jsonable:
    """Return the canonical JSON of what breaks no rule of 3.1, or none of 3.0. Raises aas.structure, aas.invalid."""
    if kind in _DESCRIBED:
        return _DESCRIBED[kind](value)
    canonical, found = judge(kind, value, "3.1")
    wrong = errors(found)
    if canonical is not None and not wrong:
        return canonical
    older, told = judge(kind, value, "3.0")
    if older is not None and not errors(told):
        return older
    if canonical is not None and before is not None and not _is_new(wrong, before, kind):
        return canonical
    raise refusal(wrong)


def _is_new(wrong: list[Finding], before: ShellRow, kind: str) -> bool:
    return len(wrong) > len(errors(judge(kind, decoded(before), "3.1")[1]))


def made_row(tenant: str, value: Jsonable, now_us: int, by: str) -> ShellRow:
    """Make the row of a canonical value."""
    kind = value["modelType"]
    return ShellRow(
        tenant=tenant,
        kind=kind,
        id=value["id"],
        id_short=value.get("idShort", ""),
        found_by=found_by_text(_found_by(value)),
        body=msgspec.json.encode(value).decode(),
        revision=1,
        changed_us=now_us,
        changed_by=by,
    )


def found_by_text(told: list[str]) -> str:
    """Write what a row is found by as the row has it: the same list is the same text."""
    return msgspec.json.encode(told).decode()


def _found_by(value: Jsonable) -> list[str]:
    if value["modelType"] == LINKS:
        return [f"{one['name']}={one['value']}" for one in value["links"]]
    if value["modelType"] in (SHELL, SHELL_DESCRIPTOR):
        about = value.get("assetInformation", value)
        ids = [f"{one['name']}={one['value']}" for one in about.get("specificAssetIds", ())]
        return ids + ([f"globalAssetId={about['globalAssetId']}"] if "globalAssetId" in about else [])
    return key_values(value.get("semanticId"))


def key_values(reference: Any) -> list[str]:
    """Return the values of a reference's keys; nothing for what is no reference."""
    keys = reference.get("keys") if isinstance(reference, dict) else None
    return [str(key.get("value")) for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []


def _shelf(rows: Iterable[ShellRow]) -> _Shelf:
    return _Shelf({(row.kind, row.id): row for row in rows})


def _size(shelf: _Shelf) -> int:
    return sum(len(row.body) for row in shelf.rows.values())


def _event(kind: str, tenant: str, now_us: int, id: str, by: str) -> Event:
    return Event(kind=kind, time_us=now_us, tenant=tenant, subject=f"shell:{id}", detail={"by": by})
