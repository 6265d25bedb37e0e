"""What has to be known of a workbook's parts before it is read: how far it reaches, and which cells are errors.

Source: ECMA-376-1 18.2.19 (sheets), 18.3.1.4 (cells; t="e" is an error).
"""

from __future__ import annotations

import re
import zipfile
import zlib
from xml.etree import ElementTree

from baigong.vocab.cellnames import place
from baigong.vocab.errors import FixConfiguration

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_MOST_BYTES = 1 << 30  # of all parts, unpacked
_FAR = re.compile(rb'<c\s[^>]*?r="([A-Z]{1,3})([0-9]{1,7})"')
_LAST_ROW = re.compile(rb'<row\s[^>]*?r="([0-9]{1,7})"')
_ERROR = re.compile(rb'<c\s(?=[^>]*?t="e")[^>]*?r="([A-Z]{1,3}[0-9]{1,7})"')
_REPEATED = re.compile(rb'number-(?:rows|columns)-repeated="([0-9]+)"')


# what an archive that was cut or changed on its way raises while it is unpacked; RuntimeError: it is encrypted
BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, KeyError, ValueError, OSError)


def check_archive(archive: zipfile.ZipFile, most_cells: int) -> None:
    """Refuse what would not fit in memory: payload.too_large. A reader makes a rectangle of the farthest cells."""
    size = sum(part.file_size for part in archive.infolist())
    if size > _MOST_BYTES:
        raise FixConfiguration("payload.too_large", f"unpacked it has {size:,} bytes: save it as CSV", place="file")
    for name in sheet_parts(archive).values():
        raw = archive.read(name)
        rows = max((int(found[1]) for found in _LAST_ROW.finditer(raw)), default=0)
        columns = {found[1] for found in _FAR.finditer(raw)} if rows * 16_384 > most_cells else set()
        wide = max((place(f"{column.decode()}1")[1] + 1 for column in columns), default=1)
        if rows * wide > most_cells:
            told = f"{name} reaches over {rows:,} rows and {wide:,} columns: delete what stands far from its tables"
            raise FixConfiguration("payload.too_large", told, place=name)


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the part of each sheet's name; nothing for a workbook of another format."""
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return {}
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - expat bounds entities
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    except ElementTree.ParseError as error:
        raise ValueError(f"xl/workbook.xml: {error}") from error
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    found = {}
    for sheet in book.iter(f"{_MAIN}sheet"):
        target = targets.get(sheet.get(_REL), "")
        part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        if part in names and "/worksheets/" in part:
            found[sheet.get("name", "")] = part
    return found


def error_cells(archive: zipfile.ZipFile) -> dict[str, list[tuple[int, int]]]:
    """Return where each sheet shows an error such as #DIV/0!; a reader of values would take it for an empty cell."""
    found = {}
    for sheet, part in sheet_parts(archive).items():
        raw = archive.read(part)
        if b't="e"' in raw:
            found[sheet] = [place(match[1].decode()) for match in _ERROR.finditer(raw)]
    return found
