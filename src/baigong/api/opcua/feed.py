"""What arrives, for the subscriptions that watch it: one search by column per frame and subscription."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from baigong.api.opcua.datavalues import Ints, Objects, Rows, statuses_of
from baigong.stores.lake.part import Part
from baigong.vocab.frame import times_us
from baigong.vocab.quality import DELETED


class Watcher(Protocol):
    """A subscription. ``part``: what of the company is open to it, None: all."""

    part: Part | None

    def wants(self, points: Ints) -> tuple[Ints, Ints]: ...

    def take(self, spots: Ints, rows: Rows, arrived_us: int) -> None:
        """Keep rows; the caller holds the lock of the feed."""
        ...


class Feed:
    """Thread-safe: ``take`` may come from the thread of the historian. Costs nothing while nobody watches."""

    def __init__(self, clock_us: Callable[[], int]) -> None:
        self.lock = threading.Lock()
        self._clock_us = clock_us
        self._watchers: dict[str, set[Watcher]] = {}

    def add(self, tenant: str, watcher: Watcher) -> None:
        with self.lock:
            self._watchers.setdefault(tenant, set()).add(watcher)

    def remove(self, tenant: str, watcher: Watcher) -> None:
        with self.lock:
            held = self._watchers.get(tenant, set())
            held.discard(watcher)
            if not held:
                self._watchers.pop(tenant, None)

    def take(self, tenant: str, batch: pa.RecordBatch) -> None:
        """Take a frame that was stored."""
        if tenant not in self._watchers:
            return
        with self.lock:
            now = self._clock_us()
            points = batch.column("point").to_numpy()
            rows: Rows | None = None
            for watcher in self._watchers.get(tenant, ()):
                at, spots = watcher.wants(points)
                if len(at) and watcher.part is not None:
                    opened = watcher.part.mask(batch)[at]
                    at, spots = at[opened], spots[opened]
                if not len(at):
                    continue
                if rows is None:
                    rows = rows_of(batch)
                    kept = (batch.column("quality").to_numpy() & 0xFFFF) != DELETED
                stays = kept[at]
                watcher.take(spots[stays], rows.take(at[stays]), now)


def rows_of(table: pa.RecordBatch | pa.Table) -> Rows:
    """Read the columns of a frame or of the lake; whole numbers become the nearest that a Double shows."""
    values, wholes, texts = table.column("value"), table.column("whole"), table.column("text")
    if wholes.null_count < len(wholes):
        values = pc.coalesce(values, wholes.cast(pa.float64(), safe=False))
    numbers = values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values.to_numpy()
    words: Objects | None = None
    if texts.null_count < len(texts):
        words = np.array(texts.to_pylist(), object)
    times: Any = times_us(table) if isinstance(table, pa.RecordBatch) else _times(table)
    return Rows(numbers, statuses_of(table.column("quality").to_numpy()), times, words)


def _times(table: pa.Table) -> Any:
    return table.column("time").cast(pa.int64()).to_numpy()
