"""Columns of a business system become records: what is understood is taken, what is not is said, row by row."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.recordkinds import record_kinds
from baigong.vocab.recordmap import RecordMap, guessed, require, understand

ORDERS = {
    "MO_NO": ["M1", "M2", "M3", " "],
    "行号": [1, 1, 1, 2],
    "PLAN_QTY": ["1,200", "3", "abc", "4"],
    "交期": ["2026-11-22", "2026/1/2 08:00", "20261231", "2026-11-22T08:00:00+08:00"],
    "COLOUR": ["red", "", "blue", "green"],
}


def test_columns_are_matched_by_their_names_in_both_languages() -> None:
    found = guessed("order", list(ORDERS))
    assert found.fields == {"order": "MO_NO", "line": "行号", "quantity": "PLAN_QTY", "due": "交期"}
    assert found.key == ["MO_NO", "行号"]
    for name, kind in record_kinds().items():  # each kind finds itself by its own words
        assert set(guessed(name, [field.zh for field in kind.fields]).fields) == {field.name for field in kind.fields}


def test_what_cannot_be_read_is_refused_and_shown() -> None:
    mapped = understand(pa.table(ORDERS), guessed("order", list(ORDERS), "Asia/Shanghai"))
    told = mapped.told
    assert (told.rows, told.taken, told.refused, mapped.standing) == (4, 2, 2, ["M3/1"])
    assert [(one.row, one.column, one.value, one.why) for one in told.wrong] == [
        (3, "PLAN_QTY", "abc", "is no number"), (4, "MO_NO/行号", "", "the key is empty"),
    ]  # fmt: skip
    assert mapped.records.column("key").to_pylist() == ["M1/1", "M2/1"]
    assert mapped.records.column("quantity").to_pylist() == [1200, 3]
    assert [str(t) for t in mapped.records.column("due").to_pylist()] == [
        "2026-11-21 16:00:00+00:00", "2026-01-02 00:00:00+00:00",
    ]  # fmt: skip
    assert mapped.records.column("attributes").to_pylist() == ['{"COLOUR":"red"}', None]
    require(told, "erp")


def test_a_renamed_column_is_named_with_what_it_may_be_called_now() -> None:
    mapping = guessed("order", list(ORDERS))
    renamed = pa.table(ORDERS).rename_columns(["MO_NO", "行号", "PLAN_QUANTITY", "交期", "COLOUR"])
    mapped = understand(renamed, mapping)
    (missing,) = mapped.told.missing
    assert (missing.column, missing.field, missing.nearest) == ("PLAN_QTY", "quantity", "PLAN_QUANTITY")
    assert len(mapped.records) == 0 and mapped.told.taken == 0
    with pytest.raises(FixConfiguration, match="PLAN_QUANTITY") as caught:
        require(mapped.told, "erp")
    assert caught.value.code == "record.columns"


def test_a_key_that_does_not_tell_rows_apart_is_refused_and_a_row_said_twice_is_one() -> None:
    lines = pa.table({"单号": ["S1", "S1", "S2", "S2"], "数量": [1, 2, 5, 5]})
    mapped = understand(lines, RecordMap(kind="order", fields={"order": "单号", "quantity": "数量"}, key=["单号"]))
    assert mapped.told.doubled == ["S1"] and len(mapped.records) == 0
    with pytest.raises(FixConfiguration) as caught:
        require(mapped.told, "erp")
    assert caught.value.code == "record.key"
    once = understand(lines.slice(2), RecordMap(kind="order", fields={"quantity": "数量"}, key=["单号"]))
    assert once.records.column("key").to_pylist() == ["S2"] == once.records.column("order").to_pylist()


def test_a_field_that_the_kind_has_not_is_named() -> None:
    with pytest.raises(FixConfiguration, match="perhaps 'quantity'") as caught:
        understand(pa.table(ORDERS), RecordMap(kind="order", fields={"quantty": "PLAN_QTY"}, key=["MO_NO"]))
    assert caught.value.code == "record.field"


def test_every_type_a_database_gives_is_read() -> None:
    table = pa.table(
        {
            "id": pa.array([4711.0, 4712.0]),
            "qty": pa.array([Decimal("1.50"), None]),
            "due": pa.array([date(2026, 1, 2), None]),
            "start": pa.array([datetime(2026, 1, 2, 8), None]),  # noqa: DTZ001 - databases know no zone
            "state": pa.array([True, False]),
            "blob": pa.array([b"\x01", None]),
        }
    )
    fields = {"order": "id", "quantity": "qty", "due": "due", "start": "start", "status": "state"}
    mapped = understand(table, RecordMap(kind="order", fields=fields, key=["id"], zone="Asia/Shanghai"))
    first, second = mapped.records.to_pylist()
    assert (first["key"], first["order"], first["quantity"], first["status"]) == ("4711", "4711", 1.5, "true")
    assert (str(first["due"]), str(first["start"])) == ("2026-01-01 16:00:00+00:00", "2026-01-02 00:00:00+00:00")
    assert second["due"] is None and mapped.told.refused == 0
