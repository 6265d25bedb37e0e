"""Devices that call us: by what a caller is known, what of its bytes is no telegram, and the line a driver is given.

A DTU dials in, says who it is (its registration packet), beats its heart now and then, and for the rest passes the
telegrams of the devices behind it. Listening is the gateway's; nothing here waits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Protocol, TypeVar

from baigong.drivers.line import Line
from baigong.drivers.manifest import Manifest, wrong_option
from baigong.vocab.errors import FixConfiguration

L = TypeVar("L", bound=Line[Any])
Name = tuple[str, bytes]  # kind and what was said: ("text", b"DTU0001")
KINDS = ("text", "hex", "number", "pattern")  # of the option ``registration_is``
LONGEST = 512  # bytes of a packet in which somebody is looked for
_SHORTEST_END = 4  # a shorter heartbeat is skipped only where nothing else came with it
_NUMBER = re.compile(rb"[0-9A-Za-z]{5,32}")
_MN = re.compile(rb"^##[0-9]{4}[^&]*?;MN=([0-9A-Za-z]{1,32});")


@dataclass(slots=True, frozen=True)
class Expected:
    """Whom a device waits for. ``heartbeats``: packets of his that are no telegrams; ``place``: for messages."""

    name: Name
    place: str
    heartbeats: tuple[bytes, ...] = ()
    keeps: int = 0  # bytes kept for the driver while it is away; 0: what comes then was asked by nobody

    def is_it(self, names: frozenset[Name], packet: bytes) -> bool:
        if self.name[0] == "pattern":
            return fnmatchcase(_bare(packet).decode("latin-1"), self.name[1].decode("latin-1"))
        return self.name in names


class Caller(Protocol):
    """What a gateway gives a driver in place of an address: the option ``caller``."""

    async def line(self, make: Callable[[], L], wait_s: float) -> L:
        """Wait for the call, and return the line on it: made now, or that of another device behind the same caller.

        Raises driver.unreachable when nobody calls, driver.option when the line is spoken to in another language.
        """
        ...

    def leave(self, line: Line[Any]) -> None:
        """Stop using a line; the call itself goes on."""
        ...


def expected(claimed: Manifest, options: dict[str, Any]) -> Expected | None:
    """Say whom a device with these options waits for; None: nobody, it is dialled. Raises driver.option."""
    option = claimed.calls
    said = str(options.get(option) or "").strip() if option else ""
    if not said or str(options.get("host") or "").strip() or options.get("transport") == "serial":
        return None
    kind = "mn" if option == "mn" else str(options.get("registration_is") or "text")
    name = (kind, _said(option, kind, said))
    beats = str(options.get("heartbeat") or "").strip()
    heartbeats = (spelt("heartbeat", beats),) if beats else ()
    return Expected(name, said, heartbeats, keeps=1 << 18 if kind == "mn" else 0)


def spelt(option: str, text: str) -> bytes:
    r"""Read bytes as people write them: ``hex:`` and digits, else the text itself.

    >>> spelt("heartbeat", "hex: FE 01"), spelt("heartbeat", "PING")
    (b'\xfe\x01', b'PING')
    """
    if text[:4].lower() != "hex:":
        return text.encode()
    try:
        return bytes.fromhex(text[4:])
    except ValueError as error:
        raise wrong_option(option, f"{option}: after hex: come pairs of hexadecimal digits") from error


def names_of(packet: bytes) -> frozenset[Name]:
    r"""Say by which names somebody could be meant who sent this.

    >>> sorted(names_of(b"IMEI:867567012345678\r\n") - {("hex", b"IMEI:867567012345678\r\n")})
    [('number', b'867567012345678'), ('text', b'IMEI:867567012345678')]
    """
    packet = packet[:LONGEST]
    made = {("hex", packet), ("text", _bare(packet))}
    made |= {("number", found) for found in _NUMBER.findall(packet)}
    found = _MN.match(packet)
    return frozenset(made | ({("mn", found[1])} if found else set()))


def _said(option: str, kind: str, text: str) -> bytes:
    if kind == "hex":
        return spelt(option, f"hex:{text.removeprefix('hex:')}")
    if kind in ("number", "mn") and not re.fullmatch(r"[0-9A-Za-z]{1,32}", text):
        raise wrong_option(option, f"{option}: a number has letters and digits only, at most 32")
    raw = text.encode()
    if len(raw) > LONGEST:
        raise wrong_option(option, f"{option}: at most {LONGEST} bytes are compared")
    return raw


def _bare(packet: bytes) -> bytes:
    return packet.strip(b"\0 \t\r\n")


@dataclass(slots=True)
class Skipped:
    """Takes heartbeats and repeated registrations out of what a caller sends, and counts them."""

    literal: set[bytes] = field(default_factory=set)
    count: int = 0

    def learn(self, packets: Sequence[bytes]) -> None:
        for packet in packets:
            self.literal |= {form for form in (packet, _bare(packet)) if form}

    def clean(self, chunk: bytes) -> bytes:
        r"""Return what is left of one arrival.

        At its ends longer packets alone are looked for: a telegram may well begin with the byte 0xFE.

        >>> Skipped({b"PING", b"\xfe"}).clean(b"PINGPING\x01\x03PING"), Skipped({b"\xfe"}).clean(b"\xfe\x01")
        (b'\x01\x03', b'\xfe\x01')
        """
        if chunk in self.literal or _bare(chunk) in self.literal:
            self.count += 1
            return b""
        ends = sorted((packet for packet in self.literal if len(packet) >= _SHORTEST_END), key=len, reverse=True)
        while (packet := next((one for one in ends if chunk.startswith(one) or chunk.endswith(one)), None)) is not None:
            chunk = chunk[len(packet) :] if chunk.startswith(packet) else chunk[: -len(packet)]
            self.count += 1
        return chunk


def other_language(place: str) -> FixConfiguration:
    return FixConfiguration("driver.option", "another driver asks over this caller's line already", place=place)
