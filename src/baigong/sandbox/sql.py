"""SQL for people: each query in a child process of its tenant, behind walls, within memory and time."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import msgspec
import pyarrow as pa

from baigong.sandbox import wire
from baigong.sandbox.blocks import Block
from baigong.sandbox.child import ChildDied
from baigong.sandbox.seats import Seat, Seats
from baigong.sandbox.walls import Limits, kernel
from baigong.vocab.errors import BaigongError, FixConfiguration, ReportBug, RetryLater

_CATALOGUE = ("show", "describe", "summarize", "schema", "duckdb_", "pg_", "sqlite_", "pragma_")
_KINDS = {"sql.invalid": FixConfiguration, "sql.refused": FixConfiguration, "sql.timeout": RetryLater}
_KINDS |= {"sql.memory": RetryLater, "storage.corrupt": RetryLater, "internal.error": ReportBug}
_SMALL = 10_000  # rows; an answer of so many is read where we are, since a thread costs more

Pieces: TypeAlias = pa.Table | Block | Sequence[pa.Table | Block]


class Cut(Protocol):
    """Which part of a tenant a query can reach; the source knows what it means."""

    @property
    def key(self) -> int:
        """Another number for every part: children never change from one part, or the whole, to another."""


class View(Protocol):
    """What one tenant sees at one moment (``stores.lake.sqlview`` makes them)."""

    @property
    def tables(self) -> Mapping[str, Pieces | Callable[[], Pieces]]:
        """Tables handed in, by name, or how to get them; only those a chosen statement names are.

        Several pieces are one table, in this order. Blocks are copied once and stay with the child; a plain table
        is copied for every query.
        """

    @property
    def base(self) -> Sequence[str]:
        """Trusted SQL that fills the catalog ``base``; run again only when a table it names is another block."""

    @property
    def statements(self) -> Sequence[tuple[str, str]]:
        """Trusted SQL that turns them, ``base`` and files into the tables people see, each with a word or "".

        One with a word is left out where the query's text neither holds the word nor looks into the catalogue.
        """

    @property
    def roots(self) -> Sequence[str]:
        """Folders that hold the files and nothing of other tenants: what Landlock and DuckDB let through."""


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
    recycle_rss: int = 400 << 20  # bytes of its own; a child that keeps more is replaced
    keep_spare: bool = True
    sql_without_landlock_reads_any_file: bool = False
    limits: Limits = field(default_factory=Limits)


class Ask(msgspec.Struct, kw_only=True, tag="ask"):
    """One query. Blocks are named by key: the child maps those of ``fresh``, whose descriptors follow in this order,
    lets go of those of ``drop`` before, and of ``once`` afterwards.
    """

    sql: str
    base: Sequence[str]
    statements: Sequence[str]
    tables: dict[str, list[int]]
    fresh: Sequence[int]
    drop: Sequence[int]
    once: Sequence[int]
    max_rows: int
    max_bytes: int
    timeout_s: float


@dataclass(slots=True, frozen=True)
class _Whose:
    """Whose children and slots these are: a tenant's, or those of one part of it."""

    tenant: str
    only: Cut | None

    @property
    def seat(self) -> str:
        return self.tenant if self.only is None else f"{self.tenant}/{self.only.key}"


@dataclass(slots=True, frozen=True)
class _Prepared:
    """A query with what it needs, before it is known which child has what."""

    view: View
    statements: Sequence[str]
    tables: dict[str, list[Block]]
    once: dict[int, Block]
    lasting: frozenset[int]  # of all tables, also those this query does not name


def _chosen(statements: Sequence[tuple[str, str]], sql: str) -> list[str]:
    text = sql.lower()
    catalogue = any(word in text for word in _CATALOGUE)
    return [statement for word, statement in statements if not word or catalogue or word in text]


def _pieces(source: Pieces | Callable[[], Pieces]) -> list[pa.Table | Block]:
    made = source() if callable(source) else source
    return [made] if isinstance(made, pa.Table | Block) else list(made)


def _blocks(pieces: list[pa.Table | Block]) -> tuple[list[Block], list[Block]]:
    """Seal what is not yet; returns those again, too."""
    if sum(isinstance(piece, Block) for piece in pieces) > wire.MAX_BLOCKS // 2:
        pieces = [pa.concat_tables([p.table() if isinstance(p, Block) else p for p in pieces])]
    blocks = [piece if isinstance(piece, Block) else Block(piece) for piece in pieces]
    return blocks, [b for b, piece in zip(blocks, pieces, strict=True) if b is not piece]


