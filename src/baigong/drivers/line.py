"""One connection to a machine that answers requests: what drivers that poll by telegrams share.

Nothing waits longer than its time, and a lost line fails every request in flight at once. What a telegram is, and
which answer belongs to which request, is the driver's.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from baigong.drivers.contract import first_open
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater

if TYPE_CHECKING:
    from baigong.drivers.calls import Caller


class Far(Protocol):
    """Where a machine is. ``connect_to``: addresses of the host that a gateway has judged, in place of its name."""

    @property
    def host(self) -> str: ...
    @property
    def connect_to(self) -> Sequence[str]: ...
    @property
    def port(self) -> int: ...
    @property
    def timeout_s(self) -> float: ...
    @property
    def place(self) -> str: ...


F = TypeVar("F", bound=Far)


@dataclass(slots=True)
class Counters:
    """What happened on the line since it was opened."""

    requests: int = 0
    answers: int = 0
    timeouts: int = 0
    strays: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0


@dataclass(eq=False)
class Line(asyncio.Protocol, Generic[F]):
    """A connection; ``_take`` reads telegrams off ``_buffer``, ``_awaited`` gives what waits for them."""

    settings: F
    counters: Counters = field(default_factory=Counters)
    caller: Caller | None = None  # the device called us: the connection is the gateway's, and lent
    _transport: Any = None
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _why: BaigongError | None = None
    _buffer: bytes = b""

    @property
    def alive(self) -> bool:
        return self._transport is not None and self._why is None

    def _take(self) -> None:
        """Take whole telegrams off the buffer; raises driver.protocol for what cannot be one."""
        raise NotImplementedError

    def _awaited(self) -> Iterable[asyncio.Future[Any]]:
        """Give the answers that somebody waits for."""
        raise NotImplementedError

    # -- what asyncio calls ---------------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(RetryLater("driver.unreachable", f"the line was lost: {exc or 'closed by the device'}"))
        self._gone.set()

    def data_received(self, data: bytes) -> None:
        self.counters.bytes_received += len(data)
        self._buffer += data
        try:
            self._take()
        except RetryLater as error:
            self._fail(error)
            self._transport.abort()

    def _fail(self, error: BaigongError) -> None:
        self._why = self._why or error
        for answer in self._awaited():
            if not answer.done():
                answer.set_exception(self._why)
                answer.exception()  # looked at, so that nobody is warned about it

    # -- what a driver's link calls -------------------------------------------------------------------------

    def send(self, telegram: bytes) -> None:
        self.counters.bytes_sent += len(telegram)
        self._transport.write(telegram)

    def require_alive(self) -> None:
        """Raise why the line was lost, when it was."""
        if self._why is not None:
            raise RetryLater(self._why.code, self._why.message, place=self.settings.place)

    async def dial(self) -> None:
        """Connect by TCP to the first address that answers. Raises OSError."""
        if not self.settings.connect_to and not self.settings.host.strip():  # an empty name would be this machine
            raise RetryLater("driver.unreachable", "the device calls, and only a gateway answers it")
        loop = asyncio.get_running_loop()

        async def attempt(address: str) -> None:
            await loop.create_connection(lambda: self, address, self.settings.port)

        await first_open(self.settings.connect_to or [self.settings.host.strip()], attempt)

    async def close(self) -> None:
        """Close the connection, or give it back; waits a moment for the system to let go of it."""
        if self.caller is not None:
            self.caller.leave(self)
            return
        self._fail(RetryLater("driver.unreachable", "the connection was closed here"))
        if self._transport is not None:
            self._transport.abort()
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._gone.wait()


async def opened(line: Line[Any], opening: Awaitable[None], option: str = "host") -> None:
    """Open a line within its time, or close it.

    Raises driver.unreachable, what a handshake raises, or driver.option for an ``option`` that cannot be.
    """
    place, limit_s = line.settings.place, line.settings.timeout_s
    try:
        try:
            async with asyncio.timeout(limit_s):
                await opening
        except BaseException:
            await line.close()
            raise
    except TimeoutError as error:
        raise RetryLater("driver.unreachable", f"no connection within {limit_s:g} s", place=place) from error
    except OSError as error:  # serial.SerialException is one
        said = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or error
        raise RetryLater("driver.unreachable", f"cannot connect: {said}", place=place) from error
    except RetryLater as error:
        raise RetryLater(error.code, error.message, place=place) from error
    except (UnicodeError, ValueError) as error:
        raise FixConfiguration("driver.option", f"{option}: {error}", place=option) from error
