"""The newest value of every point of one tenant, and what its history of arrival says about overlaps."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.stores.lake.contract import LAKE
from baigong.stores.lake.sorting import column_us, order_by_point_time
from baigong.vocab import quality as q
from baigong.vocab.frame import times_us

Ints = np.ndarray[Any, np.dtype[np.int64]]
Codes = np.ndarray[Any, np.dtype[np.int32]]
_DAY_US = 86_400_000_000
_NEVER = np.iinfo(np.int64).min
_GROW = 1024
_PLANS = 64  # point columns whose lookup is remembered


@dataclass(slots=True, frozen=True)
class Absorbed:
    """A frame as the hot window keeps it: without rows that a later one of the same frame replaces.

    ``late``: which rows may replace an earlier one: those not newer than their point's newest, and those that
    retract; None when none is. All others are unique in (point, time), whatever comes.
    """

    batch: pa.RecordBatch
    codes: np.ndarray[Any, Any]
    late: np.ndarray[Any, np.dtype[np.bool_]] | None

    @property
    def days(self) -> list[str]:
        """The days of the late rows."""
        return [] if self.late is None else _days(times_us(self.batch)[self.late])


class Latest:
    """Columns indexed by a point's small ``code`` (order of first appearance); codes never change.

    Written by one thread, read by any: a reader gets whole rows, as they were between two frames.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._codes: dict[int, int] = {}
        self.points = np.empty(0, np.int64)
        self._time = np.empty(0, np.int64)
        self._seen = np.empty(0, np.int64)
        self._seq = np.empty(0, np.int64)
        self._value = np.empty(0, np.float64)  # NaN: none
        self._quality = np.empty(0, np.int32)
        self._odd: dict[int, tuple[int | None, str | None]] = {}  # code -> (whole, text), where value is not all
        self._plans: dict[bytes, tuple[np.ndarray[Any, Any], bool]] = {}

    def __len__(self) -> int:
        return len(self._codes)

    def codes_of(self, points: Ints) -> tuple[np.ndarray[Any, Any], bool]:
        """Return each row's code (int32) and whether every point occurs once."""
        key = points.tobytes()
        plan = self._plans.get(key)
        if plan is None:
            unique, first, inverse = np.unique(points, return_index=True, return_inverse=True)
            codes = np.fromiter(map(self._code, unique[np.argsort(first)].tolist()), np.int32, len(unique))
            by_value = np.empty(len(unique), np.int32)
            by_value[np.argsort(first)] = codes
            plan = (by_value[inverse].astype(np.int32), len(unique) == len(points))
            if len(self._plans) >= _PLANS:
                self._plans.pop(next(iter(self._plans)))
            self._plans[key] = plan
        return plan

    def known_codes(self, points: Sequence[int]) -> Codes:
        """Return the codes of those points that were ever seen."""
        found = map(self._codes.get, points)
        return np.array([code for code in found if code is not None], np.int32)

    def _code(self, point: int) -> int:
        code = self._codes.get(point)
        if code is None:
            code = self._codes[point] = len(self._codes)
            if code >= len(self.points):
                self._grow(max(_GROW, len(self.points)))
            self.points[code] = point
        return code

    def _grow(self, more: int) -> None:
        self.points = np.concatenate([self.points, np.zeros(more, np.int64)])
        self._time = np.concatenate([self._time, np.full(more, _NEVER, np.int64)])
        self._seen = np.concatenate([self._seen, np.zeros(more, np.int64)])
        self._seq = np.concatenate([self._seq, np.zeros(more, np.int64)])
        self._value = np.concatenate([self._value, np.full(more, np.nan)])
        self._quality = np.concatenate([self._quality, np.zeros(more, np.int32)])

    def absorb(self, batch: pa.RecordBatch, seen_us: int | Ints, seq: int | Ints) -> Absorbed:
        """Take a frame in."""
        with self._lock:
            return self._absorbed(batch, seen_us, seq)

    def _absorbed(self, batch: pa.RecordBatch, seen_us: int | Ints, seq: int | Ints) -> Absorbed:
        codes, unique = self.codes_of(batch.column("point").to_numpy())
        if not unique:
            kept = _without_twins(codes, times_us(batch))
            if kept is not None:
                batch, codes = batch.take(pa.array(kept)), codes[kept]
                seen_us = seen_us if isinstance(seen_us, int) else seen_us[kept]
                seq = seq if isinstance(seq, int) else seq[kept]
        times = times_us(batch)
        newest = self._time[codes]
        late = (times <= newest) | ((batch.column("quality").to_numpy() & 0xFFFF) == q.DELETED)
        rows = np.flatnonzero(times >= newest)
        if not unique:
            rows = rows[np.argsort(times[rows], kind="stable")]  # the newest is assigned last, and stays
        self._assign(batch, rows, codes[rows], seen_us, seq)
        return Absorbed(batch, codes, late if late.any() else None)

    def _assign(self, batch: pa.RecordBatch, rows: Ints, codes: Codes, seen: int | Ints, seq: int | Ints) -> None:
        self._time[codes] = times_us(batch)[rows]
        self._quality[codes] = batch.column("quality").to_numpy()[rows]
        self._seen[codes] = seen if isinstance(seen, int) else seen[rows]
        self._seq[codes] = seq if isinstance(seq, int) else seq[rows]
        column = batch.column("value")
        values = column.to_numpy(zero_copy_only=False)  # nulls become NaN
        self._value[codes] = values[rows]
        wholes, texts = batch.column("whole"), batch.column("text")
        if wholes.null_count < len(wholes) or texts.null_count < len(texts):
            self._assign_odd(wholes, texts, rows, codes)
        elif self._odd:
            for code in set(self._odd).intersection(codes.tolist()):
                del self._odd[code]

    def _assign_odd(self, wholes: pa.Array, texts: pa.Array, rows: Ints, codes: Codes) -> None:
        """Keep what is no float64, of each point only its last row: others would be forgotten in the same breath."""
        turn = np.arange(len(codes))
        last = np.empty(len(self.points), np.int64)
        last[codes] = turn
        final = last[codes] == turn
        at = pa.array(rows[final])
        odd = zip(codes[final].tolist(), wholes.take(at).to_pylist(), texts.take(at).to_pylist(), strict=True)
        for code, whole, text in odd:
            if whole is None and text is None:
                self._odd.pop(code, None)
            else:
                self._odd[code] = (whole, text)

    def table(self, points: Sequence[int] | None = None) -> pa.Table:
        """Return the newest row (schema LAKE) of each known point."""
        with self._lock:
            codes = np.arange(len(self._codes)) if points is None else self.known_codes(points).astype(np.int64)
            codes = codes[self._time[codes] != _NEVER] if len(codes) else codes
            columns = (self.points, self._time, self._value, self._quality, self._seen, self._seq)
            numbers, times, values, qualities, seen, seqs = (column[codes] for column in columns)
            odd = self._odd.copy()
        whole, text = pa.nulls(len(codes), pa.int64()), pa.nulls(len(codes), pa.string())
        if odd:
            pairs = [odd.get(code, (None, None)) for code in codes.tolist()]
            whole, text = pa.array([w for w, _ in pairs], pa.int64()), pa.array([t for _, t in pairs], pa.string())
        return pa.table(
            [
                pa.array(numbers),
                pa.array(times).cast(LAKE.field("time").type),
                pa.array(values, mask=np.isnan(values)),
                whole,
                text,
                pa.array(qualities),
                pa.array(seen).cast(LAKE.field("seen").type),
                pa.array(seqs),
            ],
            schema=LAKE,
        )

    def restore(self, table: pa.Table) -> None:
        """Take rows (schema LAKE) of the lake in as if they had just come."""
        for batch in table.to_batches():
            one = pa.table(batch)
            self.absorb(batch, column_us(one, "seen"), batch.column("seq").to_numpy())


def _without_twins(codes: Codes, times: Ints) -> Ints | None:
    """Return the rows to keep, of each (code, time) the last; None: all."""
    order = order_by_point_time(codes, times)
    ordered_codes, ordered_times = codes[order], times[order]
    replaced = (ordered_codes[1:] == ordered_codes[:-1]) & (ordered_times[1:] == ordered_times[:-1])
    return np.delete(np.arange(len(codes)), order[:-1][replaced]) if replaced.any() else None


def _days(times: Ints) -> list[str]:
    return [str(np.datetime64(int(d), "D")) for d in np.unique(times // _DAY_US)]
