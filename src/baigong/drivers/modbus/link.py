"""One request at a time over one line: TCP, RTU over TCP, the connection of a DTU that called us, or a serial port.

The line itself is asyncio's (or pymodbus' serial transport); what is ours is that nothing waits longer than its
time, that a lost line fails the request in flight at once, and that an answer which comes too late is never taken
for the answer to the next request.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from baigong.drivers.fieldline import Fieldline, take_up
from baigong.drivers.modbus import codec
from baigong.drivers.modbus.settings import Settings
from baigong.vocab.errors import RetryLater

_LONGEST = 1024  # bytes without an answer among them after which a line is given up; a telegram has 256


@dataclass(slots=True)
class _Pending:
    """A request in flight: what its answer must look like."""

    transaction: int
    unit: int
    asked: bytes
    answer: asyncio.Future[bytes]
    late_s: float  # until when its answer may still come


@dataclass(eq=False)
class Link(Fieldline[Settings]):
    """A line to one or more units. Open with ``connect``."""

    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _pending: _Pending | None = None
    _transaction: int = 0
    _heard_s: float = 0.0
    _owed: dict[int, list[bytes]] = field(default_factory=dict)  # what a unit was asked whose answer may still come

    # -- what asyncio calls ---------------------------------------------------------------------------------

    def _awaited(self) -> list[asyncio.Future[bytes]]:
        return [] if self._pending is None else [self._pending.answer]

    def _take(self) -> None:
        self._heard_s = asyncio.get_running_loop().time()
        self._take_tcp() if self.settings.transport == "tcp" else self._take_rtu()

    def _take_tcp(self) -> None:
        while self._buffer:
            if self.settings.is_called and not self._begins():
                return
            used, transaction, unit, pdu = codec.take_tcp(self._buffer)
            if not used:
                return
            self._buffer = self._buffer[used:]
            pending = self._pending
            if pending is None or transaction != pending.transaction or pending.answer.done():
                self.counters.strays += 1  # an answer that came after its time
            elif unit != pending.unit:
                raise RetryLater("driver.protocol", f"unit {unit} answered for unit {pending.unit}")
            else:
                pending.answer.set_result(pdu)

    def _begins(self) -> bool:
        """Pass over what a DTU says of its own; False: what is left may be the beginning of an answer."""
        if codec.begins_tcp(self._buffer):
            return len(self._buffer) >= 6
        pending = self._pending
        awaited = pending is not None and not pending.answer.done()
        at = self._buffer.find(pending.transaction.to_bytes(2, "big") + b"\0\0") if pending and awaited else -1
        self.counters.strays += 1
        self._buffer = self._buffer[at:] if at > 0 else self._buffer[-3:] if awaited and at < 0 else b""
        return at > 0

    def _take_rtu(self) -> None:
        pending = self._pending
        if pending is None or pending.answer.done():
            self.counters.strays += 1
            self._buffer = b""
            return
        pdu = codec.find_rtu(self._buffer, pending.unit, pending.asked[0], pending.asked)
        if pdu is not None:
            self._buffer = b""
            pending.answer.set_result(pdu)
        elif len(self._buffer) > _LONGEST:
            raise RetryLater("driver.protocol", f"{len(self._buffer)} bytes came and none was an answer")

    # -- what the driver calls ------------------------------------------------------------------------------

    async def ask(self, unit: int, pdu: bytes, *, once: bool = False) -> bytes:
        """Send a request to a unit and return the answer's PDU. ``once``: never again, whatever ``retries`` says.

        Raises driver.timeout after ``retries`` more tries, driver.unreachable or driver.protocol at once.
        Cancelling is safe: the answer that is still to come is waited for, or known by its transaction.
        """
        async with self._lock:
            retries = 0 if once else self.settings.retries
            for left in range(retries, -1, -1):
                try:
                    await self._settle(unit, again=left < retries)
                    return await self._once(unit, pdu)
                except TimeoutError:
                    if not left:
                        raise self._silent(unit, retries + 1) from None
            raise AssertionError  # the last try returns or raises

    def _silent(self, unit: int, tries: int) -> RetryLater:
        times = f"{tries} times" if tries > 1 else "once"
        why = f"unit {unit} gave no answer within {self.settings.timeout_s:g} s, asked {times}"
        return RetryLater("driver.timeout", why, place=self.settings.place_of(unit))

    async def _once(self, unit: int, pdu: bytes) -> bytes:
        self.require_alive()
        loop = asyncio.get_running_loop()
        limit_s = self.settings.timeout_s
        self._transaction = self._transaction % 0xFFFF + 1
        self._pending = _Pending(self._transaction, unit, pdu, loop.create_future(), loop.time() + limit_s)
        self._buffer = b"" if self.settings.transport != "tcp" else self._buffer
        telegram = (
            codec.wrap_tcp(self._transaction, unit, pdu)
            if self.settings.transport == "tcp"
            else codec.wrap_rtu(unit, pdu)
        )
        self.counters.requests += 1
        self.send(telegram)
        try:
            async with asyncio.timeout(limit_s):
                # shielded, so that being cancelled leaves the future to receive the late answer
                answer = await asyncio.shield(self._pending.answer)
        except RetryLater as error:
            raise RetryLater(error.code, error.message, place=self.settings.place_of(unit)) from error
        except TimeoutError:
            self.counters.timeouts += 1
            if pdu[0] not in codec.WRITES and pdu not in self._owed.setdefault(unit, []):
                self._owed[unit].append(pdu)  # an answer to a write tells what was written
            raise
        self.counters.answers += 1
        return answer

    async def _settle(self, unit: int, *, again: bool) -> None:
        """Before a request on a line without transaction numbers: let late answers pass, and be silent.

        ``again``: the same request is sent once more, so that a late answer is as good as a new one. Raises
        TimeoutError when the unit stays silent.
        """
        if self.settings.transport != "tcp":
            loop = asyncio.get_running_loop()
            pending = self._pending
            if pending is not None and not pending.answer.done():
                await asyncio.wait({pending.answer}, timeout=max(pending.late_s - loop.time(), 0.0))
            if self._owed.get(unit) and not again:  # another unit's answer would not be taken for this one's
                await self._pass_late(unit)
        await self._be_silent()

    async def _pass_late(self, unit: int) -> None:
        """Wait until no answer of an earlier request can come any more.

        A serial server, or a DTU on the mobile network, hands answers on in their order, however late: when a
        question whose answer looks different is answered, every earlier answer has come or is lost.
        """
        owed = self._owed[unit]
        pdu = None if self.settings.transport == "serial" else codec.another(owed[0], owed)
        if pdu is None:
            await asyncio.sleep(self.settings.timeout_s)
        else:
            await self._be_silent()
            await self._once(unit, pdu)
        del self._owed[unit]

    async def _be_silent(self) -> None:
        """Leave the line alone for a moment, as the standard and the option ``pause_ms`` say."""
        # Modbus over Serial Line V1.02, 2.5.1.1: 3.5 characters of 11 bits, but 1.75 ms above 19,200 baud
        silence_s = max(38.5 / self.settings.baudrate, 0.00175) if self.settings.transport == "serial" else 0.0
        silence_s = max(silence_s, self.settings.pause_ms / 1000)
        quiet_s = asyncio.get_running_loop().time() - self._heard_s
        if quiet_s < silence_s:
            await asyncio.sleep(silence_s - quiet_s)


async def connect(settings: Settings) -> Link:
    """Open the line: raises driver.unreachable, or driver.option for a host or port that cannot be."""
    return await take_up(Link, settings)
