"""A line on which one request is answered before the next is sent, by TCP or UDP: what plain PLC protocols share.

Cancelling is safe: an answer that is still to come is waited for before the next request, or known by its key. Where
answers carry no key, a request that got no answer in time ends the line, so that a late one is taken for no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from baigong.drivers.contract import first_open
from baigong.drivers.line import F, Line
from baigong.vocab.errors import RetryLater


@dataclass(slots=True)
class _Pending:
    key: Hashable
    answer: asyncio.Future[bytes]
    late_s: float  # until when its answer may still come


@dataclass(eq=False)
class Turns(Line[F]):
    """A line; a driver says in ``_telegram`` how answers look."""

    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _pending: _Pending | None = None
    _datagrams: bool = False

    @property
    def keyed(self) -> bool:
        """Whether answers say which request they belong to."""
        return True

    def _telegram(self, buffer: bytes) -> tuple[int, Hashable, bytes]:
        """Take one answer off a stream: (bytes used, its key, its content); 0 used: wait; raises driver.protocol."""
        raise NotImplementedError

    # -- what asyncio calls ---------------------------------------------------------------------------------

    def _awaited(self) -> list[asyncio.Future[Any]]:
        return [] if self._pending is None else [self._pending.answer]

    def datagram_received(self, data: bytes, address: Any) -> None:
        self._buffer = b""
        self.data_received(data)

    def error_received(self, error: OSError) -> None:
        self._fail(RetryLater("driver.unreachable", f"nobody listens there: {error.strerror or error}"))

    def _take(self) -> None:
        while self._buffer:
            used, key, content = self._telegram(self._buffer)
            if not used:
                return
            self._buffer = self._buffer[used:]
            pending = self._pending
            if pending is None or pending.answer.done() or key != pending.key:
                self.counters.strays += 1  # after its time, or for somebody who does not wait any more
            else:
                pending.answer.set_result(content)

    # -- what a driver's link calls -------------------------------------------------------------------------

    def send(self, telegram: bytes) -> None:
        if self._datagrams:
            self.counters.bytes_sent += len(telegram)
            self._transport.sendto(telegram)
        else:
            super().send(telegram)

    async def reach(self) -> None:
        """Be ready to send datagrams to the device; whether anybody is there is not known by it. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._datagrams = True

        async def attempt(address: str) -> None:
            await loop.create_datagram_endpoint(lambda: self, remote_addr=(address, self.settings.port))

        await first_open(self.settings.connect_to or [self.settings.host.strip()], attempt)

    async def ask(self, telegram: bytes, key: Hashable = None) -> bytes:
        """Send a request and return its answer's content: raises driver.timeout, driver.unreachable, driver.protocol.

        ``key``: what ``_telegram`` finds in its answer.
        """
        async with self._lock:
            await self._settle()
            self.require_alive()
            loop, limit_s = asyncio.get_running_loop(), self.settings.timeout_s
            self._pending = pending = _Pending(key, loop.create_future(), loop.time() + limit_s)
            self.counters.requests += 1
            self.send(telegram)
            try:
                async with asyncio.timeout(limit_s):
                    # shielded, so that being cancelled leaves the future to receive the late answer
                    made = await asyncio.shield(pending.answer)
            except TimeoutError:
                raise self._silent() from None
            except RetryLater as error:
                raise RetryLater(error.code, error.message, place=self.settings.place) from error
            self.counters.answers += 1
            return made

    def _silent(self) -> RetryLater:
        self.counters.timeouts += 1
        why = f"no answer within {self.settings.timeout_s:g} s"
        error = RetryLater("driver.timeout", why, place=self.settings.place)
        if not self.keyed:
            self._fail(error)
            self._transport.abort()
        return error

    async def _settle(self) -> None:
        """Let the answer to a request whose waiting was cancelled pass."""
        pending = self._pending
        if pending is None or pending.answer.done() or self.keyed:
            return
        wait_s = pending.late_s - asyncio.get_running_loop().time()
        await asyncio.wait({pending.answer}, timeout=max(wait_s, 0.0))
        if not pending.answer.done():
            self._silent()
