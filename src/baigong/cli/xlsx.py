"""Rows of the first sheet of an .xlsx file, as text: what a spreadsheet shows, with times in ISO 8601.

Source: ECMA-376-1 (SpreadsheetML), 18.3 worksheets, 18.4 shared strings, 18.8 styles. Macros, formulas and
links are never looked at: a cell gives the value that was last computed.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from baigong.vocab.cellnames import number_of
from baigong.vocab.errors import FixConfiguration

_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_MOST_BYTES = 2 << 30  # of one part, unpacked
_DATES = {14, 15, 16, 17, 18, 19, 20, 21, 22, 27, 30, 36, 45, 46, 47, 50, 57}  # 18.8.30 numFmt, incl. Chinese
_LETTERS = re.compile(r"[A-Z]+")
_NOT_FORMAT = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')  # literal text and conditions in a number format


def rows(path: Path) -> Iterator[tuple[float, list[str | None]]]:
    """Yield (how much is read, cells) of every row that is not empty; payload.malformed for what is no workbook."""
    for part, _, cells in numbered(path):
        yield part, cells


def numbered(path: Path) -> Iterator[tuple[float, int, list[str | None]]]:
    """Do the same with the number that a spreadsheet shows beside each row."""
    try:
        with zipfile.ZipFile(path) as book:
            strings, dates = _strings(book), _date_styles(book)
            epoch = _epoch(book)
            name = _first_sheet(book)
            size = max(_checked(book, name), 1)
            number = 0
            with book.open(name) as source:
                for row in _elements(source, "row"):
                    number = int(row.get("r") or number + 1)  # 18.3.1.73: a row without r follows the one before
                    cells = _row(row, strings, dates, epoch)
                    if any(cell is not None for cell in cells):
                        yield min(source.tell() / size, 1.0), number, cells
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, IndexError, ValueError) as error:
        raise FixConfiguration("payload.malformed", f"this is no .xlsx workbook: {error}", place=str(path)) from error


def _checked(book: zipfile.ZipFile, name: str) -> int:
    size = book.getinfo(name).file_size
    if size > _MOST_BYTES:
        raise FixConfiguration("payload.too_large", f"{name} unpacks to {size:,} bytes: save it as CSV", place=name)
    return size


def _elements(source: IO[bytes], tag: str) -> Iterator[ElementTree.Element]:
    for _, element in ElementTree.iterparse(source):  # noqa: S314 - expat bounds what entities may grow to
        if element.tag == _NS + tag:
            yield element
            element.clear()


def _part(book: zipfile.ZipFile, name: str) -> ElementTree.Element | None:
    if name not in book.namelist():
        return None
    _checked(book, name)
    return ElementTree.fromstring(book.read(name))  # noqa: S314 - see above


def _strings(book: zipfile.ZipFile) -> list[str]:
    name = "xl/sharedStrings.xml"
    if name not in book.namelist():
        return []
    _checked(book, name)
    with book.open(name) as source:
        return ["".join(t.text or "" for t in item.iter(_NS + "t")) for item in _elements(source, "si")]


def _date_styles(book: zipfile.ZipFile) -> set[int]:
    """Say which cell styles show a number as a date or time."""
    styles = _part(book, "xl/styles.xml")
    if styles is None:
        return set()
    own = {int(f.get("numFmtId", "0")): f.get("formatCode", "") for f in styles.iter(_NS + "numFmt")}
    found = set()
    formats = styles.find(_NS + "cellXfs")
    for index, style in enumerate(formats if formats is not None else ()):
        number = int(style.get("numFmtId", "0"))
        code = _NOT_FORMAT.sub("", own.get(number, "")).lower()
        if number in _DATES or re.search(r"[ydhs]|m", code):
            found.add(index)
    return found


def _epoch(book: zipfile.ZipFile) -> datetime:
    workbook = _part(book, "xl/workbook.xml")
    setting = workbook.find(_NS + "workbookPr") if workbook is not None else None
    from_1904 = setting is not None and setting.get("date1904") in ("1", "true")
    return datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - a sheet knows no zone


def _first_sheet(book: zipfile.ZipFile) -> str:
    workbook, links = _part(book, "xl/workbook.xml"), _part(book, "xl/_rels/workbook.xml.rels")
    sheet = workbook.find(f"{_NS}sheets/{_NS}sheet") if workbook is not None else None
    if sheet is None or links is None:
        raise KeyError("no sheet")
    target = {link.get("Id"): link.get("Target", "") for link in links}[sheet.get(_REL)]
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _row(row: ElementTree.Element, strings: list[str], dates: set[int], epoch: datetime) -> list[str | None]:
    cells: list[str | None] = []
    for cell in row.iter(_NS + "c"):
        at = _column(cell.get("r", "")) if cell.get("r") else len(cells)
        cells += [None] * (at + 1 - len(cells))
        cells[at] = _text(cell, strings, dates, epoch)
    return cells


def _column(reference: str) -> int:
    found = _LETTERS.match(reference)
    at = number_of(found[0] if found else "A")
    if at >= 16_384:
        raise ValueError(f"no column {reference}")
    return at


def _text(cell: ElementTree.Element, strings: list[str], dates: set[int], epoch: datetime) -> str | None:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return "".join(t.text or "" for t in cell.iter(_NS + "t")) or None
    held = cell.findtext(_NS + "v")
    if held is None or held == "":
        return None
    if kind == "s":
        return strings[int(held)] or None
    if kind == "b":
        return "true" if held == "1" else "false"
    if kind == "e":
        return None  # #N/A and the like: no value
    if kind == "n" and int(cell.get("s", "0")) in dates:
        # a day counts as 1; a spreadsheet's double holds about a microsecond, shows milliseconds
        return (epoch + timedelta(milliseconds=round(float(held) * 86_400_000))).isoformat(
            sep=" ", timespec="milliseconds"
        )
    return held
