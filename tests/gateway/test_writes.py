"""The gateway's side of a write, in front of real Modbus and OPC UA servers that count what reaches them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from asyncua.common.callback import CallbackType

from baigong.drivers.modbus.sim import Simulator
from baigong.drivers.mqtt.sim import Simulator as Broker
from baigong.drivers.opcua.machine import SimNode
from baigong.drivers.opcua.sim import OpcUaSim
from baigong.gateway.journal import Order
from baigong.gateway.switches import Stop, Switches
from baigong.gateway.writes import Writes
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.errors import RetryLater
from baigong.vocab.writing import Outcome, WriteRule, revision
from tests.gateway.rig import Rig, rig, until

RULE = WriteRule(min=0, max=50, max_step=20, settle_s=0.3)


@dataclass
class Board:
    """The registry's list of switches, while it answers."""

    on: list[Stop] = field(default_factory=list)
    is_away: bool = False

    async def __call__(self) -> list[Stop]:
        if self.is_away:
            raise RetryLater("gateway.down", "nobody answered")
        return list(self.on)


def writes_of(made: Rig, folder: Path, board: Board | None = None) -> Writes:
    return Writes(made.fleet, folder, made.clock, board or Board())


def in_time(writes: Writes, left_s: float = 60.0) -> dict[str, Any]:
    moment = writes.moment()
    return {"run": moment.run, "until_us": moment.now_us + int(left_s * 1e6)}


@dataclass
class Bench:
    made: Rig
    device: Simulator
    folder: Path
    spec: DeviceSpec
    writes: Writes
    board: Board
    count: int = field(default=0)

    @property
    def point(self) -> PointSpec:
        return self.spec.points[0]

    def order(self, value: Any, **more: Any) -> Order:
        self.count += 1
        asked = {
            "id": f"c{self.count}",
            "tenant": "demo",
            "point": 1,
            "value": value,
            "asked_by": "wang",
            "expires_us": 1,  # for people: this machine's wall clock decides nothing
            "revision": revision(self.point),
        }
        return Order(**(asked | in_time(self.writes) | more))

    async def write(self, value: Any, **more: Any) -> Outcome:
        return await self.writes.write(self.order(value, **more))

    async def connected(self) -> None:
        await until(lambda: self.made.device("plc").state == "connected")


@asynccontextmanager
async def bench(folder: Path, rule: WriteRule | None = RULE, **options: Any) -> AsyncIterator[Bench]:
    async with Simulator(values={"holding:1:int16": 100}) as device, rig(folder) as made:
        point = PointSpec(name="pump1.speed", address="holding:1", number=1, scale=0.1, kind="setpoint", write=rule)
        spec = DeviceSpec(
            device="plc", driver="modbus", options=device.options | options, points=[point], scan={"default": "50ms"}
        )
        await made.run(spec)
        board = Board()
        done = Bench(made, device, folder, spec, writes_of(made, folder, board), board)
        await done.connected()
        yield done


