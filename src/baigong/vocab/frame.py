"""A frame: the Arrow record batch in which telemetry travels from the driver to the browser.

=========  ==================  ====================================================================
column     type                meaning
=========  ==================  ====================================================================
point      int64               the point's number (``vocab.ids.point_number``)
time       timestamp[us, UTC]  when the source says it happened
value      float64, null       numbers and booleans as 0/1; NaN and Inf become null with bad quality
whole      int64, null         integers that float64 would lose (beyond ±2**53)
text       string, null        strings, states, JSON
quality    int32               ``vocab.quality``; the ``DELETED`` code retracts (point, time)
=========  ==================  ====================================================================

On the wire it is one Arrow IPC stream; ``whole`` and ``text`` are left out when they hold only nulls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration

TIME = pa.timestamp("us", tz="UTC")
FRAME = pa.schema(
    [
        pa.field("point", pa.int64(), nullable=False),
        pa.field("time", TIME, nullable=False),
        pa.field("value", pa.float64()),
        pa.field("whole", pa.int64()),
        pa.field("text", pa.string()),
        pa.field("quality", pa.int32(), nullable=False),
    ]
)
BURST = pa.schema(
    [
        pa.field("point", pa.int64(), nullable=False),
        pa.field("time", TIME, nullable=False),
        pa.field("rate_hz", pa.float64(), nullable=False),
        pa.field("samples", pa.list_(pa.float32()), nullable=False),
        pa.field("quality", pa.int32(), nullable=False),
    ]
)
MAX_ENCODED = 1 << 20  # bytes; NATS max_payload, headers included
_HEADROOM = 4096
_EXACT = 1 << 53


def frame(
    point: Any,
    time_us: Any,
    value: Any = None,
    quality: Any = 0,
    *,
    whole: Any = None,
    text: Any = None,
) -> pa.RecordBatch:
    """Build a frame from columns.

    ``point`` and ``time_us`` (microseconds since the epoch, UTC): int64 arrays or lists of length n.
    ``value``: float64 of length n or None; NaN means "no value" where whole or text holds one, and
    otherwise (like Inf) becomes null with bad quality. ``quality``: one int or n of them.
    ``whole``, ``text``: n of them, or a dict of those that there are, by row.
    """
    points = np.ascontiguousarray(point, dtype=np.int64)
    n = len(points)
    times = np.ascontiguousarray(time_us, dtype=np.int64)
    qualities = np.full(n, quality, np.int32) if np.isscalar(quality) else np.array(quality, np.int32)
    wholes, texts = _column(whole, n, pa.int64()), _column(text, n, pa.string())
    if value is None:
        values = pa.nulls(n, pa.float64())
    else:
        floats = np.ascontiguousarray(value, dtype=np.float64)
        finite = np.isfinite(floats)
        if finite.all():
            values = pa.array(floats)
        else:
            elsewhere = np.zeros(n, bool)
            for column in (wholes, texts):
                elsewhere |= np.asarray(column.is_valid().to_numpy(zero_copy_only=False), bool)
            lost = ~finite & ~elsewhere & ((qualities & 0x8000) == 0)
            qualities[lost] = (qualities[lost] & ~0xFFFF) | q.BAD_NOT_A_NUMBER
            values = pa.array(floats, mask=~finite)
    return pa.RecordBatch.from_arrays(
        [pa.array(points), pa.array(times).cast(TIME), values, wholes, texts, pa.array(qualities)], schema=FRAME
    )


def _column(held: Any, n: int, kind: pa.DataType) -> pa.Array:
    if held is None or (isinstance(held, dict) and not held):
        return pa.nulls(n, kind)
    if isinstance(held, dict):
        rows: list[Any] = [None] * n
        for at, value in held.items():
            rows[at] = value
        held = rows
    return pa.array(held, kind)


def split_number(number: int | float | bool) -> tuple[float | None, int | None]:
    """Say where a Python number belongs: (value, whole).

    >>> split_number(3), split_number(2**60), split_number(True)
    ((3.0, None), (None, 1152921504606846976), (1.0, None))
    """
    if isinstance(number, int) and not -_EXACT <= number <= _EXACT:
        return None, number
    return float(number), None


def from_python(
    points: Sequence[int], times_us: Sequence[int], values: Sequence[Any], qualities: Sequence[int]
) -> pa.RecordBatch:
    """Build a frame from Python values of mixed type (bool, int, float, str, None).

    For boundaries only (JSON, browse); a driver's scan uses ``frame`` with columns.
    An integer beyond 64 bits is kept as text.
    """
    floats: list[float] = []
    wholes: list[int | None] = []
    texts: list[str | None] = []
    for item in values:
        floats.append(float("nan"))
        wholes.append(None)
        texts.append(None)
        if isinstance(item, str):
            texts[-1] = item
        elif isinstance(item, bool | int | float):
            number, big = split_number(item)
            if big is not None and not -(1 << 63) <= big < 1 << 63:
                texts[-1] = str(big)
            else:
                wholes[-1] = big
                floats[-1] = float("nan") if number is None else number
    return frame(points, times_us, floats, list(qualities), whole=wholes, text=texts)


def times_us(batch: pa.RecordBatch) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the time column as int64 microseconds, without a copy."""
    return batch.column("time").view(pa.int64()).to_numpy()  # type: ignore[no-any-return]


