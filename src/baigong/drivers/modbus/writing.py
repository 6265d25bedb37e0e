"""Writes one value: the telegrams of functions 5, 6, 15 and 16, and what answers them. Pure.

::

    05/06  [function][address 2][value 2]                           echoed     V1.1b3, 6.5, 6.6
    15/16  [function][address 2][count 2][byte count][bytes]        function, address, count   6.11, 6.12
"""

from __future__ import annotations

import math
import struct
from typing import Any

from baigong.drivers.modbus.address import Register
from baigong.drivers.modbus.codec import Refused, encode
from baigong.vocab.errors import FixConfiguration, RetryLater

_FLOATS = ("float32", "float64", "string")
_ROUNDING = 1e-6


def order_of(register: Register, value: float | int | str | bool, before: int = 0, *, many: bool = False) -> bytes:
    """Write the PDU that gives a coil or register its value.

    ``before``: the register as it is, whose other bits a bit field keeps. ``many``: with function 15 or 16 even
    for a single one, for devices that know no other. Raises driver.readonly for inputs and config.invalid for a
    value that the register cannot hold: nothing is rounded or cut.
    """
    if register.area in ("discrete", "input"):
        raise FixConfiguration("driver.readonly", f"a {register.area} is only read", place=register.area)
    if register.area == "coil":
        on = _bit(value)
        if many:
            return struct.pack(">BHHBB", 15, register.start, 1, 1, on)
        return struct.pack(">BHH", 5, register.start, 0xFF00 if on else 0)
    if register.kind in ("int8", "uint8"):
        raise FixConfiguration("driver.readonly", "half a register cannot be written alone: write int16 or uint16")
    raw = encode(register, _fitting(register, value), before)
    if register.count == 1 and not many:
        return struct.pack(">BH", 6, register.start) + raw
    return struct.pack(">BHHB", 16, register.start, register.count, len(raw)) + raw


def confirm(pdu: bytes, order: bytes) -> None:
    """Check that a device has done what it was told; raises Refused for its exception, else driver.protocol."""
    if len(pdu) == 2 and pdu[0] == order[0] | 0x80:
        raise Refused(pdu[1])
    if pdu != order[:5]:
        raise RetryLater("driver.protocol", f"{pdu[:8].hex(' ')} does not answer function {order[0]}")


def _bit(value: Any) -> bool:
    if value not in (0, 1, True, False):
        raise FixConfiguration("config.invalid", f"{value!r} does not fit a single bit")
    return bool(value)


def _fitting(register: Register, value: Any) -> Any:
    """Return a whole number where the register holds one; 42.5 is refused, not cut."""
    if register.kind in _FLOATS:
        if register.kind != "string" and not isinstance(value, str) and not math.isfinite(value):
            raise FixConfiguration("config.invalid", f"{value!r} is no value to write")
        return value
    try:
        number = float(value)
        whole = int(value) if isinstance(value, int) else round(number)
    except (TypeError, ValueError, OverflowError) as error:
        raise FixConfiguration("config.invalid", f"{value!r} does not fit {register.kind}") from error
    if abs(number - whole) > _ROUNDING:
        raise FixConfiguration("config.invalid", f"{value!r} does not fit {register.kind}, which holds whole numbers")
    return whole
