"""How a child and its parent talk over one socket pair.

Down (parent to child), one message a request, with file descriptors beside it (SCM_RIGHTS)::

    ┌ u32 magic ┬ u32 count ┐ + count descriptors: the first holds the header (JSON), the others one Arrow
    └───────────┴───────────┘   IPC stream each (a block), in sealed memory: the child maps it and copies nothing

Up (child to parent), pieces until an END or ERROR::

    ┌ u8 kind ┬ u32 length ┬ length bytes ┐
    └─────────┴────────────┴──────────────┘
"""

from __future__ import annotations

import fcntl
import mmap
import os
import socket
import struct
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

REQUEST = struct.Struct("<II")
PIECE = struct.Struct("<BI")
MAGIC = 0x31574742
HELLO, ARROW, END, ERROR = 1, 2, 3, 4
MAX_BLOCKS = 240  # new ones in one message; Linux sends 253 descriptors at once (SCM_MAX_FD)
_PIECE_BYTES = 1 << 18
_MANY_CHUNKS = 8
_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


def sealed(raw: bytes) -> int:
    """Put bytes into a memory file nobody can change any more; the caller closes it."""
    descriptor = os.memfd_create("baigong", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(raw)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def sealed_table(table: pa.Table) -> int:
    """Put a table, as an Arrow IPC stream, into a sealed memory file; the caller closes it."""
    if table.num_columns and table.column(0).num_chunks > _MANY_CHUNKS:
        table = table.combine_chunks()  # hot rows come in frames of a hundred; joining them is cheaper than not
    descriptor = os.memfd_create("baigong", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with (
            pa.OSFile(f"/proc/self/fd/{descriptor}", "wb") as file,  # written without this interpreter's lock
            pa.ipc.new_stream(file, table.schema) as writer,
        ):
            writer.write_table(table)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    except (OSError, pa.ArrowException):
        os.close(descriptor)
        raise
    return descriptor


def mapped(descriptor: int) -> mmap.mmap:
    """Map a memory file for reading, and close the descriptor."""
    try:
        return mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
    finally:
        os.close(descriptor)


def mapped_table(descriptor: int) -> pa.Table:
    with pa.ipc.open_stream(pa.py_buffer(mapped(descriptor))) as reader:
        return reader.read_all()


def send_request(channel: socket.socket, descriptors: Sequence[int]) -> None:
    """Send a request; eight bytes and the descriptors always fit an idle child's socket."""
    socket.send_fds(channel, [REQUEST.pack(MAGIC, len(descriptors))], descriptors)


def receive_request(channel: socket.socket) -> list[int] | None:
    """Wait for a request (child side); None when the parent is gone."""
    head, descriptors, _, _ = socket.recv_fds(channel, REQUEST.size, MAX_BLOCKS + 1)
    if len(head) < REQUEST.size:
        return None
    magic, count = REQUEST.unpack(head)
    if magic != MAGIC or count != len(descriptors):
        return None
    return list(descriptors)


def send_piece(channel: socket.socket, kind: int, raw: bytes | memoryview) -> None:
    channel.sendall(PIECE.pack(kind, len(raw)))
    channel.sendall(raw)


class Outbox:
    """A file to write an Arrow stream into; it goes up in pieces as it fills."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._buffer = bytearray()
        self.closed = False

    def write(self, raw: Any) -> int:
        view = memoryview(raw).cast("B")
        self._buffer += view
        if len(self._buffer) >= _PIECE_BYTES:
            self.flush()
        return len(view)

    def flush(self) -> None:
        if self._buffer:
            send_piece(self._channel, ARROW, bytes(self._buffer))
            self._buffer.clear()

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True
