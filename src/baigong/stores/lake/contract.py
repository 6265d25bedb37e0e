"""What readers of the lake get: one immutable snapshot and, beside it, the rows that are not in it yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from baigong.vocab.frame import FRAME, TIME

# A row of the lake: the frame, when we accepted it, and its position (epoch * 2**44 + sequence in the stream).
LAKE = pa.schema([*FRAME, pa.field("seen", TIME, nullable=False), pa.field("seq", pa.int64(), nullable=False)])
EPOCH_SHIFT = 44
Names: TypeAlias = Sequence[str]
ALL: Names = tuple(LAKE.names)


@dataclass(slots=True, frozen=True)
class LakeFile:
    """One Parquet file of ``telemetry`` (columns LAKE without tenant and day), sorted by (point, time).

    ``late``: it holds nothing but rows that came after a newer one of their point, or that retract.
    """

    path: str  # absolute
    tenant: str
    day: str  # ISO date, UTC, of the rows' ``time``
    rows: int
    bytes: int
    merged: bool = False
    late: bool = False


@dataclass(slots=True, frozen=True)
class Snapshot:
    """A consistent view for one tenant.

    Rows = files ∪ hot rows with seq > watermark (``hot`` is already cut so). Rows that came in their point's order
    of time are unique in (point, time) among themselves. The others, the late ones, stand in files of their own and
    where ``hot_late`` is true: a late row replaces the one in order at its (point, time), and among late rows the
    highest seq wins. ``overlapping`` names every day that has late rows in files (others may be named). Rows of
    quality DELETED are late; they retract and are not shown.
    """

    tenant: str
    version: int
    watermark: int
    files: tuple[LakeFile, ...]
    hot: pa.Table  # schema LAKE, in order of seq
    overlapping: frozenset[str] = frozenset()
    hot_late: np.ndarray[Any, np.dtype[np.bool_]] | None = None  # of each row of ``hot``; None: no row is late
    rollups: dict[str, tuple[str, ...]] = field(default_factory=dict)  # "1m"/"1h" -> absolute paths of Parquet files
    rolled_days: frozenset[str] = frozenset()  # days whose rollups are complete and current
    hot_pieces: tuple[Any, ...] = ()  # the rows of ``hot`` in order, cut into what another process can be handed
    hot_late_pieces: tuple[Any, ...] = ()  # the late ones
    hot_days: frozenset[str] | None = None  # of ``hot``; None: look
    bursts: tuple[LakeFile, ...] = ()  # files of the table ``bursts``; the highest seq of a (point, time) wins
    hot_bursts: pa.Table | None = None  # what of bursts is in no file yet

    @property
    def first_us(self) -> int:
        """A time before which the tenant has no rows, so that "since 1970" is not read day by day; 0: it has none."""
        times = []
        if self.files:
            day = datetime.fromisoformat(min(file.day for file in self.files)).replace(tzinfo=UTC)
            times.append(int(day.timestamp()) * 1_000_000)
        if len(self.hot):
            times.append(pc.min(self.hot.column("time").cast(pa.int64())).as_py())
        return min(times, default=0)


class LakeReader(Protocol):
    """Served by the historian. All calls are thread-safe, synchronous and may take milliseconds to seconds."""

    def snapshot(self, tenant: str) -> Snapshot: ...

    def series(self, tenant: str, points: Sequence[int], start_us: int, end_us: int, columns: Names = ALL) -> pa.Table:
        """Return rows (these columns of LAKE) with start <= time < end, resolved, sorted by (point, time)."""
        ...

    def latest(self, tenant: str, points: Sequence[int] | None = None) -> pa.Table:
        """Return the newest row by time (schema LAKE) of each point, at most one a point."""
        ...

    def bursts(self, tenant: str, point: int, start_us: int, end_us: int, most: int) -> tuple[int, Iterator[pa.Table]]:
        """Return how many recordings have start <= time < end, and at most ``most`` of them, evenly spread.

        In order of time, schema ``lake.bursts.LAKE_BURSTS``, a few megabytes a table, read as they are asked for.
        """
        ...

    def stats(self) -> dict[str, Any]: ...
