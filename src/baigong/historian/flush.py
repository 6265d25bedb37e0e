"""From hot frames to synced files: one per (tenant, day), sorted by (point, time)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from baigong.historian.hot import HotFrame, as_table, flush_order, late_rows
from baigong.stores.lake.sorting import column_us, sort_table
from baigong.stores.lake.table import PartitionTable, Written

_DAY_US = 86_400_000_000


def write_frames(
    table: PartitionTable, tenant: str, frames: list[HotFrame], points: np.ndarray[Any, Any], upto: int
) -> tuple[list[Written], pa.Table]:
    """Write one tenant's frames; returns the files and the newest row (schema LAKE) of each point in them.

    Late rows get files of their own, so that whoever reads needs to look for overlaps there only.
    ``points``: code -> point number, as it was when the frames were taken.
    """
    order = flush_order(frames, points)
    ordered = sort_table(as_table(frames), order)
    late = late_rows(frames)
    days = column_us(ordered, "time") // _DAY_US
    written = []
    for day in np.unique(days).tolist():
        here = days == day
        for is_late, mask in (
            ((False, here),) if late is None else ((False, here & ~late[order]), (True, here & late[order]))
        ):
            part = ordered if bool(mask.all()) else ordered.filter(pa.array(mask))
            made = table.write(tenant, str(np.datetime64(day, "D")), 0, upto, [part], late=is_late)
            if made is not None:
                written.append(made)
    return written, newest_rows(ordered)


def newest_rows(ordered: pa.Table) -> pa.Table:
    """Return the last row of each point of rows sorted by (point, time)."""
    numbers = ordered.column("point").to_numpy()
    last = np.append(numbers[1:] != numbers[:-1], True) if len(numbers) else np.empty(0, bool)
    return ordered.filter(pa.array(last))
