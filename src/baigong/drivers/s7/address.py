"""Reads and canonicalises S7 addresses: ``DB1.DBD4:real``, ``DB1.DBX0.3``, ``MW10``, ``I0.1``, ``T5``.

::

    DB1.DBX0.3 | DB1.DBB2 | DB1.DBW4[:type] | DB1.DBD8[:type]       the PLC programmer's way
    M10.3 | MB10 | MW10[:type] | MD10[:type]                        also I Q (E A), V of an S7-200, with DB1 its V
    DB1,REAL8 | DB1,X0.3 | DB1,STRING20.32                          the way of OPC servers
    db1.8:real | m10:int | db1.20:string32                          ours, in which points are numbered
    T5 | C3 (Z3)                                                    timers in seconds, counters

A leading ``%`` is passed over. Without a type a bit is ``bool``, B ``byte``, W ``word``, D ``dword``: unsigned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from baigong.vocab.errors import FixConfiguration

AREAS = ("db", "i", "q", "m", "t", "c")
_AREA = {"e": "i", "i": "i", "a": "q", "q": "q", "m": "m", "v": "db"}
LAST_BYTE = 0xFFFF
MAX_STRING = 254  # characters, SIMATIC S7 STRING

# Bytes that one value takes (IEC 61131-3 elementary types as S7 lays them out, high byte first).
WIDTHS = {
    "byte": 1,
    "sint": 1,
    "usint": 1,
    "char": 1,
    "word": 2,
    "int": 2,
    "uint": 2,
    "bcd16": 2,
    "s5time": 2,
    "date": 2,
    "wchar": 2,
    "dword": 4,
    "dint": 4,
    "udint": 4,
    "real": 4,
    "bcd32": 4,
    "time": 4,
    "tod": 4,
    "lword": 8,
    "lint": 8,
    "ulint": 8,
    "lreal": 8,
    "ltime": 8,
    "ltod": 8,
    "ldt": 8,
    "dt": 8,
    "dtl": 12,
}
_ALIASES = {
    "int8": "sint",
    "uint8": "byte",
    "int16": "int",
    "uint16": "word",
    "int32": "dint",
    "uint32": "dword",
    "int64": "lint",
    "uint64": "lword",
    "float32": "real",
    "float64": "lreal",
    "float": "real",
    "x": "bool",
    "b": "byte",
    "w": "word",
    "d": "dword",
    "di": "dint",
    "r": "real",
    "s": "string",
    "time_of_day": "tod",
    "date_and_time": "dt",
    "bool": "bool",
}
_CANONICAL = {"usint": "byte", "uint": "word", "udint": "dword", "ulint": "lword"}  # the same bytes, the same number
_LETTER = {"x": "bool", "b": "byte", "w": "word", "d": "dword", "": ""}
_SIZED = {"b": 1, "w": 2, "d": 4}

_PLC = re.compile(r"^db([0-9]{1,5})[.]db([xbwd])([0-9]{1,5})(?:[.]([0-9]))?$")
_OURS = re.compile(r"^db([0-9]{1,5})[.]([0-9]{1,5})(?:[.]([0-9]))?$")
_OPC = re.compile(r"^db([0-9]{1,5}),([a-z_]+[0-9]*?)([0-9]{1,5})(?:[.]([0-9]{1,5}))?$")
_MARK = re.compile(r"^([eiaqmv])([xbwd]?)([0-9]{1,5})(?:[.]([0-9]))?$")
_ELEMENT = re.compile(r"^([tcz])([0-9]{1,5})$")
_TEXT = re.compile(r"^(w?string)([0-9]{1,3})?$")
# DB1,INT8.. the digits of a type (INT16, FLOAT32) would be taken for the place, so that these are not types there
_OPC_TYPES = re.compile(r"^[a-z_]+$")


@dataclass(slots=True, frozen=True)
class Place:
    """Where one value lies: ``start`` in bytes (timers and counters: their number), ``count`` in bytes.

    ``bit``: of a bool. ``length``: the characters that a string can have.
    """

    area: str
    db: int
    start: int
    count: int
    kind: str  # a key of WIDTHS, or bool, string, wstring, timer, counter
    bit: int = 0
    length: int = 0

    @property
    def writable(self) -> bool:
        return self.area in ("db", "q", "m")


def parse(address: str) -> Place:
    """Read an address; driver.address says what is wrong with it.

    >>> parse("DB1.DBD4:REAL") == parse("db1.4:real") == parse("%DB1,REAL4")
    True
    >>> parse("EW4") == parse("I4:word"), parse("MX10.3") == parse("m10.3")
    (True, True)
    """
    body, colon, kind = address.strip().lower().lstrip("%").partition(":")
    body, kind = body.replace(" ", ""), kind.strip()
    if colon and not kind:
        raise _wrong(address, "after the colon comes a type, like real")
    if found := _ELEMENT.match(body):
        if kind:
            raise _wrong(address, "a timer or counter has no type")
        return _element(address, found[1], int(found[2]))
    if found := _PLC.match(body):
        return _place(address, "db", int(found[1]), found[2], int(found[3]), found[4], kind)
    if found := _OURS.match(body):
        return _place(address, "db", int(found[1]), "", int(found[2]), found[3], kind)
    if found := _OPC.match(body):
        return _opc(address, int(found[1]), found[2], int(found[3]), found[4], kind)
    if found := _MARK.match(body):
        area = _AREA[found[1]]
        return _place(address, area, int(found[1] == "v"), found[2], int(found[3]), found[4], kind)
    raise _wrong(address, "write DB1.DBD4:real, DB1.DBX0.3, MW10, I0.1, T5 or C3")


def check(address: str, options: dict[str, Any]) -> None:
    """Raise driver.address for what no PLC can have."""
    parse(address)


def canonical(address: str) -> str:
    """Write an address in the one way that numbers its point.

    >>> canonical("DB1.DBX0.3"), canonical("MD20:REAL"), canonical("EB5"), canonical("Z3"), canonical("DB2,S10.20")
    ('db1.0.3', 'm20:real', 'i5:byte', 'c3', 'db2.10:string20')
    """
    return write(parse(address))


def write(place: Place) -> str:
    """Write a place's address."""
    if place.kind in ("timer", "counter"):
        return f"{place.area}{place.start}"
    head = f"db{place.db}.{place.start}" if place.area == "db" else f"{place.area}{place.start}"
    if place.kind == "bool":
        return f"{head}.{place.bit}"
    return f"{head}:{place.kind}{place.length or ''}"


