"""Business records on the command line: shown first, stored when agreed to, missed ones held."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_a_spreadsheet_of_orders_is_shown_then_stored_once(up: Path, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "订单.csv"
    rows = [f"CLI-{n},{n % 2 + 1},泵 {n},{n}00" for n in range(5)]
    file.write_bytes("\n".join(["单号,行号,物料编码,计划数量", *rows, "CLI-9,1,泵 9,很多"]).encode("gb18030"))
    asked = ("record", "import", file, "--kind", "order", "--data", up)
    shown = run(*asked)
    assert shown.code == 0 and "nothing is stored" in shown.err, shown.err
    assert "5 of 6 rows understood" in shown.err and "row 6, 计划数量 '很多' is no number: refused" in shown.err
    assert "CLI-1" not in run("record", "list", "order", "--data", up).out
    assert "5 new, 0 changed, 0 as they were, 1 refused" in run(*asked, "--agree").err
    assert "0 new, 0 changed, 5 as they were" in run(*asked, "--agree").err
    assert "CLI-3/2" in run("record", "list", "order", "--search", "泵 3", "--data", up).out
    one = run("record", "show", "order", "CLI-3/2", "--source", file.name, "--data", up)
    assert json.loads(one.out)["record"]["fields"]["quantity"] == 300

    file.write_text("单号,行号\nCLI-0,1\n", "utf-8")
    assert "which is too much to believe" in run(*asked, "--whole", "--agree").err
    held = run("record", "runs", "--state", "held", "--data", up).out.split("\n")[1].split()[0]
    assert run("record", "agree", held, "--gone", "3", "--data", up).code != 0
    assert "4 order of" in run("record", "agree", held, "--gone", "4", "--data", up).err
    file.write_text("Order No,数量\nCLI-0,1\n", "utf-8")
    wrong = run(*asked, "--field", "item=料号")
    assert wrong.code == 2 and "has no column '料号' (for item)" in wrong.err
