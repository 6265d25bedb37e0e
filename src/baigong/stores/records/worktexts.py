"""Rows of what people wrote down of recurring work: plans, calendars of shifts, trees of reasons; by kind and name.

Every function is work on one connection.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.tables import metadata
from baigong.stores.records.upsert import insert_or

work_texts = sa.Table(
    "work_texts",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # plan | calendar | reasons
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),  # JSON
    sa.Column("state", sa.Text, nullable=False),  # JSON: how far it has been followed
    sa.Column("changed_us", sa.BigInteger, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "kind", "name"),
)


@dataclass(slots=True, frozen=True)
class WorkText:
    tenant: str
    kind: str
    name: str
    text: str
    state: str
    changed_us: int
    changed_by: str


def put_work_text(connection: sa.Connection, row: WorkText) -> None:
    fresh = insert_or(connection, work_texts).values({name: getattr(row, name) for name in WorkText.__slots__})
    changed = {c.name: fresh.excluded[c.name] for c in work_texts.c if not c.primary_key}
    connection.execute(fresh.on_conflict_do_update(index_elements=["tenant", "kind", "name"], set_=changed))


def put_state(connection: sa.Connection, tenant: str, kind: str, name: str, state: str) -> None:
    """Say how far a text has been followed; nothing where it is gone meanwhile."""
    c = work_texts.c
    this = sa.and_(c.tenant == tenant, c.kind == kind, c.name == name)
    connection.execute(work_texts.update().where(this).values(state=state))


def drop_work_text(connection: sa.Connection, tenant: str, kind: str, name: str) -> int:
    c = work_texts.c
    this = sa.and_(c.tenant == tenant, c.kind == kind, c.name == name)
    return connection.execute(work_texts.delete().where(this)).rowcount


def work_texts_of(connection: sa.Connection, tenant: str | None, kind: str) -> list[WorkText]:
    """Return those of one kind, by name; None: of all tenants."""
    c = work_texts.c
    wanted = sa.select(work_texts).where(c.kind == kind).order_by(c.tenant, c.name)
    if tenant is not None:
        wanted = wanted.where(c.tenant == tenant)
    return [WorkText(**row._mapping) for row in connection.execute(wanted)]
