"""From columns of a business system to records of a kind: what was understood, what was not, and why.

Pure: nothing is stored here. A preview shows what this says; who stores, stores exactly that.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Meta, Struct

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.recordkinds import RecordKind, record_kind, record_schema
from baigong.vocab.recordvalues import converted

_SHOWN = 5  # examples of what is wrong with one column
_LONGEST = 200  # letters of a key


class RecordMap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``fields``: field of the kind → column of the source. ``key``: columns that name a record together.

    ``zone``: of times without one. ``rest``: columns that no field takes are kept as attributes. ``constants``: values
    for fields that no column tells, such as the type of all orders of one table.
    """

    kind: str
    fields: dict[str, str]
    key: Annotated[list[str], Meta(min_length=1, max_length=5)]
    zone: str = "UTC"
    rest: bool = True
    constants: dict[str, str] = {}


class Missing(Struct, frozen=True, kw_only=True):
    """A column that is not there; ``nearest``: the one that its name comes nearest to, if any does."""

    column: str
    field: str
    nearest: str = ""


class Wrong(Struct, frozen=True, kw_only=True):
    """A value that is none of its field's. ``row``: counted from 1; ``why``: in words."""

    row: int
    column: str
    value: str
    why: str


class Understood(Struct, frozen=True, kw_only=True):
    """``fields``: (field, column, values that are there); ``kept``: columns kept as attributes; ``unread``: left out.

    ``refused``: rows that are not taken, because of ``wrong`` values, of which a few are shown.
    """

    rows: int
    taken: int
    refused: int
    fields: list[tuple[str, str, int]]
    kept: list[str]
    unread: list[str]
    missing: list[Missing]
    wrong: list[Wrong]
    doubled: list[str]


@dataclass(slots=True, frozen=True)
class Mapped:
    """``records``: schema ``record_schema``; ``standing``: keys of refused rows, which are there all the same."""

    records: pa.Table
    standing: list[str]
    told: Understood


def plain(name: str) -> str:
    """Write a name without what people put between its words, wide letters narrow.

    >>> plain("PLAN_QTY"), plain("Plan qty\uff08pcs\uff09")
    ('planqty', 'planqtypcs')
    """
    return re.sub(r"[\s_\-./()]+", "", unicodedata.normalize("NFKC", name)).casefold()


def nearest(column: str, have: Sequence[str]) -> str:
    """Return the name that comes nearest to one that is not there; empty: none does.

    >>> nearest("PLAN_QTY", ["ID", "PlanQuantity"]), nearest("PLAN_QTY", ["ID"])
    ('PlanQuantity', '')
    """
    plainly = {plain(name): name for name in have}
    near = difflib.get_close_matches(plain(column), list(plainly), 1, 0.5)
    return plainly[near[0]] if near else ""


def guessed(kind: str, columns: Sequence[str], zone: str = "UTC") -> RecordMap:
    """Match columns to fields by their names; the key is the first field, with the line or step where there is one.

    >>> guessed("order", ["MO_NO", "ITEM_CODE", "PLAN_QTY", "COLOUR"]).fields
    {'order': 'MO_NO', 'item': 'ITEM_CODE', 'quantity': 'PLAN_QTY'}
    """
    left = {plain(column): column for column in columns}
    found: dict[str, str] = {}
    for one in record_kind(kind).fields:
        for name in (one.name, one.zh, one.en, *one.names):
            column = left.pop(plain(name), None)
            if column is not None:
                found[one.name] = column
                break
    first, *others = [one.name for one in record_kind(kind).fields]
    key = [found[name] for name in (first, *(n for n in others if n in ("line", "step"))) if name in found]
    if not key and kind == "stock":
        key = [found[name] for name in ("item", "lot", "place") if name in found]
    return RecordMap(kind=kind, fields=found, key=key or [columns[0] if columns else first], zone=zone)


def understand(table: pa.Table, mapping: RecordMap) -> Mapped:
    """Turn rows of a source into records of a kind, and say what was understood.

    With columns ``missing`` or keys ``doubled`` there are no records: a part of them would look like all.
    Raises record.kind, record.field for fields that the kind does not have.
    """
    kind = record_kind(mapping.kind)
    _check_fields(kind, mapping)
    have = table.column_names
    missing = _missing(mapping, have)
    columns = {field: column for field, column in mapping.fields.items() if column in have}
    used = set(columns.values()) | set(mapping.key)
    over = [name for name in have if name not in used]
    made, wrong, bad = _converted(table, kind, mapping, columns)
    keys = _keys(table, [name for name in mapping.key if name in have]) if not missing else pa.nulls(len(table))
    if not missing:
        wrong += _keyless(keys, mapping.key, bad)
    # no column tells it: the key itself, so that a join by the kind's first field finds the record
    first = kind.fields[0].name
    if first not in columns and first not in mapping.constants:
        made[first] = keys.cast(pa.string())
    kept = over if mapping.rest else []
    good = ~bad
    names = record_schema(kind.name).names[1:-1]
    whole = pa.table(
        [keys.cast(pa.string()), *(made[name] for name in names), _attributes(table.select(kept))],
        schema=record_schema(kind.name),
    ).filter(pa.array(good)) if not missing else record_schema(kind.name).empty_table()  # fmt: skip
    standing = [key for key in keys.filter(pa.array(bad)).to_pylist() if key is not None]
    whole, doubled = _once(whole)
    told = Understood(
        rows=len(table),
        taken=0 if missing or doubled else len(whole),
        refused=int(bad.sum()),
        fields=[(field, column, len(table) - made[field].null_count) for field, column in columns.items()],
        kept=kept,
        unread=[] if mapping.rest else over,
        missing=missing,
        wrong=wrong,
        doubled=doubled,
    )
    return Mapped(whole.slice(0, 0) if doubled else whole, standing, told)


