"""The values in S7 memory: columns for all points of a scan at once, and the bytes of one value to be written. Pure.

Layouts: SIMATIC S7-300/400/1200/1500 programming manuals, "Data types". Spans of time become seconds, moments ISO 8601
texts without a zone, which S7 does not know.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from baigong.drivers.columns import Bytes, Columns, grouped, text
from baigong.drivers.s7.address import Place
from baigong.vocab.errors import FixConfiguration

_DTYPES = {
    "byte": "u1",
    "sint": "i1",
    "word": ">u2",
    "int": ">i2",
    "dword": ">u4",
    "dint": ">i4",
    "lword": ">u8",
    "lint": ">i8",
    "real": ">f4",
    "lreal": ">f8",
}
_SECONDS = {"time": (">i4", 1e-3), "tod": (">u4", 1e-3), "ltime": (">i8", 1e-9), "ltod": (">u8", 1e-9)}
_BASES_S = np.array([0.01, 0.1, 1.0, 10.0])  # S5TIME: bits 12 and 13
_ROUNDING = 1e-6


class Decoder:
    """Decodes all points of a scan by index arrays computed once; texts and dates cost one Python call each.

    ``items``: (row, place, position of its first byte in the scan's bytes). ``encoding``: of texts that are no UTF-8.
    """

    def __init__(self, rows: int, items: Sequence[tuple[int, Place, int]], encoding: str = "gb18030") -> None:
        self._rows, self._encoding = rows, encoding
        self._single = [(row, place, at) for row, place, at in items if place.kind in _TEXTS]
        self._groups = grouped(
            (place.kind, row, list(range(at, at + size(place))), place.bit)
            for row, place, at in items
            if place.kind not in _TEXTS
        )

    def decode(self, raw: Bytes) -> Columns:
        """Decode one scan's bytes."""
        made = Columns.empty(self._rows)
        for kind, rows, places, bits in self._groups:
            _numbers(made, kind, rows, raw[places], bits)
        for row, place, at in self._single:
            made.put_text(row, _TEXTS[place.kind](raw[at : at + place.count].tobytes(), place, self._encoding))
        return made


def size(place: Place) -> int:
    """Bytes that a value takes in an answer: a timer or counter is one element of two."""
    return 2 if place.kind in ("timer", "counter") else place.count


def _numbers(made: Columns, kind: str, rows: Any, taken: Bytes, bits: Any) -> None:
    if kind == "bool":
        made.put(rows, (taken[:, 0] >> bits) & 1)
    elif kind in ("bcd16", "bcd32"):
        made.put_bcd(rows, taken)
    elif kind in ("counter", "s5time", "timer"):
        words = taken.view(">u2")[:, 0]
        made.put_bcd(rows, (words & 0x0FFF).astype(">u2").view(np.uint8).reshape(-1, 2))
        if kind != "counter":
            made.value[rows] *= _BASES_S[(words >> 12) & 3]
    elif kind in _SECONDS:
        dtype, factor = _SECONDS[kind]
        made.value[rows] = taken.view(dtype)[:, 0] * factor
    else:
        made.put(rows, taken.view(_DTYPES[kind])[:, 0])


# -- texts and moments ------------------------------------------------------------------------------------


def _char(raw: bytes, place: Place, encoding: str) -> str | None:
    return text(raw, encoding)


def _wchar(raw: bytes, place: Place, encoding: str) -> str | None:
    return raw.decode("utf-16-be", errors="replace").rstrip("\0")


def _string(raw: bytes, place: Place, encoding: str) -> str | None:
    longest, held = raw[0], raw[1]
    return text(raw[2 : 2 + min(held, place.length)], encoding) if held <= longest else None


def _wstring(raw: bytes, place: Place, encoding: str) -> str | None:
    longest, held = struct.unpack_from(">HH", raw)
    return raw[4 : 4 + 2 * min(held, place.length)].decode("utf-16-be", errors="replace") if held <= longest else None


def _date(raw: bytes, place: Place, encoding: str) -> str | None:
    return (date(1990, 1, 1) + timedelta(int.from_bytes(raw, "big"))).isoformat()


def _dt(raw: bytes, place: Place, encoding: str) -> str | None:
    """DATE_AND_TIME: eight bytes of BCD; the last half byte is the day of the week."""
    if not raw[:7].hex().isdigit() or not raw.hex()[14].isdigit():
        return None
    year, month, day, hour, minute, second, high = (int(f"{byte:x}") for byte in raw[:7])
    try:
        moment = datetime(year + (1900 if year >= 90 else 2000), month, day, hour, minute, second)  # noqa: DTZ001
    except ValueError:
        return None
    return (moment + timedelta(milliseconds=10 * high + (raw[7] >> 4))).isoformat(timespec="milliseconds")


def _dtl(raw: bytes, place: Place, encoding: str) -> str | None:
    year, month, day, _, hour, minute, second, nanos = struct.unpack(">HBBBBBBI", raw)
    try:
        moment = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001
    except ValueError:
        return None
    return f"{moment.isoformat()}.{nanos:09d}" if nanos < 10**9 else None


def _ldt(raw: bytes, place: Place, encoding: str) -> str | None:
    seconds, nanos = divmod(int.from_bytes(raw, "big", signed=True), 10**9)
    return f"{(datetime(1970, 1, 1) + timedelta(seconds=seconds)).isoformat()}.{nanos:09d}"  # noqa: DTZ001


_TEXTS = {
    "char": _char,
    "wchar": _wchar,
    "string": _string,
    "wstring": _wstring,
    "date": _date,
    "dt": _dt,
    "dtl": _dtl,
    "ldt": _ldt,
}


# -- writing ----------------------------------------------------------------------------------------------


def encode(place: Place, value: float | int | str | bool, encoding: str = "gb18030") -> bytes:
    """Write a value as a PLC holds it; a bool as one byte 0 or 1.

    Raises config.invalid for a value that does not fit: nothing is rounded or cut.
    """
    try:
        return _encoded(place, value, encoding)
    except (struct.error, OverflowError, ValueError, TypeError) as error:
        raise FixConfiguration("config.invalid", f"{value!r} does not fit {place.kind}: {error}") from error


def _encoded(place: Place, value: Any, encoding: str) -> bytes:
    kind = place.kind
    if kind == "bool":
        if value not in (0, 1, True, False):
            raise ValueError("a bit is 0 or 1")
        return bytes([bool(value)])
    if kind in ("real", "lreal"):
        if not math.isfinite(value):
            raise ValueError("it is no number")
        return struct.pack(">f" if kind == "real" else ">d", value)
    if kind in _DTYPES:
        return _whole(value).to_bytes(place.count, "big", signed=np.dtype(_DTYPES[kind]).kind == "i")
    if kind in _SECONDS:
        dtype, factor = _SECONDS[kind]
        ticks = _whole(float(value) / factor)
        return ticks.to_bytes(place.count, "big", signed=np.dtype(dtype).kind == "i")
    if kind in ("bcd16", "bcd32"):
        return bytes.fromhex(f"{_natural(_whole(value), 10 ** (2 * place.count)):0{2 * place.count}d}")
    if kind == "s5time":
        return _s5time(float(value))
    if kind in ("string", "wstring", "char", "wchar"):
        return _text(place, str(value), encoding)
    raise ValueError("moments are only read")


def _whole(value: Any) -> int:
    if isinstance(value, int):
        return int(value)
    number = float(value)
    if abs(number - round(number)) > _ROUNDING * max(1.0, abs(number) * 1e-6):
        raise ValueError("it holds whole numbers")
    return round(number)


def _natural(number: int, limit: int) -> int:
    if not 0 <= number < limit:
        raise ValueError(f"0 to {limit - 1}")
    return number


def _s5time(seconds: float) -> bytes:
    for code, base in enumerate(_BASES_S.tolist()):
        count = round(seconds / base)
        if 0 <= count <= 999 and math.isclose(count * base, seconds, abs_tol=1e-9):
            return struct.pack(">H", code << 12 | int(f"{count:03d}", 16))
    raise ValueError("S5TIME holds three digits of 10 ms, 0.1 s, 1 s or 10 s")


def _text(place: Place, value: str, encoding: str) -> bytes:
    wide = place.kind.startswith("w")
    raw = value.encode("utf-16-be") if wide else value.encode(encoding)
    held = len(raw) // (2 if wide else 1)
    if held > (place.length or 1):
        raise ValueError(f"{held} characters, {place.length or 1} fit")
    if place.kind in ("char", "wchar"):
        return raw.ljust(place.count, b"\0")
    # what follows the text stays as it is: the first length belongs to the PLC's declaration and is not written
    return struct.pack(">H" if wide else ">B", held) + raw
