"""Genealogy of products: where a lot went (recall), and what is in one (trace)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.followed import FollowedTables, RowChanges
from baigong.stores.lake.toldsql import GENEALOGY, LOT_USES, LotTables
from baigong.stores.records import Records
from baigong.stores.records.happenings import find_episodes
from baigong.stores.records.lots import Direction, Link, Use, follow, lot_links, lot_uses, rows_of, search_lots, uses_of
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Episode


class Lot(Struct, frozen=True, kw_only=True):
    """``steps``: how far from the lot that was asked about, 0 for itself; ``material``: as any episode says it.

    ``quantity``: how much was made of it; of what comes from outside, how much was used.
    """

    lot: str
    material: str
    quantity: float | None
    unit: str
    steps: int
    produced_by: list[str]
    consumed_by: list[str]


class Genealogy(Struct, frozen=True, kw_only=True):
    """``whole``: False when there is more than was asked for."""

    lot: str
    direction: str
    whole: bool
    lots: list[Lot]
    links: list[tuple[str, str, str]]  # consumed, produced, episode
    episodes: list[Episode]


class Lots:
    """``episodes``: the changes of those that name lots."""

    def __init__(self, records: Records, episodes: RowChanges) -> None:
        self._records = records
        self._tables = FollowedTables(episodes, "episode")

    def tables(self, tenant: str) -> LotTables:
        """Return what SQL is asked about; the functions in it block: call them from a thread."""
        return LotTables(
            uses=lambda: self._table(tenant, lot_uses, LOT_USES),
            links=lambda: self._table(tenant, lot_links, GENEALOGY),
        )

    def _table(self, tenant: str, table: sa.Table, schema: pa.Schema) -> pa.Table:
        """Read all rows once, about 2 µs each; then those of episodes that changed."""
        return self._tables.of((tenant, table.name), tenant, partial(self._read, tenant, table, schema))

    def _read(self, tenant: str, table: sa.Table, schema: pa.Schema, episodes: Collection[str] | None) -> pa.Table:
        asked = None if episodes is None else sorted(episodes)

        def work(connection: sa.Connection) -> pa.Table:
            pieces = rows_of(connection, tenant, table, schema.names, asked)
            return pa.Table.from_batches([_batch(rows, schema) for rows in pieces], schema)

        return self._records.read_now(work, tenant=tenant)

    def forget(self, tenant: str) -> None:
        """Let go of the tables of a company that is gone."""
        for name in (lot_uses.name, lot_links.name):
            self._tables.forget((tenant, name))

    async def trace(self, tenant: str, lot: str, direction: Direction, most: int) -> Genealogy:
        """Follow a lot. Raises http.not_found for one that no episode names."""

        def work(connection: sa.Connection) -> tuple[list[Link], list[Use], list[Episode]]:
            links = follow(connection, tenant, lot, direction, most + 1)[: most + 1]
            names = {lot} | {link.consumed for link in links} | {link.produced for link in links}
            uses = uses_of(connection, tenant, sorted(names))
            side = "consumed" if direction == "forward" else "produced"
            own = {use.episode for use in uses if use.lot == lot and use.side == side}
            told = own | {link.episode for link in links}
            return links, uses, find_episodes(connection, tenant, sorted(told))

        links, uses, episodes = await self._records.read(work, tenant=tenant)
        if not uses:
            raise FixConfiguration("http.not_found", f"no episode names the lot {lot!r}", place=lot)
        return Genealogy(
            lot=lot,
            direction=direction,
            whole=len(links) <= most,
            lots=_lots(lot, direction, links, uses),
            links=[(link.consumed, link.produced, link.episode) for link in links[:most]],
            episodes=episodes,
        )

    async def search(self, tenant: str, search: str, material: str, limit: int) -> list[str]:
        return await self._records.read(lambda c: search_lots(c, tenant, search, material, limit), tenant=tenant)


def _batch(rows: Sequence[sa.Row[Any]], schema: pa.Schema) -> pa.RecordBatch:
    columns = ([row[number] for row in rows] for number in range(len(schema)))  # zip takes twice as long with such rows
    return pa.record_batch([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def _lots(lot: str, direction: str, links: Sequence[Link], uses: Sequence[Use]) -> list[Lot]:
    after = defaultdict[str, list[str]](list)
    for link in links:
        here, there = (link.consumed, link.produced) if direction == "forward" else (link.produced, link.consumed)
        after[here].append(there)
    steps, edge = {lot: 0}, [lot]
    while edge:
        fresh = {there for here in edge for there in after[here] if there not in steps}
        steps |= dict.fromkeys(fresh, steps[edge[0]] + 1)
        edge = sorted(fresh)
    told = defaultdict[str, list[Use]](list)
    for use in uses:
        told[use.lot].append(use)
    return [_lot(name, told[name], far) for name, far in sorted(steps.items(), key=lambda item: (item[1], item[0]))]


def _lot(lot: str, uses: Sequence[Use], steps: int) -> Lot:
    made = [use for use in uses if use.side == "produced"]
    told = [use for use in made or uses if use.quantity is not None]
    unit = told[0].unit if told else ""
    return Lot(
        lot=lot,
        material=next((use.material for use in (*made, *uses) if use.material), ""),
        quantity=sum(use.quantity or 0.0 for use in told if use.unit == unit) if told else None,
        unit=unit,
        steps=steps,
        produced_by=sorted(use.episode for use in made),
        consumed_by=sorted(use.episode for use in uses if use.side == "consumed"),
    )