async def test_a_write_is_scaled_read_back_and_done_once(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        order = b.order(12.3)
        outcome = await b.writes.write(order)
        assert (outcome.state, outcome.previous, outcome.read_back) == ("done", 10.0, pytest.approx(12.3))
        assert b.device.writes == [("holding", 1, [123])]
        assert await b.writes.write(order) == outcome  # asked again: the answer of the first time
        assert await writes_of(b.made, tmp_path, b.board).write(order) == outcome  # also after a restart
        assert len(b.device.writes) == 1


@pytest.mark.parametrize(
    ("value", "more", "code"),
    [
        (50.1, {}, "command.range"),
        (-1, {}, "command.range"),
        (40, {}, "command.range"),  # a step of 30
        ("fast", {}, "command.range"),
        (12, {"until_us": 1}, "command.expired"),
        (12, {"run": "the one before a restart"}, "command.expired"),
        (12, {"revision": "another"}, "command.changed"),
        (12, {"tenant": "other"}, "point.unknown"),
        (12, {"point": 2}, "point.unknown"),
        (12.34, {}, "config.invalid"),  # the register holds tenths
    ],
)
async def test_a_guard_refuses_and_nothing_reaches_the_machine(
    tmp_path: Path, value: Any, more: dict[str, Any], code: str
) -> None:
    async with bench(tmp_path) as b:
        outcome = await b.write(value, **more)
        assert outcome.state in ("refused", "expired") and outcome.code == code, outcome
        assert b.device.writes == []


async def test_without_a_rule_nothing_is_written(tmp_path: Path) -> None:
    async with bench(tmp_path, None) as b:
        assert (await b.write(12)).code == "command.changed"
        assert b.device.writes == []


async def test_too_often_is_refused(tmp_path: Path) -> None:
    async with bench(tmp_path, WriteRule(min=0, max=50, interval_s=60, settle_s=0.1)) as b:
        assert (await b.write(12)).state == "done"
        outcome = await b.write(13)
        assert (outcome.state, outcome.code) == ("refused", "command.rate")
        again = writes_of(b.made, tmp_path, b.board)  # a restart does not forget it
        assert (await again.write(b.order(13, **in_time(again)))).code == "command.rate"
        assert len(b.device.writes) == 1


async def test_the_switch_stops_all_and_survives_a_restart(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.writes.switches.add([Stop(tenant="demo", asset="pump1")])
        again = writes_of(b.made, tmp_path, b.board)
        for writes in (b.writes, again):
            assert (await writes.write(b.order(12, **in_time(writes)))).code == "command.stopped"
        assert b.device.writes == []
        b.board.on = [Stop(tenant="other"), Stop(tenant="demo", asset="pump10")]
        await again.switches.look()
        assert (await again.write(b.order(12, **in_time(again)))).state == "done"


async def test_the_switch_is_asked_for_last_of_all(tmp_path: Path) -> None:
    """Pressed while an order was under way and not told here yet; or nobody can say whether it was."""
    async with bench(tmp_path) as b:
        b.board.on = [Stop(tenant="demo")]
        assert (await b.write(12)).code == "command.stopped"
        b.board.on = []
        await b.writes.switches.look()
        b.board.is_away = True
        assert "could not be asked" in (await b.write(12)).detail
        assert b.device.writes == []


async def test_of_two_answers_the_one_asked_for_later_holds(tmp_path: Path) -> None:
    """Whatever the clocks say, and whichever of the two arrives first."""
    answers: list[asyncio.Future[list[Stop]]] = []

    def ask() -> asyncio.Future[list[Stop]]:
        answers.append(asyncio.get_running_loop().create_future())
        return answers[-1]

    switches = Switches(tmp_path / "stops.json", ask)
    looks = [asyncio.create_task(switches.look()) for _ in range(2)]
    await until(lambda: len(answers) == 2)
    answers[1].set_result([Stop(tenant="demo")])
    await looks[1]
    answers[0].set_result([])
    await looks[0]
    assert switches.covers("demo", "pump1")


async def test_a_machine_that_does_not_obey_is_told_and_rolled_back(tmp_path: Path) -> None:
    async with bench(tmp_path, WriteRule(min=0, max=50, settle_s=0.2, rollback=True)) as b:
        clipped = asyncio.get_running_loop()

        def clip(area: str, start: int, values: list[int]) -> None:
            if values == [200]:  # the machine makes 15.0 of 20.0
                clipped.call_soon(lambda: asyncio.ensure_future(b.device.set("holding:1:int16", 150)))

        b.device.written = clip
        outcome = await b.write(20)
        assert outcome.state == "rolled_back" and outcome.read_back == 15.0, outcome
        assert [values for _, _, values in b.device.writes] == [[200], [100]]


async def test_a_value_before_that_nobody_may_write_is_not_written_back(tmp_path: Path) -> None:
    async with bench(tmp_path, WriteRule(min=12, max=50, settle_s=0.2, rollback=True)) as b:
        loop = asyncio.get_running_loop()
        b.device.written = lambda *_: loop.call_soon(
            lambda: asyncio.ensure_future(b.device.set("holding:1:int16", 150))
        )
        outcome = await b.write(20)  # it stands at 10, which is below the rule
        assert outcome.state == "failed" and "10 is outside 12 to 50" in outcome.detail, outcome
        assert [values for _, _, values in b.device.writes] == [[200]]


async def test_a_machine_that_refuses_is_told(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.device.refuse["holding", 1] = 2
        await b.device.set("holding:1:int16", 100)
        outcome = await b.write(12)
        assert outcome.state == "refused", outcome
        assert b.device.writes == []


async def test_a_line_lost_before_the_answer_is_decided_by_reading_back(tmp_path: Path) -> None:
    """The machine takes the value and the plug is pulled before it can say so: never written twice, told as done."""
    async with bench(tmp_path, timeout_s=0.5, retries=3) as b:

        def pull(area: str, start: int, values: list[int]) -> None:
            b.device._server.transport.abort() if hasattr(b.device._server.transport, "abort") else None
            stopping.append(asyncio.ensure_future(b.device.stop()))

        stopping: list[asyncio.Future[None]] = []
        b.device.written = pull
        writing = asyncio.create_task(b.write(12))
        await until(lambda: stopping)
        await asyncio.gather(*stopping)
        b.device.written = None
        await b.device.start()
        outcome = await writing
        if outcome.state == "unknown":  # it took longer to come back than anybody waits
            running = asyncio.create_task(b.writes.run())
            await until(lambda: (found := b.writes.outcome("c1")) and found.state != "unknown", 40)
            outcome = b.writes.outcome("c1") or outcome
            running.cancel()
        assert (outcome.state, outcome.read_back) == ("done", 12.0), outcome
        assert len(b.device.writes) == 1


@pytest.mark.parametrize(("held", "state"), [(120, "done"), (100, "failed")])
async def test_killed_between_write_and_read_back_ends_in_the_truth(tmp_path: Path, held: int, state: str) -> None:
    """What a gateway that was killed leaves on disk: begun. The next one asks the machine, and writes nothing."""
    async with bench(tmp_path) as b:
        order = b.order(12)
        await b.writes._begin(order)  # killed here, or right after the write
        await b.device.set("holding:1:int16", held)
        again = writes_of(b.made, tmp_path, b.board)
        assert (found := again.outcome(order.id)) is not None and found.state == "unknown"
        running = asyncio.create_task(again.run())
        await until(lambda: (now := again.outcome(order.id)) and now.state != "unknown")
        running.cancel()
        outcome = again.outcome(order.id)
        assert outcome is not None and (outcome.state, outcome.previous) == (state, 10.0)
        assert b.device.writes == []


async def test_opcua_is_written_and_counted(tmp_path: Path) -> None:
    async with OpcUaSim(nodes=[SimNode("Set.Speed", 10.0, "Float", writable=True)]) as sim, rig(tmp_path) as made:
        counted: list[Any] = []
        sim.server.subscribe_server_callback(CallbackType.PostWrite, lambda event, _: counted.append(event))
        point = PointSpec(name="m.speed", address=sim.address("Set.Speed"), number=1, kind="setpoint", write=RULE)
        await made.run(DeviceSpec(device="plc", driver="opcua", options={"url": sim.url}, points=[point]))
        await until(lambda: made.device("plc").state == "connected")
        writes = writes_of(made, tmp_path)

        def order(id: str, value: float) -> Order:
            return Order(
                id=id, tenant="demo", point=1, value=value, asked_by="wang", expires_us=1,
                revision=revision(point), **in_time(writes),
            )  # fmt: skip

        for id, value in (("a", 51.0), ("b", 49.0)):
            assert (await writes.write(order(id, value))).code == "command.range"
        assert counted == []
        outcome = await writes.write(order("c", 12.3))
        assert (outcome.state, outcome.previous) == ("done", 10.0) and len(counted) == 1


async def test_mqtt_is_commanded_on_its_own_topic_and_believed_when_the_machine_says_so(tmp_path: Path) -> None:
    async with Broker({"m/state": {"speed": 10}}) as broker, rig(tmp_path) as made:
        rule = WriteRule(min=0, max=50, address="m/cmd#speed", settle_s=0.5)
        point = PointSpec(name="m.speed", address="m/state#speed", number=1, kind="setpoint", write=rule)
        await made.run(DeviceSpec(device="plc", driver="mqtt", options=broker.options, points=[point]))
        await until(lambda: made.device("plc").station.table.value[0] == 10)
        writes = writes_of(made, tmp_path)

        def order(id: str) -> Order:
            return Order(
                id=id, tenant="demo", point=1, value=12, asked_by="wang", expires_us=1,
                revision=revision(point), **in_time(writes),
            )  # fmt: skip

        silent = await writes.write(order("a"))
        assert silent.state == "unknown" and broker.received == [("m/cmd", b'{"speed":12}')]
        writing = asyncio.create_task(writes.write(order("b")))
        await until(lambda: len(broker.received) == 2)
        broker.publish("m/state", b'{"speed": 12}')
        assert (await writing).state == "done"
