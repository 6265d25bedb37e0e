"""A PLC whose memory is polled in words: reading, refused places and health, which such drivers share."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import pyarrow as pa

from baigong.drivers.contract import Delivery, Health, Wanted
from baigong.drivers.plan import Lessons, Memory, Plan, Span
from baigong.drivers.scan import Scan
from baigong.drivers.turns import Turns
from baigong.vocab.errors import FixConfiguration, RetryLater

L = TypeVar("L", bound=Turns[Any])


def now_us() -> int:
    return time.time_ns() // 1000


class Polled(Generic[L]):
    """What a driver fills in: how to connect, its memory, how to fetch spans of it, and what its codes mean."""

    def __init__(self, now_us: Callable[[], int], clock_s: Callable[[], float]) -> None:
        self._now_us, self._clock_s = now_us, clock_s
        self._link: L | None = None
        self._lessons: Lessons[Span] = Lessons()
        self._plan: Plan[Span, Any] | None = None

    async def _connect(self) -> L:
        raise NotImplementedError

    def _memory(self) -> Memory[Span, Any]:
        raise NotImplementedError

    async def _fetch(self, spans: Sequence[Span]) -> list[tuple[int, bytes]]:
        raise NotImplementedError

    def _judge(self, code: int) -> int:
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
        scan = Scan(self._plan, self._fetch, self._judge, self._lessons, self._clock_s())
        await scan.run()
        return scan.frame(self._now_us())

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
            raise RetryLater("driver.unreachable", "not connected")
        return self._link