class SqlPool:
    """Answers queries of many tenants. ``source``: called in a thread, returns the view of now of a tenant, or of the
    part of it that is given.
    """

    def __init__(self, source: Callable[[str, Any], View], settings: SqlSettings | None = None) -> None:
        self._source = source
        self._settings = chosen = settings or SqlSettings()
        self._seats = Seats(
            chosen.limits,
            total=chosen.total,
            idle_s=chosen.idle_s,
            keep_spare=chosen.keep_spare,
            without_landlock=chosen.sql_without_landlock_reads_any_file,
        )
        # threads of our own: those of the loop may all be reading the lake
        self._threads = ThreadPoolExecutor(chosen.total, "sql")
        self._busy: dict[str, int] = {}
        self._room = asyncio.Condition()
        self._chores: set[asyncio.Task[Any]] = set()
        self.counters = {"queries": 0, "refused": 0, "timeouts": 0, "memory": 0, "busy": 0}

    async def query(
        self, tenant: str, sql: str, *, limit: int | None = None, timeout_s: float = 30.0, only: Cut | None = None
    ) -> pa.Table:
        """Run one SELECT. The schema's metadata say ``truncated`` (true|false), ``rows``, ``ms`` and ``cpu_ms``.

        ``limit``: at most so many rows (and never more than the settings'). ``only``: the part of the tenant that the
        query can reach, None: all of it; parts have children of their own. Raises sql.invalid, sql.refused,
        sql.timeout, sql.memory, sql.busy, storage.corrupt, sql.walls.
        """
        self.counters["queries"] += 1
        deadline = time.monotonic() + timeout_s
        whose = _Whose(tenant, only)
        await self._take_slot(whose.seat, min(timeout_s, self._settings.queue_s))
        try:
            try:
                return await self._run(whose, sql, limit, deadline, timeout_s)
            except RetryLater as error:
                if error.code != "storage.corrupt":
                    raise
            # a file was replaced between our look and the child's: look again, once
            return await self._run(whose, sql, limit, deadline, timeout_s)
        except BaigongError as error:
            counter = {"sql.refused": "refused", "sql.timeout": "timeouts", "sql.memory": "memory"}.get(error.code)
            if counter:
                self.counters[counter] += 1
            raise
        finally:
            await self._give_slot(whose.seat)

    def warm(self) -> None:
        """Start a child now, so that the first query does not wait for one."""
        self._seats.warm()

    def walls(self) -> dict[str, Any]:
        """Say which walls stand: those of the newest child, or what the kernel offers while there was none."""
        standing = self._seats.walls or kernel()
        option = self._settings.sql_without_landlock_reads_any_file
        serving = bool(standing["seccomp"]) and (bool(standing["landlock"]) or option)
        confined = self._seats.walls is not None
        return {**standing, "serving": serving, "confined": confined, "without_landlock_allowed": option}

    def stats(self) -> dict[str, Any]:
        """Return counters and the children's process ids, for the system page."""
        seats = {"started": self._seats.started, "children": self._seats.pids(), "idle": self._seats.idle}
        return {**self.counters, **seats, "busy": sum(self._busy.values())}

    async def close(self) -> None:
        """Kill all children."""
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await self._seats.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    # -- one query -------------------------------------------------------------------------------------------------

    async def _run(self, whose: _Whose, sql: str, limit: int | None, deadline: float, timeout_s: float) -> pa.Table:
        seat: Seat | None = None
        keep = False
        try:
            async with asyncio.timeout(max(0.001, deadline - time.monotonic())):
                loop = asyncio.get_running_loop()
                prepared = await loop.run_in_executor(self._threads, self._prepare, whose, sql)
                try:
                    seat = await self._seats.take(whose.seat, frozenset(prepared.view.roots))
                    await self._send(seat, prepared, sql, limit, deadline)
                finally:
                    for block in prepared.once.values():
                        block.close()
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
                await asyncio.shield(self._chore(self._seats.leave(seat, keep)))

    def _prepare(self, whose: _Whose, sql: str) -> _Prepared:
        view = self._source(whose.tenant, whose.only)
        statements = _chosen(view.statements, sql)
        texts = (*view.base, *statements)
        sources = view.tables
        tables: dict[str, list[Block]] = {}
        once: list[Block] = []
        for name, source in sources.items():
            if any(name in text for text in texts):
                tables[name], sealed = _blocks(_pieces(source))
                once += sealed
        standing = [_pieces(source) for source in sources.values() if not callable(source)]
        lasting = {piece.key for pieces in standing for piece in pieces if isinstance(piece, Block)}
        return _Prepared(view, statements, tables, {block.key: block for block in once}, frozenset(lasting))

    async def _send(self, seat: Seat, prepared: _Prepared, sql: str, limit: int | None, deadline: float) -> None:
        """Ask, with descriptors of the blocks this child has not mapped yet."""
        fresh = {b.key: b for blocks in prepared.tables.values() for b in blocks if b.key not in seat.held}
        drop = seat.held - prepared.lasting
        rows = self._settings.result_rows
        ask = Ask(
            sql=sql,
            base=prepared.view.base,
            statements=prepared.statements,
            tables={name: [b.key for b in blocks] for name, blocks in prepared.tables.items()},
            fresh=list(fresh),
            drop=list(drop),
            once=list(prepared.once),
            max_rows=rows if limit is None else max(0, min(limit, rows)),
            max_bytes=self._settings.result_bytes,
            timeout_s=max(0.001, deadline - time.monotonic()),
        )
        header = wire.sealed(msgspec.json.encode(ask))
        try:
            await seat.child.send([header, *(block.descriptor for block in fresh.values())])
        finally:
            os.close(header)
        seat.held = (seat.held - drop) | (fresh.keys() - prepared.once.keys())

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
                "cpu_ms": f"{told['cpu_ms']:.3f}",
            }
            keep = int(told["rss"]) < self._settings.recycle_rss
        except (pa.ArrowException, msgspec.DecodeError, KeyError, TypeError, ValueError, OSError) as error:
            raise ChildDied("the child's answer is not one") from error
        return table.replace_schema_metadata(facts), keep

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
            raise RetryLater(
                "sql.busy", f"{self._busy.get(tenant, 0)} queries of yours are running already", retry_after_s=1
            ) from error

    async def _give_slot(self, tenant: str) -> None:
        async with self._room:
            self._busy[tenant] -= 1
            if not self._busy[tenant]:
                del self._busy[tenant]
            self._room.notify_all()
