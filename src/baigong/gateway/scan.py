"""When to read: scan classes, their ticks and their deadlines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from baigong.drivers.contract import Wanted
from baigong.gateway.clock import Clock
from baigong.gateway.points import PointTable


class Beat:
    """Ticks at the multiples of a period of the wall clock, kept by the monotonic clock from then on.

    ``phase_s`` moves all ticks, so that a thousand devices do not speak in the same millisecond.
    """

    def __init__(self, period_s: float, clock: Clock, phase_s: float = 0.0) -> None:
        self._period_s = period_s
        self._clock = clock
        into = (clock.now_us() / 1e6 - phase_s) % period_s
        self._start = clock.monotonic() - into
        self._count = 0

    async def tick(self) -> int:
        """Wait for the next tick that is still ahead; returns how many went by unused since the last one."""
        passed = math.floor((self._clock.monotonic() - self._start) / self._period_s)
        missed = max(passed - self._count, 0)
        self._count = max(passed, self._count) + 1
        target = self._start + self._count * self._period_s  # a product, not a sum: no error adds up
        while (ahead := target - self._clock.monotonic()) > 0:
            await self._clock.sleep(ahead)
        return missed


@dataclass(slots=True)
class ScanClass:
    """The points read together, and how well that goes. ``overruns``: ticks lost because a reading took too long."""

    name: str
    period_s: float
    wanted: list[Wanted]
    last_ms: float = 0.0
    reads: int = 0
    failures: int = 0  # in a row
    overruns: int = 0

    def status(self) -> dict[str, Any]:
        return {
            "class": self.name,
            "period_s": self.period_s,
            "points": len(self.wanted),
            "last_ms": round(self.last_ms, 3),
            "reads": self.reads,
            "overruns": self.overruns,
        }


def scan_classes(table: PointTable) -> list[ScanClass]:
    """Group points by period (not by name: two names of one period are one reading), the fastest first."""
    groups: dict[float, tuple[str, list[Wanted]]] = {}
    for wanted, spec in zip(table.wanted(), table.specs, strict=True):
        groups.setdefault(wanted.scan_s, (spec.scan or "default", []))[1].append(wanted)
    return [ScanClass(name, period, members) for period, (name, members) in sorted(groups.items(), key=_period)]


def _period(group: tuple[float, tuple[str, Sequence[Wanted]]]) -> float:
    return group[0]
