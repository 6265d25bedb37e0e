"""The two READMEs say the same, name what is there, and the notice names what is installed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tools.check.pages import blocks, links

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md"))
CODE = re.compile(r"`([^`\n]+)`")


def shape(text: str) -> list[str]:
    """Return the kinds of its lines: headings, list items, rows, pictures."""
    marks = ("#", "-", "|", "!", "```")
    return [next(m for m in marks if line.startswith(m)) for line in text.splitlines() if line.startswith(marks)]


def test_both_languages_have_the_same_parts() -> None:
    assert shape(ENGLISH) == shape(CHINESE)
    assert list(links(ENGLISH))[1:] == [re.sub(r"\.zh(-CN)?\.md", ".md", to) for to in links(CHINESE)][1:]
    assert set(CODE.findall(ENGLISH)) == set(CODE.findall(CHINESE))
    for one, other in zip(blocks(ENGLISH), blocks(CHINESE), strict=True):
        assert (one.language, one.marks) == (other.language, other.marks)
        if one.language == "bash":
            commands = [line.partition(" #")[0].rstrip() for line in one.text.splitlines()]
            assert commands == [line.partition(" #")[0].rstrip() for line in other.text.splitlines()]


def test_the_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)", ENGLISH + (ROOT / "docs/how-to/contribute.md").read_text("utf-8")))
    assert {"demo", "test", "bench", "outage"} <= named <= targets


def test_pictures_are_small() -> None:
    for path in (ROOT / "docs" / "pictures").iterdir():
        assert path.suffix == ".png"
        assert path.stat().st_size < 300_000, path.name


def test_every_picture_is_shown() -> None:
    shown = "".join(p.read_text("utf-8") for p in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    assert [p.name for p in (ROOT / "docs" / "pictures").iterdir() if p.name not in shown] == []


def test_the_notice_names_every_dependency() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    notice = (ROOT / "NOTICE").read_text("utf-8")
    names = [re.match(r"[A-Za-z0-9_.-]+", text)[0] for text in declared]  # type: ignore[index]
    assert [name for name in names if not re.search(rf"^  {re.escape(name)} ", notice, re.MULTILINE)] == []


def test_every_decision_says_question_and_decision() -> None:
    for path in (ROOT / "docs" / "decisions").glob("*.md"):
        text = path.read_text("utf-8")
        assert re.match(rf"# {path.name[:4]} ", text), path.name
        assert "\n## Question\n" in text, path.name
        assert "\n## Decision\n" in text, path.name
        assert len(text.splitlines()) <= 60, path.name
