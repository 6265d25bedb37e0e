"""Rows of what fed points before; every function is work on one connection.

What feeds a point now stands with the point: a plant in which nothing changes has no rows here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.plant import batched
from baigong.stores.records.tables import metadata

_AT_ONCE = 500  # numbers in one question: databases bound how many

point_sources = sa.Table(
    "point_sources",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("from_us", sa.BigInteger, nullable=False),  # 0: before this was kept
    sa.Column("until_us", sa.BigInteger, nullable=False),
    sa.Column("followed_us", sa.BigInteger, nullable=False),  # when the next source began: later, after a pause
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("scale", sa.Float, nullable=False),
    sa.Column("offset", sa.Float, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "number", "from_us"),
)


@dataclass(slots=True, frozen=True)
class PastSource:
    """What fed a point from when until when. ``from_us``: of the first one that is kept; others follow another."""

    tenant: str
    number: int
    from_us: int
    until_us: int
    followed_us: int
    device: str
    address: str
    scale: float
    offset: float


def sources_of(connection: sa.Connection, tenant: str, numbers: Sequence[int]) -> list[PastSource]:
    """Return what fed these points before, by number and time."""
    c = point_sources.c
    found: list[PastSource] = []
    for piece in batched(sorted(numbers), _AT_ONCE):
        wanted = sa.select(point_sources).where(c.tenant == tenant, c.number.in_(piece)).order_by(c.number, c.from_us)
        found += [
            PastSource(**{n: getattr(row, n) for n in PastSource.__slots__}) for row in connection.execute(wanted)
        ]
    return found


def add_sources(connection: sa.Connection, rows: Sequence[PastSource]) -> None:
    """Write what fed points until now, each from when the one before it ended."""
    c = point_sources.c
    for piece in batched(rows, _AT_ONCE):
        numbers = [row.number for row in piece]
        last = sa.select(c.tenant, c.number, sa.func.max(c.followed_us)).where(c.number.in_(numbers))
        begun = {(t, n): begun_us for t, n, begun_us in connection.execute(last.group_by(c.tenant, c.number))}
        told = [
            {n: getattr(row, n) for n in PastSource.__slots__}
            | {"from_us": begun.get((row.tenant, row.number), row.from_us)}
            for row in piece
        ]
        if told := [one for one in told if one["until_us"] > one["from_us"]]:
            connection.execute(point_sources.insert(), told)
