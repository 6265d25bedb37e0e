"""What programs send us, as Arrow or JSON, turned into one frame; nothing is stored here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import UNSET, Struct, UnsetType

from baigong.api.times import read_time
from baigong.api.unpacking import unpacked_bytes
from baigong.vocab import burst as bursts
from baigong.vocab import frame as frames
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.quality import severity

Resolve = Callable[[Sequence[str], Sequence[Any]], "list[int]"]  # (names, an example value of each) -> numbers
_UNPACKED = 512 << 20  # bytes of a body, unpacked


class IngestValue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``time``: ISO 8601 or microseconds; left out: now. ``value`` null needs a ``quality`` that says why."""

    point: str
    value: float | int | str | bool | UnsetType | None = UNSET
    time: str | int | None = None
    quality: int = 0


class IngestColumns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    point: list[str]
    value: list[float | int | str | bool | None]
    time: list[str | int] | None = None
    quality: list[int] | int = 0


class IngestBurst(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A waveform. ``time``: of its first sample; left out: it has just ended. null: a sample that is missing."""

    point: str
    rate_hz: float
    samples: list[float | None]
    time: str | int | None = None
    quality: int = 0


class IngestJson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the three."""

    values: list[IngestValue] | None = None
    columns: IngestColumns | None = None
    bursts: list[IngestBurst] | None = None


def names_of(body: IngestJson) -> IngestColumns:
    """Bring both shapes of JSON into columns, of one length."""
    if (body.values is None) == (body.columns is None):
        raise FixConfiguration("payload.malformed", "send either values or columns", place="body")
    if body.values is not None:
        values = [_value_of(v, at) for at, v in enumerate(body.values, 1)]
        return IngestColumns(
            point=[v.point for v in body.values],
            value=values,
            time=["now" if v.time is None else v.time for v in body.values],
            quality=[v.quality for v in body.values],
        )
    columns = body.columns
    if columns is None:
        raise FixConfiguration("payload.malformed", "send either values or columns", place="body")
    n = len(columns.point)
    for name in ("value", "time", "quality"):
        column = getattr(columns, name)
        if isinstance(column, list) and len(column) != n:
            raise FixConfiguration("payload.malformed", f"{name} has {len(column)} rows, point has {n}", place=name)
    for at, value in enumerate(columns.value):
        if value is None:
            quality = columns.quality[at] if isinstance(columns.quality, list) else columns.quality
            _check_null(columns.point[at], quality, at + 1)
    return columns


def _value_of(row: IngestValue, at: int) -> float | int | str | bool | None:
    if isinstance(row.value, UnsetType):
        raise FixConfiguration("payload.malformed", f"row {at} ({row.point!r}) has no value", place=f"values[{at - 1}]")
    if row.value is None:
        _check_null(row.point, row.quality, at)
    return row.value


def _check_null(point: str, quality: int, at: int) -> None:
    """A value that is not there and good at once is a mistake of its sender."""
    if severity(quality) == "good":
        raise FixConfiguration(
            "payload.malformed",
            f"row {at} ({point!r}) has the value null and good quality: say with quality why there is none",
            place=f"values[{at - 1}]",
        )


def from_json(columns: IngestColumns, numbers: Sequence[int], now_us: int) -> pa.RecordBatch:
    """Build the frame; ``numbers``: of each row's point."""
    n = len(columns.point)
    if columns.time is None:
        times = [now_us] * n
    else:
        times = [t if isinstance(t, int) else read_time(t, now_us, "time") for t in columns.time]
    qualities = columns.quality if isinstance(columns.quality, list) else [columns.quality] * n
    for quality, time_us in zip(qualities, times, strict=True):
        _check(quality, time_us)
    return frames.from_python(numbers, times, columns.value, qualities)


def from_json_bursts(body: IngestJson, now_us: int) -> tuple[list[str], Callable[[Sequence[int]], pa.RecordBatch]]:
    """Return each recording's point and, given their numbers, the bursts; frame.invalid for what are none."""
    rows = body.bursts or []
    if body.values is not None or body.columns is not None:
        raise FixConfiguration("payload.malformed", "send values, columns or bursts, one of them", place="body")

    def build(numbers: Sequence[int]) -> pa.RecordBatch:
        times = []
        for row in rows:
            _check(row.quality, now_us)
            lasts_us = round(len(row.samples) / row.rate_hz * 1e6) if row.rate_hz > 0 else 0
            moment = now_us - lasts_us if row.time is None else row.time
            times.append(moment if isinstance(moment, int) else read_time(moment, now_us, "time"))
            _check(row.quality, times[-1])
        samples = [np.array(row.samples, np.float32) for row in rows]
        return bursts.burst(numbers, times, [row.rate_hz for row in rows], samples, [row.quality for row in rows])

    return [row.point for row in rows], build


def _check(quality: int, time_us: int) -> None:
    if not -(1 << 31) <= quality < 1 << 31:
        raise FixConfiguration("frame.invalid", "a quality has 32 bits", place="quality")
    if not -(1 << 62) <= time_us < 1 << 62:
        raise FixConfiguration("frame.invalid", "a time is microseconds since 1970", place="time")


def read_arrow(raw: bytes) -> pa.Table:
    """Read an Arrow IPC stream of any number of batches; frame.invalid for anything else."""
    try:
        if (size := unpacked_bytes(raw)) > _UNPACKED:
            raise FixConfiguration("payload.too_large", f"unpacked it has {size} bytes, the limit is {_UNPACKED}")
        with pa.ipc.open_stream(pa.py_buffer(raw)) as reader:
            table = reader.read_all()
        table.validate(full=True)
        return table.unify_dictionaries().combine_chunks()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FixConfiguration("frame.invalid", f"not an Arrow stream: {error}", place="body") from error


def arrow_names(table: pa.Table) -> pa.Array | None:
    """Return the distinct names of a table that names its points; None for one that numbers them."""
    if "name" not in table.schema.names:
        return None
    if "point" in table.schema.names:
        raise FixConfiguration("frame.invalid", "send either point or name", place="name")
    column = table.column("name")
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)) or column.null_count:
        raise FixConfiguration("frame.invalid", "name is a string in every row", place="name")
    return pc.unique(column).cast(pa.string())


def examples(table: pa.Table, names: pa.Array) -> list[Any]:
    """Return a text for each name that holds texts, else None: what kind of point it will be."""
    if "text" not in table.schema.names:
        return [None] * len(names)
    texts = table.column("text")
    held = table.filter(pc.is_valid(texts)).column("name").cast(pa.string()).unique()
    with_text = set(held.to_pylist())
    return ["" if name in with_text else None for name in names.to_pylist()]


def from_arrow(table: pa.Table, names: pa.Array | None, numbers: Sequence[int]) -> pa.RecordBatch:
    """Build the frame from a table whose ``names`` have these ``numbers``."""
    if names is not None:
        at = pc.index_in(table.column("name").cast(pa.string()), value_set=names)
        points = pa.chunked_array([pa.array(np.array(numbers, np.int64))]).take(at)
        table = table.drop_columns(["name"]).append_column("point", points)
    batches = table.combine_chunks().to_batches()
    conform = bursts.conform if bursts.is_burst(table) else frames.conform
    return conform(batches[0] if batches else pa.RecordBatch.from_pylist([], table.schema))
