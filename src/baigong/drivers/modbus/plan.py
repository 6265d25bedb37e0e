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
from baigong.drivers.modbus.address import BIT_AREAS, Register, parse
from baigong.drivers.modbus.codec import Decoder
from baigong.drivers.modbus.settings import Settings
from baigong.drivers.silence import Silences
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration


@dataclass(slots=True, frozen=True, order=True)
class Span:
    """Registers (or bits) that one or more points need together; never split over two requests."""

    unit: int
    area: str
    start: int
    count: int

    @property
    def end(self) -> int:
        return self.start + self.count


@dataclass(slots=True, frozen=True)
class Block:
    """One request: it covers the spans numbered ``first`` to ``stop`` - 1 of the plan."""

    unit: int
    area: str
    start: int
    count: int
    first: int
    stop: int
    base: int  # where its bytes begin among the scan's bytes


@dataclass(slots=True)
class Lessons:
    """What a device has taught: survives new point sets, ends with the connection.

    ``refused``: span -> (quality, when to ask again, in seconds of the monotonic clock). ``fences``: (unit, area,
    start) of spans that must not be read together with what lies before them. ``silent``: the units that did not
    answer; ``heard``: those that have answered. ``version`` grows with what changes a plan.
    """

    refused: dict[Span, tuple[int, float]] = field(default_factory=dict)
    fences: set[tuple[int, str, int]] = field(default_factory=set)
    silent: Silences[int] = field(default_factory=Silences)
    heard: set[int] = field(default_factory=set)
    version: int = 0

    def refuse(self, span: Span, quality: int, until_s: float) -> None:
        self.refused[span] = (quality, until_s)
        self.version += 1

    def fence(self, span: Span) -> None:
        self.fences.add((span.unit, span.area, span.start))
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
            span = Span(settings.unit if r.unit is None else r.unit, r.area, r.start, r.count)
            if span in lessons.refused:
                self.quality[row] = lessons.refused[span][0]
                self.refused.setdefault(span, []).append(row)
            else:
                members.setdefault(span, []).append(row)
        self.spans = sorted(members)
        self.units = sorted({span.unit for span in self.spans})
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
        return Block(block.unit, block.area, start, end - start, first, stop, place(block, start))


def place(block: Block, start: int) -> int:
    """Where the bytes of register (or bit) ``start`` lie: two bytes per register, one per bit."""
    return block.base + (start - block.start) * (1 if block.area in BIT_AREAS else 2)


def _bytes(block: Block) -> int:
    return block.count * (1 if block.area in BIT_AREAS else 2)


def coalesce(spans: Sequence[Span], settings: Settings, lessons: Lessons) -> list[Block]:
    """Cover sorted spans with as few requests as the gap and the telegram allow, and no lesson forbids."""
    blocks: list[Block] = []
    base = first = 0
    end = 0
    for index, span in enumerate(spans):
        if index > first and not _joins(spans[first], end, span, settings, lessons):
            blocks.append(_closed(spans, first, index, end, base))
            base += _bytes(blocks[-1])
            first = index
        end = span.end if index == first else max(end, span.end)
    if spans:
        blocks.append(_closed(spans, first, len(spans), end, base))
    return blocks


def _closed(spans: Sequence[Span], first: int, stop: int, end: int, base: int) -> Block:
    head = spans[first]
    return Block(head.unit, head.area, head.start, end - head.start, first, stop, base)


def _joins(head: Span, end: int, span: Span, settings: Settings, lessons: Lessons) -> bool:
    """Whether ``span`` may be read with the block that reaches from ``head`` to ``end``."""
    if (span.unit, span.area) != (head.unit, head.area) or (span.unit, span.area, span.start) in lessons.fences:
        return False
    bits = span.area in BIT_AREAS
    gap = span.start - end
    # a gap costs its bytes, whatever they hold: 16 bits travel in the space of a register
    if gap > settings.max_gap * (16 if bits else 1):
        return False
    if max(end, span.end) - head.start > (settings.max_bits if bits else settings.max_registers):
        return False
    return gap <= 0 or not any(
        s.unit == span.unit and s.area == span.area and s.start < span.start and s.end > end for s in lessons.refused
    )
