"""``baigong screen``: written, checked, listed, taken out as files and back in, dropped and brought back."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run

TEXT = """\
screen: hall
title: Hall
items:
- {id: f1, is: value, at: [0, 0, 100, 40], shows: {value: nobody.flow}}
- {id: p1, is: image, at: [0, 50, 100, 40], file: hall.svg}
"""
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0"></path></svg>'


def test_screens_are_texts_that_go_out_and_come_back(up: Path, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "screens"
    (folder / "hall").mkdir(parents=True)
    file = folder / "hall.yaml"
    file.write_text(TEXT.replace("is: value", "is: vlue"), "utf-8")
    wrong = run("screen", "put", file, "--data", up)
    assert wrong.code == 2 and "hall.yaml: items.f1.is" in wrong.err

    file.write_text(TEXT, "utf-8")
    (folder / "hall" / "hall.svg").write_text(PICTURE, "utf-8")
    seen = run("screen", "put", file, "--check", "--data", up)
    assert "there is no point 'nobody.flow'" in seen.err and "nothing was written" in seen.err
    assert "hall.svg" not in run("screen", "import", folder, "--data", up).err  # it comes with it
    [line] = json.loads(run("screen", "list", "--json", "--data", up).out)
    assert (line["screen"], line["items"], line["missing"], line["revision"]) == ("hall", 2, 1, 1)

    out = tmp_path / "out"
    assert "1 screens, 2 files written" in run("screen", "export", out, "--data", up).err
    assert "1 screens, 0 files written" in run("screen", "export", out, "--data", up).err
    assert (out / "hall" / "hall.svg").read_text("utf-8") == PICTURE
    text = (out / "hall.yaml").read_text("utf-8")
    assert text == run("screen", "show", "hall", "--data", up).out and "- id: f1\n  is: value\n" in text
    assert "revision 1" in run("screen", "put", out / "hall.yaml", "--data", up).err  # the same again

    assert run("screen", "drop", "hall", "--yes", "--data", up).err.strip() == "hall is gone"
    assert run("screen", "show", "hall", "--revision", "1", "--data", up).out == text
    assert "is: pump" in run("screen", "show", "pump", "--type", "--data", up).out
