"""The inside of a SQL child: one tenant, a connection a query, nothing in reach but that tenant's files.

Started by ``child.Child`` as ``python -I -S``; imports nothing that starts threads before the walls stand.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import signal
import socket
import sys
import threading
import time
from importlib.abc import MetaPathFinder
from typing import Any

import msgspec


class _Without(MetaPathFinder):
    """Hides packages that duckdb and pyarrow would import if they could: 0.6 s, 60 MB and threads."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] in ("numpy", "pandas", "polars"):
            raise ModuleNotFoundError(name, name=name)


sys.meta_path.insert(0, _Without())

import duckdb  # noqa: E402
import pyarrow as pa  # noqa: E402

from baigong.sandbox import wire  # noqa: E402
from baigong.sandbox.statement import Invalid, Refused, asks_catalogue, check  # noqa: E402
from baigong.sandbox.walls import Limits, WallMissing, raise_walls  # noqa: E402

_BATCH_ROWS = 16_384
_OF_OURS = re.compile(r"\b(base|plant|lake|memory|baigong|open_from|open_until|\w+_in)\b")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Confine(msgspec.Struct, kw_only=True, tag="confine"):
    """First message of a child's life (see ``seats``)."""

    readable: list[str]
    limits: Limits
    without_landlock: bool = False


class Ask(msgspec.Struct, kw_only=True, tag="ask"):
    """One query (see ``sql``)."""

    sql: str
    base: list[str]
    statements: list[str]
    tables: dict[str, list[int]]
    fresh: list[int]
    drop: list[int]
    once: list[int]
    max_rows: int
    max_bytes: int
    timeout_s: float


class End(msgspec.Struct, kw_only=True):
    rows: int
    truncated: bool
    ms: float
    cpu_ms: float
    rss: int


class Failure(msgspec.Struct, kw_only=True):
    code: str
    message: str
    fatal: bool = False


def main(descriptor: int) -> None:
    """Serve one parent until it hangs up."""
    os.environ.clear()
    channel = socket.socket(fileno=descriptor)
    statm = os.open("/proc/self/statm", os.O_RDONLY)  # once the walls stand, nobody opens it any more
    decoder = msgspec.json.Decoder(Confine | Ask)
    desk: Desk | None = None
    gc.collect()
    gc.freeze()
    while (descriptors := wire.receive_request(channel)) is not None:
        request = decoder.decode(wire.mapped(descriptors.pop(0)))
        if isinstance(request, Confine):
            if not _confine(channel, request):
                return
            desk = Desk(request.limits, request.readable, statm)
        elif desk is not None:
            signal.setitimer(signal.ITIMER_REAL, request.timeout_s + 1.0)  # our parent may be gone: die by ourselves
            desk.serve(channel, request, descriptors)
            signal.setitimer(signal.ITIMER_REAL, 0)
            gc.collect()


def _confine(channel: socket.socket, request: Confine) -> bool:
    try:
        standing = raise_walls(request.readable, request.limits, without_landlock=request.without_landlock)
    except WallMissing as error:
        failure = Failure(code="sql.walls", message=f"the sandbox does not stand: {error}", fatal=True)
        wire.send_piece(channel, wire.ERROR, msgspec.json.encode(failure))
        return False
    wire.send_piece(channel, wire.HELLO, msgspec.json.encode(standing))
    return True