def require(told: Understood, source: str) -> None:
    """Raise what keeps records from being taken at all: record.columns, record.key."""
    if told.missing:
        said = "; ".join(
            f"{one.column!r} (for {one.field}){f', perhaps now {one.nearest!r}' if one.nearest else ''}"
            for one in told.missing
        )
        raise FixConfiguration("record.columns", f"{source} has no column {said}", place=told.missing[0].column)
    if told.doubled:
        said = ", ".join(told.doubled[:3])
        raise FixConfiguration("record.key", f"{source}: several different rows have the key {said}", place="key")


def _check_fields(kind: RecordKind, mapping: RecordMap) -> None:
    known = [one.name for one in kind.fields]
    for name in (*mapping.fields, *mapping.constants):
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            said = f"{kind.name} has no field {name!r}{f'; perhaps {near[0]!r}' if near else ''}; it has {known}"
            raise FixConfiguration("record.field", said, place=name)


def _missing(mapping: RecordMap, have: Sequence[str]) -> list[Missing]:
    free = [name for name in have if name not in mapping.fields.values() and name not in mapping.key]
    wanted = [(column, field) for field, column in mapping.fields.items()]
    wanted += [(column, "key") for column in mapping.key if column not in mapping.fields.values()]
    found = []
    for column, field in wanted:
        if column not in have:
            found.append(Missing(column=column, field=field, nearest=nearest(column, free)))
    return found


def _converted(
    table: pa.Table, kind: RecordKind, mapping: RecordMap, columns: dict[str, str]
) -> tuple[dict[str, pa.Array], list[Wrong], Any]:
    made: dict[str, pa.Array] = {}
    wrong: list[Wrong] = []
    bad = np.zeros(len(table), bool)
    for one in kind.fields:
        column = columns.get(one.name)
        if column is None:
            raw = pa.array([mapping.constants.get(one.name)] * len(table), pa.string())
        else:
            raw = table.column(column).combine_chunks()
        made[one.name], failed, why = converted(raw, one.type, mapping.zone)
        bad |= failed
        wrong += [
            Wrong(row=int(at) + 1, column=column or one.name, value=str(raw[int(at)].as_py())[:100], why=why)
            for at in np.flatnonzero(failed)[:_SHOWN]
        ]
    return made, wrong, bad


def _keys(table: pa.Table, columns: Sequence[str]) -> pa.Array:
    parts = [converted(table.column(name).combine_chunks(), "text", "UTC")[0] for name in columns]
    if len(parts) == 1:
        return parts[0]
    # only the first has to say something: stock without a lot is stock too
    return pc.binary_join_element_wise(parts[0], *(pc.fill_null(part, "") for part in parts[1:]), "/")


def _keyless(keys: pa.Array, columns: Sequence[str], bad: Any) -> list[Wrong]:
    named, found = "/".join(columns), []
    empty = keys.is_null().to_numpy(zero_copy_only=False)
    long = pc.fill_null(pc.greater(pc.utf8_length(keys.cast(pa.string())), _LONGEST), False)
    for at, why in ((empty, "the key is empty"), (long.to_numpy(zero_copy_only=False), "the key is too long")):
        bad |= at
        found += [Wrong(row=int(i) + 1, column=named, value="", why=why) for i in np.flatnonzero(at)[:_SHOWN]]
    return found


def _attributes(rest: pa.Table) -> pa.Array:
    """Write what no field takes as JSON, row by row; what is empty is left out."""
    if not rest.num_columns:
        return pa.nulls(len(rest), pa.string())
    names, columns = rest.column_names, [_said(rest.column(name)) for name in rest.column_names]
    encode = msgspec.json.Encoder().encode
    texts = [
        encode({n: v for n, v in zip(names, row, strict=True) if v is not None}).decode()
        for row in zip(*columns, strict=True)
    ]
    return pa.array([None if text == "{}" else text for text in texts], pa.string())


def _said(column: pa.ChunkedArray) -> list[Any]:
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return list(column.to_pylist())
    if pa.types.is_floating(kind):
        return [v if v is None or np.isfinite(v) else None for v in column.to_pylist()]
    return list(converted(column.combine_chunks(), "text", "UTC")[0].to_pylist())


def _once(table: pa.Table) -> tuple[pa.Table, list[str]]:
    """Leave out rows that say the same twice; name the keys of rows that say different things under one key."""
    if pc.count_distinct(table.column("key")).as_py() == len(table):
        return table, []
    table = table.group_by(table.column_names, use_threads=False).aggregate([]).select(table.column_names)
    counts = pc.value_counts(table.column("key"))
    twice = pc.greater(counts.field("counts"), 1)
    return table, counts.field("values").filter(twice).to_pylist()[:_SHOWN]
