"""The inside of a SQL child: one tenant, one DuckDB a query, nothing in reach but that tenant's files.

Started by ``child.Child`` as ``python -I -S``; imports nothing that starts threads before the walls stand.
"""

from __future__ import annotations

import gc
import os
import re
import signal
import socket
import sys
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
from baigong.sandbox.statement import Invalid, Refused, check  # noqa: E402
from baigong.sandbox.walls import Limits, WallMissing, raise_walls  # noqa: E402

_BATCH_ROWS = 16_384


class Confine(msgspec.Struct, kw_only=True, tag="confine"):
    """First message of a child's life: become a tenant's, irrevocably."""

    readable: list[str]
    limits: Limits
    without_landlock: bool = False


class Ask(msgspec.Struct, kw_only=True, tag="ask"):
    """One query; the tables follow as descriptors in the order of ``tables``."""

    sql: str
    tables: list[str]
    statements: list[str]
    files: list[str]
    max_rows: int
    max_bytes: int
    timeout_s: float


class End(msgspec.Struct, kw_only=True):
    rows: int
    truncated: bool
    ms: float
    rss: int


class Failure(msgspec.Struct, kw_only=True):
    code: str
    message: str
    fatal: bool = False


def main(descriptor: int) -> None:
    """Serve one parent until it hangs up."""
    os.environ.clear()
    channel = socket.socket(fileno=descriptor)
    decoder = msgspec.json.Decoder(Confine | Ask)
    limits = Limits()
    fresh: duckdb.DuckDBPyConnection | None = None
    while (descriptors := wire.receive_request(channel)) is not None:
        request = decoder.decode(wire.mapped(descriptors.pop(0)))
        if isinstance(request, Confine):
            limits = request.limits
            if not _confine(channel, request):
                return
        else:
            signal.setitimer(signal.ITIMER_REAL, request.timeout_s + 1.0)  # our parent may be gone: die by ourselves
            _serve(channel, request, descriptors, fresh or _open(limits))
            signal.setitimer(signal.ITIMER_REAL, 0)
            gc.collect()
        fresh = _open(limits)  # while nobody waits


def _confine(channel: socket.socket, request: Confine) -> bool:
    try:
        standing = raise_walls(request.readable, request.limits, without_landlock=request.without_landlock)
    except WallMissing as error:
        failure = Failure(code="sql.walls", message=f"the sandbox does not stand: {error}", fatal=True)
        wire.send_piece(channel, wire.ERROR, msgspec.json.encode(failure))
        return False
    wire.send_piece(channel, wire.HELLO, msgspec.json.encode(standing))
    return True


def _open(limits: Limits) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
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


def _serve(channel: socket.socket, request: Ask, descriptors: list[int], connection: duckdb.DuckDBPyConnection) -> None:
    began = time.monotonic()
    try:
        tables = [wire.mapped_table(d) for d in descriptors]
        end = _answer(channel, request, dict(zip(request.tables, tables, strict=True)), connection, began)
        wire.send_piece(channel, wire.END, msgspec.json.encode(end))
    except (duckdb.Error, Refused, Invalid, MemoryError, pa.ArrowException, OSError, ValueError) as error:
        wire.send_piece(channel, wire.ERROR, msgspec.json.encode(_failure(error, request)))
    finally:
        connection.close()


def _answer(
    channel: socket.socket,
    request: Ask,
    tables: dict[str, pa.Table],
    connection: duckdb.DuckDBPyConnection,
    began: float,
) -> End:
    serialized = connection.execute("select json_serialize_sql(?::varchar)", [request.sql]).fetchall()
    check(msgspec.json.decode(serialized[0][0]))
    for name, table in tables.items():
        connection.register(name, table)
    for statement in request.statements:
        connection.execute(statement)
    left_ms = max(1, int((request.timeout_s - (time.monotonic() - began)) * 1000))
    connection.execute(f"set max_execution_time = {left_ms}")
    connection.execute(f"set allowed_paths = [{', '.join(map(_quoted, request.files))}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    connection.execute("begin transaction read only")
    reader = connection.sql(request.sql).to_arrow_reader(_BATCH_ROWS)
    rows, truncated = _stream(channel, reader, request.max_rows, request.max_bytes)
    return End(rows=rows, truncated=truncated, ms=(time.monotonic() - began) * 1e3, rss=_resident())


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


def _failure(error: Exception, request: Ask) -> Failure:
    message = str(error)
    if isinstance(error, Refused):
        code = "sql.refused"
    elif isinstance(error, Invalid):
        code = "sql.invalid"
    elif isinstance(error, duckdb.InterruptException):
        code, message = "sql.timeout", "the query did not end in time"
    elif isinstance(error, duckdb.OutOfMemoryException | MemoryError) or "bad_alloc" in message:
        code, message = "sql.memory", "the query needed more memory than it may use"
    elif any(os.path.dirname(path) in message for path in request.files):
        code, message = "storage.corrupt", "a file of the lake is gone or cannot be read"
    elif isinstance(error, duckdb.PermissionException | duckdb.IOException | OSError):
        code, message = "sql.refused", "the query reaches for something outside its tables"
    elif isinstance(error, duckdb.InternalException | duckdb.FatalException):
        code = "internal.error"
    else:
        code = "sql.invalid"
    return Failure(code=code, message=_without_paths(message, request), fatal=code == "internal.error")


def _without_paths(message: str, request: Ask) -> str:
    for folder in {os.path.dirname(path) for path in request.files} | {sys.prefix, sys.base_prefix}:
        if folder in message:
            message = re.sub(re.escape(folder) + r"[^\s\"']*", "…", message)
    return message.strip()[:2000]


def _resident() -> int:
    """Return this process's largest memory so far in bytes; /proc is out of reach by now."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