class Desk:
    """What a child keeps from one query to the next: blocks it mapped, and a DuckDB nobody can change.

    A query gets a connection of its own, in which it can do nothing but read; it goes with the query. ``base`` stays
    until a block it was made of is another one, and so does the catalog ``plant`` with the views its tenant sees,
    until one of them is to be another one: making and dropping them costs more than most queries.
    """

    def __init__(self, limits: Limits, roots: list[str], statm: int) -> None:
        self._limits = limits
        self._roots = roots
        self._statm = statm
        self._blocks: dict[int, pa.Table] = {}
        self._duck: duckdb.DuckDBPyConnection | None = None
        self._base: Any = None
        self._plant: dict[str, str] | None = None  # what was made there -> by which statement

    def serve(self, channel: socket.socket, request: Ask, descriptors: list[int]) -> None:
        began, self._cpu_s = time.monotonic(), time.process_time()
        for key in request.drop:
            self._blocks.pop(key, None)
        self._blocks.update(zip(request.fresh, map(wire.mapped_table, descriptors), strict=True))
        duck = self._opened()
        cursor = duck.cursor()
        try:
            end = self._answer(channel, request, cursor, began)
            wire.send_piece(channel, wire.END, msgspec.json.encode(end))
        except (duckdb.Error, Refused, Invalid, MemoryError, pa.ArrowException, OSError, ValueError) as error:
            wire.send_piece(channel, wire.ERROR, msgspec.json.encode(_failure(error, self._roots)))
        finally:
            self._clear(cursor)
            for key in request.once:
                self._blocks.pop(key, None)

    def _opened(self) -> duckdb.DuckDBPyConnection:
        if self._duck is None:
            self._base, self._plant, self._duck = None, None, _open(self._limits, self._roots)
        return self._duck

    def _answer(self, channel: socket.socket, request: Ask, cursor: duckdb.DuckDBPyConnection, began: float) -> End:
        serialized = cursor.execute("select json_serialize_sql(?::varchar)", [request.sql]).fetchall()
        tree = msgspec.json.decode(serialized[0][0])
        check(tree)
        about_tables = asks_catalogue(tree)
        self._lay_base(request, cursor)
        self._register(request, request.statements, cursor)
        self._lay_plant(request, cursor)
        if about_tables:
            self._show_only_what_is_for_people(request, cursor)
        timer = threading.Timer(max(0.001, request.timeout_s - (time.monotonic() - began)), cursor.interrupt)
        timer.start()
        try:
            cursor.execute("begin transaction read only")
            reader = cursor.sql(request.sql).to_arrow_reader(_BATCH_ROWS)
            rows, truncated = _stream(channel, reader, request.max_rows, request.max_bytes)
        finally:
            timer.cancel()
        spent_ms = (time.process_time() - self._cpu_s) * 1e3
        ms = (time.monotonic() - began) * 1e3
        return End(rows=rows, truncated=truncated, ms=ms, cpu_ms=spent_ms, rss=self._own_memory())

    def _lay_base(self, request: Ask, cursor: duckdb.DuckDBPyConnection) -> None:
        made_of = {name: keys for name, keys in request.tables.items() if any(name in s for s in request.base)}
        if self._base == (request.base, made_of):
            return
        if self._base is not None:
            cursor.execute("detach base")
        self._base = None
        cursor.execute("attach ':memory:' as base")
        self._base = ()
        self._register(request, request.base, cursor)
        for statement in request.base:
            cursor.execute(statement)
        self._base = (request.base, made_of)

    def _lay_plant(self, request: Ask, cursor: duckdb.DuckDBPyConnection) -> None:
        """Make what is missing; all of it anew where something is not what it was."""
        wanted = {statement.partition(" as ")[0]: statement for statement in request.statements}
        if self._plant is not None and any(self._plant.get(what, s) != s for what, s in wanted.items()):
            self._plant = None
        if self._plant is None:
            cursor.execute("detach database if exists plant")
            cursor.execute("attach ':memory:' as plant")
            self._plant = {}
        cursor.execute("use plant")
        for what, statement in wanted.items():
            if what not in self._plant:
                cursor.execute(statement)
                self._plant[what] = statement

    def _register(self, request: Ask, statements: list[str], cursor: duckdb.DuckDBPyConnection) -> None:
        for name, keys in request.tables.items():
            if any(name in statement for statement in statements):
                cursor.register(name, pa.concat_tables([self._blocks[key] for key in keys]))

    def _show_only_what_is_for_people(self, request: Ask, cursor: duckdb.DuckDBPyConnection) -> None:
        """Put empty tables with the views' columns in their place, and let everything of ours go."""
        views = "select view_name from duckdb_views() where database_name = 'plant' and schema_name = 'main'"
        names = [name for (name,) in cursor.execute(views).fetchall()]
        cursor.execute("attach ':memory:' as baigong")
        for name in names:
            cursor.execute(f'create table baigong."{name}" as from plant."{name}" limit 0')
        cursor.execute("use baigong")
        self._plant = None
        cursor.execute("detach plant")
        cursor.execute("detach base")
        self._base = None
        for name in request.tables:
            cursor.unregister(name)

    def _clear(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Leave nothing of a query; where that fails, begin again with a new DuckDB."""
        try:
            with contextlib.suppress(duckdb.TransactionException):  # there is none when it failed early
                cursor.execute("rollback")
            cursor.execute("use memory")
            if self._plant is None:
                cursor.execute("detach database if exists plant")
            cursor.execute("detach database if exists baigong")
            cursor.close()
        except duckdb.Error:
            self._give_up()

    def _give_up(self) -> None:
        if self._duck is not None:
            self._duck.close()
        self._duck = None

    def _own_memory(self) -> int:
        """Return bytes in memory without what is shared: mapped blocks and files cost nobody anything twice."""
        _, resident, shared = map(int, os.pread(self._statm, 256, 0).split()[:3])
        return (resident - shared) * _PAGE


def _open(limits: Limits, roots: list[str]) -> duckdb.DuckDBPyConnection:
    duck = duckdb.connect(
        ":memory:",
        config={
            "threads": limits.threads,
            "async_threads": limits.threads,
            "pin_threads": "off",
            "memory_limit": f"{limits.memory_bytes >> 20}MiB",
            "temp_directory": "",  # nothing may be written: what does not fit fails
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
            "python_enable_replacements": False,
            "enable_external_file_cache": False,  # the page cache does it, outside our memory
            "dynamic_or_filter_threshold": 1000,  # a machine's points are spread over a file: name them to the scan
        },
    )
    duck.execute("set global timezone = 'UTC'")
    duck.execute("set global parquet_metadata_cache = true")  # files never change; reading a footer costs 1 ms
    duck.execute(f"set allowed_directories = [{', '.join(map(_quoted, roots))}]")
    duck.execute("set enable_external_access = false")
    duck.execute("set lock_configuration = true")
    return duck


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"


def _stream(channel: socket.socket, reader: pa.RecordBatchReader, max_rows: int, max_bytes: int) -> tuple[int, bool]:
    """Send batches up until the reader or the room ends; say how many rows went and whether more were there."""
    outbox = wire.Outbox(channel)
    rows = size = 0
    with pa.ipc.new_stream(outbox, reader.schema) as writer:
        for batch in reader:
            here = batch.nbytes
            room = min(max_rows - rows, len(batch))
            if here and size + here > max_bytes:
                room = min(room, len(batch) * (max_bytes - size) // here)
            if room:
                writer.write_batch(batch.slice(0, room))
            rows += room
            size += here
            if room < len(batch):
                break
        else:
            room = -1
    outbox.flush()
    return rows, room >= 0


def _failure(error: Exception, roots: list[str]) -> Failure:
    message = str(error)
    if isinstance(error, Refused):
        code = "sql.refused"
    elif isinstance(error, Invalid):
        code = "sql.invalid"
    elif isinstance(error, duckdb.InterruptException):
        code, message = "sql.timeout", "the query did not end in time"
    elif isinstance(error, duckdb.OutOfMemoryException | MemoryError) or "bad_alloc" in message:
        code, message = "sql.memory", "the query needed more memory than it may use"
    elif any(root in message for root in roots):
        code, message = "storage.corrupt", "a file of the lake is gone or cannot be read"
    elif isinstance(error, duckdb.PermissionException | duckdb.IOException | OSError):
        code, message = "sql.refused", "the query reaches for something outside its tables"
    elif isinstance(error, duckdb.InternalException | duckdb.FatalException):
        code = "internal.error"
    else:
        code = "sql.invalid"
    return Failure(code=code, message=_without_paths(message, roots), fatal=code == "internal.error")


def _without_paths(message: str, roots: list[str]) -> str:
    for folder in {*roots, sys.prefix, sys.base_prefix}:
        if folder in message:
            message = re.sub(re.escape(folder) + r"[^\s\"']*", "…", message)
    said, _, guess = message.partition("Did you mean")
    if _OF_OURS.search(guess):  # DuckDB guesses among all it has
        message = said
    return message.strip()[:2000]
