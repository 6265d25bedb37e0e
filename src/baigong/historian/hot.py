"""The hot window: accepted frames that are not in the lake yet, kept as the Arrow they came in.

Decision 0003 has the measurement: appending to this list costs nothing, a snapshot of it is a list copy, and
whoever queries (our readers, the SQL child) takes Arrow anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.stores.lake.contract import LAKE
from baigong.stores.lake.sorting import order_by_point_time


@dataclass(slots=True, frozen=True)
class HotFrame:
    """One frame with its position, time of acceptance, the codes of its rows, and which of them are late."""

    position: int
    seen_us: int
    batch: pa.RecordBatch
    codes: np.ndarray[Any, Any]
    late: np.ndarray[Any, np.dtype[np.bool_]] | None = None  # None: none


class HotWindow:
    """Frames by tenant. Appended and trimmed by one thread; read by any, because lists are replaced, not cut."""

    def __init__(self) -> None:
        self.rows = 0
        self.bytes = 0
        self._frames: dict[str, list[HotFrame]] = {}

    def append(self, tenant: str, frame: HotFrame) -> None:
        self._frames.setdefault(tenant, []).append(frame)
        self.rows += len(frame.batch)
        self.bytes += frame.batch.nbytes

    def frames(self, tenant: str) -> list[HotFrame]:
        """Return a copy that later appends and trims leave alone."""
        return list(self._frames.get(tenant, ()))

    def tenants(self) -> list[str]:
        return [tenant for tenant, frames in self._frames.items() if frames]

    def trim(self, upto: int) -> None:
        """Let go of frames with position <= ``upto``."""
        for tenant, frames in list(self._frames.items()):
            kept = [f for f in frames if f.position > upto]
            self.rows -= sum(len(f.batch) for f in frames) - sum(len(f.batch) for f in kept)
            self.bytes -= sum(f.batch.nbytes for f in frames) - sum(f.batch.nbytes for f in kept)
            self._frames[tenant] = kept


def as_table(frames: list[HotFrame]) -> pa.Table:
    """Lay frames end to end with ``seen`` and ``seq`` (schema LAKE), in order of position."""
    if not frames:
        return LAKE.empty_table()
    lengths = np.array([len(f.batch) for f in frames])
    body = pa.Table.from_batches([f.batch for f in frames])
    seen = pa.array(np.repeat(np.array([f.seen_us for f in frames], np.int64), lengths)).cast(LAKE.field("seen").type)
    seq = pa.array(np.repeat(np.array([f.position for f in frames], np.int64), lengths))
    return body.append_column(LAKE.field("seen"), seen).append_column(LAKE.field("seq"), seq).cast(LAKE)


def late_rows(frames: list[HotFrame]) -> np.ndarray[Any, np.dtype[np.bool_]] | None:
    """Return which rows of ``as_table(frames)`` are late; None when none is."""
    if all(f.late is None for f in frames):
        return None
    return np.concatenate([np.zeros(len(f.batch), bool) if f.late is None else f.late for f in frames])


def flush_order(frames: list[HotFrame], points: np.ndarray[Any, np.dtype[np.int64]]) -> Any:
    """Return the permutation that sorts ``as_table(frames)`` by (point, time). ``points``: code -> point number."""
    rank = np.empty(len(points), np.int32)
    rank[np.argsort(points, kind="stable")] = np.arange(len(points), dtype=np.int32)
    codes = rank[np.concatenate([f.codes for f in frames])]
    times = np.concatenate([f.batch.column("time").view(pa.int64()).to_numpy() for f in frames])
    return order_by_point_time(codes, times)


def cut_frames(frames: list[HotFrame], codes: np.ndarray[Any, Any], start_us: int, end_us: int) -> pa.Table:
    """Return the rows of points with these codes and start <= time < end (schema LAKE), touching little else.

    Frames of one scan share their codes array, so where the points stand in it is looked up once.
    """
    where: dict[int, np.ndarray[Any, Any]] = {}
    found = []
    for frame in frames:
        rows = where.get(id(frame.codes))
        if rows is None:
            hit = frame.codes == codes[0] if len(codes) == 1 else np.isin(frame.codes, codes)
            rows = where[id(frame.codes)] = np.flatnonzero(hit)
        if not len(rows):
            continue
        times = frame.batch.column("time").view(pa.int64()).to_numpy()[rows]
        rows = rows[(times >= start_us) & (times < end_us)]
        if len(rows):
            found.append(HotFrame(frame.position, frame.seen_us, frame.batch.take(pa.array(rows)), frame.codes))
    return as_table(found)
