"""Frames on the gateway's own disk while the stream cannot take them; survives kill -9 and a power cut.

A spool is a folder of append-only segment files ``000000000001.seg``, each a row of records::

    ┌──────────┬──────────┬───────────────────────── length bytes ──────────────────────────┐
    │ length   │ CRC32 of │ tenant │ accepted at, µs │ values  │ tenant, │ encoded frame      │
    │ u32      │ the body │ u8 len │ i64             │ u32     │ UTF-8   │ (Arrow IPC stream) │
    └──────────┴──────────┴────────┴─────────────────┴─────────┴─────────┴────────────────────┘

All integers little-endian. A record counts once it is fsynced. A segment is deleted once the stream has
acknowledged all of it; how far the oldest one has been acknowledged stands in ``cursor``, which may be
old after a crash: what is sent twice has the same (point, time) and is stored once.

Everything here blocks; ``buffer`` calls it from a thread, one call at a time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from baigong.stores.durable import sync_folder
from baigong.vocab.errors import RetryLater

_HEAD = struct.Struct("<II")
_BODY = struct.Struct("<BqI")
_MAX_RECORD = 16 << 20  # bytes; a length beyond it is a torn or rotten header, not a record


@dataclass(slots=True, frozen=True)
class Record:
    """One encoded frame on its way. ``time_us``: when the gateway took it; ``values``: its rows."""

    tenant: str
    time_us: int
    values: int
    payload: bytes

    def pack(self) -> bytes:
        tenant = self.tenant.encode()
        body = _BODY.pack(len(tenant), self.time_us, self.values) + tenant + self.payload
        return _HEAD.pack(len(body), zlib.crc32(body)) + body


def unpack(raw: bytes | memoryview, offset: int) -> tuple[Record, int] | None:
    """Read the record at ``offset`` and where the next one begins; None at a torn or rotten place.

    >>> record = Record("demo", 5, 2, b"frame")
    >>> unpack(record.pack(), 0) == (record, len(record.pack()))
    True
    >>> unpack(record.pack()[:-1], 0) is None
    True
    """
    if offset + _HEAD.size > len(raw):
        return None
    length, crc = _HEAD.unpack_from(raw, offset)
    start = offset + _HEAD.size
    body = bytes(raw[start : start + length]) if _BODY.size <= length <= _MAX_RECORD else b""
    if len(body) != length or zlib.crc32(body) != crc:
        return None
    name_length, time_us, values = _BODY.unpack_from(body)
    end = _BODY.size + name_length
    try:
        tenant = body[_BODY.size : end].decode()
    except UnicodeDecodeError:
        return None
    return Record(tenant, time_us, values, body[end:]), start + length


@dataclass(slots=True)
class _Segment:
    path: Path
    size: int = 0  # bytes of whole records
    frames: int = 0  # not yet acknowledged
    values: int = 0
    oldest_us: int = 0
    offset: int = 0  # bytes acknowledged


class Spool:
    """The frames of one lane, oldest first, in at most ``max_bytes`` on disk.

    ``free_bytes`` tells the free space of the disk: below ``reserve_bytes`` nothing more is taken.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int = 1 << 30,
        segment_bytes: int = 8 << 20,
        reserve_bytes: int = 256 << 20,
        free_bytes: Callable[[Path], int] | None = None,
    ) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._segment_bytes = max(min(segment_bytes, max_bytes // 8), 1)
        self._reserve_bytes = reserve_bytes
        self._free_bytes = free_bytes or free_space
        self._segments: deque[_Segment] = deque()
        self._tail: BinaryIO | None = None
        self._peeked: list[tuple[int, int]] = []  # (bytes, values) of the records the last peek handed out
        self._generation = 0
        self._next = 1
        self.rotten = 0  # bytes found unreadable that once had been whole
        folder.mkdir(parents=True, exist_ok=True)
        self._recover()

    @property
    def frames(self) -> int:
        return sum(s.frames for s in self._segments)

    @property
    def size(self) -> int:
        """Bytes on disk, acknowledged ones of a segment that is not yet deleted included."""
        return sum(s.size for s in self._segments)

    @property
    def values(self) -> int:
        return sum(s.values for s in self._segments)

    @property
    def oldest_us(self) -> int | None:
        return next((s.oldest_us for s in self._segments if s.frames), None)

    def append(self, records: Sequence[Record]) -> None:
        """Store all of them, one fsync per segment; after storage.full none of them may be counted on."""
        raws = [record.pack() for record in records]
        self.room_for(sum(map(len, raws)))
        written = 0
        try:
            while written < len(raws):
                written += self._write(records[written:], raws[written:])
        except OSError as error:
            self._abandon_tail()
            raise RetryLater(
                "storage.full", f"the spool cannot be written: {error}", place=self._folder.name
            ) from error

    def room_for(self, size: int) -> None:
        """Raise storage.full when ``size`` more bytes would break the bound or the disk's reserve."""
        if self.size + size > self._max_bytes:
            raise RetryLater("storage.full", f"the spool holds {self.size} of {self._max_bytes} bytes")
        if self._free_bytes(self._folder) - size < self._reserve_bytes:
            raise RetryLater("storage.full", f"less than {self._reserve_bytes} bytes would be left on the disk")

    def peek(self, frames: int, size: int = 8 << 20) -> tuple[int, list[Record]]:
        """Return the oldest records, and the token with which ``acknowledge`` knows them again."""
        self._peeked = []
        while self._segments:
            head = self._segments[0]
            found = self._parse(head, frames, size)
            if found:
                return self._generation, found
            if head.offset < head.size:  # rotten: it was whole when it was fsynced
                self.rotten += head.size - head.offset
            self._drop_head()
        return self._generation, []

    def acknowledge(self, token: int, count: int) -> None:
        """Forget the first ``count`` of the records peeked; does nothing when they were dropped meanwhile."""
        if token != self._generation or not count:
            return
        head = self._segments[0]
        head.offset += sum(size for size, _ in self._peeked[:count])
        head.values -= sum(values for _, values in self._peeked[:count])
        head.frames -= count
        del self._peeked[:count]
        if head.offset >= head.size:
            self._drop_head()
            return
        with contextlib.suppress(OSError):  # a full disk: after a crash more is sent twice, and stored once
            cursor = self._folder / "cursor.new"
            cursor.write_text(f"{head.path.name} {head.offset}")
            os.replace(cursor, self._folder / "cursor")

    def drop_oldest(self) -> tuple[int, int]:
        """Delete the oldest segment unsent; returns how many (frames, values) were lost by it."""
        if not self._segments:
            return 0, 0
        lost = self._segments[0].frames, self._segments[0].values
        self._drop_head()
        return lost

    def close(self) -> None:
        if self._tail is not None:
            self._tail.close()
            self._tail = None

    def _write(self, records: Sequence[Record], raws: Sequence[bytes]) -> int:
        """Append as many as the tail segment takes and fsync them; returns their number."""
        tail = self._segments[-1] if self._tail is not None else self._new_segment()
        if tail.size >= self._segment_bytes:
            tail = self._new_segment()
        if self._tail is None:
            raise OSError("the segment is closed")
        count, size = 0, tail.size
        while count < len(raws) and (count == 0 or size < self._segment_bytes):
            size += len(raws[count])
            count += 1
        self._tail.write(b"".join(raws[:count]))
        self._tail.flush()
        os.fsync(self._tail.fileno())
        tail.oldest_us = tail.oldest_us if tail.frames else records[0].time_us
        tail.size = size
        tail.frames += count
        tail.values += sum(r.values for r in records[:count])
        return count

    def _new_segment(self) -> _Segment:
        self.close()
        made = _Segment(self._folder / f"{self._next:012d}.seg")
        self._next += 1
        self._tail = made.path.open("xb")
        sync_folder(self._folder)
        self._segments.append(made)
        return made

    def _abandon_tail(self) -> None:
        """Cut off what a failed write left half done; whole records before it stay."""
        if self._tail is None:
            return
        with contextlib.suppress(OSError):
            self._tail.close()
        self._tail = None
        if self._segments:
            with contextlib.suppress(OSError):
                os.truncate(self._segments[-1].path, self._segments[-1].size)

    def _parse(self, segment: _Segment, frames: int, size: int) -> list[Record]:
        found: list[Record] = []
        with segment.path.open("rb") as file:
            file.seek(segment.offset)
            raw = file.read(min(max(size, _MAX_RECORD + _HEAD.size), segment.size - segment.offset))
        at = 0
        while len(found) < frames and (at < size or not found):
            next_one = unpack(raw, at)
            if next_one is None:
                break
            found.append(next_one[0])
            self._peeked.append((next_one[1] - at, next_one[0].values))
            at = next_one[1]
        if found:
            segment.oldest_us = found[0].time_us
        return found

    def _drop_head(self) -> None:
        head = self._segments.popleft()
        if not self._segments:
            self.close()  # the head was the tail
        self._generation += 1
        self._peeked = []
        head.path.unlink(missing_ok=True)

    def _recover(self) -> None:
        """Take stock after a start: whole records count, a torn tail never did."""
        name, _, offset = self._cursor().partition(" ")
        for path in sorted(self._folder.glob("*.seg")):
            segment = _Segment(path)
            raw = path.read_bytes()
            done = int(offset) if path.name == name and offset.isdigit() else 0
            at = 0
            while (found := unpack(raw, at)) is not None:
                if at >= done:
                    segment.oldest_us = segment.oldest_us or found[0].time_us
                    segment.frames += 1
                    segment.values += found[0].values
                at = found[1]
            segment.size = at
            segment.offset = min(done, at)
            self._next = int(path.stem) + 1
            if segment.frames:
                self._segments.append(segment)
            else:
                path.unlink()

    def _cursor(self) -> str:
        try:
            return (self._folder / "cursor").read_text()
        except (OSError, UnicodeDecodeError):
            return ""


def free_space(folder: Path) -> int:
    """Return the bytes an ordinary user may still write on the disk of ``folder``."""
    return shutil.disk_usage(folder).free
