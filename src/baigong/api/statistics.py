"""Statistics of points over a window, computed where the rows are: weighted by time, bad values left out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct

from baigong.api.lines import Line, read_lines
from baigong.api.rooms import Rooms
from baigong.api.series import find_points, slices, span
from baigong.api.wire import Call, Operation
from baigong.stores.records.plant import PointRow


class StatisticsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``start``/``end``: microseconds, ISO 8601, ``now``, ``-30d``. ``bins``: also a histogram of so many."""

    points: str
    start: str = "-1h"
    end: str = "now"
    bins: Annotated[int, Meta(ge=0, le=500)] = 0


class PointStatistics(Struct, frozen=True, kw_only=True):
    """Of one point. ``good_s``: for how long its value was known; ``mean``, ``deviation`` are over that time.

    All but ``rows`` are null where no value was good. ``bins``: seconds spent in equal steps from least to greatest,
    a slope counted where its middle is; empty unless asked for.
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
    bins: list[float]


class Statistics(Struct, frozen=True, kw_only=True):
    start_us: int
    end_us: int
    points: list[PointStatistics]


@dataclass(slots=True)
class Sums:
    """Grows slice by slice, time ascending. ``slopes``: between two samples a line, else the first one holds."""

    slopes: bool
    bins: Any = None  # seconds in each; filled when ``within`` says what they cover
    within: tuple[float, float] | None = None
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

    def add(self, line: Line, start_us: int = 0) -> None:
        """Take a slice; a value that held before ``start_us`` counts from there."""
        if not len(line.times):
            return
        self.rows += len(line.times) - line.held
        values = np.where((line.qualities & 0x8000) != 0, np.nan, line.values)
        known = values[~np.isnan(values)]
        if len(known):
            self.least = min(self.least, float(known.min()))
            self.greatest = max(self.greatest, float(known.max()))
            self.first = float(known[0]) if self.first is None else self.first
            self.last = float(known[-1])
        begun = np.maximum(line.times, start_us)
        if self._at_us:
            times = np.concatenate(([self._at_us], begun))
            values = np.concatenate(([self._held], values))
        else:
            times = begun
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
        if self.within is not None:
            self.bins += np.histogram((begin + end) / 2, len(self.bins), self.within, weights=seconds)[0]
        self.seconds += float(seconds.sum())
        self.area += float((seconds * (begin + end)).sum()) / 2
        self.squares += float((seconds * (begin * begin + begin * end + end * end)).sum()) / 3

    def told(self, name: str) -> PointStatistics:
        if self.first is None:
            none: dict[str, None] = dict.fromkeys(("least", "greatest", "first", "last", "mean", "deviation", "good_s"))
            return PointStatistics(name=name, rows=self.rows, bins=[], **none)
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
            bins=[] if self.bins is None else self.bins.tolist(),
        )


def operations(rooms: Rooms) -> list[Operation]:
    async def statistics(call: Call) -> Any:
        query: StatisticsQuery = call.query
        points = find_points(call, query.points)
        start, end = span(rooms, query.start, query.end)
        told = await asyncio.to_thread(_all, call, points, (start, end), rooms.clock_us(), query.bins)
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


def _all(call: Call, points: list[PointRow], window: tuple[int, int], now_us: int, bins: int) -> list[PointStatistics]:
    told = []
    for point in points:
        sums = Sums(point.spec.interpolates)
        if point.spec.kind not in ("text", "burst"):
            _read(call, point, window, now_us, sums)
            if bins and sums.first is not None:
                # read again: only now is it known from where to where
                sums = Sums(point.spec.interpolates, np.zeros(bins), (sums.least, sums.greatest))
                _read(call, point, window, now_us, sums)
        told.append(sums.told(point.name))
    return told


def _read(call: Call, point: PointRow, window: tuple[int, int], now_us: int, sums: Sums) -> None:
    hold = True
    for at, until in list(slices(call.lake, call.tenant, point, *window)) or [window]:
        for line in read_lines(call.lake, call.tenant, [point], at, until, 0, hold=hold):
            sums.add(line, window[0])
        hold = False
    open_to = call.seen.window(point.number)
    known_to = now_us if open_to is None or open_to.until_us is None else min(now_us, open_to.until_us)
    sums.close(min(window[1], known_to))
