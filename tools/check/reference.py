"""The reference pages that follow from the code: error codes and commands. ``--fix`` writes them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.check.codes import rows
from tools.check.commands import command_tree, leaves
from tools.check.repo import Finding, Repo

RULE = "reference"
_NOTE = "<!-- Written by `python -m tools.check --fix`; edit what it is made from, not this. -->\n"
_TODO = {
    "RetryLater": "nothing is wrong with the request: try again",
    "Reauthenticate": "sign in, or ask for a grant",
    "FixConfiguration": "change the request or the setting",
    "ReportBug": "report it: this is ours",
}


def validate(repo: Repo) -> list[Finding]:
    if not (repo.root / "docs").is_dir():
        return []
    return [
        Finding(RULE, repo.name(path), "is not what the code says: python -m tools.check --fix")
        for path, text in _made(repo)
        if not path.exists() or path.read_text("utf-8") != text
    ]


def generate(repo: Repo) -> Iterator[Path]:
    for path, text in _made(repo):
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            yield path


def _made(repo: Repo) -> Iterator[tuple[Path, str]]:
    folder = repo.root / "docs" / "reference"
    table = tomllib.loads((repo.package / "vocab" / "errors.toml").read_text("utf-8"))
    yield folder / "errors.md", errors_page(table)
    yield folder / "cli.md", commands_page()


def errors_page(table: dict[str, Any]) -> str:
    """Write the table of error codes, sorted by code."""
    lines = [
        _NOTE,
        "# Error codes\n",
        "Every error, in the API (RFC 9457 problem document), the commands and the console, has a code that stays, a",
        "message that names the place, and advice. The code's kind says what to do:\n",
        *(f"- **{kind}**: {todo}" for kind, todo in _TODO.items()),
        "",
        "| code | HTTP | kind | advice | 错误 | 建议 |",
        "|---|---|---|---|---|---|",
    ]
    for code, row in sorted(rows("", table)):
        cells = (f"`{code}`", str(row["status"]), row["kind"], row["advice"], row["title_zh"], row["advice_zh"])
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Write every command with its arguments and options."""
    lines = [
        _NOTE,
        "# Commands\n",
        "Commands that ask a platform find one on this machine by its data folder (`--data`, or `data` and `data/demo`",
        "below the current folder) and need no password there; elsewhere `--url` and `--token` do it. Results go to",
        "standard output, everything else to standard error. Exit codes: 0 done, 2 an error with code and advice.",
    ]
    for path, command in leaves(command_tree()):
        lines += ["", f"## `{path}`", "", *_paragraphs(command.help or "")]
        shown = [p for p in command.params if not getattr(p, "hidden", False)]
        if shown:
            lines += ["", "| | | default |", "|---|---|---|", *(_row(p) for p in shown)]
    return "\n".join(lines) + "\n"


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def _row(parameter: Any) -> str:
    is_argument = parameter.param_type_name == "argument"
    names = parameter.name.upper() if is_argument else ", ".join((*parameter.opts, *parameter.secondary_opts))
    told = getattr(parameter, "help", "") or ""
    if getattr(parameter, "envvar", None):
        told += f" (or `{parameter.envvar}`)"
    # a flag's own default may depend on who asks (--system for root)
    told_by_name = isinstance(parameter.default, bool) or callable(parameter.default)
    default = "" if told_by_name or parameter.default in (None, "", ()) else parameter.default
    needed = "required" if parameter.required else default
    return f"| `{names}` | {told.replace('|', chr(92) + '|')} | {needed} |"
