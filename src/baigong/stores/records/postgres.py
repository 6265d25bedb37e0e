"""The records in a PostgreSQL server: walls between tenants, conflicts tried again, a restart survived."""

from __future__ import annotations

import random
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from baigong.stores.records.migrations import read_version
from baigong.stores.records.place import Server
from baigong.stores.records.refusals import LOCKED, Conflict, Lost, mapped
from baigong.stores.records.tables import metadata
from baigong.stores.records.walls import ALL, SET_TENANT, gaps, statements
from baigong.vocab.errors import FixConfiguration, RetryLater

T = TypeVar("T")
OLDEST = 13  # of the server: pg_current_xact_id, pg_xact_status
_POOL = 8  # connections; the threads of one process are as few
_WAIT_S = 10.0  # for a connection of the pool, and for a lock
_TRIES = 8  # of work that met other work
_LEAVING_MS = 1000  # so long the server may take to notice that whoever held the platform's lock has gone
_SETTLE_S = 5.0  # a connection broke while committing: so long we look what became of it
_KEYS = {"platform": 1, "alone": 2}
_SPACE = 0x6261_6967  # "baig": our advisory locks
WRITER = "records.writer"


class Postgres:
    """A pool of connections to one database; see ``Database`` in engine.py."""

    def __init__(self, server: Server, *, grantee: str = "") -> None:
        """Keep ``grantee`` for whoever prepares the tables for another role; else who signs in is who works."""
        try:
            import psycopg
            from psycopg.conninfo import make_conninfo
        except ImportError as error:
            raise FixConfiguration(
                "config.invalid", "PostgreSQL needs its driver: pip install 'baigong[postgresql]'", place=server.shown
            ) from error
        self._server = server
        self._grantee = grantee
        told = make_conninfo(server.url, **server.options(), options=f"-c lock_timeout={int(_WAIT_S)}s")
        self.engine = sa.create_engine(
            "postgresql+psycopg://",
            creator=lambda: psycopg.connect(told),
            pool_size=_POOL,
            max_overflow=0,
            pool_timeout=_WAIT_S,
        )
        self._single = sa.create_engine(
            self.engine.url,
            creator=lambda: psycopg.connect(told),
            poolclass=sa.NullPool,
            isolation_level="AUTOCOMMIT",
        )
        self._holder: sa.Connection | None = None  # keeps the platform's lock
        self._epoch = ""
        self._running = 0  # pieces of work, in threads whose callers may have gone
        self._idle = threading.Condition()

    def read(self, work: Callable[[sa.Connection], T], tenant: str) -> T:
        return self._tried(lambda: self._read_once(work, tenant))

    def write(self, work: Callable[[sa.Connection], T], tenant: str, *, alone: bool) -> T:
        """Run, and run again when it met other work. SERIALIZABLE, so that what it read still holds when it writes."""
        self._keep_claim()
        return self._tried(lambda: self._write_once(work, tenant, alone=alone))

    def _tried(self, once: Callable[[], T]) -> T:
        """Do it again where nothing was done: the other one was faster, or the connection had been dead all along."""
        with self._idle:
            self._running += 1
        try:
            return self._until_done(once)
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def _until_done(self, once: Callable[[], T]) -> T:
        for attempt in range(_TRIES):
            try:
                with mapped(self._server):
                    return once()
            except Conflict:
                time.sleep(random.random() * 0.005 * 2**attempt)  # noqa: S311 - no secret
            except Lost as lost:
                if attempt:
                    raise RetryLater("storage.unreachable", str(lost), place=self._server.shown) from lost
        raise RetryLater("storage.busy", f"the records met other work {_TRIES} times", place=self._server.shown)

    def _read_once(self, work: Callable[[sa.Connection], T], tenant: str) -> T:
        seen = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}  # one moment, as SQLite shows it
        with self.engine.connect().execution_options(**seen) as connection, connection.begin():
            connection.execute(SET_TENANT, {"tenant": tenant})
            return work(connection)

    def _write_once(self, work: Callable[[sa.Connection], T], tenant: str, *, alone: bool) -> T:
        # Who waits for a lock must see what was written meanwhile: that is READ COMMITTED.
        level = "READ COMMITTED" if alone else "SERIALIZABLE"
        with self.engine.connect().execution_options(isolation_level=level) as connection:
            transaction = connection.begin()
            try:
                connection.execute(SET_TENANT, {"tenant": tenant})
                if alone:
                    connection.execute(sa.text(f"select pg_advisory_xact_lock({_SPACE}, {_KEYS['alone']})"))
                self._check_writer(connection)
                done = work(connection)
                number = connection.execute(sa.text("select pg_current_xact_id_if_assigned()::text")).scalar()
            except BaseException:
                with suppress(DBAPIError):
                    transaction.rollback()
                raise
            try:
                transaction.commit()
            except DBAPIError as error:
                if not error.connection_invalidated or not self._was_committed(number):
                    raise
            return done

    def _was_committed(self, number: str | None) -> bool:
        """Ask what became of a transaction whose connection broke while it was committing."""
        if number is None:
            return True  # it changed nothing
        until = time.monotonic() + _SETTLE_S
        while time.monotonic() < until:
            with suppress(DBAPIError), self.engine.connect() as connection:
                asked = sa.text("select pg_xact_status(cast(:number as xid8))")
                status = connection.execute(asked, {"number": number}).scalar()
                if status != "in progress":
                    return status == "committed"
            time.sleep(0.1)
        return False

    @contextmanager
    def upgrading(self) -> Iterator[sa.Connection]:
        """Become the owner of the tables for one transaction; one process at a time."""
        with mapped(self._server), self.engine.begin() as connection:
            connection.execute(sa.text(f"select pg_advisory_xact_lock({_SPACE}, {_KEYS['alone']})"))
            owner = _owner(connection)
            if not connection.execute(sa.text("select pg_has_role(:owner, 'member')"), {"owner": owner}).scalar():
                raise _role(
                    self._server, f"the tables have to be made or changed, and it may not become their owner {owner}"
                )
            connection.exec_driver_sql(f"set local role {_quoted(owner)}")
            connection.execute(SET_TENANT, {"tenant": ALL})
            yield connection

    def keep_copy(self, version: int) -> None:
        """Nothing: a server changes tables in the transaction, all or nothing."""

    def guard(self, connection: sa.Connection) -> None:
        worker = self._grantee or str(connection.execute(sa.text("select session_user")).scalar_one())
        for statement in statements(metadata.sorted_tables, worker):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"grant select on records_version to {_quoted(worker)}")

    def check(self) -> None:
        """Look at the server, the database and the role before anything is written."""
        with mapped(self._server), self.engine.connect() as connection:
            version, standby, encoding, mighty = connection.execute(
                sa.text(
                    "select current_setting('server_version_num')::int / 10000, pg_is_in_recovery(), "
                    "current_setting('server_encoding'), rolsuper or rolbypassrls from pg_roles "
                    "where rolname = session_user"
                )
            ).one()
            if version < OLDEST:
                raise _unfit(self._server, f"the server is PostgreSQL {version}")
            if standby:
                raise _unfit(self._server, "the server is a standby, which is read only")
            if encoding != "UTF8":
                raise _unfit(self._server, f"the database keeps texts in {encoding}")
            if self._grantee:
                return
            if mighty:
                raise _role(self._server, "it passes through every wall (superuser or bypassrls)")
            owner = _owner(connection)
            if connection.execute(sa.text("select pg_has_role(:owner, 'usage')"), {"owner": owner}).scalar():
                raise _role(self._server, f"it owns the tables, or has the rights of their owner {owner} by itself")

    def claim(self) -> None:
        self._hold()

        def begin(connection: sa.Connection) -> str:
            held = connection.execute(sa.text("select value from settings where name = :n"), {"n": WRITER}).scalar()
            epoch = str(int(held or 0) + 1)
            change = "update settings set value = :v where name = :n"
            if held is None:
                change = "insert into settings (name, value) values (:n, :v)"
            connection.execute(sa.text(change), {"n": WRITER, "v": epoch})
            return epoch

        self._epoch = self.write(begin, ALL, alone=True)

    def _hold(self) -> None:
        """Take the platform's lock on a connection of its own, which gives it back when this process ends."""
        if self._holder is not None:
            self._holder.invalidate()
            self._holder.close()
            self._holder = None
        with mapped(self._server):
            holder = self._single.connect()
            try:
                holder.exec_driver_sql(f"set lock_timeout = {_LEAVING_MS}")
                holder.exec_driver_sql(f"select pg_advisory_lock({_SPACE}, {_KEYS['platform']})")
            except OperationalError as error:
                holder.close()
                if getattr(error.orig, "sqlstate", "") != LOCKED:
                    raise
                why = "another platform runs on these records"
                raise FixConfiguration("storage.locked", why, place=self._server.shown) from error
            self._holder = holder

    def _keep_claim(self) -> None:
        """A server that was restarted has forgotten whose the records are: take them again, or be refused."""
        if self._epoch and not self._still_held():
            self._hold()

    def _still_held(self) -> bool:
        if self._holder is None:
            return False
        with suppress(DBAPIError):
            wire: Any = self._holder.connection.driver_connection
            if not wire.closed and not select.select([wire.fileno()], [], [], 0)[0]:  # idle, it has nothing to say
                return True
            self._holder.exec_driver_sql("select 1")  # it had: was it a notice, or the end?
            return True
        return False

    def _check_writer(self, connection: sa.Connection) -> None:
        if not self._epoch:
            return
        now = connection.execute(sa.text("select value from settings where name = :n"), {"n": WRITER}).scalar()
        if now != self._epoch:
            raise FixConfiguration(
                "storage.locked", "another platform has taken these records over", place=self._server.shown
            )

    def scrub(self) -> None:
        """Nothing: the server overwrites deleted rows by its own vacuum, which our role may not hurry."""

    def close(self) -> None:
        with self._idle:
            self._idle.wait_for(lambda: self._running == 0, timeout=_WAIT_S)
        if self._holder is not None:
            self._holder.close()
        self.engine.dispose()


def look_at_server(connection: sa.Connection) -> tuple[str, int, list[str]]:
    """Return what the server is, the version of the tables (0: none), and which of them have no wall."""
    asked = "select 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1) || ', ' || "
    asked += "pg_size_pretty(pg_database_size(current_database()))"
    facts, version = str(connection.execute(sa.text(asked)).scalar_one()), read_version(connection)
    return facts, version, gaps(connection, metadata.sorted_tables) if version else []


def _owner(connection: sa.Connection) -> str:
    """Return who owns our tables: of an empty database, who owns the database."""
    asked = sa.text(
        "select pg_get_userbyid(coalesce((select relowner from pg_class where oid = to_regclass('records_version')), "
        "(select datdba from pg_database where datname = current_database())))"
    )
    return str(connection.execute(asked).scalar_one())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _unfit(server: Server, why: str) -> FixConfiguration:
    return FixConfiguration("storage.unfit", why, place=server.shown)


def _role(server: Server, why: str) -> FixConfiguration:
    return FixConfiguration("storage.role", f"the role {server.user or 'that signs in'}: {why}", place=server.shown)
