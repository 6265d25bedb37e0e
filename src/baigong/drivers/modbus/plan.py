"""Plans the requests of a scan: once per point set, again only when the device has taught us something.

Values that lie close together are read in one request, up to what a telegram or the device can carry. A device
that refuses a block is asked in halves until the refused places are known; they are remembered, left out and
not bridged again. From time to time a refused place is asked for alone: what works is not risked for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from baigong.drivers.contract import Wanted
from baigong.drivers.modbus.address import AREAS, BIT_AREAS, Register, parse
from baigong.drivers.modbus.codec import Decoder
from baigong.drivers.modbus.settings import Settings
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration


@dataclass(slots=True, frozen=True, order=True)
class Span:
    """Registers (or bits) that one or more points need together; never split over two requests."""

    area: str
    start: int
    count: int

    @property
    def end(self) -> int:
        return self.start + self.count


@dataclass(slots=True, frozen=True)
class Block:
    """One request: it covers the spans numbered ``first`` to ``stop`` - 1 of the plan."""

    area: str
    start: int
    count: int
    first: int
    stop: int
    base: int  # where its bytes begin among the scan's bytes


@dataclass(slots=True)
class Lessons:
    """What a device has taught: survives new point sets, ends with the connection.

    ``refused``: span -> (quality, when to ask again, seconds of the monotonic clock). ``fences``: (area, start)
    of spans that must not be read together with what lies before them. ``version`` grows with every lesson.
    """

    refused: dict[Span, tuple[int, float]] = field(default_factory=dict)
    fences: set[tuple[str, int]] = field(default_factory=set)
    version: int = 0

    def refuse(self, span: Span, quality: int, until_s: float) -> None:
        self.refused[span] = (quality, until_s)
        self.version += 1

    def fence(self, span: Span) -> None:
        self.fences.add((span.area, span.start))
        self.version += 1

    def lift(self, span: Span) -> None:
        if self.refused.pop(span, None) is not None:
            self.version += 1

    def postpone(self, span: Span, quality: int, until_s: float) -> None:
        """Leave a refused span alone for another while; no plan changes by it."""
        self.refused[span] = (quality, until_s)


class Plan:
    """The requests for one point set, and how their bytes become rows.

    ``rows[i]`` is the number of the i-th wanted point; ``span_of[i]`` its span, or -1 where ``quality[i]`` is
    already known to be bad.
    """

    def __init__(self, points: Sequence[Wanted], settings: Settings, lessons: Lessons) -> None:
        self.version = lessons.version
        self.numbers = np.array([w.number for w in points], np.int64)
        self.quality = np.zeros(len(points), np.int32)
        registers: dict[int, Register] = {}
        for row, wanted in enumerate(points):
            try:
                registers[row] = parse(wanted.address, one_based=settings.addressing == "one", order=settings.order)
            except FixConfiguration:
                self.quality[row] = q.BAD_CONFIGURATION
        members: dict[Span, list[int]] = {}
        self.refused: dict[Span, list[int]] = {}  # with the rows that wait for it
        for row, r in registers.items():
            span = Span(r.area, r.start, r.count)
            if span in lessons.refused:
                self.quality[row] = lessons.refused[span][0]
                self.refused.setdefault(span, []).append(row)
            else:
                members.setdefault(span, []).append(row)
        self.spans = sorted(members)
        self.blocks = coalesce(self.spans, settings, lessons)
        self.size = sum(_bytes(block) for block in self.blocks)
        self.span_of = np.full(len(points), -1, np.intp)
        items: list[tuple[int, Register, int]] = []
        for block in self.blocks:
            for index in range(block.first, block.stop):
                base = place(block, self.spans[index].start)
                for row in members[self.spans[index]]:
                    self.span_of[row] = index
                    items.append((row, registers[row], base))
        self.decoder = Decoder(len(points), items)

    def cut(self, first: int, stop: int) -> int:
        """Where to halve spans ``first`` to ``stop`` - 1: at the widest gap, or else in the middle."""
        gaps = [self.spans[i].start - self.spans[i - 1].end for i in range(first + 1, stop)]
        widest = max(gaps)
        return first + 1 + gaps.index(widest) if widest > 0 else (first + stop) // 2

    def part(self, block: Block, first: int, stop: int) -> Block:
        """The request for some of a block's spans; its bytes go where the block's would."""
        start = self.spans[first].start
        end = max(span.end for span in self.spans[first:stop])
        return Block(block.area, start, end - start, first, stop, place(block, start))


def place(block: Block, start: int) -> int:
    """Where the bytes of register (or bit) ``start`` lie: two bytes per register, one per bit."""
    return block.base + (start - block.start) * (1 if block.area in BIT_AREAS else 2)


def _bytes(block: Block) -> int:
    return block.count * (1 if block.area in BIT_AREAS else 2)


def coalesce(spans: Sequence[Span], settings: Settings, lessons: Lessons) -> list[Block]:
    """Cover sorted spans with as few requests as the gap and the telegram allow, and no lesson forbids."""
    blocks: list[Block] = []
    base = 0
    for area in AREAS:
        limit = settings.max_bits if area in BIT_AREAS else settings.max_registers
        gap = settings.max_gap * (16 if area in BIT_AREAS else 1)  # a gap costs its bytes, whatever they hold
        walls = sorted((s.start, s.end) for s in lessons.refused if s.area == area)
        open_block: list[int] | None = None  # start, end, first, stop
        for index, span in enumerate(spans):
            if span.area != area:
                continue
            if open_block is not None and _joins(open_block, span, limit, gap, walls, lessons):
                open_block[1] = max(open_block[1], span.end)
                open_block[3] = index + 1
                continue
            if open_block is not None:
                blocks.append(_closed(area, open_block, base))
                base += _bytes(blocks[-1])
            open_block = [span.start, span.end, index, index + 1]
        if open_block is not None:
            blocks.append(_closed(area, open_block, base))
            base += _bytes(blocks[-1])
    return blocks


def _closed(area: str, made: list[int], base: int) -> Block:
    start, end, first, stop = made
    return Block(area, start, end - start, first, stop, base)


def _joins(made: list[int], span: Span, limit: int, gap: int, walls: list[tuple[int, int]], lessons: Lessons) -> bool:
    start, end, _, _ = made
    if span.start - end > gap or max(end, span.end) - start > limit or (span.area, span.start) in lessons.fences:
        return False
    return not any(low < span.start and high > end for low, high in walls)
