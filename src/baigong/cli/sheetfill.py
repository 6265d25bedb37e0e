"""``baigong sheet fill`` and ``link``: answers in the plant's own workbook, and tables that it refreshes itself."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.textfile import bounded_text, bytes_of, whole_file
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.texts import read_yaml
from baigong.vocab.zones import zone_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from baigong.client.link import Link

_LONGEST = 1 << 20  # bytes of the questions
_PLACE_OF_ONE = "PUT-A-READ-ONLY-TOKEN-HERE"
_OWN = "baigong"  # the sheet of a workbook that says its questions


def add(sheets: typer.Typer) -> None:
    """Add this module's commands to `baigong sheet`."""
    sheets.command("fill")(fill_book)
    sheets.command("link")(link_book)


def fill_book(
    book: Annotated[Path, typer.Argument(help="the plant's own .xlsx, with named cells")],
    output: Annotated[Path, typer.Option("--output", "-o", help="file to write; the workbook itself stays")],
    questions: Annotated[
        Path | None,
        typer.Option(help="YAML: name of a cell: one SELECT; default: the workbook's own sheet called baigong"),
    ] = None,
    timezone: Annotated[str, typer.Option(help="zone of times in the workbook, like Asia/Shanghai")] = "UTC",
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Fill the named cells of a workbook with answers; its formulas, charts, formats and pictures stay.

    A name of one cell takes an answer of any size, from that cell on; a name of a rectangle takes what fits into it.
    """
    from baigong.models.sheets.filling import fill

    raw, zone = bytes_of(book), zone_of(timezone, "--timezone")
    asked = _from_file(questions) if questions else _from_sheet(raw, book)
    with reach(data, url, token, tenant) as link:
        answers = {name: _rows(link, sql, zone) for name, sql in asked.items()}
    made = fill(raw, answers)
    with whole_file(output) as file:
        file.write(made)
    cells = sum(len(row) for rows in answers.values() for row in rows)
    show.tell(f"wrote {output}: {cells:,} cells at {len(answers)} names")


def _from_file(file: Path) -> dict[str, str]:
    told = read_yaml(bounded_text(file, _LONGEST, "questions"), str(file))
    if not isinstance(told, dict) or not all(isinstance(sql, str) for sql in told.values()):
        raise FixConfiguration("config.invalid", "write `name: SELECT …`, a line for each name", place=str(file))
    return {str(name): sql for name, sql in told.items()}


def _from_sheet(raw: bytes, book: Path) -> dict[str, str]:
    """Read the questions of a workbook's own sheet: a name and its SELECT in each row."""
    from baigong.models.sheets import read_book

    grid = next((g for g in read_book(raw, book.name).grids if g.name.casefold() == _OWN), None)
    if grid is None:
        told = f"name the questions with --questions, or in a sheet called {_OWN}: name, SELECT"
        raise FixConfiguration("config.invalid", told, place=str(book))
    pairs = [[c for c in row if isinstance(c, str) and c.strip()][:2] for row in grid.rows]
    asked = (pair for pair in pairs if len(pair) == 2)
    return {name.strip(): sql for name, sql in asked if sql.split()[0].lower() in ("select", "with", "from")}


def _rows(link: Link, sql: str, zone: ZoneInfo) -> list[list[Any]]:
    table = link.arrow("POST", "/sql", body={"sql": sql})
    columns = [[_cell(value, zone) for value in column.to_pylist()] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _cell(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(zone).replace(tzinfo=None)
    return value if value is None or isinstance(value, str | int | float | datetime) else str(value)


def link_book(
    sql: Annotated[str, typer.Argument(help="one SELECT")],
    server: Annotated[str, typer.Option(help="address of the platform, as the one who opens the workbook reaches it")],
    secret: Annotated[str, typer.Option(help="a token that may only read")] = "",
) -> None:
    """Print a Power Query by which Excel asks and refreshes: Data, Get Data, Blank Query, Advanced Editor."""
    address = f"{server.rstrip('/')}/api/v1/sql".replace('"', '""')
    sys.stdout.write(
        "let\n"
        f'  Answer = Web.Contents("{address}", [\n'
        f'    Headers = [Authorization = "Bearer {secret or _PLACE_OF_ONE}", Accept = "text/csv", '
        '#"Content-Type" = "application/json"],\n'
        f'    Content = Text.ToBinary("{_m_text(sql)}")\n'
        "  ]),\n"
        '  Rows = Csv.Document(Answer, [Delimiter = ",", Encoding = 65001, QuoteStyle = QuoteStyle.Csv]),\n'
        "  Table = Table.PromoteHeaders(Rows)\n"
        "in\n"
        "  Table\n"
    )


def _m_text(sql: str) -> str:
    """Write the request's JSON as a text of the M language, where a quote is doubled and a backslash is itself."""
    return json.dumps({"sql": sql}, ensure_ascii=False).replace("#(", "#(#)(").replace('"', '""')