def encode(batch: pa.RecordBatch) -> bytes:
    """Write a frame as one Arrow IPC stream, leaving out columns that hold only nulls."""
    names = [name for name in ("whole", "text") if name in batch.schema.names]
    empty = [name for name in names if batch.column(name).null_count == len(batch)]
    lean = batch.drop_columns(empty) if empty else batch
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, lean.schema) as writer:
        writer.write_batch(lean)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def split(batch: pa.RecordBatch, limit: int = MAX_ENCODED - _HEADROOM) -> Iterator[pa.RecordBatch]:
    """Cut a frame into pieces whose encoding stays below ``limit`` bytes.

    Raises payload.too_large when one row alone is larger.
    """
    if batch.nbytes < limit * 0.9 or len(encode(batch)) <= limit:
        yield batch
        return
    if len(batch) <= 1:
        raise FixConfiguration("payload.too_large", f"one value of {batch.nbytes} bytes is more than {limit}")
    half = len(batch) // 2
    yield from split(batch.slice(0, half), limit)
    yield from split(batch.slice(half), limit)


def read_stream(raw: bytes | memoryview) -> pa.RecordBatch:
    """Read one Arrow IPC stream as one batch, zero-copy over ``raw``; frame.invalid when it is none."""
    try:
        with pa.ipc.open_stream(pa.py_buffer(raw)) as reader:
            table = reader.read_all()
        batch = table.combine_chunks().to_batches()[0] if len(table) else pa.RecordBatch.from_pylist([], table.schema)
        batch.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FixConfiguration("frame.invalid", f"not an Arrow stream: {error}") from error
    return batch


def decode(raw: bytes | memoryview) -> pa.RecordBatch:
    """Read one Arrow IPC stream into a frame with all columns; zero-copy over ``raw``.

    Raises frame.invalid for anything that is not a frame (other columns, other types, nulls where none may be).
    """
    return conform(read_stream(raw))


def conform(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Give a batch the frame's columns in order, casting what loses nothing, or say what is wrong."""
    unknown = set(batch.schema.names) - set(FRAME.names)
    missing = {"point", "time"} - set(batch.schema.names)
    if unknown or missing:
        raise FixConfiguration(
            "frame.invalid", f"columns missing: {sorted(missing) or 'none'}, unknown: {sorted(unknown) or 'none'}"
        )
    batch = _whole_apart(batch)
    columns = []
    for field in FRAME:
        index = batch.schema.get_field_index(field.name)
        if index < 0:
            empty = pa.nulls(len(batch), field.type)
            columns.append(pa.array(np.zeros(len(batch), np.int32)) if field.name == "quality" else empty)
            continue
        column = batch.column(index)
        if column.type != field.type:
            try:
                column = column.cast(field.type)
            except pa.ArrowException as error:
                raise FixConfiguration("frame.invalid", f"column {field.name}: {error}", place=field.name) from error
        if not field.nullable and column.null_count:
            raise FixConfiguration("frame.invalid", f"column {field.name} holds nulls", place=field.name)
        columns.append(column)
    made = pa.RecordBatch.from_arrays(columns, schema=FRAME)
    return _finite(made)


def _whole_apart(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Move integers of a column ``value`` that float64 would round into ``whole``."""
    at = batch.schema.get_field_index("value")
    if at < 0 or batch.schema.field(at).type != pa.int64() or "whole" in batch.schema.names:
        return batch
    numbers = batch.column(at)
    big = pc.fill_null(pc.or_(pc.greater(numbers, _EXACT), pc.less(numbers, -_EXACT)), False)
    none = pa.scalar(None, pa.int64())
    split = batch.set_column(at, "value", pc.if_else(big, none, numbers).cast(pa.float64()))
    return split.append_column("whole", pc.if_else(big, numbers, none))


def _finite(batch: pa.RecordBatch) -> pa.RecordBatch:
    values = batch.column("value")
    if values.null_count == len(values):
        return batch
    finite = pc.is_finite(values)
    if pc.all(finite, skip_nulls=True).as_py():
        return batch
    lost = pc.fill_null(pc.invert(finite), False)
    bad = pa.scalar(q.BAD_NOT_A_NUMBER, pa.int32())
    columns = list(batch.columns)
    columns[2] = pc.if_else(lost, pa.scalar(None, pa.float64()), values)
    columns[5] = pc.if_else(lost, bad, batch.column("quality"))
    return pa.RecordBatch.from_arrays(columns, schema=FRAME)
