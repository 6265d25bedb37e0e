"""Time as the gateway gets it passed in, so that a test can own it."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Wall time for stamps, monotonic time for periods and ages; they are never mixed."""

    def now_us(self) -> int:
        """Microseconds since the epoch, UTC; may jump when somebody sets the clock."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        ...

    def passed_us(self) -> int:
        """Microseconds that only go forward, also while this machine sleeps."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clocks."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        return time.monotonic()

    def passed_us(self) -> int:
        return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
