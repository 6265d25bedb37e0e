"""The tutorial keeps its promise: its commands, in order, with a PLC and without anything else."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

import baigong
from tests.docs.terminal import Terminal, free_ports
from tools.check.pages import blocks

TUTORIALS = Path(__file__).resolve().parents[2] / "docs" / "tutorials"
CHART = re.compile(r"<(http://[^>]*/trends[^>]*)>")
LANGUAGES = ("first-value.md", "first-value.zh-CN.md")


def charted(data: Path) -> dict[str, pd.DataFrame]:
    """Ask for what the page's chart link shows."""
    asked = parse_qs(urlsplit(CHART.findall((TUTORIALS / LANGUAGES[0]).read_text("utf-8"))[0]).query)
    start, end, points = asked["from"][0], asked["to"][0], asked["p"][0].split(",")
    with baigong.connect(data=data) as plant:
        return {name: plant.point(name).df(start, end, width=1200) for name in points}


@pytest.mark.timeout(300)
def test_the_first_value(tmp_path: Path) -> None:
    ports = dict(zip(("8600", "1883", "4622", "5020"), free_ports(4), strict=True))
    with Terminal(tmp_path / "scratch", ports) as terminal:
        printed = terminal.follow(TUTORIALS / LANGUAGES[0])
        shown = charted(terminal.folder / "plant")
    assert any("m3/h" in text for text in printed)
    assert {name: bool(len(rows)) for name, rows in shown.items()} == {"pump1.flow": True, "pump1.pressure": True}
    assert (tmp_path / "scratch" / "plant" / "records.db").exists()


def test_both_languages_say_the_same() -> None:
    """The Chinese page is not run again; its commands are those of the English one."""
    english, chinese = ([*blocks((TUTORIALS / name).read_text("utf-8"))] for name in LANGUAGES)
    assert [(b.language, b.marks) for b in english] == [(b.language, b.marks) for b in chinese]
    assert [b.text for b in english if b.language != "yaml"] == [b.text for b in chinese if b.language != "yaml"]
