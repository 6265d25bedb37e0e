"""MC protocol (SLMP) telegrams in bytes: 3E and 4E frames, binary and ASCII. Pure.

::

    request  50 00 | 54 00 serial 2, 0 0   [network][PC][module 2][station][length 2][timer 2][command 2][sub 2][data]
    answer   D0 00 | D4 00 serial 2, 0 0   [network][PC][module 2][station][length 2][end code 2][data]
    device   [number 3][code 1], of iQ-R subcommands [number 4][code 2]

Binary numbers travel low byte first; in ASCII frames each is written in upper case hexadecimal digits, and devices by
their letters. Source: MELSEC Communication Protocol Reference Manual SH-080008; SLMP Reference Manual SH-080956.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from baigong.drivers.mc.address import DEVICES, base_of, spelled
from baigong.drivers.plan import Span
from baigong.drivers.scan import Refused
from baigong.drivers.words import swapped
from baigong.vocab.errors import RetryLater

READ, RANDOM, BLOCKS, WRITE, MODEL = 0x0401, 0x0403, 0x0406, 0x1401, 0x0101
WAYS = ("blocks", "words", "none")  # how scattered places are asked for: 0406, 0403, or each by 0401
MAX_WORDS = 960
_MAX_BLOCKS, _MAX_RANDOM = 120, 192  # half of it with iQ-R subcommands
_MOST_RANDOM = 4  # words of a span that is asked for word by word
_LONGEST = 2 * (2 + 2 * 4096)  # bytes of an answer's content

# End codes in words. MELSEC-Q/L Ethernet manual SH-080009, 11.3; iQ-R Ethernet manual SH-081256, 3.3.
END_CODES = {
    0x0055: "writing while the CPU runs is not permitted: permit it in the module's settings",
    0x4030: "the CPU has no such device",
    0x4031: "the device number is out of range",
    0x4080: "the CPU takes the request for wrong",
    0xC050: "the port speaks the other code: look at binary and ASCII",
    0xC051: "too many device points",
    0xC052: "too many device points",
    0xC053: "too many device points",
    0xC054: "too many device points",
    0xC056: "the address is out of range",
    0xC059: "the command is not known here",
    0xC05B: "the CPU cannot read or write this device",
    0xC05C: "the request is not possible for this device",
    0xC05F: "the request cannot be executed at the station asked",
    0xC060: "the request for bits is wrong",
    0xC061: "the request's length is wrong",
    0xC070: "the device cannot be extended so",
    0xC0B5: "the module cannot handle this data",
    0xC200: "the remote password is wrong",
    0xC201: "the port is locked by a remote password",
    0xC204: "another station has unlocked the port",
    0xCF70: "no way leads to the network and station asked",
}
_PLACES = {0x4030, 0x4031, 0xC051, 0xC052, 0xC053, 0xC054, 0xC056, 0xC05B, 0xC05C, 0xC070}
_UNKNOWN = {0xC059, 0xC061, 0xC060}


def about_places(code: int) -> bool:
    """Say whether an end code is about the places asked for, not about asking."""
    return code in _PLACES


def about_command(code: int) -> bool:
    """Say whether an end code means that the device does not know a command."""
    return code in _UNKNOWN


@dataclass(slots=True, frozen=True)
class Dialect:
    """How a PLC is spoken to: the options of a device that decide what travels."""

    frame: str = "3e"
    ascii: bool = False
    series: str = "q"
    network: int = 0
    station: int = 0xFF
    module_io: int = 0x3FF
    module_station: int = 0
    timer: int = 4  # of 250 ms

    # -- frames ---------------------------------------------------------------------------------------------

    def number(self, value: int, size: int) -> bytes:
        return b"%0*X" % (2 * size, value) if self.ascii else value.to_bytes(size, "little")

    def request(self, serial: int, command: int, sub: int, content: bytes) -> bytes:
        """Write a whole telegram."""
        n = self.number
        body = n(self.timer, 2) + n(command, 2) + n(sub, 2) + content
        route = n(self.network, 1) + n(self.station, 1) + n(self.module_io, 2) + n(self.module_station, 1)
        return self.subheader(0x50, serial) + route + n(len(body), 2) + body

    def subheader(self, kind: int, serial: int) -> bytes:
        if self.frame == "3e":
            return b"%02X00" % kind if self.ascii else bytes([kind, 0])
        kind += 4
        if self.ascii:
            return b"%02X00%04X0000" % (kind, serial)
        return bytes([kind, 0]) + serial.to_bytes(2, "little") + b"\0\0"

    def take(self, buffer: bytes) -> tuple[int, int, bytes]:
        """Take one answer off a stream: (bytes used, serial, end code and data); 0 used: wait for more.

        Raises driver.protocol as soon as the bytes cannot be the beginning of one.
        """
        wanted = self.subheader(0xD0, 0)[: 4 if self.ascii else 2]
        if buffer[: len(wanted)] != wanted[: len(buffer)]:
            raise garbled(f"{buffer[:4].hex(' ')} does not begin an answer: look at port, frame and code")
        width = 2 if self.ascii else 1
        head = width * (9 if self.frame == "3e" else 13)
        if len(buffer) < head:
            return 0, 0, b""
        length = self._int(buffer[head - 2 * width : head])
        if not 2 * width <= length <= _LONGEST:
            raise garbled(f"an answer of {length} bytes cannot be")
        if len(buffer) < head + length:
            return 0, 0, b""
        serial = 0 if self.frame == "3e" else self._int(buffer[2 * width : 4 * width])
        return head + length, serial, buffer[head : head + length]

    def _int(self, field: bytes) -> int:
        if not self.ascii:
            return int.from_bytes(field, "little")
        try:
            return int(field.decode("ascii"), 16)
        except ValueError:
            raise garbled(f"{field!r} is no number") from None

    def data(self, content: bytes) -> bytes:
        """The data of an answer's content; raises Refused for an end code that says no."""
        width = 4 if self.ascii else 2
        if code := self._int(content[:width]):
            raise refused(code)
        return content[width:]

    # -- requests -------------------------------------------------------------------------------------------

    @property
    def wide(self) -> bool:
        return self.series == "iqr"

    def sub(self, *, bits: bool = False) -> int:
        return (2 if self.wide else 0) + bits

    def device(self, name: str, number: int) -> bytes:
        """Write a device and its number."""
        device = DEVICES[name]
        if not self.ascii:
            form = "<IH" if self.wide else "<IB"
            raw = struct.pack(form, number, device.code)
            return raw if self.wide else raw[:3] + raw[4:]
        base = base_of(name, self.series) if device.written_base == device.base else device.written_base
        digits = spelled(number, base).upper()
        if self.wide:
            letters = f"ST{device.letters[1]}" if name in ("ss", "sc", "sn") else device.letters
            return f"{letters:*<4}{digits:0>8}".encode()
        return f"{device.letters}{digits:0>6}".encode()

    def _head(self, span: Span) -> bytes:
        return self.device(span.area, span.start * 16 if DEVICES[span.area].bits else span.start)

    def read(self, spans: Sequence[Span], way: str) -> tuple[int, bytes]:
        """Write the command and content that read the spans of one request."""
        n = self.number
        if len(spans) == 1:
            return READ, self._head(spans[0]) + n(spans[0].count, 2)
        if way == "words":
            singles = [Span(s.area, 0, s.start + i, 1) for s in spans for i in range(s.count)]
            return RANDOM, n(len(singles), 1) + n(0, 1) + b"".join(self._head(s) for s in singles)
        words, bits = _sorted(spans)
        blocks = b"".join(self._head(spans[i]) + n(spans[i].count, 2) for i in (*words, *bits))
        return BLOCKS, n(len(words), 1) + n(len(bits), 1) + blocks

    def answers(self, data: bytes, spans: Sequence[Span], way: str) -> list[bytes]:
        """Cut an answer to ``read`` into each span's words, high byte first; raises driver.protocol."""
        raw = self.words(data)
        if len(raw) != sum(span.size for span in spans):
            raise garbled(f"{len(raw)} bytes answered a request for {sum(span.size for span in spans)}")
        words, bits = _sorted(spans)
        order = [*words, *bits] if way == "blocks" and len(spans) > 1 else range(len(spans))
        made, at = [b""] * len(spans), 0
        for i in order:
            made[i] = raw[at : at + spans[i].size]
            at += spans[i].size
        return made

    def words(self, data: bytes) -> bytes:
        """Turn an answer's data into words, high byte first; raises driver.protocol."""
        if self.ascii:
            try:
                return bytes.fromhex(data.decode("ascii"))
            except ValueError:
                raise garbled("an answer that is not hexadecimal") from None
        if len(data) % 2:
            raise garbled("an answer of half a word")
        return swapped(data)

    def write(self, name: str, number: int, raw: bytes) -> bytes:
        """Write the content that gives words (high byte first) their values."""
        data = raw.hex().upper().encode() if self.ascii else swapped(raw)
        return self.device(name, number) + self.number(len(raw) // 2, 2) + data

    def write_bit(self, name: str, number: int, on: bool) -> bytes:
        """Write the content that sets one bit device."""
        data = (b"1" if on else b"0") if self.ascii else (b"\x10" if on else b"\0")
        return self.device(name, number) + self.number(1, 2) + data


def _sorted(spans: Sequence[Span]) -> tuple[list[int], list[int]]:
    """Positions of the word devices, then of the bit devices: the order in which 0406 wants them."""
    bits = [DEVICES[span.area].bits for span in spans]
    return [i for i, b in enumerate(bits) if not b], [i for i, b in enumerate(bits) if b]


def packed(spans: Sequence[Span], way: str, *, wide: bool, max_words: int) -> Iterator[list[int]]:
    """Pack spans, none longer than ``max_words``, into requests: gives the positions of each one's spans."""
    most = (_MAX_BLOCKS if way == "blocks" else _MAX_RANDOM) // (2 if wide else 1)
    held: list[int] = []
    words = 0
    for i, span in enumerate(spans):
        alone = way == "none" or DEVICES[span.area].single or (way == "words" and span.count > _MOST_RANDOM)
        if alone:
            yield [i]
            continue
        used = words if way == "words" else len(held)
        more = span.count if way == "words" else 1
        if held and (used + more > most or words + span.count > max_words):
            yield held
            held, words = [], 0
        held.append(i)
        words += span.count
    if held:
        yield held


def refused(code: int) -> Refused:
    return Refused(code, f"end code {code:04X}: {END_CODES.get(code, 'the PLC refuses the request')}")


def garbled(why: str) -> RetryLater:
    return RetryLater("driver.protocol", why)
