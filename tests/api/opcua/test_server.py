"""asyncua's client against our OPC UA server: what it sees, reads, hears, and what it is refused."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from asyncua import Client, Node, ua
from asyncua.crypto import security_policies as sp
from asyncua.ua.uaerrors import UaError

from baigong.api.opcua.nodes import NAMESPACE
from baigong.registry.rights import asset_ref, policy_text
from baigong.security.scope import Ref
from tests.api.opcua.conftest import ASSETS, Served
from tests.api.world import now_us

pytestmark = pytest.mark.asyncio(loop_scope="package")
_ANSWERS = {
    ua.CreateSubscriptionRequest: ua.CreateSubscriptionResponse,
    ua.CreateMonitoredItemsRequest: ua.CreateMonitoredItemsResponse,
    ua.TransferSubscriptionsRequest: ua.TransferSubscriptionsResponse,
    ua.PublishRequest: ua.PublishResponse,
}


def node(client: Client, id: str) -> Node:
    return client.get_node(ua.NodeId(id, NAMESPACE))


class Heard:
    """A subscription's handler."""

    def __init__(self) -> None:
        self.values: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    def status_change_notification(self, status: Any) -> None:
        self.ended = status

    def datachange_notification(self, node: Node, value: Any, data: Any) -> None:
        self.values.put_nowait((str(node.nodeid.Identifier), value))

    async def next(self, many: int) -> list[tuple[str, Any]]:
        async with asyncio.timeout(10):
            return [await self.values.get() for _ in range(many)]


async def names_below(one: Node) -> list[str]:
    return [(await child.read_browse_name()).Name for child in await one.get_children()]


async def test_the_tree_of_the_assets_is_browsed(served: Served) -> None:
    async with served.client() as client:
        assert await client.get_namespace_array() == [
            "http://opcfoundation.org/UA/", "urn:localhost:baigong", "urn:baigong:tenant:main",
        ]  # fmt: skip
        assets = await client.nodes.objects.get_child(f"{NAMESPACE}:Assets")
        assert await names_below(assets) == ["hall", "oven"]
        pump = await client.nodes.objects.get_child([f"{NAMESPACE}:{step}" for step in ("Assets", "hall", "pump1")])
        assert pump.nodeid == ua.NodeId("asset/pump1", NAMESPACE)
        below = await names_below(pump)
        assert {"flow", "pressure", "state", "mode", "batch", "speed", "Code", "Level", "manufacturer"} <= set(below)
        assert await node(client, "asset/pump1/Code").read_value() == "P-101"
        assert await node(client, "asset/pump1/properties/manufacturer").read_value() == "Acme"
        assert (await pump.get_parent()).nodeid.Identifier == "asset/hall"


async def test_an_asset_is_of_its_type_and_types_inherit(served: Served) -> None:
    async with served.client() as client:
        pump = node(client, "asset/pump1")
        type = await pump.read_type_definition()
        assert type.Identifier == "type/pump"
        chain = []
        one: Node | None = client.get_node(type)
        while one is not None and one.nodeid != ua.NodeId(ua.ObjectIds.BaseObjectType):
            chain.append(one.nodeid.Identifier)
            above = await one.get_referenced_nodes(ua.ObjectIds.HasSubtype, ua.BrowseDirection.Inverse)
            one = above[0] if above else None
        assert chain[0] == "type/pump"
        assert one is not None
        declared = await names_below(client.get_node(type))
        assert "flow" in declared


async def test_points_say_what_they_measure(served: Served) -> None:
    async with served.client() as client:
        flow, speed = node(client, "point/pump1.flow"), node(client, "point/pump1.speed")
        assert (await flow.read_type_definition()).Identifier == 17497
        unit = await node(client, "point/pump1.flow/EngineeringUnits").read_value()
        assert (unit.UnitId, unit.DisplayName.Text) == (int.from_bytes(b"MQH", "big"), "m³/h")
        assert (await speed.read_type_definition()).Identifier == 17570
        bounds = await (await speed.get_child("0:EURange")).read_value()
        assert (bounds.Low, bounds.High) == (0, 3000)
        state = node(client, "point/pump1.state")
        assert (await state.read_type_definition()).Identifier == ua.ObjectIds.TwoStateDiscreteType
        assert (await node(client, "point/pump1.state/TrueState").read_value()).Text == "on"
        values = await node(client, "point/pump1.mode/EnumValues").read_value()
        assert [(one.Value, one.DisplayName.Text) for one in values] == [(0, "off"), (1, "hand"), (2, "auto")]
        assert (await flow.read_data_type()).Identifier == ua.ObjectIds.Double


