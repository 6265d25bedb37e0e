"""A burst: the Arrow record batch of waveforms (vibration, current, sound), one row a recording.

=========  ==================  ====================================================================
column     type                meaning
=========  ==================  ====================================================================
point      int64               the point's number, of kind ``burst``
time       timestamp[us, UTC]  when the first sample was taken
rate_hz    float64             samples a second
samples    list<float32>       the waveform in the point's unit; NaN where there is none (then quality is bad)
quality    int32               of the whole recording; ``DELETED`` retracts (point, time)
=========  ==================  ====================================================================

It travels in the same stream as telemetry. What tells them apart is the schema that the Arrow stream itself carries
(decision 0001), so a spool, a backup or a foreign writer cannot separate a frame from what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from baigong.vocab import frame as frames
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.frame import BURST, MAX_ENCODED, TIME, encode, read_stream, times_us

FASTEST_HZ = 1e9
_ABOUT_A_ROW = 2048  # bytes of the encoding that are not samples
_LIMIT = MAX_ENCODED - 4096
Samples = np.ndarray[Any, np.dtype[np.float32]]


class Recording(NamedTuple):
    """One row. ``samples``: a view, not a copy."""

    point: int
    time_us: int
    rate_hz: float
    samples: Samples
    quality: int


def burst(
    point: Sequence[int],
    time_us: Sequence[int],
    rate_hz: Sequence[float],
    samples: Sequence[Any],
    quality: Sequence[int] | int = 0,
) -> pa.RecordBatch:
    """Build bursts from columns of one length n; ``samples``: n arrays of any length and any real type."""
    arrays = [np.asarray(one, np.float32).ravel() for one in samples]
    offsets = np.concatenate(([0], np.cumsum([len(one) for one in arrays]))).astype(np.int32)
    flat = np.concatenate(arrays) if arrays else np.empty(0, np.float32)
    qualities = [quality] * len(arrays) if isinstance(quality, int) else list(quality)
    return conform(
        pa.RecordBatch.from_arrays(
            [
                pa.array(point, pa.int64()),
                pa.array(np.asarray(time_us, np.int64)).cast(TIME),
                pa.array(rate_hz, pa.float64()),
                pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat)),
                pa.array(qualities, pa.int32()),
            ],
            names=BURST.names,
        )
    )


def is_burst(batch: Any) -> bool:
    """Tell from the columns of a batch, table or schema which of the two it is."""
    schema = batch if isinstance(batch, pa.Schema) else batch.schema
    return "samples" in schema.names


def recordings(batch: Any) -> Iterator[Recording]:
    """Yield the rows of a batch or table (schema BURST, more columns allowed)."""
    pieces = [batch] if isinstance(batch, pa.RecordBatch) else batch.to_batches()
    for piece in pieces:
        flat, offsets = waveforms(piece.column("samples"))
        columns = (piece.column(name).to_pylist() for name in ("point", "rate_hz", "quality"))
        for row, (point, rate, quality, when) in enumerate(zip(*columns, times_us(piece).tolist(), strict=True)):
            yield Recording(point, when, rate, flat[offsets[row] : offsets[row + 1]], quality)


def waveforms(column: Any) -> tuple[Samples, np.ndarray[Any, np.dtype[np.int64]]]:
    """Return all samples of a list column end to end, and n + 1 offsets into them."""
    lengths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    flat = column.flatten().to_numpy(zero_copy_only=False)
    return flat, np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def split(batch: pa.RecordBatch, limit: int = _LIMIT) -> Iterator[pa.RecordBatch]:
    """Cut bursts into pieces whose encoding stays below ``limit`` bytes.

    A recording that alone is larger becomes several, back to back: each piece's time is that of its first sample,
    exact wherever whole microseconds allow it.
    """
    if batch.nbytes < limit - _ABOUT_A_ROW:
        yield batch
    elif len(batch) > 1:
        half = len(batch) // 2
        yield from split(batch.slice(0, half), limit)
        yield from split(batch.slice(half), limit)
    else:
        yield from _cut(next(recordings(batch)), (limit - _ABOUT_A_ROW) // 4)


def _cut(one: Recording, most: int) -> Iterator[pa.RecordBatch]:
    period_us = Fraction(1_000_000) / Fraction(one.rate_hz)
    whole = period_us.denominator  # so many samples last whole microseconds
    size = most // whole * whole if whole <= most else most
    for start in range(0, len(one.samples), size):
        when = one.time_us + round(start * period_us)
        yield burst([one.point], [when], [one.rate_hz], [one.samples[start : start + size]], one.quality)


def pieces(batch: pa.RecordBatch) -> list[tuple[int, bytes]]:
    """Cut a frame or bursts for the stream: (values, encoded), each at most 1 MiB. Recordings count as one value.

    Raises payload.too_large for a single value that fits into no frame.
    """
    cut = split(batch) if is_burst(batch) else frames.split(batch)
    return [(len(piece), encode(piece)) for piece in cut]


def decode(raw: bytes | memoryview) -> pa.RecordBatch:
    """Read one Arrow stream into a frame or bursts (``is_burst`` tells which); zero-copy over ``raw``.

    Raises frame.invalid for anything that is neither.
    """
    batch = read_stream(raw)
    return conform(batch) if is_burst(batch) else frames.conform(batch)


def conform(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Give a batch the columns of BURST in order, casting what can be cast, or say what is wrong (frame.invalid).

    A recording with a sample that is null, NaN or Inf is kept as it came, with NaN for null, and bad quality.
    """
    names = set(batch.schema.names)
    unknown, missing = names - set(BURST.names), set(BURST.names) - {"quality"} - names
    if unknown or missing:
        raise FixConfiguration(
            "frame.invalid", f"columns missing: {sorted(missing) or 'none'}, unknown: {sorted(unknown) or 'none'}"
        )
    columns: dict[str, Any] = {}
    for field in BURST:
        if field.name not in names:
            columns[field.name] = pa.array(np.zeros(len(batch), np.int32))
            continue
        column = batch.column(field.name)
        try:
            columns[field.name] = column.cast(field.type, safe=field.name != "samples")
        except pa.ArrowException as error:
            raise FixConfiguration("frame.invalid", f"column {field.name}: {error}", place=field.name) from error
        if column.null_count:
            raise FixConfiguration("frame.invalid", f"column {field.name} holds nulls", place=field.name)
    return _checked(columns)


