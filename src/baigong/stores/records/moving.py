"""Copies all records from one database into another, as of one moment, and proves that they are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec
import sqlalchemy as sa

from baigong.stores.records.engine import Records
from baigong.stores.records.migrations import read_version
from baigong.stores.records.postgres import WRITER
from baigong.stores.records.tables import metadata, settings
from baigong.stores.records.walls import ALL
from baigong.vocab.errors import FixConfiguration, RetryLater

Progress = Callable[[str, int, int], None]  # table, rows done, rows in all
_AT_ONCE = 2_000


@dataclass(slots=True, frozen=True)
class Sum:
    """How many rows a table has, and what they are: a sum of SHA-256 over rows, in whatever order they come."""

    rows: int = 0
    digest: int = 0

    def plus(self, rows: Iterable[tuple[Any, ...]]) -> Sum:
        count, digest = self.rows, self.digest
        for row in rows:
            count += 1
            digest += int.from_bytes(sha256(msgspec.msgpack.encode(row)).digest(), "big")
        return Sum(count, digest % (1 << 256))


def copy_records(
    source: Records,
    target: Records,
    progress: Progress = lambda *_: None,
    verify: Callable[[sa.Connection], None] = lambda connection: None,
) -> dict[str, Sum]:
    """Copy in one transaction, or nothing. ``verify`` looks at the copy before it counts, and raises.

    Raises config.conflict for a target that holds something, storage.version for one of another version,
    storage.corrupt where a table came out different.
    """
    return source.read_now(
        lambda taken: target.write_now(lambda made: _copy(taken, made, progress, verify), tenant=ALL), tenant=ALL
    )


def _copy(
    source: sa.Connection, target: sa.Connection, progress: Progress, verify: Callable[[sa.Connection], None]
) -> dict[str, Sum]:
    if read_version(source) != read_version(target):
        raise FixConfiguration("storage.version", "the two are of different versions")
    held = [table.name for table in metadata.sorted_tables if target.execute(_rows(table).limit(1)).first() is not None]
    if held:
        raise FixConfiguration("config.conflict", f"the target is not empty: {', '.join(held)}", place=held[0])
    counted = [source.execute(sa.select(sa.func.count()).select_from(t)).scalar_one() for t in metadata.sorted_tables]
    total, done, sums = sum(counted), 0, dict[str, Sum]()
    for table in metadata.sorted_tables:
        before = Sum()
        for rows in _batches(source, table):
            before = before.plus(rows)
            target.execute(table.insert(), [dict(zip(table.c.keys(), row, strict=True)) for row in rows])
            done += len(rows)
            progress(table.name, done, total)
        after = Sum()
        for rows in _batches(target, table):
            after = after.plus(rows)
        if before != after:
            raise RetryLater(
                "storage.corrupt",
                f"{table.name}: {before.rows} rows became {after.rows}, or others; nothing was moved",
                place=table.name,
            )
        sums[table.name] = after
        _count_on(target, table)
    verify(target)
    return sums


def _rows(table: sa.Table) -> sa.Select[Any]:
    """Select what is to be copied: whose a server is at the moment is its own matter."""
    wanted = sa.select(table)
    return wanted.where(settings.c.name != WRITER) if table is settings else wanted


def _batches(connection: sa.Connection, table: sa.Table) -> Iterator[list[tuple[Any, ...]]]:
    found = connection.execute(_rows(table).execution_options(yield_per=_AT_ONCE))
    for rows in found.partitions():
        yield [tuple(row) for row in rows]


def _count_on(connection: sa.Connection, table: sa.Table) -> None:
    """Let a server number new rows after those that came with their numbers; SQLite sees it by itself."""
    column = table.autoincrement_column
    if connection.dialect.name != "postgresql" or column is None or column.autoincrement is not True:
        return
    highest = connection.execute(sa.select(sa.func.max(column))).scalar()
    if highest is not None:
        sequence = f'"{table.name}_{column.name}_seq"'
        connection.execute(sa.text("select setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest})
