"""HistoryRead: raw values of points from the lake, with bounds and continuation points (OPC 10000-11 §6.5.3)."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from asyncua import ua
from asyncua.ua.uaerrors import UaStatusCodeError

from baigong.api.opcua.datavalues import STAMPS, Rows, Small, encoded, joined
from baigong.api.opcua.feed import rows_of
from baigong.api.opcua.nodes import built_in_type
from baigong.stores.lake.contract import LakeReader
from baigong.stores.records.plant import PointRow

MOST = 10_000  # values of one node in one answer
_COLUMNS = ("point", "time", "value", "whole", "text", "quality")
_HISTORY_DATA = ua.NodeId(658)  # its binary encoding
_BOUND_NOT_FOUND, _NO_DATA = ua.StatusCodes.BadBoundNotFound, ua.StatusCodes.GoodNoData
_FIRST_STEP_US, _LAST_STEP_US = 60_000_000, 3650 * 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BEGINNING, END_OF_TIME = -2_208_988_800_000_000, 4_102_444_800_000_000  # 1900 and 2100
_POINT = struct.Struct("<qqQ???")


@dataclass(slots=True, frozen=True)
class Wish:
    """Values from ``start_us`` up to, not with, ``end_us``; ``back``: the newest first, from start down to end.

    ``left``: how many the client still wants, 0: all; ``paged``: as many in each answer (§6.5.3.2: where start, end
    and number are given). ``bounds``: with a value at, or else beyond, either end. ``begun``: this goes on where
    another answer ended.
    """

    start_us: int
    end_us: int
    left: int
    back: bool
    bounds: bool
    paged: bool = False
    begun: bool = False

    def packed(self) -> bytes:
        return _POINT.pack(self.start_us, self.end_us, self.left, self.back, self.bounds, self.paged)


def read_wish(details: ua.ReadRawModifiedDetails, point: bytes | None) -> Wish:
    """Read what a client asks for. Raises a status code for a continuation point that is none, or no time at all.

    A continuation point is the rest of the wish itself: it opens nothing that the wish did not.
    """
    if point:
        if len(point) != _POINT.size:
            raise UaStatusCodeError(ua.StatusCodes.BadContinuationPointInvalid)
        start, end, left, back, bounds, paged = _POINT.unpack(point)
        return Wish(start, end, left, back, bounds, paged, begun=True)
    start_us, end_us, most = moment(details.StartTime), moment(details.EndTime), int(details.NumValuesPerNode)
    if (start_us is None) + (end_us is None) + (most == 0) > 1:
        raise UaStatusCodeError(ua.StatusCodes.BadHistoryOperationInvalid)
    paged = start_us is not None and end_us is not None and most > 0
    back = start_us is None or (end_us is not None and end_us < start_us)
    if start_us is None:  # the newest before the end
        start_us, end_us = end_us, BEGINNING
    if end_us is None:
        end_us = END_OF_TIME
    return Wish(start_us or 0, end_us, most, back, bool(details.ReturnBounds), paged)


def moment(time: datetime | None) -> int | None:
    """Return µs from 1970; None: not given."""
    if time is None:
        return None
    whole = time if time.tzinfo else time.replace(tzinfo=UTC)
    delta = whole - _EPOCH
    us = (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
    return None if us <= -11_644_473_600_000_000 else us  # DateTime.MinValue: not given


async def read_raw(
    lake: LakeReader, tenant: str, point: PointRow, wish: Wish, stamps: ua.TimestampsToReturn, now_us: int
) -> ua.HistoryReadResult:
    """Answer for one node."""
    rows, rest = await asyncio.to_thread(_rows, lake, tenant, point.number, wish)
    kinds = np.full(len(rows), built_in_type(point.spec), np.uint8)
    return told(rows, kinds, stamps, now_us, rest.packed() if rest is not None else None)


def told(
    rows: Rows, kinds: Small, stamps: ua.TimestampsToReturn, now_us: int, rest: bytes | None
) -> ua.HistoryReadResult:
    """Encode what was found. ``rest``: the continuation point."""
    result = ua.HistoryReadResult()
    if not len(rows):
        result.StatusCode = ua.StatusCode(_NO_DATA)
    shown = np.full(len(rows), STAMPS[int(stamps)], np.uint8)
    body = struct.pack("<i", len(rows)) + encoded(rows, kinds, shown, now_us)
    result.HistoryData = ua.ExtensionObject(_HISTORY_DATA, body)
    result.ContinuationPoint = rest
    return result


def _rows(lake: LakeReader, tenant: str, number: int, wish: Wish) -> tuple[Rows, Wish | None]:
    most = min(wish.left or MOST, MOST)
    first = [] if wish.begun or not wish.bounds else [_bound(lake, tenant, number, wish, wish.start_us, opening=True)]
    wanted = most - sum(map(len, first))
    low, high = (wish.end_us + 1, wish.start_us + 1) if wish.back else (wish.start_us, wish.end_us)
    if wish.start_us == wish.end_us and not wish.begun:  # a single time
        low, high = wish.start_us, wish.start_us + 1
    if first and int(first[0].times[0]) == wish.start_us and int(first[0].statuses[0]) != _BOUND_NOT_FOUND:
        low, high = (low, high - 1) if wish.back else (low + 1, high)
    found = nearest(lake, tenant, number, low, high, wanted + 1, back=wish.back)
    left = wish.left if wish.paged else max(wish.left - most, 0)
    goes_on = wish.left == 0 or left > 0
    if len(found) > wanted or (len(found) == wanted and wish.bounds and goes_on):
        found = found.take(slice(0, wanted))
        last = int(found.times[-1]) if wanted else wish.start_us
        rest = replace(wish, start_us=last + (-1 if wish.back else 1), left=left, begun=True)
        return joined([*first, found]), rest if goes_on else None
    ends = (
        []
        if len(found) == wanted or not wish.bounds
        else [_bound(lake, tenant, number, wish, wish.end_us, opening=False)]
    )
    return joined([*first, found, *ends]), None


def nearest(lake: LakeReader, tenant: str, number: int, low: int, high: int, most: int, *, back: bool) -> Rows:
    """Read the first ``most`` rows of [low, high), or the last ones, the newest first: in steps that grow."""
    newest = lake.latest(tenant, [number])
    if not len(newest) or low >= high or most <= 0:
        return joined([])
    last = int(newest.column("time").cast(pa.int64())[0].as_py())
    high = min(high, last + 1)
    low = max(low, _first_us(lake, tenant))
    parts: list[Rows] = []
    step, count = _FIRST_STEP_US, 0
    while low < high and count < most:
        begin, end = (max(low, high - step), high) if back else (low, min(high, low + step))
        rows = rows_of(lake.series(tenant, [number], begin, end, _COLUMNS))
        parts.append(rows.take(slice(None, None, -1)) if back else rows)
        count += len(rows)
        low, high = (low, begin) if back else (end, high)
        dense = len(rows) * 4 > most
        step = step if dense else min(step * 8, _LAST_STEP_US)
    return joined(parts).take(slice(0, most))


def rows_between(lake: LakeReader, tenant: str, number: int, low: int, high: int, most: int) -> Rows:
    """Return the rows of [low, high), ascending; the first ``most`` or some more, where there are so many."""
    return nearest(lake, tenant, number, low, high, most, back=False)


def _first_us(lake: LakeReader, tenant: str) -> int:
    """Return a time before which the company has nothing."""
    snapshot = lake.snapshot(tenant)
    days = [datetime.fromisoformat(f"{file.day}T00:00:00+00:00") for file in snapshot.files]
    times = [moment(day) or 0 for day in days]
    if len(snapshot.hot):
        times.append(int(np.min(snapshot.hot.column("time").cast(pa.int64()).to_numpy())))
    return min(times, default=END_OF_TIME)


def _bound(lake: LakeReader, tenant: str, number: int, wish: Wish, time_us: int, *, opening: bool) -> Rows:
    """Return the value at a bound, else the nearest outside of it, else one that says there is none."""
    backwards = opening != wish.back  # outside of the first bound is before it, when reading forwards
    if backwards:
        found = nearest(lake, tenant, number, BEGINNING, time_us + 1, 1, back=True)
    else:
        found = nearest(lake, tenant, number, time_us, END_OF_TIME, 1, back=False)
    if len(found):
        return found
    return Rows(np.full(1, np.nan), np.full(1, _BOUND_NOT_FOUND, np.uint32), np.full(1, time_us, np.int64))
