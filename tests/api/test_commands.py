"""Writes from the API to a real Modbus server through a real gateway: every guard, and what is told of each."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest

from baigong.drivers.modbus.sim import Simulator
from baigong.gateway import run_gateway
from baigong.registry.repeats import Repeats
from baigong.stores.records.access import PersonRow, put_person
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.writing import WriteRule, revision
from tests.api.world import World, now_us, world

POINTS = [
    PointSpec(name="pump1.speed", address="holding:1", kind="setpoint", write=WriteRule(min=0, max=50, settle_s=0.3)),
    PointSpec(name="pump1.pressure", address="holding:2"),
    PointSpec(
        name="furnace.target",
        address="holding:3",
        kind="setpoint",
        write=WriteRule(
            min=0, max=900, max_step=50, interlock="pump1.pressure > 2", approval=True, expires_s=20, settle_s=0.3
        ),
    ),
    PointSpec(name="furnace.quick", address="holding:4", kind="setpoint",
              write=WriteRule(min=0, max=9, approval=True, expires_s=0.3)),
    PointSpec(name="furnace.often", address="holding:5", kind="setpoint",
              write=WriteRule(min=0, max=9, interval_s=60, settle_s=0.3)),
]  # fmt: skip
VALUES = {"holding:1": 10, "holding:2": 3, "holding:3": 800, "holding:4": 0, "holding:5": 0}


@dataclass
class Plant:
    world: World
    device: Simulator
    tokens: dict[str, str]
    stop: asyncio.Event
    running: asyncio.Task[None]

    def start_gateway(self) -> None:
        """Start another one on the same folder."""
        self.stop = asyncio.Event()
        self.running = _gateway(self.world, self.stop)

    @asynccontextmanager
    async def as_(self, who: str) -> AsyncIterator[httpx.AsyncClient]:
        async with self.world.client(token=self.tokens[who]) as client:
            yield client

    async def ask(self, who: str, point: str, value: Any, **more: Any) -> httpx.Response:
        async with self.as_(who) as client:
            return await client.post("/commands", json={"point": point, "value": value, "reason": "test", **more})

    async def decide(self, who: str, id: str, what: str, **body: Any) -> httpx.Response:
        async with self.as_(who) as client:
            return await client.post(f"/commands/{id}/{what}", json=body or {})

    async def state(self, id: str) -> dict[str, Any]:
        async with self.as_("wang") as client:
            return next(c for c in (await client.get("/commands")).json() if c["id"] == id)


def _gateway(made: World, stop: asyncio.Event) -> asyncio.Task[None]:
    return asyncio.create_task(run_gateway(made.bus, made.data, "local", mqtt=None, stop=stop, rng=random.Random(1)))


@pytest.fixture
async def mill(tmp_path: Path) -> AsyncIterator[Plant]:
    async with world(tmp_path) as made, Simulator(values=VALUES) as device:
        people, tokens = made.registry.people, {}
        roles = {"wang": "operator", "li": "process_engineer", "zhao": "viewer"}
        for name, role in roles.items():
            row = PersonRow(name, "main", "", False, role, "", now_us())
            await made.registry.records.write(lambda c, row=row: put_person(c, row))
            tokens[name] = await people.add_token("main", name, person=name, role=role)
        tokens["program"] = await people.add_token("main", "a program", role="process_engineer")
        stop = asyncio.Event()
        plant = Plant(made, device, tokens, stop, _gateway(made, stop))
        await made.registry.devices.put(
            "main",
            DeviceSpec(device="plc", driver="modbus", options=device.options, points=POINTS, scan={"default": "50ms"}),
            "test",
        )
        async with asyncio.timeout(20):
            while made.lake.seq == 0 or len(made.lake.latest("main")) < len(POINTS):
                await asyncio.sleep(0.02)
        try:
            yield plant
        finally:
            plant.stop.set()
            await plant.running


async def test_which_points_may_be_written_and_by_whom(mill: Plant) -> None:
    async with mill.as_("wang") as wang, mill.as_("zhao") as zhao:
        told = (await wang.get("/writable")).json()
        assert [one["name"] for one in told["points"]] == [
            "furnace.often", "furnace.quick", "furnace.target", "pump1.speed",
        ]  # fmt: skip
        assert told["total"] == 4 and told["assets"] == ["furnace", "pump1"]
        assert all(one["may_write"] for one in told["points"])
        (speed,) = (await zhao.get("/writable", params={"asset": "pump1"})).json()["points"]
        assert speed["rule"]["max"] == 50 and not speed["may_write"] and not speed["stopped"]
        may = (await wang.get("/writable/furnace.target/who")).json()
        assert {"wang", "li"} <= set(may["command"]) and "zhao" not in may["command"] and "li" in may["approve"]
        assert (await wang.get("/writable/pump1.speed/who")).json()["approve"] == []
        closed = await wang.get("/writable/pump1.pressure/who")
        assert closed.json()["code"] == "http.not_found"


async def test_a_write_reaches_the_machine_and_all_is_told(mill: Plant) -> None:
    answer = await mill.ask("wang", "pump1.speed", 42)
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert (done["state"], done["previous"], done["read_back"], done["asked_by"]) == ("done", 10, 42, "wang"), done
    assert mill.device.writes == [("holding", 1, [42])]
    registry = mill.world.registry
    kinds = [e.kind for e in await registry.events.recent("main", subjects=[f"point:{done['number']}"])]
    assert {"command.asked", "command.sent", "command.done"} <= set(kinds)
    entries = await registry.audit.entries(tenant="main", action="command")
    assert [e.allowed for e in entries] == [True, True] and "pump1.speed" in entries[-1].object
    back = await mill.decide("wang", done["id"], "rollback")
    assert back.json()["state"] == "done" and back.json()["value"] == 10
    assert mill.device.writes[-1] == ("holding", 1, [10])


@pytest.mark.parametrize(
    ("who", "point", "value", "status", "code"),
    [
        ("zhao", "pump1.speed", 42, 403, "auth.denied"),
        ("wang", "pump1.pressure", 1, 403, "command.off"),
        ("wang", "pump1.speed", 50.5, 422, "command.range"),
        ("wang", "pump1.speed", "NaN", 422, "command.range"),
        ("wang", "furnace.target", 851, 422, "command.range"),
    ],
)
async def test_a_guard_refuses_with_a_reason_and_keeps_it(
    mill: Plant, who: str, point: str, value: Any, status: int, code: str
) -> None:
    answer = await mill.ask(who, point, value)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    kept = await mill.state(answer.json()["fields"]["command"])
    assert (kept["state"], kept["code"], kept["value"]) == ("refused", code, value)
    (entry,) = [e for e in await mill.world.registry.audit.entries(tenant="main", action="command") if not e.allowed]
    assert code in entry.entry
    assert mill.device.writes == []


async def test_too_often_and_unknown_points_are_refused(mill: Plant) -> None:
    assert (await mill.ask("wang", "furnace.often", 1)).json()["state"] == "done"
    again = await mill.ask("wang", "furnace.often", 2)
    assert again.json()["code"] == "command.rate" and 50 < int(again.headers["Retry-After"]) <= 60
    assert (await mill.ask("wang", "no.such", 2)).json()["code"] == "point.unknown"
    assert len(mill.device.writes) == 1


async def test_the_interlock_looks_at_the_plant_now(mill: Plant) -> None:
    await mill.device.set("holding:2", 1)
    async with asyncio.timeout(10):
        while (await mill.ask("wang", "furnace.target", 820)).json().get("code") != "command.interlock":
            await asyncio.sleep(0.05)
    await mill.device.stop()  # nothing is known of the pressure now, so nobody writes
    async with asyncio.timeout(15):
        while "no good value" not in (await mill.ask("wang", "furnace.target", 820)).json().get("title", ""):
            await asyncio.sleep(0.1)
    assert mill.device.writes == []


async def test_two_persons(mill: Plant) -> None:
    asked = (await mill.ask("li", "furnace.target", 820)).json()
    assert asked["state"] == "pending" and asked["may_approve"] is False and asked["may_refuse"] is True
    own = await mill.world.registry.people.add_token("main", "li again", person="li", role="process_engineer")
    mill.tokens["li2"] = own
    mill.tokens["titled wang"] = await mill.world.registry.people.add_token("main", "wang", role="process_engineer")
    refusals = {"li": "command.second_person", "li2": "command.second_person", "program": "command.second_person",
                "titled wang": "command.second_person",
                "wang": "auth.denied", "zhao": "auth.denied"}  # fmt: skip
    for who, code in refusals.items():
        answer = await mill.decide(who, asked["id"], "approve")
        assert (answer.status_code, answer.json()["code"]) == (403, code), (who, answer.text)
    assert mill.device.writes == []
    other = (await mill.ask("wang", "furnace.target", 820)).json()
    approved = (await mill.decide("li", other["id"], "approve")).json()
    assert (approved["state"], approved["asked_by"], approved["decided_by"]) == ("done", "wang", "li"), approved
    assert mill.device.writes == [("holding", 3, [820])]
    twice = await mill.decide("li", other["id"], "approve")
    assert twice.json()["code"] == "command.closed" and len(mill.device.writes) == 1
    turned = await mill.decide("li", asked["id"], "refuse", reason="not now")
    assert (turned.json()["state"], turned.json()["detail"]) == ("refused", "not now")
    assert (await mill.decide("wang", asked["id"], "approve")).status_code == 403


async def test_who_asked_may_still_when_the_second_agrees(mill: Plant) -> None:
    """Roles taken, shut out, gone, a token revoked, a grant's end: what they asked for before is not written."""
    people, records = mill.world.registry.people, mill.world.registry.records
    asked = (await mill.ask("wang", "furnace.target", 820)).json()
    robot = (await mill.ask("program", "furnace.target", 821)).json()
    assert robot["asked_by"].startswith("a program (t"), "nobody takes a person's name by a token's title"
    row = PersonRow("wang", "main", "", False, "viewer", "", now_us())
    await records.write(lambda c: put_person(c, row))
    people.changed(row)
    (token,) = [t.token for t in await people.tokens("main") if t.title == "a program"]
    await people.drop_token("main", token)
    for one in (asked, robot):
        answer = await mill.decide("li", one["id"], "approve")
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.denied"), answer.text
        assert (await mill.state(one["id"]))["state"] == "refused"
    assert (await mill.ask("wang", "furnace.target", 820)).status_code == 403, "nor may a token more than its person"
    back = PersonRow("wang", "main", "", False, "operator", "", now_us())
    people.changed(back)
    assert (await mill.ask("wang", "furnace.target", 820)).json()["state"] == "pending"
    assert mill.device.writes == []


