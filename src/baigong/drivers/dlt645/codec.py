"""DL/T 645 frames in bytes, of 2007 and of 1997, and the values inside them. Pure.

::

    FE.. 68 [address 6] 68 [control][length][data, each byte + 33][sum] 16
    control  bit 7: an answer, bit 6: it is an error, bit 5: more follows      2007: 5.2.4, 1997: 5.2.4
    read     2007: 11 [DI 4]        1997: 01 [DI 2]         then 12 [DI 4][number] or 02 [DI 2] for what follows
    write    2007: 14 [DI 4][level][password 3][operator 4][value]    1997: 04 [DI 2][level][password 3][value]
    relay    1C [level][password 3][operator 4][what][0][valid until, 6: ss mm hh DD MM YY]

Addresses, identifiers and values travel low byte first. Source: DL/T 645-2007 and DL/T 645-1997.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from baigong.drivers.dlt645.items import Form
from baigong.drivers.scan import Refused
from baigong.vocab.errors import FixConfiguration, RetryLater

ANYBODY = "AAAAAAAAAAAA"
_START, _END, _OFFSET = 0x68, 0x16, 0x33
_OVERHEAD = 12  # bytes of a frame that are not data
_FOLLOWS, _ERROR, _ANSWER = 0x20, 0x40, 0x80
READ_ADDRESS, RELAY = 0x13, 0x1C
TRIP, PERMIT = 0x1A, 0x1B  # what the relay is told

_ERRORS_2007 = (
    "another error",
    "there is no such data",
    "the password is wrong, or not enough",
    "the baud rate cannot be changed",
    "too many yearly time zones",
    "too many daily periods",
    "too many tariffs",
)
_ERRORS_1997 = (
    "the data are not allowed",
    "there is no such data",
    "the password is wrong",
    "",
    "too many yearly time zones",
    "too many daily periods",
    "too many tariffs",
)
NO_SUCH_DATA = 0x02


@dataclass(slots=True, frozen=True)
class Standard:
    """The control codes of one edition, and the bytes of its identifiers."""

    year: int
    read: int
    follow: int
    write: int
    width: int
    errors: tuple[str, ...]


STANDARDS = {
    "2007": Standard(2007, 0x11, 0x12, 0x14, 4, _ERRORS_2007),
    "1997": Standard(1997, 0x01, 0x02, 0x04, 2, _ERRORS_1997),
}


@dataclass(slots=True, frozen=True)
class Frame:
    """One frame: ``meter`` in twelve digits (A: any), ``data`` without the offset."""

    meter: str
    control: int
    data: bytes

    @property
    def answers(self) -> bool:
        return bool(self.control & _ANSWER)

    @property
    def function(self) -> int:
        return self.control & 0x1F

    @property
    def follows(self) -> bool:
        return bool(self.control & _FOLLOWS)

    @property
    def refuses(self) -> bool:
        return bool(self.control & _ERROR)


def wrap(meter: str, control: int, data: bytes, wake: int = 4) -> bytes:
    """Write a frame behind ``wake`` bytes FE."""
    body = bytes([_START]) + bytes.fromhex(meter)[::-1] + bytes([_START, control, len(data)])
    body += bytes(byte + _OFFSET & 0xFF for byte in data)
    return b"\xfe" * wake + body + bytes([sum(body) & 0xFF, _END])


def find(buffer: bytes) -> tuple[int, Frame | None]:
    """Find the first whole frame: (bytes used up, the frame). Noise before it is passed over; the sum decides."""
    at = -1
    while (at := buffer.find(_START, at + 1)) >= 0:
        head = buffer[at : at + 10]
        if len(head) > 7 and head[7] != _START:
            continue
        if len(head) < 10:
            return at, None
        end = at + _OVERHEAD + head[9]
        if len(buffer) < end:
            return _unless_later(buffer, at)
        body = buffer[at : end - 2]
        if buffer[end - 1] == _END and buffer[end - 2] == sum(body) & 0xFF:
            data = bytes(byte - _OFFSET & 0xFF for byte in body[10:])
            return end, Frame(body[1:7][::-1].hex().upper(), body[8], data)
    return len(buffer), None


def _unless_later(buffer: bytes, at: int) -> tuple[int, Frame | None]:
    """What seems to be a beginning may be noise: a whole frame behind it counts."""
    used, frame = find(buffer[at + 1 :])
    return (at + 1 + used, frame) if frame else (at, None)


def fits(meter: str, pattern: str) -> bool:
    """Say whether a meter is meant by an address with A in place of digits."""
    return all(wanted in ("A", digit) for digit, wanted in zip(meter, pattern, strict=True))


def identifier(di: str) -> bytes:
    return bytes.fromhex(di)[::-1]


def refused(code: int, standard: Standard) -> Refused:
    """Put an error byte into words: each of its bits is one error."""
    said = [word for bit, word in enumerate(standard.errors) if code >> bit & 1 and word]
    return Refused(code, f"error {code:02X}: {', '.join(said) or 'the meter refuses'}")


def garbled(why: str) -> RetryLater:
    return RetryLater("driver.protocol", why)


def credentials(standard: Standard, password: str, operator: str) -> bytes:
    """Write level and password, in 2007 with the operator's code; ``password``: two digits of level, then six."""
    raw = bytes.fromhex(password)
    told = raw[:1] + raw[1:][::-1]
    return told + bytes.fromhex(operator)[::-1] if standard.year == 2007 else told


