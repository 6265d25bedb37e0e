"""Records of business systems in SQL: ``orders``, ``items``, ``boms``, ``routings``, ``stock``, ``customers`` …"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa

from baigong.vocab.frame import TIME
from baigong.vocab.recordkinds import record_kinds, record_schema

RecordSources = Mapping[str, Callable[[], pa.Table]]
RECORD_TABLES = tuple(kind.table for kind in record_kinds().values())


def record_table_schema(kind: str) -> pa.Schema:
    """Return what SQL shows: key, the kind's fields, attributes (JSON), source and the record's own times."""
    own = [pa.field("source", pa.string()), *(pa.field(f"{name}_time", TIME) for name in ("first", "changed", "gone"))]
    return pa.schema([*record_schema(kind), *own])


def record_views() -> tuple[tuple[str, str], ...]:
    """Return (word, statement) of each table."""
    return tuple((k.table, f"create view {k.table} as from {k.table}_in") for k in record_kinds().values())


def record_inputs(sources: RecordSources) -> dict[str, Callable[[], pa.Table]]:
    """Return what the views read; of who may not ask for records: nothing."""
    return {
        f"{kind.table}_in": sources.get(name, record_table_schema(name).empty_table)
        for name, kind in record_kinds().items()
    }
