"""Assets on the command line, against a real platform: described, moved, and as a spreadsheet in and out."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from baigong.api.spreadsheet import Cell, xlsx_bytes
from baigong.cli.asset_rows import read_rows, write_rows
from tests.cli.conftest import Run

CHINESE = """资产,上级,层级,类型,编码,名称,位置,状态,功率 kW,检定
t_hall,,车间,,,一号厂房,东区,在用,,
t_line,t_hall,产线,,,二号线,,,,
t_pump,t_line,设备,pump,INV-17,给水泵,泵房,计划,5.5,是
"""


@pytest.fixture(scope="module")
def described(up: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hall, a line and a pump, as Excel in China writes them."""
    file = tmp_path_factory.mktemp("assets") / "table.csv"
    file.write_bytes(CHINESE.encode("gb18030"))
    return file


def test_a_plant_is_described_moved_and_drawn(up: Path, run: Run, described: Path) -> None:
    assert run("asset", "import", described, "--data", up).code == 0
    shown = run("asset", "show", "t_pump", "--data", up)
    assert "一号厂房 / 二号线 / 给水泵" in shown.out
    assert "planned" in shown.out and "功率 kW" in shown.out and "5.5" in shown.out

    assert run("asset", "add", "t_pump.motor", "--level", "part", "-p", "kW=11", "-p", "no=007", "--data", up).code == 0
    assert run("asset", "add", "t_pump.motor", "--data", up).code == 2
    assert run("asset", "set", "t_pump.motor", "--title", "Motor", "-p", "no=", "--data", up).code == 0
    drawn = run("asset", "tree", "t_hall", "--data", up).out
    assert "t_pump.motor Motor (part)" in drawn
    sql = "select path, properties->>'kW' as kw from assets where path like 't_hall/%' and level = 'part'"
    assert (
        run("query", sql, "-f", "csv", "--data", up).out.splitlines()[1] == '"t_hall/t_line/t_pump/t_pump.motor","11"'
    )
    moved = run("asset", "move", "t_pump", "--to", "/", "--data", up)
    assert "1 parts and 0 points move with it" in moved.err
    assert "t_pump" not in run("asset", "tree", "t_hall", "--data", up).out
    assert run("asset", "list", "--search", "gsb", "--data", up).out.split("\n")[1].startswith("t_pump")
    assert run("asset", "move", "t_hall", "--to", "t_line", "--data", up).code == 2

    assert run("asset", "retire", "t_pump", "--yes", "--data", up).code == 2  # its motor is a part of it
    assert run("asset", "retire", "t_pump.motor", "--yes", "--data", up).code == 0
    assert "t_pump.motor" not in run("asset", "list", "--data", up).out


@pytest.mark.parametrize("form", ["csv", "xlsx", "yaml"])
def test_what_was_written_out_changes_nothing_read_in_again(
    up: Path, run: Run, described: Path, tmp_path: Path, form: str
) -> None:
    assert run("asset", "import", described, "--data", up).code == 0
    odd = ["=1+1", "'tis", "007", "12", "true", "2026-01-01", " blank ", "+86", "a\nb", "1e5", "''5"]
    options = [one for at, text in enumerate(odd) for one in ("-p", f"odd{at}={text}")]
    verb = "set" if "t_odd" in run("asset", "list", "--search", "t_odd", "--data", up).out else "add"
    assert run("asset", verb, "t_odd", *options, "--title", "=cmd", "--data", up).code == 0
    file = tmp_path / f"out.{form}"
    assert run("asset", "export", file, "--data", up).code == 0
    again = run("asset", "import", file, "--data", up)
    assert again.code == 0, again.err
    assert "0 assets added, 0 changed" in again.err
    if form == "csv":
        raw = file.read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")
        assert all(not cell.startswith(("=", "+", "@")) for cell in raw.decode().replace("\n", ",").split(","))


def test_a_column_that_is_not_there_stays_and_an_empty_cell_empties(
    up: Path, run: Run, described: Path, tmp_path: Path
) -> None:
    assert run("asset", "import", described, "--data", up).code == 0
    file = tmp_path / "some.csv"
    file.write_text("asset;place;功率 kW\nt_pump;cellar;\n", "utf-8")
    assert "0 assets would be added, 1 would be changed" in run("asset", "import", file, "--check", "--data", up).err
    assert "泵房" in run("asset", "show", "t_pump", "--data", up).out
    assert run("asset", "import", file, "--data", up).code == 0
    shown = run("asset", "show", "t_pump", "--data", up).out
    assert "cellar" in shown and "给水泵" in shown and "INV-17" in shown
    assert "功率" not in shown and "检定" in shown


