"""A clock that a test turns by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools


class HandClock:
    """Sleepers wake in order when ``turn`` passes their time; wall and monotonic time can be set apart."""

    def __init__(self, wall_us: int = 1_790_000_000_000_000) -> None:
        self._wall_us = wall_us
        self._seconds = 100.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def now_us(self) -> int:
        return self._wall_us

    def monotonic(self) -> float:
        return self._seconds

    def passed_us(self) -> int:
        return int(self._seconds * 1e6)

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._seconds + seconds, next(self._numbers), future))
        await future

    def step_wall(self, seconds: float) -> None:
        self._wall_us += int(seconds * 1e6)

    def pass_(self, seconds: float) -> None:
        """Let time pass without waking anybody, as while something blocks."""
        self._seconds += seconds
        self._wall_us += round(seconds * 1e6)

    async def turn(self, seconds: float) -> None:
        """Let time pass, waking sleepers at their very moments."""
        end = self._seconds + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue
            self._wall_us += round(max(at - self._seconds, 0) * 1e6)
            self._seconds = max(at, self._seconds)
            future.set_result(None)
            await self.settle()
        self._wall_us += round((end - self._seconds) * 1e6)
        self._seconds = end
        await self.settle()

    async def settle(self) -> None:
        for _ in range(30):
            await asyncio.sleep(0)
