"""Devices that are polled over one line: opening, planned scans, refused places and health, which their drivers share.

From the general to the special: any polled device, one whose memory is read by ``plan.py``, and one of these that
refuses a whole request for one bad place in it.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import pyarrow as pa

from baigong.drivers.contract import Delivery, Health, Wanted
from baigong.drivers.line import Line
from baigong.drivers.plan import Lessons, Memory, Plan, S, Span
from baigong.drivers.scan import Narrowing, Scan
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration, RetryLater

L = TypeVar("L", bound=Line[Any])


def now_us() -> int:
    return time.time_ns() // 1000


class Linked(Generic[L]):
    """A device on a line. A driver fills in how to connect, what to forget between connections, and what is told of it.

    ``place``: where the device is, for messages; ``what``: what it is.
    """

    what = "this PLC"

    def __init__(self, place: str, now_us: Callable[[], int], clock_s: Callable[[], float]) -> None:
        self._place, self._now_us, self._clock_s = place, now_us, clock_s
        self._link: L | None = None
        self._forget()

    async def _connect(self) -> L:
        raise NotImplementedError

    def _forget(self) -> None:
        """Begin anew: what the device taught ends with the connection."""
        raise NotImplementedError

    def _detail(self) -> str:
        """What health tells of a connected device."""
        raise NotImplementedError

    def _counted(self) -> dict[str, int]:
        """What is counted besides what the line counts."""
        return {}

    async def __aenter__(self) -> Self:
        self._forget()
        self._link = await self._connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._link is not None:
            await self._link.close()

    async def watch(self, points: Sequence[Wanted]) -> AsyncIterator[Delivery]:
        raise FixConfiguration("driver.unsupported", f"{self.what} reports nothing by itself: it is polled")
        yield  # makes this an async iterator

    async def health(self) -> Health:
        link = self._link
        if link is None:
            return Health(False, "not connected")
        return Health(link.alive, self._detail(), asdict(link.counters) | self._counted())

    def _linked(self) -> L:
        if self._link is None:
            raise RetryLater("driver.unreachable", "not connected", place=self._place)
        return self._link


class Polled(Linked[L], Generic[L, S]):
    """A PLC whose memory is read in planned scans. A driver fills in the memory, how to read spans of it, and codes."""

    _lessons: Lessons[S]
    _plan: Plan[S, Any] | None

    def _forget(self) -> None:
        self._lessons, self._plan = Lessons(), None

    def _memory(self) -> Memory[S, Any]:
        raise NotImplementedError

    async def _fetch(self, spans: Sequence[S]) -> list[tuple[int, bytes]]:
        """Read spans in as few requests as they fit: each one's code and bytes."""
        raise NotImplementedError

    def _judge(self, code: int) -> int:
        """The quality that a code means, 0: good."""
        raise NotImplementedError

    def _named(self) -> str:
        """What a connected PLC is called; what it refuses is told besides."""
        raise NotImplementedError

    def _detail(self) -> str:
        refused = len(self._lessons.refused)
        return self._named() + (f"; refuses {refused} of the addresses asked for" if refused else "")

    async def read(self, points: Sequence[Wanted]) -> pa.RecordBatch:
        if self._plan is None or not self._plan.fits(points, self._lessons):
            self._plan = Plan(points, self._memory(), self._lessons)
        scan = Scan(self._plan, self._fetch, self._judge, self._lessons, self._clock_s())
        await scan.run()
        return scan.frame(self._now_us())


class Narrowed(Polled[L, Span]):
    """A PLC of words that refuses a whole request for one bad place. A driver fills in how to ask; code 0 is good."""

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

    def _judge(self, code: int) -> int:
        return q.BAD_NODE_ID_UNKNOWN if code else q.GOOD  # there is no such memory

    async def _fetch(self, spans: Sequence[Span]) -> list[tuple[int, bytes]]:
        """Raises driver.protocol for a code that is not about the places."""
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
