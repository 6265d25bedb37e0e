"""When to read: scan classes, their ticks and their deadlines."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from baigong.drivers.contract import Wanted
from baigong.gateway.clock import Clock
from baigong.gateway.points import PointTable

_SPREAD_S = 10.0  # readings of up to this period are spread over all of it
_REMEMBERED = 128  # readings of a scan class whose lateness is kept


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
        self.due = clock.monotonic()  # when the present tick was to be

    async def tick(self) -> int:
        """Wait for the next tick that is still ahead; returns how many went by unused since the last one."""
        passed = math.floor((self._clock.monotonic() - self._start) / self._period_s)
        missed = max(passed - self._count, 0)
        self._count = max(passed, self._count) + 1
        self.due = self._start + self._count * self._period_s  # a product, not a sum: no error adds up
        while (ahead := self.due - self._clock.monotonic()) > 0:
            await self._clock.sleep(ahead)
        return missed


def phase_s(device: str, period_s: float) -> float:
    """Spread the devices of a gateway over the period, each always at the same place.

    Slow readings stay close to the full minute or hour that people expect them at.
    """
    place = int.from_bytes(hashlib.blake2s(device.encode(), digest_size=4).digest()) / 2**32
    return place * (period_s if period_s <= _SPREAD_S else 1.0)


@dataclass(slots=True)
class ScanClass:
    """The points read together, and how well that goes.

    ``overruns``: ticks lost because a reading took too long; ``late_ms``: how much later than their tick the latest
    readings began (milliseconds; a ring).
    """

    name: str
    period_s: float
    wanted: list[Wanted]
    last_ms: float = 0.0
    reads: int = 0
    failures: int = 0  # in a row
    overruns: int = 0
    late_ms: np.ndarray = field(default_factory=lambda: np.zeros(_REMEMBERED, np.float32))

    def begun(self, late_s: float) -> None:
        """Note that a reading begins, so much after its tick."""
        self.late_ms[self.reads % _REMEMBERED] = late_s * 1e3

    def status(self) -> dict[str, Any]:
        return {
            "class": self.name,
            "period_s": self.period_s,
            "points": len(self.wanted),
            "last_ms": round(self.last_ms, 3),
            "reads": self.reads,
            "overruns": self.overruns,
            "late_p99_ms": self._late(),
        }

    def _late(self) -> float | None:
        known = self.late_ms[: min(self.reads, _REMEMBERED)]
        if not len(known):
            return None
        at = int(0.99 * (len(known) - 1))
        return round(float(np.partition(known, at)[at]), 1)  # a percentile takes twenty times as long, for each device


def scan_classes(table: PointTable) -> list[ScanClass]:
    """Group points by period (not by name: two names of one period are one reading), the fastest first."""
    groups: dict[float, tuple[str, list[Wanted]]] = {}
    for wanted, spec in zip(table.wanted(), table.specs, strict=True):
        groups.setdefault(wanted.scan_s, (spec.scan or "default", []))[1].append(wanted)
    return [ScanClass(name, period, members) for period, (name, members) in sorted(groups.items(), key=_period)]


def _period(group: tuple[float, tuple[str, Sequence[Wanted]]]) -> float:
    return group[0]
