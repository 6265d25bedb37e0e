"""S7 telegrams in bytes: the handshakes, reading many places in one request, writing one. Pure.

::

    TPKT  [3][0][length 2]                                                    RFC 1006
    COTP  [length][E0 request | D0 confirm | F0 data | 80 disconnect]...       ISO 8073, class 0
    S7    [0x32][1 job | 3 answer][0 0][sequence 2][parameters 2][data 2] (answers: [class][code])
          setup F0, read 04, write 05

There is no public standard of S7 communication; the layout is that of Wireshark's dissector and of python-snap7, which
reads and serves us in the tests. Its client gives up a whole request when the PLC refuses one of twenty places, and
loses step when a wait is cancelled, so that reading is done here. Nothing here waits.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence

from baigong.drivers.plan import Span
from baigong.vocab.errors import RetryLater

HEADER = 12  # bytes of an answer before its parameters
_FRONT = HEADER + 2  # bytes before the items, of a request as of its answer
_MOST_ITEMS = 20  # places in one request
_ITEM = 12  # bytes that a place takes in a request
_ANSWERED = 4  # bytes before the data of a place in an answer
_AREAS = {"i": 0x81, "q": 0x82, "m": 0x83, "db": 0x84, "c": 0x1C, "t": 0x1D}
_BIT, _BYTE = 1, 2
_IN_BITS = (3, 4, 5)  # transport sizes whose length counts bits
_DATA, _CONFIRM, _DISCONNECT = 0xF0, 0xD0, 0x80
_SETUP, _READ, _WRITE = 0xF0, 4, 5
_TPDU_1024 = 0x0A
OK = 0xFF

# What a header's error word says (python-snap7's table of the same).
_ERRORS = {
    0x8104: "this function is not offered: on a S7-1200 or 1500 permit PUT/GET access",
    0x8402: "the PLC is busy with another function",
    0x8500: "the request is longer than the PLC takes",
    0x8700: "the PLC refuses this function here",
    0xD402: "a password is needed",
    0xD403: "access was refused",
}


class Refused(Exception):
    """The PLC answered with an error word; never leaves the driver."""

    def __init__(self, code: int) -> None:
        super().__init__(f"error {code:04x}: {_ERRORS.get(code, 'the PLC refuses the request')}")


class Item(Span):
    """Bytes that are asked for together: ``start`` and ``count`` in bytes; of timers and counters in elements."""

    __slots__ = ()

    @property
    def size(self) -> int:
        """Bytes of the answer."""
        return 2 * self.count if self.area in ("t", "c") else self.count


# -- line -------------------------------------------------------------------------------------------------


def wrap(pdu: bytes) -> bytes:
    """Put a PDU into a telegram."""
    return struct.pack(">BBHBBB", 3, 0, len(pdu) + 7, 2, _DATA, 0x80) + pdu


def call(local_tsap: int, remote_tsap: int) -> bytes:
    """The telegram that asks for a connection."""
    options = struct.pack(">BBBBBHBBH", 0xC0, 1, _TPDU_1024, 0xC1, 2, local_tsap, 0xC2, 2, remote_tsap)
    return struct.pack(">BBHBBHHB", 3, 0, 11 + len(options), 6 + len(options), 0xE0, 0, 1, 0) + options


def take(buffer: bytes) -> tuple[int, int, bool, bytes]:
    """Take one telegram off a stream: (bytes used, COTP kind, whether a PDU ends here, its part); 0 used: wait.

    Raises driver.protocol as soon as the bytes cannot be the beginning of one.
    """
    if buffer[:2] != b"\3\0"[: len(buffer[:2])]:
        raise garbled("the answer is not TPKT: this is no S7 port")
    if len(buffer) < 5:
        return 0, 0, False, b""
    length = int.from_bytes(buffer[2:4], "big")
    header = buffer[4]
    if length < 7 or header < 2 or header > length - 5:
        raise garbled(f"a telegram of {length} bytes with a header of {header} cannot be")
    if len(buffer) < length:
        return 0, 0, False, b""
    kind = buffer[5] & 0xF0
    return length, kind, kind != _DATA or bool(buffer[6] & 0x80), buffer[5 + header : length]


def confirmed(kind: int) -> None:
    """Check the answer to ``call``."""
    if kind == _DISCONNECT:
        raise RetryLater(
            "driver.unreachable", "the PLC refuses the connection: look at rack, slot and kind of connection"
        )
    if kind != _CONFIRM:
        raise garbled(f"COTP {kind:#x} answered a request for a connection")


def garbled(why: str) -> RetryLater:
    return RetryLater("driver.protocol", why)


# -- jobs -------------------------------------------------------------------------------------------------


def job(parameters: bytes, data: bytes = b"") -> bytes:
    """Write a job without its sequence number, which the line gives it."""
    return struct.pack(">BBHHHH", 0x32, 1, 0, 0, len(parameters), len(data)) + parameters + data


def numbered(pdu: bytes, sequence: int) -> bytes:
    return pdu[:4] + struct.pack(">H", sequence) + pdu[6:]


def sequence_of(pdu: bytes) -> int:
    if len(pdu) < 10 or pdu[0] != 0x32:
        raise garbled("the answer is not S7 communication")
    return int.from_bytes(pdu[4:6], "big")


def setup(parallel: int, pdu: int) -> bytes:
    return job(struct.pack(">BBHHH", _SETUP, 0, parallel, parallel, pdu))


def agreed(pdu: bytes) -> tuple[int, int]:
    """What the PLC agrees to: (requests at once, bytes of a PDU)."""
    parameters, _ = _answer(pdu, _SETUP)
    if len(parameters) < 8:
        raise garbled("an answer to setup that says nothing")
    parallel, _, size = struct.unpack_from(">HHH", parameters, 2)
    if size < 64:
        raise garbled(f"a PDU of {size} bytes cannot be")
    return max(parallel, 1), size


def longest(pdu: int) -> int:
    """Return how many bytes one item can have."""
    return pdu - _FRONT - _ANSWERED


def packed(items: Iterable[Item], pdu: int) -> Iterator[list[Item]]:
    """Pack items, none longer than ``longest``, into requests that fit a PDU both ways."""
    held: list[Item] = []
    answer = 0
    most = min(_MOST_ITEMS, (pdu - _FRONT) // _ITEM)
    for item in items:
        size = _ANSWERED + item.size + item.size % 2
        if held and (len(held) == most or _FRONT + answer + size > pdu):
            yield held
            held, answer = [], 0
        held.append(item)
        answer += size
    if held:
        yield held


def read(items: Sequence[Item]) -> bytes:
    """Write the job that reads the items of one request."""
    return job(struct.pack(">BB", _READ, len(items)) + b"".join(_spec(item) for item in items))


def answers(pdu: bytes, items: Sequence[Item]) -> list[tuple[int, bytes]]:
    """Read the answer to ``read``: each item's return code and bytes, empty unless the code is OK."""
    parameters, data = _answer(pdu, _READ)
    if parameters[1:2] != bytes([len(items)]):
        raise garbled(f"an answer about {parameters[1:2].hex() or 'no'} places to a request for {len(items)}")
    made, at = [], 0
    for item in items:
        if at + _ANSWERED > len(data):
            raise garbled("an answer that ends too early")
        code, size, length = struct.unpack_from(">BBH", data, at)
        at += _ANSWERED
        if code != OK:
            made.append((code, b""))  # some PLCs say a length there, none sends bytes
            continue
        count = -(-length // 8) if size in _IN_BITS else length
        if count != item.size or at + count > len(data):
            raise garbled(f"{count} bytes answered a request for {item.size}")
        made.append((code, data[at : at + count]))
        at += count + count % 2
    return made


def write(item: Item, raw: bytes, bit: int | None = None) -> bytes:
    """Write the job that gives bytes, or one bit, their value."""
    spec = _spec(item, bit)
    head = struct.pack(">BBH", 0, 3, 1) if bit is not None else struct.pack(">BBH", 0, 4, 8 * len(raw))
    return job(struct.pack(">BB", _WRITE, 1) + spec, head + raw)


def written(pdu: bytes) -> int:
    """Read the answer to ``write``: the return code."""
    _, data = _answer(pdu, _WRITE)
    if len(data) != 1:
        raise garbled(f"{len(data)} return codes answered one write")
    return data[0]


def _spec(item: Item, bit: int | None = None) -> bytes:
    area = _AREAS[item.area]
    if item.area in ("t", "c"):
        transport, address = area, item.start
    else:
        transport, address = (_BYTE, 8 * item.start) if bit is None else (_BIT, 8 * item.start + bit)
    head = struct.pack(">BBBBHHB", 0x12, 0x0A, 0x10, transport, item.count, item.db, area)
    return head + address.to_bytes(3, "big")


def _answer(pdu: bytes, function: int) -> tuple[bytes, bytes]:
    """The parameters and data of an answer: raises Refused, and driver.protocol for what is none to the function."""
    if len(pdu) < HEADER or pdu[0] != 0x32 or pdu[1] not in (2, 3):
        raise garbled("the answer is not S7 communication")
    parameters, data, error = struct.unpack_from(">HHH", pdu, 6)
    if error:
        raise Refused(error)
    if len(pdu) < HEADER + parameters + data or not parameters or pdu[HEADER] != function:
        raise garbled(f"an answer that is none to function {function:#x}")
    at = HEADER + parameters
    return pdu[HEADER:at], pdu[at : at + data]
