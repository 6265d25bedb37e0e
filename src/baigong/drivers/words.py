"""Values in memory of 16 bit words: columns for all points of a scan at once, and the bytes of one to be written. Pure.

Here every word has its high byte first, whatever it travels as; of values of several words the low word comes first, as
PLCs of Mitsubishi and Omron hold them. The first character of a text is in the low byte of its word (Mitsubishi) or in
the high one (Omron).
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from baigong.drivers.columns import Bytes, Columns, grouped, text
from baigong.vocab.errors import FixConfiguration

MAX_TEXT = 512  # bytes
_ROUNDING = 1e-6
_DTYPES = {
    "int": ">i2",
    "word": ">u2",
    "dint": ">i4",
    "dword": ">u4",
    "lint": ">i8",
    "lword": ">u8",
    "real": ">f4",
    "lreal": ">f8",
}
WIDTHS = {kind: int(dtype[2]) // 2 for kind, dtype in _DTYPES.items()} | {"bcd16": 1, "bcd32": 2}
"""Words that one value takes; a text: by its length."""
ALIASES = {
    "int16": "int",
    "uint16": "word",
    "uint": "word",
    "int32": "dint",
    "uint32": "dword",
    "udint": "dword",
    "int64": "lint",
    "uint64": "lword",
    "ulint": "lword",
    "float32": "real",
    "float64": "lreal",
    "float": "real",
    "double": "lreal",
    "bcd": "bcd16",
    "bool": "bool",
}
_TEXT = re.compile(r"^string([0-9]{1,3})$")


class Cell(Protocol):
    """Where one value lies in its first word."""

    @property
    def kind(self) -> str: ...  # a key of WIDTHS, or bool, string
    @property
    def bit(self) -> int: ...  # of a bool, 0 the least significant
    @property
    def length(self) -> int: ...  # bytes of a string


def kind_of(written: str) -> tuple[str, int, int]:
    """Read a type: (kind, words, bytes of a text); ValueError says what there is.

    >>> kind_of("float32"), kind_of("string9")
    (('real', 2, 0), ('string', 5, 9))
    """
    kind = ALIASES.get(written, written)
    if found := _TEXT.match(kind):
        length = int(found[1])
        if not 1 <= length <= MAX_TEXT:
            raise ValueError(f"a string has 1 to {MAX_TEXT} bytes")
        return "string", (length + 1) // 2, length
    if kind not in WIDTHS:
        raise ValueError(f"there is no type {written!r}; there are {', '.join(WIDTHS)}, stringN")
    return kind, WIDTHS[kind], 0


def _positions(at: int, words: int) -> list[int]:
    """Where a value's bytes lie, most significant first, when its first word lies at ``at``."""
    return [at + 2 * word + byte for word in reversed(range(words)) for byte in (0, 1)]


class Decoder:
    """Decodes all points of a scan by index arrays computed once; texts cost one Python call each.

    ``items``: (row, cell, position of its first byte in the scan's bytes). ``encoding``: of texts that are no UTF-8;
    ``low_first``: the first character is in the low byte of its word.
    """

    def __init__(
        self,
        rows: int,
        items: Sequence[tuple[int, Any, int]],
        encoding: str = "gb18030",
        *,
        low_first: bool = False,
    ) -> None:
        self._rows, self._encoding = rows, encoding
        self._texts = [
            (row, np.array([at + (i ^ low_first) for i in range(cell.length)]))
            for row, cell, at in items
            if cell.kind == "string"
        ]
        self._groups = grouped(
            (cell.kind, row, _positions(at, WIDTHS.get(cell.kind, 1)), cell.bit)
            for row, cell, at in items
            if cell.kind != "string"
        )

    def decode(self, raw: Bytes) -> Columns:
        """Decode one scan's bytes."""
        made = Columns.empty(self._rows)
        for kind, rows, places, bits in self._groups:
            taken = raw[places]
            if kind == "bool":
                made.put(rows, (taken.view(">u2")[:, 0] >> bits) & 1)
            elif kind in ("bcd16", "bcd32"):
                made.put_bcd(rows, taken)
            else:
                made.put(rows, taken.view(_DTYPES[kind])[:, 0])
        for row, places in self._texts:
            made.put_text(row, text(raw[places].tobytes(), self._encoding))
        return made


def encode(cell: Cell, value: float | int | str | bool, encoding: str = "gb18030", *, low_first: bool = False) -> bytes:
    """Write a value as its words, each high byte first; a bool as one word 0 or 1.

    Raises config.invalid for a value that does not fit: nothing is rounded or cut.
    """
    try:
        if cell.kind == "string":
            return _text(cell, str(value), encoding, low_first)
        straight = _straight(cell.kind, value)
    except (struct.error, OverflowError, ValueError, TypeError) as error:
        raise FixConfiguration("config.invalid", f"{value!r} does not fit {cell.kind}: {error}") from error
    return b"".join(straight[at : at + 2] for at in reversed(range(0, len(straight), 2)))


def _straight(kind: str, value: Any) -> bytes:
    """A number's bytes, most significant first."""
    if kind == "bool":
        if value not in (0, 1, True, False):
            raise ValueError("a bit is 0 or 1")
        return bytes([0, bool(value)])
    if kind in ("real", "lreal"):
        if not math.isfinite(value):
            raise ValueError("it is no number")
        return struct.pack(">f" if kind == "real" else ">d", value)
    size = 2 * WIDTHS[kind]
    if kind in ("bcd16", "bcd32"):
        if not 0 <= whole(value) < 10 ** (2 * size):
            raise ValueError(f"0 to {10 ** (2 * size) - 1}")
        return bytes.fromhex(f"{whole(value):0{2 * size}d}")
    return whole(value).to_bytes(size, "big", signed=_DTYPES[kind][1] == "i")


def whole(value: Any) -> int:
    """Return a number as a whole one; ValueError when it is none: nothing is rounded."""
    if isinstance(value, int):
        return int(value)
    number = float(value)
    if abs(number - round(number)) > _ROUNDING:
        raise ValueError("it holds whole numbers")
    return round(number)


def _text(cell: Cell, value: str, encoding: str, low_first: bool) -> bytes:
    raw = value.encode(encoding)
    if len(raw) > cell.length:
        raise ValueError(f"{len(raw)} bytes, {cell.length} fit")
    raw = raw.ljust(cell.length + cell.length % 2, b"\0")
    return swapped(raw) if low_first else raw


def swapped(raw: bytes) -> bytes:
    """Exchange the two bytes of every word.

    >>> swapped(b"ABCD")
    b'BADC'
    """
    made = bytearray(raw)
    made[0::2], made[1::2] = raw[1::2], raw[0::2]
    return bytes(made)
