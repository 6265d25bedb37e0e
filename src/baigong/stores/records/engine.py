"""Opens the records and runs work on them: many readers, one writer, never on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError

from baigong.stores.records.migrations import current_version, read_version, upgrade
from baigong.vocab.errors import BaigongError, FixConfiguration, ReportBug, RetryLater

T = TypeVar("T")
_BUSY_MS = 10_000  # another process (backup, doctor) may hold the file for so long
_WRITING = {"baigong_writing": True}


class Records:
    """One SQLite file in WAL mode. Work is a function of one connection and is one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._one_writer = asyncio.Lock()

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        return await asyncio.to_thread(self.read_now, work)

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Run and commit; on disk (WAL, synchronous=FULL) when it returns."""
        async with self._one_writer:
            return await asyncio.to_thread(self.write_now, work)

    def read_now(self, work: Callable[[sa.Connection], T]) -> T:
        with _mapped(), self._engine.begin() as connection:
            return work(connection)

    def write_now(self, work: Callable[[sa.Connection], T]) -> T:
        with _mapped(), self._engine.connect().execution_options(**_WRITING) as connection, connection.begin():
            return work(connection)

    async def close(self) -> None:
        await asyncio.to_thread(self._engine.dispose)


def open_records(path: Path) -> Records:
    """Open (or make) the file and bring it to the present version; an upgrade keeps a copy beside it first.

    Raises storage.version for a file from a newer program, storage.corrupt for what is no records file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": _BUSY_MS / 1e3})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    records = Records(engine)
    try:
        found = records.read_now(read_version)
        if 0 < found < current_version():
            _keep_copy(engine, path.with_name(f"{path.name}.v{found}"))
        records.write_now(upgrade)
    except BaigongError:
        engine.dispose()
        raise
    return records


def _keep_copy(engine: sa.Engine, copy: Path) -> None:
    if copy.exists():
        return
    with _mapped(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))


def _prepare(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; sqlite3 would begin too late
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") != "AUTOCOMMIT":
        # A writer that begins as a reader can be refused half-way: take the write lock at once.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("baigong_writing") else "BEGIN")


@contextmanager
def _mapped() -> Iterator[None]:
    """Let no foreign exception out of this room."""
    try:
        yield
    except IntegrityError as error:
        raise FixConfiguration("config.conflict", f"the records already hold that: {error.orig}") from error
    except DBAPIError as error:
        raise _translate(error) from error


def _translate(error: DBAPIError) -> BaigongError:
    name = getattr(error.orig, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return RetryLater("storage.full", f"the records cannot grow: {error.orig}")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return FixConfiguration("storage.locked", f"the records are held: {error.orig}", place="records")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR")):
        return RetryLater("storage.corrupt", f"the records cannot be read: {error.orig}", place="records")
    return ReportBug("internal.error", f"records: {error.orig}", place="records")