async def test_the_newest_value_has_its_time_and_quality(served: Served) -> None:
    at = now_us() - 5_000_000
    await served.put("pump1.flow", [7.5], [at])
    await served.put("pump1.state", [1.0])
    await served.put("pump1.mode", [2.0])
    await served.put("pump1.pressure", [3.0], quality=0x4090)
    async with served.client() as client:
        told = await node(client, "point/pump1.flow").read_data_value()
        assert told.Value.Value == 7.5
        assert told.SourceTimestamp == datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at)
        assert await node(client, "point/pump1.state").read_value() is True
        assert await node(client, "point/pump1.mode").read_value() == 2
        assert (await node(client, "point/pump1.mode/ValueAsText").read_value()).Text == "auto"
        uncertain = await node(client, "point/pump1.pressure").read_data_value(raise_on_bad_status=False)
        assert uncertain.StatusCode.value == 0x40900000
        none = await node(client, "point/oven.temp").read_data_value(raise_on_bad_status=False)
        assert none.StatusCode.value == ua.StatusCodes.BadWaitingForInitialData


async def test_changes_are_told_once_in_their_order(served: Served) -> None:
    await served.put("pump1.flow", [1.0])
    heard = Heard()
    async with served.client() as client:
        subscription = await client.create_subscription(50, heard)
        await subscription.subscribe_data_change(
            [node(client, "point/pump1.flow"), node(client, "point/pump1.batch")], queuesize=10, sampling_interval=0.0
        )
        assert sorted(await heard.next(2), key=str) == [("point/pump1.batch", None), ("point/pump1.flow", 1.0)]
        await served.put("pump1.flow", [2.0, 2.0, 3.0, 4.0])
        await served.put("pump1.flow", [9.0], [now_us() - 60_000_000])  # news of the past
        await served.put("pump1.flow", [5.0])
        assert await heard.next(4) == [("point/pump1.flow", value) for value in (2.0, 3.0, 4.0, 5.0)]
        assert served.server.state().subscriptions == 1
        assert served.server.state().items == 2


async def test_a_deadband_and_a_short_queue_hold_back(served: Served) -> None:
    await served.put("pump1.flow", [10.0])
    heard = Heard()
    async with served.client() as client:
        subscription = await client.create_subscription(50, heard)
        banded = ua.DataChangeFilter(ua.DataChangeTrigger.StatusValue, int(ua.DeadbandType.Absolute), 1.0)
        created = await subscription.create_monitored_items([
            ua.MonitoredItemCreateRequest(
                ua.ReadValueId(ua.NodeId(f"point/{name}", NAMESPACE), ua.AttributeIds.Value),
                ua.MonitoringMode.Reporting,
                ua.MonitoringParameters(ClientHandle=handle, QueueSize=1, SamplingInterval=0, Filter=filter),
            )
            for handle, name, filter in ((1, "pump1.flow", banded), (2, "pump1.pressure", None))
        ])  # fmt: skip
        assert all(isinstance(id, int) for id in created), created
        assert sorted(value for _, value in await heard.next(2) if value is not None)[-1] == 10.0
        await served.put("pump1.flow", [10.5, 11.6, 12.0])
        assert await heard.next(1) == [("point/pump1.flow", 11.6)]


