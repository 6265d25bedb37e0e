"""Workbooks as grids of values: .xlsx, .xlsm, .xlsb, .xls, .ods, .csv, .tsv, .txt. No formula is run, no link followed.

Values are None or "" (empty), str, float, bool, date, datetime, time or timedelta. A date without a clock time is
a date, also where its cell shows 00:00. Formulas give what was computed last; a cell that shows an error gives
``ERROR``.
"""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baigong.models.sheets.parts import BROKEN, check_archive, error_cells
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.texts import decoded

Merge = tuple[int, int, int, int]  # top, left, bottom, right, all within
ERROR = "#ERROR"
TEXTS = ("csv", "tsv", "txt")
BOOKS = ("xlsx", "xlsm", "xlsb", "xls", "ods")
_SNIFFED = 1 << 16
_MOST_CELLS = 60_000_000  # a dense grid of more does not fit beside a platform


@dataclass(slots=True, frozen=True)
class Grid:
    """One sheet. ``rows`` are equally long; the first stands at ``top`` and its first cell at ``left``."""

    name: str
    rows: list[list[Any]]
    top: int = 0
    left: int = 0
    merges: tuple[Merge, ...] = ()
    hidden: bool = False

    @property
    def wide(self) -> int:
        return len(self.rows[0]) if self.rows else 0


@dataclass(slots=True, frozen=True)
class Book:
    name: str
    kind: str
    grids: tuple[Grid, ...]
    encoding: str = ""  # of a text file


def read_book(source: Path | bytes, name: str = "") -> Book:
    """Read a whole workbook; payload.malformed for what is none, payload.too_large for what does not fit.

    ``name`` says by its ending what the bytes are.
    """
    name = name or (source.name if isinstance(source, Path) else "")
    kind = name.rpartition(".")[2].lower()
    if kind not in TEXTS + BOOKS:
        raise FixConfiguration("payload.malformed", f"{kind or 'this'} is none of {[*BOOKS, *TEXTS]}", place=name)
    try:
        raw = source.read_bytes() if isinstance(source, Path) else source
    except OSError as error:
        raise FixConfiguration("payload.malformed", f"cannot be read: {error}", place=name) from error
    if not raw.strip():
        raise FixConfiguration("payload.malformed", "the file is empty", place=name)
    if kind in TEXTS:
        grid, encoding = _text(raw, kind)
        return Book(name, kind, (grid,), encoding)
    return Book(name, kind, _workbook(raw, name))


def _workbook(raw: bytes, name: str) -> tuple[Grid, ...]:
    import python_calamine as calamine

    errors: dict[str, list[tuple[int, int]]] = {}
    try:
        if raw[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                check_archive(archive, _MOST_CELLS)
                errors = error_cells(archive)
        with calamine.load_workbook(io.BytesIO(raw)) as book:
            sheets = [m for m in book.sheets_metadata if m.typ == calamine.SheetTypeEnum.WorkSheet]
            return tuple(
                _grid(book.get_sheet_by_name(m.name), m.visible != calamine.SheetVisibleEnum.Visible, errors)
                for m in sheets
            )
    except calamine.PasswordError as error:
        raise FixConfiguration("payload.malformed", "it is locked by a password", place=name) from error
    except calamine.CalamineError as error:
        if raw[:2] == b"PK":
            raise _malformed(name, error) from error
        return _old(raw, name)
    except BROKEN as error:
        raise _malformed(name, error) from error


def _malformed(name: str, error: Exception) -> FixConfiguration:
    return FixConfiguration("payload.malformed", f"this is no workbook: {error}", place=name)


def _grid(sheet: Any, hidden: bool, errors: dict[str, list[tuple[int, int]]]) -> Grid:
    top, left = sheet.start or (0, 0)
    rows = sheet.to_python(skip_empty_area=True)
    for row, column in errors.get(sheet.name, ()):
        if 0 <= row - top < len(rows) and 0 <= column - left < len(rows[0]):
            rows[row - top][column - left] = ERROR
    merges = tuple((a, b, c, d) for (a, b), (c, d) in sheet.merged_cell_ranges or ())
    return Grid(sheet.name, rows, top, left, merges, hidden)


def _old(raw: bytes, name: str) -> tuple[Grid, ...]:
    """Read what Excel wrote before 1997: a stream without the container that calamine wants."""
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=raw, logfile=io.StringIO())
        return tuple(_old_grid(book, sheet) for sheet in book.sheets())
    except (xlrd.XLRDError, ValueError, IndexError, KeyError, AssertionError, TypeError) as error:
        raise _malformed(name, error) from error
    except Exception as error:
        raise _malformed(name, error) from error


def _old_grid(book: Any, sheet: Any) -> Grid:
    import xlrd

    def value(kind: int, held: Any) -> Any:
        if kind == xlrd.XL_CELL_DATE:
            moment = xlrd.xldate_as_datetime(held, book.datemode)
            if held < 1:
                return moment.time()
            return moment if moment.time().isoformat() != "00:00:00" else moment.date()
        if kind == xlrd.XL_CELL_BOOLEAN:
            return bool(held)
        return ERROR if kind == xlrd.XL_CELL_ERROR else held

    rows = [
        [value(k, v) for k, v in zip(sheet.row_types(r), sheet.row_values(r), strict=True)] for r in range(sheet.nrows)
    ]
    wide = max(map(len, rows), default=0)
    padded = [[*row, *[""] * (wide - len(row))] for row in rows]
    merges = tuple((a, c, b - 1, d - 1) for a, b, c, d in sheet.merged_cells)
    return Grid(sheet.name, padded, merges=merges, hidden=bool(sheet.visibility))


def _text(raw: bytes, kind: str) -> tuple[Grid, str]:
    text, encoding = decoded(raw)
    first = text.partition("\n")[0].strip().lower()
    told = first.startswith("sep=") and len(first) == 5
    delimiter = first[4] if told else "\t" if kind == "tsv" else _delimiter(text[:_SNIFFED])
    try:
        rows: list[list[Any]] = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise FixConfiguration("payload.malformed", f"cannot be read as rows: {error}", place=kind) from error
    rows = rows[1:] if told else rows
    wide = max(map(len, rows), default=0)
    if wide * len(rows) > _MOST_CELLS:
        raise FixConfiguration("payload.too_large", f"{len(rows):,} rows of up to {wide:,} cells", place=kind)
    for row in rows:
        if len(row) < wide:
            row += [""] * (wide - len(row))
    return Grid("", rows, top=int(told)), encoding


def _delimiter(text: str) -> str:
    """Choose the sign that divides most lines, and divides them alike."""
    lines = [line for line in text.splitlines()[:50] if line.strip()]

    def agreed(sign: str) -> int:
        counts = [line.count(sign) for line in lines]
        usual = max(set(counts), key=counts.count) if counts else 0
        return counts.count(usual) * min(usual, 3)

    return max((",", ";", "\t", "|"), key=agreed)
