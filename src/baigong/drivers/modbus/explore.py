"""Shows what a Modbus device holds, though the protocol has no word for asking: it is tried.

Paths: ``holding`` (the pages of 100 registers that answer), ``holding/200`` (what page 200 to 299 can give).
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import numpy as np

from baigong.drivers.columns import Bytes
from baigong.drivers.contract import Node
from baigong.drivers.modbus.address import AREAS, BIT_AREAS
from baigong.drivers.modbus.codec import Refused
from baigong.vocab.errors import FixConfiguration

Fetch = Callable[[str, int, int], Awaitable[Bytes]]
"""Reads (area, start, count): raises Refused when the device will not."""

PAGE = 100
PAGES = 100  # how far is looked: 10,000 addresses
_PROBES = (0, 1, 50)  # within a page that will not be read as a whole
_PATIENCE_S = 3.0  # for finding pages; a slow serial line shows fewer of them
_TITLES = {
    "coil": "Coils (0x)",
    "discrete": "Discrete inputs (1x)",
    "holding": "Holding registers (4x)",
    "input": "Input registers (3x)",
}


async def browse(path: str, fetch: Fetch, *, one_based: bool) -> list[Node]:
    """List the children of a path; driver.address when there is no such path."""
    if not path:
        return [Node(path=area, title=_TITLES[area], has_children=True) for area in AREAS]
    area, _, page = path.partition("/")
    if area not in AREAS or not (page == "" or (page.isascii() and page.isdigit() and int(page) <= 0xFFFF)):
        raise FixConfiguration("driver.address", f"there is no {path!r} in a Modbus device", place=path)
    if page:
        return await _values(area, int(page), fetch, one_based)
    return await _pages(area, fetch, one_based)


async def _pages(area: str, fetch: Fetch, one_based: bool) -> list[Node]:
    nodes: list[Node] = []
    deadline = time.monotonic() + _PATIENCE_S
    for start in range(0, PAGE * PAGES, PAGE):
        if time.monotonic() > deadline:
            break
        try:
            if not await _answers(area, start, fetch):
                continue
        except Refused:  # the device has no such area at all, or a gateway no such device
            break
        title = f"{start + one_based} – {start + PAGE - 1 + one_based}"
        nodes.append(Node(path=f"{area}/{start}", title=title, has_children=True))
    return nodes


async def _answers(area: str, start: int, fetch: Fetch) -> bool:
    """Say whether any tried part of a page can be read; raises Refused when trying on is pointless."""
    for at, count in ((start, PAGE), *((start + probe, 1) for probe in _PROBES)):
        try:
            await fetch(area, at, count)
        except Refused as refused:
            if refused.code not in (2, 3, 4):
                raise
        else:
            return True
    return False


async def _values(area: str, start: int, fetch: Fetch, one_based: bool) -> list[Node]:
    nodes: list[Node] = []
    time_us = time.time_ns() // 1000
    for at, count, raw in await _readable(area, start, min(PAGE, 0x10000 - start), fetch):
        bits = area in BIT_AREAS
        values = raw if bits else raw.view(">i2")
        for offset, value in enumerate(np.asarray(values[:count]).tolist()):
            number = at + offset + one_based
            address = f"{area}:{number}" if bits else f"{area}:{number}:int16"
            nodes.append(
                Node(
                    path=f"{area}/{start}/{number}",
                    title=str(number),
                    address=address,
                    type="bool" if bits else "int16",
                    value=bool(value) if bits else value,
                    time_us=time_us,
                    writable=area in ("coil", "holding"),
                    kind="state" if bits else "gauge",
                )
            )
    return nodes


async def _readable(area: str, start: int, count: int, fetch: Fetch) -> list[tuple[int, int, Bytes]]:
    """Find the readable runs of a page by halving what is refused."""
    try:
        return [(start, count, await fetch(area, start, count))]
    except Refused as refused:
        if count == 1 or refused.code not in (2, 3, 4):
            return []
    half = count // 2
    left = await _readable(area, start, half, fetch)
    return left + await _readable(area, start + half, count - half, fetch)
