"""What a driver is: five verbs, no timers, no bus, no store, safe to cancel, opened with ``async with``.

A driver speaks one protocol to one device. Periods, back-off, scaling, stale marks, buffering and *why*
are the gateway's. Third parties register an entry point ``baigong.drivers`` naming the module that holds
``driver.toml`` beside it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import pyarrow as pa

from baigong.vocab.happenings import Command
from baigong.vocab.recordwire import Part

T = TypeVar("T")


@dataclass(slots=True, frozen=True)
class Wanted:
    """A point as a driver sees it: its number for the frame, its address for the wire."""

    number: int
    address: str
    scan_s: float = 1.0  # the period asked for; subscriptions use it as sampling interval


@dataclass(slots=True, frozen=True)
class Node:
    """One row of what a device holds, as ``browse`` shows it.

    ``path`` goes back into ``browse`` to open it; ``address`` (empty for folders) into a PointSpec. ``folders``: of
    what a search found, the titles above it from the top.
    """

    path: str
    title: str
    has_children: bool = False
    address: str = ""
    type: str = ""
    unit: str = ""
    value: Any = None
    quality: int = 0
    time_us: int | None = None
    writable: bool = False
    kind: str = "gauge"
    folders: tuple[str, ...] = ()


@dataclass(slots=True, frozen=True)
class Health:
    """How the connection is: ``detail`` is for people, ``counters`` for metrics (monotonic since open)."""

    ok: bool
    detail: str = ""
    counters: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class Ack:
    """What became of a command."""

    ok: bool
    detail: str = ""


async def _nothing(reason: str = "") -> None:
    return None


@dataclass(slots=True, frozen=True)
class Delivery:
    """A frame, perhaps with waveforms beside it (schema BURST), or records; and what to do when all of it is stored.

    Only after ``accept()`` may a driver acknowledge upstream or advance a cursor. ``refuse(reason)``
    means nothing was stored: the driver may be delivered it again.
    """

    frame: pa.RecordBatch
    accept: Callable[[], Awaitable[None]] = _nothing
    refuse: Callable[[str], Awaitable[None]] = _nothing
    bursts: pa.RecordBatch | None = None
    records: tuple[Part, pa.Table] | None = None  # columns of ``vocab.recordkinds.record_schema``


class Driver(Protocol):
    """The five verbs. Construct with ``Driver(options: dict)``: raises driver.option and touches no network.

    The option ``connect_to``, of a driver whose manifest says ``connects_to``, lists addresses: it connects to these
    only, and resolves nothing itself.

    ``__aenter__`` connects: raises driver.unreachable / timeout / credentials / certificate / protocol.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def browse(self, path: str = "") -> list[Node]:
        """List the children of ``path`` ("" is the top), with live values where that is cheap.

        A driver with the capability *search* takes ``?`` and words too: what holds all of them, wherever it is.
        """
        ...

    async def read(self, points: Sequence[Wanted]) -> pa.RecordBatch:
        """Read raw values (before scaling), one row per point, in any order.

        A point the device refuses is a row with null and a bad quality, never an exception; a broken
        connection is: driver.unreachable, driver.timeout or driver.protocol.
        """
        ...

    def watch(self, points: Sequence[Wanted]) -> AsyncIterator[Delivery]:
        """Yield what the device reports by itself; ends by raising when the connection breaks."""
        ...

    async def write(self, command: Command) -> Ack: ...

    async def health(self) -> Health: ...


async def first_open(addresses: Sequence[str], attempt: Callable[[str], Awaitable[T]]) -> T:
    """Connect to the first address that answers; raises what the last one said (OSError, which TimeoutError is)."""
    for address in addresses[:-1]:
        with suppress(OSError):
            return await attempt(address)
    return await attempt(addresses[-1])


@dataclass(slots=True, frozen=True)
class Found:
    """A point that a driver met and nobody had configured; ``number`` is what the numbering gave its address."""

    number: int
    address: str
    name: str
    kind: str = "gauge"
    unit: str = ""
    title: str = ""


class Discovering(Protocol):
    """The optional verb of a driver that comes across points by itself (capability *discover*)."""

    def discover(self, numbering: Callable[[str], int]) -> bool:
        """Report what is met beside the wanted points too, numbered so; False: the options do not ask for it."""
        ...

    def take_found(self) -> list[Found]:
        """Return the points met since the last time."""
        ...


class Notebook(Protocol):
    """What a driver wrote down before a restart, by name: values that JSON can keep."""

    def get(self, name: str) -> Any:
        """Return what was put; None: nothing."""
        ...

    def put(self, name: str, told: Any) -> None:
        """Keep it: on disk when this returns. Blocks; raises OSError."""
        ...


class Keeping(Protocol):
    """The optional verb of a driver that has to know after a restart how far it was (capability *keep*)."""

    def keep_in(self, notebook: Notebook) -> None:
        """Hand over what this device alone writes; called before ``watch``."""
        ...


class Remembering(Protocol):
    """The optional verb of a device with memory."""

    def history(self, points: Sequence[Wanted], start_us: int, end_us: int) -> AsyncIterator[pa.RecordBatch]:
        """Yield what the device remembers in [start_us, end_us), for filling the hole after a reconnect."""
        ...
