"""Reads and canonicalises addresses of Omron memory: ``D100``, ``CIO 0.01``, ``W10.15``, ``E0_100``, ``T5``.

::

    D100 [:type]  CIO100  W10  H5  A500  E0_100      words; without a type ``word``: unsigned
    D100.03  CIO 0.01  W10.15  E0_100.15             a bit of a word, 00 to 15
    0.01  100                                        without letters: CIO, as CX-Programmer writes it
    T5  C5                                           present values; TF5, CF5 their completion flags

Numbers are decimal, only that of an EM bank (E0 to E18) is hexadecimal, as in CX-Programmer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from baigong.drivers.plan import Span
from baigong.drivers.words import kind_of
from baigong.vocab.errors import FixConfiguration

FLAGS = ("tf", "cf")
_NAMES = {"cio": "cio", "": "cio", "w": "w", "wr": "w", "h": "h", "hr": "h", "a": "a", "ar": "a", "d": "d", "dm": "d"}
_ELEMENTS = {"t": "t", "tim": "t", "c": "c", "cnt": "c", "tf": "tf", "cf": "cf"}
_WRITTEN = re.compile(r"^(cio|wr?|hr?|ar?|dm?|em?([0-9a-f]{1,2})_|tim|cnt|[tc]f?|)([0-9]{1,5})(?:[.]([0-9]{1,2}))?$")
_LAST_BANK = 0x18
LASTS = {"cio": 6143, "w": 511, "h": 1535, "a": 11535, "d": 32767, "e": 32767} | dict.fromkeys(
    ("t", "c", "tf", "cf"), 4095
)  # of a CJ2 or NX: W506, memory areas


@dataclass(slots=True, frozen=True)
class Place:
    """Where one value lies: ``area`` a key of ``codec.WORDS``, ``bank`` of EM, ``number`` of its first word."""

    area: str
    bank: int
    number: int
    words: int
    kind: str
    bit: int = 0
    length: int = 0

    @property
    def span(self) -> Span:
        return Span(self.area, self.bank, self.number, self.words)

    @property
    def writable(self) -> bool:
        return self.area not in FLAGS


def parse(address: str) -> Place:
    """Read an address; driver.address says what is wrong with it.

    >>> parse("CIO 0.01") == parse("0.01"), parse("DM100:UINT") == parse("D100"), parse("EM1_5") == parse("e1_5")
    (True, True, True)
    """
    body, colon, kind = address.strip().lower().lstrip("%").partition(":")
    body, kind = body.replace(" ", ""), kind.strip()
    if colon and not kind:
        raise _wrong(address, "after the colon comes a type, like real")
    found = _WRITTEN.match(body)
    if not found:
        raise _wrong(address, "write D100, D100.03, CIO 0.01, W10.15, H5, A500, E0_100, T5 or TF5")
    name, number, bit = found[1], int(found[3]), found[4]
    bank = int(found[2], 16) if found[2] else 0
    if bank > _LAST_BANK:
        raise _wrong(address, "EM banks are numbered E0 to E18")
    area = "e" if found[2] else _ELEMENTS.get(name) or _NAMES[name]
    place = _typed(address, area, bank, number, bit, kind)
    if number + place.words - 1 > LASTS[area]:
        raise _wrong(address, f"{area.upper()} ends at {LASTS[area]}")
    return place


def _typed(address: str, area: str, bank: int, number: int, bit: str | None, kind: str) -> Place:
    if bit is not None or area in FLAGS or kind == "bool":
        if kind not in ("", "bool"):
            raise _wrong(address, "a bit has no other type than bool")
        if (bit is None) != (area in FLAGS) or area in ("t", "c"):
            raise _wrong(address, "a bit is written D100.03, a completion flag TF5")
        if bit is not None and int(bit) > 15:
            raise _wrong(address, "the bits of a word are 00 to 15")
        return Place(area, bank, number, 1, "bool", bit=int(bit or 0))
    try:
        kind, words, length = kind_of(kind or "word")
    except ValueError as error:
        raise _wrong(address, str(error)) from None
    if area in ("t", "c") and words > 1:
        raise _wrong(address, "a present value is one word: word, int or bcd16")
    return Place(area, bank, number, words, kind, length=length)


def check(address: str, options: dict[str, Any]) -> None:
    """Raise driver.address for what no PLC can have."""
    parse(address)


def canonical(address: str) -> str:
    """Write an address in the one way that numbers its point.

    >>> canonical("DM100"), canonical("0.01"), canonical("W10.15"), canonical("EA_5:REAL"), canonical("TIM5:bcd")
    ('d100:word', 'cio0.1', 'w10.15', 'ea_5:real', 't5:bcd16')
    """
    place = parse(address)
    head = f"{head_of(place.area, place.bank)}{place.number}"
    if place.kind != "bool":
        return f"{head}:{place.kind}{place.length or ''}"
    return head if place.area in FLAGS else f"{head}.{place.bit}"


def head_of(area: str, bank: int) -> str:
    """What stands before a number: the area, with its bank."""
    return f"e{bank:x}_" if area == "e" else area


def _wrong(address: str, why: str) -> FixConfiguration:
    return FixConfiguration("driver.address", f"{address[:120]!r}: {why}", place=address[:120])
