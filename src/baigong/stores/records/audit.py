"""Rows of the audit log and of the hashes above it; every function is work on one connection. Never updated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.tables import audit_entries, audit_nodes


@dataclass(slots=True, frozen=True)
class AuditRow:
    """Entry number ``seq`` (from 0). ``entry``: its exact bytes, which ``leaf`` is the hash of."""

    seq: int
    time_us: int
    tenant: str
    who: str
    action: str
    object: str
    allowed: bool
    entry: str
    leaf: bytes


def count_entries(connection: sa.Connection) -> int:
    last = connection.execute(sa.select(sa.func.max(audit_entries.c.seq))).scalar()
    return 0 if last is None else int(last) + 1


def add_entries(connection: sa.Connection, rows: Sequence[AuditRow]) -> None:
    if rows:
        connection.execute(audit_entries.insert(), [{n: getattr(r, n) for n in AuditRow.__slots__} for r in rows])


def read_leaves(connection: sa.Connection, start: int, end: int) -> list[bytes]:
    wanted = sa.select(audit_entries.c.leaf).where(audit_entries.c.seq >= start, audit_entries.c.seq < end)
    return [bytes(row.leaf) for row in connection.execute(wanted.order_by(audit_entries.c.seq))]


def add_nodes(connection: sa.Connection, nodes: Sequence[tuple[int, int, bytes]]) -> None:
    """Write hashes over complete runs of entries: (level, index, hash)."""
    if nodes:
        connection.execute(
            audit_nodes.insert(), [{"level": level, "number": number, "hash": h} for level, number, h in nodes]
        )


def read_nodes(connection: sa.Connection, level: int, start: int, end: int) -> list[bytes]:
    wanted = sa.select(audit_nodes.c.hash).where(
        audit_nodes.c.level == level, audit_nodes.c.number >= start, audit_nodes.c.number < end
    )
    return [bytes(row.hash) for row in connection.execute(wanted.order_by(audit_nodes.c.number))]


def find_entry(connection: sa.Connection, seq: int) -> AuditRow | None:
    row = connection.execute(sa.select(audit_entries).where(audit_entries.c.seq == seq)).one_or_none()
    return None if row is None else _row(row)


def entries_between(connection: sa.Connection, start: int, end: int) -> list[AuditRow]:
    """Return the entries of these numbers, in order."""
    c = audit_entries.c
    wanted = sa.select(audit_entries).where(c.seq >= start, c.seq < end).order_by(c.seq)
    return [_row(row) for row in connection.execute(wanted)]


def list_entries(
    connection: sa.Connection,
    *,
    tenant: str | None,
    who: str | None = None,
    action: str | None = None,
    object: str | None = None,
    allowed: bool | None = None,
    start_us: int | None = None,
    end_us: int | None = None,
    before: int | None = None,
    limit: int = 200,
) -> list[AuditRow]:
    """Return entries, newest first; ``tenant`` None: of all. ``before``: a seq, for the next page."""
    c = audit_entries.c
    wanted = sa.select(audit_entries).order_by(c.seq.desc()).limit(limit)
    for column, value in ((c.tenant, tenant), (c.who, who), (c.action, action), (c.allowed, allowed)):
        if value is not None:
            wanted = wanted.where(column == value)
    if object is not None:
        wanted = wanted.where(c.object.startswith(object, autoescape=True))
    if start_us is not None:
        wanted = wanted.where(c.time_us >= start_us)
    if end_us is not None:
        wanted = wanted.where(c.time_us < end_us)
    if before is not None:
        wanted = wanted.where(c.seq < before)
    return [_row(row) for row in connection.execute(wanted)]


def _row(row: sa.Row[tuple[object, ...]]) -> AuditRow:
    return AuditRow(**{n: getattr(row, n) for n in AuditRow.__slots__})
