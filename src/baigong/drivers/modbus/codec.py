"""Bytes in, columns out: Modbus telegrams, and the values inside them for all points of a scan at once.

::

    TCP   [transaction 2][protocol 0 2][length 2][unit 1] [function 1][data]      Messaging Guide V1.0b, 3.1.3
    RTU                                          [unit 1] [function 1][data] [CRC 2, low byte first]
    answer: function, byte count, bytes          exception: function | 0x80, code  Application Protocol V1.1b3, 6, 7

Registers travel high byte first; coils lowest bit first. Nothing here waits, and nothing here raises anything but
``Refused`` and driver.protocol.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from pymodbus.framer.rtu import FramerRTU

from baigong.drivers.columns import Bytes, Columns, grouped, text
from baigong.drivers.modbus.address import BIT_AREAS, Register
from baigong.vocab.errors import FixConfiguration, RetryLater

FUNCTIONS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
WRITES = (5, 6, 15, 16)  # answered with four bytes
MAX_REGISTERS = 125
MAX_BITS = 2000
_DTYPES = {
    "int8": "i1",
    "uint8": "u1",
    "int16": ">i2",
    "uint16": ">u2",
    "int32": ">i4",
    "uint32": ">u4",
    "int64": ">i8",
    "uint64": ">u8",
    "float32": ">f4",
    "float64": ">f8",
}


class Refused(Exception):
    """The device answered with an exception code; never leaves the driver."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


# -- telegrams --------------------------------------------------------------------------------------------


def request(area: str, start: int, count: int) -> bytes:
    """Write the PDU that reads ``count`` registers or bits."""
    return struct.pack(">BHH", FUNCTIONS[area], start, count)


