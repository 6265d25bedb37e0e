"""Rows of assets; every function is work on one connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from baigong.stores.records.plant import batched
from baigong.stores.records.relations import put_relations, relations_of
from baigong.stores.records.tables import metadata
from baigong.vocab.assets import AssetSpec

_AT_ONCE = 500  # names in one question: databases bound how many

assets = sa.Table(
    "assets",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("asset", sa.Text, nullable=False),
    sa.Column("parent", sa.Text, nullable=False),  # empty: the company itself
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("spec", sa.Text, nullable=False),  # without relations, which have a table of their own
    sa.Column("words", sa.Text, nullable=False),  # all it is searched by, pinyin too
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("changed_us", sa.BigInteger, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("retired_us", sa.BigInteger, nullable=True),
    sa.PrimaryKeyConstraint("tenant", "asset"),
    sa.Index("assets_by_type", "tenant", "type"),
)


@dataclass(slots=True, frozen=True)
class AssetRow:
    """An asset as it stands. ``words``: all it is searched by."""

    tenant: str
    spec: AssetSpec
    words: str
    revision: int
    created_us: int
    changed_us: int
    changed_by: str
    retired_us: int | None = None


def assets_of(connection: sa.Connection, tenant: str) -> list[AssetRow]:
    decode = msgspec.json.Decoder(AssetSpec).decode
    c = assets.c
    wanted = sa.select(
        c.spec, c.words, c.revision, c.created_us, c.changed_us, c.changed_by, c.retired_us
    ).where(c.tenant == tenant)  # fmt: skip
    relations = relations_of(connection, tenant)

    def whole(raw: str) -> AssetSpec:
        spec = decode(raw)
        said = relations.get(spec.asset)
        return spec if said is None else msgspec.structs.replace(spec, relations=said)

    return [AssetRow(tenant, whole(spec), *rest) for spec, *rest in connection.execute(wanted)]


def put_assets(connection: sa.Connection, tenant: str, rows: Sequence[AssetRow]) -> None:
    """Write assets of one tenant, new ones and changed ones."""
    changed = [row for row in rows if row.revision > 1]
    for piece in batched(changed, _AT_ONCE):
        names = [row.spec.asset for row in piece]
        connection.execute(assets.delete().where(assets.c.tenant == tenant, assets.c.asset.in_(names)))
    if rows:
        connection.execute(assets.insert(), [_values(row) for row in rows])
    put_relations(connection, tenant, [(row.spec.asset, row.spec.relations or {}) for row in rows])


def drop_assets(connection: sa.Connection, tenant: str, names: Sequence[str]) -> None:
    """Take rows away that are written again under other names."""
    for piece in batched(names, _AT_ONCE):
        connection.execute(assets.delete().where(assets.c.tenant == tenant, assets.c.asset.in_(piece)))
    put_relations(connection, tenant, [(name, {}) for name in names])


def _values(row: AssetRow) -> dict[str, object]:
    spec = row.spec
    return {
        "tenant": row.tenant,
        "asset": spec.asset,
        "parent": spec.above,
        "level": spec.level,
        "type": spec.type,
        "code": spec.code,
        "spec": msgspec.json.encode(msgspec.structs.replace(spec, relations=None)).decode(),
        "words": row.words,
        "revision": row.revision,
        "created_us": row.created_us,
        "changed_us": row.changed_us,
        "changed_by": row.changed_by,
        "retired_us": row.retired_us,
    }