async def test_history_comes_in_pages_with_bounds(served: Served) -> None:
    start = now_us() - 3_600_000_000
    times = [start + i * 1_000_000 for i in range(25)]
    await served.put("oven.power", [float(i) for i in range(25)], times)
    began = datetime.fromtimestamp(start / 1e6, UTC)
    async with served.client() as client:
        flow = node(client, "point/oven.power")
        found = await flow.read_raw_history(began - timedelta(hours=1), datetime.now(UTC), return_bounds=False)
        assert [one.Value.Value for one in found] == [float(i) for i in range(25)]
        newest = await flow.read_raw_history(None, datetime.now(UTC), numvalues=3, return_bounds=False)
        assert [one.Value.Value for one in newest] == [24.0, 23.0, 22.0]
        details = ua.ReadRawModifiedDetails(
            False, began + timedelta(seconds=2.5), began + timedelta(seconds=9.5), 4, True
        )
        one = ua.HistoryReadValueId(NodeId=flow.nodeid)
        asked = ua.HistoryReadParameters(details, ua.TimestampsToReturn.Source, False, [one])
        seen = []
        while True:
            (result,) = await client.uaclient.history_read(asked)
            result.StatusCode.check()
            seen += [value.Value.Value for value in result.HistoryData.DataValues]
            if not result.ContinuationPoint:
                break
            one.ContinuationPoint = result.ContinuationPoint
        assert seen == [float(i) for i in range(2, 11)]
        details.IsReadModified = True
        with pytest.raises(UaError, match="BadHistoryOperationUnsupported"):
            await client.uaclient.history_read(asked)


async def test_nobody_writes(served: Served) -> None:
    async with served.client() as client:
        for id in ("point/pump1.flow", "point/pump1.speed"):
            with pytest.raises(UaError, match="BadUserAccessDenied"):
                await node(client, id).write_value(1.0)


async def test_strangers_are_refused_and_counted(served: Served, pairs: Any) -> None:
    with pytest.raises((UaError, ConnectionError, TimeoutError)):
        async with served.client(pair=pairs[2]):
            pass
    assert served.server.state().waiting == 1
    with pytest.raises(UaError, match="BadUserAccessDenied"):
        async with served.client("admin", "wrong"):
            pass
    plain = Client(served.server.url, timeout=5)
    with pytest.raises(UaError, match="BadSecurityPolicyRejected"):
        await plain.connect()
    state = served.server.state()
    assert (state.refused_people, state.refused_applications) == (1, 1)
    waiting = served.server.clients.waiting()
    served.server.clients.trust(waiting[0].sha256[:16])
    async with served.client(pair=pairs[2], policy=sp.SecurityPolicyBasic256Sha256) as client:
        assert await client.nodes.server_state.read_value() == 0


async def test_a_wrong_password_counts_by_whichever_door(served: Served) -> None:
    with pytest.raises(UaError, match="BadUserAccessDenied"):
        async with served.client("guessed", "wrong"):
            pass
    async with served.world.client(token="") as browser:
        guesses = [await browser.post("/session", json={"user": "guessed", "password": f"{i}"}) for i in range(5)]
    assert [guess.status_code for guess in guesses] == [401, 401, 401, 401, 429]


async def test_what_is_hidden_is_not_there(served: Served) -> None:
    registry = served.world.registry
    await served.put("pump1.flow", [4.5])
    guest = await registry.people.add_token("bank", "theirs", role="viewer")
    who = registry.people.recognise(guest)
    assert who is not None
    with pytest.raises(UaError, match="BadUserAccessDenied"):
        async with served.client("bank?tenant=main", guest):
            pass
    text = policy_text(Ref("Token", who.token), ["see", "read"], asset_ref("main", "pump1"))
    grant = await registry.rights.grant("main", text, "loan", "me")
    heard = Heard()
    async with served.client("bank?tenant=main", guest) as client:
        assert await names_below(node(client, "assets")) == ["hall"]
        assert await node(client, "point/pump1.flow").read_value() == 4.5
        for hidden in ("asset/oven", "point/oven.power"):
            with pytest.raises(UaError, match="BadNodeIdUnknown"):
                await node(client, hidden).read_display_name()
        (result,) = await client.uaclient.history_read(
            ua.HistoryReadParameters(
                ua.ReadRawModifiedDetails(False, datetime.now(UTC) - timedelta(1), datetime.now(UTC), 10, False),
                NodesToRead=[ua.HistoryReadValueId(NodeId=ua.NodeId("point/oven.power", NAMESPACE))],
            )
        )
        assert result.StatusCode.value == ua.StatusCodes.BadNodeIdUnknown
        subscription = await client.create_subscription(50, heard)
        await subscription.subscribe_data_change(node(client, "point/pump1.flow"))
        assert await heard.next(1) == [("point/pump1.flow", 4.5)]
        await registry.rights.revoke("main", grant.grant, "me")
        await served.put("pump1.flow", [6.0])
        with pytest.raises(UaError):
            await node(client, "point/pump1.flow").read_value()
    assert heard.values.empty()