async def test_two_approvals_at_once_send_one(mill: Plant) -> None:
    asked = (await mill.ask("wang", "furnace.target", 820)).json()
    answers = await asyncio.gather(*(mill.decide("li", asked["id"], "approve") for _ in range(5)))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409, 409]
    assert len(mill.device.writes) == 1


async def test_what_expired_is_never_sent(mill: Plant) -> None:
    asked = (await mill.ask("wang", "furnace.quick", 5)).json()
    async with asyncio.timeout(10):
        while (await mill.state(asked["id"]))["state"] != "expired":
            await asyncio.sleep(0.05)
    late = await mill.decide("li", asked["id"], "approve")
    assert late.json()["code"] == "command.closed"
    assert mill.device.writes == []


async def test_a_point_changed_after_the_question_is_not_written(mill: Plant) -> None:
    asked = (await mill.ask("wang", "furnace.target", 820)).json()
    await mill.world.registry.devices.edit_point("main", "furnace.target", {"scale": 0.1}, "test")
    answer = await mill.decide("li", asked["id"], "approve")
    assert answer.json()["code"] == "command.changed"
    assert (await mill.state(asked["id"]))["state"] == "refused" and mill.device.writes == []


async def test_the_emergency_switch(mill: Plant) -> None:
    asked = (await mill.ask("wang", "furnace.target", 820)).json()
    async with mill.as_("zhao") as client:
        assert (await client.put("/stops", json={"on": True})).json()["code"] == "auth.denied"
    async with mill.as_("wang") as client:
        on = (await client.put("/stops", json={"on": True, "reason": "smoke"})).json()
        assert on["may_stop"] and [(s["asset"], s["stopped_by"], s["reason"]) for s in on["stops"]] == [
            ("", "wang", "smoke")
        ]
    assert (await mill.ask("wang", "pump1.speed", 42)).json()["code"] == "command.stopped"
    assert (await mill.decide("li", asked["id"], "approve")).json()["code"] == "command.stopped"
    order = b'{"id":"x","tenant":"main","point":%d,"value":42,"asked_by":"x","expires_us":1,"revision":"%s",%s}'
    speed = mill.world.registry.book.find("main", "pump1.speed")
    moment = msgspec.json.decode(await mill.world.bus.request("gateway.local.moment", b"{}"))
    until = msgspec.json.encode({"run": moment["run"], "until_us": moment["now_us"] + 10_000_000})[1:-1]
    raw = order % (speed.number, revision(speed.spec).encode(), until)
    assert b"command.stopped" in await mill.world.bus.request("gateway.local.write", raw)  # the gateway holds it too
    assert mill.device.writes == []
    async with mill.as_("wang") as client:
        assert (await client.put("/stops", json={"on": False})).json()["stops"] == []
    assert (await mill.ask("wang", "pump1.speed", 42)).json()["state"] == "done"


