"""One TCP connection to a PLC: the handshakes, then several requests in flight, as many as the PLC agreed to.

Nothing waits longer than its time, a lost line fails every request in flight at once, and an answer is known by its
sequence number, so that one which comes too late, or whose waiting was cancelled, is taken for no other.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from baigong.drivers.line import Line, opened
from baigong.drivers.s7 import codec
from baigong.drivers.s7.settings import Settings
from baigong.vocab.errors import RetryLater

_LONGEST = 1 << 16  # bytes of a PDU in parts; one has 960 at most


@dataclass(eq=False)
class Link(Line[Settings]):
    """A connection. Open with ``connect``; ``pdu``: the bytes that a request and its answer may have."""

    pdu: int = 240
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    _part: bytes = b""
    _called: asyncio.Future[None] | None = None
    _waiting: dict[int, asyncio.Future[bytes]] = field(default_factory=dict)
    _sequence: int = 0

    # -- what asyncio calls ---------------------------------------------------------------------------------

    def _awaited(self) -> list[asyncio.Future[Any]]:
        return [*([] if self._called is None else [self._called]), *self._waiting.values()]

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

    # -- what the driver calls ------------------------------------------------------------------------------

    async def ask(self, pdu: bytes) -> bytes:
        """Send a job and return the answer's PDU: raises driver.timeout, driver.unreachable or driver.protocol."""
        async with self._slots:
            self.require_alive()
            self._sequence = self._sequence % 0xFFFF + 1
            sequence = self._sequence
            answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            self._waiting[sequence] = answer
            self.send(codec.wrap(codec.numbered(pdu, sequence)))
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

    async def open(self) -> None:
        """Shake hands: the connection, then the size of a PDU and the number of requests at once."""
        await self.dial()
        self._called = asyncio.get_running_loop().create_future()
        self.send(codec.call(*self.settings.tsaps))
        await self._called
        wanted = self.settings
        try:
            parallel, self.pdu = codec.agreed(await self.ask(codec.setup(wanted.parallel, wanted.pdu)))
        except codec.Refused as error:
            raise RetryLater("driver.protocol", f"the PLC refuses: {error}") from error
        self.pdu = min(self.pdu, wanted.pdu)
        self._slots = asyncio.Semaphore(min(parallel, wanted.parallel))


async def connect(settings: Settings) -> Link:
    """Open the connection: raises driver.unreachable, driver.protocol, or driver.option for a host that cannot be."""
    link = Link(settings)
    await opened(link, link.open())
    return link