def payload(pdu: bytes, area: str, count: int) -> Bytes:
    """Read the answer to ``request``: two bytes per register, or one byte 0/1 per bit.

    Raises Refused for a device's exception and driver.protocol for anything that is no answer to it.
    """
    function = FUNCTIONS[area]
    if len(pdu) == 2 and pdu[0] == function | 0x80:
        raise Refused(pdu[1])
    expected = -(-count // 8) if area in BIT_AREAS else 2 * count
    if not pdu or pdu[0] != function:
        raise _garbled(f"function {pdu[0] if pdu else 'none'} answered function {function}")
    if len(pdu) != expected + 2 or pdu[1] != expected:
        raise _garbled(f"{len(pdu) - 2} data bytes answered a request for {expected}")
    raw = np.frombuffer(pdu, np.uint8, offset=2)
    if area in BIT_AREAS:
        return np.unpackbits(raw, bitorder="little")[:count]
    return raw


def wrap_tcp(transaction: int, unit: int, pdu: bytes) -> bytes:
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def begins_tcp(buffer: bytes) -> bool:
    """Say whether bytes may be the beginning of a Modbus TCP telegram."""
    return buffer[2:4] == b"\0\0"[: len(buffer[2:4])] and (
        len(buffer) < 6 or 3 <= int.from_bytes(buffer[4:6], "big") <= 254
    )


def take_tcp(buffer: bytes) -> tuple[int, int, int, bytes]:
    """Take one telegram off a stream: (bytes used, transaction, unit, PDU); 0 used: wait for more.

    Raises driver.protocol as soon as the bytes cannot be the beginning of one.
    """
    if buffer[2:4] != b"\0\0"[: len(buffer[2:4])]:
        raise _garbled("the answer is not Modbus TCP")
    if len(buffer) < 6:
        return 0, 0, 0, b""
    transaction, _, length = struct.unpack_from(">HHH", buffer)
    if not 3 <= length <= 254:
        raise _garbled(f"a telegram of {length} bytes cannot be")
    if len(buffer) < 6 + length:
        return 0, 0, 0, b""
    return 6 + length, transaction, buffer[6], buffer[7 : 6 + length]


def wrap_rtu(unit: int, pdu: bytes) -> bytes:
    telegram = bytes([unit]) + pdu
    return telegram + crc(telegram)


def crc(telegram: bytes) -> bytes:
    """Return the two check bytes, in the order in which they travel."""
    return int(FramerRTU.compute_CRC(telegram)).to_bytes(2, "big")


def fits(pdu: bytes, asked: bytes) -> bool:
    """Say whether an answer can be one to what was asked: as long, or an echo of it, or an exception.

    >>> fits(bytes([3, 2, 0, 7]), request("holding", 5, 1)), fits(bytes([3, 2, 0, 7]), request("holding", 5, 2))
    (True, False)
    """
    if len(pdu) == 2:
        return pdu[0] == asked[0] | 0x80
    if asked[0] in WRITES:
        return pdu == asked[:5]
    count = int.from_bytes(asked[3:5], "big")
    return len(pdu) == 2 + (-(-count // 8) if asked[0] in (1, 2) else 2 * count)


def another(asked: bytes, owed: Sequence[bytes]) -> bytes | None:
    """Make a question at the same place whose answer is none to any that is still owed; None: too many are."""
    for count in range(1, 6):
        step = 8 if asked[0] in (1, 2) else 1
        pdu = asked[:3] + (count * step).to_bytes(2, "big")
        if (
            all(before[3:5] != pdu[3:5] for before in owed)
            and int.from_bytes(pdu[1:3], "big") + count * step <= 1 << 16
        ):
            return pdu
    return None


def find_rtu(buffer: bytes, unit: int, function: int, asked: bytes = b"") -> bytes | None:
    """Find the answer of ``unit`` to ``function`` anywhere in what came, or None: wait for more.

    Noise, the echo of our own request and other units' telegrams are passed over: the CRC decides; and what cannot
    answer ``asked``, for it is late.
    """
    for i in range(len(buffer) - 4):
        if buffer[i] != unit or buffer[i + 1] & 0x7F != function:
            continue
        size = 5 if buffer[i + 1] & 0x80 else 8 if function in WRITES else 5 + buffer[i + 2]
        telegram = buffer[i : i + size]
        right = len(telegram) == size and crc(telegram[:-2]) == telegram[-2:]
        if right and (not asked or fits(telegram[1:-2], asked)):
            return telegram[1:-2]
    return None


def _garbled(why: str) -> RetryLater:
    return RetryLater("driver.protocol", why)


# -- values -----------------------------------------------------------------------------------------------


def positions(base: int, register: Register) -> list[int]:
    """Where the value's bytes lie, most significant first, when its first register lies at ``base``."""
    words = range(register.count)
    if register.order in ("cdab", "dcba") and register.kind != "string":
        words = words[::-1]
    swap = 1 if register.order in ("badc", "dcba") else 0
    return [base + 2 * word + (byte ^ swap) for word in words for byte in (0, 1)]


class Decoder:
    """Decodes all points of a scan by index arrays computed once.

    ``items``: (row, register, position of its first byte in the scan's bytes). Cost per scan: a few numpy calls
    per type present, whatever the number of points; strings cost one Python call each.
    """

    def __init__(self, rows: int, items: Sequence[tuple[int, Register, int]]) -> None:
        self._rows = rows
        self._strings = [
            (row, np.array(positions(base, r)[: r.length])) for row, r, base in items if r.kind == "string"
        ]
        self._groups = grouped(
            (r.kind, row, _places(base, r), r.low, (1 << (r.high - r.low + 1)) - 1)
            for row, r, base in items
            if r.kind != "string"
        )

    def decode(self, raw: Bytes) -> Columns:
        """Decode one scan's bytes."""
        made = Columns.empty(self._rows)
        for kind, rows, places, shifts, masks in self._groups:
            taken = raw[places]
            if kind == "bool":
                made.value[rows] = taken[:, 0]
            elif kind == "bits":
                made.value[rows] = (taken.view(">u2")[:, 0].astype(np.int64) >> shifts) & masks
            elif kind in ("bcd16", "bcd32"):
                made.put_bcd(rows, taken)
            else:
                made.put(rows, taken.view(_DTYPES[kind])[:, 0])
        for row, places in self._strings:
            made.put_text(row, text(raw[places].tobytes()))
        return made


def _places(base: int, register: Register) -> list[int]:
    if register.kind == "bool":
        return [base]
    places = positions(base, register)
    return places[1:] if register.kind in ("int8", "uint8") else places


def encode(register: Register, value: float | int | str | bool, before: int = 0) -> bytes:
    """Write a value as the bytes of its registers: what a device would hold.

    ``before``: the register's present content, whose other bits a bit field keeps. Raises config.invalid for
    a value that does not fit.
    """
    try:
        straight = _straight(register, value, before)
    except (struct.error, OverflowError, ValueError, TypeError) as error:
        raise FixConfiguration("config.invalid", f"{value!r} does not fit {register.kind}: {error}") from error
    made = bytearray(2 * register.count)
    for place, byte in zip(positions(0, register), straight, strict=True):
        made[place] = byte
    return bytes(made)


def _straight(register: Register, value: Any, before: int) -> bytes:
    size = 2 * register.count
    if register.kind == "string":
        raw = str(value).encode("utf-8")
        if len(raw) > register.length:
            raise ValueError(f"{len(raw)} bytes")
        return raw.ljust(size, b"\0")
    if register.kind == "bits":
        mask = ((1 << (register.high - register.low + 1)) - 1) << register.low
        number = int(value) << register.low
        if number & ~mask:
            raise ValueError("too many bits")
        return struct.pack(">H", (before & ~mask & 0xFFFF) | number)
    if register.kind in ("bcd16", "bcd32"):
        return bytes.fromhex(f"{int(value):0{2 * size}d}")[-size:] if 0 <= value < 10 ** (2 * size) else _too_long()
    if register.kind.startswith("float"):
        return struct.pack(">f" if size == 4 else ">d", value)
    width = int(register.kind.lstrip("uint")) // 8
    return int(value).to_bytes(width, "big", signed=not register.kind.startswith("u")).rjust(size, b"\0")


def _too_long() -> bytes:
    raise ValueError("too many digits")
