"""Named cells get values; charts, formats and formulas of the workbook stay, byte for byte."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from openpyxl.chart import LineChart, Reference
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName

from baigong.models.sheets.filling import areas, fill
from baigong.vocab.errors import FixConfiguration
from tests.models.sheets.books import saved


def _report() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "月报 Report"
    sheet["A1"], sheet["B3"], sheet["C3"] = "Monthly report", 1, "kWh"
    sheet["B3"].font = Font(bold=True)
    sheet["B3"].number_format = "#,##0.0"
    sheet["B10"] = "=SUM(B5:B8)*B3"
    sheet.conditional_formatting.add("B3", CellIsRule("greaterThan", ["100"], fill=PatternFill("solid", "FFFF0000")))
    chart = LineChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=5, max_row=8))
    sheet.add_chart(chart, "E2")
    book.create_sheet("Other")["A1"] = "untouched"
    for name, where in (("energy", "$B$3"), ("days", "$A$5:$B$8"), ("note", "$D$20"), ("sum", "$B$10")):
        book.defined_names[name] = DefinedName(name, attr_text=f"'月报 Report'!{where}")
    return saved(book.save)


def _parts(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_only_the_named_cells_and_the_order_to_compute_change() -> None:
    before = _report()
    rows = [["1", 10.5], ["2", 11.5], ["3", None]]
    after = fill(before, {"energy": [[1234.5]], "days": rows, "note": [["<ok> & 好"], [True]]})
    old, new = _parts(before), _parts(after)
    assert list(old) == list(new)
    changed = {name for name in old if old[name] != new[name]}
    assert changed - {"xl/workbook.xml"} == {"xl/worksheets/sheet1.xml"}
    assert new["xl/workbook.xml"].count(b'fullCalcOnLoad="1"') == 1
    assert {"xl/charts/chart1.xml", "xl/drawings/drawing1.xml", "xl/styles.xml"} <= set(new)
    sheet = openpyxl.load_workbook(io.BytesIO(after)).active
    assert (sheet["B3"].value, sheet["B3"].number_format, sheet["B3"].font.b) == (1234.5, "#,##0.0", True)
    assert [[c.value for c in row] for row in sheet["A5:B8"]] == [["1", 10.5], ["2", 11.5], ["3", None], [None, None]]
    assert (sheet["B10"].value, sheet["D20"].value, sheet["D21"].value) == ("=SUM(B5:B8)*B3", "<ok> & 好", True)
    assert (sheet["A1"].value, sheet["C3"].value) == ("Monthly report", "kWh")
    assert len(sheet.conditional_formatting) == 1
    assert fill(after, {}) == fill(fill(after, {}), {}), "again changes nothing more"


def test_what_does_not_fit_is_refused_and_formulas_stay() -> None:
    raw = _report()
    assert set(areas(raw)) == {"energy", "days", "note", "sum"}
    for values, said in (
        ({"none": [[1]]}, "names no cell"),
        ({"days": [[1, 2]] * 5}, "has room for 4 rows"),
        ({"sum": [[1]]}, "holds a formula"),
    ):
        with pytest.raises(FixConfiguration, match=said):
            fill(raw, values)
    with pytest.raises(FixConfiguration, match="this is no"):
        fill(b"nothing", {})
