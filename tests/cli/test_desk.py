"""The operator's desk by command: a file of companies, one of them let in, support asked for and answered."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run

_ROWS = (
    "统一社会信用代码,企业名称,区域,联系人,电话,标识\n"
    "91330226MA2GX7K1XN,象山铸件,xiangshan,赵敏,0574-0000 0001,castings\n"
    "91330212MA2H3R954N,鄞州弹簧,xiangshan,孙磊,0574-0000 0002,\n"
)


def test_a_file_of_companies_is_entered_and_one_comes_in(up: Path, run: Run, tmp_path: Path) -> None:
    where = ("--data", up)
    file = tmp_path / "companies.csv"
    file.write_text(_ROWS.replace("K1XN", "K1XM"))
    wrong = run("application", "import", file, "--check", *where)
    assert wrong.code == 2 and "row 2" in wrong.err
    file.write_bytes(_ROWS.encode("gb18030"))  # as Excel writes it in China
    unknown = run("application", "import", file, *where)
    assert unknown.code == 2 and "no region" in unknown.err, "nothing is entered where a row is wrong"
    assert run("region", "add", "xiangshan", "--title-zh", "象山", *where).code == 0
    assert run("application", "import", file, *where).code == 0
    listed = json.loads(run("application", "list", "--json", *where).out)
    assert [(a["title_zh"], a["state"], a["source"]) for a in listed] == [
        ("象山铸件", "new", "imported"),
        ("鄞州弹簧", "new", "imported"),
    ]
    assert run("application", "ask", listed[1]["id"], "哪一年成立?", *where).code == 0
    made = run("application", "approve", listed[0]["id"], "--admin", "zhao", *where)
    assert made.code == 0 and len(made.out.strip()) > 8, made.err
    assert run("region", "look", "xiangshan", "--title-zh", "象山云", "--accent", "#7a1f5c", *where).code == 0
    package = run("package", "show", "first-steps", *where)
    (tmp_path / "own.yaml").write_text(package.out)
    assert run("package", "put", "own", tmp_path / "own.yaml", *where).code == 0
    asked = run("support", "ask", "castings", "the pump stands still", "--hours", "2", *where)
    assert asked.code == 0, asked.err
    (one,) = json.loads(run("support", "list", "--asked", "--json", *where).out)
    assert (one["id"], one["tenant"], one["state"]) == (asked.out.strip(), "castings", "asked")
    assert run("support", "allow", one["id"], *where).code == 2, "consent is the company's own"
    assert run("support", "end", one["id"], "--company", "castings", *where).code == 0