async def test_a_moved_asset_keeps_its_node(served: Served) -> None:
    async with served.client() as client:
        flow = node(client, "point/pump1.flow")
        assert (await flow.read_browse_name()).Name == "flow"
        await served.world.registry.assets.put(
            "main", [msgspec.structs.replace(ASSETS[1], parent="oven", level="part")], "test"
        )
        assert (await flow.read_browse_name()).Name == "flow"
        assert (await (await flow.get_parent()).get_parent()).nodeid.Identifier == "asset/oven"


@pytest.mark.parametrize(
    "sent",
    [
        b"HELF" + (0x7FFFFFFF).to_bytes(4, "little") + bytes(400_000),
        b"OPNF" + (40).to_bytes(4, "little") + bytes(32),
        b"MSGF" + (40).to_bytes(4, "little") + b"\xff" * 32,
        b"GET / HTTP/1.1\r\n\r\n" * 8,
    ],
)
async def test_bytes_that_are_no_message_end_the_connection(served: Served, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.server.port)
    try:
        writer.write(sent)
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                assert (await reader.read())[-100:].find(b"ERRF") >= 0  # it says why
    finally:
        writer.close()
    async with served.client() as client:
        assert await client.nodes.server_state.read_value() == 0


async def test_aggregates_and_values_at_times_come_from_history(served: Served) -> None:
    start = (now_us() - 7_200_000_000) // 60_000_000 * 60_000_000
    await served.put("pump1.speed", [float(i) for i in range(120)], [start + i * 1_000_000 for i in range(120)])
    began = datetime.fromtimestamp(start / 1e6, UTC)
    one = ua.HistoryReadValueId(NodeId=ua.NodeId("point/pump1.speed", NAMESPACE))

    async def asked(details: Any) -> Any:
        params = ua.HistoryReadParameters(details, ua.TimestampsToReturn.Source, False, [one])
        (result,) = await client.uaclient.history_read(params)
        return result

    def processed(which: int, every_ms: float, seconds: int) -> Any:
        end = began + timedelta(seconds=seconds)
        return ua.ReadProcessedDetails(began, end, every_ms, [ua.NodeId(which)])

    async with served.client() as client:
        averages = await asked(processed(ua.ObjectIds.AggregateFunction_Average, 30_000, 120))
        assert [v.Value.Value for v in averages.HistoryData.DataValues] == [14.5, 44.5, 74.5, 104.5]
        assert averages.HistoryData.DataValues[1].SourceTimestamp == began + timedelta(seconds=30)
        counts = await asked(processed(ua.ObjectIds.AggregateFunction_Count, 0, 60))
        assert [(v.Value.Value, v.Value.VariantType.name) for v in counts.HistoryData.DataValues] == [(60, "Int32")]
        seen: list[float] = []
        details = processed(ua.ObjectIds.AggregateFunction_Start, 10, 119)  # 11,900 spans: more than one answer
        while True:
            page = await asked(details)
            seen += [v.Value.Value for v in page.HistoryData.DataValues if v.Value and v.Value.Value is not None]
            one.ContinuationPoint = page.ContinuationPoint
            if not page.ContinuationPoint:
                break
        assert seen == [float(i) for i in range(119)]
        times = [began + timedelta(seconds=second) for second in (10.5, 3, -5)]
        at = await asked(ua.ReadAtTimeDetails(times, False))
        assert [v.Value.Value for v in at.HistoryData.DataValues] == [10.0, 3.0, None]  # a setpoint holds
        none = await asked(processed(ua.ObjectIds.AggregateFunction_AnnotationCount, 0, 60))
        assert none.StatusCode.value == ua.StatusCodes.BadAggregateNotSupported
        none = await asked(processed(ua.ObjectIds.AggregateFunction_Average, 0, 0))
        assert none.StatusCode.value == ua.StatusCodes.BadInvalidArgument
        paged = ua.ReadRawModifiedDetails(False, began, began + timedelta(seconds=10), 4, False)
        pages = []
        while True:
            page = await asked(paged)
            pages.append([v.Value.Value for v in page.HistoryData.DataValues])
            one.ContinuationPoint = page.ContinuationPoint
            if not page.ContinuationPoint:
                break
        assert pages == [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0], [8.0, 9.0]]