async def test_a_gateway_gone_between_write_and_read_back_ends_in_the_truth(mill: Plant) -> None:
    """The machine has the value, the gateway ends before it can look: unknown, and told as done by the next one."""

    def vanish(area: str, start: int, values: list[int]) -> None:
        mill.stop.set()
        mill.device.refuse["holding", 1] = 4  # nobody can look, for now

    mill.device.written = vanish
    asked = (await mill.ask("wang", "pump1.speed", 42)).json()
    assert asked["state"] in ("unknown", "sent"), asked
    await mill.running
    assert (await mill.state(asked["id"]))["state"] in ("unknown", "sent")
    mill.device.refuse.clear()
    mill.world.bus._servers.clear()  # the old gateway's answers went with its process
    await mill.world.registry.stops.load()
    mill.start_gateway()
    async with asyncio.timeout(40):
        while (state := await mill.state(asked["id"]))["state"] in ("unknown", "sent"):
            await asyncio.sleep(0.1)
    assert (state["state"], state["previous"], state["read_back"]) == ("done", 10, 42), state
    assert mill.device.writes == [("holding", 1, [42])]


async def test_one_sent_twice_under_a_key_is_written_once(mill: Plant) -> None:
    async def ask(who: str, value: Any, key: str) -> httpx.Response:
        async with mill.as_(who) as client:
            body = {"point": "pump1.speed", "value": value}
            return await client.post("/commands", json=body, headers={"Idempotency-Key": key})

    both = await asyncio.gather(ask("wang", 20, '"k"'), ask("wang", 20, '"k"'))
    assert {a.json()["id"] for a in both} == {both[0].json()["id"]} and both[1].json()["state"] == "done"
    mill.world.registry.commands._repeats = Repeats(mill.world.registry.records, now_us)  # as after a restart
    assert (await ask("wang", 20, "k")).json()["id"] == both[0].json()["id"]
    assert mill.device.writes == [("holding", 1, [20])]
    other = await ask("wang", 21, "k")
    assert (other.status_code, other.json()["code"]) == (422, "command.key")
    assert other.json()["fields"]["command"] == both[0].json()["id"]
    assert (await ask("li", 20, "k")).json()["state"] == "done"  # a key is its person's
    refused = [(await ask("wang", 99, "r")).json() for _ in range(2)]
    assert refused[0]["code"] == "command.range" and refused[0]["fields"] == refused[1]["fields"]
    for bad in ("", '"', "x" * 256, "a b"):
        assert (await ask("wang", 20, bad)).json()["code"] == "config.invalid"
    assert len(mill.device.writes) == 2
