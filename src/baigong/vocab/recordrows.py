"""Records between columns (on their way, in SQL) and the JSON of one row (as they are kept)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from hashlib import blake2b

import msgspec
import pyarrow as pa
import pyarrow.json

from baigong.vocab.recordkinds import record_kind, record_schema


def as_json(table: pa.Table, kind: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield (key, fields, attributes, digest) of each row; an empty field is left out, a time is microseconds."""
    names = [one.name for one in record_kind(kind).fields]
    columns = [_plain(table.column(name)).to_pylist() for name in names]
    encode = msgspec.json.Encoder().encode
    keys, attributes = table.column("key").to_pylist(), table.column("attributes").to_pylist()
    for key, rest, *row in zip(keys, attributes, *columns, strict=True):
        fields = encode({name: value for name, value in zip(names, row, strict=True) if value is not None})
        said = rest or "{}"
        digest = blake2b(fields + b"\0" + said.encode(), digest_size=16).hexdigest()
        yield key, fields.decode(), said, digest


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column


def from_json(kind: str, fields: Sequence[str]) -> pa.Table:
    """Return the fields of many rows as columns; all text is read at once, outside Python."""
    wanted = [field for field in record_schema(kind) if field.name not in ("key", "attributes")]
    if not fields:
        return pa.schema(wanted).empty_table()
    raw = "\n".join(fields).encode()
    plain = pa.schema([pa.field(f.name, pa.int64() if pa.types.is_timestamp(f.type) else f.type) for f in wanted])
    options = pa.json.ParseOptions(explicit_schema=plain, unexpected_field_behavior="ignore")
    read = pa.json.read_json(
        io.BytesIO(raw), pa.json.ReadOptions(use_threads=False, block_size=len(raw) + 1), parse_options=options
    )
    return pa.table([read.column(f.name).cast(f.type) for f in wanted], schema=pa.schema(wanted))
