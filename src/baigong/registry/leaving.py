"""A company that leaves the platform: all of it is deleted, step by step, and the deletion is proven.

Every step may be repeated, and what was there is counted and written down before anything is deleted: a platform
killed in the middle goes on where it was, and the proof says the same. What stays: the id (never given again), the
audit log, and what the platform's own books say of its use.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from baigong.bus.contract import Bus
from baigong.registry.audit import Entry, Proof, append
from baigong.registry.away import Away
from baigong.registry.deletion import ACTION, InLake, Leave, deletion
from baigong.registry.opening import Registry
from baigong.registry.tenants import SUSPENDED
from baigong.security.tokens import new_token
from baigong.stores.lake.contract import Snapshot
from baigong.stores.records import ALL, members
from baigong.stores.records.access import GONE, LEAVING
from baigong.stores.records.leaving import count_rows, delete_rows, mark, notes, revoke_grants_to
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater
from baigong.vocab.usage import PLATFORM

_AGAIN_S = 2.0
_GATEWAY_S = 10.0
_ROUNDS = 2
_LAST_BACKUP = "last-backup"


class State(Struct, frozen=True, kw_only=True):
    """``step``: what is being done; ``trouble``: why it cannot go on for now. ``proof``: when it is done.

    ``later``: entries of gateways that were away then and have forgotten since.
    """

    tenant: str
    state: str
    step: str = ""
    began_us: int | None = None
    trouble: dict[str, Any] | None = None
    proof: Proof | None = None
    later: list[Proof] = []


class Lake(Protocol):
    """What a tenant's values are deleted from."""

    def snapshot(self, tenant: str) -> Snapshot: ...

    async def forget(self, tenant: str) -> Any:
        """Delete all of a tenant; returns at least ``left``, the number of its files that are still there."""
        ...


async def _nothing() -> None:
    pass


