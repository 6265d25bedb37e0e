"""Reads and canonicalises Modbus addresses: ``holding:12:float32:cdab``, ``holding:5.3``, ``40012``, ``4x12``.

::

    area ":" number [ "." bit ] [ ":" type [ ":" order ] ]        area: coil discrete holding input
    holding:5:bits:4-7                                            a bit field, unsigned
    40012 | 400012 | 4x12   [ "." bit ] [ ":" type [ ":" order ]] the classical notation, always from one
    17!holding:12                                                 another unit of the same line

The number after the area counts from zero or from one, as the option ``addressing`` says. Without a type a
register is ``int16``. Orders name where the bytes of ABCD travel: ``abcd`` ``cdab`` ``badc`` ``dcba``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from baigong.vocab.errors import FixConfiguration

AREAS = ("coil", "discrete", "holding", "input")
BIT_AREAS = ("coil", "discrete")
ORDERS = ("abcd", "cdab", "badc", "dcba")
LAST = 0xFFFF  # the highest address a request can name
MAX_STRING = 250  # bytes: the registers of one answer

# Registers that one value takes (a string: by its length).
WIDTHS = {
    "int8": 1,
    "uint8": 1,
    "int16": 1,
    "uint16": 1,
    "bcd16": 1,
    "bits": 1,
    "int32": 2,
    "uint32": 2,
    "float32": 2,
    "bcd32": 2,
    "int64": 4,
    "uint64": 4,
    "float64": 4,
}
_ALIASES = {
    "ab": "abcd",
    "ba": "badc",
    "abcdefgh": "abcd",
    "ghefcdab": "cdab",
    "badcfehg": "badc",
    "hgfedcba": "dcba",
}
_DIGIT = {"0": "coil", "1": "discrete", "3": "input", "4": "holding"}  # Modbus Application Protocol V1.1b3, 4.4
_NAMED = re.compile(r"^(coil|discrete|holding|input):([0-9]{1,5})(?:\.([0-9]{1,2}))?$")
_CLASSICAL = re.compile(r"^(?:([0134])([0-9]{4}|[0-9]{5})|([0134])x([0-9]{1,5}))(?:\.([0-9]{1,2}))?$")
_FIELD = re.compile(r"^([0-9]{1,2})-([0-9]{1,2})$")
_STRING = re.compile(r"^string([0-9]{1,3})$")


@dataclass(slots=True, frozen=True)
class Register:
    """Where one value lies: ``start`` counts from zero as on the wire, ``count`` in registers (or bits).

    ``low`` and ``high``: the bits of kind ``bits``, 0 the least significant. ``length``: bytes of a string.
    """

    area: str
    start: int
    count: int
    kind: str  # a key of WIDTHS, "string", or "bool" for coils and discrete inputs
    order: str
    ordered: bool  # the order was written in the address, not taken from the device's default
    low: int = 0
    high: int = 0
    length: int = 0
    unit: int | None = None  # None: the device's own


def parse(address: str, *, one_based: bool = False, order: str = "abcd") -> Register:
    """Read an address; driver.address says what is wrong with it.

    >>> parse("40012:float32") == parse("holding:11:float32") == parse("holding:12:float32", one_based=True)
    True
    >>> parse("holding:5:bits:4-7").high
    7
    """
    unit, body = _unit(address)
    head, *rest = body.split(":")
    if head in AREAS and rest:
        head = f"{head}:{rest.pop(0)}"
    area, start, bit = _place(address, head, one_based)
    if area in BIT_AREAS:
        if rest not in ([], ["bool"]) or bit is not None:
            raise _wrong(address, f"a {area} is a single bit and has no type")
        return Register(area, start, 1, "bool", "abcd", False, unit=unit)
    return _typed(address, area, start, bit, rest, order, unit)


def check(address: str, options: dict[str, Any]) -> None:
    """Raise driver.address for what no device with these options can have."""
    parse(address, one_based=options.get("addressing") == "one")


def canonical(address: str, *, one_based: bool = False) -> str:
    """Write an address in the one way that numbers its point.

    >>> canonical("400012.3"), canonical("4x12:FLOAT32:CDAB"), canonical("input:3")
    ('holding:11.3', 'holding:11:float32:cdab', 'input:3:int16')
    """
    return write(parse(address, one_based=one_based), one_based=one_based)


def write(register: Register, *, one_based: bool = False) -> str:
    """Write a register's address."""
    unit = "" if register.unit is None else f"{register.unit}!"
    head = f"{unit}{register.area}:{register.start + one_based}"
    order = f":{_shortest(register)}" if register.ordered else ""
    if register.kind == "bool":
        return head
    if register.kind == "bits":
        if register.low == register.high and not order:
            return f"{head}.{register.low}"
        return f"{head}:bits:{register.low}-{register.high}{order}"
    length = register.length if register.kind == "string" else ""
    return f"{head}:{register.kind}{length}{order}"


