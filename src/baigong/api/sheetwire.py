"""What is told of a workbook: its picture, tables and columns, what was not understood, what an import would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice

from msgspec import Struct

from baigong.api.sheetfiles import Drawn, Looked, SheetFile
from baigong.models.sheets import Column, Problem, Table
from baigong.models.sheets.kinds import said
from baigong.models.sheets.proposing import propose
from baigong.models.sheets.template import SheetTemplate, keys
from baigong.vocab.cellnames import span

MOST_TOLD = 500  # problems and changes one by one; all are counted
_SHOWN = 80  # characters of a cell in the picture
_SAMPLES = 3


class SheetProblem(Struct, frozen=True, kw_only=True):
    """A cell that was not understood. ``why``: code, error, not_number, not_date, order, year, no_time, twice …"""

    cell: str
    shown: str
    why: str


class SheetRange(Struct, frozen=True, kw_only=True):
    """``role``: title, header, unit, data, section, total, note, repeated."""

    range: str
    role: str


class SheetColumn(Struct, frozen=True, kw_only=True):
    """A column. ``key``: how a template names it; ``written``: the unit as it stands, ``unit``: as UCUM.

    ``notes``: what was decided, like serial_dates, order_dmy, comma_unknown; ``codes``: what stands for no value.
    """

    key: str
    letter: str
    header: str
    name: str
    unit: str
    written: str
    kind: str
    notes: list[str]
    codes: dict[str, int]
    odd: int
    joined: int
    samples: list[str]


class SheetTable(Struct, frozen=True, kw_only=True):
    """A table. ``proposal``: what it probably means; ``templates``: names of kept ones whose words it has."""

    sheet: str
    range: str
    titles: list[str]
    notes: list[str]
    rows: int
    matrix: bool
    findings: list[SheetRange]
    columns: list[SheetColumn]
    problems: list[SheetProblem]
    counts: dict[str, int]
    proposal: SheetTemplate
    templates: list[str]


class SheetDrawn(Struct, frozen=True, kw_only=True):
    """A sheet's upper left corner as texts; ``top`` and ``left`` count from 0. ``high``, ``wide``: of all of it."""

    name: str
    hidden: bool
    top: int
    left: int
    high: int
    wide: int
    cells: list[list[str]]
    merges: list[str]


class SheetLook(Struct, frozen=True, kw_only=True):
    """What a workbook holds; nothing of it is stored. ``id`` is good for an hour."""

    id: str
    name: str
    kind: str
    encoding: str
    sheets: list[SheetDrawn]
    tables: list[SheetTable]


class SheetPoint(Struct, frozen=True, kw_only=True):
    """What a point gets. ``unit``: of the sheet; ``own``: of the point that there is; others are converted.

    ``refused``: unit, text, source: why none of it can be taken.
    """

    point: str
    exists: bool
    unit: str
    own: str
    converted: bool
    refused: str
    values: int
    new: int
    changed: int


class SheetChanged(Struct, frozen=True, kw_only=True):
    """A value that another one replaces."""

    cell: str
    point: str
    time_us: int
    before: str
    after: str


class SheetPlan(Struct, frozen=True, kw_only=True):
    """What an import does. ``agreed``: to be sent with it. ``same``: values that are there as they stand here.

    ``accepted``: values that were stored, ``episodes_written``: episodes; null where nothing was asked to be stored.
    """

    agreed: str
    sheet: str
    range: str
    rows: int
    first_us: int | None
    last_us: int | None
    values: int
    new: int
    changed: int
    same: int
    bad: int
    empty: int
    twice: int
    points: list[SheetPoint]
    changes: list[SheetChanged]
    episodes: int
    episodes_new: int
    episodes_changed: int
    problems: list[SheetProblem]
    counts: dict[str, int]
    accepted: int | None = None
    episodes_written: int | None = None


def told(problems: Iterable[Problem]) -> tuple[list[SheetProblem], dict[str, int]]:
    """Return the first problems, and how many there are of each kind."""
    listed = list(problems)
    shown = [SheetProblem(cell=p.cell, shown=p.shown[:_SHOWN], why=p.why) for p in islice(listed, MOST_TOLD)]
    return shown, dict(Counter(p.why for p in listed))


def look_of(file: SheetFile, looked: Looked, fits: dict[int, list[str]], asset: str, zone: str) -> SheetLook:
    """Tell what was found. ``fits``: table -> names of templates."""
    stem = file.name.rpartition(".")[0] or file.name
    return SheetLook(
        id=file.id,
        name=file.name,
        kind=looked.kind,
        encoding=looked.encoding,
        sheets=[_drawn(one) for one in looked.drawn],
        tables=[
            _table(
                t, fits.get(at, []), f"{stem}-{t.sheet}" if len(looked.tables) > 1 and t.sheet else stem, asset, zone
            )
            for at, t in enumerate(looked.tables)
        ],
    )


def _drawn(one: Drawn) -> SheetDrawn:
    grid = one.grid
    return SheetDrawn(
        name=grid.name,
        hidden=grid.hidden,
        top=grid.top,
        left=grid.left,
        high=one.high,
        wide=one.wide,
        cells=[[said(c)[:_SHOWN] for c in row] for row in grid.rows],
        merges=[span(*merge) for merge in grid.merges[:MOST_TOLD]],
    )


def _table(table: Table, templates: list[str], name: str, asset: str, zone: str) -> SheetTable:
    problems, counts = told(table.problems())
    return SheetTable(
        sheet=table.sheet,
        range=table.range,
        titles=table.titles,
        notes=table.notes[:20],
        rows=len(table.rows),
        matrix=table.matrix,
        findings=[SheetRange(range=f.range, role=f.role) for f in table.findings],
        columns=[_column(key, c) for key, c in zip(keys(table), table.columns, strict=True)],
        problems=problems,
        counts=counts,
        proposal=propose(table, name, asset, zone),
        templates=templates,
    )


def _column(key: str, column: Column) -> SheetColumn:
    held = (v for v in column.values if v.is_valid)
    return SheetColumn(
        key=key,
        letter=column.letter,
        header=column.header,
        name=column.name,
        unit=column.unit,
        written=column.written,
        kind=column.kind,
        notes=column.typed.notes,
        codes=column.typed.codes,
        odd=len(column.typed.odd),
        joined=column.joined,
        samples=[_sample(column, v.as_py()) for v in islice(held, _SAMPLES)],
    )


def _sample(column: Column, value: object) -> str:
    if column.kind in ("clock", "duration") and isinstance(value, int):
        hours, seconds = divmod(value // 1_000_000, 3600)
        return f"{hours:02d}:{seconds // 60:02d}:{seconds % 60:02d}"
    return said(value)[:_SHOWN].removesuffix(" 00:00:00")
