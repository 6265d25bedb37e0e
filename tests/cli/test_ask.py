"""query, import and export against a platform that `baigong up` started."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from baigong.cli.importing import Reading
from baigong.vocab.errors import FixConfiguration
from tests.cli.conftest import Run, eventually


def count(run: Run, up: Path, where: str) -> int:
    said = run("query", "--data", up, "-f", "json", f"select count(*) as n from telemetry where {where}")
    assert said.code == 0, said.err
    return int(json.loads(said.out)[0]["n"])


def test_query_prints_a_table_and_writes_files(up: Path, run: Run, tmp_path: Path) -> None:
    said = run("query", "--data", up, "select 42 as answer, 'x' as word")
    assert (said.code, said.out.split()) == (0, ["answer", "word", "42", "x"])
    assert "1 rows" in said.err
    for form in ("csv", "json", "arrow", "parquet"):
        target = tmp_path / f"out.{form}"
        assert run("query", "--data", up, "select range as n from range(5)", "-o", target).code == 0
        assert target.stat().st_size > 10
    assert pq.read_table(tmp_path / "out.parquet").column("n").to_pylist() == [0, 1, 2, 3, 4]
    assert pa.ipc.open_stream((tmp_path / "out.arrow").read_bytes()).read_all().num_rows == 5
    assert [row["n"] for row in json.loads((tmp_path / "out.json").read_text())] == [0, 1, 2, 3, 4]
    assert run("query", "--data", up, "-f", "csv", "select 1 as a").out.split() == ['"a"', "1"]


def test_errors_are_one_clear_line_and_exit_code_2(up: Path, run: Run, tmp_path: Path) -> None:
    said = run("query", "--data", up, "drop table telemetry")
    assert said.code == 2
    assert said.err.startswith("error sql.")
    assert "SELECT" in said.err
    nobody = run("query", "--url", "http://127.0.0.1:9", "select 1")
    assert nobody.code == 2
    assert "error platform.down" in nobody.err
    assert "baigong up" in nobody.err
    assert "no platform has run" in run("query", "--data", tmp_path, "select 1").err
    url = (up / "url").read_text().strip()
    assert "--token" in run("query", "--url", url, "select 1").err
    assert "config.invalid" in run("query", "--data", up, "select 1", "-o", tmp_path / "x.doc").err


def test_import_long_form_stores_nothing_twice(up: Path, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text(
        "point,time,value,quality\n"
        "oven.temp,2026-01-01T00:00:00Z,851.5,\n"
        "oven.temp,2026-01-01 08:00:01+08:00,852,0\n"
        "oven.temp,2026-01-01T00:00:02Z,,bad\n"
        "oven.temp,2026-01-01T00:00:03Z,,\n"
        "oven.count,2026-01-01T00:00:00Z,9007199254740993,good\n"
        "oven.state,2026-01-01T00:00:00Z,RUNNING,\n"
        "oven.on,2026-01-01T00:00:00Z,true,\n"
    )
    said = run("import", "--data", up, file)
    assert said.code == 0, said.err
    assert "brought 6 values of 4 points; 1 rows without a value left out" in said.err
    eventually(lambda: count(run, up, "name like 'oven.%'") == 6)
    assert run("import", "--data", up, file).code == 0
    eventually(lambda: count(run, up, "name like 'oven.%'") == 6)
    said = run("query", "--data", up, "-f", "json", "select whole, text, value from telemetry where name like 'oven.%'")
    rows = json.loads(said.out)
    assert {r["text"] for r in rows} == {None, "RUNNING"}
    assert "9007199254740993" in {r["whole"] for r in rows}
    assert 1.0 in {r["value"] for r in rows}


def test_import_wide_form_in_a_chinese_spreadsheets_encoding(up: Path, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    file.write_bytes("时间;流量;press.压力\n2026/1/5 8:30;1.5;\n2026/1/5 8:31;2.5;0.6\n".encode("gb18030"))
    said = run("import", "--data", up, file, "--asset", "泵1", "--timezone", "Asia/Shanghai")
    assert said.code == 0, said.err
    assert "brought 3 values of 2 points" in said.err
    eventually(lambda: count(run, up, "name in ('泵1.流量', 'press.压力')") == 3)
    assert count(run, up, "name = '泵1.流量' and time = timestamptz '2026-01-05 00:30:00+00'") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name,time,value\na.b,2026-01-01T00:00:00Z,1\na.b,yesterday,2\n", "row 3: 'yesterday' is no time"),
        ("name,time,value\na.b,2026-01-01T00:00:00Z,1\na.b,2026-01-01T00:00:01Z,4x7\n", "row 3: '4x7' is a text"),
        ("name,time,value\nflow,2026-01-01T00:00:00Z,1\n", "--asset"),
        ("name,time,value\n,2026-01-01T00:00:00Z,1\n", "row 2: the point has no name"),
        ("name,time,value,mood\na.b,2026-01-01T00:00:00Z,1,fine\n", "mood"),
        ("name,time,value,quality\na.b,2026-01-01T00:00:00Z,1,superb\n", "row 2: 'superb' is not a quality"),
        ("name,when,value\na.b,2026-01-01T00:00:00Z,1\n", "no column time"),
        ("name,time,value\na.b,2026-01-01T00:00:00Z,1\na.b,2026-01-01T00:00:01Z,1,2\n", "row 3 has 4 columns"),
        ("time;a.b\n2026-01-01T00:00:00Z;1,5\n", "row 2: '1,5' has a comma"),
        ("name,time,value\na.b,2026-01-01T00:00:00Z,9223372036854775808\n", "is not an integer of 64 bits"),
        ("", "the file is empty"),
    ],
)
def test_a_bad_file_is_refused_as_a_whole(up: Path, run: Run, tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(text)
    said = run("import", "--data", up, file)
    assert said.code == 2
    assert expected in said.err.replace("\n", " ")
    assert str(file).replace("/", "") in said.err.replace("\n", "").replace("/", "")
    assert count(run, up, "name = 'a.b'") == 0


@pytest.mark.parametrize(
    ("decimal", "cells", "expected"),
    [
        (",", ["1,5", "1.234,25", "-7", "A,B"], [1.5, 1234.25, -7.0, None]),
        (".", ["1.5", "1,234.25", "12 000", "v1.2"], [1.5, 1234.25, 12000.0, None]),
    ],
)
def test_numbers_with_commas_mean_what_was_said(
    tmp_path: Path, decimal: str, cells: list[str], expected: list[float | None]
) -> None:
    file = tmp_path / "commas.csv"
    lines = [f"a.n{i};2026-01-01T00:00:00Z;{cell}" for i, cell in enumerate(cells)]
    file.write_text("name;time;value\n" + "\n".join(lines) + "\n")
    ((table, _),) = Reading(file, decimal=decimal).tables()
    assert table["value"].to_pylist() == expected
    assert table["text"].to_pylist() == [None, None, None, cells[3]]


def test_integers_of_64_bits_keep_every_digit(tmp_path: Path) -> None:
    file = tmp_path / "whole.csv"
    ends = [2**63 - 1, -(2**63)]
    file.write_text("name,time,value\n" + "".join(f"a.b,{i + 1},{n}\n" for i, n in enumerate(ends)))
    ((table, _),) = Reading(file).tables()
    assert (table["whole"].to_pylist(), table["value"].null_count) == (ends, 2)


def test_the_row_is_right_far_into_a_large_file(tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    rows = [f"a.b,{1_700_000_000_000 + i},{i}" for i in range(300_000)]
    rows[243_210] = "a.b,1700000243210,oops"
    file.write_text("name,time,value\n" + "\n".join(rows) + "\n")
    with pytest.raises(FixConfiguration, match=r"row 243212: 'oops' is a text; a\.b held a number in row 2"):
        list(Reading(file).tables())


def test_export_is_what_import_reads(up: Path, run: Run, tmp_path: Path) -> None:
    table = pa.table(
        {
            "name": ["exp.a"] * 3 + ["exp.b"] * 2,
            "time": pa.array([10**15 + i * 1_000_000 for i in range(5)], pa.timestamp("us", tz="UTC")),
            "value": [1.5, 2.5, 3.5, 4.5, 5.5],
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    assert run("import", "--data", up, tmp_path / "in.parquet").code == 0
    for form in ("csv", "parquet"):
        out = tmp_path / f"out.{form}"
        said = run("export", "--data", up, "--asset", "exp", "--start", "2000-01-01", "-o", out)
        assert said.code == 0, said.err
        rows = [row for part, _ in Reading(out).tables() for row in part.to_pylist()]
        assert [(r["name"], r["value"]) for r in rows] == [
            ("exp.a", 1.5), ("exp.a", 2.5), ("exp.a", 3.5), ("exp.b", 4.5), ("exp.b", 5.5),
        ]  # fmt: skip
    assert "point.unknown" in run("export", "--data", up, "no.such", "-o", tmp_path / "x.csv").err
    assert not (tmp_path / "x.csv").exists()


def test_import_reads_a_workbook(tmp_path: Path) -> None:
    file = tmp_path / "book.xlsx"
    ns = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    link, cells = '<Relationship Id="r1" Target="worksheets/sheet1.xml"/>', '<xf numFmtId="0"/><xf numFmtId="22"/>'
    words = "<si><t>time</t></si><si><r><t>pump1.</t></r><r><t>flow</t></r></si>"
    sheets = '<sheets><sheet name="a" r:id="r1"/></sheets>'
    parts = {
        "xl/workbook.xml": f'<workbook xmlns="{ns}" xmlns:r="{rel}">{sheets}</workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships>{link}</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{ns}"><cellXfs>{cells}</cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{ns}">{words}</sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{ns}"><sheetData>'
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
        '<row r="2"><c r="A2" s="1"><v>46023.25</v></c><c r="B2"><v>47.3</v></c></row>'
        '<row r="3"><c r="A3" s="1"><v>46023.5</v></c></row>'
        "</sheetData></worksheet>",
    }
    with zipfile.ZipFile(file, "w") as book:
        for name, text in parts.items():
            book.writestr(name, text)
    reading = Reading(file)
    rows = [row for part, _ in reading.tables() for row in part.to_pylist()]
    assert [(r["name"], r["time"].isoformat(), r["value"]) for r in rows] == [
        ("pump1.flow", "2026-01-01T06:00:00+00:00", 47.3)
    ]
    assert reading.left_out == 1
    file.write_bytes(b"PK\x05\x06nothing")
    with pytest.raises(FixConfiguration, match=r"no \.xlsx workbook"):
        list(Reading(file).tables())


def test_loading_the_commands_loads_no_engine() -> None:
    """The gateway's process starts through the same door; what it does not use it must not pay for."""
    heavy = ("pyarrow", "pandas", "numpy", "httpx2", "duckdb", "deltalake", "fastapi", "sqlalchemy")
    code = (
        f"import sys; from baigong.cli import main, ask, fleet, keep; print([m for m in {heavy} if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.strip() == "[]"


def test_what_is_kept_is_for_its_own_account_wherever_the_folder_lies(up: Path) -> None:
    found = {
        path.relative_to(up).as_posix() for path in up.rglob("*") if path.is_file() and path.stat().st_mode & 0o077
    }
    assert not found
