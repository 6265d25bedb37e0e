"""Shows what a PLC's memory of words holds: areas, their pages, and on a page words or bits with their present values.

Paths: ``d`` (the pages of an area), ``d/200`` (the words from 200), ``m/128`` (the bits from 128). A PLC knows no
names: these are in its project.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from baigong.drivers.contract import Node
from baigong.drivers.plan import S, Span
from baigong.vocab.errors import FixConfiguration

_WORDS, _BITS = 100, 128  # on a page


@dataclass(slots=True, frozen=True)
class Area:
    """One area: its first word, and how many it has at most; how a number is an address.

    ``bits``: it is shown bit by bit; ``kind``: the type of its words.
    """

    first: Span
    most: int
    bits: bool
    writable: bool
    kind: str
    spelling: Callable[[int], str]


Fetch = Callable[[Sequence[S]], Awaitable[list[tuple[int, bytes]]]]
"""Reads spans: each one's return code and bytes."""


async def length(first: S, good: Callable[[int], bool], fetch: Fetch[S], limit: int) -> int:
    """How long an area is, found by halving up to ``limit``: as many short requests as it has binary digits."""
    low, high = 0, limit
    while low < high:
        middle = (low + high) // 2
        ((code, _),) = await fetch([replace(first, start=first.start + middle, count=1)])
        low, high = (middle + 1, high) if good(code) else (low, middle)
    return low


async def browse(
    path: str,
    titles: Mapping[str, str],
    area_of: Callable[[str], Area],
    fetch: Fetch[Span],
) -> list[Node]:
    """List the children of a path; driver.address when there is no such path."""
    if not path:
        return [Node(path=name, title=title, has_children=True) for name, title in titles.items()]
    name, _, at = path.partition("/")
    if name not in titles or (at and not (at.isascii() and at.isdigit() and len(at) < 9)):
        raise FixConfiguration("driver.address", f"there is no {path!r} in this PLC", place=path)
    area = area_of(name)
    words = await length(area.first, lambda code: code == 0, fetch, area.most)
    step, end = (_BITS, 16 * words) if area.bits else (_WORDS, words)
    if at:
        return await _values(area, int(at), min(int(at) + step, end), fetch)
    spelling = area.spelling
    return [
        Node(
            path=f"{name}/{start}",
            title=f"{spelling(start)} – {spelling(min(start + step, end) - 1)}".upper(),
            has_children=True,
        )
        for start in range(0, end, step)
    ]


async def _values(area: Area, start: int, end: int, fetch: Fetch[Span]) -> list[Node]:
    if start >= end:
        return []
    width = 16 if area.bits else 1
    first = start // width
    ((code, raw),) = await fetch([replace(area.first, start=first, count=-(-end // width) - first)])
    if code:
        return []
    time_us = time.time_ns() // 1000
    made = []
    for number in range(start, end):
        at = 2 * (number // width - first)
        word = int.from_bytes(raw[at : at + 2], "big", signed=area.kind == "int" and not area.bits)
        spelled = area.spelling(number)
        kind = "bool" if area.bits else area.kind
        made.append(
            Node(
                path=spelled,
                title=spelled.upper(),
                address=spelled if area.bits else f"{spelled}:{area.kind}",
                type=kind,
                value=bool(word >> number % 16 & 1) if area.bits else word,
                time_us=time_us,
                writable=area.writable,
                kind="state" if area.bits else "gauge",
            )
        )
    return made
