"""Live values: what arrives, for those who watch, at most a few times a second.

Nothing is kept for points that nobody watches, so feeding costs nothing while nobody does.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.api.tables import shown_whole
from baigong.vocab.frame import times_us

Value = tuple[int, float | int | str | None, str | None, int]  # time_us, number (big: as text), text, quality
_Ints = np.ndarray[Any, np.dtype[np.int64]]


class _Watched:
    """The watched points of one tenant: how many watch each, and its newest value with a running number."""

    def __init__(self) -> None:
        self.watchers: dict[int, int] = {}
        self.numbers: _Ints = np.empty(0, np.int64)
        self.values: dict[int, tuple[int, Value]] = {}
        self.turn = 0

    def count(self, numbers: Sequence[int], by: int) -> None:
        for number in set(numbers):
            held = self.watchers.get(number, 0) + by
            if held > 0:
                self.watchers[number] = held
            else:
                self.watchers.pop(number, None)
                self.values.pop(number, None)
        self.numbers = np.sort(np.fromiter(self.watchers, np.int64, len(self.watchers)))

    def take(self, number: int, value: Value) -> None:
        held = self.values.get(number)
        if held is None or value[0] >= held[1][0]:
            self.turn += 1
            self.values[number] = (self.turn, value)


class Live:
    """Thread-safe: ``feed`` may come from the thread of the historian."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tenants: dict[str, _Watched] = {}
        self.clients = 0

    def feed(self, tenant: str, batch: pa.RecordBatch) -> None:
        """Take a frame that was stored. Of each watched point the newest by time stays."""
        with self._lock:
            watched = self._tenants.get(tenant)
            if watched is None or not len(watched.numbers):
                return
            points = batch.column("point").to_numpy()
            spots = np.searchsorted(watched.numbers, points)
            spots[spots == len(watched.numbers)] = 0
            rows = np.flatnonzero(watched.numbers[spots] == points)
            if not len(rows):
                return
            rows = _newest(points[rows], times_us(batch)[rows], rows)
            for number, value in _values(batch.take(pa.array(rows))):
                watched.take(number, value)

    def watch(self, tenant: str, numbers: Sequence[int]) -> None:
        with self._lock:
            self._tenants.setdefault(tenant, _Watched()).count(numbers, 1)

    def unwatch(self, tenant: str, numbers: Sequence[int]) -> None:
        with self._lock:
            watched = self._tenants.get(tenant)
            if watched is not None:
                watched.count(numbers, -1)
                if not watched.watchers:
                    del self._tenants[tenant]

    def forget(self, tenant: str) -> None:
        """Drop what a company that is gone had watched."""
        with self._lock:
            self._tenants.pop(tenant, None)

    def since(self, tenant: str, numbers: Sequence[int], turn: int) -> tuple[int, list[tuple[int, Value]]]:
        """Return (turn to ask with next, [(index into ``numbers``, newest value)] of what changed after ``turn``)."""
        with self._lock:
            watched = self._tenants.get(tenant)
            if watched is None or watched.turn <= turn:
                return turn, []
            changed = []
            for index, number in enumerate(numbers):
                held = watched.values.get(number)
                if held is not None and held[0] > turn:
                    changed.append((index, held[1]))
            return watched.turn, changed


class Watch:
    """One client's list of points; ``replace`` and ``close`` keep the counts right."""

    def __init__(self, live: Live, tenant: str) -> None:
        self._live = live
        self._tenant = tenant
        self.numbers: list[int] = []
        self._turn = 0

    def replace(self, numbers: Sequence[int]) -> None:
        fresh = list(numbers)
        self._live.watch(self._tenant, fresh)
        self._live.unwatch(self._tenant, self.numbers)
        self.numbers = fresh
        self._turn = 0

    def changes(self) -> list[tuple[int, Value]]:
        self._turn, changed = self._live.since(self._tenant, self.numbers, self._turn)
        return changed

    def close(self) -> None:
        self._live.unwatch(self._tenant, self.numbers)
        self.numbers = []


def _newest(points: Any, times: Any, rows: Any) -> Any:
    """Keep one row a point: the newest by time, of equal ones the last."""
    order = np.lexsort((rows, times, points))
    last = np.ones(len(order), bool)
    last[:-1] = points[order][1:] != points[order][:-1]
    return rows[order[last]]


def _values(batch: pa.RecordBatch) -> list[tuple[int, Value]]:
    numbers = batch.column("point").to_pylist()
    times = times_us(batch).tolist()
    floats, texts = batch.column("value").to_pylist(), batch.column("text").to_pylist()
    wholes, qualities = batch.column("whole").to_pylist(), batch.column("quality").to_pylist()
    return [
        (n, (t, v if w is None else shown_whole(w), x, k))
        for n, t, v, w, x, k in zip(numbers, times, floats, wholes, texts, qualities, strict=True)
    ]
