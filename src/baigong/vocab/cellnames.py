"""Places on a sheet, as a spreadsheet names them. Rows and columns count from 0 here, from 1 and A there. Pure."""

from __future__ import annotations

import re

_CELL = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})")


def letters(column: int) -> str:
    """Name a column.

    >>> letters(0), letters(25), letters(26), letters(701), letters(16_383)
    ('A', 'Z', 'AA', 'ZZ', 'XFD')
    """
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def number_of(name: str) -> int:
    """Return the number of a column from its letters.

    >>> number_of("A"), number_of("XFD")
    (0, 16383)
    """
    at = 0
    for letter in name.upper():
        at = at * 26 + ord(letter) - 64
    return at - 1


def cell(row: int, column: int) -> str:
    """Name a cell.

    >>> cell(6, 2)
    'C7'
    """
    return f"{letters(column)}{row + 1}"


def span(top: int, left: int, bottom: int, right: int) -> str:
    """Name a rectangle, both corners within it.

    >>> span(2, 0, 2, 5), span(0, 0, 0, 0)
    ('A3:F3', 'A1')
    """
    first, last = cell(top, left), cell(bottom, right)
    return first if first == last else f"{first}:{last}"


def place(text: str) -> tuple[int, int]:
    """Return (row, column) of a cell's name; ValueError for what is none.

    >>> place("C7"), place("$AA$10")
    ((6, 2), (9, 26))
    """
    found = _CELL.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no cell")
    return int(found[2]) - 1, number_of(found[1])
