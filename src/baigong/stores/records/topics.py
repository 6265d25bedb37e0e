"""Topics that a machine was given beside its device's own, as rows."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from baigong.stores.records.tables import metadata

machine_topics = sa.Table(
    "machine_topics",
    metadata,
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # user | certificate
    sa.Column("name", sa.Text, nullable=False),  # user name, or SHA-256 of the certificate as hex
    sa.Column("publish", sa.Text, nullable=False),  # JSON, a list of topic filters
    sa.Column("subscribe", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "kind", "name"),
)
_EVERYTHING = '["#"]'  # what every machine had before there were rows


@dataclass(slots=True, frozen=True)
class TopicsRow:
    tenant: str
    kind: str
    name: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def all_topics(connection: sa.Connection) -> list[TopicsRow]:
    read = msgspec.json.Decoder(tuple[str, ...]).decode
    found = connection.execute(sa.select(machine_topics))
    return [TopicsRow(r.tenant, r.kind, r.name, read(r.publish), read(r.subscribe)) for r in found]


def put_topics(connection: sa.Connection, row: TopicsRow) -> None:
    """Write one anew; without a filter in it, none is kept."""
    drop_topics(connection, row.tenant, row.kind, row.name)
    if row.publish or row.subscribe:
        texts = {name: msgspec.json.encode(getattr(row, name)).decode() for name in ("publish", "subscribe")}
        connection.execute(machine_topics.insert().values(tenant=row.tenant, kind=row.kind, name=row.name, **texts))


def drop_topics(connection: sa.Connection, tenant: str, kind: str, name: str) -> None:
    c = machine_topics.c
    connection.execute(machine_topics.delete().where(c.tenant == tenant, c.kind == kind, c.name == name))


def give_everything(connection: sa.Connection, holders: sa.Table, kind: str, name: sa.Column[str]) -> None:
    """Let those that are there go on as they could, for a release that begins to ask."""
    everything = sa.literal(_EVERYTHING)
    found = sa.select(holders.c.tenant, sa.literal(kind), name, everything, everything).where(holders.c.device != "")
    connection.execute(machine_topics.insert().from_select([c.name for c in machine_topics.c], found))
