"""From what a driver read to what is stored: scaling, words, deadband and the source's clock, column by column."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from baigong.gateway.points import Floats, Ints, Mask, PointTable
from baigong.vocab import quality as q
from baigong.vocab.devices import DeviceSpec, seconds
from baigong.vocab.frame import FRAME, conform, frame, times_us

_LONGEST_TEXT = 900_000  # bytes; a frame must stay below 1 MiB with one row in it
_ORIGINALS = 20  # original times kept in the event of one skewed frame


@dataclass(slots=True, frozen=True)
class Window:
    """Which source times are believed on live data. ``repeat_s``: a value inside its deadband is told again then."""

    future_s: float = 300.0
    past_s: float = 7 * 86400.0
    repeat_s: float = 300.0

    def for_device(self, spec: DeviceSpec) -> Window:
        """Widen or narrow the window by what a device's own file says."""
        return replace(self, past_s=seconds(spec.max_age)) if spec.max_age else self


@dataclass(slots=True, frozen=True)
class Skew:
    """A clock found wrong: ``seconds`` is source minus arrival (positive: the source is ahead)."""

    seconds: float
    rows: int
    originals: list[tuple[int, int, int]] = field(default_factory=list)  # (point, said, stored) in microseconds


@dataclass(slots=True, frozen=True)
class Transformed:
    """``frame``: what is to be stored, perhaps empty. ``held``: what was marked and is, by its own time, unchanged."""

    frame: pa.RecordBatch
    skew: Skew | None = None
    rows_in: int = 0
    held: pa.RecordBatch | None = None


