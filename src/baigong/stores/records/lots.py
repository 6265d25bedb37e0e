"""Lots and what they were made of, kept beside the episodes that say so; every function is work on one connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from baigong.stores.records.plant import batched
from baigong.stores.records.tables import metadata
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Episode
from baigong.vocab.lots import LotUse, genealogy_of

_AT_ONCE = 400  # names in one question: databases bound how many
_READ_AT_ONCE = 1_000  # rows
Direction = Literal["forward", "back"]

lot_uses = sa.Table(
    "lot_uses",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("lot", sa.Text, nullable=False),
    sa.Column("episode", sa.Text, nullable=False),
    sa.Column("side", sa.Text, nullable=False),  # consumed | produced
    sa.Column("material", sa.Text, nullable=False),
    sa.Column("quantity", sa.Float, nullable=True),
    sa.Column("unit", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "lot", "episode", "side"),
    sa.Index("lot_uses_by_episode", "tenant", "episode"),
)
lot_links = sa.Table(
    "lot_links",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("consumed", sa.Text, nullable=False),
    sa.Column("produced", sa.Text, nullable=False),
    sa.Column("episode", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "consumed", "produced", "episode"),
    # covers what `follow` reads: with less SQLite goes through all of the tenant instead
    sa.Index("lot_links_back", "tenant", "produced", "consumed", "episode"),
    sa.Index("lot_links_by_episode", "tenant", "episode"),
)
TABLES = (lot_uses, lot_links)


@dataclass(slots=True, frozen=True)
class Link:
    consumed: str
    produced: str
    episode: str


def put_genealogy(connection: sa.Connection, tenant: str, episodes: Sequence[Episode]) -> None:
    """Keep what episodes say of lots, in place of what they said before. Raises config.invalid for a ring."""
    drop_genealogy(connection, tenant, [episode.id for episode in episodes])
    uses, links, produced = [], [], set[str]()
    for episode in episodes:
        made = genealogy_of(episode)
        for side, all_ in (("consumed", made.consumed), ("produced", made.produced)):
            for use in {use.lot: use for use in all_}.values():
                uses.append(_use(tenant, episode.id, side, use))
        for lot in {use.lot for use in made.produced}:
            produced.add(lot)
            links += [
                {"tenant": tenant, "consumed": use, "produced": lot, "episode": episode.id}
                for use in {use.lot for use in made.consumed}
            ]
    if uses:
        connection.execute(lot_uses.insert(), uses)
    if links:
        connection.execute(lot_links.insert(), links)
        _check_no_ring(connection, tenant, produced)


def _use(tenant: str, episode: str, side: str, use: LotUse) -> dict[str, object]:
    return {
        "tenant": tenant, "lot": use.lot, "episode": episode, "side": side, "material": use.material,
        "quantity": use.quantity, "unit": use.unit,
    }  # fmt: skip


def drop_genealogy(connection: sa.Connection, tenant: str, episodes: Sequence[str]) -> None:
    for table in TABLES:
        for piece in batched(episodes, _AT_ONCE):
            connection.execute(table.delete().where(table.c.tenant == tenant, table.c.episode.in_(piece)))


def _check_no_ring(connection: sa.Connection, tenant: str, produced: Iterable[str]) -> None:
    """What was just made has mostly gone into nothing yet: this looks at what came of it, and seldom finds any."""
    for piece in batched(sorted(produced), _AT_ONCE):
        c = lot_links.c
        begun = sa.select(c.consumed.label("begin"), c.produced.label("lot")).where(
            c.tenant == tenant, c.consumed.in_(piece)
        )
        came = begun.cte("came", recursive=True)
        came = came.union(sa.select(came.c.begin, c.produced).where(c.tenant == tenant, c.consumed == came.c.lot))
        ring = connection.execute(sa.select(came.c.lot).where(came.c.lot == came.c.begin).limit(1)).first()
        if ring is not None:
            raise FixConfiguration("config.invalid", f"{ring.lot} would be made of itself", place="attributes.consumed")


def follow(connection: sa.Connection, tenant: str, lot: str, direction: Direction, most: int) -> list[Link]:
    """Return every link from a lot on: forward what was made of it, back what it was made of. One query.

    Each lot is followed once, however many ways lead to it. More than ``most`` links: so many, in no order.
    """
    c = lot_links.c
    here, there = (c.consumed, c.produced) if direction == "forward" else (c.produced, c.consumed)
    found = sa.select(sa.cast(sa.literal(lot), sa.Text).label("lot")).cte("found", recursive=True)
    found = found.union(sa.select(there).where(c.tenant == tenant, here == found.c.lot))
    wanted = sa.select(c.consumed, c.produced, c.episode).where(c.tenant == tenant, here == found.c.lot)
    return [Link(*row) for row in connection.execute(wanted.limit(most))]


@dataclass(slots=True, frozen=True)
class Use:
    """One lot in one episode."""

    lot: str
    episode: str
    side: str
    material: str
    quantity: float | None
    unit: str


def uses_of(connection: sa.Connection, tenant: str, lots: Sequence[str]) -> list[Use]:
    """Return every use of these lots."""
    c = lot_uses.c
    columns = [c[name] for name in Use.__slots__]
    return [
        Use(*row)
        for piece in batched(lots, _AT_ONCE)
        for row in connection.execute(sa.select(*columns).where(c.tenant == tenant, c.lot.in_(piece)))
    ]


def rows_of(
    connection: sa.Connection, tenant: str, table: sa.Table, columns: Sequence[str], episodes: Sequence[str] | None
) -> Iterator[Sequence[sa.Row[Any]]]:
    """Yield rows of ``lot_uses`` or ``lot_links`` in pieces: of these episodes, None: of all. An empty text is None."""
    wanted = [sa.func.nullif(table.c[name], "") if name in ("material", "unit") else table.c[name] for name in columns]
    asked = sa.select(*wanted).where(table.c.tenant == tenant)
    pieces = [asked] if episodes is None else [
        asked.where(table.c.episode.in_(piece)) for piece in batched(episodes, _AT_ONCE)
    ]  # fmt: skip
    for one in pieces:
        yield from connection.execute(one, execution_options={"yield_per": _READ_AT_ONCE}).partitions()


def search_lots(connection: sa.Connection, tenant: str, search: str, material: str, limit: int) -> list[str]:
    """Return lots whose id begins with ``search``, by id."""
    c = lot_uses.c
    wanted = sa.select(c.lot).distinct().where(c.tenant == tenant)
    if search:
        wanted = wanted.where(c.lot.startswith(search, autoescape=True))
    if material:
        wanted = wanted.where(c.material == material)
    return list(connection.execute(wanted.order_by(c.lot).limit(limit)).scalars())
