"""The newest values of many points as bytes: what never changes of a point is encoded once, the rest by column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from baigong.api.tables import shown_whole
from baigong.stores.records.plant import PointRow
from baigong.vocab.frame import TIME

_MOST = 500_000  # heads kept; a point changed has another
LATEST = pa.schema(
    [
        pa.field("name", pa.string(), nullable=False),
        pa.field("number", pa.int64(), nullable=False),
        pa.field("time", TIME, nullable=False),
        pa.field("value", pa.float64()),
        pa.field("whole", pa.int64()),
        pa.field("text", pa.string()),
        pa.field("quality", pa.int32(), nullable=False),
    ]
)


class Heads:
    """The beginning of each point's JSON object, by the identity of its row: rows are replaced, never changed."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[PointRow, bytes]] = {}

    def of(self, rows: Sequence[PointRow]) -> list[bytes]:
        held = self._held
        if len(held) + len(rows) > _MOST:
            held.clear()
        return [(held.get(id(row)) or self._made(row))[1] for row in rows]

    def _made(self, row: PointRow) -> tuple[PointRow, bytes]:
        head = msgspec.json.encode({"name": row.name, "number": str(row.number)})[:-1] + b',"value":'
        made = self._held[id(row)] = (row, head)  # it holds the row, so that no other gets this id
        return made


def as_json(rows: Sequence[PointRow], newest: pa.Table, heads: Heads) -> bytes:
    """Write ``list[LatestValue]``: of ``rows``, in their order, those that ``newest`` (schema LAKE) has."""
    rows, table = _matched(rows, newest)
    if not rows:
        return b"[]"
    columns: list[bytes | list[bytes]] = [
        heads.of(rows),
        _numbers(_values(table)),
        b',"text":',
        _texts(table.column("text")),
        b',"time_us":',
        _numbers(table.column("time").cast(pa.int64()).to_numpy().tolist()),
        b',"quality":',
        _numbers(table.column("quality").to_numpy().tolist()),
        b"},",
    ]
    parts: list[bytes] = [b""] * (len(rows) * len(columns))
    for at, column in enumerate(columns):
        parts[at :: len(columns)] = [column] * len(rows) if isinstance(column, bytes) else column
    return b"[" + b"".join(parts)[:-1] + b"]"


def as_arrow(rows: Sequence[PointRow], newest: pa.Table) -> pa.Table:
    """Return the same as a table, schema LATEST."""
    rows, table = _matched(rows, newest)
    named = [pa.array([row.name for row in rows], pa.string()), table.column("point")]
    return pa.table(
        [*named, *(table.column(f.name) for f in LATEST if f.name not in ("name", "number"))], schema=LATEST
    )


def _matched(rows: Sequence[PointRow], newest: pa.Table) -> tuple[Sequence[PointRow], pa.Table]:
    wanted = np.array([row.number for row in rows], np.int64)
    have = newest.column("point").to_numpy()
    if np.array_equal(wanted, have):
        return rows, newest
    where = {number: at for at, number in enumerate(have.tolist())}
    found = [
        (row, at) for row, number in zip(rows, wanted.tolist(), strict=True) if (at := where.get(number)) is not None
    ]
    return [row for row, _ in found], newest.take(pa.array([at for _, at in found], pa.int64()))


def _values(table: pa.Table) -> list[Any]:
    """Give numbers as they are shown: the value, else the whole; beyond 2**53 as text."""
    column = table.column("value")
    values: list[Any] = column.to_numpy().tolist()  # nulls are NaN
    if column.null_count:
        wholes = table.column("whole")
        for at in np.flatnonzero(column.is_null().to_numpy()).tolist():
            whole = wholes[at].as_py()
            values[at] = None if whole is None else shown_whole(whole)
    return values


def _numbers(values: list[Any]) -> list[bytes]:
    return msgspec.json.encode(values)[1:-1].split(b",")


def _texts(column: pa.ChunkedArray) -> bytes | list[bytes]:
    if column.null_count == len(column):
        return b"null"
    return [msgspec.json.encode(text) for text in column.to_pylist()]
