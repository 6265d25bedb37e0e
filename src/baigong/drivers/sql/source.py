"""One database, read only: connecting, asking with a time limit, columns out. Everything here blocks."""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote as urlquote

import msgspec
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError

from baigong.drivers.recordsource import Feed
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater
from baigong.vocab.recordmap import nearest

ROWS = 5_000  # fetched at once
_DRIVERS = {
    "postgresql": "postgresql+psycopg", "sqlserver": "mssql+pymssql", "mysql": "mysql+pymysql",
    "oracle": "oracle+oracledb", "sqlite": "sqlite",
}  # fmt: skip
# said first on every connection; SQL Server and Oracle have no such words: give a user that may only read
_READ_ONLY = {
    "postgresql": ("set default_transaction_read_only = on", "set statement_timeout = {ms}"),
    "mysql": ("set session transaction read only", "set session max_execution_time = {ms}"),
    "sqlite": ("pragma query_only = on",),
}
_PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_$]*$")
_SIGN_IN = ("password", "28p01", "28000", "authentication", "login failed", "access denied", "ora-01017")


@dataclass(slots=True, frozen=True)
class Place:
    """``connect_to``: what a gateway resolved the host to, and judged."""

    dialect: str
    host: str
    port: int
    database: str
    user: str
    password: str
    file: str
    timeout_s: float
    connect_to: tuple[str, ...] = ()


class Source:
    def __init__(self, place: Place) -> None:
        self._place = place
        url = sa.URL.create(
            _DRIVERS[place.dialect],
            place.user or None,
            place.password or None,
            (place.connect_to[0] if place.connect_to else place.host) or None,
            place.port or None,
            place.database or None,
        )
        try:
            if place.dialect == "sqlite":
                file = urlquote(str(Path(place.file).resolve()))  # a ? in a name would end the path
                self.engine = sa.create_engine(f"sqlite:///file:{file}?mode=ro&uri=true")
            else:
                self.engine = sa.create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True)
        except (ModuleNotFoundError, NoSuchModuleError) as error:
            raise FixConfiguration(
                "driver.unsupported", f"{place.dialect} needs its driver package: {error}", place="dialect"
            ) from error
        sa.event.listen(self.engine, "connect", self._prepare)

    def _prepare(self, connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        for statement in _READ_ONLY.get(self._place.dialect, ()):
            cursor.execute(statement.format(ms=int(self._place.timeout_s * 1000)))
        cursor.close()
        if self._place.dialect == "postgresql":
            connection.commit()

    def check(self) -> None:
        """Connect once. Raises driver.unreachable, driver.credentials."""
        try:
            with self._connected():
                return
        except SQLAlchemyError as error:
            raise self.named(error) from error

    def close(self) -> None:
        self.engine.dispose()

    def named(self, error: BaseException) -> BaigongError:
        """Say in our words what the database said."""
        text = str(getattr(error, "orig", None) or error).strip().splitlines()[0][:300]
        if any(word in text.casefold() for word in _SIGN_IN):
            return FixConfiguration("driver.credentials", text, place="user")
        lost = isinstance(error, DBAPIError) and (error.connection_invalidated or "connect" in text.casefold())
        if lost or "unable to open" in text:
            return RetryLater("driver.unreachable", text, place=self._place.host or self._place.file)
        if "timeout" in text.casefold() or "interrupted" in text.casefold():
            return RetryLater("driver.timeout", text)
        return FixConfiguration("driver.option", text, place="feeds")

    def columns(self, table: str) -> list[tuple[str, str]]:
        """Return (name, type) of a table's columns."""
        schema, _, name = table.rpartition(".")
        try:
            found = sa.inspect(self.engine).get_columns(name, schema or None)
        except NoSuchTableError as error:
            raise FixConfiguration("driver.address", f"there is no table {table!r}", place=table) from error
        except SQLAlchemyError as error:
            raise self.named(error) from error
        return [(str(column["name"]), str(column["type"])) for column in found]

    def tables(self) -> list[str]:
        try:
            inspector = sa.inspect(self.engine)
            return [*inspector.get_table_names(), *inspector.get_view_names()]
        except SQLAlchemyError as error:
            raise self.named(error) from error

    def rows(self, feed: Feed, since: Any = None, limit: int = 0) -> Generator[pa.Table, None, None]:
        """Yield what a feed's query gives, from ``since`` on (included) by its column ``changed``, in its order.

        At least one table, perhaps empty: its columns are what was understood of the query.
        """
        try:
            with self._connected() as connection:
                told = connection.execution_options(stream_results=True).execute(self._asked(feed, since, limit))
                names, any_rows = spelled(list(told.keys()), feed), False
                for piece in told.partitions(ROWS):
                    any_rows = True
                    yield _table(names, [tuple(row) for row in piece])
                if not any_rows:
                    yield _table(names, [])
        except SQLAlchemyError as error:
            named = self.named(error)
            if feed.changed and named.code == "driver.option":
                self._require_changed(feed)
            raise named from error

    def _require_changed(self, feed: Feed) -> None:
        """Raise record.columns where it is the column of changes that the query has no more."""
        (table,) = self.rows(msgspec.structs.replace(feed, changed=""), limit=1)
        if feed.changed not in table.column_names:
            near = nearest(feed.changed, table.column_names)
            said = f"the database has no column {feed.changed!r} (changed){f', perhaps now {near!r}' if near else ''}"
            raise FixConfiguration("record.columns", said, place=feed.changed)

    def _connected(self) -> sa.Connection:
        connection = self.engine.connect()
        if self._place.dialect == "sqlite":  # it has no time limit of its own
            until = time.monotonic() + self._place.timeout_s
            raw: Any = connection.connection.dbapi_connection
            raw.set_progress_handler(lambda: int(time.monotonic() > until), 10_000)
        return connection

    def _quoted(self, name: str) -> str:
        """Leave a plain name as it is: the database spells it in its own way."""
        return name if _PLAIN.match(name) else str(self.engine.dialect.identifier_preparer.quote(name))

    def _asked(self, feed: Feed, since: Any, limit: int) -> sa.Select[Any]:
        quote = self._quoted
        inner = feed.query.strip().rstrip(";")
        if not inner:
            inner = "select * from " + ".".join(quote(part) for part in feed.table.split("."))  # noqa: S608 - quoted
        wanted: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(sa.text(f"({inner}) q"))
        if feed.changed:
            column: sa.ColumnClause[Any] = sa.literal_column(quote(feed.changed))
            wanted = wanted.order_by(column)
            if since is not None:
                wanted = wanted.where(column >= sa.bindparam("since", since))
        return wanted.limit(limit) if limit else wanted


def spelled(names: list[str], feed: Feed) -> list[str]:
    """Spell columns as the feed does where only capitals differ: each database has its own way with them.

    >>> spelled(["fbillno", "fdate"], Feed(name="a", kind="order", key=["FBILLNO"], fields={"order": "FBILLNO"}))
    ['FBILLNO', 'fdate']
    """
    told = (*feed.fields.values(), *feed.key, *feed.values, feed.time, feed.point, feed.value, feed.changed)
    known = {name.casefold(): name for name in told if name not in names}
    return [known.get(name.casefold(), name) for name in names]


def _table(names: list[str], rows: list[tuple[Any, ...]]) -> pa.Table:
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise FixConfiguration("driver.option", f"two columns of the query are called {twice[0]!r}", place="feeds")
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table([_column(column) for column in columns], names=names)


def _column(values: tuple[Any, ...]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError, ValueError):  # several types in one column, as SQLite allows
        return pa.array([None if value is None else str(value) for value in values], pa.string())
