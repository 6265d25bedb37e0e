"""Protocol Buffers' wire format, as much of it as Sparkplug needs: keys, varints, lengths.

A message is a row of fields, each a key (number << 3 | wire type) and its value; types 0 varint, 1 eight bytes,
2 length and bytes, 5 four bytes. Source: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from baigong.vocab.errors import FixConfiguration

VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")
_MOST_SHIFT = 63  # a varint has ten bytes at most
_MASK = (1 << 64) - 1


def malformed(message: str) -> FixConfiguration:
    return FixConfiguration("payload.malformed", f"not a Sparkplug payload: {message}")


def varint(raw: bytes, at: int) -> tuple[int, int]:
    """Return a varint and where the next byte is. Raises IndexError at the end of the bytes.

    >>> varint(bytes([0xAC, 0x02]), 0)
    (300, 2)
    """
    byte = raw[at]
    at += 1
    if byte < 0x80:
        return byte, at
    value, shift = byte & 0x7F, 7
    while True:
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & _MASK, at
        shift += 7
        if shift > _MOST_SHIFT:
            raise malformed("a number has more than ten bytes")


def fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Give each field's number and its varint or bytes. Raises payload.malformed."""
    at, end = 0, len(raw)
    try:
        while at < end:
            key, at = varint(raw, at)
            value, at = one(raw, at, key & 7)
            yield key >> 3, value
    except IndexError as error:
        raise malformed("it ends in the middle of a field") from error


def one(raw: bytes, at: int, kind: int) -> tuple[int | bytes, int]:
    """Return one field's value and where the next one begins. Raises IndexError, payload.malformed."""
    if kind == VARINT:
        return varint(raw, at)
    if kind == BYTES:
        size, at = varint(raw, at)
    elif kind in (EIGHT, FOUR):
        size = 8 if kind == EIGHT else 4
    else:
        raise malformed(f"wire type {kind}")
    if at + size > len(raw):
        raise malformed("it ends in the middle of a field")
    return raw[at : at + size], at + size


def double(raw: bytes) -> float:
    return float(_DOUBLE.unpack(raw)[0])


def single(raw: bytes) -> float:
    return float(_FLOAT.unpack(raw)[0])


def put_varint(number: int, value: int) -> bytes:
    """Encode a field of type varint; negative numbers as 64 bits of two's complement.

    >>> put_varint(3, 300).hex()
    '18ac02'
    """
    return _plain(number << 3 | VARINT) + _plain(value & _MASK)


def put_bytes(number: int, value: bytes) -> bytes:
    return _plain(number << 3 | BYTES) + _plain(len(value)) + value


def put_double(number: int, value: float) -> bytes:
    return _plain(number << 3 | EIGHT) + _DOUBLE.pack(value)


def put_single(number: int, value: float) -> bytes:
    return _plain(number << 3 | FOUR) + _FLOAT.pack(value)


def _plain(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)
