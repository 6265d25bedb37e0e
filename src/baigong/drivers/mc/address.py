"""Reads and canonicalises addresses of MELSEC devices: ``D100``, ``D100:real``, ``D100.A``, ``X1F``, ``M8000``.

::

    D100 [:type]  W1F  R0  ZR100  SD8  TN5  CN5      words; without a type ``int``, as GX Works shows them
    D100.3  W1F.A                                    a bit of a word, 0 to F (or 10 to 15)
    M0  X1F  Y20  B3F  L5  F1  V2  S0  SM400  SB1    bit devices; M0:int, M0:dword: 16 or 32 of them
    T5  C5  ST5                                      the present value (TN, CN, SN); contacts TS CS SS, coils TC CC SC

Numbers of X Y B W SB SW DX DY are hexadecimal, on FX5 those of X and Y octal, all others decimal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from baigong.drivers.plan import Span
from baigong.drivers.words import kind_of
from baigong.vocab.errors import FixConfiguration

SERIES = ("q", "iqr", "fx5")


@dataclass(slots=True, frozen=True)
class Device:
    """A kind of device memory: its code, its two letters in ASCII frames, the base of its numbers (and in ASCII)."""

    code: int
    letters: str
    base: int = 10
    bits: bool = False
    writable: bool = True
    single: bool = False  # not to be read together with other places
    ascii_base: int = 0

    @property
    def written_base(self) -> int:
        return self.ascii_base or self.base


# MELSEC Communication Protocol Reference Manual (SH-080008), device codes.
DEVICES = {
    "sm": Device(0x91, "SM", bits=True),
    "sd": Device(0xA9, "SD"),
    "x": Device(0x9C, "X*", 16, bits=True, writable=False),
    "y": Device(0x9D, "Y*", 16, bits=True),
    "m": Device(0x90, "M*", bits=True),
    "l": Device(0x92, "L*", bits=True),
    "f": Device(0x93, "F*", bits=True),
    "v": Device(0x94, "V*", bits=True),
    "b": Device(0xA0, "B*", 16, bits=True),
    "d": Device(0xA8, "D*"),
    "w": Device(0xB4, "W*", 16),
    "ts": Device(0xC1, "TS", bits=True, writable=False, single=True),
    "tc": Device(0xC0, "TC", bits=True, writable=False, single=True),
    "tn": Device(0xC2, "TN"),
    "ss": Device(0xC7, "SS", bits=True, writable=False, single=True),
    "sc": Device(0xC6, "SC", bits=True, writable=False, single=True),
    "sn": Device(0xC8, "SN"),
    "cs": Device(0xC4, "CS", bits=True, writable=False, single=True),
    "cc": Device(0xC3, "CC", bits=True, writable=False, single=True),
    "cn": Device(0xC5, "CN"),
    "sb": Device(0xA1, "SB", 16, bits=True),
    "sw": Device(0xB5, "SW", 16),
    "s": Device(0x98, "S*", bits=True),
    "dx": Device(0xA2, "DX", 16, bits=True, writable=False),
    "dy": Device(0xA3, "DY", 16, bits=True),
    "z": Device(0xCC, "Z*"),
    "r": Device(0xAF, "R*"),
    "zr": Device(0xB0, "ZR", ascii_base=16),  # counted in decimal by GX Works, in hexadecimal by ASCII frames
}
_PRESENT = {"t": "tn", "c": "cn", "st": "sn"}
_NAMES = "|".join(sorted([*DEVICES, *_PRESENT], key=len, reverse=True))
_WRITTEN = re.compile(rf"^({_NAMES})([0-9a-f]{{1,8}})(?:[.]([0-9]{{1,2}}|[a-f]))?$")
_LAST = 0xFFFFFF  # the number of a device travels in three bytes


@dataclass(slots=True, frozen=True)
class Place:
    """Where one value lies: ``device`` a key of DEVICES, ``number`` of its first device point."""

    device: str
    number: int
    words: int
    kind: str
    bit: int = 0  # of a bit: its place in its word
    length: int = 0

    @property
    def bits(self) -> bool:
        return DEVICES[self.device].bits

    @property
    def span(self) -> Span:
        """The words that hold it; of bit devices words of 16, counted from device 0."""
        start = self.number // 16 if self.bits else self.number
        return Span(self.device, 0, start, self.words)

    @property
    def writable(self) -> bool:
        return DEVICES[self.device].writable


def base_of(device: str, series: str) -> int:
    """The base in which a device's numbers are written.

    >>> base_of("x", "q"), base_of("x", "fx5"), base_of("d", "q")
    (16, 8, 10)
    """
    return 8 if series == "fx5" and device in ("x", "y") else DEVICES[device].base


def parse(address: str, series: str = "q") -> Place:
    """Read an address; driver.address says what is wrong with it.

    >>> parse("D100:REAL") == parse("d100 : float32"), parse("D100.A") == parse("D100.10"), parse("T5") == parse("TN5")
    (True, True, True)
    >>> parse("X20").number, parse("X20", "fx5").number
    (32, 16)
    """
    body, colon, kind = address.strip().lower().partition(":")
    body, kind = body.replace(" ", ""), kind.strip()
    if colon and not kind:
        raise _wrong(address, "after the colon comes a type, like real")
    found = _WRITTEN.match(body)
    if not found:
        raise _wrong(address, "write D100, D100:real, D100.3, M0, X1F, W1A, TN5, SM400 or ZR100")
    device = _PRESENT.get(found[1], found[1])
    base = base_of(device, series)
    try:
        number = int(found[2], base)
    except ValueError:
        said = {8: "octal on FX5", 10: "decimal", 16: "hexadecimal"}[base]
        raise _wrong(address, f"numbers of {device.upper()} are {said}") from None
    place = _bit(address, device, number, found[3], kind) or _words(address, device, number, kind)
    if number + (16 if place.bits else 1) * place.words - 1 > _LAST:
        raise _wrong(address, "it ends beyond the last number")
    return place


def _bit(address: str, device: str, number: int, bit: str | None, kind: str) -> Place | None:
    if DEVICES[device].bits:
        if bit is not None:
            raise _wrong(address, f"{device.upper()} is a bit already")
        return Place(device, number, 1, "bool", bit=number % 16) if kind in ("", "bool") else None
    if bit is None:
        return None
    if kind not in ("", "bool"):
        raise _wrong(address, "a bit has no other type than bool")
    at = int(bit) if len(bit) == 2 else int(bit, 16)
    if at > 15:
        raise _wrong(address, "the bits of a word are 0 to F")
    return Place(device, number, 1, "bool", bit=at)


def _words(address: str, device: str, number: int, kind: str) -> Place:
    try:
        kind, words, length = kind_of(kind or "int")
    except ValueError as error:
        raise _wrong(address, str(error)) from None
    if DEVICES[device].bits and number % 16:
        raise _wrong(address, "several bits are read as one number from a multiple of 16")
    return Place(device, number, words, kind, length=length)


def check(address: str, options: dict[str, Any]) -> None:
    """Raise driver.address for what no PLC of this series can have."""
    parse(address, str(options.get("series") or "q"))


def canonical(address: str, series: str = "q") -> str:
    """Write an address in the one way that numbers its point.

    >>> canonical("D100"), canonical("W1f.10"), canonical("C5:word"), canonical("X0A")
    ('d100:int', 'w1f.a', 'cn5:word', 'xa')
    """
    place = parse(address, series)
    head = f"{place.device}{spelled(place.number, base_of(place.device, series))}"
    if place.kind != "bool":
        return f"{head}:{place.kind}{place.length or ''}"
    return head if place.bits else f"{head}.{place.bit:x}"


def spelled(number: int, base: int) -> str:
    return format(number, {8: "o", 10: "d", 16: "x"}[base])


def _wrong(address: str, why: str) -> FixConfiguration:
    return FixConfiguration("driver.address", f"{address[:120]!r}: {why}", place=address[:120])
