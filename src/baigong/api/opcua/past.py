"""The values that the lake holds of one point, read from either end of a span. Blocks: for threads."""

from __future__ import annotations

from functools import cached_property

from baigong.api.opcua.datavalues import Rows, joined
from baigong.api.opcua.feed import rows_of
from baigong.stores.lake.contract import LakeReader
from baigong.stores.lake.sorting import column_us
from baigong.stores.records.plant import PointRow

BEGINNING, END_OF_TIME = -2_208_988_800_000_000, 4_102_444_800_000_000  # 1900 and 2100
_COLUMNS = ("point", "time", "value", "whole", "text", "quality")
_FIRST_STEP_US, _LAST_STEP_US = 60_000_000, 3650 * 86_400_000_000


class Past:
    """For one answer: between what times there is anything is looked up once, however often it reads."""

    def __init__(self, lake: LakeReader, tenant: str, point: PointRow) -> None:
        self._lake, self._tenant, self.point = lake, tenant, point

    @cached_property
    def _extent(self) -> tuple[int, int]:
        """A time before which the company has nothing, and one from which on the point has nothing."""
        newest = self._lake.latest(self._tenant, [self.point.number])
        if not len(newest):
            return END_OF_TIME, BEGINNING
        return self._lake.snapshot(self._tenant).first_us, int(column_us(newest, "time")[0]) + 1

    def nearest(self, low: int, high: int, most: int, *, back: bool) -> Rows:
        """Read the first ``most`` rows of [low, high), or the last ones, the newest first: in steps that grow."""
        if low >= high or most <= 0:
            return joined([])
        first, end = self._extent
        low, high = max(low, first), min(high, end)
        parts: list[Rows] = []
        step, count = _FIRST_STEP_US, 0
        while low < high and count < most:
            begin, until = (max(low, high - step), high) if back else (low, min(high, low + step))
            rows = rows_of(self._lake.series(self._tenant, [self.point.number], begin, until, _COLUMNS))
            parts.append(rows.take(slice(None, None, -1)) if back else rows)
            count += len(rows)
            low, high = (low, begin) if back else (until, high)
            dense = len(rows) * 4 > most
            step = step if dense else min(step * 8, _LAST_STEP_US)
        return joined(parts).take(slice(0, most))