@pytest.mark.parametrize("form", ["csv", "xlsx", "yaml"])
def test_relations_are_columns_and_one_command(up: Path, run: Run, tmp_path: Path, form: str) -> None:
    table = tmp_path / "table.csv"
    table.write_text(
        "asset,供给,uses,relation:oils\nr_tank,,,\nr_mould,,,\n"
        "r_pump,r_tank; r_mould,r_mould,r_tank\nr_press,,r_mould,\n",
        "utf-8",
    )
    assert run("asset", "import", table, "--data", up).code == 0
    said = run("asset", "relate", "r_press", "feeds", "r_tank", "r_pump", "--data", up)
    assert "r_press feeds r_tank; r_tank is fed by r_press" in said.err
    assert run("asset", "relate", "r_press", "feeds", "r_pump", "--drop", "--data", up).code == 0
    shown = run("asset", "show", "r_tank", "--data", up).out
    assert "is fed by" in shown and "oils (the other way)" in shown and "r_press" in shown
    sql = "select kind, other from relations where asset = 'r_pump' order by all"
    assert run("query", sql, "-f", "csv", "--data", up).out.splitlines()[1:] == [
        '"feeds","r_mould"', '"feeds","r_tank"', '"oils","r_tank"', '"uses","r_mould"'
    ]  # fmt: skip

    file = tmp_path / f"out.{form}"
    assert run("asset", "export", file, "--data", up).code == 0
    assert "0 assets added, 0 changed" in run("asset", "import", file, "--data", up).err
    table.write_text("asset,feeds\nr_pump,r_gone\n", "utf-8")  # other relations have no column: they stay
    wrong = run("asset", "import", table, "--data", up)
    assert "row 2, column feeds (B2): there is no asset 'r_gone'" in wrong.err
    table.write_text("asset,feeds\nr_pump,\n", "utf-8")
    assert "1 changed" in run("asset", "import", table, "--data", up).err
    assert run("query", sql, "-f", "csv", "--data", up).out.splitlines()[1:] == [
        '"oils","r_tank"', '"uses","r_mould"'
    ]  # fmt: skip


def test_everything_wrong_is_said_with_its_cell_and_nothing_is_changed(up: Path, run: Run, tmp_path: Path) -> None:
    rows: list[list[Cell]] = [
        ["资产", "上级", "层级", "编码", "功率"],
        ["w_a", None, "车间", "X1", Decimal("5.5")],
        ["w_b", "w_a", "设备", "X1", None],
        ["w_b", "w_a", "大厅", "X2", None],
        ["w c", "w_a", "设备", "X3", None],
    ]
    file = tmp_path / "wrong.xlsx"
    file.write_bytes(xlsx_bytes(rows, "assets"))
    said = run("asset", "import", file, "--data", up)
    assert said.code == 2
    for told in (
        "row 3, column 编码 (D3): code 'X1' is that of w_a too (row 2)",
        "row 4, column 资产 (A4): w_b stands in row 3 already",
        "row 4, column 层级 (C4): '大厅' is none of site",
        "row 5, column 资产 (A5): asset 'w c': write a name",
        "nothing was changed",
    ):
        assert told in said.err, said.err
    file = tmp_path / "parent.csv"
    file.write_text("asset,parent,code\n\nw_d,,\nw_e,nowhere,\nw_f,w_f,\n", "utf-8")
    said = run("asset", "import", file, "--data", up)
    assert "row 4, column parent (B4): there is no asset 'nowhere'" in said.err
    assert "row 5, column parent (B5): w_f would be a part of itself" in said.err
    assert "w_d" not in run("asset", "list", "--data", up).out
    assert "say the same" in run("asset", "import", _text(tmp_path, "asset,code,编码\n"), "--data", up).err
    assert "one of them is asset" in run("asset", "import", _text(tmp_path, "code,place\n"), "--data", up).err


def _text(folder: Path, text: str) -> Path:
    (folder / "heads.csv").write_text(text, "utf-8")
    return folder / "heads.csv"


