"""Plans the requests of a scan: once per point set, again only when the PLC has taught us something.

Values that lie close together are one item, as long as a PDU carries. A PLC refuses
items one by one, so that a refused one is asked for in halves until the refused places are known; they are remembered,
left out, and asked for again, each alone, once a minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from baigong.drivers.contract import Wanted
from baigong.drivers.s7 import codec
from baigong.drivers.s7.address import Place, parse
from baigong.drivers.s7.codec import Item
from baigong.drivers.s7.values import Decoder
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration


@dataclass(slots=True)
class Lessons:
    """What a PLC has taught: survives new point sets, ends with the connection.

    ``refused``: place -> (quality, when to ask again, in seconds of the monotonic clock). ``fences``: places that are
    not read together with what lies before them. ``version`` grows with what changes a plan.
    """

    refused: dict[Item, tuple[int, float]] = field(default_factory=dict)
    fences: set[Item] = field(default_factory=set)
    version: int = 0

    def refuse(self, span: Item, quality: int, until_s: float) -> None:
        self.version += span not in self.refused
        self.refused[span] = (quality, until_s)

    def fence(self, span: Item) -> None:
        self.version += span not in self.fences
        self.fences.add(span)

    def lift(self, span: Item) -> None:
        self.version += self.refused.pop(span, None) is not None


@dataclass(slots=True, frozen=True)
class Block:
    """One item of a request: it covers the spans numbered ``first`` to ``stop`` - 1 of the plan.

    A text longer than a PDU is several blocks with the same span. ``base``: where its bytes begin among the scan's.
    """

    item: Item
    first: int
    stop: int
    base: int


class Plan:
    """The blocks for one point set, and how their bytes become columns.

    ``span_of[i]``: the i-th wanted point's span, or -1 where ``quality[i]`` is already known to be bad.
    """

    def __init__(self, points: Sequence[Wanted], max_gap: int, pdu: int, lessons: Lessons, encoding: str) -> None:
        self.version = lessons.version
        self.numbers = np.array([w.number for w in points], np.int64)
        self.quality = np.zeros(len(points), np.int32)
        self.span_of = np.full(len(points), -1, np.intp)
        self.refused: dict[Item, list[int]] = {}  # with the rows that wait for it
        places: dict[int, Place] = {}
        members: dict[Item, list[int]] = {}
        for row, wanted in enumerate(points):
            try:
                place = places[row] = parse(wanted.address)
            except FixConfiguration:
                self.quality[row] = q.BAD_CONFIGURATION
                continue
            span = Item(place.area, place.db, place.start, place.count)
            if span in lessons.refused:
                self.quality[row] = lessons.refused[span][0]
                self.refused.setdefault(span, []).append(row)
            else:
                members.setdefault(span, []).append(row)
        self.spans = sorted(members)
        self.blocks = list(_blocks(self.spans, max_gap, codec.longest(pdu), lessons))
        self.size = sum(block.item.size for block in self.blocks)
        items: list[tuple[int, Place, int]] = []
        base_of = {block.first: block for block in reversed(self.blocks)}  # of a cut text its first part
        for block in base_of.values():
            for index in range(block.first, block.stop):
                at = block.base + self.spans[index].start - block.item.start
                for row in members[self.spans[index]]:
                    self.span_of[row] = index
                    items.append((row, places[row], at))
        self.decoder = Decoder(len(points), items, encoding)

    def halves(self, block: Block) -> tuple[Block, Block]:
        """Cut a block of several spans: at its widest gap, or else in the middle."""
        gaps = [self.spans[i].start - _end(self.spans[i - 1]) for i in range(block.first + 1, block.stop)]
        widest = max(gaps)
        cut = block.first + 1 + gaps.index(widest) if widest > 0 else (block.first + block.stop) // 2
        return self._part(block, block.first, cut), self._part(block, cut, block.stop)

    def _part(self, block: Block, first: int, stop: int) -> Block:
        head = self.spans[first]
        count = max(_end(span) for span in self.spans[first:stop]) - head.start
        return Block(
            Item(head.area, head.db, head.start, count), first, stop, block.base + head.start - block.item.start
        )


def _end(span: Item) -> int:
    return span.start + span.count


def _blocks(spans: Sequence[Item], max_gap: int, longest: int, lessons: Lessons) -> Iterator[Block]:
    """Cover sorted spans with as few items as gap and PDU allow, and no lesson forbids."""
    base = first = 0
    while first < len(spans):
        head, stop, end = spans[first], first + 1, _end(spans[first])
        while stop < len(spans) and _joins(head, end, spans[stop], max_gap, longest, lessons):
            end = max(end, _end(spans[stop]))
            stop += 1
        # only a text can be longer than a PDU: it is read in parts, which a PLC may change in between
        for start in range(head.start, end, longest):
            item = Item(head.area, head.db, start, min(longest, end - start))
            yield Block(item, first, stop, base)
            base += item.size
        first = stop


def _joins(head: Item, end: int, span: Item, max_gap: int, longest: int, lessons: Lessons) -> bool:
    if (span.area, span.db) != (head.area, head.db) or span in lessons.fences or span.area in ("t", "c"):
        return False
    return span.start - end <= max_gap and max(end, _end(span)) - head.start <= longest
