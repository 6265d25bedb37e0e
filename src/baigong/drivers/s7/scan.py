"""One pass over a plan: asks, collects bytes and qualities, and learns from what is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import numpy as np

from baigong.drivers.s7 import codec
from baigong.drivers.s7.plan import Block, Lessons, Plan
from baigong.vocab import quality as q

Fetch = Callable[[Sequence[codec.Item]], Awaitable[list[tuple[int, bytes]]]]
"""Reads items: each one's return code and bytes."""

# What a return code says about the places asked for.
QUALITY = {
    0x01: q.BAD_DEVICE_FAILURE,
    0x03: q.BAD_NODE_ID_UNKNOWN,  # access not allowed: no PUT/GET, an optimised block, or a protected one
    0x05: q.BAD_NODE_ID_UNKNOWN,  # beyond the end of its block
    0x06: q.BAD_TYPE_MISMATCH,
    0x07: q.BAD_TYPE_MISMATCH,
    0x0A: q.BAD_NODE_ID_UNKNOWN,  # there is no such block
}
_LESSON_S = 60.0  # how long a refused place is left alone
_LESSONS_PER_READ = 48  # items that one read may spend on learning; the rest waits for the next


class Scan:
    """One pass over a plan's blocks."""

    def __init__(self, plan: Plan, fetch: Fetch, lessons: Lessons, now_s: float) -> None:
        self.raw = np.zeros(plan.size, np.uint8)
        self.quality = np.full(len(plan.spans), q.GOOD, np.int32)
        self._plan, self._fetch, self._lessons, self._now_s = plan, fetch, lessons, now_s
        self._budget = _LESSONS_PER_READ

    async def run(self) -> None:
        """Ask for everything, then for the halves of what was refused; raises what ``fetch`` raises."""
        blocks = self._plan.blocks
        while blocks:
            again: list[Block] = []
            answers = await self._fetch([block.item for block in blocks])
            for block, (code, raw) in zip(blocks, answers, strict=True):
                if code == codec.OK:
                    self.raw[block.base : block.base + len(raw)] = np.frombuffer(raw, np.uint8)
                else:
                    again += self._refused(block, code)
            blocks = again
        await self._ask_again()

    def _refused(self, block: Block, code: int) -> Sequence[Block]:
        quality = QUALITY.get(code, q.BAD_UNEXPECTED)
        if block.stop - block.first == 1:
            self.quality[block.first] = quality
            self._lessons.refuse(self._plan.spans[block.first], quality, self._now_s + _LESSON_S)
            return ()
        if self._budget <= 0:
            self.quality[block.first : block.stop] = q.BAD_DATA_UNAVAILABLE
            return ()
        self._budget -= 2
        halves = self._plan.halves(block)
        self._lessons.fence(self._plan.spans[halves[1].first])
        return halves

    async def _ask_again(self) -> None:
        """Ask for refused places whose time has come; the next plan takes in what answers."""
        never = (0, np.inf)
        due = [span for span in self._plan.refused if self._lessons.refused.get(span, never)[1] <= self._now_s]
        for span in due[: max(self._budget, 0)]:
            ends = {span.start, span.start + span.count - 1}  # the last byte says whether the block is long enough
            told = await self._fetch([codec.Item(span.area, span.db, at, 1) for at in sorted(ends)])
            code = next((code for code, _ in told if code != codec.OK), codec.OK)
            if code == codec.OK:
                self._lessons.lift(span)
                continue
            quality = QUALITY.get(code, q.BAD_UNEXPECTED)
            self._lessons.refuse(span, quality, self._now_s + _LESSON_S)
            self._plan.quality[self._plan.refused[span]] = quality
