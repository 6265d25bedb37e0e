"""Tasks on the command line and in Python, against a real platform: made, worked on, asked by SQL."""

from __future__ import annotations

from pathlib import Path

import baigong
from tests.cli.conftest import Run


def test_a_task_is_made_worked_on_and_found_again(up: Path, run: Run) -> None:
    with baigong.connect(data=up) as plant:
        plant.ingest([{"point": "t_press.oil", "value": 3.0}])
        made = run(
            "task", "new", "t_press", "Change the oil filter", "--due", "+8h", "--priority", "high",
            "--alarm", "clogged",
            "--check", "oil=2..4 bar@t_press.oil", "--check", "clean", "--data", up,
        )  # fmt: skip
        assert made.code == 0, made.err
        number, id = made.err.split()
        assert "Change the oil filter" in run("task", "list", "--asset", "t_press", "--data", up).out
        again = run("task", "new", "t_press", "The same", "--alarm", "clogged", "--data", up)
        assert again.code == 2 and "task.already" in again.err
        early = run("task", "change", number, "--to", "done", "--data", up)
        assert early.code == 2 and "task.state" in early.err
        assert run("task", "change", number, "--to", "in_progress", "--data", up).code == 0
        for wrong, why in (("--result", "oil=much"), "'much' is no number"), (("--due", "+8x"), "is not a duration"):
            refused = run("task", "change", number, *wrong, "--data", up)
            assert refused.code == 2 and why in refused.err
        filled = ("--result", "oil=4.5", "--result", "clean=yes", "--hours", "0.5", "--cause", "clogged")
        said = run("task", "change", id, *filled, "--to", "done", "--outcome", "new filter", "--data", up)
        assert said.code == 0 and "is done" in said.err, said.err
        shown = run("task", "show", number, "--data", up).out
        assert "WRONG" in shown and "new filter" in shown and "clogged" in shown
        (row,) = plant.sql(f"select state, hours, cause from tasks where id = '{id}'").to_dict("records")
        assert row == {"state": "done", "hours": 0.5, "cause": "clogged"}
        assert list(plant.tasks(state="done", asset="t_press")["number"]) == [int(number.lstrip("#"))]
        assert plant.tasks.get(id).change(comment="it runs").facts["steps"][-1]["change"] == {"comment": "it runs"}
