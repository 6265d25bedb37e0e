"""Which rows of a block are titles, headers, units, data, sections, totals and notes. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

from baigong.models.sheets.blocks import Block, Mask
from baigong.models.sheets.grids import ERROR
from baigong.models.sheets.headers import unit_alone
from baigong.models.sheets.moments import Unclear, read_clock, read_moment
from baigong.models.sheets.texts import is_code, plain, read_number

_MOST_HEADERS = 12
_LOOKED = 400  # rows of a block from which its columns are judged
_TOTAL = re.compile(
    r"(grand\s+|sub-?\s*)?(total|sum|average|mean|avg|gesamt|summe)s?\b.*|(总|合|小|累|共)\s*计.*|平均值?|汇总|最大值?|最小值?",
    re.I,
)
_NOTE = re.compile(
    r"(notes?|source|remark|footnote|comment)s?\b.*|[(（]?[a-z1-9*†‡][)）]\s*\S.*|[*†‡※].*|注.*|备注.*|说明.*|来源.*|NA=.*",
    re.I,
)


@dataclass(slots=True)
class Layout:
    """Rows of the grid by what they are. ``body``: first and last row of the data, with what stands between."""

    titles: list[int] = field(default_factory=list)
    headers: list[int] = field(default_factory=list)
    units: list[int] = field(default_factory=list)
    body: tuple[int, int] = (0, -1)
    sections: list[int] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    notes: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    matrix: bool = False  # the last header row is numbers or dates: names of a series


def is_value(cell: Any) -> bool:
    """Say whether a cell is a value rather than a word: a number, a date, a clock time."""
    if type(cell) is not str:
        return cell is not None
    text = plain(cell)
    if not text or len(text) > 40 or text == ERROR:
        return False
    try:
        return read_number(text) is not None or read_moment(text) is not None or _clock(text)
    except Unclear:
        return True


def _clock(text: str) -> bool:
    return ":" in text and read_clock(text) is not None


def lay_out(rows: Sequence[Sequence[Any]], block: Block, held: Mask, whole: Mask) -> Layout | None:
    """Divide a block's rows; None where it is no table (one column of texts, or one row)."""
    counts = held[block.top : block.bottom + 1, block.left : block.right + 1].sum(axis=1)
    bottom, notes = _notes(rows, block, counts)
    valued = _valued(rows, block, bottom)
    first, matrix = _first_data(rows, block, bottom, valued, counts)
    if first is None:
        return None
    titles = _titles(rows, block, first, counts, held, whole)
    layout = Layout(titles=titles, notes=notes, matrix=matrix)
    for row in range(block.top + len(titles), first):
        words = [c for c in _part(rows, row, block) if type(c) is str and plain(c)]
        if not counts[row - block.top]:
            continue
        are_units = words and sum(bool(unit_alone(w)) for w in words) * 2 > len(words) and row > block.top
        (layout.units if are_units and layout.headers else layout.headers).append(row)
    layout.body = (first, bottom)
    _inner(rows, block, layout, counts)
    return layout


def _part(rows: Sequence[Sequence[Any]], row: int, block: Block) -> Sequence[Any]:
    return rows[row][block.left : block.right + 1]


def _only(rows: Sequence[Sequence[Any]], row: int, block: Block) -> tuple[int, Any]:
    """Return the one cell of a row that holds something, and where."""
    for at, cell in enumerate(_part(rows, row, block)):
        if cell is not None and (type(cell) is not str or plain(cell)):
            return at, cell
    return 0, ""


def _notes(rows: Sequence[Sequence[Any]], block: Block, counts: Any) -> tuple[int, list[int]]:
    """Return the last row that is no note, and the notes beneath it."""
    bottom, notes = block.bottom, []
    while bottom > block.top and block.wide > 1 and counts[bottom - block.top] == 1:
        at, cell = _only(rows, bottom, block)
        text = plain(cell) if type(cell) is str else ""
        if not text or _TOTAL.fullmatch(text) or at > 1 or (block.wide == 2 and not _NOTE.fullmatch(text)):
            break
        notes.append(bottom)
        bottom -= 1
    return bottom, notes[::-1]


