"""A PLC whose memory is polled in words: reading, refused places and health, which such drivers share."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import pyarrow as pa

from baigong.drivers.contract import Delivery, Health, Wanted
from baigong.drivers.plan import Lessons, Memory, Plan, Span
from baigong.drivers.scan import Narrowing, Scan
from baigong.drivers.turns import Turns
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration, RetryLater

L = TypeVar("L", bound=Turns[Any])


def now_us() -> int:
    return time.time_ns() // 1000


def judge(code: int) -> int:
    """The quality of a place that was refused with a code: there is no such memory."""
    return q.BAD_NODE_ID_UNKNOWN if code else q.GOOD


class Polled(Generic[L]):
    """What a driver fills in: how to connect, its memory, how to ask for spans of it, and what its codes mean.

    ``place``: where the PLC is, for messages.
    """

    def __init__(self, place: str, now_us: Callable[[], int], clock_s: Callable[[], float]) -> None:
        self._place, self._now_us, self._clock_s = place, now_us, clock_s
        self._link: L | None = None
        self._lessons: Lessons[Span] = Lessons()
        self._plan: Plan[Span, Any] | None = None

    async def _connect(self) -> L:
        raise NotImplementedError

    def _memory(self) -> Memory[Span, Any]:
        raise NotImplementedError

    def _packed(self, spans: Sequence[Span]) -> Iterable[list[int]]:
        """Pack spans into requests: the positions of each one's spans."""
        raise NotImplementedError

    async def _ask(self, spans: Sequence[Span]) -> list[bytes]:
        """Read the spans of one request; raises Refused."""
        raise NotImplementedError

    def _about_places(self, code: int) -> bool:
        """Say whether a code is about the places asked for, not about asking."""
        raise NotImplementedError

    def _why(self, code: int) -> str:
        """Put a code into words."""
        raise NotImplementedError

    def _detail(self) -> str:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        self._lessons, self._plan = Lessons(), None
        self._link = await self._connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._link is not None:
            await self._link.close()

    async def read(self, points: Sequence[Wanted]) -> pa.RecordBatch:
        if self._plan is None or not self._plan.fits(points, self._lessons):
            self._plan = Plan(points, self._memory(), self._lessons)
        scan = Scan(self._plan, self._fetch, judge, self._lessons, self._clock_s())
        await scan.run()
        return scan.frame(self._now_us())

    async def _fetch(self, spans: Sequence[Span]) -> list[tuple[int, bytes]]:
        """Read spans in as few requests as they fit, each one's code (0 is good) and words.

        Raises driver.protocol for a code that is not about the places.
        """
        made: dict[int, tuple[int, bytes]] = {}
        narrowing = Narrowing(self._ask, self._about_places)
        try:
            for few in self._packed(spans):
                answers = await narrowing.fetch([spans[i] for i in few])
                if wrong := next((code for code, _ in answers if code > 0 and not self._about_places(code)), 0):
                    raise RetryLater("driver.protocol", self._why(wrong))
                made.update(zip(few, answers, strict=True))
        except RetryLater as error:
            raise RetryLater(error.code, error.message, place=self._place) from error
        return [made[i] for i in range(len(spans))]

    async def watch(self, points: Sequence[Wanted]) -> AsyncIterator[Delivery]:
        raise FixConfiguration("driver.unsupported", "this PLC reports nothing by itself: it is polled")
        yield  # makes this an async iterator

    async def health(self) -> Health:
        link = self._link
        if link is None:
            return Health(False, "not connected")
        detail = self._detail()
        if self._lessons.refused:
            detail += f"; refuses {len(self._lessons.refused)} of the addresses asked for"
        return Health(link.alive, detail, asdict(link.counters))

    def _linked(self) -> L:
        if self._link is None:
            raise RetryLater("driver.unreachable", "not connected", place=self._place)
        return self._link
