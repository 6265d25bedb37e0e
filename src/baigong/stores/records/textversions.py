"""Texts that people write, every version as it was written: asset types, device templates.

Every function is work on one connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.tables import metadata


@dataclass(slots=True, frozen=True)
class TextVersion:
    tenant: str
    name: str
    version: int
    text: str
    changed_us: int
    changed_by: str


class TextVersions:
    """One table of such texts. ``name``: its column of what a text is called."""

    def __init__(self, table: str, name: str) -> None:
        self.table = sa.Table(
            table,
            metadata,
            sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
            sa.Column(name, sa.Text, nullable=False),
            sa.Column("version", sa.Integer, nullable=False),  # from 1
            sa.Column("text", sa.Text, nullable=False),  # YAML
            sa.Column("changed_us", sa.BigInteger, nullable=False),
            sa.Column("changed_by", sa.Text, nullable=False),
            sa.PrimaryKeyConstraint("tenant", name, "version"),
        )
        self._name = self.table.c[name]

    def of(self, connection: sa.Connection, tenant: str) -> list[TextVersion]:
        """Return every version of every text, the first versions first."""
        c = self.table.c
        wanted = sa.select(self.table).where(c.tenant == tenant).order_by(self._name, c.version)
        return [TextVersion(*row) for row in connection.execute(wanted)]

    def add(self, connection: sa.Connection, rows: Sequence[TextVersion]) -> None:
        columns = [(column.name, field) for column, field in zip(self.table.c, TextVersion.__slots__, strict=True)]
        told = [{column: getattr(row, field) for column, field in columns} for row in rows]
        connection.execute(self.table.insert(), told)

    def drop(self, connection: sa.Connection, tenant: str, name: str) -> None:
        connection.execute(self.table.delete().where(self.table.c.tenant == tenant, self._name == name))


asset_types = TextVersions("asset_types", "type")
device_templates = TextVersions("device_templates", "template")
