"""How large an Arrow stream becomes when it is unpacked, told from its headers: a small body must not fill the memory.

Arrow columnar format, "Encapsulated message format" and Message.fbs: a compressed buffer begins with its length
unpacked (int64, little endian; -1: not compressed). Read here because the reader of pyarrow allocates before it asks.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_CONTINUES = 0xFFFFFFFF
_DICTIONARY, _RECORDS = 2, 3  # MessageHeader


def unpacked_bytes(raw: bytes) -> int:
    """Return the bytes of all buffers of a stream, as their headers claim; raises ValueError for what is no stream."""
    try:
        return sum(_claimed(raw, metadata, body) for metadata, body in _messages(raw))
    except (struct.error, IndexError) as error:
        raise ValueError(f"cut off or no Arrow stream: {error}") from error


def _messages(raw: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each message's metadata and body begin."""
    at = 0
    while at + 4 <= len(raw):
        (length,) = struct.unpack_from("<I", raw, at)
        at += 4
        if length == _CONTINUES:
            (length,) = struct.unpack_from("<I", raw, at)
            at += 4
        if not length:
            return
        metadata, body = at, at + length
        yield metadata, body
        table = _Table(raw, metadata + _u32(raw, metadata))
        (size,) = table.scalar(3, "<q", 0)
        if size < 0:
            raise ValueError("a body of negative length")
        at = body + size


def _claimed(raw: bytes, metadata: int, body: int) -> int:
    message = _Table(raw, metadata + _u32(raw, metadata))
    (kind,) = message.scalar(1, "<B", 0)
    if kind not in (_DICTIONARY, _RECORDS):
        return 0
    batch = message.table(2)
    if batch is not None and kind == _DICTIONARY:
        batch = batch.table(1)
    buffers = batch.offset(2) if batch is not None else None
    if batch is None or buffers is None:
        return 0
    packed = batch.offset(3) is not None
    total = 0
    first = buffers + _u32(raw, buffers) + 4
    for at in range(first, first + 16 * _u32(raw, first - 4), 16):
        offset, length = struct.unpack_from("<qq", raw, at)
        if packed and length >= 8:
            (claimed,) = struct.unpack_from("<q", raw, body + offset)
            length = claimed if claimed >= 0 else length
        total += max(length, 0)
    return total


class _Table:
    """One table of a flatbuffer: its fields by number, as the schema orders them."""

    def __init__(self, raw: bytes, at: int) -> None:
        self._raw = raw
        self._at = at
        (back,) = struct.unpack_from("<i", raw, at)
        self._fields = at - back

    def offset(self, field: int) -> int | None:
        """Return where a field is; None where it is left out."""
        (size,) = struct.unpack_from("<H", self._raw, self._fields)
        place = 4 + 2 * field
        if place + 2 > size:
            return None
        (relative,) = struct.unpack_from("<H", self._raw, self._fields + place)
        return self._at + relative if relative else None

    def scalar(self, field: int, shape: str, otherwise: int) -> tuple[int, ...]:
        at = self.offset(field)
        return (otherwise,) if at is None else struct.unpack_from(shape, self._raw, at)

    def table(self, field: int) -> _Table | None:
        at = self.offset(field)
        return None if at is None else _Table(self._raw, at + _u32(self._raw, at))


def _u32(raw: bytes, at: int) -> int:
    (number,) = struct.unpack_from("<I", raw, at)
    return int(number)
