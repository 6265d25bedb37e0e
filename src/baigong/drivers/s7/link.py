"""One TCP connection to a PLC: the handshakes, then several requests in flight, as many as the PLC agreed to.

Nothing waits longer than its time, a lost line fails every request in flight at once, and an answer is known by its
sequence number, so that one which comes too late, or whose waiting was cancelled, is taken for no other.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from baigong.drivers.contract import first_open
from baigong.drivers.s7 import codec
from baigong.drivers.s7.settings import Settings
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater

_LONGEST = 1 << 16  # bytes of a PDU in parts; one has 960 at most


@dataclass(slots=True)
class Counters:
    """What happened on the line since it was opened."""

    requests: int = 0
    answers: int = 0
    timeouts: int = 0
    strays: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0


@dataclass(slots=True, eq=False)
class Link(asyncio.Protocol):
    """A connection. Open with ``connect``; ``pdu``: the bytes that a request and its answer may have."""

    settings: Settings
    counters: Counters = field(default_factory=Counters)
    pdu: int = 240
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    _transport: Any = None
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _why: BaigongError | None = None
    _buffer: bytes = b""
    _part: bytes = b""
    _called: asyncio.Future[None] | None = None
    _waiting: dict[int, asyncio.Future[bytes]] = field(default_factory=dict)
    _sequence: int = 0

    @property
    def alive(self) -> bool:
        return self._transport is not None and self._why is None

    # -- what asyncio calls ---------------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(RetryLater("driver.unreachable", f"the line was lost: {exc or 'closed by the PLC'}"))
        self._gone.set()

    def data_received(self, data: bytes) -> None:
        self.counters.bytes_received += len(data)
        self._buffer += data
        try:
            self._take()
        except RetryLater as error:
            self._fail(error)
            self._transport.abort()

    def _take(self) -> None:
        while self._buffer:
            used, kind, ends, part = codec.take(self._buffer)
            if not used:
                return
            self._buffer = self._buffer[used:]
            if self._called is not None and not self._called.done():
                codec.confirmed(kind)
                self._called.set_result(None)
                continue
            self._part += part
            if len(self._part) > _LONGEST:
                raise codec.garbled(f"{len(self._part)} bytes came and were no end of an answer")
            if ends:
                pdu, self._part = self._part, b""
                self._answered(pdu)

    def _answered(self, pdu: bytes) -> None:
        answer = self._waiting.get(codec.sequence_of(pdu))
        if answer is None or answer.done():
            self.counters.strays += 1  # after its time, or for somebody who does not wait any more
        else:
            answer.set_result(pdu)

    def _fail(self, error: BaigongError) -> None:
        self._why = self._why or error
        for answer in [self._called, *self._waiting.values()]:
            if answer is not None and not answer.done():
                answer.set_exception(self._why)

    # -- what the driver calls ------------------------------------------------------------------------------

    async def ask(self, pdu: bytes) -> bytes:
        """Send a job and return the answer's PDU: raises driver.timeout, driver.unreachable or driver.protocol."""
        async with self._slots:
            if self._why is not None:
                raise RetryLater(self._why.code, self._why.message, place=self.settings.place)
            self._sequence = self._sequence % 0xFFFF + 1
            sequence = self._sequence
            answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            self._waiting[sequence] = answer
            self._send(codec.wrap(codec.numbered(pdu, sequence)))
            self.counters.requests += 1
            try:
                async with asyncio.timeout(self.settings.timeout_s):
                    made = await answer
            except TimeoutError:
                self.counters.timeouts += 1
                why = f"the PLC gave no answer within {self.settings.timeout_s:g} s"
                raise RetryLater("driver.timeout", why, place=self.settings.place) from None
            except RetryLater as error:
                raise RetryLater(error.code, error.message, place=self.settings.place) from error
            finally:
                del self._waiting[sequence]
            self.counters.answers += 1
            return made

    def _send(self, telegram: bytes) -> None:
        self.counters.bytes_sent += len(telegram)
        self._transport.write(telegram)

    async def open(self) -> None:
        """Shake hands: the connection, then the size of a PDU and the number of requests at once."""
        self._called = asyncio.get_running_loop().create_future()
        self._send(codec.call(*self.settings.tsaps))
        await self._called
        wanted = self.settings
        try:
            parallel, self.pdu = codec.agreed(await self.ask(codec.setup(wanted.parallel, wanted.pdu)))
        except codec.Refused as error:
            raise RetryLater("driver.protocol", f"the PLC refuses: {error}") from error
        self.pdu = min(self.pdu, wanted.pdu)
        self._slots = asyncio.Semaphore(min(parallel, wanted.parallel))

    async def close(self) -> None:
        """Close the connection; waits a moment for the system to let go of it."""
        self._fail(RetryLater("driver.unreachable", "the connection was closed here"))
        if self._called is not None and self._called.done() and not self._called.cancelled():
            self._called.exception()  # looked at, so that nobody is warned about it
        if self._transport is not None:
            self._transport.abort()
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._gone.wait()


async def connect(settings: Settings) -> Link:
    """Open the connection: raises driver.unreachable, driver.protocol, or driver.option for a host that cannot be."""
    link = Link(settings)
    loop = asyncio.get_running_loop()

    async def attempt(address: str) -> None:
        await loop.create_connection(lambda: link, address, settings.port)

    try:
        async with asyncio.timeout(settings.timeout_s):
            await first_open(settings.connect_to or [settings.host.strip()], attempt)
            await link.open()
    except TimeoutError as error:
        await link.close()
        why = f"no connection within {settings.timeout_s:g} s"
        raise RetryLater("driver.unreachable", why, place=settings.place) from error
    except OSError as error:
        said = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or error
        raise RetryLater("driver.unreachable", f"cannot connect: {said}", place=settings.place) from error
    except RetryLater as error:
        await link.close()
        raise RetryLater(error.code, error.message, place=settings.place) from error
    except (UnicodeError, ValueError) as error:
        raise FixConfiguration("driver.option", f"host: {error}", place="host") from error
    except asyncio.CancelledError:
        await link.close()
        raise
    return link
