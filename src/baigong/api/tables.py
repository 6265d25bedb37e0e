"""Arrow tables out: as an Arrow stream, CSV, Parquet, or plain lists for JSON. No foreign exception gets in here."""

from __future__ import annotations

import asyncio
import io
import math
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from starlette.responses import Response, StreamingResponse

from baigong.vocab.texts import FORMULA_SIGNS

ARROW = "application/vnd.apache.arrow.stream"
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
FORMATS = {"json": "application/json", "arrow": ARROW, "csv": CSV, "parquet": PARQUET}
_BOM = "\ufeff".encode()  # Excel reads UTF-8 only behind it
_EXACT = 1 << 53
FORMULA = "^([" + "".join(f"\\x{ord(sign):02x}" for sign in FORMULA_SIGNS) + "])"  # as Python and Arrow (RE2) read it


class Spout(io.RawIOBase):
    """A sink that gives out what was written into it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def drain(self) -> bytes:
        made = b"".join(self._pieces)
        self._pieces.clear()
        return made


def unformulated(table: pa.Table) -> pa.Table:
    """Put an apostrophe before every text that a spreadsheet would run, such as ``=cmd``; also in names of columns."""
    columns = [
        pc.replace_substring_regex(column.cast(pa.string()), FORMULA, r"'\1") if _is_text(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, names=[re.sub(FORMULA, r"'\1", name) for name in table.column_names])


def _is_text(kind: pa.DataType) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_string_view(inner))


def pour(form: str, schema: pa.Schema, tables: Iterator[pa.Table], *, bom: bool = False) -> Iterator[bytes]:
    """Encode tables of one schema, piece by piece. ``bom``: CSV for a spreadsheet, with no text that it would run."""
    if form == "csv" and bom:
        schema, tables = unformulated(schema.empty_table()).schema, map(unformulated, tables)
    spout = Spout()
    sink = pa.PythonFile(spout, mode="w")
    writer: Any
    if form == "csv":
        if bom:
            yield _BOM
        writer = pa.csv.CSVWriter(sink, schema)
    elif form == "parquet":
        writer = pa.parquet.ParquetWriter(sink, schema, compression="zstd")
    else:
        writer = pa.ipc.new_stream(sink, schema)
    with writer:
        for table in tables:
            if len(table):
                writer.write_table(table)
            piece = spout.drain()
            if piece:
                yield piece
    yield spout.drain()


def answer(
    form: str, schema: pa.Schema, tables: Iterator[pa.Table], *, name: str, bom: bool = False, stream: bool = False
) -> Response:
    """Answer with tables in ``form``. ``name``: what a browser calls the file."""
    headers = {}
    if form != "arrow":
        headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    pieces = pour(form, schema, tables, bom=bom)
    media = f"{CSV}; charset=utf-8" if form == "csv" else FORMATS[form]
    if stream:
        return StreamingResponse(in_threads(pieces), media_type=media, headers=headers)
    return Response(b"".join(pieces), media_type=media, headers=headers)


async def in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        piece = await asyncio.to_thread(next, pieces, None)
        if piece is None:
            return
        yield piece


def column_values(column: pa.ChunkedArray) -> list[Any]:
    """Turn a column into what JSON can say: integers beyond 2**53 as text, times and spans as ISO 8601, NaN as null."""
    kind = column.type
    if pa.types.is_floating(kind):
        return [None if v is None or not math.isfinite(v) else v for v in column.to_pylist()]
    if pa.types.is_integer(kind):
        return [str(v) if v is not None and not -_EXACT <= v <= _EXACT else v for v in column.to_pylist()]
    if pa.types.is_timestamp(kind):
        return _iso(column, "Z" if kind.tz else "")
    return [_plain(v) for v in column.to_pylist()]


def _iso(column: pa.ChunkedArray, zone: str) -> list[str | None]:
    # Our times may lie beyond datetime's range, and naming zones would need a zone database.
    ticks = column.combine_chunks().view(pa.int64())
    mask = ticks.is_null().to_numpy(zero_copy_only=False)
    moments = ticks.fill_null(0).to_numpy().astype(f"datetime64[{column.type.unit}]")
    texts = np.datetime_as_string(moments, unit="us").tolist()
    return [None if gone else f"{text}{zone}" for text, gone in zip(texts, mask, strict=True)]


def duration_text(months: int, days: int, nanoseconds: int) -> str:
    """Write a span as ISO 8601 does: ``P1DT10H0.25S``. Years, months and days are calendar's, so they stay apart.

    A span below zero begins with ``-``; where its parts differ in sign, each has its own (ISO 8601-2, 4.4.1.9).
    """
    parts = (months, days, nanoseconds)
    sign = "-" if any(part < 0 for part in parts) and all(part <= 0 for part in parts) else ""
    if sign:
        months, days, nanoseconds = -months, -days, -nanoseconds
    below = -1 if nanoseconds < 0 else 1
    seconds, rest = divmod(abs(nanoseconds), 1_000_000_000)
    second = f"{seconds % 60}.{rest:09d}".rstrip("0").removesuffix(".")
    whole = int(math.copysign(abs(months) // 12, months)), int(math.copysign(abs(months) % 12, months)), days
    dated = "".join(f"{n}{unit}" for n, unit in zip(whole, "YMD", strict=True) if n)
    clock = "".join(f"{below * n}{unit}" for n, unit in ((seconds // 3600, "H"), (seconds // 60 % 60, "M")) if n)
    clock += f"{'-' if below < 0 else ''}{second}S" if second != "0" else ""
    return f"{sign}P{dated}{'T' if clock else ''}{clock}" if dated or clock else "PT0S"


def shown_whole(value: int) -> int | str:
    """Write an integer as JSON can carry it: beyond 2**53 as text, since most readers would round it."""
    return value if -_EXACT <= value <= _EXACT else str(value)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return shown_whole(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, pa.MonthDayNano):
        return duration_text(value.months, value.days, value.nanoseconds)
    if isinstance(value, timedelta):
        return duration_text(0, 0, (value.days * 86_400 + value.seconds) * 10**9 + value.microseconds * 1000)
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, bytes):
        return value.hex()
    return str(value)