def test_any_property_comes_back_as_it_was() -> None:
    """What an export writes into cells, an import reads from them: texts, numbers, names of columns."""
    given = {
        "asset": "a", "parent": "b", "level": "unit", "type": "", "code": "", "title": "@x", "title_zh": "",
        "place": "", "state": "in_service",
        "properties": {"n": 1.5, "whole": 3, "yes": True, "no": False, "digits": "12", "empty": "", "code": "c",
                       "=f": "x", "名称": "y", "mark": "'", "big": 1e300},
    }  # fmt: skip
    heads, row = write_rows([given])
    cells = [None if cell is None else str(cell) for cell in row]
    table, wrong = read_rows([(1, [str(head) for head in heads]), (2, cells)])
    assert not wrong
    (told,) = table.told
    assert told.properties == given["properties"]
    assert (told.fields["title"], told.fields["parent"]) == ("@x", "b")


def test_a_file_of_more_than_one_list_is_checked_as_one_and_written_parents_first(
    up: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("baigong.cli.asset_file._AT_ONCE", 2)  # instead of 20,000
    rows = ["asset,parent,level", "m_1,m_line,", "m_2,m_line,", "m_3,m_line,", "m_line,m_hall,line", "m_hall,,area"]
    file = _text(tmp_path, "\n".join([*rows, "m_4,nowhere,", ""]))
    said = run("asset", "import", file, "--data", up)
    assert said.code == 2 and "row 7, column parent (B7): there is no asset 'nowhere'" in said.err
    assert "m_1" not in run("asset", "list", "--data", up).out
    said = run("asset", "import", _text(tmp_path, "\n".join([*rows, ""])), "--data", up)
    assert "written in 3 pieces" in said.err and "5 assets added" in said.err
    assert "m_hall/m_line/m_3" in run("query", "select path from assets", "-f", "csv", "--data", up).out


def test_documents_are_handed_in_listed_saved_and_retired(up: Path, run: Run, tmp_path: Path) -> None:
    assert run("asset", "add", "t_press", "--type", "machine", "--data", up).code == 0
    manual = tmp_path / "manual.pdf"
    manual.write_bytes(b"%PDF-1.7" + bytes(3_000_000))
    added = run(
        "asset",
        "files",
        "add",
        "t_press",
        manual,
        "--title",
        "Press",
        "--kind",
        "03-02",
        "--version",
        "1",
        "--data",
        up,
    )
    assert "application/pdf, 3,000,008 bytes" in added.err
    assert run("asset", "files", "add", "type:machine", manual, "--data", up).code == 0, "what every machine has"
    listed = run("asset", "files", "list", "t_press", "--data", up).out.splitlines()
    assert "03-02 Operation" in listed[2] and "type:machine" in listed[1]
    id = listed[2].split()[0]
    assert run("asset", "files", "get", id, "--to", tmp_path / "back.pdf", "--data", up).code == 0
    assert (tmp_path / "back.pdf").read_bytes() == manual.read_bytes()
    assert run("asset", "files", "get", id, "--to", tmp_path / "back.pdf", "--data", up).code == 2, (
        "nothing is overwritten"
    )
    assert run("asset", "files", "retire", id, "--delete-content", "--yes", "--data", up).code == 0
    assert "content deleted" in run("asset", "files", "list", "t_press", "--retired", "--data", up).out
    assert run("asset", "files", "add", "t_press", manual, "--kind", "x", "--data", up).code == 2


def test_a_life_is_told_and_shown(up: Path, run: Run) -> None:
    assert run("asset", "add", "t_mill", "--type", "machine", "--data", up).code == 0
    made = run(
        "asset", "life", "t_mill", "--add", "commissioned", "--at", "2020-05-01", "--serial", "SN-7", "--data", up
    )
    assert made.code == 0, made.err
    run(
        "asset",
        "life",
        "t_mill",
        "--add",
        "repaired",
        "--text",
        "seal",
        "--cost",
        "85",
        "--currency",
        "CNY",
        "--data",
        up,
    )
    shown = run("asset", "life", "t_mill", "--data", up).out
    assert "SN-7" in shown and "machine@1" in shown and "85 CNY" in shown
    assert shown.index("repaired") < shown.index("described here") < shown.rindex("2020-05-01")
    assert run("asset", "life", "t_mill", "--add", "note", "--at", "soon", "--data", up).code == 2
