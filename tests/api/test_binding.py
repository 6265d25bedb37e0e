"""Points of a type's assets bound by one template: what it would do first, then all of it or nothing."""

from __future__ import annotations

from typing import Any

from tests.api.world import World

TYPE = """\
type: fan
points:
  speed: {unit: "/min"}
  running: {kind: state, states: {"0": stopped, "1": running}}
  heat: {unit: Cel, required: false}
properties:
  base: {kind: number}
  step: {kind: number, default: 2}
"""
PLC = """\
# hall 2
device: plc1
driver: modbus
options: {host: 127.0.0.1}  # behind the firewall
points:
  - {name: other.level, address: "holding:400"}
"""


async def _fans(client: Any, *bases: int | None) -> None:
    assert (await client.put("/types/fan", json={"text": TYPE})).status_code == 200
    fans = [
        {"asset": f"fan{at}", "type": "fan", "code": f"F{at}", "properties": {} if base is None else {"base": base}}
        for at, base in enumerate(bases, 1)
    ]
    assert (await client.post("/assets", json={"assets": fans})).status_code == 200
    assert (
        await client.put("/devices/plc1", content=PLC, headers={"content-type": "application/yaml"})
    ).status_code == 200


def _modbus(**more: Any) -> dict[str, Any]:
    points = {"speed": {"address": "holding:{base+step*2}:uint16", "scale": 0.1}, "running": {"address": "coil:{base}"}}
    return {"device": "plc1", "points": points, **more}


async def _bind(client: Any, bind: dict[str, Any], check: bool = False) -> Any:
    return await client.post("/types/fan/bind", json={"bind": bind, "check": check})


async def test_assets_are_bound_by_their_properties_and_the_file_keeps_its_comments(plant: World) -> None:
    path = plant.data / "config" / "main" / "devices" / "plc1.yaml"
    async with plant.client() as client:
        await _fans(client, 0, 10)
        path.write_text(PLC, "utf-8")  # as somebody writes it there
        await plant.registry.devices.take_file("main", "plc1")
        told = (await _bind(client, _modbus(), check=True)).json()
        assert [told[what] for what in ("assets", "new", "changed", "same", "wrong")] == [2, 4, 0, 0, 0]
        assert path.read_text("utf-8") == PLC
        made = (await _bind(client, _modbus())).json()
        assert made["devices"] == ["plc1"]
        text = path.read_text("utf-8")
        assert text.startswith(PLC) and "# behind the firewall" in text
        point = (await client.get("/points/fan2.speed")).json()
        assert (point["address"], point["unit"], point["device"]) == ("holding:14:uint16", "/min", "plc1")
        assert (await client.get("/points/fan1.running")).json()["states"] == {"0": "stopped", "1": "running"}
        assert (await client.get("/types/fan/gaps")).json()["gaps"] == []

        again = (await _bind(client, _modbus())).json()
        assert (again["same"], again["devices"]) == (4, []) and path.read_text("utf-8") == text
        moved = _modbus(points={"speed": {"address": "holding:{base+100}:uint16"}})
        lines = (await _bind(client, moved)).json()["lines"]
        assert [(one["outcome"], one["before"]) for one in lines] == [
            ("changed", "holding:4:uint16"), ("changed", "holding:14:uint16")
        ]  # fmt: skip
        assert (await client.get("/points/fan2.speed")).json()["number"] == point["number"]  # it keeps its past
        assert "# behind the firewall" in path.read_text("utf-8")


async def test_what_hinders_is_said_of_every_point_and_nothing_is_written(plant: World) -> None:
    async with plant.client() as client:
        await _fans(client, 1, 1, None, 40_000, 399)
        await client.put("/devices/old", json={
            "device": "old", "driver": "sim", "points": [{"name": "fan5.running", "address": "state"}],
        })  # fmt: skip
        bind = _modbus(points={"speed": {"address": "holding:{base+1}"}, "running": {"address": "coil:{base}"}})
        told = (await _bind(client, bind, check=True)).json()
        lines = [one for one in told["lines"] if one["message"]]
        wrong = {f"{one['asset']}.{one['point']}": (one["message"], one["message_zh"]) for one in lines}
        assert wrong["fan2.speed"][0] == "fan1.speed is read at holding:2 too"
        assert wrong["fan3.speed"] == ("it has no property base", "缺少属性 base")
        assert wrong["fan5.speed"][0] == "other.level is read at holding:400 too"
        assert wrong["fan5.running"] == ("it is read through old already", "已由采集连接 old 读取")
        assert "fan4.speed" not in wrong and told["wrong"] == 6
        refused = await _bind(client, bind)
        assert (refused.status_code, refused.json()["code"]) == (422, "config.invalid")
        assert len((await client.get("/devices/plc1")).json()["spec"]["points"]) == 1
        unread = (await _bind(client, {"device": "plc1", "address": "holding:{base}:{point}"}, check=True)).json()
        assert "fan1" in {one["asset"] for one in unread["lines"] if one["outcome"] == "wrong"}
        nowhere = (await _bind(client, {"device": "plc_{code}", "address": "x"}, check=True)).json()
        assert nowhere["lines"][0]["message"] == "there is no device 'plc_F1'"
        for bad in (
            {"device": "plc1", "address": "{__import__('os')}"},
            {"device": "plc1", "address": "{base**9}"},
            {"device": "plc1", "address": "{base"},
            {"device": "plc1", "address": "{base.x}"},
            {"device": "plc1", "points": {"sped": {"address": "x"}}},
            {"device": "plc1", "points": {"speed": {}}},
        ):
            answer = await _bind(client, bad, check=True)
            assert (answer.status_code, answer.json()["code"]) == (422, "config.invalid"), bad


async def test_one_template_for_several_devices_and_a_part_of_the_plant(plant: World) -> None:
    async with plant.client() as client:
        await _fans(client, 0, 10, 20)
        await client.post("/assets", json={"assets": [
            {"asset": "east", "level": "area"}, {"asset": "west", "level": "area"},
            {"asset": "fan1", "type": "fan", "parent": "east"}, {"asset": "fan2", "type": "fan", "parent": "west"},
        ]})  # fmt: skip
        for name in ("sim_east", "sim_west"):
            await client.put(f"/devices/{name}", json={"device": name, "driver": "sim"})
        bind = {"device": "sim_{parent}", "address": "text?words={asset}|{point}", "under": "east"}
        assert (await _bind(client, bind)).json()["devices"] == ["sim_east"]
        bind |= {"points": {"speed": None}, "under": ""}
        told = (await _bind(client, bind, check=True)).json()
        assert [(one["asset"], one["outcome"]) for one in told["lines"]] == [
            ("fan3", "wrong"), ("fan1", "same"), ("fan2", "new")
        ]  # fmt: skip
