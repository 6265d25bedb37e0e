"""``baigong aas …``: check, show and convert files of the Asset Administration Shell, without any platform."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from baigong.cli import show
from baigong.cli.show import Json
from baigong.vocab.errors import BaigongError

if TYPE_CHECKING:
    from baigong.models.aas import Finding

aas = typer.Typer(
    no_args_is_help=True, help="Asset Administration Shell files (AASX, JSON, XML): check, show, convert."
)

_INVALID = 2
_LONGEST = 100  # characters of a value in the tree


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(aas, name="aas")


class As(StrEnum):
    """A version of the metamodel."""

    V3_0 = "3.0"
    V3_1 = "3.1"


Source = Annotated[Path, typer.Argument(help="an .aasx, .json or .xml file", exists=True, dir_okay=False)]
Rules = Annotated[
    As | None, typer.Option("--as", help="by the rules of 3.0 or 3.1; default: what the file names, or fits")
]


@aas.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="files to check", exists=True, dir_okay=False)],
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Check files against the metamodel; every finding with its place and advice. Exit code 2 when there are errors."""
    told = [(str(file), _looked(file, rules)) for file in files]
    if as_json:
        show.json([{"file": file, **_document(found)} for file, found in told])
    else:
        for file, found in told:
            _print(file, found)
    if any(isinstance(found, BaigongError) or _wrong(found) for _, found in told):
        raise typer.Exit(_INVALID)


def _looked(file: Path, rules: As | None) -> list[Finding] | BaigongError:
    from baigong.models.aas import check as judged
    from baigong.models.aas import read

    try:
        return judged(read(file), rules.value if rules else None)
    except BaigongError as error:  # a file that cannot be read is a result, too
        return error


def _document(found: list[Finding] | BaigongError) -> dict[str, Any]:
    if isinstance(found, BaigongError):
        return {"accepted": False, "error": found.problem(), "findings": []}
    return {"accepted": not _wrong(found), "error": None, "findings": [msgspec.to_builtins(one) for one in found]}


def _wrong(found: list[Finding]) -> int:
    return sum(one.level == "error" for one in found)


def _print(file: str, found: list[Finding] | BaigongError) -> None:
    chinese = show.language() == "zh"
    out = show.out()
    if isinstance(found, BaigongError):
        out.print(f"{file}: {found.code}: {_plain(found.message)}", markup=False)
        if found.place:
            out.print(f"  {'位置' if chinese else 'at'} {_plain(found.place)}", markup=False)
        out.print(f"  {found.kind.advice_zh if chinese else found.advice}", markup=False)
        return
    wrong, warned = _wrong(found), len(found) - _wrong(found)
    counted = f"{wrong} 个错误,{warned} 个警告" if chinese else f"{wrong} errors, {warned} warnings"
    out.print(f"{file}: {counted}", markup=False)
    rows = [
        (one.level, one.code, _plain(one.at), one.path, _plain(one.message), one.advice_zh if chinese else one.advice)
        for one in found
    ]
    headings = ("级别", "规则", "位置", "路径", "问题", "建议") if chinese else _HEADINGS
    if rows:
        show.table(headings, rows)


_HEADINGS = ("level", "rule", "where", "path", "what", "advice")


@aas.command()
def convert(
    source: Source,
    target: Annotated[Path, typer.Argument(help="the file to write; its ending says which form", dir_okay=False)],
    rules: Annotated[
        As, typer.Option("--as", help="write 3.1, or the view of it that readers of 3.0 understand")
    ] = As.V3_1,
    tolerate: Annotated[bool, typer.Option("--tolerate", help="convert what breaks rules, too")] = False,
) -> None:
    """Write a file in another form or version. What breaks rules is refused, and nothing is written."""
    from baigong.models.aas import accept, as_3_0, form_of, read, write
    from baigong.stores.durable import replace_file

    form = form_of(target.name)
    package = read(source)
    if not tolerate:
        accept(package)
    if rules is As.V3_0:
        package, changes = as_3_0(package)
        if not tolerate:
            accept(package)
        for change in changes:
            told = change.message_zh if show.language() == "zh" else change.message
            show.tell(_plain(f"3.0: {change.at or change.path}: {told}"))
    if package.files and form != "aasx":
        show.tell(_left_out(len(package.files), form))
    replace_file(target, write(package, form, rules.value))


def _left_out(count: int, form: str) -> str:
    if show.language() == "zh":
        return f"{form} 不含附件:未写出 {count} 个文件,如需保留请转换为 .aasx"
    return f"{form} holds no files: {count} left out; convert to .aasx to keep them"


@aas.command("show")
def show_file(source: Source, as_json: Json = False) -> None:
    """Show what a file holds: shells, submodels, elements with values, units and semantic ids."""
    from baigong.models.aas import read
    from baigong.models.aas.tree import lines

    package = read(source)
    if as_json:
        show.json(package.environment.jsonable())
        return
    rows = [
        ("  " * line.depth + _plain(line.name), line.kind, _cut(line.value), _plain(line.unit), _plain(line.semantic))
        for line in lines(package.environment, show.language())
    ]
    chinese = show.language() == "zh"
    show.table(
        ("名称", "类型", "值", "单位", "语义标识") if chinese else ("name", "kind", "value", "unit", "semantic id"),
        rows,
    )
    if package.files:
        show.out().print()
        files = [
            (name, f.media, f"{len(f.content):,}", ", ".join(sorted(f.roles))) for name, f in package.files.items()
        ]
        show.table(("文件", "媒体类型", "字节", "用途") if chinese else ("file", "media type", "bytes", "role"), files)


def _plain(text: str) -> str:
    """Take out what would move the cursor or colour the terminal: a file of a stranger only says words."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _cut(value: str) -> str:
    line = _plain(" ".join(value.split()))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
