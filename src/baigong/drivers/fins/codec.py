"""FINS telegrams in bytes: over UDP bare, over TCP with a header and a handshake about node addresses. Pure.

::

    TCP     "FINS" [length 4][0 hello | 1 its answer | 2 a FINS frame | 3 refused][error 4]...
    FINS    [ICF 80 | C0][RSV 0][gateways 2][DNA][DA1][DA2][SNA][SA1][SA2][SID] [command 2][data | end code 2, data]
    read    0101 [area][address 2][bit][count 2]            0104 [area][address 2][bit]... -> [area][word 2]...
    write   0102 [area][address 2][bit][count 2][words or bits]

Everything travels high byte first. Source: CS/CJ Communications Commands Reference Manual W342; Ethernet Units W421.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from baigong.drivers.fins.address import FLAGS
from baigong.drivers.plan import Span
from baigong.drivers.scan import Refused
from baigong.vocab.errors import RetryLater

READ, WRITE, MULTIPLE, MODEL = 0x0101, 0x0102, 0x0104, 0x0501
HELLO, WELCOME, FRAME, REFUSED = range(4)
WORDS = {"cio": 0xB0, "w": 0xB1, "h": 0xB2, "a": 0xB3, "d": 0x82, "t": 0x89, "c": 0x89, "tf": 0x09, "cf": 0x09}
BITS = {"cio": 0x30, "w": 0x31, "h": 0x32, "a": 0x33, "d": 0x02}
MAX_WORDS = 960
COUNTERS = 0x8000  # counters lie behind the timers of the same area
_MULTIPLE = 167  # words in one request of 0104
_MOST_MULTIPLE = 40  # words of a span that is asked for word by word: a quarter of such a request, not a whole one
_HEADER = 16
_FINS = 10  # bytes before the command
_LONGEST = 4096

# What a FINS/TCP server says when it refuses (W421, 7-4-2).
_TCP_ERRORS = {
    0x01: "this is no FINS/TCP",
    0x02: "the frame is too long",
    0x03: "the command is not known",
    0x20: "all connections are in use",
    0x21: "this node address is connected already",
    0x22: "the connection comes from an address that the PLC does not allow",
    0x23: "the node address is out of range",
    0x24: "our node address is the PLC's own",
    0x25: "the PLC has no node address left to give",
}
# End codes in words (W342, 5-1-3).
END_CODES = {
    0x0001: "the service was cancelled",
    0x0101: "the local node is not in the network",
    0x0103: "sending failed after several tries",
    0x0105: "the node address is out of range",
    0x0201: "the destination node is not in the network",
    0x0202: "there is no unit with this unit address",
    0x0204: "the destination node is busy",
    0x0205: "the destination node did not answer in time",
    0x0302: "the CPU unit has an error",
    0x0401: "the command is not known here",
    0x0402: "the command is not supported by this model",
    0x0501: "the destination is not in the routing tables",
    0x0502: "there are no routing tables",
    0x1001: "the command is too long",
    0x1002: "the command is too short",
    0x1003: "the number of elements does not agree with the data",
    0x1101: "there is no such memory area",
    0x1102: "the access size is wrong",
    0x1103: "the address is out of range",
    0x1104: "the range goes beyond the end of the area",
    0x110B: "the answer would be too long",
    0x110C: "a parameter is wrong",
    0x2002: "the area is protected",
    0x2101: "the area is read-only",
    0x2102: "the area is protected against writing",
    0x2108: "it cannot be changed",
    0x2201: "not possible during execution",
    0x2202: "not possible while the PLC runs",
    0x2203: "not possible in PROGRAM mode",
    0x2205: "not possible in MONITOR mode",
    0x2206: "not possible in RUN mode",
    0x3001: "another device holds the access right",
}
_PLACES = {0x1101, 0x1102, 0x1103, 0x1104, 0x110B, 0x2002}
_UNKNOWN = {0x0401, 0x0402}


@dataclass(slots=True, frozen=True)
class Route:
    """From where to where a frame goes: network, node, unit of each."""

    network: int = 0
    node: int = 0
    unit: int = 0
    source_network: int = 0
    source_node: int = 0
    source_unit: int = 0

    def frame(self, sid: int, command: int, content: bytes) -> bytes:
        """Write a request."""
        far = (self.network, self.node, self.unit, self.source_network, self.source_node, self.source_unit)
        return bytes([0x80, 0, 2, *far, sid]) + command.to_bytes(2, "big") + content


# -- line -------------------------------------------------------------------------------------------------


def wrap(command: int, content: bytes, error: int = 0) -> bytes:
    """Put a frame, or the content of a handshake, into a FINS/TCP telegram."""
    return b"FINS" + struct.pack(">III", 8 + len(content), command, error) + content


def hello(node: int) -> bytes:
    """The telegram that tells our node address, 0: the PLC gives us one."""
    return wrap(HELLO, node.to_bytes(4, "big"))


def take(buffer: bytes) -> tuple[int, int, bytes]:
    """Take one FINS/TCP telegram off a stream: (bytes used, command, content); 0 used: wait for more.

    Raises driver.protocol as soon as the bytes cannot be the beginning of one, driver.unreachable for a refusal.
    """
    if buffer[:4] != b"FINS"[: len(buffer)]:
        raise garbled("the answer is not FINS/TCP: look at port and transport")
    if len(buffer) < _HEADER:
        return 0, 0, b""
    length, command, error = struct.unpack_from(">III", buffer, 4)
    if not 8 <= length <= _LONGEST:
        raise garbled(f"a telegram of {length} bytes cannot be")
    if len(buffer) < 8 + length:
        return 0, 0, b""
    if error or command == REFUSED:
        raise RetryLater("driver.unreachable", f"the PLC refuses: {_TCP_ERRORS.get(error, f'error {error:#x}')}")
    return 8 + length, command, buffer[_HEADER : 8 + length]


def nodes(content: bytes) -> tuple[int, int]:
    """Read a welcome: our node address and the PLC's."""
    if len(content) != 8:
        raise garbled("a handshake that says no node addresses")
    return content[3], content[7]


