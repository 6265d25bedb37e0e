"""One pass over a plan: asks, collects bytes and qualities, and learns from what is refused or not answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import numpy as np

from baigong.drivers.columns import Bytes
from baigong.drivers.modbus import codec
from baigong.drivers.modbus.plan import Block, Lessons, Plan
from baigong.vocab import quality as q
from baigong.vocab.errors import RetryLater

Fetch = Callable[[int, str, int, int], Awaitable[Bytes]]
"""Reads (unit, area, start, count): raises Refused when the device will not."""

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
_GATEWAY = (10, 11)  # every further request to this unit would wait for the same silent device
_LESSON_S = 60.0  # how long a refused address is left alone
_SECOND_CHANCES = 2  # refused addresses that one read asks for again in vain
_LESSONS_PER_READ = 48  # requests that one read may spend on learning; the rest waits for the next


class Scan:
    """One pass over a plan's blocks: collects bytes and qualities, and learns from refusals."""

    def __init__(self, plan: Plan, fetch: Fetch, lessons: Lessons, now_s: float) -> None:
        self.raw = np.zeros(plan.size, np.uint8)
        self.quality = np.full(len(plan.spans), q.BAD_NO_COMMUNICATION, np.int32)
        self._plan = plan
        self._fetch = fetch
        self._lessons = lessons
        self._now_s = now_s
        self._budget = _LESSONS_PER_READ
        self._lost = lessons.silent.left_alone(plan.units, now_s)

    async def run(self) -> None:
        """Ask for everything. A unit that is silent spoils only its own points, unless no unit answers at all.

        Raises driver.timeout then, and what ``fetch`` raises when the line is broken.
        """
        for block in sorted(self._plan.blocks, key=lambda b: b.unit not in self._lessons.heard):
            if block.unit in self._lost:
                continue
            try:
                await self._ask(block)
            except RetryLater as error:
                if error.code != "driver.timeout" or len(self._plan.units) == 1:
                    raise
                self._silence(block.unit)
                if all(unit in self._lessons.silent for unit in self._plan.units):
                    raise
        await self._ask_again()

    def _silence(self, unit: int) -> None:
        self._lessons.silent.note(unit, self._now_s)
        self._lessons.heard.discard(unit)
        # one such wait per read is enough: whoever has not been heard yet has its turn in the next
        self._lost |= set(self._plan.units) - self._lessons.heard

    async def _ask(self, block: Block) -> None:
        code = await self._try(block)
        if code in _DIVISIBLE or code == 1:
            await self._divide(block, block.first, block.stop, code)
        elif code in _GATEWAY:
            self._lost.add(block.unit)
            for index, span in enumerate(self._plan.spans[block.first :], block.first):
                if span.unit == block.unit:
                    self.quality[index] = QUALITY[code]
            return
        self._lessons.heard.add(block.unit)
        self._lessons.silent.pop(block.unit, None)

    async def _ask_again(self) -> None:
        """Ask for refused addresses whose time has come, each alone, as long as that leads anywhere."""
        due = [s for s in self._plan.refused if self._lessons.refused.get(s, (0, np.inf))[1] <= self._now_s]
        in_vain = 0
        for span in due[: self._budget]:
            if span.unit not in self._lessons.heard or span.unit in self._lost:
                continue
            try:
                await self._fetch(span.unit, span.area, span.start, span.count)
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
            raw = await self._fetch(block.unit, block.area, block.start, block.count)
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
