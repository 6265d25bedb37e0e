"""The services of a session: what each request asks, answered with what its person may see and read."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary
from asyncua.ua.uaerrors import UaStatusCodeError

from baigong.api.opcua.browsing import Browser
from baigong.api.opcua.histories import MOST_HISTORIES, Histories
from baigong.api.opcua.items import DISABLED
from baigong.api.opcua.monitoring import Monitoring
from baigong.api.opcua.nodes import NAMESPACE
from baigong.api.opcua.publishing import Left, Publisher
from baigong.api.opcua.reading import Reader
from baigong.api.opcua.session import MOST_SUBSCRIPTIONS, Asked, Session
from baigong.api.opcua.space import Space
from baigong.api.opcua.subscription import Pace, Sent, Subscription

MOST_NODES = 5_000  # of one request
_FASTEST_MS, _SLOWEST_MS = 50.0, 3_600_000.0
_LONGEST_CYCLES = 100_000
_ids = itertools.count(1)
_GET_ITEMS = ua.NodeId(ua.ObjectIds.Server_GetMonitoredItems)
_RESEND = ua.NodeId(ua.ObjectIds.Server_ResendData)


@dataclass(slots=True, frozen=True)
class Services:
    """``sessions``: all of them; ``left``: subscriptions that have none.

    ``tasks``: starts what publishes a subscription; ``refused``: counts a write, by its status code.
    """

    reader: Reader
    browser: Browser
    publisher: Publisher
    monitoring: Monitoring
    histories: Histories
    sent: Sent
    sessions: Callable[[], Iterable[Session]]
    left: dict[int, Left]
    tasks: Callable[[str, Any], object]
    refused: Callable[[str], None]

    def space(self, session: Session) -> Space:
        return session.space(self.reader.rooms, self.reader.sign_in)

    async def read(self, session: Session, params: ua.ReadParameters) -> Any:
        _some(params.NodesToRead)
        results = await self.reader.read(session, self.space(session), params.NodesToRead, params.TimestampsToReturn)
        return ua.ReadResponse(Results=results)

    async def write(self, session: Session, params: ua.WriteParameters) -> Any:
        """Refuse: a set value goes the guarded way, through the API."""
        _some(params.NodesToWrite)
        space = self.space(session)
        self.refused("opcua.write")
        results = []
        for one in params.NodesToWrite:
            code = ua.StatusCodes.BadNotWritable
            if one.NodeId.NamespaceIndex == NAMESPACE:
                known = space.find(str(one.NodeId.Identifier)) is not None
                code = ua.StatusCodes.BadUserAccessDenied if known else ua.StatusCodes.BadNodeIdUnknown
            results.append(ua.StatusCode(code))
        return ua.WriteResponse(Results=results)

    async def browse(self, session: Session, params: ua.BrowseParameters) -> Any:
        _some(params.NodesToBrowse)
        space, results = self.space(session), []
        for at, wish in enumerate(params.NodesToBrowse):
            results.append(self.browser.browse(session, space, wish, int(params.RequestedMaxReferencesPerNode)))
            if at % 20 == 19:
                await asyncio.sleep(0)
        return ua.BrowseResponse(Results=results)

    async def browse_next(self, session: Session, params: ua.BrowseNextParameters) -> Any:
        _some(params.ContinuationPoints)
        space, release = self.space(session), bool(params.ReleaseContinuationPoints)
        results = [self.browser.next(session, space, one, release=release) for one in params.ContinuationPoints]
        return ua.BrowseNextResponse(Parameters=ua.BrowseNextResult(results))

    async def translate(self, session: Session, params: ua.TranslateBrowsePathsToNodeIdsParameters) -> Any:
        _some(params.BrowsePaths)
        space = self.space(session)
        results = [self.browser.translate(space, path) for path in params.BrowsePaths]
        return ua.TranslateBrowsePathsToNodeIdsResponse(Results=results)

    async def register(self, session: Session, params: ua.RegisterNodesParameters) -> Any:
        _some(params.NodesToRegister)
        response = ua.RegisterNodesResponse()
        response.Parameters.RegisteredNodeIds = params.NodesToRegister
        return response

    async def unregister(self, session: Session, params: ua.UnregisterNodesParameters) -> Any:
        return ua.UnregisterNodesResponse()

    async def call(self, session: Session, params: ua.CallParameters) -> Any:
        _some(params.MethodsToCall)
        return ua.CallResponse(Results=[await self._called(session, one) for one in params.MethodsToCall])

    async def _called(self, session: Session, asked: ua.CallMethodRequest) -> ua.CallMethodResult:
        """Answer the two methods of the Server object that clients of subscriptions need (OPC 10000-5 §9)."""
        of_server = asked.ObjectId == ua.NodeId(ua.ObjectIds.Server)
        if not of_server or asked.MethodId not in (_GET_ITEMS, _RESEND):
            return ua.CallMethodResult(ua.StatusCode(ua.StatusCodes.BadMethodInvalid))
        if len(asked.InputArguments or ()) != 1:
            return ua.CallMethodResult(ua.StatusCode(ua.StatusCodes.BadArgumentsMissing))
        one = session.subscriptions.get(asked.InputArguments[0].Value)
        if one is None:
            return ua.CallMethodResult(ua.StatusCode(ua.StatusCodes.BadSubscriptionIdInvalid))
        if asked.MethodId == _RESEND:
            await self._again_all(session, one)
            return ua.CallMethodResult()
        held = [(id, item.handle) for id, item in one.items.held.items()]
        held += [(id, other.handle) for id, other in one.others.items()]
        lists = [ua.Variant([pair[at] for pair in held], ua.VariantType.UInt32, is_array=True) for at in (0, 1)]
        return ua.CallMethodResult(OutputArguments=lists)

    async def history_read(self, session: Session, params: ua.HistoryReadParameters) -> Any:
        _some(params.NodesToRead, MOST_HISTORIES)
        if params.TimestampsToReturn not in (0, 1, 2):
            raise UaStatusCodeError(ua.StatusCodes.BadTimestampsToReturnInvalid)
        return ua.HistoryReadResponse(Results=await self.histories.read(self.space(session), params))

    async def create_subscription(self, session: Session, params: ua.CreateSubscriptionParameters) -> Any:
        if len(session.subscriptions) >= MOST_SUBSCRIPTIONS:
            raise UaStatusCodeError(ua.StatusCodes.BadTooManySubscriptions)
        space, reader = self.space(session), self.reader
        pace = paced(params)
        pace.enabled = bool(params.PublishingEnabled)
        loop = asyncio.get_running_loop()
        one = Subscription(next(_ids), pace, reader.feed, self.sent, reader.rooms.clock_us, loop)
        reader.follow(space, one)
        reader.feed.add(space.tenant, one)
        session.subscriptions[one.id] = one
        one.owner = session
        self.tasks(f"opc ua subscription {one.id}", self._publish(one, space.tenant))
        result = ua.CreateSubscriptionResult(one.id, *_revised(pace))
        return ua.CreateSubscriptionResponse(Parameters=result)

    async def _publish(self, one: Subscription, tenant: str) -> None:
        try:
            await self.publisher.run(one, self.left)
        finally:
            self.reader.feed.remove(tenant, one)

    async def modify_subscription(self, session: Session, params: ua.ModifySubscriptionParameters) -> Any:
        one = self._held(session, params.SubscriptionId)
        pace = paced(params)
        pace.enabled = one.pace.enabled
        one.pace = pace
        return ua.ModifySubscriptionResponse(Parameters=ua.ModifySubscriptionResult(*_revised(pace)))

    async def set_publishing(self, session: Session, params: ua.SetPublishingModeParameters) -> Any:
        _some(params.SubscriptionIds)
        response = ua.SetPublishingModeResponse()
        for id in params.SubscriptionIds:
            one = session.subscriptions.get(id)
            if one is not None:
                one.pace.enabled = bool(params.PublishingEnabled)
            response.Parameters.Results.append(_known(one))
        return response

    async def delete_subscriptions(self, session: Session, params: ua.DeleteSubscriptionsParameters) -> Any:
        _some(params.SubscriptionIds)
        gone = [session.subscriptions.pop(id, None) for id in params.SubscriptionIds]
        if not session.subscriptions:
            while (asked := session.next_asked()) is not None and session.send is not None:
                session.send(fault(asked.handle, ua.StatusCodes.BadNoSubscription), asked.request_id)
        return ua.DeleteSubscriptionsResponse(Results=[_known(one) for one in gone])

    async def transfer(self, session: Session, params: ua.TransferSubscriptionsParameters) -> Any:
        """Hand subscriptions over from another session of the same person, or from one that went."""
        _some(params.SubscriptionIds)
        response = ua.TransferSubscriptionsResponse()
        for id in params.SubscriptionIds:
            code = self._take_over(session, id)
            one = session.subscriptions.get(id)
            if one is not None and not code and params.SendInitialValues:
                await self._again_all(session, one)
            available = [] if one is None else one.available
            response.Parameters.Results.append(ua.TransferResult(ua.StatusCode(code), available))
        return response

    def _take_over(self, session: Session, id: int) -> int:
        """Return the status code of it."""
        if id in session.subscriptions:
            return 0
        held = next((other for other in self.sessions() if id in other.subscriptions), None)
        left = self.left.get(id)
        whose = held.whose if held is not None else left.whose if left is not None else None
        if whose is None:
            return int(ua.StatusCodes.BadSubscriptionIdInvalid)
        if whose != session.whose:
            return int(ua.StatusCodes.BadUserAccessDenied)
        if len(session.subscriptions) >= MOST_SUBSCRIPTIONS:
            return int(ua.StatusCodes.BadTooManySubscriptions)
        if held is not None:
            one = held.subscriptions.pop(id)
            self.publisher.tell_gone(held, one)
        else:
            one = self.left.pop(id).one
        one.owner = session
        one.heard()
        session.subscriptions[id] = one
        return 0

    async def _again_all(self, session: Session, one: Subscription) -> None:
        """Tell the newest value of every item again."""
        one.renew()
        ids = [id for id, item in one.items.held.items() if item.mode != DISABLED]
        await self.monitoring.greet(self.space(session), one, ids)

    async def create_items(self, session: Session, params: ua.CreateMonitoredItemsParameters) -> Any:
        _some(params.ItemsToCreate)
        one = self._held(session, params.SubscriptionId)
        results = await self.monitoring.create(session, self.space(session), one, params)
        return ua.CreateMonitoredItemsResponse(Results=results)

    async def modify_items(self, session: Session, params: ua.ModifyMonitoredItemsParameters) -> Any:
        _some(params.ItemsToModify)
        one = self._held(session, params.SubscriptionId)
        results = await self.monitoring.modify(self.space(session), one, params)
        return ua.ModifyMonitoredItemsResponse(Results=results)

    async def delete_items(self, session: Session, params: ua.DeleteMonitoredItemsParameters) -> Any:
        _some(params.MonitoredItemIds, MOST_NODES * 2)
        one = self._held(session, params.SubscriptionId)
        return ua.DeleteMonitoredItemsResponse(Results=self.monitoring.delete(one, params.MonitoredItemIds))

    async def set_mode(self, session: Session, params: ua.SetMonitoringModeParameters) -> Any:
        _some(params.MonitoredItemIds, MOST_NODES * 2)
        one = self._held(session, params.SubscriptionId)
        response = ua.SetMonitoringModeResponse()
        response.Parameters.Results = await self.monitoring.set_mode(self.space(session), one, params)
        return response

    def publish(
        self, session: Session, header: ua.RequestHeader, request_id: int, params: ua.PublishParameters
    ) -> None:
        """Take a Publish request; it is answered when there is news."""
        if not session.subscriptions:
            raise UaStatusCodeError(ua.StatusCodes.BadNoSubscription)
        acks = []
        for ack in params.SubscriptionAcknowledgements or ():
            one = session.subscriptions.get(ack.SubscriptionId)
            good = one is not None and one.acknowledge(ack.SequenceNumber)
            unknown = (
                ua.StatusCodes.BadSubscriptionIdInvalid if one is None else ua.StatusCodes.BadSequenceNumberUnknown
            )
            acks.append(0 if good else unknown)
        waits_s = header.TimeoutHint / 1000 if header.TimeoutHint else 1e9
        over = session.ask(Asked(header.RequestHandle, request_id, acks, time.monotonic() + waits_s))
        if over is not None and session.send is not None:
            session.send(fault(over.handle, ua.StatusCodes.BadTooManyPublishRequests), over.request_id)
        self.publisher.asked(session)

    def again(self, session: Session, params: ua.RepublishParameters) -> bytes:
        """Return a NotificationMessage, encoded, that is not acknowledged yet."""
        one = self._held(session, params.SubscriptionId)
        made = one.again(params.RetransmitSequenceNumber)
        if made is None:
            raise UaStatusCodeError(ua.StatusCodes.BadMessageNotAvailable)
        return made

    def _held(self, session: Session, id: int) -> Subscription:
        one = session.subscriptions.get(id)
        if one is None:
            raise UaStatusCodeError(ua.StatusCodes.BadSubscriptionIdInvalid)
        return one


Service = Callable[[Services, Session, Any], Awaitable[Any]]
_E = ua.ObjectIds
SERVICES: dict[int, tuple[Any, Service]] = {
    _E.ReadRequest_Encoding_DefaultBinary: (ua.ReadParameters, Services.read),
    _E.WriteRequest_Encoding_DefaultBinary: (ua.WriteParameters, Services.write),
    _E.BrowseRequest_Encoding_DefaultBinary: (ua.BrowseParameters, Services.browse),
    _E.BrowseNextRequest_Encoding_DefaultBinary: (ua.BrowseNextParameters, Services.browse_next),
    _E.TranslateBrowsePathsToNodeIdsRequest_Encoding_DefaultBinary: (
        ua.TranslateBrowsePathsToNodeIdsParameters, Services.translate,
    ),
    _E.RegisterNodesRequest_Encoding_DefaultBinary: (ua.RegisterNodesParameters, Services.register),
    _E.UnregisterNodesRequest_Encoding_DefaultBinary: (ua.UnregisterNodesParameters, Services.unregister),
    _E.CallRequest_Encoding_DefaultBinary: (ua.CallParameters, Services.call),
    _E.HistoryReadRequest_Encoding_DefaultBinary: (ua.HistoryReadParameters, Services.history_read),
    _E.CreateSubscriptionRequest_Encoding_DefaultBinary: (
        ua.CreateSubscriptionParameters, Services.create_subscription,
    ),
    _E.ModifySubscriptionRequest_Encoding_DefaultBinary: (
        ua.ModifySubscriptionParameters, Services.modify_subscription,
    ),
    _E.SetPublishingModeRequest_Encoding_DefaultBinary: (ua.SetPublishingModeParameters, Services.set_publishing),
    _E.DeleteSubscriptionsRequest_Encoding_DefaultBinary: (
        ua.DeleteSubscriptionsParameters, Services.delete_subscriptions,
    ),
    _E.TransferSubscriptionsRequest_Encoding_DefaultBinary: (ua.TransferSubscriptionsParameters, Services.transfer),
    _E.CreateMonitoredItemsRequest_Encoding_DefaultBinary: (ua.CreateMonitoredItemsParameters, Services.create_items),
    _E.ModifyMonitoredItemsRequest_Encoding_DefaultBinary: (ua.ModifyMonitoredItemsParameters, Services.modify_items),
    _E.DeleteMonitoredItemsRequest_Encoding_DefaultBinary: (ua.DeleteMonitoredItemsParameters, Services.delete_items),
    _E.SetMonitoringModeRequest_Encoding_DefaultBinary: (ua.SetMonitoringModeParameters, Services.set_mode),
}  # fmt: skip


def fault(handle: int, code: int) -> bytes:
    """Encode a ServiceFault."""
    made = ua.ServiceFault()
    made.ResponseHeader.ServiceResult = ua.StatusCode(code)
    made.ResponseHeader.RequestHandle = handle
    return bytes(struct_to_binary(made))


def paced(params: Any) -> Pace:
    """Grant a pace: the lifetime is three times the keep-alive at least (OPC 10000-4 §5.14.2)."""
    interval_ms = min(max(float(params.RequestedPublishingInterval), _FASTEST_MS), _SLOWEST_MS)
    keep_alive = min(max(int(params.RequestedMaxKeepAliveCount) or 10, 1), _LONGEST_CYCLES)
    lifetime = min(max(int(params.RequestedLifetimeCount), 3 * keep_alive), 3 * _LONGEST_CYCLES)
    return Pace(interval_ms / 1000, keep_alive, lifetime, int(params.MaxNotificationsPerPublish))


def _revised(pace: Pace) -> tuple[float, int, int]:
    return pace.interval_s * 1000, pace.lifetime, pace.keep_alive


def _known(one: Subscription | None) -> ua.StatusCode:
    return ua.StatusCode(0 if one is not None else ua.StatusCodes.BadSubscriptionIdInvalid)


def _some(wanted: Any, most: int = MOST_NODES) -> None:
    if not wanted:
        raise UaStatusCodeError(ua.StatusCodes.BadNothingToDo)
    if len(wanted) > most:
        raise UaStatusCodeError(ua.StatusCodes.BadTooManyOperations)