def relay(order: int, until: datetime) -> bytes:
    """Write what the relay is told, and until when the order is good (the meter's own clock)."""
    return bytes([order, 0]) + bytes.fromhex(until.strftime("%S%M%H%d%m%y"))


# -- values -----------------------------------------------------------------------------------------------


def decode(form: Form, raw: bytes) -> float | int | str | None:
    """Read a value; None: the bytes are none (digits above 9; all FF: the meter has no value)."""
    high_first = raw[::-1]
    if form.kind == "hex":
        return int.from_bytes(high_first, "big")
    if form.kind == "ascii":
        # some meters send texts first character first, most last: printable either way
        return high_first.decode("ascii", "replace").strip("\0 ")
    digits = high_first.hex()
    if form.kind == "digits":
        return digits
    negative = form.signed and high_first[0] & 0x80
    if negative:
        digits = bytes([high_first[0] & 0x7F]).hex() + digits[2:]
    if not digits.isdigit():
        return None
    number = float(f"{digits}e-{form.decimals}")
    return -number if negative else number


def encode(form: Form, value: float | int | str | bool) -> bytes:
    """Write a value; raises config.invalid for one that does not fit: nothing is rounded or cut."""
    try:
        return _encoded(form, value)[::-1]
    except (ValueError, TypeError, OverflowError) as error:
        raise FixConfiguration("config.invalid", f"{value!r} does not fit {form}: {error}") from error


def _encoded(form: Form, value: float | int | str | bool) -> bytes:
    if form.kind == "ascii":
        raw = str(value).encode("ascii")
        if len(raw) > form.size:
            raise ValueError(f"{len(raw)} characters")
        return raw.ljust(form.size)
    if form.kind == "digits":
        text = str(value)
        if len(text) != 2 * form.size or not text.isdigit():
            raise ValueError(f"{2 * form.size} digits")
        return bytes.fromhex(text)
    tens: int = 10**form.decimals
    scaled = float(value) * tens
    whole = round(scaled)
    if abs(scaled - whole) > 1e-6 * max(1.0, abs(scaled)):
        raise ValueError(f"it has {form.decimals} digits behind the point")
    if form.kind == "hex":
        return whole.to_bytes(form.size, "big")
    if (whole < 0 and not form.signed) or abs(whole) >= 10 ** (2 * form.size) // (1 + form.signed * 0.25):
        raise ValueError("it is out of range")
    straight = bytes.fromhex(f"{abs(whole):0{2 * form.size}d}")
    return bytes([straight[0] | (0x80 if whole < 0 else 0)]) + straight[1:]
