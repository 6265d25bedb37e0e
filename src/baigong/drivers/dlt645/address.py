"""Reads and canonicalises addresses of what a meter tells: ``00010000``, ``9010``, ``12!02010100``, ``relay``.

::

    [meter!] identifier [/ index] [: format]
    02010100                    a data identifier of the 2007 standard, as printed there (DI3 DI2 DI1 DI0)
    9010                        one of the 1997 standard (DI1 DI0)
    000000000012!02010100       of another meter on the same line
    05060101/1                  the second value of an identifier with several
    02800021:XXX.X              an identifier that the tables do not know, with its format
    relay                       the relay: 1 closed; written 0: trip, 1: permit closing
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from baigong.drivers.dlt645.items import Form, form, item
from baigong.vocab.errors import FixConfiguration

RELAY = "relay"
RELAY_WORD = "04000503"  # status word 3: bit 4 tells the relay, 1 is open
_WRITTEN = re.compile(r"^(?:([0-9]{1,12})!)?([0-9A-F]{8}|[0-9A-F]{4}|RELAY)(?:/([0-9]{1,2}))?$")


@dataclass(slots=True, frozen=True)
class Place:
    """Where one value lies. ``meter``: twelve digits, empty: the device's own; ``index``: which of several values."""

    meter: str
    di: str  # "" for the relay
    index: int
    form: Form
    shaped: bool = False  # the format was written in the address

    @property
    def identifier(self) -> str:
        return self.di or RELAY_WORD


def parse(address: str) -> Place:
    """Read an address; driver.address says what is wrong with it.

    >>> parse("00-01-00-00") == parse("00010000"), parse("12!9010").meter
    (True, '000000000012')
    """
    body, colon, written = address.strip().partition(":")
    found = _WRITTEN.match(re.sub(r"[\s-]", "", body).upper())
    if not found:
        raise _wrong(address, "write a data identifier: 00010000, 02010100, 9010; or 000000000012!00010000, relay")
    meter, di, index = (found[1] or "").zfill(12) if found[1] else "", found[2], int(found[3] or 0)
    if di == "RELAY":
        if colon or found[3]:
            raise _wrong(address, "the relay has no format")
        return Place(meter, "", 0, Form("hex", 2))
    known = item(di)
    if not colon:
        if known is None:
            raise _wrong(address, f"the tables do not know {di}: add its format, like {di}:XXXXXX.XX")
        return Place(meter, di, index, known.form)
    try:
        told = form(written.strip())
    except ValueError as error:
        raise _wrong(address, str(error)) from None
    return Place(meter, di, index, told, known is None or known.form != told)


def check(address: str, options: dict[str, Any]) -> None:
    """Raise driver.address for what no meter of this standard can have."""
    place = parse(address)
    wanted = 4 if str(options.get("standard") or "2007") == "1997" else 8
    if len(place.di or RELAY_WORD) != wanted:
        raise _wrong(address, f"an identifier of the {'1997' if wanted == 4 else '2007'} standard has {wanted} digits")


def canonical(address: str) -> str:
    """Write an address in the one way that numbers its point.

    >>> canonical("00-01-00-00"), canonical("12!0201 0100:xxx.x"), canonical("0506 0101/1"), canonical("Relay")
    ('00010000', '000000000012!02010100', '05060101/1', 'relay')
    """
    place = parse(address)
    meter = f"{place.meter}!" if place.meter else ""
    index = f"/{place.index}" if place.index else ""
    return f"{meter}{place.di or RELAY}{index}" + (f":{place.form}" if place.shaped else "")


def _wrong(address: str, why: str) -> FixConfiguration:
    return FixConfiguration("driver.address", f"{address[:120]!r}: {why}", place=address[:120])
