"""Records of business systems as SQL sees them: a table a kind, kept as columns, followed by what changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from baigong.registry.followed import FollowedTables, RowChanges
from baigong.stores.lake.recordsql import record_table_schema
from baigong.stores.records import Records
from baigong.stores.records.business import rows_of
from baigong.vocab.frame import TIME
from baigong.vocab.recordkinds import record_kinds
from baigong.vocab.recordrows import from_json

_REMEMBERED = 20_000  # changes, of one kind of one tenant


class RecordTables:
    """``note`` says what changed; ``of`` gives what SQL asks of. A table is read whole once, then only what changed."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._changes = RowChanges(_REMEMBERED)  # of each (tenant, kind)
        self._tables = FollowedTables(self._changes, "key")

    def note(self, tenant: str, kind: str, keys: Collection[str] | None) -> None:
        """``keys``: None where any may have changed."""
        if keys is None:
            self._changes.note_all((tenant, kind))
        else:
            self._changes.note((tenant, kind), keys)

    def of(self, tenant: str) -> dict[str, Callable[[], pa.Table]]:
        """Return a function a kind; these block: call them from a thread."""
        return {kind: partial(self._table, tenant, kind) for kind in record_kinds()}

    def forget(self, tenant: str) -> None:
        for kind in record_kinds():
            self._changes.note_all((tenant, kind))
            self._tables.forget((tenant, kind))

    def _table(self, tenant: str, kind: str) -> pa.Table:
        return self._tables.of((tenant, kind), (tenant, kind), partial(self._read, tenant, kind))

    def _read(self, tenant: str, kind: str, keys: Collection[str] | None) -> pa.Table:
        asked = None if keys is None else sorted(keys)

        def work(connection: sa.Connection) -> list[pa.Table]:
            return [_columns(kind, piece) for piece in rows_of(connection, tenant, kind, asked)]

        pieces = self._records.read_now(work, tenant=tenant)
        return pa.concat_tables([record_table_schema(kind).empty_table(), *pieces])


def _columns(kind: str, piece: Sequence[sa.Row[Any]]) -> pa.Table:
    source, key, fields, attributes, first, changed, gone = ([row[at] for row in piece] for at in range(7))
    told = from_json(kind, fields)
    times = [pa.array(column, pa.int64()).cast(TIME) for column in (first, changed, gone)]
    made = [pa.array(key), *told.columns, pa.array(attributes), pa.array(source), *times]
    return pa.table(made, schema=record_table_schema(kind))
