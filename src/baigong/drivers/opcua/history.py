"""HistoryRead of raw values: what the server remembers, page by page, to fill the hole after a lost link."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from asyncua import ua
from asyncua.ua.ua_binary import nodeid_to_binary

from baigong.drivers.opcua import wire
from baigong.drivers.opcua.codec import Columns, Reader
from baigong.drivers.opcua.faults import translated
from baigong.drivers.opcua.link import Link
from baigong.drivers.opcua.plan import Plan
from baigong.drivers.opcua.values import ticks
from baigong.vocab import frame as fr

_PAGE = 5_000  # values per node and answer
_HISTORY_DATA = ua.ObjectIds.HistoryData_Encoding_DefaultBinary


@dataclass(slots=True)
class _Page:
    """What one node gave: its values and where to go on."""

    handle: int
    point: bytes | None
    columns: Columns | None
    unknown: set[object] = field(default_factory=set)


async def read_history(link: Link, plan: Plan, start_us: int, end_us: int) -> AsyncIterator[pa.RecordBatch]:
    """Yield [start, end) of every node that keeps history; a node that does not adds nothing.

    The server may return the end itself, which is cut off here: the next call would bring it again.
    """
    open_nodes: list[tuple[int, bytes | None]] = [(handle, None) for handle in range(len(plan.nodes))]
    while open_nodes:
        size = link.limits.history
        batch, open_nodes = open_nodes[:size], open_nodes[size:]
        pages = await _read(link, plan, batch, start_us, end_us)
        continued: list[tuple[int, bytes | None]] = []
        for page in pages:
            if page.point:
                continued.append((page.handle, page.point))
            if page.columns is not None and page.columns.n:
                link.counters["values"] += page.columns.n
                made = _inside(plan.targets.frame(page.columns, time.time_ns() // 1000), start_us, end_us)
                if len(made):
                    yield made
        open_nodes = continued + open_nodes  # finish what holds a continuation point: servers have few


async def _read(
    link: Link, plan: Plan, batch: list[tuple[int, bytes | None]], start_us: int, end_us: int
) -> list[_Page]:
    async def send(piece: list[tuple[int, bytes | None]]) -> list[_Page]:
        nodes = [(nodeid_to_binary(plan.nodes[handle]), point) for handle, point in piece]
        body = wire.history_body(nodes, ticks(start_us), ticks(end_us), _PAGE)
        reader = await link.request(wire.HISTORY_READ, body, "reading history")
        at = reader.at
        pages = _pages(link, reader, at, piece)
        for page in pages:
            if page.columns is not None and page.columns.unknown_types and await link.learn(page.columns):
                return _pages(link, reader, at, piece)
        return pages

    return await link.batched(batch, "history", send)


def _pages(link: Link, reader: Reader, at: int, piece: list[tuple[int, bytes | None]]) -> list[_Page]:
    """Decode HistoryReadResults (OPC 10000-4 §5.11.3): status, continuation point, HistoryData."""
    reader.at = at
    pages: list[_Page] = []
    with translated(link.settings.place, "decoding history"):
        count = reader.count()
        if count != len(piece):
            raise ua.UaError(f"{count} histories for {len(piece)} nodes")
        for handle, _ in piece:
            status = reader.u32()
            point = reader.bytestring()
            kind = reader.node_id().Identifier
            body = reader.extension_body()
            columns = None
            if kind == _HISTORY_DATA and body and not status >> 31:
                inner = Reader(body, 0, reader.types)
                columns = inner.data_values(inner.count(), handled=False)
                columns.handle[:] = handle
            pages.append(_Page(handle, point or None, columns))
    return pages


def _inside(batch: pa.RecordBatch, start_us: int, end_us: int) -> pa.RecordBatch:
    moments = fr.times_us(batch)
    inside = (moments >= start_us) & (moments < end_us)
    return batch if inside.all() else pc.filter(batch, pa.array(inside))
