"""What business systems tell, by kind: orders, items, … in ISA-95 terms, as recordkinds.toml says."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
import pyarrow as pa
from msgspec import Struct

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.frame import TIME

FieldType = Literal["text", "number", "time", "flag"]
TYPES: dict[str, pa.DataType] = {"text": pa.string(), "number": pa.float64(), "time": TIME, "flag": pa.bool_()}


class RecordField(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``standard``: what B2MML calls it; ``refers``: the kind whose key it holds; ``unit``: UCUM, of numbers."""

    name: str
    type: FieldType
    en: str
    zh: str
    standard: str
    names: list[str]
    unit: str = ""
    refers: str = ""


class KindWords(Struct, frozen=True):
    en: str
    zh: str


class RecordKind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``table``: what SQL calls it. The first of ``fields`` names the record; a key may be made of more of them."""

    table: str
    title: KindWords
    standard: str
    fields: list[RecordField]
    name: str = ""

    def field(self, name: str) -> RecordField | None:
        return next((one for one in self.fields if one.name == name), None)


@cache
def record_kinds() -> dict[str, RecordKind]:
    """Return every kind by its name, in the order of the file.

    >>> [field.name for field in record_kinds()["item"].fields][:3]
    ['item', 'title', 'specification']
    """
    told = tomllib.loads(files("baigong.vocab").joinpath("recordkinds.toml").read_text("utf-8"))
    return {name: msgspec.convert(kind | {"name": name}, RecordKind) for name, kind in told.items()}


def record_kind(name: str) -> RecordKind:
    """Return a kind. Raises record.kind."""
    found = record_kinds().get(name)
    if found is None:
        said = f"there is no kind of record {name!r}; there are {', '.join(record_kinds())}"
        raise FixConfiguration("record.kind", said, place="kind")
    return found


@cache
def record_schema(name: str) -> pa.Schema:
    """Return the columns of records of a kind on their way: key, its fields, and all else as JSON in ``attributes``."""
    fields = [pa.field(one.name, TYPES[one.type]) for one in record_kind(name).fields]
    return pa.schema([pa.field("key", pa.string(), nullable=False), *fields, pa.field("attributes", pa.string())])
