"""The hot window: accepted frames that are not in the lake yet, kept as the Arrow they came in.

Decision 0003 has the measurement: appending to this list costs nothing, a snapshot of it is a list copy, and
whoever queries (our readers, the SQL child) takes Arrow anyway.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from baigong.stores.lake.contract import LAKE
from baigong.stores.lake.sorting import order_by_point_time

_SEAL_ROWS = 65_536  # copying so many costs 3 ms; sealing more often would cost descriptors
_DAY_US = 86_400_000_000


@dataclass(slots=True, frozen=True)
class HotFrame:
    """One frame with its position, time of acceptance, the codes of its rows, and which of them are late."""

    position: int
    seen_us: int
    batch: pa.RecordBatch
    codes: np.ndarray[Any, Any]
    late: np.ndarray[Any, np.dtype[np.bool_]] | None = None  # None: none


class Sealed(Protocol):
    """A table written where other processes can map it (``sandbox.blocks.Block``)."""

    def table(self) -> pa.Table: ...


Seal = Callable[[pa.Table], Sealed]


@dataclass(slots=True, frozen=True)
class HotPiece:
    """Rows of frames ``first``…``last`` end to end, schema LAKE. ``handed``: those in order, for a SQL child;
    ``handed_late``: the others.
    """

    first: int
    last: int
    rows: pa.Table
    handed: Any
    late: np.ndarray[Any, np.dtype[np.bool_]] | None
    handed_late: Any
    days: frozenset[str]


class HotWindow:
    """Frames by tenant. Appended and trimmed by one thread; read by any, because lists are replaced, not cut.

    ``seal``: puts a table where other processes map it. Who asks for pieces seals what has come since: then a query
    copies the newest ``_SEAL_ROWS`` at most, and those only when more have come; ingest without queries costs nothing.
    """

    def __init__(self, seal: Seal | None = None) -> None:
        self.rows = 0
        self.bytes = 0
        self._seal = seal
        self._frames: dict[str, list[HotFrame]] = {}
        self._pieces: dict[str, list[HotPiece]] = {}
        self._newest: dict[str, tuple[HotPiece, bool]] = {}  # what the last query saw behind them; whether sealed
        self._sealing = threading.Lock()
        self._cut = 0

    def append(self, tenant: str, frame: HotFrame) -> None:
        self._frames.setdefault(tenant, []).append(frame)
        self.rows += len(frame.batch)
        self.bytes += frame.batch.nbytes

    def frames(self, tenant: str) -> list[HotFrame]:
        """Return a copy that later appends and trims leave alone."""
        return list(self._frames.get(tenant, ()))

    def tenants(self) -> list[str]:
        return [tenant for tenant, frames in self._frames.items() if frames]

    def cut(self, upto: int) -> None:
        """Say that frames up to ``upto`` will go together: no piece made from now on reaches over it."""
        self._cut = upto

    def trim(self, upto: int) -> None:
        """Let go of frames with position <= ``upto``."""
        for tenant, frames in list(self._frames.items()):
            kept = [f for f in frames if f.position > upto]
            self.rows -= sum(len(f.batch) for f in frames) - sum(len(f.batch) for f in kept)
            self.bytes -= sum(f.batch.nbytes for f in frames) - sum(f.batch.nbytes for f in kept)
            self._frames[tenant] = kept
        for tenant, pieces in list(self._pieces.items()):
            self._pieces[tenant] = [p for p in pieces if p.last > upto]
        for tenant in [tenant for tenant, (piece, _) in list(self._newest.items()) if piece.last <= upto]:
            self._newest.pop(tenant, None)

    def pieces(self, tenant: str, frames: list[HotFrame], above: int) -> list[HotPiece]:
        """Return the rows of those ``frames`` (what ``frames()`` gave) whose position is > ``above``, in order."""
        wanted = [f for f in frames if f.position > above]
        if not wanted:
            return []
        newest = wanted[-1].position
        with self._sealing:
            known = self._pieces.get(tenant, [])
            held = [p for p in known if above < p.first and p.last <= newest]
            done = held[-1].last if held else above
            # a piece that reaches over ``above`` is not used: what it holds above is taken from its frames
            before = [f for f in wanted if held and f.position < held[0].first]
            tail = [f for f in wanted if f.position > done]
            if self._seal is not None and (not known or known[-1].last <= done):
                made = self._sealed(tail, self._seal)
                self._pieces[tenant] = known + made
                held += made
                tail = [f for f in tail if not made or f.position > made[-1].last]
            if tail:
                held.append(self._newest_of(tenant, tail))
        return [*([_piece(before, None)] if before else []), *held]

    def _newest_of(self, tenant: str, tail: list[HotFrame]) -> HotPiece:
        """Lay end to end what is too small to be kept; who asks again before more has come gets it sealed."""
        found, again = self._newest.get(tenant, (None, False))
        if found is None or (found.first, found.last) != (tail[0].position, tail[-1].position):
            found, again = _piece(tail, None), False
        elif not again:
            found, again = _piece(tail, self._seal), True
        self._newest[tenant] = found, again
        return found

    def _sealed(self, tail: list[HotFrame], seal: Seal) -> list[HotPiece]:
        """Seal the beginning of ``tail`` in pieces of _SEAL_ROWS or more, and as much as there is before the cut."""
        made: list[HotPiece] = []
        start = rows = 0
        left = sum(len(f.batch) for f in tail)
        for at, frame in enumerate(tail, 1):
            rows += len(frame.batch)
            at_cut = frame.position <= self._cut and at < len(tail) and tail[at].position > self._cut
            if at_cut and left - rows < _SEAL_ROWS:
                break
            if at_cut or rows >= _SEAL_ROWS:
                made.append(_piece(tail[start:at], seal))
                left, start, rows = left - rows, at, 0
        return made


def _piece(frames: list[HotFrame], seal: Seal | None) -> HotPiece:
    rows, late = as_table(frames), late_rows(frames)
    ordered = rows if late is None else rows.filter(pa.array(~late))
    others = None if late is None else rows.filter(pa.array(late))
    if seal is not None:
        handed = seal(ordered)
        rows = handed.table() if late is None else rows  # mapped twice, not held twice
        others = None if others is None else seal(others)
        return HotPiece(frames[0].position, frames[-1].position, rows, handed, late, others, _days_in(frames))
    return HotPiece(frames[0].position, frames[-1].position, rows, ordered, late, others, _days_in(frames))


def _days_in(frames: list[HotFrame]) -> frozenset[str]:
    days: set[int] = set()
    for frame in frames:
        times = frame.batch.column("time").view(pa.int64()).to_numpy()
        first, last = int(times.min()) // _DAY_US, int(times.max()) // _DAY_US
        days.update((first,) if first == last else np.unique(times // _DAY_US).tolist())
    return frozenset(str(np.datetime64(day, "D")) for day in days)


def laid(pieces: list[HotPiece]) -> dict[str, Any]:
    """Return what a ``Snapshot`` says of hot rows: ``hot``, ``hot_late``, the pieces of both and ``hot_days``."""
    if not pieces:
        return {"hot": LAKE.empty_table(), "hot_days": frozenset()}
    late = None
    if any(p.late is not None for p in pieces):
        late = np.concatenate([np.zeros(len(p.rows), bool) if p.late is None else p.late for p in pieces])
    return {
        "hot": pa.concat_tables([p.rows for p in pieces]),
        "hot_late": late,
        "hot_pieces": tuple(p.handed for p in pieces),
        "hot_late_pieces": tuple(p.handed_late for p in pieces if p.handed_late is not None),
        "hot_days": frozenset().union(*(p.days for p in pieces)),
    }


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
