"""Keys that senders gave to their commands (Idempotency-Key), so that one sent twice is one; as rows."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.tables import metadata

command_keys = sa.Table(
    "command_keys",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),  # of what was asked, SHA-256 as hex
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("asked_us", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "asked_by", "key"),
    sa.Index("command_keys_by_time", "tenant", "asked_us"),
)


@dataclass(slots=True, frozen=True)
class KeyRow:
    """Which command somebody has asked for under a key of theirs."""

    tenant: str
    asked_by: str
    key: str
    digest: str
    command: str
    asked_us: int


def find_key(connection: sa.Connection, tenant: str, asked_by: str, key: str, since_us: int) -> KeyRow | None:
    c = command_keys.c
    this = (c.tenant == tenant, c.asked_by == asked_by, c.key == key, c.asked_us >= since_us)
    found = connection.execute(sa.select(command_keys).where(*this)).one_or_none()
    return None if found is None else KeyRow(**found._mapping)


def add_key(connection: sa.Connection, row: KeyRow, since_us: int) -> None:
    """Keep one, and forget the company's that are older than ``since_us``."""
    c = command_keys.c
    connection.execute(command_keys.delete().where(c.tenant == row.tenant, c.asked_us < since_us))
    connection.execute(command_keys.insert().values({n: getattr(row, n) for n in KeyRow.__slots__}))
