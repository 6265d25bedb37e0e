"""Markdown as the rules and the tests of the documentation read it: fenced blocks and links.

A fence says after its language how it is tested (readers do not see it)::

    ```bash run shows="pump1.flow"          runs in order with its page's others; its output must hold the words
    ```bash background until="ready"        goes on running until the page ends; waits for the words
    ```bash run interrupt="2"               after Ctrl-C in the page's second background block
    ```bash run fails                       its exit code must not be 0
    ```bash skip="needs a second machine"   is not run, and says why
    ```yaml save="station.yaml"             becomes a file beside
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.check.repo import Repo

_FENCE = re.compile(r"^( *)```(\S*)[ \t]*(.*)$")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(slots=True, frozen=True)
class Block:
    """A fenced block. ``marks``: name -> value; several of one name are joined by line feeds."""

    language: str
    marks: dict[str, str]
    text: str
    line: int


def pages(repo: Repo) -> list[Path]:
    """List the pages people read: READMEs, docs, and those of the drivers."""
    front = [p for p in repo.files if p.parent == repo.root and p.suffix == ".md"]
    return [*front, *repo.under("docs", ".md"), *(p for p in repo.under("src", ".md") if p.name == "docs.md")]


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        opened = _FENCE.match(line)
        if not opened:
            continue
        held = []
        for _, inner in lines:
            if inner.strip() == "```":
                break
            held.append(inner.removeprefix(opened[1]))
        yield Block(opened[2], _marks(opened[3]), "\n".join(held) + "\n", number)


def _marks(text: str) -> dict[str, str]:
    made: dict[str, str] = {}
    for word in shlex.split(text):
        name, _, value = word.partition("=")
        made[name] = f"{made[name]}\n{value}" if name in made else value
    return made


def links(text: str) -> Iterator[str]:
    """Yield the links of a page that lead to files beside it."""
    outside = re.sub(r"(?ms)^ *```.*?^ *```", "", text)
    for target in _LINK.findall(outside):
        if not re.match(r"^(?:[a-z]+:|#)", target):
            yield target.partition("#")[0]
