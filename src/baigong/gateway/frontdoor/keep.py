"""Sessions and retained messages on disk: one SQLite file, fsync at every commit."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from baigong.vocab.errors import RetryLater

Row = tuple[Any, ...]

_TABLES = ("session", "subscription", "received", "outgoing", "retained")
_SCHEMA = """
create table if not exists session(
  tenant text, client text, device text, seen_us int, primary key(tenant, client)) without rowid;
create table if not exists subscription(
  tenant text, client text, filter text, qos int, primary key(tenant, client, filter)) without rowid;
create table if not exists received(
  tenant text, client text, id int, primary key(tenant, client, id)) without rowid;
create table if not exists outgoing(
  seq integer primary key autoincrement, tenant text, client text, id int, qos int, topic text, payload blob,
  retain int, released int default 0);
create unique index if not exists outgoing_id on outgoing(tenant, client, id);
create table if not exists retained(
  tenant text, topic text, payload blob, qos int, primary key(tenant, topic));
"""
_DO: dict[str, tuple[str, ...]] = {
    "open": ("insert or replace into session(tenant, client, device, seen_us) values (?1, ?2, ?3, ?4)",),
    "forget": tuple(
        f"delete from {table} where tenant = ?1 and client = ?2"  # noqa: S608 - our own table names
        for table in ("session", "subscription", "received", "outgoing")
    ),
    "subscribe": ("insert or replace into subscription values (?1, ?2, ?3, ?4)",),
    "unsubscribe": ("delete from subscription where tenant = ?1 and client = ?2 and filter = ?3",),
    "receive": ("insert or ignore into received values (?1, ?2, ?3)",),
    "complete": ("delete from received where tenant = ?1 and client = ?2 and id = ?3",),
    "send": (
        "insert or replace into outgoing(tenant, client, id, qos, topic, payload, retain)"
        " values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    ),
    "release": ("update outgoing set released = 1 where tenant = ?1 and client = ?2 and id = ?3",),
    "sent": ("delete from outgoing where tenant = ?1 and client = ?2 and id = ?3",),
    "retain": ("insert or replace into retained values (?1, ?2, ?3, ?4)",),
    "dissolve": tuple(f"delete from {table} where tenant = ?1" for table in _TABLES),  # noqa: S608 - our own names
    "unretain": ("delete from retained where tenant = ?1 and topic = ?2",),
}


class Keep:
    """The file, or nothing when there is no path. Rows are (verb of ``_DO``, its parameters…)."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        if self._path is not None:
            self._db = await asyncio.to_thread(_open, self._path)

    async def load(self, table: str, order: str) -> list[Row]:
        """Read a whole table."""
        db = self._db
        if db is None:
            return []
        query = f"select * from {table} order by {order}"  # noqa: S608 - called with our own names
        return await asyncio.to_thread(lambda: db.execute(query).fetchall())

    async def commit(self, rows: list[Row]) -> None:
        """Make the rows durable, in their order. Raises storage.full when the disk does not take them."""
        if self._db is None or not rows:
            return
        async with self._lock:
            await asyncio.to_thread(_commit, self._db, rows)

    async def scrub(self) -> None:
        """Leave nothing of what was deleted in the file or beside it."""
        db = self._db
        if db is not None:
            async with self._lock:
                await asyncio.to_thread(lambda: db.execute("pragma wal_checkpoint(truncate)").fetchall())

    async def close(self) -> None:
        async with self._lock:
            if self._db is not None:
                await asyncio.to_thread(self._db.close)
                self._db = None


def _open(path: Path) -> sqlite3.Connection:
    db: sqlite3.Connection | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = full")  # in WAL mode: fsync at every commit
        db.execute("pragma secure_delete = on")  # what is deleted is overwritten
        db.executescript(_SCHEMA)
    except (sqlite3.Error, OSError) as error:
        if db is not None:
            db.close()
        raise RetryLater("storage.full", f"MQTT sessions cannot be kept: {error}") from error
    return db


def _commit(db: sqlite3.Connection, rows: Iterable[Row]) -> None:
    try:
        db.execute("begin immediate")
        for verb, *parameters in rows:
            for statement in _DO[verb]:
                db.execute(statement, parameters)
        db.execute("commit")
    except sqlite3.Error as error:
        if db.in_transaction:
            db.execute("rollback")
        raise RetryLater("storage.full", f"MQTT sessions could not be saved: {error}") from error
