"""Row 23: 100,000 orders of an ERP told whole: into an empty room, again, with a tenth changed; and the SQL table."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from baigong.registry.business import BusinessRecords, Part
from baigong.registry.events import Events
from baigong.stores.records import open_records
from baigong.vocab.recordmap import guessed, understand
from bench.report import Line, ms

_ORDERS, _AT_ONCE = 100_000, 2_500
_TENANT = "main"


class _Nobody(Events):
    """Hears what the room tells."""

    def __init__(self) -> None:
        pass

    async def tell(self, *told: object, **more: object) -> None:
        pass


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    return asyncio.run(_measured(folder, _ORDERS // 10 if short else _ORDERS))


def _orders(count: int) -> pa.Table:
    return pa.table(
        {
            "MO_NO": [f"MO{i:07d}" for i in range(count)],
            "ITEM_CODE": [f"P{i % 500:05d}" for i in range(count)],
            "PLAN_QTY": np.arange(count) % 97 + 1.0,
            "DUE": ["2026-11-22 08:00:00"] * count,
            "CUSTOMER": [f"C{i % 50}" for i in range(count)],
            "STATUS": ["open"] * count,
            "COLOUR": ["red"] * count,
        }
    )


async def _measured(folder: Path, count: int) -> list[Line]:
    records = open_records(folder / "records.db")
    room = BusinessRecords(records, _Nobody(), lambda: time.time_ns() // 1000)
    whole = _orders(count)
    changed = whole.column("PLAN_QTY").to_numpy().copy()
    changed[::10] += 1
    lines = []
    tellings = (("first", whole), ("again", whole), ("a tenth changed", whole.set_column(2, "PLAN_QTY", [changed])))
    for run_, (what, table) in enumerate(tellings):
        cpu, wall = time.process_time(), time.monotonic()
        counts = await _told(room, table, str(run_))
        cpu, wall = time.process_time() - cpu, time.monotonic() - wall
        told = f"{count / wall / 1e3:.0f} k/s, {cpu * 1e6 / count:.0f} µs of CPU each; {counts}"
        lines.append(Line(23, f"{count:,} orders of an ERP, told whole: {what}", told))
    for what in ("all of them", "again, ten changed"):
        began = time.process_time()
        held = room.tables.of(_TENANT)["order"]()
        lines.append(Line(23, f"the SQL table of {len(held):,} orders: {what} (CPU)", ms(time.process_time() - began)))
        await _told(room, whole.slice(0, 10), "one more", whole=False)
    await records.close()
    return lines


async def _told(room: BusinessRecords, table: pa.Table, run_: str, *, whole: bool = True) -> str:
    """Tell a table in parts, understood as a person would have it; returns what became of it."""
    understood = understand(table, guessed("order", table.column_names, "Asia/Shanghai")).records
    for number, at in enumerate(range(0, len(understood), _AT_ONCE)):
        last = at + _AT_ONCE >= len(understood)
        part = Part(kind="order", source="erp", run=run_, part=number, last=last, whole=whole)
        done = await room.put(_TENANT, part, understood.slice(at, _AT_ONCE), "bench")
    counts = msgspec.to_builtins(done.told.counts)
    return ", ".join(f"{n:,} {name}" for name, n in counts.items() if n)
