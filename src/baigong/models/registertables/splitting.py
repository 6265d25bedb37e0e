"""Cuts a pasted text, or the sheets of a workbook, into rows of cells: tabs, bars, commas, or columns by blanks."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from baigong.models.sheets import Book
from baigong.models.sheets.kinds import said
from baigong.models.sheets.texts import plain

_WIDE = re.compile(r" {2,}|\t+")
_RULE = re.compile(r"^[\s|+:=_-]*$")


@dataclass(slots=True, frozen=True)
class Row:
    """One row. ``line``: its number in the text or sheet, from 1. ``loose``: cells were cut at single blanks.

    Brackets, colons and digits of Chinese typing are narrow in ``cells``: whoever reads them knows one form.
    """

    line: int
    cells: tuple[str, ...]
    loose: bool = False


def split(text: str) -> list[Row]:
    r"""Cut a text into rows; empty lines and lines of dashes are left out.

    >>> [row.cells for row in split("| Reg | Name |\n|---|---|\n| 0x10 | Flow |")]
    [('Reg', 'Name'), ('0x10', 'Flow')]
    """
    lines = [(number, line.rstrip()) for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1)]
    lines = [(number, line) for number, line in lines if not _RULE.match(line)]
    how = _manner([line for _, line in lines])
    return [Row(number, tuple(map(plain, _cells(line, how))), how == "") for number, line in lines]


def rows_of_book(book: Book) -> list[Row]:
    """Return the rows of the sheet that has most cells; merged cells say the same in all of theirs."""
    if not book.grids:
        return []
    grid = max((g for g in book.grids if not g.hidden), key=lambda g: sum(map(len, g.rows)), default=book.grids[0])
    rows = [[said(value) for value in row] for row in grid.rows]
    for top, left, bottom, right in grid.merges:
        for at in range(top - grid.top, bottom - grid.top + 1):
            for column in range(left - grid.left, right - grid.left + 1):
                if 0 <= at < len(rows) and 0 <= column < len(rows[at]):
                    rows[at][column] = rows[max(top - grid.top, 0)][max(left - grid.left, 0)]
    return [Row(grid.top + at + 1, tuple(row)) for at, row in enumerate(rows) if any(row)]


def _manner(lines: list[str]) -> str:
    """Say what parts the cells: a sign, "  " for two blanks and more, "" for single ones."""
    if not lines:
        return ","
    for sign in ("\t", "|", ";", ","):
        if sum(line.count(sign) >= 2 for line in lines) * 2 > len(lines):
            return sign
    return "  " if sum(len(_WIDE.findall(line.strip())) >= 2 for line in lines) * 2 > len(lines) else ""


def _cells(line: str, how: str) -> list[str]:
    if how == "  ":
        return _WIDE.split(line.strip())
    if how == "":
        return line.split()
    if how == "|":
        return line.strip().strip("|").split("|")
    return next(csv.reader(io.StringIO(line), delimiter=how), [])
