"""The tutorial keeps its promise: its commands, in order, with a PLC and without anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.terminal import Terminal, free_ports
from tools.check.pages import blocks

TUTORIALS = Path(__file__).resolve().parents[2] / "docs" / "tutorials"
LANGUAGES = ("first-value.md", "first-value.zh-CN.md")


@pytest.mark.timeout(300)
def test_the_first_value(tmp_path: Path) -> None:
    ports = dict(zip(("8600", "1883", "4622", "5020"), free_ports(4), strict=True))
    with Terminal(tmp_path / "scratch", ports) as terminal:
        printed = terminal.follow(TUTORIALS / LANGUAGES[0])
    assert any("m3/h" in text for text in printed)
    assert (tmp_path / "scratch" / "plant" / "records.db").exists()


def test_both_languages_say_the_same() -> None:
    """The Chinese page is not run again; its commands are those of the English one."""
    english, chinese = ([*blocks((TUTORIALS / name).read_text("utf-8"))] for name in LANGUAGES)
    assert [(b.language, b.marks) for b in english] == [(b.language, b.marks) for b in chinese]
    assert [b.text for b in english if b.language != "yaml"] == [b.text for b in chinese if b.language != "yaml"]
