"""A tenant's tasks as the table that SQL asks: all of them, or those of assets that are open to somebody."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from baigong.registry.rights import asset_ref
from baigong.registry.tasks import Tasks
from baigong.registry.visible import Visible
from baigong.stores.lake.toldsql import TASKS
from baigong.stores.records.tasks import TaskRow


def tasks_table(tasks: Tasks, tenant: str, only: Visible | None = None) -> pa.Table:
    """Return schema TASKS, by number. Blocking; about 30 µs a task."""
    rows = [row for row in tasks.all_now(tenant) if only is None or is_open(only, row)]
    return pa.Table.from_pylist([_line(row) for row in sorted(rows, key=lambda row: row.number)], TASKS)


def is_open(seen: Visible, row: TaskRow) -> bool:
    """Say whether somebody may know of a task: its asset, at the time it was made, is open to them."""
    window = seen.of(asset_ref(row.tenant, row.spec.asset))
    return window is not None and window.holds(row.made_us)


def _line(row: TaskRow) -> dict[str, Any]:
    spec, done = row.spec, row.progress
    return {
        "number": row.number,
        "id": row.id,
        "asset": spec.asset,
        "kind": spec.kind,
        "state": row.state,
        "priority": spec.priority,
        "title": spec.title,
        "assignee": spec.assignee or None,
        "role": spec.role or None,
        "origin": spec.origin,
        "origin_ref": spec.origin_ref or None,
        "due_time": spec.due_us,
        "made_time": row.made_us,
        "made_by": row.made_by,
        "began_time": done.began_us,
        "done_time": done.done_us,
        "done_by": done.done_by or None,
        "cause": done.cause or None,
        "hours": sum(done.hours.values()) if done.hours else None,
        "outcome": done.outcome or None,
    }