def _valued(rows: Sequence[Sequence[Any]], block: Block, bottom: int) -> list[bool]:
    """Say of each column whether what stands in its lower part is values."""
    high = bottom - block.top + 1
    first = block.top + (high // 3 if high > 3 else min(1, high - 1))
    step = max((bottom - first + 1) // _LOOKED, 1)
    valued = []
    for column in range(block.left, block.right + 1):
        cells = [rows[r][column] for r in range(first, bottom + 1, step)]
        said = [c for c in cells if c is not None and c != "" and not (type(c) is str and is_code(plain(c)))]
        valued.append(bool(said) and sum(map(is_value, said)) * 2 > len(said))
    return valued


def _first_data(
    rows: Sequence[Sequence[Any]], block: Block, bottom: int, valued: list[bool], counts: Any
) -> tuple[int | None, bool]:
    """Return the first row of data, and whether the row above it is numbers that name columns."""
    if bottom == block.top:
        return None, False
    if not any(valued):
        return _all_words(rows, block, bottom, counts), False
    row, last = block.top, min(block.top + _MOST_HEADERS, bottom)
    while row <= last and not _has_values(rows, row, block, valued):
        row += 1
    if row > last:
        row = block.top
    matrix = row < bottom and _is_scale(_part(rows, row, block), _part(rows, row + 1, block))
    if matrix:
        row += 1
    while row > block.top + 1 and not matrix and counts[row - 1 - block.top] == 1 and block.wide > 2:
        if counts[: row - 1 - block.top].max(initial=0) < 2:
            break
        row -= 1  # one word beneath the headers: it heads a section of the data
    return row, matrix


def _has_values(rows: Sequence[Sequence[Any]], row: int, block: Block, valued: list[bool]) -> bool:
    cells = _part(rows, row, block)
    held = [(c, v) for c, v in zip(cells, valued, strict=True) if c is not None and c != ""]
    hits = sum(v and is_value(c) for c, v in held)
    misses = sum(v and type(c) is str and not is_value(c) and not is_code(plain(c)) for c, v in held)
    return hits > 0 and hits >= misses


def _all_words(rows: Sequence[Sequence[Any]], block: Block, bottom: int, counts: Any) -> int | None:
    if block.wide < 2:
        return None
    for row in range(block.top, min(block.top + 4, bottom)):
        words = [plain(str(c)) for c in _part(rows, row, block) if c is not None and c != ""]
        if len(words) >= max(2, block.wide * 0.6) and len(set(words)) == len(words):
            return row + 1
    return None


def _is_scale(cells: Sequence[Any], below: Sequence[Any]) -> bool:
    """Say whether a row is names that count up: 1, 2, 3; 2019, 2020; days. The next row must not count on."""
    numbers = _steps(cells)
    counts_on = len(steps := _steps(below)) > 1 and set(steps) == set(numbers)
    return len(numbers) >= 3 and len(set(numbers)) == 1 and numbers[0] != 0 and not counts_on


def _steps(cells: Sequence[Any]) -> list[float]:
    numbers: list[float] = []
    for cell in cells[1:]:
        if isinstance(cell, date):
            numbers.append(cell.toordinal())
        elif type(cell) in (int, float) and float(cell).is_integer():
            numbers.append(float(cell))
        elif type(cell) is str and plain(cell).isdecimal():
            numbers.append(float(plain(cell)))
        elif cell not in (None, "") and numbers:
            break  # words after the scale: a total, a remark
    return [b - a for a, b in pairwise(numbers)]


def _titles(rows: Sequence[Sequence[Any]], block: Block, first: int, counts: Any, held: Mask, whole: Mask) -> list[int]:
    """Return the rows above the headers that say something of the whole table."""
    titles: list[int] = []
    for row in range(block.top, first - 1):
        cells = _part(rows, row, block)
        words = [plain(str(c)) for c in cells if c is not None and c != ""]
        covers = int(whole[row, block.left : block.right + 1].sum())
        alone = len(words) == 1 and (covers in (1, block.wide) or covers > block.wide * 0.7) and block.wide > 1
        facts = bool(words) and all(re.search(r"[:：]", w) for w in words[::2]) and len(words) < block.wide
        if not alone and not facts:
            break
        titles.append(row)
    return titles


def _inner(rows: Sequence[Sequence[Any]], block: Block, layout: Layout, counts: Any) -> None:
    """Find what stands between the data: sections, totals, and headers printed again on each page."""
    first, bottom = layout.body
    heading = [plain(str(c)) for c in _part(rows, layout.headers[-1], block)] if layout.headers else []
    for row in range(first, bottom + 1):
        count = counts[row - block.top]
        left = rows[row][block.left]
        cell = left if left not in (None, "") or block.wide == 1 else rows[row][block.left + 1]
        cell = _only(rows, row, block)[1] if count == 1 else cell
        if type(cell) is not str:
            continue
        text = plain(cell)
        if count == 1 and block.wide > 2 and text and not is_value(text):
            layout.sections.append(row)
        elif (
            heading
            and text == (heading[0] or heading[1 if len(heading) > 1 else 0])
            and heading == [plain(str(c)) for c in _part(rows, row, block)]
        ):
            layout.repeated.append(row)
        elif text and _TOTAL.fullmatch(text):
            layout.totals.append(row)