def _shortest(register: Register) -> str:
    if register.count > 1 and register.kind != "string":
        return register.order
    return "ba" if register.order in ("badc", "dcba") else "ab"


def _unit(address: str) -> tuple[int | None, str]:
    before, mark, body = address.strip().lower().rpartition("!")
    if not mark:
        return None, body
    if not re.match(r"^[0-9]{1,3}$", before) or int(before) > 255:
        raise _wrong(address, "before the ! comes a unit number, 0 to 255")
    return int(before), body


def _place(address: str, head: str, one_based: bool) -> tuple[str, int, int | None]:
    named, classical = _NAMED.match(head), _CLASSICAL.match(head)
    if named:
        area, number, bit = named[1], int(named[2]), named[3]
        start = number - one_based
    elif classical:
        area, bit = _DIGIT[classical[1] or classical[3]], classical[5]
        start = int(classical[2] or classical[4]) - 1
    else:
        raise _wrong(address, "write area:number, like holding:12, or the classical 40013")
    if not 0 <= start <= LAST:
        raise _wrong(address, f"register numbers run from {int(one_based or bool(classical))} to 65535")
    if bit is not None and int(bit) > 15:
        raise _wrong(address, "the bits of a register are 0 to 15")
    return area, start, None if bit is None else int(bit)


def _typed(
    address: str, area: str, start: int, bit: int | None, rest: list[str], default: str, unit: int | None
) -> Register:
    kind = rest.pop(0) if rest else "int16"
    low = high = length = 0
    if bit is not None:
        if kind not in ("int16", "bool"):
            raise _wrong(address, "a bit has no type")
        kind, low, high = "bits", bit, bit
    elif kind == "bits":
        low, high = _field(address, rest.pop(0) if rest else "")
    elif found := _STRING.match(kind):
        kind, length = "string", int(found[1])
        if not 1 <= length <= MAX_STRING:
            raise _wrong(address, f"a string has 1 to {MAX_STRING} bytes")
    elif kind not in WIDTHS:
        raise _wrong(address, f"there is no type {kind!r}; there are {sorted(WIDTHS)} and stringN")
    order = _order(address, rest)
    count = (length + 1) // 2 if kind == "string" else WIDTHS[kind]
    if start + count - 1 > LAST:
        raise _wrong(address, "it ends beyond the last register")
    return Register(area, start, count, kind, order or default, order is not None, low, high, length, unit)


def _field(address: str, text: str) -> tuple[int, int]:
    found = _FIELD.match(text)
    if not found or not int(found[1]) <= int(found[2]) <= 15:
        raise _wrong(address, "a bit field is written bits:4-7, from 0 to 15")
    return int(found[1]), int(found[2])


def _order(address: str, rest: list[str]) -> str | None:
    if not rest:
        return None
    order = _ALIASES.get(rest[0], rest[0])
    if len(rest) > 1 or order not in ORDERS:
        raise _wrong(address, f"after the type comes an order, one of {', '.join(ORDERS)}")
    return order


def _wrong(address: str, why: str) -> FixConfiguration:
    return FixConfiguration("driver.address", f"{address[:120]!r}: {why}", place=address[:120])