def _element(address: str, letter: str, number: int) -> Place:
    if number > LAST_BYTE:
        raise _wrong(address, f"timers and counters are numbered 0 to {LAST_BYTE}")
    if letter == "t":
        return Place("t", 0, number, 1, "timer")
    return Place("c", 0, number, 1, "counter")


def _opc(address: str, db: int, kind: str, start: int, rest: str | None, more: str) -> Place:
    if more or not _OPC_TYPES.match(kind):
        raise _wrong(address, "after the comma comes a type and the first byte, like DB1,REAL4")
    named = _ALIASES.get(kind, kind)
    if named == "bool":
        if rest is None:
            raise _wrong(address, "a bit has a number too: DB1,X0.3")
        return _place(address, "db", db, "x", start, rest, "")
    if named in ("string", "wstring"):
        return _place(address, "db", db, "", start, None, f"{named}{rest or ''}")
    return _place(address, "db", db, "", start, rest, named)


def _place(address: str, area: str, db: int, letter: str, start: int, bit: str | None, kind: str) -> Place:
    if area == "db" and not 1 <= db <= LAST_BYTE:
        raise _wrong(address, "data blocks are numbered 1 to 65535")
    kind = _ALIASES.get(kind, kind)
    if bit is not None or letter == "x" or kind == "bool":
        if letter not in ("x", "") or kind not in ("", "bool"):
            raise _wrong(address, "a bit has no other type than bool")
        if bit is None or int(bit) > 7:
            raise _wrong(address, "the bits of a byte are 0 to 7, like DB1.DBX4.0")
        return _ended(address, Place(area, db, start, 1, "bool", bit=int(bit)))
    if text := _TEXT.match(kind):
        return _ended(address, _text(address, area, db, start, text[1], int(text[2] or MAX_STRING)))
    kind = _CANONICAL.get(kind, kind) or _LETTER[letter]
    if not kind:
        raise _wrong(address, "say the type, like DB1.4:real or M10:int")
    if kind not in WIDTHS:
        raise _wrong(address, f"there is no type {kind!r}; there are bool, {', '.join(WIDTHS)}, stringN, wstringN")
    if letter and WIDTHS[kind] != _SIZED[letter] and not (letter == "b" and WIDTHS[kind] > 4):
        raise _wrong(address, f"{letter.upper()} is {_SIZED[letter]} bytes, {kind} is {WIDTHS[kind]}")
    return _ended(address, Place(area, db, start, WIDTHS[kind], kind))


def _text(address: str, area: str, db: int, start: int, kind: str, length: int) -> Place:
    if not 1 <= length <= MAX_STRING:
        raise _wrong(address, f"a string has 1 to {MAX_STRING} characters")
    count = length + 2 if kind == "string" else 2 * length + 4
    return Place(area, db, start, count, kind, length=length)


def _ended(address: str, place: Place) -> Place:
    if place.start + place.count - 1 > LAST_BYTE:
        raise _wrong(address, f"it ends beyond byte {LAST_BYTE}")
    return place


def _wrong(address: str, why: str) -> FixConfiguration:
    return FixConfiguration("driver.address", f"{address[:120]!r}: {why}", place=address[:120])
