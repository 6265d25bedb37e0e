"""What a column holds, by most of its cells: a kind, typed values, and each cell that did not fit, with why. Pure.

Numbers are float64; dates and moments microseconds (naive as the sheet is, UTC where the texts name a zone); clock
times microseconds after midnight; durations microseconds; the rest booleans or texts. Nothing is dropped unsaid: a
cell that is no value of the column's kind is null and stands in ``odd``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from baigong.models.sheets.grids import ERROR
from baigong.models.sheets.moments import Order, Unclear, order_of, read_clock, read_duration, read_moment
from baigong.models.sheets.texts import doubtful_comma, is_code, is_serial, plain, read_number, read_switch

Kind = Literal["number", "text", "date", "datetime", "clock", "duration", "boolean", "empty"]
_TIMESTAMP = pa.timestamp("us")
ARROW: dict[Kind, pa.DataType] = {
    "number": pa.float64(), "text": pa.string(), "date": _TIMESTAMP, "datetime": _TIMESTAMP, "clock": pa.int64(),
    "duration": pa.int64(), "boolean": pa.bool_(), "empty": pa.string(),
}  # fmt: skip
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - day 0 of a sheet's calendar, which knows no zone
_SERIALS = (18_000, 80_000)  # days: 1949 to 2119
_DATED = re.compile(r"date|time|day|datum|日期|时间|年月日", re.I)
_ENOUGH = 0.5  # of the cells that say anything: a column is what most of them are
_DISTINCT = 2_000  # texts looked at to find the kind


@dataclass(slots=True, frozen=True)
class Odd:
    """A cell that is no value of its column. ``row`` counts in the column; ``why`` is one of REASONS."""

    row: int
    shown: str
    why: str


REASONS = {
    "code": "stands for no value",
    "error": "shows an error",
    "not_number": "is no number",
    "not_date": "is no date",
    "not_clock": "is no clock time",
    "not_duration": "is no duration",
    "not_boolean": "is neither yes nor no",
    "order": "could be day and month, or month and day",
    "year": "names no year",
}


@dataclass(slots=True)
class Typed:
    """``notes``: what was decided beside the kind: serial_dates, order_dmy, order_unknown, comma_unknown, percent."""

    kind: Kind
    values: pa.Array
    odd: list[Odd] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    zoned: bool = False

    @property
    def codes(self) -> dict[str, int]:
        return dict(Counter(one.shown for one in self.odd if one.why in ("code", "error")).most_common())


def type_column(cells: Sequence[Any], header: str = "", *, order: Order = "", decimal: str = "") -> Typed:
    """Find what a column holds. ``order`` and ``decimal``: what a person said where the cells do not tell."""
    types = Counter(map(type, cells))
    texts = types.get(str, 0)
    blank = sum(1 for c in cells if type(c) is str and not c.strip()) if texts else 0
    if texts == blank and not (types.keys() - {float, int, str, type(None)}):
        return _numbers(cells, types, header)
    if texts - blank == 0 and not types.get(type(None), 0) and len(types) <= 2 and datetime in types:
        fast = _moments(cells)
        if fast is not None:
            return fast
    if types.keys() == {str} and (plainly := _plain_texts(cells)) is not None:
        return plainly
    return _mixed(cells, header, order, decimal)


_PLAIN_NUMBER = r"^[+-]?(\d{1,15}(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
_SERIAL = r"^0\d"
_PLAIN_MOMENT = r"^\d{4}[-/]\d{2}[-/]\d{2}[ T]\d{2}:\d{2}(:\d{2})?$"


def _plain_texts(cells: Sequence[Any]) -> Typed | None:
    """Take a column of texts that are plainly numbers, or moments in ISO 8601, at once; None for any other."""
    texts = pc.utf8_trim_whitespace(pa.array(cells, pa.string()))
    texts = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
    if pc.all(pc.match_substring_regex(texts, _PLAIN_NUMBER)).as_py():
        if pc.any(pc.match_substring_regex(texts, _SERIAL)).as_py():
            return None
        return Typed("number", texts.cast(pa.float64()))
    if pc.all(pc.match_substring_regex(texts, _PLAIN_MOMENT)).as_py():
        same = pc.replace_substring(pc.replace_substring(texts, "T", " "), "/", "-")
        whole = pc.if_else(pc.equal(pc.utf8_length(same), 16), pc.binary_join_element_wise(same, ":00", ""), same)
        moments = pc.strptime(whole, "%Y-%m-%d %H:%M:%S", "us", error_is_null=True)
        return Typed("datetime", moments) if moments.null_count == texts.null_count else None
    return None


def _numbers(cells: Sequence[Any], types: Counter[type], header: str) -> Typed:
    count = types.get(float, 0) + types.get(int, 0)
    if not count:
        return Typed("empty", pa.nulls(len(cells), pa.string()))
    plainly = np.array([c if type(c) is float or type(c) is int else np.nan for c in cells], np.float64)
    held = plainly[~np.isnan(plainly)]
    if _DATED.search(header) and len(held) and held.min() >= _SERIALS[0] and held.max() <= _SERIALS[1]:
        return _serials(plainly)
    return Typed("number", pa.array(plainly, from_pandas=True))


def _serials(days: np.ndarray[Any, Any]) -> Typed:
    whole = bool(np.all(np.isnan(days) | (days == np.floor(days))))
    epoch_us = round((_EPOCH - datetime(1970, 1, 1)).total_seconds() * 1e6)  # noqa: DTZ001 - both are naive
    us = np.where(np.isnan(days), 0, np.round(np.nan_to_num(days) * 86_400_000) * 1000 + epoch_us).astype(np.int64)
    values = pa.array(us, pa.int64(), mask=np.isnan(days)).cast(_TIMESTAMP)
    return Typed("date" if whole else "datetime", values, notes=["serial_dates"])


def _moments(cells: Sequence[Any]) -> Typed | None:
    """Take a column that is moments alone; midnight comes as a date."""
    made = [c if type(c) is datetime else datetime(c.year, c.month, c.day) if type(c) is date else None for c in cells]  # noqa: DTZ001
    if any(c is None and cell != "" for c, cell in zip(made, cells, strict=True)):
        return None
    return Typed("datetime", pa.array(made, _TIMESTAMP))


Read = Callable[[str], Any]


def _mixed(cells: Sequence[Any], header: str, order: Order, decimal: str) -> Typed:
    distinct = Counter(plain(c) for c in cells if type(c) is str)
    distinct.pop("", None)
    shown_order = order or order_of(distinct)
    readers = _readers(shown_order, decimal)
    kind = _kind(cells, distinct, readers, header)
    if kind in ("text", "empty"):
        return Typed(kind, pa.array([_said(c) or None for c in cells], pa.string()))
    meant: dict[str, tuple[Any, str]] = {text: _read(text, kind, readers) for text in distinct}
    values: list[Any] = []
    odd: list[Odd] = []
    for row, cell in enumerate(cells):
        value, why = meant.get(plain(cell), (None, "")) if type(cell) is str else _native(cell, kind)
        values.append(value)
        if why:
            odd.append(Odd(row, _said(cell), why))
    typed = Typed(kind, pa.array([]), odd, _notes(distinct, kind, order, shown_order, decimal))
    if kind in ("date", "datetime"):
        _settle(typed, values)
    typed.values = pa.array(values, ARROW[typed.kind])
    return typed


def _settle(typed: Typed, values: list[Any]) -> None:
    """Say by its values whether a column is dates or moments; those with a zone go to UTC."""
    held = [v for v in values if v is not None]
    typed.zoned = any(v.tzinfo is not None for v in held)
    if typed.zoned:
        values[:] = [
            v and (v.astimezone(UTC) if v.tzinfo else v.replace(tzinfo=UTC)).replace(tzinfo=None) for v in values
        ]
        if any(v.tzinfo is None for v in held):
            typed.notes.append("zones_mixed")
    midnight = time(0)
    typed.kind = "datetime" if typed.zoned or any(v.time() != midnight for v in values if v is not None) else "date"


def _readers(order: Order, decimal: str) -> dict[Kind, Read]:
    def moment(text: str) -> Any:
        found = read_moment(text, order)
        return found and found[0]

    def clock(text: str) -> Any:
        found = read_clock(text) if not text.isdecimal() else None
        return found and found[0]

    def number(text: str) -> Any:
        return None if is_serial(text) else read_number(text, decimal)

    return {"number": number, "datetime": moment, "clock": clock, "duration": read_duration, "boolean": read_switch}


def _kind(cells: Sequence[Any], distinct: Counter[str], readers: dict[Kind, Read], header: str) -> Kind:
    votes: Counter[Kind] = Counter()
    for cell_type, count in Counter(map(type, cells)).items():
        for kind in _NATIVE.get(cell_type, ()):
            votes[kind] += count
    said = sum(count for t, count in Counter(map(type, cells)).items() if t in _NATIVE)
    looked = distinct.most_common(_DISTINCT)
    codes = 0
    for text, count in looked:
        fits = [kind for kind in readers if _fits(readers[kind], text)]
        for kind in fits:
            votes[kind] += count
        codes += count if not fits and (text == ERROR or is_code(text)) else 0
    said += sum(count for _, count in looked) - codes
    if not said:
        return "text" if distinct else "empty"
    best = max(_PREFERRED, key=lambda kind: votes[kind])
    if best == "number" and "datetime" in votes and votes["datetime"] >= votes["number"] and _DATED.search(header):
        best = "datetime"
    return best if votes[best] / said > _ENOUGH else "text"


_PREFERRED: tuple[Kind, ...] = (
    "number",
    "datetime",
    "clock",
    "duration",
    "boolean",
)  # where two have as many, the first
_NATIVE: dict[type, tuple[Kind, ...]] = {
    float: ("number",), int: ("number",), date: ("datetime",), datetime: ("datetime",),
    time: ("clock", "duration"), timedelta: ("duration", "clock"), bool: ("boolean",),
}  # fmt: skip


def _fits(read: Read, text: str) -> bool:
    try:
        return read(text) is not None
    except Unclear:
        return True


def _read(text: str, kind: Kind, readers: dict[Kind, Read]) -> tuple[Any, str]:
    if text == ERROR:
        return None, "error"
    try:
        value = readers[kind](text)
    except Unclear as unclear:
        return None, unclear.why
    if value is not None:
        return value, ""
    return None, "code" if is_code(text) else _not(kind)


def _not(kind: Kind) -> str:
    return "not_date" if kind == "datetime" else f"not_{kind}"


def _native(cell: Any, kind: Kind) -> tuple[Any, str]:
    if cell is None:
        return None, ""
    if kind == "number" and type(cell) in (float, int):
        return float(cell), ""
    if kind == "datetime":
        if type(cell) is datetime:
            return cell, ""
        if type(cell) is date:
            return datetime(cell.year, cell.month, cell.day), ""  # noqa: DTZ001 - a sheet knows no zone
        if type(cell) is float and _SERIALS[0] <= cell <= _SERIALS[1]:
            return _EPOCH + timedelta(milliseconds=round(cell * 86_400_000)), ""
    if kind in ("clock", "duration") and type(cell) is time:
        return ((cell.hour * 60 + cell.minute) * 60 + cell.second) * 1_000_000 + cell.microsecond, ""
    if kind in ("clock", "duration") and type(cell) is timedelta:
        return round(cell.total_seconds() * 1e6), ""
    if kind == "boolean" and type(cell) is bool:
        return cell, ""
    return None, _not(kind)


def _notes(distinct: Counter[str], kind: Kind, order: Order, shown: Order, decimal: str) -> list[str]:
    notes = []
    if kind == "datetime" and shown and not order:
        notes.append(f"order_{shown}")
    if kind == "number" and not decimal and any(doubtful_comma(text) for text in distinct):
        notes.append("comma_unknown")
    if kind == "number" and any(text.endswith("%") for text in distinct):
        notes.append("percent")
    return notes


def _said(cell: Any) -> str:
    """Write a cell as a text: numbers without .0, moments in ISO 8601."""
    if cell is None or type(cell) is str:
        return plain(cell or "")
    if type(cell) is float and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return cell.isoformat(sep=" ") if type(cell) is datetime else str(cell)


said = _said
