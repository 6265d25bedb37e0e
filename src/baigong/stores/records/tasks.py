"""Rows of tasks, and of what was done to each; every function is work on one connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from baigong.stores.records.tables import metadata
from baigong.stores.records.upsert import insert_or
from baigong.vocab.tasks import OPEN, TaskProgress, TaskSpec

tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),  # that people call it by
    sa.Column("asset", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("priority", sa.Text, nullable=False),
    sa.Column("assignee", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("due_us", sa.BigInteger, nullable=True),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("origin_ref", sa.Text, nullable=False),
    sa.Column("spec", sa.Text, nullable=False),  # JSON
    sa.Column("progress", sa.Text, nullable=False),  # JSON
    sa.Column("made_us", sa.BigInteger, nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("changed_us", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "id"),
    sa.UniqueConstraint("tenant", "number"),
    sa.Index("tasks_by_state", "tenant", "state", "due_us"),
    sa.Index("tasks_by_asset", "tenant", "asset"),
)
task_changes = sa.Table(
    "task_changes",
    metadata,
    sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.tenant"), nullable=False),
    sa.Column("task", sa.Text, nullable=False),
    sa.Column("id", sa.Text, nullable=False),  # made by whoever sent it
    sa.Column("at_us", sa.BigInteger, nullable=False),  # when it was so
    sa.Column("seen_us", sa.BigInteger, nullable=False),  # when we were told
    sa.Column("told_by", sa.Text, nullable=False),
    sa.Column("change", sa.Text, nullable=False),  # JSON
    sa.PrimaryKeyConstraint("tenant", "task", "id"),
)
TABLES = (tasks, task_changes)
_PLAIN = ("tenant", "id", "number", "state", "made_us", "made_by", "changed_us")
_OF_SPEC = ("asset", "kind", "priority", "assignee", "role", "due_us", "origin", "origin_ref")


@dataclass(slots=True, frozen=True)
class TaskRow:
    tenant: str
    id: str
    number: int
    state: str
    spec: TaskSpec
    progress: TaskProgress
    made_us: int
    made_by: str
    changed_us: int


@dataclass(slots=True, frozen=True)
class ChangeRow:
    tenant: str
    task: str
    id: str
    at_us: int
    seen_us: int
    told_by: str
    change: dict[str, Any]


def put_task(connection: sa.Connection, row: TaskRow) -> None:
    """Write a task, new or changed."""
    values = {name: getattr(row, name) for name in _PLAIN} | {name: getattr(row.spec, name) for name in _OF_SPEC}
    values |= {name: msgspec.json.encode(getattr(row, name)).decode() for name in ("spec", "progress")}
    fresh = insert_or(connection, tasks).values(values)
    changed = {c.name: fresh.excluded[c.name] for c in tasks.c if not c.primary_key}
    connection.execute(fresh.on_conflict_do_update(index_elements=["tenant", "id"], set_=changed))


def next_number(connection: sa.Connection, tenant: str) -> int:
    highest = connection.execute(sa.select(sa.func.max(tasks.c.number)).where(tasks.c.tenant == tenant)).scalar()
    return (highest or 0) + 1


def add_change(connection: sa.Connection, row: ChangeRow) -> None:
    values = {name: getattr(row, name) for name in ChangeRow.__slots__}
    connection.execute(task_changes.insert().values(values | {"change": msgspec.json.encode(row.change).decode()}))


def find_task(connection: sa.Connection, tenant: str, task: str) -> TaskRow | None:
    row = connection.execute(sa.select(tasks).where(tasks.c.tenant == tenant, tasks.c.id == task)).first()
    return None if row is None else _task(row)


def open_like(connection: sa.Connection, tenant: str, spec: TaskSpec) -> str | None:
    """Return the open task that has the same origin on the same asset."""
    c = tasks.c
    these = (c.tenant == tenant, c.asset == spec.asset, c.origin == spec.origin, c.origin_ref == spec.origin_ref)
    return connection.execute(sa.select(c.id).where(*these, c.state.in_(OPEN)).limit(1)).scalar()


def changes_of(connection: sa.Connection, tenant: str, task: str) -> list[ChangeRow]:
    """Return what was done to a task, in the order in which we were told."""
    c = task_changes.c
    wanted = sa.select(task_changes).where(c.tenant == tenant, c.task == task).order_by(c.seen_us, c.at_us, c.id)
    return [
        ChangeRow(**{**row._mapping, "change": msgspec.json.decode(row.change)}) for row in connection.execute(wanted)
    ]


def list_tasks(
    connection: sa.Connection,
    tenant: str,
    *,
    states: Sequence[str] = (),
    assets: Sequence[str] | None = None,
    assignee: str = "",
    roles: Sequence[str] = (),
    origin: str = "",
    origin_ref: str = "",
    since_us: int | None = None,
    limit: int = 1_000,
) -> list[TaskRow]:
    """Return tasks: those due first, first; without a due time after those that have one; then the newest.

    ``assignee`` with ``roles``: also those that are nobody's yet, of one of these roles or of none.
    ``since_us``: changed since.
    """
    c = tasks.c
    query = sa.select(tasks).where(c.tenant == tenant)
    if states:
        query = query.where(c.state.in_(states))
    if assets is not None:
        query = query.where(c.asset.in_(assets))
    if assignee:
        free = sa.and_(c.assignee == "", c.role.in_(["", *roles]))
        query = query.where(sa.or_(c.assignee == assignee, free) if roles else c.assignee == assignee)
    if origin:
        query = query.where(c.origin == origin)
    if origin_ref:
        query = query.where(c.origin_ref == origin_ref)
    if since_us is not None:
        query = query.where(c.changed_us >= since_us)
    order = (c.due_us.is_(None), c.due_us, c.made_us.desc(), c.number)
    return [_task(row) for row in connection.execute(query.order_by(*order).limit(limit))]


def _task(row: Any) -> TaskRow:
    told = {name: getattr(row, name) for name in _PLAIN}
    spec = msgspec.json.decode(row.spec, type=TaskSpec)
    spec = msgspec.structs.replace(spec, asset=row.asset)  # an asset may be called otherwise today
    return TaskRow(**told, spec=spec, progress=msgspec.json.decode(row.progress, type=TaskProgress))
