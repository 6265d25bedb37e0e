"""What the pages show is true: blocks run or say why not, commands and options exist, devices are valid, links lead on.

The blocks themselves are run by ``tests/docs``.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from tools.check.pages import Block, blocks, links, pages
from tools.check.repo import Finding, Repo

RULE = "examples"
_MUST_RUN = {"bash", "python", "sql"}
_MARKS = {"run", "background", "until", "shows", "interrupt", "save", "fails", "skip"}
_TESTED_ELSEWHERE = "docs.md"  # pages of drivers: the conformance suite reads their examples


def validate(repo: Repo) -> list[Finding]:
    found = []
    for path in pages(repo):
        text = path.read_text("utf-8")
        for block in blocks(text):
            found += [Finding(RULE, repo.name(path, block.line), wrong) for wrong in _wrong(path, block)]
        for target in links(text):
            if not (path.parent / target).exists():
                found.append(Finding(RULE, repo.name(path), f"links to {target}, which is not there"))
    return found


def _wrong(path: Path, block: Block) -> list[str]:
    wrong = [f"unknown mark {name!r}" for name in block.marks if name not in _MARKS]
    if path.name != _TESTED_ELSEWHERE and block.language in _MUST_RUN:
        if not {"run", "background", "save", "skip"} & set(block.marks):
            wrong.append(f'{block.language} block is neither run nor skip="reason"')
        elif "skip" in block.marks and not block.marks["skip"]:
            wrong.append("does not say why it is not run")
    if block.language == "bash":
        wrong += _commands(block.text)
    if block.language == "yaml" and block.text.startswith("device:"):
        wrong += _device(block.text)
    return wrong


def _commands(text: str) -> list[str]:
    """Find commands of ours that do not exist, or do not know an option."""
    from tools.check.commands import command_tree

    wrong = []
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        for found in re.finditer(r"(?:^|[|;&]\s*|\$\()\s*(?:\.venv/bin/)?(baigong [^|;&]*)", line.partition(" #")[0]):
            try:
                words = shlex.split(found[1])[1:]
            except ValueError:  # quotes that reach over lines: the shell knows better
                words = found[1].split()[1:]
            wrong += _called(command_tree(), words)
    return wrong


def _called(command: Any, words: list[str]) -> list[str]:
    path = ["baigong"]
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return [f"there is no command: {' '.join([*path, words[0]])}"]
        path.append(words[0])
        command, words = command.commands[words[0]], words[1:]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    unknown = [w.partition("=")[0] for w in words if re.match(r"^--[a-z]", w)]
    return [f"{' '.join(path)} has no option {w}" for w in unknown if w not in known | {"--help"}]


def _device(text: str) -> list[str]:
    from baigong.drivers.manifest import manifest
    from baigong.vocab.devices import parse_device
    from baigong.vocab.errors import FixConfiguration

    try:
        spec = parse_device(text)
        known = {option.name for option in manifest(spec.driver).options}
    except FixConfiguration as error:
        return [f"no such device can be: {error.message}"]
    return [f"{spec.driver} has no option {name}" for name in spec.options if name not in known]
