"""Opens the records and runs work on them, never on the event loop; one database or another, the work is the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeVar

import sqlalchemy as sa

from baigong.stores.records.migrations import current_version, newer, read_version, upgrade
from baigong.stores.records.place import Server
from baigong.stores.records.postgres import Postgres
from baigong.stores.records.sqlite import Sqlite
from baigong.stores.records.walls import ALL
from baigong.vocab.errors import BaigongError

T = TypeVar("T")


class Database(Protocol):
    """What SQLite and PostgreSQL do each in their own way."""

    engine: sa.Engine

    def read(self, work: Callable[[sa.Connection], T], tenant: str) -> T:
        """One transaction that changes nothing, and sees one moment."""
        ...

    def write(self, work: Callable[[sa.Connection], T], tenant: str, *, alone: bool) -> T:
        """One transaction: all of it is on disk when this returns, or nothing of it when it raises."""
        ...

    def upgrading(self) -> AbstractContextManager[sa.Connection]:
        """One transaction that may change tables."""
        ...

    def keep_copy(self, version: int) -> None:
        """Keep what there is, before it is brought to another version."""
        ...

    def guard(self, connection: sa.Connection) -> None:
        """Put the walls between tenants up, after the tables have changed."""
        ...

    def check(self) -> None:
        """Raise when this place is not fit for our records."""
        ...

    def claim(self) -> None:
        """Take the place for this process. Raises storage.locked when another platform has it."""
        ...

    def scrub(self) -> None:
        """Leave nothing of what was deleted beside the database, as far as that is ours."""
        ...

    def close(self) -> None: ...


class Records:
    """Work is a function of one connection and is one transaction; on PostgreSQL it may be run again from its start.

    ``tenant``: whose rows the work may see and change, or ``ALL``. PostgreSQL holds it to that (row-level security);
    SQLite takes its word.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # Rooms keep what they wrote in memory: that two writes end in the order they began in is part of the promise,
        # on PostgreSQL too.
        self._one_writer = asyncio.Lock()

    @property
    def engine(self) -> sa.Engine:
        return self._database.engine

    async def read(self, work: Callable[[sa.Connection], T], *, tenant: str = ALL) -> T:
        return await asyncio.to_thread(self.read_now, work, tenant=tenant)

    async def write(self, work: Callable[[sa.Connection], T], *, tenant: str = ALL, alone: bool = False) -> T:
        """Run and commit; on disk when it returns. ``alone``: no other process does such work at the same time."""
        async with self._one_writer:
            return await asyncio.to_thread(self.write_now, work, tenant=tenant, alone=alone)

    def read_now(self, work: Callable[[sa.Connection], T], *, tenant: str = ALL) -> T:
        return self._database.read(work, tenant)

    def write_now(self, work: Callable[[sa.Connection], T], *, tenant: str = ALL, alone: bool = False) -> T:
        return self._database.write(work, tenant, alone=alone)

    async def claim(self) -> None:
        """Take the records for this process, for as long as it lives; a second platform is refused."""
        await asyncio.to_thread(self.claim_now)

    def claim_now(self) -> None:
        self._database.claim()

    async def scrub(self) -> None:
        """Leave nothing of what was deleted beside the database; a server's own logs and dumps are its operator's."""
        async with self._one_writer:
            await asyncio.to_thread(self._database.scrub)

    async def close(self) -> None:
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        self._database.close()


def open_records(place: Path | Server, *, upgraded: bool = True) -> Records:
    """Open (or make) the records and bring them to the present version; a file keeps a copy beside it first.

    Raises storage.version for records of a newer program, storage.corrupt for what is no records file,
    storage.unreachable, storage.denied, storage.unfit and storage.role for a server. ``upgraded``: False opens
    them as they are.
    """
    database: Database = Postgres(place) if isinstance(place, Server) else Sqlite(place)
    records = Records(database)
    try:
        database.check()
        if upgraded:
            bring_up(database)
    except BaigongError:
        database.close()
        raise
    return records


def prepare_tables(server: Server, role: str) -> None:
    """Make or upgrade the tables as their owner, for ``role`` to work with, which then needs no way to the owner."""
    database = Postgres(server, grantee=role)
    try:
        database.check()
        with database.upgrading() as connection:
            upgrade(connection)
            database.guard(connection)
    finally:
        database.close()


def bring_up(database: Database) -> None:
    """Run the steps that are missing."""
    found = database.read(read_version, ALL)
    if found == current_version():
        return
    if found > current_version():
        raise newer(found)
    if found:
        database.keep_copy(found)
    with database.upgrading() as connection:
        upgrade(connection)
        database.guard(connection)
