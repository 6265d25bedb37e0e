"""Plans the requests of a scan over memory: once per point set, again when the device has taught us something.

Values that lie close together are one span of a request, as long as a request carries. A device refuses spans one by
one, so that a refused one is asked for in halves until the refused places are known; they are remembered, left out,
and asked for again, each alone, once a minute (see ``scan.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from baigong.drivers.columns import Bytes, Columns
from baigong.drivers.contract import Wanted
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration


@dataclass(slots=True, frozen=True, order=True)
class Span:
    """Memory that is asked for together: ``start`` and ``count`` in what the area counts, by default words of 16 bits.

    ``db``: the number of a data block or bank, 0 in areas that there are once.
    """

    area: str
    db: int
    start: int
    count: int

    @property
    def size(self) -> int:
        """Bytes of the answer."""
        return 2 * self.count

    @property
    def end(self) -> int:
        return self.start + self.count


S = TypeVar("S", bound=Span)
P = TypeVar("P")


class Decoding(Protocol):
    def decode(self, raw: Bytes) -> Columns: ...


@dataclass(slots=True, frozen=True)
class Memory(Generic[S, P]):
    """What a planner must know of a device's memory.

    ``parse``: an address's place; ``span``: the memory that it needs. ``longest``: how much one span of a request can
    have; ``max_gap``: how much unwanted memory between two values is read along. ``alone``: areas in which every place
    is asked for by itself. ``decoder``: (rows, (row, place, position of its first byte)) to what decodes a scan.
    """

    parse: Callable[[str], P]
    span: Callable[[P], S]
    decoder: Callable[[int, Sequence[tuple[int, P, int]]], Decoding]
    longest: int
    max_gap: int
    alone: Collection[str] = ()


@dataclass(slots=True)
class Lessons(Generic[S]):
    """What a device has taught: survives new point sets, ends with the connection.

    ``refused``: place -> (quality, when to ask again, in seconds of the monotonic clock). ``fences``: places that are
    not read together with what lies before them. ``version`` grows with what changes a plan.
    """

    refused: dict[S, tuple[int, float]] = field(default_factory=dict)
    fences: set[S] = field(default_factory=set)
    version: int = 0

    def refuse(self, span: S, quality: int, until_s: float) -> None:
        self.version += span not in self.refused
        self.refused[span] = (quality, until_s)

    def fence(self, span: S) -> None:
        self.version += span not in self.fences
        self.fences.add(span)

    def lift(self, span: S) -> None:
        self.version += self.refused.pop(span, None) is not None


@dataclass(slots=True, frozen=True)
class Block(Generic[S]):
    """One span of a request: it covers the wanted spans numbered ``first`` to ``stop`` - 1 of the plan.

    A text longer than a request is several blocks with the same span. ``base``: where its bytes begin among the scan's.
    """

    item: S
    first: int
    stop: int
    base: int

    def at(self, span: S) -> int:
        """Where a span's bytes begin among the scan's."""
        return self.base + (span.start - self.item.start) * (self.item.size // self.item.count)


class Plan(Generic[S, P]):
    """The blocks for one point set, and how their bytes become columns.

    ``span_of[i]``: the i-th wanted point's span, or -1 where ``quality[i]`` is already known to be bad.
    """

    def __init__(self, points: Sequence[Wanted], memory: Memory[S, P], lessons: Lessons[S]) -> None:
        self.asked = list(points)
        self.version = lessons.version
        self.numbers = np.array([w.number for w in points], np.int64)
        self.quality = np.zeros(len(points), np.int32)
        self.span_of = np.full(len(points), -1, np.intp)
        self.refused: dict[S, list[int]] = {}  # with the rows that wait for it
        places: dict[int, P] = {}
        members: dict[S, list[int]] = {}
        for row, wanted in enumerate(points):
            try:
                place = places[row] = memory.parse(wanted.address)
            except FixConfiguration:
                self.quality[row] = q.BAD_CONFIGURATION
                continue
            span = memory.span(place)
            if span in lessons.refused:
                self.quality[row] = lessons.refused[span][0]
                self.refused.setdefault(span, []).append(row)
            else:
                members.setdefault(span, []).append(row)
        self.spans = sorted(members)
        self.blocks: list[Block[S]] = list(_blocks(self.spans, memory, lessons))
        self.size = sum(block.item.size for block in self.blocks)
        items: list[tuple[int, P, int]] = []
        base_of = {block.first: block for block in reversed(self.blocks)}  # of a cut text its first part
        for block in base_of.values():
            for index in range(block.first, block.stop):
                at = block.at(self.spans[index])
                for row in members[self.spans[index]]:
                    self.span_of[row] = index
                    items.append((row, places[row], at))
        self.decoder = memory.decoder(len(points), items)

    def fits(self, points: Sequence[Wanted], lessons: Lessons[S]) -> bool:
        """Say whether this is still the plan for these points."""
        return self.version == lessons.version and self.asked == list(points)

    def halves(self, block: Block[S]) -> tuple[Block[S], Block[S]]:
        """Cut a block of several spans: at its widest gap, or else in the middle."""
        gaps = [self.spans[i].start - self.spans[i - 1].end for i in range(block.first + 1, block.stop)]
        widest = max(gaps)
        cut = block.first + 1 + gaps.index(widest) if widest > 0 else (block.first + block.stop) // 2
        return self._part(block, block.first, cut), self._part(block, cut, block.stop)

    def _part(self, block: Block[S], first: int, stop: int) -> Block[S]:
        head = self.spans[first]
        count = max(span.end for span in self.spans[first:stop]) - head.start
        return Block(replace(head, count=count), first, stop, block.at(head))


def _blocks(spans: Sequence[S], memory: Memory[S, Any], lessons: Lessons[S]) -> Iterator[Block[S]]:
    """Cover sorted spans with as few items as gap and request allow, and no lesson forbids."""
    base = first = 0
    while first < len(spans):
        head, stop, end = spans[first], first + 1, spans[first].end
        while stop < len(spans) and _joins(head, end, spans[stop], memory, lessons):
            end = max(end, spans[stop].end)
            stop += 1
        # only a text can be longer than a request: it is read in parts, which a device may change in between
        for start in range(head.start, end, memory.longest):
            item = replace(head, start=start, count=min(memory.longest, end - start))
            yield Block(item, first, stop, base)
            base += item.size
        first = stop


def _joins(head: S, end: int, span: S, memory: Memory[S, Any], lessons: Lessons[S]) -> bool:
    if (span.area, span.db) != (head.area, head.db) or span in lessons.fences or span.area in memory.alone:
        return False
    return span.start - end <= memory.max_gap and max(end, span.end) - head.start <= memory.longest
