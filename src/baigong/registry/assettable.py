"""A tenant's assets and their relations as the tables that SQL asks: all of them, or what is open to somebody."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec
import pyarrow as pa

from baigong.registry.assets import Assets
from baigong.registry.rights import asset_ref
from baigong.registry.tree import Tree
from baigong.registry.visible import Visible
from baigong.stores.lake.assetsql import ASSETS, RELATIONS
from baigong.vocab.devices import AssetWords

_NAMELESS = AssetWords()


def open_assets(tree: Tree, tenant: str, only: Visible) -> set[str]:
    """Return the assets that are open to somebody: opened by themselves, or by points of their own."""
    own = only.book.by_asset(tenant)
    return {one for one in tree if one in own or only.of(asset_ref(tenant, one)) is not None}


def with_those_above(tree: Tree, assets: Iterable[str]) -> set[str]:
    """Add all that these are a part of: what somebody may know the names of, and no more."""
    return {step for one in assets for step in tree.path(one) if step}


def assets_table(assets: Assets, tenant: str, only: Visible | None = None) -> pa.Table:
    """Return schema ASSETS, by name. Retired ones are not there; of what only holds something open, names are told.

    Costs about 6 µs an asset; for a part 10 µs more.
    """
    tree, rows, words = assets.tree(tenant), assets.rows(tenant), assets.words(tenant)
    opened: Collection[str] = tree if only is None else open_assets(tree, tenant, only)
    shown = tree if only is None else with_those_above(tree, opened)
    columns: list[list[str | None]] = [[] for _ in ASSETS]
    for asset in sorted(shown):
        row = rows.get(asset) if asset in opened else None
        if row is not None and row.retired_us is not None:
            continue
        called = words.get(asset, _NAMELESS)
        line: tuple[str | None, ...] = (asset, tree.above(asset), "/".join(tree.path(asset)))
        if row is None:
            line += (None, None, None, called.title, called.title_zh, None, None, None)
        else:
            spec = row.spec
            properties = msgspec.json.encode(spec.properties).decode()
            line += (
                spec.level, spec.type, spec.code, called.title, called.title_zh, spec.place, spec.state, properties,
            )  # fmt: skip
        for column, value in zip(columns, line, strict=True):
            column.append(value)
    return pa.table([pa.array(column, pa.string()) for column in columns], schema=ASSETS)


def relations_table(assets: Assets, tenant: str, only: Visible | None = None) -> pa.Table:
    """Return schema RELATIONS, by asset. A relation is there when both its sides are, and are open."""
    rows, tree = assets.rows(tenant), assets.tree(tenant)
    said = {asset: row.spec.relations for asset, row in list(rows.items()) if row.spec.relations}
    opened: Collection[str] = tree if only is None or not said else open_assets(tree, tenant, only)

    def shown(asset: str) -> bool:
        row = rows.get(asset)
        return asset in opened and (row is None or row.retired_us is None)

    found = [
        (asset, kind, other)
        for asset in sorted(filter(shown, said))
        for kind, others in said[asset].items()
        for other in others
        if shown(other)
    ]
    columns = zip(*found, strict=True) if found else ((), (), ())
    return pa.table([pa.array(column, pa.string()) for column in columns], schema=RELATIONS)