def _checked(columns: dict[str, Any]) -> pa.RecordBatch:
    rates = columns["rate_hz"].to_numpy()
    flat, offsets = waveforms(columns["samples"])
    qualities = columns["quality"].to_numpy()
    bad = (qualities & 0x8000) != 0
    empty = (np.diff(offsets) == 0) & ~bad
    wrong = (~(rates > 0) | (rates > FASTEST_HZ)) & ~bad
    if empty.any() or wrong.any():
        told = "a burst holds no samples" if empty.any() else f"rate_hz {rates[wrong][0]} is not above 0"
        raise FixConfiguration("frame.invalid", told, place="samples" if empty.any() else "rate_hz")
    lost = _rows_of(np.flatnonzero(~np.isfinite(flat)), offsets, len(qualities)) & ~bad
    if lost.any():
        qualities = np.where(lost, (qualities & ~0xFFFF) | q.BAD_NOT_A_NUMBER, qualities).astype(np.int32)
    # built anew, so that a slice of a large buffer, or nulls among the samples, go no further
    columns["samples"] = pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(flat))
    columns["quality"] = pa.array(qualities)
    return pa.RecordBatch.from_arrays([columns[name] for name in BURST.names], schema=BURST)


def _rows_of(places: Any, offsets: Any, rows: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    hit = np.zeros(rows, bool)
    hit[np.searchsorted(offsets, places, "right") - 1] = True
    return hit