class Departures:
    """``run`` does the work, once books of use are kept. ``forgets``: what else keeps something of a tenant."""

    def __init__(self, registry: Registry, lake: Lake, bus: Bus, clock_us: Callable[[], int]) -> None:
        self._registry, self._lake, self._bus, self._clock_us = registry, lake, bus, clock_us
        self._write_books: Callable[[], Awaitable[None]] = _nothing
        self._books_are_kept = asyncio.Event()
        self.forgets: list[Callable[[str], None]] = []
        self._under_way: dict[str, Leave] = {}
        self.away = Away(registry, bus, clock_us)
        self._steps: dict[str, str] = {}
        self._troubles: dict[str, dict[str, Any]] = {}
        self._wake = asyncio.Event()
        registry.events.has_left = registry.tenants.has_left

    def keep_books(self, write: Callable[[], Awaitable[None]]) -> None:
        """``write``: writes down what was used, so that the stream may let go of it. Nothing is deleted before."""
        self._write_books = write
        self._books_are_kept.set()

    async def load(self) -> None:
        """Read what was under way when the platform ended."""
        found = await self._registry.records.read(notes, tenant=ALL)
        for tenant, text in found.items():
            held = msgspec.json.decode(text, type=Leave)
            (self.away.held if held.done_us else self._under_way)[tenant] = held

    async def begin(self, tenant: str, typed: str, who: str, home: str, reason: str, origin: str = "") -> None:
        """Delete a company from now on; there is no way back. ``home``: the company of whoever wants it.

        Raises tenant.not_suspended, config.conflict for one's own company, or where ``typed`` is not its id.
        """
        registry = self._registry
        company = registry.tenants.get(tenant)
        if tenant in (PLATFORM, home, registry.tenant):
            raise FixConfiguration("config.conflict", f"{tenant} runs this platform: it stays", place=tenant)
        if typed != tenant:
            raise FixConfiguration("config.conflict", "type the id of the company that is to be deleted", place="typed")
        if tenant in self._under_way:
            self._wake.set()
            return
        if company.state == GONE:
            raise FixConfiguration("tenant.gone", f"{tenant} has left", place=tenant)
        if company.state != SUSPENDED:
            raise FixConfiguration("tenant.not_suspended", f"{tenant} is {company.state}", place=tenant)
        config = await asyncio.to_thread(_in_folder, registry.data / "config" / tenant)
        documents = await asyncio.to_thread(_contents, registry.documents.folder(tenant))
        began, id = self._clock_us(), new_token("l")[:14]
        gateways = registry.gateways.named() | registry.devices.gateways | {"local"}

        def work(connection: sa.Connection) -> Leave:
            held = Leave(
                id=id,
                who=who,
                origin=origin,
                reason=reason,
                began_us=began,
                tables=count_rows(connection, tenant),
                config=config,
                documents=documents,
                gateways=tuple(sorted(g for g in gateways if registry.gateways.serves(g, tenant))),
            )
            mark(connection, tenant, LEAVING, msgspec.json.encode(held).decode())
            return held

        self._under_way[tenant] = await registry.records.write(work, tenant=ALL)
        registry.tenants.forget(tenant, LEAVING)
        registry.rights.changed()
        self._wake.set()

    async def state(self, tenant: str) -> State:
        """Say how far it is; with the proof when it is done."""
        company = self._registry.tenants.get(tenant)
        held = self._under_way.get(tenant)
        if held is not None:
            return State(
                tenant=tenant,
                state=LEAVING,
                step=self._steps.get(tenant, ""),
                began_us=held.began_us,
                trouble=self._troubles.get(tenant),
            )
        if company.state != GONE:
            return State(tenant=tenant, state=company.state)
        proof, *later = await self._proofs(tenant)
        return State(tenant=tenant, state=GONE, proof=proof, later=later)

    async def proof(self, tenant: str) -> Proof:
        """Return the entry of the deletion, and that it is in the log. Raises http.not_found."""
        return (await self._proofs(tenant))[0]

    async def _proofs(self, tenant: str) -> list[Proof]:
        """The deletion's, then those of gateways that forgot later."""
        audit = self._registry.audit
        rows = await audit.entries(tenant=tenant, action=ACTION, object=deletion(tenant))
        if not rows:
            raise FixConfiguration("http.not_found", f"{tenant} was not deleted here", place=tenant)
        return [await audit.prove(row.seq) for row in reversed(rows)]

    async def run(self) -> None:
        """Delete whom ``begin`` says, and whose deletion was cut short; tell who comes back; until cancelled."""
        await self.load()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._work())
            tasks.create_task(self.away.run())

    async def _work(self) -> None:
        await self._books_are_kept.wait()  # else the stream would still hold what the proof says is gone
        await self._registry.records.scrub()  # the platform may have been killed just before it would have
        while True:
            self._wake.clear()
            for tenant in list(self._under_way):
                try:
                    await self.finish(tenant)
                except BaigongError as error:  # seen with the state, and tried again
                    self._troubles[tenant] = error.problem()
            try:
                async with asyncio.timeout(_AGAIN_S if self._under_way else None):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def finish(self, tenant: str) -> None:
        """Do all that is left to do. Raises RetryLater where it has to wait."""
        held = self._under_way[tenant]
        self._steps[tenant] = "machines"
        await self._end_machines(tenant, held)
        held = await self._end_gateways(tenant, held)
        self._steps[tenant] = "values"
        await self._write_books()
        held = await self._count_lake(tenant, held)
        for _ in range(_ROUNDS):  # once more, so that nothing is left in the file in which the stream goes on
            gone = await self._lake.forget(tenant)
            await self._write_books()
        gone = await self._lake.forget(tenant)
        self._steps[tenant] = "files"
        await self._end_files(tenant)
        self._steps[tenant] = "records"
        await self._end_records(tenant, held, gone.left)

    async def _end_machines(self, tenant: str, held: Leave) -> None:
        registry = self._registry
        registry.commands.forget(tenant)
        for row in registry.certificates.of_tenant(tenant):
            await registry.certificates.revoke(tenant, row.serial, "cessation_of_operation", by=held.who)
        for device in registry.devices.of_tenant(tenant):
            await registry.devices.drop(tenant, device.spec.device, by=held.who)

    async def _end_gateways(self, tenant: str, held: Leave) -> Leave:
        """Let every gateway forget; one that is away is named in the proof, and reads nothing of it when it is back."""
        asked, away = msgspec.json.encode({"tenant": tenant}), []
        for gateway in held.gateways or ("local",):
            try:
                await self._bus.request(f"gateway.{gateway}.forget", asked, timeout_s=_GATEWAY_S)
            except RetryLater as error:
                if error.code == "tenant.receiving":
                    raise
                away.append(gateway)
        return await self._keep(tenant, msgspec.structs.replace(held, away=tuple(away)))

    async def _count_lake(self, tenant: str, held: Leave) -> Leave:
        if held.lake is not None:
            return held
        found = await asyncio.to_thread(lambda: in_lake(self._lake.snapshot(tenant)))
        return await self._keep(tenant, msgspec.structs.replace(held, lake=found))

    async def _keep(self, tenant: str, held: Leave) -> Leave:
        text = msgspec.json.encode(held).decode()
        await self._registry.records.write(lambda c: mark(c, tenant, LEAVING, text), tenant=ALL)
        self._under_way[tenant] = held
        return held

    async def _end_files(self, tenant: str) -> None:
        registry = self._registry
        found = await registry.providers.of_tenant(tenant)
        for one in found:
            if one.provider is not None:
                registry.openid.forget(one.provider)
        await asyncio.to_thread(_remove, registry.data / "config" / tenant)
        await asyncio.to_thread(registry.documents.forget, tenant)
        registry.providers.forget_listing()
        registry.watch.forget_tenant(tenant)

    async def _end_records(self, tenant: str, held: Leave, left_files: int) -> None:
        registry = self._registry
        names = [p.name for p in await registry.records.read(lambda c: members.people_of(c, tenant), tenant=tenant)]
        copies = await asyncio.to_thread(_copies, registry.data)
        now = self._clock_us()
        rest = msgspec.structs.replace(held, tables={}, config=InLake(), documents=InLake(), lake=None, done_us=now)

        def work(connection: sa.Connection) -> None:
            revoke_grants_to(connection, tenant, held.who, now)
            delete_rows(connection, tenant)
            left = count_rows(connection, tenant)
            left.pop("companies", None)  # the id alone, which says that it is gone
            told = _entry(tenant, held, now, left_files + sum(one.rows for one in left.values()), copies)
            mark(connection, tenant, GONE, msgspec.json.encode(rest).decode() if held.away else "")
            append(connection, [told])

        await registry.records.write(work, tenant=ALL, alone=True)
        self._forget(tenant, names)
        await registry.rights.load()
        await registry.stops.forget(tenant)
        await registry.records.scrub()
        for told in (self._under_way, self._steps, self._troubles):
            told.pop(tenant, None)
        if held.away:
            self.away.held[tenant] = rest

    def _forget(self, tenant: str, names: Sequence[str]) -> None:
        """Let every room follow; after this nothing in memory is theirs."""
        registry = self._registry
        registry.tenants.forget(tenant, GONE)
        registry.people.forget_tenant(tenant, names)
        registry.factors.forget_tenant(tenant, names)
        registry.accounts.forget_tenant(tenant)
        registry.credentials.forget_tenant(tenant)
        registry.certificates.forget_tenant(tenant)
        for forget in (
            registry.book.forget,
            registry.names.forget,
            registry.assets.forget,
            registry.types.forget,
            registry.device_templates.forget,
            registry.shells.forget,
            registry.screens.forget,
            registry.screen_links.forget,
            registry.episodes.forget,
            registry.lots.forget,
            registry.business.forget,
            registry.retention.forget,
            registry.usage.forget,
            registry.quotas.forget,
            registry.bills.forget,
            registry.support.forget,
            registry.applications.forget,
            *self.forgets,
        ):
            forget(tenant)


