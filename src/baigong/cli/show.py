"""What commands print: tables for people, JSON for programs; results on stdout, everything else on stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration

Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]
Step = Callable[[str, int, int], None]  # what is being done, bytes of it done, bytes in all
say = Console(stderr=True, highlight=False, emoji=False)
_SLACK_S = 60  # clocks of two machines differ by as much without anybody being wrong
_WIDE = 100_000  # a file or a pipe has no edge
_COLOURS = {"good": "green", "connected": "green", "uncertain": "yellow", "connecting": "yellow", "bad": "red"}
_COLOURS |= {"down": "red", "warning": "yellow", "stale": "yellow"}


def tell(sentence: str) -> None:
    """Say one line on stderr, as it is."""
    say.print(sentence, markup=False, soft_wrap=True)


def out() -> Console:
    """Return the console of stdout, as it is now."""
    return Console(highlight=False, emoji=False, soft_wrap=False, width=None if sys.stdout.isatty() else _WIDE)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, right: Sequence[str] = ()) -> None:
    """Print rows under headings; None is shown as nothing."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        made.add_column(escape(name), justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(_cell(value) for value in row))
    out().print(made)


def json(value: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def _cell(value: Any) -> str:
    text = "" if value is None else escape(str(value))
    colour = _COLOURS.get(text)
    return f"[{colour}]{text}[/]" if colour else text


def number(value: Any) -> str:
    """Write a value as people read it: no digits that floating point invented."""
    if isinstance(value, float):
        return f"{value:.10g}"
    return "" if value is None else str(value)


def ago(time_us: int | None, now_us: int | None = None) -> str:
    """Say how long ago; of a clock that is ahead, how far.

    >>> ago(0, 90_000_000), ago(None), ago(7_200_000_000, 0)
    ('90 s', '', '2 h ahead')
    """
    if time_us is None:
        return ""
    past = ((now_us if now_us is not None else time.time_ns() // 1000) - time_us) / 1e6
    if past < -_SLACK_S:
        return f"{ago(0, round(-past * 1e6))} ahead"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if past >= 2 * size:
            return f"{past / size:.0f} {unit}"
    return f"{max(past, 0):.0f} s"


def when(time_us: int | None) -> str:
    """Write a time in this machine's zone."""
    if time_us is None:
        return ""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time_us / 1e6))


def quality(code: int) -> str:
    return q.describe(code)


def language() -> str:
    """Return the terminal's language, ``zh`` or ``en``: of the variables of locale(7) the first that is set."""
    told = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh" if told.lower().startswith("zh") else "en"


def title(facts: Mapping[str, Any]) -> str:
    """Choose the title in the terminal's language; the other one where there is only that."""
    return said(facts, "title")


def said(facts: Mapping[str, Any], name: str) -> str:
    """Choose between a text and its ``_zh`` by the terminal's language; the other one where there is only that."""
    given, chinese = facts.get(name) or "", facts.get(f"{name}_zh") or ""
    return str(chinese or given) if language() == "zh" else str(given or chinese)


def problem(error: dict[str, Any] | None) -> str:
    """Write a problem document in one line."""
    if not error:
        return ""
    place = f" at {error['place']}" if error.get("place") else ""
    return f"{error.get('code', '')}: {error.get('title', '')}{place}"


def event_detail(event: dict[str, Any]) -> str:
    """Write what happened in one line: what is empty is left out, an error is its code and what it says.

    >>> event_detail({"detail": {"device": "st", "changed": [], "error": {"code": "x.y", "title": "no"}}})
    'device st, x.y: no'
    """
    told = []
    for name, fact in event.get("detail", {}).items():
        if fact in (None, "", [], {}):
            continue
        if isinstance(fact, dict) and "code" in fact:
            told.append(problem(fact))
        else:
            told.append(f"{name} {', '.join(map(str, fact)) if isinstance(fact, list) else fact}")
    return ", ".join(told)


@contextmanager
def progress(what: str, total: float | None, *, in_bytes: bool = False) -> Iterator[tuple[Progress, TaskID]]:
    """Show how far a long run is, on stderr, and nothing once it is over."""
    amount = DownloadColumn() if in_bytes else TextColumn("{task.completed:,.0f}")
    with Progress(
        TextColumn("{task.description}"), BarColumn(), amount, TimeElapsedColumn(), TimeRemainingColumn(),
        console=say, transient=True, disable=not say.is_terminal,
    ) as bar:  # fmt: skip
        yield bar, bar.add_task(what, total=total)


def require_typed(name: str, what: str) -> None:
    """Let somebody type a name before ``what`` is done to it. Raises config.invalid for another one."""
    if typer.prompt(f"{what}; type its name", err=True) != name:
        raise FixConfiguration("config.invalid", "this is not its name; nothing was changed", place=name)
