"""Reads and canonicalises addresses: ``real:w01018-Rtd``, ``hour:a21026-Avg``, ``2081:RestartTime``, ``set:time``.

::

    kind ":" field                kind: real minute hour day state, or the command number of any other packet
    set:time  set:RtdInterval  set:MinInterval  sample:w01018  zero:a21026      what is written, never read
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from baigong.vocab.errors import FixConfiguration

KINDS = {"real": 2011, "state": 2021, "day": 2031, "minute": 2051, "hour": 2061}  # HJ 212-2017, table 9
NAMES = {number: name for name, number in KINDS.items()}
WRITES = ("set", "sample", "zero")
SETTINGS = {"time": 1012, "rtdinterval": 1062, "mininterval": 1064}
_SPELT = {"time": "time", "rtdinterval": "RtdInterval", "mininterval": "MinInterval"}
_FIELD = re.compile(r"^[A-Za-z0-9_]{1,20}(?:-[A-Za-z]{1,20})?$")


@dataclass(slots=True, frozen=True)
class Place:
    """``kind``: real, minute … or a command number, or one of WRITES. ``field``: as compared, in lower case."""

    kind: str
    field: str
    spelt: str

    @property
    def canonical(self) -> str:
        return f"{self.kind}:{self.spelt}"


def parse(address: str) -> Place:
    """Read an address; driver.address says what is wrong with it.

    >>> parse("REAL:W01018-RTD").canonical, parse("2011:w01018-Rtd").canonical, parse("set:time").kind
    ('real:w01018-Rtd', 'real:w01018-Rtd', 'set')
    """
    kind, mark, name = address.strip().partition(":")
    kind = kind.strip().lower()
    if kind.isascii() and kind.isdecimal() and len(kind) == 4:
        kind = NAMES.get(int(kind), kind)
    elif kind not in KINDS and kind not in WRITES:
        raise _wrong(address, f"before the colon stands one of {', '.join([*KINDS, *WRITES])}, or a command number")
    name = name.strip()
    if not mark or not _FIELD.match(name):
        raise _wrong(address, "after the colon stands a field, like w01018-Rtd")
    if kind == "set":
        if name.lower() not in SETTINGS:
            raise _wrong(address, f"what can be set is {', '.join(_SPELT.values())}")
        return Place(kind, name.lower(), _SPELT[name.lower()])
    return Place(kind, name.lower(), spelt(name))


def spelt(name: str) -> str:
    """Write a field as the standard does: the code in lower case, what is said of it with a capital.

    >>> spelt("W01018-RTD"), spelt("a34013-zsavg"), spelt("RestartTime"), spelt("B01-Cou")
    ('w01018-Rtd', 'a34013-ZsAvg', 'RestartTime', 'b01-Cou')
    """
    code, mark, said = name.partition("-")
    if not mark:
        return name
    words = {"rtd": "Rtd", "min": "Min", "avg": "Avg", "max": "Max", "cou": "Cou", "flag": "Flag", "eflag": "EFlag"}
    low = said.lower()
    corrected = low[2:] if low.startswith("zs") else ""
    return f"{code.lower()}-" + (f"Zs{words.get(corrected, corrected)}" if corrected else words.get(low, said))


def canonical(address: str) -> str:
    """Write an address in the one way that numbers its point."""
    return parse(address).canonical


def check(address: str, options: dict[str, Any]) -> None:
    """Raise driver.address for what no monitor can have."""
    parse(address)


def _wrong(address: str, why: str) -> FixConfiguration:
    return FixConfiguration("driver.address", f"{address!r}: {why}", place=address)
