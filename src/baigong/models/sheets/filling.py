"""Values into the named cells of somebody's own workbook; everything else in it stays as it is, byte for byte. Pure.

Only the sheets that hold those cells are touched, at those cells alone, and the workbook is told to compute its
formulas when it is opened. No library that loads a workbook and writes it again keeps its charts, pictures and pivots.

Source: ECMA-376-1 18.2.5 (definedName), 18.2.2 (calcPr), 18.3.1.4 (c), 18.3.1.73 (row).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape

from baigong.models.sheets.parts import BROKEN, check_archive, sheet_parts
from baigong.vocab.cellnames import cell as name_of
from baigong.vocab.cellnames import place
from baigong.vocab.errors import FixConfiguration

_BOOK = "xl/workbook.xml"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_AREA = re.compile(r"^(?:'((?:[^']|'')+)'|([^'!:]+))!(\$?[A-Z]{1,3}\$?[0-9]+)(?::(\$?[A-Z]{1,3}\$?[0-9]+))?$")
_CALC = re.compile(rb"<((?:\w+:)?)calcPr\b([^>]*?)(/?)>")
_MOST_CELLS = 5_000_000
Value = str | float | int | bool | date | datetime | None
Rows = Sequence[Sequence[Value]]


@dataclass(slots=True, frozen=True)
class Area:
    """Where a name points to; ``part`` is the sheet's part of the archive. Rows and columns from 0, all within."""

    name: str
    sheet: str
    part: str
    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True)
class _Found:
    start: int
    end: int
    tag: bytes  # with its prefix
    attributes: dict[str, str]
    empty: bool  # <c/>, with no end tag of its own
    inner_end: int = 0
    formula: bool = False


@dataclass(slots=True)
class _Sheet:
    data: _Found | None = None
    rows: dict[int, _Found] = field(default_factory=dict)
    cells: dict[tuple[int, int], _Found] = field(default_factory=dict)


def areas(raw: bytes) -> dict[str, Area]:
    """Return what each name of a workbook stands for, of those that name one cell or one rectangle."""
    with _opened(raw) as archive:
        return _areas(archive)


