"""HistoryRead of raw values: what the server remembers, page by page, to fill the hole after a lost link."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from asyncua import ua

from baigong.drivers.opcua import wire
from baigong.drivers.opcua.codec import Columns, Reader
from baigong.drivers.opcua.faults import translated
from baigong.drivers.opcua.link import Link
from baigong.drivers.opcua.plan import Plan
from baigong.drivers.opcua.values import ticks
from baigong.vocab import frame as fr

_PAGE = 5_000  # values per node and answer
_HISTORY_DATA = ua.ObjectIds.HistoryData_Encoding_DefaultBinary


@dataclass(slots=True, frozen=True)
class _Rest:
    """What of a node is still to be read: from the server's continuation point, or from a time."""

    handle: int
    start: int  # 100 ns since 1601
    point: bytes | None = None


@dataclass(slots=True, frozen=True)
class _Page:
    """What one node gave, and where to go on."""

    handle: int
    point: bytes | None
    columns: Columns | None


async def read_history(link: Link, plan: Plan, start_us: int, end_us: int) -> AsyncIterator[pa.RecordBatch]:
    """Yield [start, end) of every node that keeps history; a node that does not adds nothing.

    The server may return the end itself, which is cut off here: the next call would bring it again.
    """
    first = ticks(start_us)
    rest = [_Rest(handle, first) for handle in range(len(plan.nodes))]
    while rest:
        alike = [r for r in rest if r.start == rest[0].start][: link.limits.history]  # one request, one start
        taken = {r.handle for r in alike}
        rest = [r for r in rest if r.handle not in taken]
        pages = await _read(link, plan, alike, ticks(end_us))
        following = [_following(page, asked.start) for page, asked in zip(pages, alike, strict=True)]
        rest = [r for r in following if r is not None] + rest  # continuation points first: servers keep few
        for page in pages:
            if page.columns is not None and page.columns.n:
                link.counters["values"] += page.columns.n
                made = _inside(plan.targets.frame(page.columns, time.time_ns() // 1000), start_us, end_us)
                if len(made):
                    yield made


def _following(page: _Page, start: int) -> _Rest | None:
    """Say where a node goes on. Some servers cut at the page size and give no continuation point: then by time."""
    if page.point:
        return _Rest(page.handle, start, page.point)
    columns = page.columns
    if columns is None or columns.n < _PAGE:
        return None
    last = int(np.where(columns.source > 0, columns.source, columns.server).max())
    return _Rest(page.handle, last + 10) if last >= start else None  # the frame's clock ticks in microseconds


async def _read(link: Link, plan: Plan, batch: list[_Rest], end: int) -> list[_Page]:
    async def send(piece: list[_Rest]) -> list[_Page]:
        nodes = [(wire.node_id(plan.nodes[r.handle]), r.point) for r in piece]
        body = wire.history_body(nodes, piece[0].start, end, _PAGE)
        reader = await link.request(wire.HISTORY_READ, body, "reading history")
        at = reader.at
        pages = _pages(link, reader, at, piece)
        for page in pages:
            if page.columns is not None and page.columns.unknown_types and await link.learn(page.columns):
                return _pages(link, reader, at, piece)
        return pages

    return await link.batched(batch, "history", send)


def _pages(link: Link, reader: Reader, at: int, piece: list[_Rest]) -> list[_Page]:
    """Decode HistoryReadResults (OPC 10000-4 §5.11.3): status, continuation point, HistoryData."""
    reader.at = at
    pages: list[_Page] = []
    with translated(link.settings.place, "decoding history"):
        count = reader.count()
        if count != len(piece):
            raise ua.UaError(f"{count} histories for {len(piece)} nodes")
        for asked in piece:
            status = reader.u32()
            point = reader.bytestring()
            kind = reader.node_id().Identifier
            body = reader.extension_body()
            columns = None
            if kind == _HISTORY_DATA and body and not status >> 31:
                inner = Reader(body, 0, reader.types)
                columns = inner.data_values(inner.count(), handled=False)
                columns.handle[:] = asked.handle
            pages.append(_Page(asked.handle, point or None, columns))
    return pages


def _inside(batch: pa.RecordBatch, start_us: int, end_us: int) -> pa.RecordBatch:
    moments = fr.times_us(batch)
    inside = (moments >= start_us) & (moments < end_us)
    return batch if inside.all() else pc.filter(batch, pa.array(inside))
