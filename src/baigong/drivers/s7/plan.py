"""Plans the requests of a scan: how S7 memory is laid out, for the plan that drivers share."""

from __future__ import annotations

from functools import partial

from baigong.drivers.plan import Memory
from baigong.drivers.s7 import codec
from baigong.drivers.s7.address import Place, parse
from baigong.drivers.s7.codec import Item
from baigong.drivers.s7.values import Decoder


def memory(max_gap: int, pdu: int, encoding: str) -> Memory[Item, Place]:
    """Say how memory is read: values at most ``max_gap`` bytes apart together, in requests of ``pdu`` bytes."""
    decoder = partial(Decoder, encoding=encoding)
    return Memory(parse, _span, decoder, codec.longest(pdu), max_gap, alone=("t", "c"))


def _span(place: Place) -> Item:
    return Item(place.area, place.db, place.start, place.count)
