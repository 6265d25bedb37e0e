"""Records of business systems as SQL sees them: a table a kind, kept as columns, followed by what changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from baigong.stores.lake.recordsql import record_table_schema
from baigong.stores.records import Records
from baigong.stores.records.business import rows_of
from baigong.vocab.frame import TIME
from baigong.vocab.recordkinds import record_kinds
from baigong.vocab.recordrows import from_json

_REMEMBERED = 20_000  # keys that changed since a table was read


class RecordTables:
    """``note`` says what changed; ``of`` gives what SQL asks of. A table is read whole once, then only what changed."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._tables: dict[tuple[str, str], pa.Table] = {}
        self._changed: dict[tuple[str, str], set[str] | None] = {}  # None: more than is remembered

    def note(self, tenant: str, kind: str, keys: Collection[str] | None) -> None:
        held = self._changed.get((tenant, kind), set())
        if held is None or keys is None or len(held) + len(keys) > _REMEMBERED:
            self._changed[tenant, kind] = None
        else:
            self._changed[tenant, kind] = held | set(keys)

    def of(self, tenant: str) -> dict[str, Callable[[], pa.Table]]:
        """Return a function a kind; these block: call them from a thread."""
        return {kind: partial(self._table, tenant, kind) for kind in record_kinds()}

    def forget(self, tenant: str) -> None:
        for kind in record_kinds():
            self._tables.pop((tenant, kind), None)
            self._changed.pop((tenant, kind), None)

    def _table(self, tenant: str, kind: str) -> pa.Table:
        at = (tenant, kind)
        held, changed = self._tables.get(at), self._changed.pop(at, set())
        if held is not None and changed == set():
            return held
        if held is None or changed is None:
            made = self._read(tenant, kind, None)
        else:
            told = pc.is_in(held.column("key"), value_set=pa.array(list(changed), pa.string()))
            made = pa.concat_tables([held.filter(pc.invert(told)), self._read(tenant, kind, sorted(changed))])
        self._tables[at] = made.combine_chunks()
        return self._tables[at]

    def _read(self, tenant: str, kind: str, keys: Sequence[str] | None) -> pa.Table:
        def work(connection: sa.Connection) -> list[pa.Table]:
            return [_columns(kind, piece) for piece in rows_of(connection, tenant, kind, keys)]

        pieces = self._records.read_now(work, tenant=tenant)
        return pa.concat_tables([record_table_schema(kind).empty_table(), *pieces])


def _columns(kind: str, piece: Sequence[sa.Row[Any]]) -> pa.Table:
    source, key, fields, attributes, first, changed, gone = ([row[at] for row in piece] for at in range(7))
    told = from_json(kind, fields)
    times = [pa.array(column, pa.int64()).cast(TIME) for column in (first, changed, gone)]
    made = [pa.array(key), *told.columns, pa.array(attributes), pa.array(source), *times]
    return pa.table(made, schema=record_table_schema(kind))
