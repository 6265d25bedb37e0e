"""What a metric's value is by its data type (3.0, §6.4.16), and what its properties say of unit and quality.

Arrays and data sets become JSON text, bytes and files base64, a date ISO 8601; UInt64 beyond int64 its digits.
"""

from __future__ import annotations

import base64
import json
import math
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

from baigong.drivers.sparkplug import wire
from baigong.drivers.sparkplug.codec import BOOLEAN, BYTES, DATASET, DOUBLE, FLOAT, INT, LONG, STRING
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.units import is_unit, meant

TYPES = [
    *("Unknown", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float", "Double"),
    *("Boolean", "String", "DateTime", "Text", "UUID", "DataSet", "Bytes", "File", "Template", "PropertySet"),
    *("PropertySetList", "Int8Array", "Int16Array", "Int32Array", "Int64Array", "UInt8Array", "UInt16Array"),
    *("UInt32Array", "UInt64Array", "FloatArray", "DoubleArray", "BooleanArray", "StringArray", "DateTimeArray"),
]
NUMBER = {name: number for number, name in enumerate(TYPES)}
_SIGNED = {NUMBER["Int8"]: 8, NUMBER["Int16"]: 16, NUMBER["Int32"]: 32, NUMBER["Int64"]: 64}
_UNSIGNED = {NUMBER["UInt8"]: 8, NUMBER["UInt16"]: 16, NUMBER["UInt32"]: 32, NUMBER["UInt64"]: 64}
_BOOL, _DATE, _DATASET, _TEMPLATE = NUMBER["Boolean"], NUMBER["DateTime"], NUMBER["DataSet"], NUMBER["Template"]
_TEXTS = {NUMBER["String"], NUMBER["Text"], NUMBER["UUID"]}
_BINARY = {NUMBER["Bytes"], NUMBER["File"]}
_ITEMS = {  # array -> struct code of one of its items; little endian
    22: "b", 23: "h", 24: "i", 25: "q", 26: "B", 27: "H", 28: "I", 29: "Q", 30: "f", 31: "d", 34: "Q",
}  # fmt: skip
_BOOLEANS, _STRINGS, _DATES = 32, 33, 34
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_DATE_MS = 253_402_300_799_999
_WORDS = {"good": q.GOOD, "bad": q.BAD, "stale": q.UNCERTAIN_LAST_USABLE}
_CODES = {192: q.GOOD, 0: q.BAD, 500: q.UNCERTAIN_LAST_USABLE}  # §6.4.9: the qualities with a meaning


def kind_of(datatype: int) -> str:
    """Say which kind of point a data type makes."""
    if datatype == _BOOL:
        return "state"
    return "gauge" if datatype in _SIGNED or datatype in _UNSIGNED or datatype in (9, 10) else "text"


def value_of(datatype: int, at: int, raw: Any) -> Any:
    """Return a number, a boolean or a text. Raises payload.malformed where type and bytes do not fit.

    >>> value_of(1, INT, 0xFF), value_of(13, LONG, 0), value_of(22, BYTES, bytes([255, 2]))
    (-1, '1970-01-01T00:00:00.000Z', '[-1,2]')
    """
    if at in (FLOAT, DOUBLE, BOOLEAN):
        return raw
    if at in (INT, LONG):
        return _integer(datatype, int(raw))
    if at == STRING:
        return raw
    if at == DATASET:
        return dataset_text(raw)
    if at == BYTES and datatype in _ITEMS | {_BOOLEANS: "", _STRINGS: ""}:
        return json.dumps(_array(datatype, raw), ensure_ascii=False, separators=(",", ":"))
    if at == BYTES:
        return base64.b64encode(raw).decode()
    raise wire.malformed(f"no value of type {_name(datatype)} in field {at}")


def _integer(datatype: int, raw: int) -> Any:
    bits = _SIGNED.get(datatype)
    if bits is not None:
        raw &= (1 << bits) - 1
        return raw - (1 << bits) if raw >> (bits - 1) else raw
    if datatype == _BOOL:
        return raw != 0
    if datatype == _DATE:
        return date_text(raw)
    return raw & ((1 << _UNSIGNED.get(datatype, 64)) - 1)


def date_text(ms: int) -> str:
    """Write milliseconds since 1970 as ISO 8601; what no calendar holds, as its digits."""
    if not 0 <= ms <= _LAST_DATE_MS:
        return str(ms)
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _array(datatype: int, raw: bytes) -> list[Any]:
    """Read an array (§6.4.16): numbers side by side; booleans as a count and bits, texts ended by zero bytes."""
    if datatype == _STRINGS:
        return [part.decode("utf-8", "replace") for part in raw.split(b"\0")[:-1]]
    if datatype == _BOOLEANS:
        count = int.from_bytes(raw[:4], "little")
        if len(raw) < 4 or count > 8 * (len(raw) - 4):
            raise wire.malformed("an array of booleans is shorter than it says")
        return [bool(raw[4 + n // 8] >> (7 - n % 8) & 1) for n in range(count)]
    code = _ITEMS[datatype]
    if len(raw) % struct.calcsize(code):
        raise wire.malformed(f"{_name(datatype)} of {len(raw)} bytes")
    held = struct.unpack(f"<{len(raw) // struct.calcsize(code)}{code}", raw)
    if datatype == _DATES:
        return [date_text(ms) for ms in held]
    return [_finite(item) for item in held]


def _finite(item: Any) -> Any:
    return None if isinstance(item, float) and not math.isfinite(item) else item


def dataset_text(raw: bytes) -> str:
    """Read a data set (§6.4.5), columns=2, types=3, rows=4, as JSON: {"columns": [...], "rows": [[...], ...]}."""
    columns: list[str] = []
    types: list[int] = []
    rows: list[list[Any]] = []
    for number, value in wire.fields(raw):
        if number == 2 and isinstance(value, bytes):
            columns.append(value.decode("utf-8", "replace"))
        elif number == 3:
            types += _numbers(value)
        elif number == 4 and isinstance(value, bytes):
            cells = [cell for n, cell in wire.fields(value) if n == 1 and isinstance(cell, bytes)]
            rows.append([_cell(cell, types[i] if i < len(types) else 0) for i, cell in enumerate(cells)])
    return json.dumps({"columns": columns, "rows": rows}, ensure_ascii=False, separators=(",", ":"))


def _numbers(value: int | bytes) -> list[int]:
    """Read one number, or many that were packed."""
    if isinstance(value, int):
        return [value]
    made, at = [], 0
    while at < len(value):
        one, at = wire.varint(value, at)
        made.append(one)
    return made


def _cell(raw: bytes, datatype: int) -> Any:
    for number, value in wire.fields(raw):
        if isinstance(value, int):
            return bool(value) if number == 5 else _integer(datatype, value)
        if number == 3 and len(value) == 4:
            return _finite(wire.single(value))
        if number == 4 and len(value) == 8:
            return _finite(wire.double(value))
        if number == 6:
            return value.decode("utf-8", "replace")
    return None


def raw_of(datatype: int, value: Any) -> tuple[int, Any]:
    """Return the field and the raw value for a command. Raises config.invalid for what the type cannot hold.

    >>> raw_of(1, -1), raw_of(10, 2.5), raw_of(11, True), raw_of(12, "on")
    ((10, 255), (13, 2.5), (14, True), (15, 'on'))
    """
    if datatype == _BOOL and (isinstance(value, bool) or value in (0, 1)):
        return BOOLEAN, bool(value)
    if datatype in _TEXTS and isinstance(value, str):
        return STRING, value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and datatype in (9, 10) and math.isfinite(value):
        if datatype == 9 and abs(value) > 3.4028234663852886e38:
            raise _wrong(datatype, value)
        return (FLOAT, float(value)) if datatype == 9 else (DOUBLE, float(value))
    bits = _SIGNED.get(datatype) or _UNSIGNED.get(datatype) or (64 if datatype == _DATE else 0)
    if number and bits and float(value).is_integer():
        low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if datatype in _SIGNED else (0, 1 << bits)
        if low <= int(value) < high:
            return (LONG if bits == 64 else INT), int(value) & ((1 << bits) - 1)
    raise _wrong(datatype, value)


def _wrong(datatype: int, value: Any) -> FixConfiguration:
    return FixConfiguration("config.invalid", f"{value!r} is no {_name(datatype)}")


def _name(datatype: int) -> str:
    return TYPES[datatype] if datatype < len(TYPES) else f"type {datatype}"


def unit_of(properties: dict[str, Any]) -> str:
    """Return the UCUM code of a metric's engineering unit; "" without one, or where it is none.

    >>> unit_of({"engUnit": "°C"}), unit_of({"Engineering Units": "bar"}), unit_of({"engUnit": "blobs"})
    ('Cel', 'bar', '')
    """
    for key in ("engUnit", "EngUnit", "engUnits", "Engineering Units", "unit", "Unit"):
        told = properties.get(key)
        if isinstance(told, str) and told.strip():
            code = meant(told.strip().replace("°C", "℃"))
            return code if is_unit(code) and len(code) <= 40 else ""
    return ""


def quality_of(properties: dict[str, Any]) -> int:
    """Return the quality that the property ``Quality`` says; good without one, uncertain for what nobody knows."""
    told = next((properties[key] for key in ("Quality", "quality") if key in properties), None)
    if told is None:
        return q.GOOD
    if isinstance(told, str):
        return _WORDS.get(told.strip().lower(), q.UNCERTAIN)
    return _CODES.get(told, q.UNCERTAIN) if isinstance(told, int) else q.UNCERTAIN
