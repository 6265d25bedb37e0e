"""Tables of a sheet: where each stands, what its columns are called and hold, and why it was understood so. Pure.

>>> from baigong.models.sheets.grids import Grid
>>> grid = Grid("Shift", [["Boiler log", "", ""], ["Date", "Steam (t/h)", "State"], ["22.11.2026", 12.5, "ok"],
...                       ["23.11.2026", "Q", "ok"], ["Total", 12.5, ""]])
>>> table, = find_tables(grid)
>>> table.range, table.titles, [(c.name, c.unit, c.kind) for c in table.columns]
('A1:C5', ['Boiler log'], [('Date', '', 'date'), ('Steam', 't/h', 'number'), ('State', '', 'text')])
>>> table.columns[1].values.to_pylist(), [(p.cell, p.shown, p.why) for p in table.problems()]
([12.5, None], [('B4', 'Q', 'code')])
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.models.sheets.blocks import Block, blocks, covered, filled
from baigong.models.sheets.grids import Book, Grid
from baigong.models.sheets.headers import Named, join, split_unit, unit_alone
from baigong.models.sheets.kinds import Kind, Odd, Typed, said, type_column
from baigong.models.sheets.layout import Layout, is_value, lay_out
from baigong.models.sheets.moments import Order
from baigong.models.sheets.texts import is_code, plain
from baigong.vocab.cellnames import letters, span


@dataclass(slots=True, frozen=True)
class Finding:
    """A range and what it was taken for. ``role``: title, header, unit, data, section, total, note, repeated."""

    range: str
    role: str


@dataclass(slots=True, frozen=True)
class Problem:
    """A cell that was not understood. ``why``: one of kinds.REASONS."""

    cell: str
    shown: str
    why: str


@dataclass(slots=True)
class Column:
    """One column. ``values`` are typed as kinds.ARROW says, one for each of the table's ``rows``.

    ``name`` without the unit, ``header`` with it as it stands; ``unit``: UCUM, "" where none is known.
    """

    letter: str
    header: str
    name: str
    unit: str
    written: str
    typed: Typed
    joined: int = 0  # cells filled from a merged one above

    @property
    def kind(self) -> Kind:
        return self.typed.kind

    @property
    def values(self) -> pa.Array:
        return self.typed.values


@dataclass(slots=True)
class Table:
    """``rows``: the sheet's row numbers of the data, as a spreadsheet counts (from 1); no totals, no section rows."""

    sheet: str
    range: str
    titles: list[str]
    notes: list[str]
    columns: list[Column]
    rows: np.ndarray[Any, np.dtype[np.int64]]
    findings: list[Finding]
    sections: dict[int, str] = field(default_factory=dict)  # row of the sheet -> what heads the rows after it
    matrix: bool = False  # the names of columns count up: days, years, numbers of machines

    def column(self, header: str) -> Column | None:
        """Return the first column of this name or header, whatever the size of its letters."""
        wanted = plain(header).casefold()
        for one in self.columns:
            if wanted in (one.header.casefold(), one.name.casefold()):
                return one
        return None

    def arrow(self) -> pa.Table:
        """Return the columns under their headers; the same header twice gets the column's letter."""
        names: list[str] = []
        for one in self.columns:
            names.append(f"{one.header} [{one.letter}]" if one.header in names or not one.header else one.header)
        return pa.table(dict(zip(names, [c.values for c in self.columns], strict=True)))

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield each row as header -> value; for tables of some thousand rows."""
        yield from self.arrow().to_pylist()

    def problems(self) -> Iterator[Problem]:
        """Yield every cell of the data that was not understood, by column, then row."""
        for one in self.columns:
            for odd in one.typed.odd:
                yield Problem(f"{one.letter}{self.rows[odd.row]}", odd.shown, odd.why)


_MOST_HEADERS = 12  # rows


def find_all(book: Book, *, order: Order = "", decimal: str = "") -> list[Table]:
    """Find the tables of every sheet that is shown."""
    return [t for grid in book.grids if not grid.hidden for t in find_tables(grid, order=order, decimal=decimal)]


def find_tables(grid: Grid, *, order: Order = "", decimal: str = "") -> list[Table]:
    """Find the tables of one sheet, from the top. ``order``, ``decimal``: what a person said of doubtful cells."""
    held = filled(grid)
    whole = covered(grid, held)
    tables: list[Table] = []
    lines: list[Block] = []  # titles not yet given to a table
    for block in _continued(grid, blocks(whole)):
        layout = lay_out(grid.rows, block, held, whole)
        if layout is None:
            under = _under(tables, block, grid)
            if under is not None and not lines:
                _note(under, grid, block)
            else:
                lines.append(block)
            continue
        made = _table(grid, block, layout, order, decimal)
        for line in (one for one in lines if one.bottom < block.top):
            made.titles[:0] = _texts(grid, line)
            made.findings.insert(0, Finding(_span(grid, line.top, line.left, line.bottom, line.right), "title"))
        lines = [one for one in lines if one.bottom >= block.top]
        tables.append(made)
    for line in lines:
        if tables:
            _note(tables[-1], grid, line)
    return tables


def _continued(grid: Grid, found: list[Block]) -> list[Block]:
    """Join a block without headers of its own to the one above: a blank row in a table, or beneath its headers."""
    joined: list[Block] = []
    for block in found:
        at = next((i for i in range(len(joined) - 1, -1, -1) if _goes_on(grid, joined[i], block)), None)
        if at is None:
            joined.append(block)
        else:
            above = joined[at]
            joined[at] = Block(above.top, above.left, block.bottom, max(above.right, block.right))
    return joined


def _goes_on(grid: Grid, above: Block, block: Block) -> bool:
    within = above.left <= block.left and block.right <= above.right
    if not within or above.bottom >= block.top or min(above.wide, block.wide) < 2 or block.top - above.bottom > 3:
        return False
    first = next((row for row in _rows(grid, block, block.top, block.bottom) if sum(map(_holds, row)) > 1), [])
    if not any(map(is_value, first)):
        return False
    last = grid.rows[above.bottom][above.left : above.right + 1]
    same_columns = above.high > 1 and (above.left, above.right) == (block.left, block.right)
    if same_columns and any(map(is_value, last)) and not any(map(_word_under_value, last, first)):
        return True
    heads = _rows(grid, above, above.top, above.bottom)
    return sum(map(_holds, last)) > 1 and above.high <= _MOST_HEADERS and not any(is_value(c) for r in heads for c in r)


def _word_under_value(above: Any, cell: Any) -> bool:
    """Say whether a cell begins something new: a word in a column of values, that is no code for none."""
    return (
        is_value(above) and type(cell) is str and bool(plain(cell)) and not is_value(cell) and not is_code(plain(cell))
    )


def _rows(grid: Grid, block: Block, top: int, bottom: int) -> list[list[Any]]:
    return [grid.rows[r][block.left : block.right + 1] for r in range(top, min(bottom, top + _MOST_HEADERS) + 1)]


def _under(tables: list[Table], block: Block, grid: Grid) -> Table | None:
    """Return the table right above a block of words: they are its notes where another table is not nearer below."""
    return tables[-1] if tables and block.wide == 1 and tables[-1].rows[-1] < block.top + grid.top + 1 else None


def _texts(grid: Grid, block: Block) -> list[str]:
    cells = (c for r in range(block.top, block.bottom + 1) for c in grid.rows[r][block.left : block.right + 1])
    return [said(c) for c in cells if said(c)]


def _note(table: Table, grid: Grid, block: Block) -> None:
    table.notes += _texts(grid, block)
    table.findings.append(Finding(_span(grid, block.top, block.left, block.bottom, block.right), "note"))


def _span(grid: Grid, top: int, left: int, bottom: int, right: int) -> str:
    return span(top + grid.top, left + grid.left, bottom + grid.top, right + grid.left)


def _table(grid: Grid, block: Block, layout: Layout, order: Order, decimal: str) -> Table:
    first, bottom = layout.body
    apart = {*layout.sections, *layout.totals, *layout.repeated}
    chosen = [
        r
        for r in range(first, bottom + 1)
        if r not in apart and any(_holds(c) for c in grid.rows[r][block.left : block.right + 1])
    ]
    heads = _headings(grid, block, layout)
    columns = []
    for at, column in enumerate(range(block.left, block.right + 1)):
        cells = [grid.rows[r][column] for r in chosen]
        joined = _fill_merged(grid, column, chosen, cells)
        name, header = heads[at]
        typed = type_column(cells, header, order=order, decimal=decimal)
        if joined and typed.kind in ("number", "duration"):  # one amount over three rows is not three amounts
            cells = [grid.rows[r][column] for r in chosen]
            typed, joined = type_column(cells, header, order=order, decimal=decimal), 0
        letter = letters(column + grid.left)
        columns.append(Column(letter, header, name.name or letter, name.unit, name.written, typed, joined))
    _only_codes(columns)
    return Table(
        sheet=grid.name,
        range=_span(grid, block.top, block.left, block.bottom, block.right),
        titles=[t for r in layout.titles for t in _texts(grid, Block(r, block.left, r, block.right))],
        notes=[t for r in layout.notes for t in _texts(grid, Block(r, block.left, r, block.right))],
        columns=columns,
        rows=np.array(chosen, np.int64) + grid.top + 1,
        findings=_findings(grid, block, layout),
        sections={
            r + grid.top + 1: next(iter(_texts(grid, Block(r, block.left, r, block.right))), "")
            for r in layout.sections
        },
        matrix=layout.matrix,
    )


def _only_codes(columns: list[Column]) -> None:
    """Take a column that holds nothing but the codes of its neighbours for numbers that are all missing."""
    known = {code for one in columns if one.kind == "number" for code in one.typed.codes}
    for one in columns:
        texts = one.values.to_pylist() if one.kind == "text" and known else []
        if texts and set(filter(None, texts)) <= known:
            odd = [Odd(at, text, "code") for at, text in enumerate(texts) if text]
            one.typed = Typed("number", pa.nulls(len(texts), pa.float64()), odd)


def _holds(value: Any) -> bool:
    return value is not None and value != ""


def _anchor(grid: Grid, top: int, left: int) -> Any:
    """Return what a merged cell holds; nothing for one that lies outside of what was read."""
    row, column = top - grid.top, left - grid.left
    return grid.rows[row][column] if 0 <= row < len(grid.rows) and 0 <= column < grid.wide else ""


def _fill_merged(grid: Grid, column: int, chosen: Sequence[int], cells: list[Any]) -> int:
    """Give a cell that is merged over several rows to each of them; returns how many were filled."""
    at = {row: index for index, row in enumerate(chosen)}
    done = 0
    for top, left, bottom, right in grid.merges:
        if not left - grid.left <= column <= right - grid.left or top == bottom:
            continue
        value = _anchor(grid, top, left)
        for row in range(top - grid.top + 1, bottom - grid.top + 1):
            if row in at and _holds(value) and left - grid.left == column:
                cells[at[row]] = value
                done += 1
    return done


def _headings(grid: Grid, block: Block, layout: Layout) -> list[tuple[Named, str]]:
    """Return (name and unit, the whole header) of each column: header rows joined from the top."""
    lines = [_spread(grid, block, row, row != layout.headers[-1]) for row in layout.headers]
    units = [_spread(grid, block, row, False) for row in layout.units]
    found = []
    for at in range(block.wide):
        header = join([line[at] for line in lines])
        alone = next((line[at] for line in units if line[at]), "")
        parts = [split_unit(line[at]) for line in lines if line[at]]
        name = split_unit(header)
        if not name.unit and (above := next((p for p in reversed(parts) if p.unit), None)):
            name = Named(join([p.name for p in parts]), above.unit, above.written)
        if alone:
            name = Named(name.name, unit_alone(alone) or name.unit, plain(alone))
        found.append((name, header))
    return found


def _spread(grid: Grid, block: Block, row: int, upper: bool) -> list[str]:
    """Return a header row's words by column: merged ones over all their columns, and in the rows beneath.

    Without merged cells a word of an upper row goes for the blank ones right of it where the words beneath repeat.
    """
    words = [said(c) for c in grid.rows[row][block.left : block.right + 1]]
    wide = False
    for top, left, bottom, right in grid.merges:
        if top - grid.top <= row <= bottom - grid.top and right - grid.left >= block.left:
            word = said(_anchor(grid, top, left))
            wide = wide or right > left
            for column in range(max(left - grid.left, block.left), min(right - grid.left, block.right) + 1):
                words[column - block.left] = word
    if upper and not wide:
        beneath = [said(c) for c in grid.rows[row + 1][block.left : block.right + 1]]
        for at in range(1, len(words)):
            words[at] = words[at] or (words[at - 1] if beneath.count(beneath[at]) > 1 and beneath[at] else "")
    return words


_ROLES = ("title", "header", "unit", "section", "total", "repeated", "note")


def _findings(grid: Grid, block: Block, layout: Layout) -> list[Finding]:
    rows = (layout.titles, layout.headers, layout.units, layout.sections, layout.totals, layout.repeated, layout.notes)
    found = []
    for role, listed in zip(_ROLES, rows, strict=True):
        found += [Finding(_span(grid, a, block.left, b, block.right), role) for a, b in _together(listed)]
    first, bottom = layout.body
    found.append(Finding(_span(grid, first, block.left, bottom, block.right), "data"))
    return found


def _together(rows: list[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and found[-1][1] == row - 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found
