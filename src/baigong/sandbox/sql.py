"""SQL for people: each query in a child process of its tenant, behind walls, within memory and time."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
import pyarrow as pa

from baigong.sandbox import wire
from baigong.sandbox.child import Child, ChildDied
from baigong.sandbox.walls import Limits, kernel
from baigong.vocab.errors import BaigongError, FixConfiguration, ReportBug, RetryLater

_ENTRY = "baigong.sandbox.sqlchild:main"
_CATALOGUE = ("show", "describe", "summarize", "schema", "duckdb_", "pg_", "sqlite_", "pragma_")
_KINDS = {"sql.invalid": FixConfiguration, "sql.refused": FixConfiguration, "sql.timeout": RetryLater}
_KINDS |= {"sql.memory": RetryLater, "storage.corrupt": RetryLater, "internal.error": ReportBug}


class View(Protocol):
    """What one tenant sees at one moment (``stores.lake.sqlview`` makes them)."""

    @property
    def tables(self) -> Mapping[str, pa.Table | Callable[[], pa.Table]]:
        """Arrow tables handed in, by name, or how to get them; only those a chosen statement names are."""

    @property
    def statements(self) -> Sequence[tuple[str, str]]:
        """Trusted SQL that turns them and the files into the tables people see, each with a word or "".

        One with a word is left out where the query's text neither holds the word nor looks into the catalogue.
        """

    @property
    def files(self) -> Sequence[str]:
        """Absolute paths DuckDB may read."""

    @property
    def roots(self) -> Sequence[str]:
        """Folders that hold those files and nothing of other tenants: what Landlock lets through."""


@dataclass(slots=True, frozen=True, kw_only=True)
class SqlSettings:
    """``per_tenant``/``total``: children at once. ``result_bytes``: what one answer may weigh in memory.

    ``sql_without_landlock_reads_any_file``: serve where the kernel has no Landlock; DuckDB's own settings are then
    the only thing between a query and the files this user may read.
    """

    per_tenant: int = 2
    total: int = 4
    queue_s: float = 5.0
    idle_s: float = 120.0
    result_rows: int = 1_000_000
    result_bytes: int = 256 << 20
    recycle_rss: int = 400 << 20  # bytes; a child that ever took more is replaced, since allocators keep what they had
    keep_spare: bool = True
    sql_without_landlock_reads_any_file: bool = False
    limits: Limits = field(default_factory=Limits)


class _Confine(msgspec.Struct, kw_only=True, tag="confine"):
    readable: Sequence[str]
    limits: Limits
    without_landlock: bool


class _Ask(msgspec.Struct, kw_only=True, tag="ask"):
    sql: str
    tables: Sequence[str]
    statements: Sequence[str]
    files: Sequence[str]
    max_rows: int
    max_bytes: int
    timeout_s: float


@dataclass(slots=True)
class _Seat:
    """A confined child: its tenant and the folders it may read never change."""

    child: Child
    tenant: str
    roots: frozenset[str]
    idle_since: float = 0.0


def _chosen(statements: Sequence[tuple[str, str]], sql: str) -> list[str]:
    text = sql.lower()
    catalogue = any(word in text for word in _CATALOGUE)
    return [statement for word, statement in statements if not word or catalogue or word in text]


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _forget(work: asyncio.Future[tuple[View, list[int]]]) -> None:
    if not work.cancelled() and work.exception() is None:
        _close(work.result()[1])


class SqlPool:
    """Answers queries of many tenants. ``source``: called in a thread, returns the tenant's view of now."""

    def __init__(self, source: Callable[[str], View], settings: SqlSettings | None = None) -> None:
        self._source = source
        self._settings = settings or SqlSettings()
        self._idle: list[_Seat] = []
        self._busy: dict[str, int] = {}
        self._children: set[Child] = set()
        self._spare: asyncio.Task[Child] | None = None
        self._room = asyncio.Condition()
        self._reaper: asyncio.Task[None] | None = None
        self._chores: set[asyncio.Task[Any]] = set()
        self._walls: dict[str, int | bool] | None = None
        self.counters = {"queries": 0, "refused": 0, "timeouts": 0, "memory": 0, "busy": 0, "started": 0}

    async def query(self, tenant: str, sql: str, *, limit: int | None = None, timeout_s: float = 30.0) -> pa.Table:
        """Run one SELECT. The schema's metadata say ``truncated`` (true|false), ``rows`` and ``ms``.

        ``limit``: at most so many rows (and never more than the settings'). Raises sql.invalid, sql.refused,
        sql.timeout, sql.memory, sql.busy, storage.corrupt, sql.walls.
        """
        self.counters["queries"] += 1
        deadline = time.monotonic() + timeout_s
        await self._take_slot(tenant, min(timeout_s, self._settings.queue_s))
        try:
            try:
                return await self._run(tenant, sql, limit, deadline, timeout_s)
            except RetryLater as error:
                if error.code != "storage.corrupt":
                    raise
            # a file was replaced between our look and the child's: look again, once
            return await self._run(tenant, sql, limit, deadline, timeout_s)
        except BaigongError as error:
            counter = {"sql.refused": "refused", "sql.timeout": "timeouts", "sql.memory": "memory"}.get(error.code)
            if counter:
                self.counters[counter] += 1
            raise
        finally:
            await self._give_slot(tenant)

    def walls(self) -> dict[str, Any]:
        """Say which walls stand: those of the newest child, or what the kernel offers while there was none."""
        standing = self._walls or kernel()
        option = self._settings.sql_without_landlock_reads_any_file
        serving = bool(standing["seccomp"]) and (bool(standing["landlock"]) or option)
        return {**standing, "serving": serving, "confined": self._walls is not None, "without_landlock_allowed": option}

    def stats(self) -> dict[str, Any]:
        """Return counters and the children's process ids, for the system page."""
        alive = [child.pid for child in self._children if child.alive]
        return {**self.counters, "children": alive, "idle": len(self._idle), "busy": sum(self._busy.values())}

    async def close(self) -> None:
        """Kill all children."""
        tasks = [t for t in (self._reaper, self._spare, *self._chores) if t is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._reaper = self._spare = None
        self._idle.clear()
        for child in list(self._children):
            await self._end(child)

    # -- one query -------------------------------------------------------------------------------------------------

    async def _run(self, tenant: str, sql: str, limit: int | None, deadline: float, timeout_s: float) -> pa.Table:
        seat: _Seat | None = None
        keep = False
        try:
            async with asyncio.timeout(max(0.001, deadline - time.monotonic())):
                view, descriptors = await self._prepared(tenant, sql, limit, deadline)
                try:
                    seat = await self._seat(tenant, frozenset(view.roots))
                    await seat.child.send(descriptors)
                finally:
                    _close(descriptors)
                kind, header, arrow = await seat.child.receive(self._settings.result_bytes * 2 + (1 << 20))
            table, keep = self._answer(kind, header, arrow)
            return table
        except TimeoutError as error:
            raise RetryLater("sql.timeout", f"the query did not end within {timeout_s:g} s") from error
        except ChildDied as error:
            raise RetryLater("sql.memory", "the query's process ended, most likely for want of memory") from error
        except BaigongError as error:
            keep = not error.fields.pop("fatal", False)
            raise
        finally:
            if seat is not None:
                await asyncio.shield(self._chore(self._leave(seat, keep)))

    async def _prepared(self, tenant: str, sql: str, limit: int | None, deadline: float) -> tuple[View, list[int]]:
        """Prepare in a thread; what a thread brings after we were cancelled is closed, not leaked."""
        work = asyncio.ensure_future(asyncio.to_thread(self._prepare, tenant, sql, limit, deadline))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            work.add_done_callback(_forget)
            raise

    def _prepare(self, tenant: str, sql: str, limit: int | None, deadline: float) -> tuple[View, list[int]]:
        view = self._source(tenant)
        statements = _chosen(view.statements, sql)
        tables = {name: t for name, t in view.tables.items() if any(name in s for s in statements)}
        rows = self._settings.result_rows
        ask = _Ask(
            sql=sql,
            tables=list(tables),
            statements=statements,
            files=view.files,
            max_rows=rows if limit is None else max(0, min(limit, rows)),
            max_bytes=self._settings.result_bytes,
            timeout_s=max(0.001, deadline - time.monotonic()),
        )
        descriptors = [wire.sealed(msgspec.json.encode(ask))]
        try:
            for table in tables.values():
                descriptors.append(wire.sealed_table(table() if callable(table) else table))
        except BaseException:
            _close(descriptors)
            raise
        return view, descriptors

    def _answer(self, kind: int, header: bytes, arrow: bytearray) -> tuple[pa.Table, bool]:
        try:
            told = msgspec.json.decode(header)
            if kind == wire.ERROR:
                code = told["code"] if told["code"] in _KINDS else "internal.error"
                error = _KINDS[code](code, str(told["message"]))
                error.fields.update({"fatal": True} if told["fatal"] else {})
                raise error
            with pa.ipc.open_stream(pa.py_buffer(arrow)) as reader:
                table = reader.read_all()
            table.validate(full=True)  # a child may be anybody's by now
            facts = {
                "truncated": str(bool(told["truncated"])).lower(),
                "rows": str(len(table)),
                "ms": f"{told['ms']:.1f}",
            }
            keep = int(told["rss"]) < self._settings.recycle_rss
        except (pa.ArrowException, msgspec.DecodeError, KeyError, TypeError, ValueError, OSError) as error:
            raise ChildDied("the child's answer is not one") from error
        return table.replace_schema_metadata(facts), keep

    # -- children --------------------------------------------------------------------------------------------------

    async def _seat(self, tenant: str, roots: frozenset[str]) -> _Seat:
        for seat in [s for s in self._idle if s.tenant == tenant]:
            self._idle.remove(seat)
            if seat.child.alive and roots <= seat.roots:
                return seat
            await self._end(seat.child)  # a folder was made that its walls do not know
        if len(self._children) >= self._settings.total and self._idle:
            await self._end(self._idle.pop(0).child)  # the longest idle one of another tenant makes room
        child = await self._take_spare()
        try:
            standing = await self._confine(child, roots)
        except ChildDied:  # a spare can have died while it waited; a new one has no excuse
            child = await self._spawn()
            standing = await self._confine(child, roots)
        self._walls = standing
        if self._settings.keep_spare and len(self._children) < self._settings.total:
            self._spare = asyncio.create_task(self._spawn())
        if self._reaper is None:
            self._reaper = asyncio.create_task(self._reap())
        return _Seat(child, tenant, roots)

    async def _take_spare(self) -> Child:
        spare, self._spare = self._spare, None
        if spare is not None:
            child = await spare
            if child.alive:
                return child
            await self._end(child)
        return await self._spawn()

    async def _spawn(self) -> Child:
        child = Child.spawn(_ENTRY)
        self._children.add(child)
        self.counters["started"] += 1
        return child

    async def _confine(self, child: Child, roots: frozenset[str]) -> dict[str, int | bool]:
        """Raise the child's walls; one whose walls do not stand does not live."""
        allowed = self._settings.sql_without_landlock_reads_any_file
        order = _Confine(readable=sorted(roots), limits=self._settings.limits, without_landlock=allowed)
        descriptor = wire.sealed(msgspec.json.encode(order))
        stands = False
        try:
            await child.send([descriptor])
            kind, header, _ = await child.receive(1 << 20)
            told = msgspec.json.decode(header)
            if kind != wire.HELLO:
                raise FixConfiguration("sql.walls", str(told.get("message", "the sandbox does not stand")))
            if not told["landlock"] and not allowed:
                raise FixConfiguration("sql.walls", "this kernel has no Landlock")
            stands = True
        finally:
            os.close(descriptor)
            if not stands:
                await self._end(child)
        return dict(told)

    async def _leave(self, seat: _Seat, keep: bool) -> None:
        if keep and seat.child.alive:
            seat.idle_since = time.monotonic()
            self._idle.append(seat)
        else:
            await self._end(seat.child)

    async def _end(self, child: Child) -> None:
        self._children.discard(child)
        await child.kill()

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(max(0.05, self._settings.idle_s / 4))
            old = time.monotonic() - self._settings.idle_s
            for seat in [s for s in self._idle if s.idle_since < old]:
                self._idle.remove(seat)
                await self._end(seat.child)
            if not self._idle and not self._busy and self._spare is not None:
                spare, self._spare = self._spare, None
                await self._end(await spare)

    def _chore(self, work: Coroutine[Any, Any, None]) -> Awaitable[None]:
        task = asyncio.create_task(work)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)
        return task

    # -- slots -----------------------------------------------------------------------------------------------------

    async def _take_slot(self, tenant: str, wait_s: float) -> None:
        def free() -> bool:
            mine = self._busy.get(tenant, 0)
            return mine < self._settings.per_tenant and sum(self._busy.values()) < self._settings.total

        try:
            async with asyncio.timeout(wait_s), self._room:
                await self._room.wait_for(free)
                self._busy[tenant] = self._busy.get(tenant, 0) + 1
        except TimeoutError as error:
            self.counters["busy"] += 1
            raise RetryLater("sql.busy", "too many queries at once") from error

    async def _give_slot(self, tenant: str) -> None:
        async with self._room:
            self._busy[tenant] -= 1
            if not self._busy[tenant]:
                del self._busy[tenant]
            self._room.notify_all()
