"""One pass over a plan: asks, collects bytes and qualities, and learns from what is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic

import numpy as np
import pyarrow as pa

from baigong.drivers.plan import Block, Lessons, Plan, S
from baigong.vocab import quality as q

LATER = -1  # the code of what has not been asked for: it would have cost too much learning at once
_LESSON_S = 60.0  # how long a refused place is left alone
_LESSONS_PER_READ = 48  # items that one read may spend on learning; the rest waits for the next


class Scan(Generic[S]):
    """One pass over a plan's blocks.

    ``fetch`` reads spans: each one's return code and bytes. ``judge``: the quality that a code means, 0: good.
    """

    def __init__(
        self,
        plan: Plan[S, Any],
        fetch: Callable[[Sequence[S]], Awaitable[list[tuple[int, bytes]]]],
        judge: Callable[[int], int],
        lessons: Lessons[S],
        now_s: float,
    ) -> None:
        self.raw = np.zeros(plan.size, np.uint8)
        self.quality = np.full(len(plan.spans), q.GOOD, np.int32)
        self._plan, self._fetch, self._judge, self._lessons, self._now_s = plan, fetch, judge, lessons, now_s
        self._budget = _LESSONS_PER_READ

    async def run(self) -> None:
        """Ask for everything, then for the halves of what was refused; raises what ``fetch`` raises."""
        blocks = self._plan.blocks
        while blocks:
            again: list[Block[S]] = []
            answers = await self._fetch([block.item for block in blocks])
            for block, (code, raw) in zip(blocks, answers, strict=True):
                if code != LATER and not self._judge(code):
                    self.raw[block.base : block.base + len(raw)] = np.frombuffer(raw, np.uint8)
                else:
                    again += self._refused(block, code)
            blocks = again
        await self._ask_again()

    def frame(self, time_us: int) -> pa.RecordBatch:
        """What the scan found, one row per point."""
        plan = self._plan
        reached = plan.span_of >= 0
        quality = plan.quality.copy()
        quality[reached] = self.quality[plan.span_of[reached]]
        return plan.decoder.decode(self.raw).frame(plan.numbers, quality, time_us)

    def _refused(self, block: Block[S], code: int) -> Sequence[Block[S]]:
        if code != LATER and block.stop - block.first == 1:
            quality = self._judge(code)
            self.quality[block.first] = quality
            self._lessons.refuse(self._plan.spans[block.first], quality, self._now_s + _LESSON_S)
            return ()
        if code == LATER or self._budget <= 0:
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
            ends = {span.start, span.end - 1}  # the last one says whether the memory is long enough
            told = await self._fetch([replace(span, start=at, count=1) for at in sorted(ends)])
            quality = next((self._judge(code) for code, _ in told if self._judge(code)), q.GOOD)
            if not quality:
                self._lessons.lift(span)
                continue
            self._lessons.refuse(span, quality, self._now_s + _LESSON_S)
            self._plan.quality[self._plan.refused[span]] = quality


class Refused(Exception):
    """A device answered a request with an error code; never leaves the driver."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(slots=True)
class Narrowing(Generic[S]):
    """Asks devices that refuse a whole request for one bad place in it: in halves, until the place is known.

    ``ask``: reads the spans of one request, raising Refused. ``divisible``: whether a code is about places at all.
    ``budget``: further requests that this may cost; what is left then is answered with LATER.
    """

    ask: Callable[[Sequence[S]], Awaitable[list[bytes]]]
    divisible: Callable[[int], bool]
    budget: int = _LESSONS_PER_READ

    async def fetch(self, spans: Sequence[S]) -> list[tuple[int, bytes]]:
        """Read the spans of one request: each one's code, 0 for good, and bytes."""
        try:
            return [(0, raw) for raw in await self.ask(spans)]
        except Refused as error:
            if len(spans) == 1 or not self.divisible(error.code):
                return [(error.code, b"")] * len(spans)
        if self.budget <= 0:
            return [(LATER, b"")] * len(spans)
        self.budget -= 2
        half = len(spans) // 2
        return await self.fetch(spans[:half]) + await self.fetch(spans[half:])
