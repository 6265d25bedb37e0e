"""Rows of relations between assets; every function is work on one connection."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from baigong.stores.records.plant import batched
from baigong.stores.records.tables import metadata

_AT_ONCE = 500  # names in one question: databases bound how many

asset_relations = sa.Table(
    "asset_relations",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("asset", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("other", sa.Text, nullable=False),  # an asset, too
    sa.PrimaryKeyConstraint("tenant", "asset", "kind", "other"),
    sa.Index("asset_relations_by_other", "tenant", "other"),
)


def relations_of(connection: sa.Connection, tenant: str) -> dict[str, dict[str, list[str]]]:
    """Return of each asset the others, by kind, all in order."""
    c = asset_relations.c
    wanted = sa.select(c.asset, c.kind, c.other).where(c.tenant == tenant)
    found: dict[str, dict[str, list[str]]] = {}
    # sorted here: databases order letters as they like
    for asset, kind, other in sorted(tuple(row) for row in connection.execute(wanted)):
        found.setdefault(asset, {}).setdefault(kind, []).append(other)
    return found


def put_relations(connection: sa.Connection, tenant: str, said: Sequence[tuple[str, dict[str, list[str]]]]) -> None:
    """Keep what these assets say, in place of what they said before."""
    c = asset_relations.c
    for piece in batched([asset for asset, _ in said], _AT_ONCE):
        connection.execute(asset_relations.delete().where(c.tenant == tenant, c.asset.in_(piece)))
    rows = [
        {"tenant": tenant, "asset": asset, "kind": kind, "other": other}
        for asset, relations in said
        for kind, others in relations.items()
        for other in others
    ]
    if rows:
        connection.execute(asset_relations.insert(), rows)
