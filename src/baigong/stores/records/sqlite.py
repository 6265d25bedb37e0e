"""The records in one SQLite file, in WAL mode: many readers, one writer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError

from baigong.vocab.errors import BaigongError, FixConfiguration, ReportBug, RetryLater

T = TypeVar("T")
_BUSY_MS = 10_000  # another process (backup, doctor) may hold the file for so long
_WRITING = {"baigong_writing": True}


class Sqlite:
    """The folder's lock keeps a second platform away, and the file has no walls within: ``tenant`` is not looked at."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        url = f"sqlite:///{path}"
        self.engine = sa.create_engine(url, connect_args={"check_same_thread": False, "timeout": _BUSY_MS / 1e3})
        event.listen(self.engine, "connect", _prepare)
        event.listen(self.engine, "begin", _begin)

    def read(self, work: Callable[[sa.Connection], T], tenant: str) -> T:
        with _mapped(), self.engine.begin() as connection:
            return work(connection)

    def write(self, work: Callable[[sa.Connection], T], tenant: str, *, alone: bool) -> T:
        """On disk (synchronous=FULL) when it returns."""
        with self.upgrading() as connection:
            return work(connection)

    @contextmanager
    def upgrading(self) -> Iterator[sa.Connection]:
        with _mapped(), self.engine.connect().execution_options(**_WRITING) as connection, connection.begin():
            yield connection

    def keep_copy(self, version: int) -> None:
        copy = self._path.with_name(f"{self._path.name}.v{version}")
        if copy.exists():
            return
        with _mapped(), self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))

    def guard(self, connection: sa.Connection) -> None:
        pass

    def check(self) -> None:
        pass

    def claim(self) -> None:
        pass

    def scrub(self) -> None:
        with _mapped(), self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        self.engine.dispose()


def _prepare(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; sqlite3 would begin too late
    chosen = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}", "secure_delete=ON")
    for pragma in chosen:
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
