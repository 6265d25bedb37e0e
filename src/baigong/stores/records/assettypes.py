"""Rows of asset types, every version as it was written; every function is work on one connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.tables import metadata

asset_types = sa.Table(
    "asset_types",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),  # from 1
    sa.Column("text", sa.Text, nullable=False),  # YAML
    sa.Column("changed_us", sa.BigInteger, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "type", "version"),
)


@dataclass(slots=True, frozen=True)
class TypeRow:
    tenant: str
    type: str
    version: int
    text: str
    changed_us: int
    changed_by: str


def types_of(connection: sa.Connection, tenant: str) -> list[TypeRow]:
    """Return every version of every type, the first versions first."""
    c = asset_types.c
    wanted = sa.select(asset_types).where(c.tenant == tenant).order_by(c.type, c.version)
    return [TypeRow(**{n: getattr(row, n) for n in TypeRow.__slots__}) for row in connection.execute(wanted)]


def add_types(connection: sa.Connection, rows: Sequence[TypeRow]) -> None:
    connection.execute(asset_types.insert(), [{n: getattr(row, n) for n in TypeRow.__slots__} for row in rows])


def drop_type(connection: sa.Connection, tenant: str, type: str) -> None:
    connection.execute(asset_types.delete().where(asset_types.c.tenant == tenant, asset_types.c.type == type))
