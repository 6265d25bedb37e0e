"""A driver without a device: signals computed from the clock, with a past as long as one likes."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from baigong.drivers.contract import Ack, Delivery, Health, Node, Wanted
from baigong.drivers.sim.codec import SHAPES, Plan, parse
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Command

_HISTORY_ROWS = 8192  # per frame: far below a megabyte encoded
_SHORTEST_S = 0.01
_EXAMPLES = {
    "sine": "sine?period=60&amplitude=10&offset=50",
    "ramp": "ramp?period=60&low=0&high=100",
    "square": "square?period=20",
    "random": "random?seed=1&low=0&high=100",
    "counter": "counter?rate=1",
    "state": "state?period=30&count=4",
    "text": "text?period=30",
    "constant": "constant?value=42",
}
_KINDS = {"counter": "counter", "state": "state", "text": "text"}


def _now_us() -> int:
    return time.time_ns() // 1000


class SimDriver:
    """Serves ``sine?…``, ``ramp``, ``random``, ``counter``, ``square``, ``state``, ``text``, ``constant``."""

    def __init__(self, options: dict[str, Any], *, now_us: Callable[[], int] = _now_us) -> None:
        latency = options.get("latency_s", 0.0)
        if isinstance(latency, bool) or not isinstance(latency, int | float) or not 0 <= latency <= 60:
            raise FixConfiguration("driver.option", f"latency_s is {latency!r}, not 0 to 60 seconds", place="latency_s")
        self._latency_s = float(latency)
        self._now_us = now_us
        self._asked: list[Wanted] = []
        self._plan = Plan([], [])
        self._planned = 0  # after so many writes
        self._reads = 0
        self._written: dict[str, str] = {}  # address -> the one that it stands for now
        self._writes = 0

    async def __aenter__(self) -> Self:
        await asyncio.sleep(self._latency_s)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def browse(self, path: str = "") -> list[Node]:
        await asyncio.sleep(self._latency_s)
        if path:
            return []
        batch = _plan([Wanted(i, _EXAMPLES[shape]) for i, shape in enumerate(SHAPES)]).at(self._moment())
        return [
            Node(
                path=shape,
                title=shape,
                address=_EXAMPLES[shape],
                type="string" if shape == "text" else "float64",
                value=row["text"] if shape == "text" else row["value"],
                quality=row["quality"],
                time_us=self._now_us(),
                kind=_KINDS.get(shape, "gauge"),
            )
            for shape, row in zip(SHAPES, batch.to_pylist(), strict=True)
        ]

    async def read(self, points: Sequence[Wanted]) -> pa.RecordBatch:
        await asyncio.sleep(self._latency_s)
        asked = list(points)
        if (
            asked != self._asked or self._planned != self._writes
        ):  # compares identities first: cheap when it is the same
            self._plan, self._asked, self._planned = _plan(self._now(asked)), asked, self._writes
        self._reads += 1
        return self._plan.at(self._moment())

    async def watch(self, points: Sequence[Wanted]) -> AsyncIterator[Delivery]:
        """Report every point at the multiples of its period: the very times that ``history`` gives."""
        classes = [(period, _plan(self._now(members)), 0) for period, members in _by_period(points).items()]
        planned = self._writes
        while classes:
            now = self._now_us()
            if planned != self._writes:
                lasts, planned = [last for _, _, last in classes], self._writes
                fresh = [(period, _plan(self._now(members))) for period, members in _by_period(points).items()]
                classes = [(*one, last) for one, last in zip(fresh, lasts, strict=True)]
            for i, (period, plan, last) in enumerate(classes):
                moment = now - now % period
                if moment > last:
                    classes[i] = (period, plan, moment)
                    yield Delivery(plan.at(np.array([moment], np.int64)))
            next_us = min(last + period for period, _, last in classes)
            await asyncio.sleep(max(next_us - self._now_us(), 1000) / 1e6 + self._latency_s)

    async def history(self, points: Sequence[Wanted], start_us: int, end_us: int) -> AsyncIterator[pa.RecordBatch]:
        end_us = min(end_us, self._now_us() + 1)  # who fills a hole asks beyond now; nobody remembers the future
        for period, members in _by_period(points).items():
            plan = _plan(members)
            chunk = max(1, _HISTORY_ROWS // len(members))
            first = -(-start_us // period)  # rounded up
            last = -(-end_us // period)
            for begin in range(first, last, chunk):
                await asyncio.sleep(self._latency_s)  # also lets others run
                ticks = np.arange(begin, min(begin + chunk, last), dtype=np.int64)
                yield plan.at(ticks * period)

    async def write(self, command: Command) -> Ack:
        """Set a constant; it holds until the connection is opened again."""
        await asyncio.sleep(self._latency_s)
        address = self.canonical(command.address)
        if parse(address).shape != "constant":
            raise FixConfiguration("driver.readonly", "only a constant can be written", place=command.address)
        if isinstance(command.value, str) or not math.isfinite(command.value):
            raise FixConfiguration("config.invalid", f"{command.value!r} is no number", place=command.address)
        self._written[address] = f"constant?value={float(command.value)!r}"
        self._writes += 1
        return Ack(True)

    def canonical(self, address: str) -> str:
        """Return the address without blanks around it; driver.address says what is wrong with it."""
        parse(address)
        return address.strip()

    async def health(self) -> Health:
        return Health(True, "computed, no device", {"reads": self._reads})

    def _now(self, points: Sequence[Wanted]) -> list[Wanted]:
        """Put what was written in the place of what is configured."""
        return [replace(w, address=self._written.get(w.address.strip(), w.address)) for w in points]

    def _moment(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        return np.array([self._now_us()], np.int64)


def _plan(points: Sequence[Wanted]) -> Plan:
    return Plan([w.number for w in points], [w.address for w in points])


def _by_period(points: Sequence[Wanted]) -> dict[int, list[Wanted]]:
    """Group points by their period in microseconds."""
    classes: dict[int, list[Wanted]] = {}
    for wanted in points:
        classes.setdefault(int(max(wanted.scan_s, _SHORTEST_S) * 1e6), []).append(wanted)
    return classes
