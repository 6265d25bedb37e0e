"""CreateMonitoredItems and its kin: what a client asks for, made items of a subscription (OPC 10000-4 §5.13)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.ua.uaerrors import UaStatusCodeError
from asyncua.ua.uaprotocol_auto import DataChangeFilter  # what is decoded; ua.DataChangeFilter is another

from baigong.api.opcua.datavalues import NO_DATA, STAMPS, Rows
from baigong.api.opcua.items import DISABLED, REPORTING, STATUS_VALUE, Item
from baigong.api.opcua.nodes import NAMESPACE, Bounds, built_in_type
from baigong.api.opcua.reading import Reader
from baigong.api.opcua.session import Session
from baigong.api.opcua.space import Space
from baigong.api.opcua.subscription import Sampled, Subscription
from baigong.stores.records.plant import PointRow
from baigong.vocab.devices import PointSpec

MOST_ITEMS = 100_000  # of one session
QUEUE = 1_000
_SLOWEST_MS = 86_400_000.0
_ABSOLUTE, _PERCENT = 1, 2
_ids = itertools.count(1)


@dataclass(slots=True, frozen=True)
class Revised:
    """What of a client's wish is granted."""

    sampling_ms: float
    queue: int
    trigger: int
    deadband: float


class Monitoring:
    """Lives on the event loop."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def create(
        self, session: Session, space: Space, one: Subscription, params: ua.CreateMonitoredItemsParameters
    ) -> list[ua.MonitoredItemCreateResult]:
        """Make items; the newest value of each is its first news."""
        room = MOST_ITEMS - sum(len(s.items) + len(s.others) for s in session.subscriptions.values())
        made: list[tuple[int, Item]] = []
        results: list[ua.MonitoredItemCreateResult] = []
        for wish in params.ItemsToCreate:
            result = ua.MonitoredItemCreateResult()
            try:
                if len(results) >= room:
                    raise UaStatusCodeError(ua.StatusCodes.BadTooManyMonitoredItems)
                id = next(_ids)
                revised = self._create(session, space, one, wish, params.TimestampsToReturn, id, made)
                result.MonitoredItemId = id
                result.RevisedSamplingInterval, result.RevisedQueueSize = revised.sampling_ms, revised.queue
            except UaStatusCodeError as error:
                result.StatusCode = ua.StatusCode(error.code)
            results.append(result)
        with self._reader.feed.lock:
            one.items.put(made)
        await self.greet(space, one, [id for id, item in made if item.mode != DISABLED])
        return results

    def _create(
        self, session: Session, space: Space, one: Subscription, wish: ua.MonitoredItemCreateRequest,
        stamps: ua.TimestampsToReturn, id: int, made: list[tuple[int, Item]],
    ) -> Revised:  # fmt: skip
        what, asked = wish.ItemToMonitor, wish.RequestedParameters
        if what.AttributeId == ua.AttributeIds.EventNotifier:
            raise UaStatusCodeError(ua.StatusCodes.BadNotSupported)
        row = _point(space, what)
        if row is None:
            return self._other(session, space, one, wish, stamps, id)
        if row.number not in space.read:
            raise UaStatusCodeError(ua.StatusCodes.BadUserAccessDenied)
        revised = revise(asked, row.spec, space.bounds(row.spec))
        made.append((
            id,
            Item(
                handle=asked.ClientHandle,
                number=row.number,
                type=built_in_type(row.spec),
                stamps=STAMPS[int(stamps)],
                sampling_us=int(revised.sampling_ms * 1000),
                queue=revised.queue,
                discards_oldest=bool(asked.DiscardOldest),
                trigger=revised.trigger,
                deadband=revised.deadband,
                mode=int(wish.MonitoringMode),
            ),
        ))  # fmt: skip
        return revised

    def _other(
        self, session: Session, space: Space, one: Subscription, wish: ua.MonitoredItemCreateRequest,
        stamps: ua.TimestampsToReturn, id: int,
    ) -> Revised:  # fmt: skip
        told = self._reader.one(session, space, wish.ItemToMonitor)
        if told.StatusCode is not None and not told.StatusCode.is_good() and told.StatusCode.value != NO_DATA:
            raise UaStatusCodeError(told.StatusCode.value)
        reports = wish.MonitoringMode == ua.MonitoringMode.Reporting
        one.others[id] = Sampled(wish.RequestedParameters.ClientHandle, wish.ItemToMonitor, stamps, reports)
        return Revised(one.pace.interval_s * 1000, 1, STATUS_VALUE, 0.0)

    async def greet(self, space: Space, one: Subscription, ids: Sequence[int]) -> None:
        """Give items the newest values there are."""
        wanted = [one.items.held[id].number for id in ids if one.items.held[id].number >= 0]
        if not wanted:
            return
        numbers, rows = await self._reader.initial(space, wanted)
        order = np.argsort(numbers)
        mine = np.array([one.items.held[id].number for id in ids if id in one.items.held], np.int64)
        spots = np.array([one.items.spot(id) for id in ids if id in one.items.held], np.int64)
        at = order[np.searchsorted(numbers[order], mine)]
        first: Rows = rows.take(at)
        one.put(spots, first)

    async def modify(
        self, space: Space, one: Subscription, params: ua.ModifyMonitoredItemsParameters
    ) -> list[ua.MonitoredItemModifyResult]:
        results, made = [], []
        names = {item.number for item in one.items.held.values()}
        rows = {n: space.seen.book.by_number(space.tenant, n) for n in names}
        for wish in params.ItemsToModify:
            result = ua.MonitoredItemModifyResult()
            held = one.items.held.get(wish.MonitoredItemId)
            try:
                if held is not None:
                    asked = wish.RequestedParameters
                    row = rows.get(held.number)
                    bounds = space.bounds(row.spec) if row is not None else None
                    revised = revise(asked, row.spec if row is not None else None, bounds)
                    made.append((wish.MonitoredItemId, _revised(held, asked, revised, params.TimestampsToReturn)))
                    result.RevisedSamplingInterval, result.RevisedQueueSize = revised.sampling_ms, revised.queue
                elif wish.MonitoredItemId in one.others:
                    one.others[wish.MonitoredItemId].handle = wish.RequestedParameters.ClientHandle
                    result.RevisedSamplingInterval, result.RevisedQueueSize = one.pace.interval_s * 1000, 1
                else:
                    raise UaStatusCodeError(ua.StatusCodes.BadMonitoredItemIdInvalid)
            except UaStatusCodeError as error:
                result.StatusCode = ua.StatusCode(error.code)
            results.append(result)
        with self._reader.feed.lock:
            one.items.put(made)
        return results

    async def set_mode(self, space: Space, one: Subscription, params: Any) -> list[ua.StatusCode]:
        results, woken = [], []
        mode = int(params.MonitoringMode)
        with self._reader.feed.lock:
            for id in params.MonitoredItemIds:
                held, known = one.items.held.get(id), True
                if held is not None:
                    woken += [id] if held.mode == DISABLED and mode != DISABLED else []
                    one.items.mode(id, mode)
                elif id in one.others:
                    one.others[id].reports = mode == REPORTING
                else:
                    known = False
                results.append(ua.StatusCode(0 if known else ua.StatusCodes.BadMonitoredItemIdInvalid))
            one.items.changed()
        await self.greet(space, one, woken)
        return results

    def delete(self, one: Subscription, ids: Sequence[int]) -> list[ua.StatusCode]:
        known = [id for id in ids if id in one.items.held or id in one.others]
        one.drop(known)
        had = set(known)
        return [ua.StatusCode(0 if id in had else ua.StatusCodes.BadMonitoredItemIdInvalid) for id in ids]


def revise(asked: ua.MonitoringParameters, spec: PointSpec | None, bounds: Bounds | None) -> Revised:
    """Grant what we can of a wish. Raises a status code for a filter that we have not, or that makes no sense."""
    trigger, deadband = STATUS_VALUE, 0.0
    if isinstance(asked.Filter, DataChangeFilter):
        trigger = int(asked.Filter.Trigger)
        deadband = _deadband(asked.Filter, spec, bounds)
    elif asked.Filter is not None and not _is_empty(asked.Filter):
        raise UaStatusCodeError(ua.StatusCodes.BadMonitoredItemFilterUnsupported)
    sampling = min(max(float(asked.SamplingInterval), 0.0), _SLOWEST_MS)
    queue = min(max(int(asked.QueueSize), 1), QUEUE)
    return Revised(sampling, queue, trigger, deadband)


def _is_empty(filter: Any) -> bool:
    return isinstance(filter, ua.ExtensionObject) and filter.TypeId.is_null()


def _deadband(filter: DataChangeFilter, spec: PointSpec | None, bounds: Bounds | None) -> float:
    kind, value = int(filter.DeadbandType), float(filter.DeadbandValue)
    if kind == 0:
        return 0.0
    if spec is None or spec.kind in ("state", "text"):
        raise UaStatusCodeError(ua.StatusCodes.BadFilterNotAllowed)
    if value < 0 or kind not in (_ABSOLUTE, _PERCENT):
        raise UaStatusCodeError(ua.StatusCodes.BadDeadbandFilterInvalid)
    if kind == _ABSOLUTE:
        return value
    if bounds is None or value > 100:
        raise UaStatusCodeError(ua.StatusCodes.BadDeadbandFilterInvalid)
    return (bounds[1] - bounds[0]) * value / 100


def _revised(held: Item, asked: ua.MonitoringParameters, revised: Revised, stamps: ua.TimestampsToReturn) -> Item:
    return replace(
        held,
        handle=asked.ClientHandle,
        stamps=STAMPS[int(stamps)],
        sampling_us=int(revised.sampling_ms * 1000),
        queue=revised.queue,
        discards_oldest=bool(asked.DiscardOldest),
        trigger=revised.trigger,
        deadband=revised.deadband,
    )


def _point(space: Space, what: ua.ReadValueId) -> PointRow | None:
    id = what.NodeId
    if id is None or id.NamespaceIndex != NAMESPACE or what.AttributeId != ua.AttributeIds.Value:
        return None
    return space.point(str(id.Identifier))
