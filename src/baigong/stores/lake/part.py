"""A part of a tenant's lake: some points, and of each the values between two times. A reader that gives no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.stores.lake.bursts import LAKE_BURSTS
from baigong.stores.lake.contract import ALL, LAKE, LakeReader, Names, Snapshot
from baigong.vocab.frame import TIME

EARLIEST_US, LATEST_US = -(1 << 62), 1 << 62
_HOUR_US = 3_600_000_000
_LOOK_BACK_US = tuple(hours * _HOUR_US for hours in (1, 24, 8 * 24, 92 * 24, 36_525 * 24))
_Ints = np.ndarray[Any, np.dtype[np.int64]]
_Bools = np.ndarray[Any, np.dtype[np.bool_]]


class Part:
    """Immutable. ``windows``: number of a point -> from–until in µs, None: no bound."""

    def __init__(self, windows: Mapping[int, tuple[int | None, int | None]]) -> None:
        self.numbers: _Ints = np.array(sorted(windows), np.int64)
        bounds = [windows[n] for n in self.numbers.tolist()]
        self.begin_us: _Ints = np.array([EARLIEST_US if a is None else a for a, _ in bounds], np.int64)
        self.end_us: _Ints = np.array([LATEST_US if b is None else b for _, b in bounds], np.int64)
        self.bounded = bool((self.begin_us > EARLIEST_US).any() or (self.end_us < LATEST_US).any())

    def __len__(self) -> int:
        return len(self.numbers)

    def window(self, number: int) -> tuple[int, int] | None:
        """Return from–until of a point, None when it is no part."""
        at = int(np.searchsorted(self.numbers, number))
        if at == len(self) or self.numbers[at] != number:
            return None
        return int(self.begin_us[at]), int(self.end_us[at])

    def among(self, numbers: Sequence[int]) -> list[int]:
        return [n for n in numbers if self.window(n) is not None] if len(self) else []

    def holds(self, numbers: _Ints) -> bool:
        """Say whether all of these points, sorted or not, are parts of it."""
        if not len(self):
            return not len(numbers)
        spots = np.minimum(np.searchsorted(self.numbers, numbers), len(self) - 1)
        return bool((self.numbers[spots] == numbers).all())

    def mask(self, table: pa.Table) -> _Bools:
        """Say of each row (columns point and time) whether it is open."""
        points = table.column("point").to_numpy()
        if not len(self):
            return np.zeros(len(points), bool)
        spots = np.searchsorted(self.numbers, points)
        spots[spots == len(self)] = 0
        found: _Bools = self.numbers[spots] == points
        if self.bounded:
            times = table.column("time").cast(pa.int64()).to_numpy()
            found &= (times >= self.begin_us[spots]) & (times < self.end_us[spots])
        return found

    def clip(self, table: pa.Table) -> pa.Table:
        """Return the open rows; the table itself when they all are."""
        mask = self.mask(table)
        return table if mask.all() else table.filter(pa.array(mask))

    def table(self) -> pa.Table:
        """Return columns number, open_from, open_until, for SQL to join."""
        times = [pa.array(side).cast(TIME) for side in (self.begin_us, self.end_us)]
        return pa.table([pa.array(self.numbers), *times], names=["number", "open_from", "open_until"])


class PartReader:
    """A LakeReader of one part; what is asked for beyond it is as if it were not there."""

    def __init__(self, lake: LakeReader, part: Part) -> None:
        self._lake = lake
        self._part = part

    def snapshot(self, tenant: str) -> Snapshot:
        """Return which days there are; its hot rows are only those of the part, its files are everybody's."""
        whole = self._lake.snapshot(tenant)
        return Snapshot(tenant, whole.version, whole.watermark, whole.files, self._part.clip(whole.hot))

    def series(self, tenant: str, points: Sequence[int], start_us: int, end_us: int, columns: Names = ALL) -> pa.Table:
        open_to = self._part.among(points)
        if not self._part.bounded or not open_to:
            return self._lake.series(tenant, open_to, start_us, end_us, columns)
        windows = [w for n in open_to if (w := self._part.window(n)) is not None]
        begin, end = max(start_us, min(a for a, _ in windows)), min(end_us, max(b for _, b in windows))
        wanted = tuple(dict.fromkeys((*columns, "point", "time")))
        if begin >= end:
            return LAKE.empty_table().select(list(columns))
        return self._part.clip(self._lake.series(tenant, open_to, begin, end, wanted)).select(list(columns))

    def latest(self, tenant: str, points: Sequence[int] | None = None) -> pa.Table:
        """Return of each point the newest row that is open, where one is found."""
        open_to = self._part.numbers.tolist() if points is None else self._part.among(points)
        newest = self._lake.latest(tenant, open_to)
        if not self._part.bounded:
            return newest
        shown = self._part.clip(newest)
        missing = set(newest.column("point").to_pylist()) - set(shown.column("point").to_pylist())
        return pa.concat_tables([shown, *(self._last_open(tenant, number) for number in sorted(missing))])

    def _last_open(self, tenant: str, number: int) -> pa.Table:
        """Look back from the end of a window that ended before the newest row."""
        begin, until = self._part.window(number) or (0, 0)
        end = until
        for back_us in _LOOK_BACK_US:
            start = max(begin, end - back_us)
            rows = self._lake.series(tenant, [number], start, until)
            if len(rows):
                return rows.slice(len(rows) - 1).select(LAKE.names)
            if start == begin:
                break
            until = start
        return LAKE.empty_table()

    def bursts(self, tenant: str, point: int, start_us: int, end_us: int, most: int) -> tuple[int, Iterator[pa.Table]]:
        window = self._part.window(point)
        if window is None or max(start_us, window[0]) >= min(end_us, window[1]):
            return 0, iter([LAKE_BURSTS.empty_table()])
        return self._lake.bursts(tenant, point, max(start_us, window[0]), min(end_us, window[1]), most)

    def stats(self) -> dict[str, Any]:
        return self._lake.stats()
