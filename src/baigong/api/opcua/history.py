"""HistoryRead: raw values of points from the lake, with bounds and continuation points (OPC 10000-11 §6.5.3)."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from asyncua import ua
from asyncua.ua.uaerrors import UaStatusCodeError

from baigong.api.opcua.datavalues import STAMPS, Rows, Small, encoded, joined
from baigong.api.opcua.nodes import built_in_type
from baigong.api.opcua.past import BEGINNING, END_OF_TIME, Past

MOST = 10_000  # values of one node in one answer
_HISTORY_DATA = ua.NodeId(ua.ObjectIds.HistoryData_Encoding_DefaultBinary)
_BOUND_NOT_FOUND, _NO_DATA = ua.StatusCodes.BadBoundNotFound, ua.StatusCodes.GoodNoData
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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


async def read_raw(past: Past, wish: Wish, stamps: ua.TimestampsToReturn, now_us: int) -> ua.HistoryReadResult:
    """Answer for one node."""
    rows, rest = await asyncio.to_thread(_rows, past, wish)
    kinds = np.full(len(rows), built_in_type(past.point.spec), np.uint8)
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


def _rows(past: Past, wish: Wish) -> tuple[Rows, Wish | None]:
    most = min(wish.left or MOST, MOST)
    first = [] if wish.begun or not wish.bounds else [_bound(past, wish, wish.start_us, opening=True)]
    wanted = most - sum(map(len, first))
    low, high = (wish.end_us + 1, wish.start_us + 1) if wish.back else (wish.start_us, wish.end_us)
    if wish.start_us == wish.end_us and not wish.begun:  # a single time
        low, high = wish.start_us, wish.start_us + 1
    if first and int(first[0].times[0]) == wish.start_us and int(first[0].statuses[0]) != _BOUND_NOT_FOUND:
        low, high = (low, high - 1) if wish.back else (low + 1, high)
    found = past.nearest(low, high, wanted + 1, back=wish.back)
    left = wish.left if wish.paged else max(wish.left - most, 0)
    goes_on = wish.left == 0 or left > 0
    if len(found) > wanted or (len(found) == wanted and wish.bounds and goes_on):
        found = found.take(slice(0, wanted))
        last = int(found.times[-1]) if wanted else wish.start_us
        rest = replace(wish, start_us=last + (-1 if wish.back else 1), left=left, begun=True)
        return joined([*first, found]), rest if goes_on else None
    full = len(found) == wanted
    ends = [_bound(past, wish, wish.end_us, opening=False)] if wish.bounds and not full else []
    return joined([*first, found, *ends]), None


def _bound(past: Past, wish: Wish, time_us: int, *, opening: bool) -> Rows:
    """Return the value at a bound, else the nearest outside of it, else one that says there is none."""
    backwards = opening != wish.back  # outside of the first bound is before it, when reading forwards
    if backwards:
        found = past.nearest(BEGINNING, time_us + 1, 1, back=True)
    else:
        found = past.nearest(time_us, END_OF_TIME, 1, back=False)
    if len(found):
        return found
    return Rows(np.full(1, np.nan), np.full(1, _BOUND_NOT_FOUND, np.uint32), np.full(1, time_us, np.int64))
