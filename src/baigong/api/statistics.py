"""Statistics of points over a window, computed where the rows are: weighted by time, bad values left out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec import Struct

from baigong.api.rooms import Rooms
from baigong.api.series import Line, find_points, read_lines, slices, span
from baigong.api.wire import Call, Operation
from baigong.stores.records.plant import PointRow


class StatisticsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``start``/``end``: microseconds, ISO 8601, ``now``, ``-30d``."""

    points: str
    start: str = "-1h"
    end: str = "now"


class PointStatistics(Struct, frozen=True, kw_only=True):
    """Of one point. ``good_s``: for how long its value was known; ``mean``, ``deviation`` are over that time.

    All but ``rows`` are null where no value was good.
    """

    name: str
    rows: int
    least: float | None
    greatest: float | None
    first: float | None
    last: float | None
    mean: float | None
    deviation: float | None
    good_s: float | None


class Statistics(Struct, frozen=True, kw_only=True):
    start_us: int
    end_us: int
    points: list[PointStatistics]


@dataclass(slots=True)
class Sums:
    """Grows slice by slice, time ascending. ``slopes``: between two samples a line, else the first one holds."""

    slopes: bool
    rows: int = 0
    least: float = np.inf
    greatest: float = -np.inf
    first: float | None = None
    last: float | None = None
    seconds: float = 0.0
    area: float = 0.0
    squares: float = 0.0
    _at_us: int = 0
    _held: float = np.nan

    def add(self, line: Line) -> None:
        if not len(line.times):
            return
        self.rows += len(line.times)
        values = np.where((line.qualities & 0x8000) != 0, np.nan, line.values)
        known = values[~np.isnan(values)]
        if len(known):
            self.least = min(self.least, float(known.min()))
            self.greatest = max(self.greatest, float(known.max()))
            self.first = float(known[0]) if self.first is None else self.first
            self.last = float(known[-1])
        if self._at_us:
            times = np.concatenate(([self._at_us], line.times))
            values = np.concatenate(([self._held], values))
        else:
            times = line.times
        self._weigh(np.diff(times) / 1e6, values[:-1], values[1:] if self.slopes else values[:-1])
        self._at_us, self._held = int(times[-1]), float(values[-1])

    def close(self, end_us: int) -> None:
        """What holds, holds to the end of the window."""
        if self._at_us and not self.slopes and end_us > self._at_us:
            held = np.array([self._held])
            self._weigh(np.array([(end_us - self._at_us) / 1e6]), held, held)

    def _weigh(self, seconds: Any, begin: Any, end: Any) -> None:
        both = ~(np.isnan(begin) | np.isnan(end))
        seconds, begin, end = seconds[both], begin[both], end[both]
        self.seconds += float(seconds.sum())
        self.area += float((seconds * (begin + end)).sum()) / 2
        self.squares += float((seconds * (begin * begin + begin * end + end * end)).sum()) / 3

    def told(self, name: str) -> PointStatistics:
        if self.first is None:
            none: dict[str, None] = dict.fromkeys(("least", "greatest", "first", "last", "mean", "deviation", "good_s"))
            return PointStatistics(name=name, rows=self.rows, **none)
        mean = self.area / self.seconds if self.seconds else self.first
        spread = max(self.squares / self.seconds - mean * mean, 0.0) if self.seconds else 0.0
        return PointStatistics(
            name=name,
            rows=self.rows,
            least=self.least,
            greatest=self.greatest,
            first=self.first,
            last=self.last,
            mean=mean,
            deviation=float(np.sqrt(spread)),
            good_s=self.seconds,
        )


def operations(rooms: Rooms) -> list[Operation]:
    async def statistics(call: Call) -> Any:
        query: StatisticsQuery = call.query
        points = find_points(rooms, call.tenant, query.points)
        start, end = span(rooms, query.start, query.end)
        told = await asyncio.to_thread(_all, rooms, call.tenant, points, start, end)
        return Statistics(start_us=start, end_us=end, points=told)

    return [
        Operation(
            "GET",
            "/series/statistics",
            "Least, greatest and time-weighted mean of points over a window",
            statistics,
            query=StatisticsQuery,
            answer=Statistics,
        )
    ]


def _all(rooms: Rooms, tenant: str, points: list[PointRow], start: int, end: int) -> list[PointStatistics]:
    now = rooms.clock_us()
    told = []
    for point in points:
        sums = Sums(point.spec.interpolates)
        if point.spec.kind not in ("text", "burst"):
            for at, until in slices(rooms.lake, tenant, point, start, end):
                for line in read_lines(rooms.lake, tenant, [point], at, until, 0):
                    sums.add(line)
            sums.close(min(end, now))
        told.append(sums.told(point.name))
    return told
