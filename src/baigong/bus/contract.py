"""What the product asks of a bus: store frames durably, read them strictly in order, and talk.

Two implementations with the same tests: ``nats.py`` (NATS with JetStream) and ``memory.py`` (in-process).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True, frozen=True)
class Stored:
    """One message as the stream keeps it. ``time_us``: when the stream stored it (microseconds, UTC)."""

    seq: int
    time_us: int
    subject: str
    payload: bytes


@dataclass(slots=True, frozen=True)
class StreamState:
    """``epoch``: minted when the stream was created (or restored), kept in its configuration."""

    epoch: int
    first_seq: int
    last_seq: int
    messages: int
    bytes: int
    max_bytes: int


@dataclass(slots=True, frozen=True)
class Message:
    subject: str
    payload: bytes


Handler = Callable[[Message], Awaitable[bytes]]


class Bus(Protocol):
    """Subjects are dotted tokens; ``*`` matches one, ``>`` the rest. Errors: bus.down, storage.full."""

    async def ensure_stream(self, partition: str, *, epoch: int, max_bytes: int) -> StreamState:
        """Create the partition's FRAMES stream with this epoch, or return the one that exists as it is."""
        ...

    async def stream_state(self, partition: str) -> StreamState | None: ...

    async def set_epoch(self, partition: str, epoch: int) -> None: ...

    async def store(self, partition: str, tenant: str, payload: bytes) -> int:
        """Store one frame; returns its sequence once it is on disk (*accepted*).

        Raises storage.full (the stream is at its limit) or bus.down (unknown whether it was stored: send again).
        """
        ...

    def read(self, partition: str, from_seq: int) -> AsyncIterator[list[Stored]]:
        """Yield batches from ``from_seq`` on, gapless and in order, for ever; waits at the end of the stream.

        Raises storage.corrupt when a sequence is missing.
        """
        ...

    async def stored_time(self, partition: str, seq: int) -> int | None:
        """Return when the message with this sequence was stored (microseconds, UTC); None when it is not there."""
        ...

    async def purge(self, partition: str, below_seq: int) -> None:
        """Forget everything with seq < ``below_seq``."""
        ...

    async def publish(self, subject: str, payload: bytes) -> None:
        """Tell whoever listens now; not stored."""
        ...

    def subscribe(self, subject: str) -> AsyncIterator[Message]: ...

    async def request(self, subject: str, payload: bytes, *, timeout_s: float = 5.0) -> bytes:
        """Ask; raises the answering side's BaigongError, or gateway.down when nobody answers."""
        ...

    async def serve(self, subject: str, handler: Handler) -> None:
        """Answer requests until the bus closes; a handler's BaigongError travels back as a problem document."""
        ...

    async def close(self) -> None: ...