async def test_a_subscription_is_handed_over_to_another_session(served: Served) -> None:
    """To one of the same person, also when the first has gone; nobody else gets it."""
    await served.put("oven.temp", [20.0])
    parameters = ua.CreateSubscriptionParameters(100, 1000, 10, 0, True, 0)
    wish = ua.MonitoredItemCreateRequest(
        ua.ReadValueId(ua.NodeId("point/oven.temp", NAMESPACE), ua.AttributeIds.Value),
        ua.MonitoringMode.Reporting,
        ua.MonitoringParameters(ClientHandle=77, QueueSize=10, SamplingInterval=0),
    )

    async def asked(client: Client, request: Any, parameters: Any) -> Any:
        request.Parameters = parameters
        raw = await client.uaclient.protocol.send_request(request)
        return ua.ua_binary.struct_from_binary(_ANSWERS[type(request)], raw)

    async def heard(client: Client) -> list[float]:
        told: list[Any] = []
        while not told:  # an empty one says that it lives
            answer = await asked(client, ua.PublishRequest(), ua.PublishParameters())
            told = answer.Parameters.NotificationMessage.NotificationData
        return [item.Value.Value.Value for item in told[0].MonitoredItems]

    over = ua.TransferSubscriptionsParameters([], True)
    async with served.client() as second:
        async with served.client() as first:
            made = await asked(first, ua.CreateSubscriptionRequest(), parameters)
            over.SubscriptionIds = [made.Parameters.SubscriptionId]
            items = ua.CreateMonitoredItemsParameters(over.SubscriptionIds[0], ua.TimestampsToReturn.Both, [wish])
            await asked(first, ua.CreateMonitoredItemsRequest(), items)
            assert await heard(first) == [20.0]
            answer = await asked(second, ua.TransferSubscriptionsRequest(), over)
            assert [one.StatusCode.value for one in answer.Parameters.Results] == [0]
            assert await heard(second) == [20.0]  # told again, as it asked
            # a closed session leaves them, when it says so
            answer = await asked(first, ua.TransferSubscriptionsRequest(), over)
            assert answer.Parameters.Results[0].StatusCode.value == 0
            await first.uaclient.close_session(False)
        await served.put("oven.temp", [21.0])
        stranger = await served.world.registry.people.add_token("main", "other", role="viewer")
        async with served.client("x", stranger) as other:
            answer = await asked(other, ua.TransferSubscriptionsRequest(), over)
            assert answer.Parameters.Results[0].StatusCode.value == ua.StatusCodes.BadUserAccessDenied
        over.SendInitialValues = False
        answer = await asked(second, ua.TransferSubscriptionsRequest(), over)
        assert answer.Parameters.Results[0].StatusCode.value == 0
        assert (await heard(second))[-1] == 21.0
        call = ua.CallMethodRequest(
            ua.NodeId(ua.ObjectIds.Server), ua.NodeId(ua.ObjectIds.Server_GetMonitoredItems),
            [ua.Variant(over.SubscriptionIds[0], ua.VariantType.UInt32)],
        )  # fmt: skip
        (listed,) = await second.uaclient.call([call])
        assert [out.Value[0] for out in listed.OutputArguments][1] == 77