class Transform:
    """The steps between one device and the stream. Live frames go through in the order they arrived."""

    def __init__(self, table: PointTable, window: Window | None = None) -> None:
        self._table = table
        self.window = window or Window()
        n = len(table) + 1
        self._told_value = np.full(n, np.nan)  # deadband: what was last stored
        self._told_quality = np.full(n, -1, np.int64)
        self._told_us: Ints = np.zeros(n, np.int64)
        self._said_us: Ints = np.zeros(n, np.int64)  # the source's own last time per point
        self._old: Mask = np.zeros(n, bool)  # its last value is old and known to be merely unchanged
        self._last_arrival_us = 0

    def live(self, batch: pa.RecordBatch, arrival_us: int, monotonic: float) -> Transformed:
        """Turn a frame as it arrives into one to store, and remember its values in the table."""
        arrival_us = self._last_arrival_us = max(arrival_us, self._last_arrival_us + 1)
        batch = _lean(batch)
        rows, raw, batch = self._engineering(batch)
        batch, skew = self._check_clock(batch, rows, arrival_us)
        self._table.heard(rows, raw, batch, arrival_us, monotonic)
        held = self._restamp(batch, rows, arrival_us)
        keep = self._deadband(batch, rows)
        stored = batch if keep is None else batch.filter(pa.array(keep))
        return Transformed(stored, skew, len(batch), held)

    def history(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Turn what a device remembered into values to store, at the times it says, however old."""
        return self._engineering(_lean(batch))[2]

    def forget(self, batch: pa.RecordBatch) -> None:
        """A frame was not stored after all: the next value of its points is told, whatever the deadband."""
        self._told_quality[self._table.find(batch.column("point").to_numpy())] = -1

    def _engineering(self, batch: pa.RecordBatch) -> tuple[Ints, Floats, pa.RecordBatch]:
        """Scale numbers and name states; returns (row of each value, raw numbers, frame)."""
        table = self._table
        rows = table.find(batch.column("point").to_numpy())
        raw: Floats = batch.column("value").to_numpy(zero_copy_only=False)
        wholes, texts = batch.column("whole"), batch.column("text")
        linear, wordy = table.linear[rows], table.wordy[rows]
        if wholes.null_count < len(wholes):
            whole: Floats = wholes.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            raw = np.where(np.isnan(raw), whole, raw)
            scaled = linear & ~np.isnan(whole)
            wholes = pc.if_else(pa.array(scaled), pa.scalar(None, pa.int64()), wholes)
        elif not linear.any() and not wordy.any():
            return rows, raw, batch
        values: Floats = batch.column("value").to_numpy(zero_copy_only=False)
        if linear.any():
            with np.errstate(over="ignore", invalid="ignore"):
                values = np.where(linear, raw * table.scale[rows] + table.offset[rows], values)
        if wordy.any():
            texts = self._name_states(rows, raw, wordy, texts)
        qualities = batch.column("quality").to_numpy()
        return (
            rows,
            raw,
            frame(batch.column("point").to_numpy(), times_us(batch), values, qualities, whole=wholes, text=texts),
        )

    def _name_states(self, rows: Ints, raw: Floats, wordy: Mask, texts: pa.Array) -> Any:
        named: np.ndarray[Any, Any]
        table, none = self._table, texts.null_count == len(texts)
        named = np.full(len(rows), None, object) if none else np.array(texts.to_pylist(), object)
        numbers = wordy & ~np.isnan(raw)
        if not none:
            numbers &= _absent(named)
        with np.errstate(invalid="ignore"):
            small = numbers & (raw >= 0) & (raw < table.lookup.shape[1])
            whole = np.where(small, raw, 0).astype(np.int64)
        small &= whole == raw
        named[small] = table.lookup[table.slot[rows[small]], whole[small]]
        for i in np.flatnonzero(numbers & _absent(named)):
            named[i] = _word(table.words[int(rows[i])], float(raw[i]))
        return pa.array(named, pa.string())

    def _check_clock(self, batch: pa.RecordBatch, rows: Ints, arrival_us: int) -> tuple[pa.RecordBatch, Skew | None]:
        times = times_us(batch)
        ahead = times > arrival_us + int(self.window.future_s * 1e6)
        behind = times < arrival_us - int(self.window.past_s * 1e6)
        if not ahead.any() and not behind.any():
            self._said_us[rows] = times
            self._old[rows] = False
            return batch, None
        # A value that has not changed for a month is old, not wrong: its source shows elsewhere that it knows the
        # time, and says the same time of this value whenever it is asked.
        first = self._said_us[rows] == 0
        sane = not (ahead | behind).all()
        merely_old = behind & ((first & sane) | (self._old[rows] & (self._said_us[rows] == times)))
        self._said_us[rows], self._old[rows] = times, merely_old
        wrong = ahead | (behind & ~merely_old)
        if not wrong.any():
            return batch, None
        stored = np.where(wrong, arrival_us, times)
        stored[wrong] += _rank(rows[wrong])
        qualities = batch.column("quality").to_numpy().copy()
        better = wrong & ((qualities & 0x8000) == 0)
        qualities[better] = (qualities[better] & ~0xFFFF) | q.UNCERTAIN_CLOCK
        worst = int(np.argmax(np.where(wrong, np.abs(times - arrival_us), -1)))
        numbers = batch.column("point").to_numpy()
        originals = [(int(numbers[i]), int(times[i]), int(stored[i])) for i in np.flatnonzero(wrong)[:_ORIGINALS]]
        skew = Skew(float(times[worst] - arrival_us) / 1e6, int(wrong.sum()), originals)
        self._last_arrival_us = max(self._last_arrival_us, int(stored[wrong].max()))
        return _replace(batch, time=pa.array(stored).cast(FRAME.field("time").type), quality=pa.array(qualities)), skew

    def _restamp(self, batch: pa.RecordBatch, rows: Ints, arrival_us: int) -> pa.RecordBatch | None:
        """Find values of marked points that are older than the mark: the device says they never changed.

        Stored at their own time alone they would stay hidden behind the mark for ever, so they are told again
        with the time at which we know them. Clears the marks of every point in the frame.
        """
        marks = self._table.mark_us[rows]
        if not marks.any():
            return None
        self._table.mark_us[rows] = 0
        self._table.mark_us[-1] = 0
        hidden = (marks > 0) & (times_us(batch) <= marks)
        if not hidden.any():
            return None
        batch = batch.filter(pa.array(hidden))
        when = np.maximum(arrival_us, marks[hidden] + 1) + _rank(rows[hidden])
        return _replace(batch, time=pa.array(when).cast(FRAME.field("time").type))

    def _deadband(self, batch: pa.RecordBatch, rows: Ints) -> Mask | None:
        """Tell which rows are a change; None when all are."""
        bands = self._table.deadband[rows]
        if not bands.any():
            return None
        values = batch.column("value").to_numpy(zero_copy_only=False)
        qualities, times = batch.column("quality").to_numpy(), times_us(batch)
        some = np.flatnonzero(bands > 0)
        keep = np.ones(len(rows), bool)
        # several values of one point: each is measured against the one told before it
        apart = [some] if len(np.unique(rows[some])) == len(some) else [some[i : i + 1] for i in range(len(some))]
        for at in apart:
            keep[at] = self._changed(rows[at], values[at], qualities[at], times[at])
        return None if keep.all() else keep

    def _changed(self, rows: Ints, values: Floats, qualities: Any, times: Ints) -> Mask:
        """Compare values, one per point, with what was last told; what is to be told is remembered."""
        told = self._told_value[rows]
        with np.errstate(invalid="ignore"):
            near = (np.abs(values - told) <= self._table.deadband[rows]) | (np.isnan(values) & np.isnan(told))
        fresh = times - self._told_us[rows] < self.window.repeat_s * 1e6
        changed: Mask = ~(near & (qualities == self._told_quality[rows]) & fresh)
        which = rows[changed]
        self._told_value[which], self._told_us[which] = values[changed], times[changed]
        self._told_quality[which] = qualities[changed]
        return changed


def _rank(rows: Ints) -> Ints:
    """Number the values of one point within a frame: what shares an arrival time must not share an identity."""
    order = np.argsort(rows, kind="stable")
    ranked = np.zeros(len(rows), np.int64)
    start = np.r_[True, rows[order][1:] != rows[order][:-1]]
    index = np.arange(len(rows))
    ranked[order] = index - np.maximum.accumulate(np.where(start, index, 0))
    return ranked


def _absent(texts: np.ndarray[Any, Any]) -> Mask:
    made: Mask = pa.array(texts, pa.string()).is_null().to_numpy(zero_copy_only=False)
    return made


def _word(words: dict[str, str], raw: float) -> str | None:
    key = str(int(raw)) if raw.is_integer() else repr(raw)
    found = words.get(key)
    if found is None and raw in (0.0, 1.0):
        found = words.get("true" if raw else "false")
    return found


def _replace(batch: pa.RecordBatch, **columns: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([columns.get(name, batch.column(name)) for name in FRAME.names], schema=FRAME)


def _lean(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Check a driver's frame, and take out a text that no frame could carry."""
    if not batch.schema.equals(FRAME):
        batch = conform(batch)
    if batch.nbytes < _LONGEST_TEXT:
        return batch
    lengths = pc.fill_null(pc.binary_length(batch.column("text")), 0)
    long = pc.greater(lengths, _LONGEST_TEXT)
    if not pc.any(long).as_py():
        return batch
    bad = pa.scalar(q.BAD_OUT_OF_RANGE, pa.int32())
    return _replace(
        batch,
        text=pc.if_else(long, pa.scalar(None, pa.string()), batch.column("text")),
        quality=pc.if_else(long, bad, batch.column("quality")),
    )
