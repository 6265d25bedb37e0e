"""The Modbus driver: asks, learns what may be asked, and turns each scan into one frame."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from baigong.drivers.contract import Ack, Delivery, Health, Node, Wanted
from baigong.drivers.modbus import codec, explore
from baigong.drivers.modbus.address import canonical
from baigong.drivers.modbus.link import Link, connect
from baigong.drivers.modbus.plan import Block, Lessons, Plan
from baigong.drivers.modbus.settings import settings
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.frame import frame
from baigong.vocab.happenings import Command

# What an exception code says about the points asked for (Application Protocol V1.1b3, 7).
QUALITY = {
    1: q.BAD_NODE_ID_UNKNOWN,  # illegal function: the device has no such area
    2: q.BAD_NODE_ID_UNKNOWN,  # illegal data address
    3: q.BAD_NODE_ID_UNKNOWN,  # illegal data value: many devices say so to an address or a count
    4: q.BAD_DEVICE_FAILURE,
    5: q.BAD_DATA_UNAVAILABLE,  # acknowledge: will take long
    6: q.BAD_DATA_UNAVAILABLE,  # busy
    8: q.BAD_DEVICE_FAILURE,  # memory parity error
    10: q.BAD_NOT_CONNECTED,  # gateway path unavailable
    11: q.BAD_NO_COMMUNICATION,  # gateway target failed to respond
}
_DIVISIBLE = (2, 3, 4)  # part of the block may be readable: some devices call a missing register a failure
_GATEWAY = (10, 11)  # every further request would wait for the same silent device
_LESSON_S = 60.0  # how long a refused address is left alone
_SECOND_CHANCES = 2  # refused addresses that one read asks for again in vain
_LESSONS_PER_READ = 48  # requests that one read may spend on learning; the rest waits for the next


def _now_us() -> int:
    return time.time_ns() // 1000


class ModbusDriver:
    """Modbus TCP, RTU over TCP and RTU on a serial line; reading only."""

    def __init__(
        self,
        options: dict[str, Any],
        *,
        now_us: Callable[[], int] = _now_us,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings(options)
        self._clock_s = clock_s
        self._now_us = now_us
        self._link: Link | None = None
        self._lessons = Lessons()
        self._asked: list[Wanted] = []
        self._plan: Plan | None = None
        self._exceptions = 0

    async def __aenter__(self) -> Self:
        self._lessons, self._plan = Lessons(), None
        self._link = await connect(self._settings)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._link is not None:
            await self._link.close()

    async def browse(self, path: str = "") -> list[Node]:
        """Areas; below them the pages of 100 that answer; below these what is readable, with its value."""
        return await explore.browse(path, self._fetch, one_based=self._settings.addressing == "one")

    async def read(self, points: Sequence[Wanted]) -> pa.RecordBatch:
        plan = self._planned(points)
        scan = _Scan(plan, self._fetch, self._lessons, self._clock_s())
        for block in plan.blocks:
            if not await scan.ask(block):
                break
        else:
            await scan.ask_again()
        columns = plan.decoder.decode(scan.raw)
        reached = plan.span_of >= 0
        quality = plan.quality.copy()
        quality[reached] = scan.quality[plan.span_of[reached]]
        quality = np.where(quality == 0, columns.faults, quality)
        bad = quality != 0
        columns.value[bad] = np.nan
        if columns.text is not None:
            columns.text = [None if b else t for b, t in zip(bad, columns.text, strict=True)]
        if columns.whole is not None:
            columns.whole[bad] = np.ma.masked
        time_us = np.full(len(plan.numbers), self._now_us(), np.int64)
        return frame(plan.numbers, time_us, columns.value, quality, whole=columns.whole, text=columns.text)

    async def watch(self, points: Sequence[Wanted]) -> AsyncIterator[Delivery]:
        raise FixConfiguration("driver.unsupported", "a Modbus device reports nothing by itself: it is polled")
        yield  # makes this an async iterator

    async def write(self, command: Command) -> Ack:
        raise FixConfiguration("driver.readonly", "this driver only reads", place=command.address)

    def canonical(self, address: str) -> str:
        """Write an address in the one way that numbers its point; driver.address says what is wrong with it."""
        return canonical(address, one_based=self._settings.addressing == "one")

    async def health(self) -> Health:
        link = self._link
        if link is None:
            return Health(False, "not connected")
        counters = asdict(link.counters) | {"exceptions": self._exceptions}
        detail = self._settings.place
        if self._lessons.refused:
            detail += f"; refuses {len(self._lessons.refused)} of the addresses asked for"
        return Health(link.alive, detail, counters)

    def _planned(self, points: Sequence[Wanted]) -> Plan:
        asked = list(points)
        if self._plan is None or self._plan.version != self._lessons.version or asked != self._asked:
            self._plan, self._asked = Plan(asked, self._settings, self._lessons), asked
        return self._plan

    async def _fetch(self, area: str, start: int, count: int) -> codec.Bytes:
        if self._link is None:
            raise RetryLater("driver.unreachable", "not connected", place=self._settings.place)
        pdu = await self._link.ask(codec.request(area, start, count))
        try:
            return codec.payload(pdu, area, count)
        except codec.Refused:
            self._exceptions += 1
            raise
        except RetryLater as error:
            raise RetryLater(error.code, error.message, place=self._settings.place) from error


class _Scan:
    """One pass over a plan's blocks: collects bytes and qualities, and learns from refusals."""

    def __init__(self, plan: Plan, fetch: explore.Fetch, lessons: Lessons, now_s: float) -> None:
        self.raw = np.zeros(plan.size, np.uint8)
        self.quality = np.full(len(plan.spans), q.BAD_NO_COMMUNICATION, np.int32)
        self._plan = plan
        self._fetch = fetch
        self._lessons = lessons
        self._now_s = now_s
        self._budget = _LESSONS_PER_READ

    async def ask(self, block: Block) -> bool:
        """Read a block; False when it makes no sense to ask for the others."""
        code = await self._try(block)
        if code in _DIVISIBLE or code == 1:
            await self._divide(block, block.first, block.stop, code)
        elif code in _GATEWAY:
            self.quality[block.first :] = QUALITY[code]
        return code not in _GATEWAY

    async def ask_again(self) -> None:
        """Ask for refused addresses whose time has come, each alone, as long as that leads anywhere."""
        due = [s for s in self._plan.refused if self._lessons.refused.get(s, (0, np.inf))[1] <= self._now_s]
        in_vain = 0
        for span in due[: self._budget]:
            try:
                await self._fetch(span.area, span.start, span.count)
            except codec.Refused as refused:
                quality = QUALITY.get(refused.code, q.BAD_UNEXPECTED)
                self._lessons.postpone(span, quality, self._now_s + _LESSON_S)
                self._plan.quality[self._plan.refused[span]] = quality
                in_vain += 1
                if in_vain == _SECOND_CHANCES:
                    return
            else:
                self._lessons.lift(span)  # the next plan takes it in

    async def _try(self, block: Block) -> int:
        try:
            raw = await self._fetch(block.area, block.start, block.count)
        except codec.Refused as refused:
            self.quality[block.first : block.stop] = QUALITY.get(refused.code, q.BAD_UNEXPECTED)
            return refused.code
        self.raw[block.base : block.base + len(raw)] = raw
        self.quality[block.first : block.stop] = q.GOOD
        return 0

    async def _divide(self, block: Block, first: int, stop: int, code: int) -> bool:
        """Find what a refused block can give; True when the reason was found (or could not be looked for)."""
        if stop - first == 1 or code == 1:
            for span in self._plan.spans[first:stop]:
                self._lessons.refuse(span, QUALITY[code], self._now_s + _LESSON_S)
            return True
        cut = self._plan.cut(first, stop)
        found = False
        for low, high in ((first, cut), (cut, stop)):
            if self._budget <= 0:
                self.quality[low:high] = q.BAD_DATA_UNAVAILABLE
                found = True
                continue
            self._budget -= 1
            refused = await self._try(self._plan.part(block, low, high))
            if refused in (1, *_DIVISIBLE):
                found |= await self._divide(block, low, high, refused)
            else:
                found |= refused != 0
        if not found:  # each half can be read, both together cannot: a hole between them, or a shorter limit
            self._lessons.fence(self._plan.spans[cut])
        return found