def in_lake(snapshot: Snapshot) -> InLake:
    """Count what the lake has of a tenant, hot rows too."""
    hot, waves = len(snapshot.hot), len(snapshot.hot_bursts) if snapshot.hot_bursts is not None else 0
    files = [*snapshot.files, *snapshot.bursts]
    lines = sorted(f"{Path(f.path).name} {f.rows} {f.bytes}" for f in files)
    return InLake(
        rows=sum(f.rows for f in snapshot.files) + hot,
        recordings=sum(f.rows for f in snapshot.bursts) + waves,
        files=len(files),
        bytes=sum(f.bytes for f in files),
        sum=sha256("\n".join(lines).encode()).hexdigest(),
    )


def _entry(tenant: str, held: Leave, now_us: int, left: int, copies: dict[str, int]) -> Entry:
    lake = held.lake or InLake()
    before = {"tables": held.tables, "lake": lake, "config": held.config, "documents": held.documents}
    rows = sum(one.rows for one in held.tables.values())
    after = {
        "deleted": {"rows": rows, "values": lake.rows, "recordings": lake.recordings, "bytes": lake.bytes},
        "left": left,
        "kept": ["the id", "the audit log", "figures of use of the platform"],
        "gateways_away": held.away,
        "older_copies": copies,
        "began_us": held.began_us,
    }
    return Entry(
        time_us=now_us,
        tenant=tenant,
        who=held.who,
        action=ACTION,
        object=deletion(tenant),
        origin=held.origin,
        reason=held.reason,
        before=msgspec.to_builtins(before),
        after=msgspec.to_builtins(after),
    )


def _in_folder(folder: Path) -> InLake:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{p.relative_to(folder)} {sha256(p.read_bytes()).hexdigest()}" for p in found]
    size = sum(p.stat().st_size for p in found)
    return InLake(files=len(found), bytes=size, sum=sha256("\n".join(lines).encode()).hexdigest())


def _contents(folder: Path) -> InLake:
    """Count contents whose names are their sums: there may be gigabytes, and nobody need read them."""
    found = sorted((path.name, path.stat().st_size) for path in folder.rglob("*") if path.is_file())
    lines = "\n".join(f"{name} {size}" for name, size in found)
    return InLake(files=len(found), bytes=sum(size for _, size in found), sum=sha256(lines.encode()).hexdigest())


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _copies(data: Path) -> dict[str, int]:
    """Name what may still hold it: the last backup (when, in microseconds), copies made before an upgrade."""
    found = {path.name: int(path.stat().st_mtime * 1e6) for path in sorted(data.glob("records.db.v*"))}
    last = data / _LAST_BACKUP
    return found | ({"backup": int(last.stat().st_mtime * 1e6)} if last.exists() else {})
