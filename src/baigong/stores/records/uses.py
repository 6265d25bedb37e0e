"""When a token or a grant was last of use: rows that are written from time to time, not at every use."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from baigong.stores.records.tables import metadata
from baigong.stores.records.upsert import insert_or

last_uses = sa.Table(
    "last_uses",
    metadata,
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # token | grant
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("used_us", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "kind", "name"),
)

Use = tuple[str, str, str]  # tenant, kind, name


def all_uses(connection: sa.Connection) -> dict[Use, int]:
    return {(r.tenant, r.kind, r.name): r.used_us for r in connection.execute(sa.select(last_uses))}


def put_uses(connection: sa.Connection, uses: Mapping[Use, int]) -> None:
    for (tenant, kind, name), used_us in uses.items():
        told = insert_or(connection, last_uses).values(tenant=tenant, kind=kind, name=name, used_us=used_us)
        connection.execute(
            told.on_conflict_do_update(index_elements=["tenant", "kind", "name"], set_={"used_us": used_us})
        )
