"""Tables are found as people see them, and what was not understood is named by its cell."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pytest

from baigong.models.sheets import Grid, find_all, find_tables, read_book
from baigong.vocab.errors import FixConfiguration
from tests.models.sheets.books import shift_log, survey, workbook


def test_a_shift_log_with_merged_headers_units_and_a_total() -> None:
    (table,) = find_all(read_book(shift_log(), "log.xlsx"))
    assert (table.range, table.titles, len(table.rows)) == ("A1:F8", ["锅炉运行记录 2026年11月"], 3)
    assert [(c.header, c.unit, c.kind) for c in table.columns] == [
        ("日期", "", "date"),
        ("时间", "", "clock"),
        ("1号锅炉 出口温度(°C)", "Cel", "number"),
        ("1号锅炉 压力/MPa", "MPa", "number"),
        ("产量(吨)", "t", "number"),
        ("合格", "", "boolean"),
    ]
    assert table.columns[2].name == "1号锅炉 出口温度"
    assert table.columns[0].values.to_pylist() == [datetime(2026, 11, 21)] * 3  # noqa: DTZ001 - a sheet knows no zone
    assert table.columns[0].joined == 2
    assert [(p.cell, p.shown, p.why) for p in table.problems()] == [
        ("D5", "停机", "code"),
        ("E6", "约10", "not_number"),
    ]
    roles = {f.role: f.range for f in table.findings}
    assert roles == {
        "title": "A1:F1", "header": "A2:F3", "data": "A4:F7", "total": "A7:F7", "note": "A8:F8",
    }  # fmt: skip


def test_a_survey_with_three_header_rows_codes_and_footnotes() -> None:
    (table,) = find_all(read_book(survey(), "survey.xlsx"))
    assert [c.header for c in table.columns[:4]] == [
        "NAICS Code(a)", "Subsector and Industry", "Total (trillion Btu)", "Residual Fuel Oil (million bbl)",
    ]  # fmt: skip
    assert table.columns[4].typed.codes == {"*": 3, "D": 1}
    assert table.columns[3].kind == "number"
    assert table.sections == {8: "Total United States", 14: "Northeast"}
    assert len(table.rows) == 4
    assert len(table.titles) == 2
    assert table.notes[-1] == "* Estimate less than 0.5."


def test_several_tables_on_a_sheet_beside_and_beneath_each_other() -> None:
    rows = [
        ["Line A", None, None, "Line B", None],
        ["Hour", "Pieces", None, "Hour", "Pieces"],
        [1, 10, None, 1, 7],
        [2, 12, None, 2, 9],
        [],
        ["Tool", "State", None, None, None],
        ["T1", "worn", None, None, None],
        ["T2", "new", None, None, None],
    ]
    tables = find_all(read_book(workbook(("s", rows, ())), "s.xlsx"))
    assert [t.range for t in tables] == ["A1:B4", "D1:E4", "A6:B8"]
    assert [t.titles for t in tables] == [["Line A"], ["Line B"], []]


def test_names_of_columns_that_count_up_are_a_header() -> None:
    rows = [["Batch", "1", "2", "3", "4"], [422111, None, 60, None, None], [422112, 15, 20, None, 3]]
    (table,) = find_all(read_book(workbook(("s", rows, ())), "s.xlsx"))
    assert table.matrix
    assert [c.header for c in table.columns] == ["Batch", "1", "2", "3", "4"]


def test_a_csv_of_gb18030_with_semicolons_and_decimal_commas() -> None:
    raw = "时间;温度(℃);备注\n22.11.2026 08:00;1.081,5;好\n22.11.2026 09:00;79,25;\n".encode("gb18030")
    book = read_book(raw, "log.csv")
    (table,) = find_all(book)
    assert book.encoding == "gb18030"
    assert table.columns[0].values.to_pylist()[0] == datetime(2026, 11, 22, 8)  # noqa: DTZ001
    assert table.columns[1].values.to_pylist() == [1081.5, 79.25]


def test_an_order_of_day_and_month_that_nothing_tells_is_asked_for() -> None:
    raw = b"date,power\n03/04/2026,5\n05/04/2026,6\n"
    (table,) = find_all(read_book(raw, "d.csv"))
    assert [(p.cell, p.why) for p in table.problems()] == [("A2", "order"), ("A3", "order")]
    (table,) = find_all(read_book(raw, "d.csv"), order="dmy")
    assert table.columns[0].values.to_pylist()[0] == datetime(2026, 4, 3)  # noqa: DTZ001
    (table,) = find_all(read_book(raw + b"22/04/2026,7\n", "d.csv"))
    assert not list(table.problems())


def test_days_as_numbers_and_cells_that_show_errors() -> None:
    rows = [["Date", "Power (kW)"], [46_000, 5], [46_001, "=1/0"]]
    raw = workbook(("s", rows, ()))
    (table,) = find_all(read_book(raw, "s.xlsx"))
    assert (table.columns[0].kind, table.columns[0].typed.notes) == ("date", ["serial_dates"])


@pytest.mark.parametrize(
    ("raw", "name", "said"),
    [
        (b"", "a.csv", "empty"),
        (b"PK\x03\x04 broken", "a.xlsx", "no workbook"),
        (b"\x09\x04\x06\x00junk", "a.xls", "no workbook"),
        (b"a,b", "a.docx", "none of"),
    ],
)
def test_what_is_no_workbook_is_refused(raw: bytes, name: str, said: str) -> None:
    with pytest.raises(FixConfiguration, match=said) as caught:
        read_book(raw, name)
    assert caught.value.code == "payload.malformed"


def test_a_sheet_that_reaches_to_its_last_corner_is_refused_before_it_is_read() -> None:
    import openpyxl

    from tests.models.sheets.books import saved

    book = openpyxl.Workbook()
    book.active["XFD1048576"] = 1
    with pytest.raises(FixConfiguration) as caught:
        read_book(saved(book.save), "far.xlsx")
    assert caught.value.code == "payload.too_large"


def test_a_tenth_of_a_million_cells_come_as_columns() -> None:
    """Cost is for each column and distinct text, not an object a cell; a million takes some two seconds."""
    lines = [",".join(["2026-01-05 08:00", *(f"{row}.{c}" for c in range(19))]) for row in range(5_000)]
    raw = "\n".join([",".join(["time", *(f"p{c} (bar)" for c in range(19))]), *lines]).encode()
    (table,) = find_all(read_book(raw, "million.csv"))
    assert (len(table.rows), len(table.columns), table.columns[19].unit) == (5_000, 20, "bar")
    assert table.columns[19].values[4_999].as_py() == pytest.approx(4999.18)


def test_merged_cells_that_lie_outside_and_broken_archives_are_no_crash() -> None:
    grid = Grid("s", [["Date", "Power"], ["2026-01-05", 5.0]], merges=((0, 6, 0, 8), (9, 4, 12, 4), (0, 0, 3, 0)))
    assert [t.range for t in find_tables(grid)] == ["A1:B2"]
    raw = shift_log()
    for at in range(40, len(raw), 97):
        broken = raw[:at] + b"\xff\x00\xff" + raw[at + 3 :]
        with suppress(FixConfiguration):
            find_all(read_book(broken, "log.xlsx"))
