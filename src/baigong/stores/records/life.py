"""Rows of the lives of assets; only ever added. Every function is work on one connection."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from baigong.stores.records.tables import metadata
from baigong.vocab.happenings import Event

life = sa.Table(
    "life",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("asset", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("time_us", sa.BigInteger, nullable=False),  # when it was so
    sa.Column("told_us", sa.BigInteger, nullable=False),  # when we were told
    sa.Column("told_by", sa.Text, nullable=False),
    sa.Column("corrects", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),  # JSON
    sa.PrimaryKeyConstraint("tenant", "id"),
    sa.Index("life_by_asset", "tenant", "asset", "time_us"),
)
# Events of an asset that are a part of its life: events are forgotten after a year, a life is not.
_LASTING = {
    "asset.added": "added",
    "asset.moved": "moved",
    "asset.renamed": "renamed",
    "asset.retired": "retired",
    "asset.returned": "returned",
    "asset.retyped": "type_set",
    "asset.state_changed": "state_changed",
    "asset.source_replaced": "source_replaced",
}


@dataclass(slots=True, frozen=True)
class LifeRow:
    tenant: str
    id: str
    asset: str
    kind: str
    time_us: int
    told_us: int
    told_by: str
    corrects: str
    detail: dict[str, Any]


def add_life(connection: sa.Connection, rows: Sequence[LifeRow]) -> None:
    if rows:
        told = [{name: getattr(row, name) for name in LifeRow.__slots__} for row in rows]
        connection.execute(
            life.insert(), [one | {"detail": msgspec.json.encode(one["detail"]).decode()} for one in told]
        )


def keep_lives(connection: sa.Connection, events: Sequence[Event]) -> None:
    """Write what of these events is a part of the lives of assets."""
    add_life(connection, [
        LifeRow(
            event.tenant, f"l_{secrets.token_hex(8)}", event.subject.removeprefix("asset:"), _LASTING[event.kind],
            event.time_us, event.time_us, str(event.detail.get("by", "")), "",
            {name: value for name, value in event.detail.items() if name != "by"},
        )
        for event in events
        if event.kind in _LASTING
    ])  # fmt: skip


def life_of(connection: sa.Connection, tenant: str, asset: str) -> list[LifeRow]:
    c = life.c
    wanted = sa.select(life).where(c.tenant == tenant, c.asset == asset).order_by(c.time_us, c.told_us)
    return [
        LifeRow(**{**row._mapping, "detail": msgspec.json.decode(row.detail)}) for row in connection.execute(wanted)
    ]