def answer(frame: bytes) -> tuple[int, int, bytes]:
    """Read an answer's frame: its SID, its command, what follows; raises driver.protocol."""
    if len(frame) < _FINS + 4 or not frame[0] & 0x40:
        raise garbled("an answer that is no FINS frame")
    return frame[9], int.from_bytes(frame[10:12], "big"), frame[12:]


def data(content: bytes) -> bytes:
    """The data behind an end code; raises Refused for one that says no.

    Flags of a CPU error that does not concern the command are in bits 6 and 7 of its second byte, and of a relay's in
    bit 7 of its first (W342, 5-1-3): a PLC with an empty battery goes on answering.
    """
    if code := int.from_bytes(content[:2], "big") & 0x7F3F:
        raise refused(code)
    return content[2:]


def refused(code: int) -> Refused:
    return Refused(code, f"end code {code:04X}: {END_CODES.get(code, 'the PLC refuses the request')}")


def about_places(code: int) -> bool:
    """Say whether an end code is about the places asked for, not about asking."""
    return code in _PLACES


def about_command(code: int) -> bool:
    """Say whether an end code means that the device does not know a command."""
    return code in _UNKNOWN


def garbled(why: str) -> RetryLater:
    return RetryLater("driver.protocol", why)


# -- requests ---------------------------------------------------------------------------------------------


def area(name: str, bank: int, bit: bool = False) -> int:
    """The code of a memory area.

    >>> f"{area('e', 0):x} {area('e', 0xC):x} {area('e', 0xD):x} {area('e', 0x18):x} {area('e', 0xD, True):x}"
    'a0 ac 60 6b e0'
    """
    if name != "e":
        return (BITS if bit else WORDS)[name]
    if bank <= 0xC:
        return (0x20 if bit else 0xA0) + bank
    return (0xE0 if bit else 0x60) + bank - 0xD


def _spot(name: str, bank: int, number: int, bit: int | None = None) -> bytes:
    offset = COUNTERS if name in ("c", "cf") else 0
    return struct.pack(">BHB", area(name, bank, bit is not None), offset + number, bit or 0)


def read(spans: Sequence[Span]) -> tuple[int, bytes]:
    """Write the command and content that read the spans of one request."""
    if len(spans) == 1:
        (span,) = spans
        return READ, _spot(span.area, span.db, span.start) + span.count.to_bytes(2, "big")
    return MULTIPLE, b"".join(map(_spots, spans))


@lru_cache(maxsize=1 << 14)
def _spots(span: Span) -> bytes:
    """The places of a span's words, one by one: the same at every reading."""
    return b"".join(_spot(span.area, span.db, span.start + i) for i in range(span.count))


def answers(raw: bytes, spans: Sequence[Span]) -> list[bytes]:
    """Cut the data that answered ``read`` into each span's words; a flag becomes a word. Raises driver.protocol."""
    single, made, at = len(spans) == 1, [], 0
    for span in spans:
        size = 1 if span.area in FLAGS else 2
        taken = np.frombuffer(raw[at : at + (size + (not single)) * span.count], np.uint8)
        if len(taken) != (size + (not single)) * span.count:
            raise garbled("an answer that ends too early")
        at += len(taken)
        if not single:
            told = taken.reshape(span.count, 1 + size)
            if (told[:, 0] != area(span.area, span.db)).any():
                raise garbled("an answer about another memory area")
            taken = told[:, 1:]
        made.append(taken.tobytes() if size == 2 else (taken & 1).astype(">u2").tobytes())
    if at != len(raw):
        raise garbled(f"{len(raw)} bytes answered a request for {at}")
    return made


def write(name: str, bank: int, number: int, raw: bytes) -> bytes:
    """Write the content that gives words their values."""
    return _spot(name, bank, number) + (len(raw) // 2).to_bytes(2, "big") + raw


def write_bit(name: str, bank: int, number: int, bit: int, on: bool) -> bytes:
    """Write the content that sets one bit."""
    return _spot(name, bank, number, bit) + b"\0\1" + bytes([on])


def packed(spans: Sequence[Span], *, multiple: bool) -> Iterator[list[int]]:
    """Pack spans into requests: gives the positions of each one's spans."""
    held: list[int] = []
    words = 0
    for i, span in enumerate(spans):
        if not multiple or span.count > _MOST_MULTIPLE:
            yield [i]
            continue
        if words + span.count > _MULTIPLE:
            yield held
            held, words = [], 0
        held.append(i)
        words += span.count
    if held:
        yield held
