"""Parquet files of the lake: how they are encoded, synced and read back.

Two more columns than LAKE may stand in a file: a value that is a decimal number of at most six places
(what most instruments send) is kept as ``digits`` / 10**``scale``, with ``value`` null; that halves the file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from baigong.stores.lake.contract import LAKE

STORED = pa.schema([*LAKE, pa.field("digits", pa.int64()), pa.field("scale", pa.int8())])
ROW_GROUP = 131_072  # rows; small enough that one point's read touches little, large enough to compress
_MAX_SCALE = 6
_MAX_DIGITS = float(1 << 52)
_POWERS = 10.0 ** np.arange(_MAX_SCALE + 1)


_ABSENT = b"baigong_absent"  # names of columns that are null in the whole file: readers leave them alone
_PAGES: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "max_rows_per_page": ROW_GROUP,  # one page: what repeats from point to point is found by the compressor
    "data_page_size": 16 * ROW_GROUP,
}


def encode_decimals(table: pa.Table) -> pa.Table:
    """Move the values of points whose every value here is a short decimal into digits and scale.

    ``table``: schema LAKE, sorted by point. Exact: digits / 10**scale gives back the same float64, bit for bit
    (negative zero excepted, which stays a value).
    """
    n = len(table)
    column = table.column("value")
    nothing = [pa.nulls(n, pa.int64()), pa.nulls(n, pa.int8())]
    if not n or column.null_count == n:
        return _with_decimals(table, column, *nothing)
    present = column.is_valid().to_numpy() if column.null_count else np.ones(n, bool)
    raw = (column.fill_null(0.0) if column.null_count else column).to_numpy()
    points = table.column("point").to_numpy()
    starts = np.flatnonzero(np.append(True, points[1:] != points[:-1]))
    lengths = np.diff(np.append(starts, n))
    scale_of = np.full(len(starts), -1, np.int8)
    pending = np.ones(len(starts), bool)
    values = np.where(np.abs(raw) < _MAX_DIGITS, raw, np.nan)  # too large to be a decimal of ours
    plain = (np.abs(values) < _MAX_DIGITS / _POWERS[-1]) & ~(np.signbit(values) & (values == 0))
    for scale in range(_MAX_SCALE + 1):
        # try the first sample of every point still open before paying for all rows
        probe = values[starts]
        maybe = pending & (np.round(probe * _POWERS[scale]) / _POWERS[scale] == probe)
        if not maybe.any():
            continue
        rows = np.repeat(maybe, lengths)
        some = values if rows.all() else values[rows]
        exact = np.round(some * _POWERS[scale]) / _POWERS[scale] == some
        exact &= plain if rows.all() else plain[rows]
        fits = np.zeros(len(starts), bool)
        offsets = np.append(0, np.cumsum(lengths[maybe]))[:-1]
        fits[maybe] = np.logical_and.reduceat(exact, offsets)
        scale_of[pending & fits] = scale
        pending &= ~fits
        if not pending.any():
            break
    scales = np.repeat(scale_of, lengths)
    coded = (scales >= 0) & present
    if not coded.any():
        return _with_decimals(table, column, *nothing)
    digits = np.round(np.where(coded, values, 0.0) * _POWERS[np.maximum(scales, 0)]).astype(np.int64)
    kept = pa.nulls(n, pa.float64()) if coded[present].all() else pa.array(raw, mask=coded | ~present)
    mask = None if coded.all() else ~coded
    return _with_decimals(table, kept, pa.array(digits, mask=mask), pa.array(scales, mask=mask))


def _with_decimals(table: pa.Table, value: Any, digits: Any, scale: Any) -> pa.Table:
    columns = {name: table.column(name) for name in LAKE.names}
    return pa.table(columns | {"value": value, "digits": digits, "scale": scale}, schema=STORED)


def decode_decimals(table: pa.Table) -> pa.Table:
    """Undo ``encode_decimals``: any columns in, the same without digits and scale out, with ``value`` in any case."""
    if "digits" not in table.schema.names:
        return table
    digits, scale = table.column("digits"), table.column("scale")
    rest = table.drop_columns(["digits", "scale"])
    if "value" not in rest.schema.names:  # left out by whoever read: nothing stands in it
        rest = rest.append_column("value", pa.nulls(len(rest), pa.float64()))
    if digits.null_count == len(digits):
        return rest
    made = digits.fill_null(0).to_numpy() / _POWERS[scale.fill_null(0).to_numpy()]
    index = rest.schema.get_field_index("value")
    column = rest.column(index)
    if digits.null_count:
        mask = digits.is_valid().to_numpy()
        present = column.is_valid().to_numpy() | mask
        made = np.where(mask, made, column.fill_null(0.0).to_numpy())
        value = pa.array(made, mask=~present)
    else:
        value = pa.array(made)
    return rest.set_column(index, pa.field("value", pa.float64()), value)


def absent_columns(metadata: pq.FileMetaData) -> frozenset[str]:
    """Return the columns that hold nothing in the whole file, as far as its writer said so."""
    return frozenset((metadata.metadata or {}).get(_ABSENT, b"").decode().split())


class LakeFileWriter:
    """Writes one sorted file, chunk by chunk, and syncs it; use with ``with``."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.rows = 0
        self.minimum: int | None = None
        self.maximum: int | None = None
        self._writer: pq.ParquetWriter | None = None
        self._absent = set(STORED.names)

    def write(self, table: pa.Table) -> None:
        """Append rows (schema LAKE) that follow those before in (point, time) order."""
        if not len(table):
            return
        stored = encode_decimals(table)
        if self._writer is None:
            self._writer = self._open(stored)
        self._writer.write_table(stored, row_group_size=ROW_GROUP)
        self._absent -= {name for name in self._absent if stored.column(name).null_count < len(stored)}
        self.rows += len(table)
        points = table.column("point")
        self.minimum = points[0].as_py() if self.minimum is None else self.minimum
        self.maximum = points[-1].as_py()

    def _open(self, stored: pa.Table) -> pq.ParquetWriter:
        chosen = dict.fromkeys(("digits", "whole"), "DELTA_BINARY_PACKED")
        chosen |= {name: _cheapest(stored.select([name]).slice(0, ROW_GROUP)) for name in ("time", "seen", "seq")}
        return pq.ParquetWriter(
            self.path,
            STORED,
            use_dictionary=["point", "quality", "scale", "text", "value"],
            column_encoding=chosen,
            write_statistics=["point", "time", "seq"],
            store_schema=False,
            **_PAGES,
        )

    def __enter__(self) -> LakeFileWriter:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if self._writer is not None:
            self._writer.add_key_value_metadata({_ABSENT: " ".join(sorted(self._absent))})
            self._writer.close()
        if kind is None and self._writer is not None:
            sync_file(self.path)
        else:
            self.path.unlink(missing_ok=True)

    @property
    def bytes(self) -> int:
        return self.path.stat().st_size


def _cheapest(column: pa.Table) -> str:
    """Try how a column of times or positions takes least room; the scan decides, not the type.

    Steps that are alike are smallest as differences; unlike ones that many points share, plain, since the
    compressor finds the second occurrence whole (0.03 instead of 0.25 bytes a row).
    """
    sizes = {}
    for encoding in ("DELTA_BINARY_PACKED", "PLAIN"):
        sink = pa.BufferOutputStream()
        pq.write_table(
            column, sink, use_dictionary=False, column_encoding=dict.fromkeys(column.schema.names, encoding), **_PAGES
        )
        sizes[encoding] = sink.tell()
    return min(sizes, key=lambda encoding: sizes[encoding])


def sync_file(path: Path) -> None:
    """Fsync a file and the folder that names it."""
    _sync(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Fsync a folder, so that the names in it survive a power cut."""
    _sync(folder)


def _sync(target: Path) -> None:
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
