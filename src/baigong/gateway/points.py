"""A device's points as arrays: one row per point, so that a frame is handled without a loop over its values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.drivers.contract import Wanted
from baigong.vocab import quality as q
from baigong.vocab.devices import DeviceSpec, PointSpec, seconds
from baigong.vocab.frame import frame, times_us
from baigong.vocab.ids import point_number

Ints = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
DEFAULT_PERIOD_S = 1.0
_WORDS = 256  # states above are looked up one by one


def number_of(tenant: str, device: str, point: PointSpec) -> int:
    return point.number if point.number is not None else point_number(tenant, device, point.address)


def period_of(spec: DeviceSpec, scan: str) -> float:
    """Seconds between two readings of a scan class; a class nobody defined may itself be a duration (``250ms``)."""
    name = scan or "default"
    if name in spec.scan:
        return seconds(spec.scan[name])
    try:
        return max(seconds(name), 0.01)
    except ValueError:
        return seconds(spec.scan["default"]) if "default" in spec.scan else DEFAULT_PERIOD_S


def _lookup(specs: list[PointSpec], wordy: Mask) -> tuple[Ints, np.ndarray[Any, Any]]:
    """Lay the words of small whole states out as a table: (its row by point, words by state, None for none)."""
    keys = [int(k) for spec in specs for k in spec.states if k.isdecimal() and int(k) < _WORDS]
    slot = np.zeros(len(specs) + 1, np.int64)
    table = np.full((int(wordy.sum()) + 1, max(keys, default=0) + 1), None, object)
    for row, i in enumerate(np.flatnonzero(wordy)):
        slot[i] = row
        for key, word in specs[i].states.items():
            if key.isdecimal() and int(key) < _WORDS:
                table[row, int(key)] = word
            elif key in ("false", "true") and table.shape[1] > (key == "true"):
                table[row, int(key == "true")] = word
    return slot, table


class PointTable:
    """What is configured and what was last heard, per point; rows in ascending order of number.

    Each array has one row more than there are points: the neutral one, found as -1 for unknown numbers.
    """

    def __init__(self, tenant: str, spec: DeviceSpec) -> None:
        by_number = {number_of(tenant, spec.device, p): p for p in reversed(spec.points)}
        self.numbers: Ints = np.array(sorted(by_number), np.int64)
        self.specs = [by_number[int(n)] for n in self.numbers]
        n = len(self.specs)
        self.period_s = np.array([period_of(spec, p.scan) for p in self.specs] + [DEFAULT_PERIOD_S])
        self.scale = np.array([p.scale if p.kind not in ("state", "text") else 1.0 for p in self.specs] + [1.0])
        self.offset = np.array([p.offset if p.kind not in ("state", "text") else 0.0 for p in self.specs] + [0.0])
        self.linear: Mask = (self.scale != 1.0) | (self.offset != 0.0)
        gauges = [p.deadband if p.kind in ("gauge", "setpoint") else 0.0 for p in self.specs]
        self.deadband = np.array([*gauges, 0.0])
        self.words: dict[int, dict[str, str]] = {i: p.states for i, p in enumerate(self.specs) if p.states}
        self.wordy: Mask = np.array([bool(p.states) and p.kind == "state" for p in self.specs] + [False])
        self.slot, self.lookup = _lookup(self.specs, self.wordy)
        # last heard
        self.raw: Floats = np.full(n + 1, np.nan)
        self.value: Floats = np.full(n + 1, np.nan)
        self.text: dict[int, str] = {}
        self.quality = np.full(n + 1, q.BAD_WAITING_FOR_INITIAL_DATA, np.int32)
        self.time_us: Ints = np.zeros(n + 1, np.int64)  # as stored
        self.good_us: Ints = np.zeros(n + 1, np.int64)  # arrival of the last good value
        self.news: Floats = np.full(n + 1, -np.inf)  # monotonic seconds of the last news of any quality
        self.mark_us: Ints = np.zeros(n + 1, np.int64)  # time of our bad/uncertain mark, 0 when the value is live

    def __len__(self) -> int:
        return len(self.specs)

    def find(self, points: Ints) -> Ints:
        """Return the row of each number, -1 for what is not configured."""
        if not len(self.numbers):
            return np.full(len(points), -1, np.int64)
        at = np.searchsorted(self.numbers, points)
        at = np.minimum(at, len(self.numbers) - 1)
        return np.where(self.numbers[at] == points, at, -1)

    def row(self, number: int) -> int | None:
        """Return the row of one number."""
        at = int(self.find(np.array([number], np.int64))[0])
        return None if at < 0 else at

    def heard(self, rows: Ints, raw: Floats, batch: pa.RecordBatch, arrival_us: int, monotonic: float) -> None:
        """Remember what a finished frame says; of several values of one point the last row stays."""
        known = rows >= 0
        if not known.all():
            rows, raw, batch = rows[known], raw[known], batch.filter(pa.array(known))
        values = batch.column("value").to_numpy(zero_copy_only=False)
        qualities = batch.column("quality").to_numpy()
        self.raw[rows], self.value[rows] = raw, values
        self.quality[rows], self.time_us[rows] = qualities, times_us(batch)
        self.news[rows] = monotonic
        good = (qualities & 0xC000) == 0
        self.good_us[rows[good]] = arrival_us
        texts = batch.column("text")
        if texts.null_count < len(texts):
            self.text.update((int(r), t) for r, t in zip(rows, texts.to_pylist(), strict=True) if t is not None)

    def wanted(self) -> list[Wanted]:
        return [
            Wanted(int(n), p.address, float(s))
            for n, p, s in zip(self.numbers, self.specs, self.period_s, strict=False)
        ]

    def mark(self, rows: Ints, time_us: int, quality: int, *, keep_values: bool = False) -> pa.RecordBatch:
        """Write one row per point saying what is known of it now, and remember that it is ours, not the device's."""
        when = np.maximum(time_us, self.time_us[rows] + 1)  # a source's clock may be somewhat ahead of ours
        self.mark_us[rows] = self.time_us[rows] = when
        self.quality[rows] = quality
        values = self.value[rows] if keep_values else None
        texts: Sequence[str | None] | None = None
        if keep_values and self.text:
            texts = [self.text.get(int(r)) for r in rows]
        return frame(self.numbers[rows], when, values, quality, text=texts)

    def counts(self) -> tuple[int, int]:
        """(good, bad) points; the rest is uncertain."""
        severity = (self.quality[:-1] >> 14) & 0b11
        return int((severity == 0).sum()), int((severity >= 2).sum())
