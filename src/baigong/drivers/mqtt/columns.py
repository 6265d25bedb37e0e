"""Values of many messages on their way into one frame: columns that only ever grow."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.vocab import quality as q
from baigong.vocab.burst import burst
from baigong.vocab.frame import frame, split_number

_EXACT = float(1 << 53)
FUTURE_US = 600_000_000  # a source's clock may be ten minutes ahead
PAST_US = 10 * 366 * 86_400_000_000  # and its memory ten years long
_INT64 = 1 << 63


class Columns:
    """Collects values without an object for each, and makes one frame of them.

    Messages of plain numbers write ``points``, ``values`` (one row per value) and ``times``, ``arrivals``,
    ``counts``, ``raws`` (one per message); all other rows go by ``add``. A time outside the window around the
    arrival becomes the arrival, uncertain: a wrong clock never costs a value.
    """

    __slots__ = ("arrivals", "counts", "extra", "points", "raws", "skewed", "times", "values", "waves")

    def __init__(self) -> None:
        self.points = array("q")
        self.values = array("d")
        self.times = array("q")
        self.arrivals = array("q")
        self.counts: list[int] = []
        self.raws: list[tuple[Any, ...]] = []
        self.extra: list[tuple[int, int, int, Any, int]] = []
        self.waves: list[tuple[int, int, int, float, Any, int]] = []
        self.skewed = 0

    def __len__(self) -> int:
        return len(self.points) + len(self.extra) + len(self.waves)

    def add_wave(
        self, number: int, time_us: int, arrival_us: int, rate_hz: float, samples: Any, quality: int = 0
    ) -> None:
        """Add one waveform, float32."""
        self.waves.append((number, time_us, arrival_us, rate_hz, samples, quality))

    def bursts(self) -> pa.RecordBatch | None:
        """Make the bursts, with the same window of time as for values; None when there are none."""
        if not self.waves:
            return None
        points, times, arrivals, rates, samples, qualities = zip(*self.waves, strict=True)
        off = [not a - PAST_US <= t <= a + FUTURE_US for t, a in zip(times, arrivals, strict=True)]
        self.skewed += sum(off)
        return burst(
            points,
            [a if wrong else t for t, a, wrong in zip(times, arrivals, off, strict=True)],
            rates,
            samples,
            [q.UNCERTAIN_CLOCK if wrong and not k else k for k, wrong in zip(qualities, off, strict=True)],
        )

    def add(self, number: int, time_us: int, arrival_us: int, value: Any, quality: int = 0) -> None:
        """Add one value of any JSON type but object and array; null becomes a value that is not there."""
        if value is None and q.severity(quality) == "good":
            quality = q.BAD_DATA_UNAVAILABLE
        self.extra.append((number, time_us, arrival_us, value, quality))

    def add_plain(self, number: int, time_us: int, arrival_us: int, value: float) -> None:
        """Add one good number that float64 holds exactly, a message of its own: a tenth of the cost of ``add``."""
        self.points.append(number)
        self.values.append(value)
        self.times.append(time_us)
        self.arrivals.append(arrival_us)
        self.counts.append(1)
        self.raws.append((value,))

    def cut(self, rows: int, messages: int, extra: int) -> None:
        """Forget what was appended after these lengths."""
        del self.points[rows:], self.values[rows:], self.extra[extra:]
        del self.times[messages:], self.arrivals[messages:], self.counts[messages:], self.raws[messages:]

    def frame(self) -> pa.RecordBatch:
        """Make the frame; the columns must not grow afterwards."""
        fast = len(self.points)
        counts = self.counts
        points = np.frombuffer(self.points, np.int64) if fast else np.empty(0, np.int64)
        values = np.frombuffer(self.values, np.float64) if fast else np.empty(0)
        times = np.repeat(np.frombuffer(self.times, np.int64), counts) if fast else np.empty(0, np.int64)
        arrivals = np.repeat(np.frombuffer(self.arrivals, np.int64), counts) if fast else np.empty(0, np.int64)
        qualities = np.zeros(fast, np.int32)
        whole: dict[int, int] = {}
        text: dict[int, str] = {}
        if fast and (np.abs(values) >= _EXACT).any():
            values = values.copy()
            self._find_whole(values, whole, text)
        if self.extra:
            more = [np.array(column, np.int64) for column in list(zip(*self.extra, strict=True))[:3]]
            points, times, arrivals = (np.concatenate(p) for p in zip((points, times, arrivals), more, strict=True))
            qualities = np.concatenate((qualities, np.array([row[4] for row in self.extra], np.int32)))
            values = np.concatenate((values, self._split_extra(fast, whole, text)))
        off = (times > arrivals + FUTURE_US) | (times < arrivals - PAST_US)
        if off.any():
            self.skewed += int(np.count_nonzero(off))
            times = np.where(off, arrivals, times)
            qualities[off & (qualities == 0)] = q.UNCERTAIN_CLOCK
        return frame(points, times, values, qualities, whole=whole, text=text)

    def _find_whole(self, values: Any, whole: dict[int, int], text: dict[int, str]) -> None:
        at = 0
        for raw in self.raws:
            for value in raw:
                if type(value) is int and abs(value) > 1 << 53:
                    values[at] = _keep_whole(at, value, whole, text)
                at += 1

    def _split_extra(self, at: int, whole: dict[int, int], text: dict[int, str]) -> list[float]:
        floats = []
        for _, _, _, value, _ in self.extra:
            number: float | None = None
            if isinstance(value, str):
                text[at] = value
            elif value is not None:
                number, big = split_number(value)
                if big is not None:
                    number = _keep_whole(at, big, whole, text)
            floats.append(float("nan") if number is None else number)
            at += 1
        return floats


def _keep_whole(at: int, value: int, whole: dict[int, int], text: dict[int, str]) -> float:
    if -_INT64 <= value < _INT64:
        whole[at] = value
    else:
        text[at] = str(value)
    return float("nan")
