"""The HistoryRead service: whose history is asked for, by whom, and in which of its forms (OPC 10000-4 §5.11.3)."""

from __future__ import annotations

import asyncio
from typing import Any

from asyncua import ua
from asyncua.ua.uaerrors import UaStatusCodeError

from baigong.api.opcua.history import read_raw, read_wish
from baigong.api.opcua.nodes import NAMESPACE, built_in_type
from baigong.api.opcua.past import Past
from baigong.api.opcua.processed import read_at_times, read_plan, read_processed, read_rules, which_aggregate
from baigong.api.opcua.space import Space
from baigong.api.rooms import Rooms
from baigong.stores.records.plant import PointRow

MOST_HISTORIES = 100  # nodes of one request
_AT_ONCE = 4  # histories that are read at the same time, of all clients


class Histories:
    """Lives on the event loop; the lake is read in threads."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms, self._places = rooms, asyncio.Semaphore(_AT_ONCE)

    async def read(self, space: Space, params: ua.HistoryReadParameters) -> list[ua.HistoryReadResult]:
        """Answer node by node. Raises a status code for a form that we have not."""
        details, nodes = params.HistoryReadDetails, params.NodesToRead
        if isinstance(details, ua.ReadProcessedDetails):
            if len(details.AggregateType or ()) != len(nodes):
                raise UaStatusCodeError(ua.StatusCodes.BadAggregateListMismatch)
        elif isinstance(details, ua.ReadRawModifiedDetails):
            if details.IsReadModified:
                raise UaStatusCodeError(ua.StatusCodes.BadHistoryOperationUnsupported)
        elif not isinstance(details, ua.ReadAtTimeDetails):
            raise UaStatusCodeError(ua.StatusCodes.BadHistoryOperationUnsupported)
        results = []
        for at, node in enumerate(nodes):
            try:
                results.append(await self._one(space, params, node, at))
            except UaStatusCodeError as error:
                results.append(ua.HistoryReadResult(ua.StatusCode(error.code)))
        return results

    async def _one(self, space: Space, params: Any, node: ua.HistoryReadValueId, at: int) -> ua.HistoryReadResult:
        row = self._row(space, node.NodeId)
        if params.ReleaseContinuationPoints and node.ContinuationPoint:
            return ua.HistoryReadResult()  # they hold nothing of ours
        details, stamps = params.HistoryReadDetails, params.TimestampsToReturn
        past = Past(space.read.lake(self._rooms.lake), space.tenant, row)
        now_us = self._rooms.clock_us()
        async with self._places:
            if isinstance(details, ua.ReadProcessedDetails):
                which = which_aggregate(details.AggregateType[at], built_in_type(row.spec))
                asked = which, read_plan(details, node.ContinuationPoint), read_rules(details.AggregateConfiguration)
                return await read_processed(past, asked, stamps, now_us)
            if isinstance(details, ua.ReadAtTimeDetails):
                return await read_at_times(past, details, stamps, now_us)
            return await read_raw(past, read_wish(details, node.ContinuationPoint), stamps, now_us)

    def _row(self, space: Space, id: ua.NodeId) -> PointRow:
        """Return the point whose history may be read. Raises a status code where there is none, or it may not."""
        row = space.point(str(id.Identifier)) if id.NamespaceIndex == NAMESPACE else None
        if row is None:
            known = id.NamespaceIndex == NAMESPACE and space.find(str(id.Identifier)) is not None
            code = ua.StatusCodes.BadHistoryOperationUnsupported if known else ua.StatusCodes.BadNodeIdUnknown
            raise UaStatusCodeError(code)
        if row.number not in space.read:
            raise UaStatusCodeError(ua.StatusCodes.BadUserAccessDenied)
        return row
