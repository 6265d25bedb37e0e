"""Plans the requests of a scan: how S7 memory is laid out, for the plan that drivers share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from baigong.drivers import plan as shared
from baigong.drivers.contract import Wanted
from baigong.drivers.s7 import codec
from baigong.drivers.s7.address import Place, parse
from baigong.drivers.s7.codec import Item
from baigong.drivers.s7.values import Decoder

Lessons = shared.Lessons[Item]


class Plan(shared.Plan[Item, Place]):
    """The blocks for one point set; values at most ``max_gap`` bytes apart are asked for together."""

    def __init__(self, points: Sequence[Wanted], max_gap: int, pdu: int, lessons: Lessons, encoding: str) -> None:
        decoder = partial(Decoder, encoding=encoding)
        memory = shared.Memory(parse, _span, decoder, codec.longest(pdu), max_gap, alone=("t", "c"))
        super().__init__(points, memory, lessons)


def _span(place: Place) -> Item:
    return Item(place.area, place.db, place.start, place.count)