def _opened(raw: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        check_archive(archive, _MOST_CELLS)
        archive.read(_BOOK)
    except BROKEN as error:
        raise FixConfiguration("payload.malformed", f"this is no .xlsx workbook: {error}", place="workbook") from error
    return archive


def _areas(archive: zipfile.ZipFile) -> dict[str, Area]:
    parts = sheet_parts(archive)
    book = ElementTree.fromstring(archive.read(_BOOK))  # noqa: S314 - expat bounds what entities may grow to
    found = {}
    for one in book.iter(f"{_MAIN}definedName"):
        area = _AREA.match((one.text or "").strip())
        name = one.get("name", "")
        sheet = (area[1].replace("''", "'") if area[1] else area[2]) if area else ""
        if area is None or sheet not in parts or name.startswith("_xlnm."):
            continue
        (top, left), (bottom, right) = place(area[3]), place(area[4] or area[3])
        found[name] = Area(name, sheet, parts[sheet], top, left, bottom, right)
    return found


def fill(raw: bytes, values: Mapping[str, Rows]) -> bytes:
    """Return the workbook with these rows at these names. config.invalid for a name that is not there, for rows that
    do not fit its rectangle (one cell has room for any number of rows and columns), and for a cell with a formula.
    """
    with _opened(raw) as archive:
        known = _areas(archive)
        changes: dict[str, dict[tuple[int, int], Value]] = {}
        for name, rows in values.items():
            if name not in known:
                told = f"the workbook names no cell {name!r}; it names {sorted(known) or 'none'}"
                raise FixConfiguration("config.invalid", told, place=name)
            changes.setdefault(known[name].part, {}).update(_placed(known[name], rows))
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            for info in archive.infolist():
                content = archive.read(info)
                if info.filename in changes:
                    content = _edited(content, changes[info.filename], info.filename, _from_1904(archive))
                elif info.filename == _BOOK:
                    content = _computing(content)
                made.writestr(info, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _placed(area: Area, rows: Rows) -> dict[tuple[int, int], Value]:
    high, wide = area.bottom - area.top + 1, area.right - area.left + 1
    most = max((len(row) for row in rows), default=0)
    if (high, wide) == (1, 1):
        high, wide = max(len(rows), 1), max(most, 1)
    if len(rows) > high or most > wide:
        told = f"{area.name} has room for {high} rows of {wide} cells, there are {len(rows)} of {most}"
        raise FixConfiguration("config.invalid", told, place=area.name)
    return {
        (area.top + r, area.left + c): rows[r][c] if r < len(rows) and c < len(rows[r]) else None
        for r in range(high)
        for c in range(wide)
    }


def _from_1904(archive: zipfile.ZipFile) -> bool:
    return re.search(rb'date1904="(1|true)"', archive.read(_BOOK)) is not None


def _computing(book: bytes) -> bytes:
    """Tell a workbook to compute everything when it is opened."""
    found = _CALC.search(book)
    if found:
        attributes = re.sub(rb'\s+fullCalcOnLoad="[^"]*"', b"", found[2])
        return book[: found.start()] + b"<%bcalcPr%b fullCalcOnLoad=\"1\"%b>" % (
            found[1], attributes.rstrip(), found[3],
        ) + book[found.end() :]  # fmt: skip
    after = re.search(rb"</((?:\w+:)?)definedNames>", book)
    if after is None:
        raise FixConfiguration("payload.malformed", "the workbook names nothing", place=_BOOK)
    return book[: after.end()] + b'<%bcalcPr fullCalcOnLoad="1"/>' % after[1] + book[after.end() :]


def _edited(sheet: bytes, changes: Mapping[tuple[int, int], Value], part: str, from_1904: bool) -> bytes:
    found = _read(sheet, part)
    if found.data is None:
        raise FixConfiguration("payload.malformed", "the sheet has no data", place=part)
    prefix = found.data.tag[: -len(b"sheetData")]
    splices: list[tuple[int, int, bytes]] = []
    by_row: dict[int, dict[int, Value]] = {}
    for (row, column), value in changes.items():
        by_row.setdefault(row, {})[column] = value
    fresh: list[tuple[int, bytes]] = []
    for row, cells in sorted(by_row.items()):
        held = found.rows.get(row)
        if held is None:
            made = b"".join(
                _cell(prefix, row, c, None, v, from_1904) for c, v in sorted(cells.items()) if v is not None
            )
            fresh.append((row, b'<%brow r="%d">%b</%brow>' % (prefix, row + 1, made, prefix)))
        else:
            splices += _in_row(sheet, found, held, row, cells, from_1904)
    splices += _new_rows(sheet, found, found.data, fresh)
    for start, end, made in sorted(splices, key=lambda one: (one[0], one[1]), reverse=True):
        sheet = sheet[:start] + made + sheet[end:]
    return sheet


def _read(sheet: bytes, part: str) -> _Sheet:
    found = _Sheet()
    open_: _Found | None = None
    parser = expat.ParserCreate()

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal open_
        kind, start = tag.rpartition(":")[2], parser.CurrentByteIndex
        if kind == "f" and open_ is not None:
            open_.formula = True
        if kind not in ("sheetData", "row", "c"):
            return
        end = sheet.index(b">", start) + 1
        one = _Found(start, end, tag.encode(), attributes, sheet[end - 2 : end - 1] == b"/")
        if kind == "sheetData":
            found.data = one
        elif kind == "row":
            found.rows[int(attributes["r"]) - 1] = one
        else:
            found.cells[place(attributes["r"])] = open_ = one

    def finish(tag: str) -> None:
        nonlocal open_
        kind = tag.rpartition(":")[2]
        if kind not in ("sheetData", "row", "c"):
            return
        one = found.data if kind == "sheetData" else next(reversed(found.rows.values())) if kind == "row" else open_
        if one is not None and not one.empty:
            one.inner_end = parser.CurrentByteIndex
            one.end = sheet.index(b">", one.inner_end) + 1
        open_ = None if kind == "c" else open_

    parser.StartElementHandler, parser.EndElementHandler = begin, finish
    try:
        parser.Parse(sheet, True)
    except (expat.ExpatError, KeyError, ValueError) as error:  # rows and cells without r: none that Excel writes
        raise FixConfiguration("payload.malformed", f"the sheet cannot be read: {error}", place=part) from error
    return found


def _in_row(
    sheet: bytes, found: _Sheet, row: _Found, at: int, cells: Mapping[int, Value], from_1904: bool
) -> list[tuple[int, int, bytes]]:
    prefix, splices = row.tag[: -len(b"row")], []
    beside = sorted((c, one.start) for (r, c), one in found.cells.items() if r == at) if not row.empty else []
    inserted: dict[int, list[bytes]] = {}
    for column, value in sorted(cells.items()):
        held = found.cells.get((at, column))
        if held is not None and held.formula:
            told = f"{name_of(at, column)} holds a formula, which stays: name another cell"
            raise FixConfiguration("config.invalid", told, place=name_of(at, column))
        if held is not None:
            splices.append(
                (held.start, held.end, _cell(prefix, at, column, held.attributes.get("s"), value, from_1904))
            )
        elif value is not None:
            where = next((start for c, start in beside if c > column), row.inner_end)
            inserted.setdefault(where, []).append(_cell(prefix, at, column, None, value, from_1904))
    if row.empty:
        opened = sheet[row.start : row.end - 2].rstrip() + b">"
        made = opened + b"".join(one for ones in inserted.values() for one in ones) + b"</" + row.tag + b">"
        return [(row.start, row.end, made)] if inserted else []
    return splices + [(where, where, b"".join(made)) for where, made in inserted.items()]


def _new_rows(
    sheet: bytes, found: _Sheet, data: _Found, fresh: list[tuple[int, bytes]]
) -> list[tuple[int, int, bytes]]:
    if data.empty:
        made = (
            sheet[data.start : data.end - 2].rstrip() + b">" + b"".join(m for _, m in fresh) + b"</" + data.tag + b">"
        )
        return [(data.start, data.end, made)] if fresh else []
    where: dict[int, list[bytes]] = {}
    starts = sorted((row, one.start) for row, one in found.rows.items())
    for row, made in fresh:
        where.setdefault(next((s for r, s in starts if r > row), data.inner_end), []).append(made)
    return [(at, at, b"".join(made)) for at, made in where.items()]


def _cell(prefix: bytes, row: int, column: int, style: str | None, value: Value, from_1904: bool) -> bytes:
    front = f' r="{name_of(row, column)}"' + (f' s="{style}"' if style else "")
    p = prefix.decode()
    if value is None:
        made = f"<{p}c{front}/>"
    elif isinstance(value, bool):
        made = f'<{p}c{front} t="b"><{p}v>{int(value)}</{p}v></{p}c>'
    elif isinstance(value, str):
        text = escape(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", value))
        made = f'<{p}c{front} t="inlineStr"><{p}is><{p}t xml:space="preserve">{text}</{p}t></{p}is></{p}c>'
    else:
        made = f"<{p}c{front}><{p}v>{_number(value, from_1904)}</{p}v></{p}c>"
    return made.encode()


def _number(value: float | int | date, from_1904: bool) -> str:
    if not isinstance(value, date):
        return repr(value)
    first = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - a sheet knows no zone
    day = datetime(value.year, value.month, value.day)  # noqa: DTZ001
    naive = value.replace(tzinfo=None) if isinstance(value, datetime) else day
    return repr((naive - first).total_seconds() / 86_400)
