"""Every how-to runs: those about one's own machines on an empty platform, those about data on the demo's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.terminal import Terminal, free_ports
from tools.check.pages import Block, blocks

DOCS = Path(__file__).resolve().parents[2] / "docs"
ON_DEMO = (
    "how-to/sql-recipes.md", "how-to/dataframes.md", "how-to/kpis-and-alarms.md", "how-to/write-to-machines.md",
    "reference/sql.md",
)  # fmt: skip
NEEDS = {
    "how-to/machine-certificates.md": "mosquitto_pub",
    "how-to/mqtt-device.md": "mosquitto_pub",
    "how-to/opcua-certificates.md": "openssl",
}
ON_EMPTY = sorted(
    page
    for path in DOCS.rglob("*.md")
    if (page := path.relative_to(DOCS).as_posix()) not in ON_DEMO
    and page.partition("/")[0] != "tutorials"
    and any({"run", "background"} & set(block.marks) for block in blocks(path.read_text("utf-8")))
)
_REMOVE = """shopt -s nullglob
for file in data/config/*/devices/*.yaml; do baigong device remove $(basename $file .yaml); done
"""
pytestmark = pytest.mark.timeout(300)


def started(folder: Path, command: str) -> Iterator[Terminal]:
    numbers = ("8600", "1883", "8883", "4622", "4840", "5020")
    with Terminal(folder / "scratch", dict(zip(numbers, free_ports(len(numbers)), strict=True))) as terminal:
        terminal.do(Block("bash", {"background": "", "until": "ready in"}, f"{command}\n", 0))
        yield terminal


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    yield from started(tmp_path_factory.mktemp("empty"), "baigong up")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    yield from started(tmp_path_factory.mktemp("demo"), "baigong demo --any-ports --days 1")


@pytest.mark.parametrize("page", ON_EMPTY)
def test_on_an_empty_platform(empty: Terminal, page: str) -> None:
    if page in NEEDS and not shutil.which(NEEDS[page]):
        pytest.skip(f"{NEEDS[page]} is not installed")
    empty.follow(DOCS / page)
    empty.do(Block("bash", {"run": ""}, _REMOVE, 0))  # or the next page's doctor finds a machine that is silent


@pytest.mark.parametrize("page", ON_DEMO)
def test_on_the_demo(demo: Terminal, page: str) -> None:
    demo.follow(DOCS / page)
