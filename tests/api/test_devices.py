from __future__ import annotations

import asyncio

import msgspec
import pytest

from baigong.bus.contract import Message
from baigong.vocab import quality as q
from baigong.vocab.devices import device_yaml
from baigong.vocab.errors import RetryLater
from tests.api.test_series import T0
from tests.api.world import PUMP, World, now_us

SPEC = {
    "device": "press",
    "driver": "sim",
    "points": [{"name": "press.force", "address": "f:1", "unit": "kN"}, {"name": "press.count", "address": "c:1"}],
}


async def test_a_device_is_made_changed_and_removed(plant: World) -> None:
    path = plant.data / "config" / "main" / "devices" / "press.yaml"
    async with plant.client() as client:
        made = await client.put("/devices/press", json=SPEC)
        assert made.status_code == 200, made.text
        assert made.headers["etag"] == '"1"' and made.json()["yaml"] == path.read_text()
        assert made.json()["status"]["state"] == "unknown" and made.json()["status"]["points"] == 2
        yaml = path.read_text().replace("kN", "N")
        changed = await client.put("/devices/press", content=yaml, headers={"Content-Type": "application/yaml"})
        assert changed.json()["spec"]["points"][0]["unit"] == "N" and changed.json()["revision"] == 2
        stale = await client.put("/devices/press", json=SPEC, headers={"If-Match": '"1"'})
        assert stale.json()["code"] == "config.conflict"
        assert {d["device"] for d in (await client.get("/devices")).json()} == {"press", "pump"}
        kinds = [e["kind"] for e in (await client.get("/devices/press/events")).json()]
        assert kinds == ["device.changed", "device.added"]
        assert (await client.delete("/devices/press")).status_code == 204
        assert not path.exists()
        assert (await client.get("/devices/press")).json()["code"] == "device.unknown"
        assert (await client.get("/points/press.force")).json()["retired"] is True
        assert (await client.get("/points", params={"search": "press."})).json()["total"] == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({**SPEC, "device": "other"}, "config.invalid"),
        ({**SPEC, "driver": "nonsense"}, "driver.unknown"),
        ({**SPEC, "colour": "red"}, "config.invalid"),
        ({**SPEC, "timeout_s": -1}, "config.invalid"),
        ({**SPEC, "points": [{"name": "nodots", "address": "1"}]}, "config.invalid"),
        ({**SPEC, "points": [{"name": "pump1.flow", "address": "1"}]}, "point.collision"),
        ({**SPEC, "points": SPEC["points"] * 2}, "config.invalid"),
    ],
)
async def test_a_wrong_device_changes_nothing(plant: World, body: dict, code: str) -> None:
    async with plant.client() as client:
        answer = await client.put("/devices/press", json=body)
        assert answer.json()["code"] == code, answer.text
        assert (await client.get("/devices/press")).status_code == 404
    assert not (plant.data / "config" / "main" / "devices" / "press.yaml").exists()


async def test_points_are_found_and_reworded(plant: World) -> None:
    await plant.put("pump1.flow", [T0], [3.5])
    async with plant.client() as client:
        found = (await client.get("/points", params={"search": "FLOW pump"})).json()
        assert found["total"] == 1
        assert found["points"][0]["latest"] == {"value": 3.5, "time_us": T0, "quality": 0}
        assert found["points"][0]["scan_s"] == 1.0
        assert (await client.get("/points", params={"limit": 1, "offset": 2})).json()["total"] == 3
        answer = await client.patch("/points/pump1.flow", json={"title": "流量", "unit": "L/min"})
        assert answer.json()["title"] == "流量", answer.text
        assert "流量" in (plant.data / "config/main/devices/pump.yaml").read_text()
        for wrong in ({"kind": "colour"}, {"address": "x"}, {"name": "nodots"}):
            assert (await client.patch("/points/pump1.flow", json=wrong)).status_code in (400, 422)
        latest = (await client.get("/latest", params={"asset": "pump1"})).json()
        assert [(v["name"], v["value"], v["text"], v["time_us"]) for v in latest] == [("pump1.flow", 3.5, None, T0)]
        assert (await client.get("/latest", params={"points": "no.such"})).status_code == 404


async def test_both_languages_of_a_title_and_of_its_asset(plant: World) -> None:
    async with plant.client() as client:
        spec = (await client.get("/devices/pump")).json()["spec"]
        spec |= {"title": "Pumps", "title_zh": "泵", "assets": {"pump1": {"title": "Feed pump", "title_zh": "给料泵"}}}
        for point in spec["points"]:
            if point["name"] == "pump1.flow":
                point |= {"title": "Flow", "title_zh": "流量"}
        assert (await client.put("/devices/pump", json=spec)).status_code == 200
        for search in ("feed flow", "给料泵 流量"):
            (found,) = (await client.get("/points", params={"search": search})).json()["points"]
            assert (found["title"], found["title_zh"]) == ("Flow", "流量")
            assert (found["asset_title"], found["asset_title_zh"]) == ("Feed pump", "给料泵")
        (line,) = [d for d in (await client.get("/devices")).json() if d["device"] == "pump"]
        assert (line["title"], line["title_zh"]) == ("Pumps", "泵")
        (tile,) = [a for a in (await client.get("/overview")).json()["assets"] if a["asset"] == "pump1"]
        assert (tile["title"], tile["title_zh"]) == ("Feed pump", "给料泵")
        (drawn,) = (await client.get("/series", params={"points": "pump1.flow"})).json()["series"]
        assert (drawn["title_zh"], drawn["asset_title_zh"]) == ("流量", "给料泵")


async def test_trying_a_device_goes_to_the_gateway(plant: World) -> None:
    asked: list[dict] = []

    async def test(message: Message) -> bytes:
        asked.append(msgspec.json.decode(message.payload))
        return b'{"ok":true,"detail":"fine","steps":[{"name":"connect","ok":true,"detail":"","ms":1.5}],"error":null}'

    async def browse(message: Message) -> bytes:
        raise RetryLater("driver.unreachable", "connection refused", place="10.0.0.9:502")

    async with plant.client() as client:
        body = {"driver": "modbus", "options": {"host": "10.0.0.9"}}
        nobody = await client.post("/devices/test", json=body)
        assert nobody.json()["code"] == "gateway.down"
        await plant.bus.serve("gateway.local.test", test)
        await plant.bus.serve("gateway.local.browse", browse)
        assert (await client.post("/devices/test", json=body)).json()["steps"][0]["ms"] == 1.5
        assert asked[0]["options"] == {"host": "10.0.0.9"} and "gateway" not in asked[0]
        refused = await client.post("/devices/browse", json=body)
        assert (refused.status_code, refused.json()["place"]) == (502, "10.0.0.9:502")
        assert (await client.post("/devices/preview", json={"addresses": []})).json()["place"] == "driver"


async def _beat(plant: World, **device: object) -> None:
    health = {
        "time_us": now_us(),
        "values_s": 12.0,
        "backlog": {"frames": 3, "eta_s": 60.0},
        "dropped": {"mqtt.malformed": 2},
        "devices": [{"tenant": "main", "device": "pump", "good": 2, "bad": 1, **device}],
    }
    rooms = plant.app.state.rooms
    while not rooms.pulse.alive("local"):
        await plant.bus.publish("gateway.local.health", msgspec.json.encode(health))
        await asyncio.sleep(0.02)


async def test_the_heartbeat_shows_on_every_page(plant: World) -> None:
    error = RetryLater("driver.unreachable", "connection refused").problem()
    await _beat(plant, state="down", since_us=5, error=error)
    async with plant.client() as client:
        (line,) = (await client.get("/devices")).json()
        assert (line["state"], line["error"]["code"], line["bad"]) == ("down", "driver.unreachable", 1)
        overview = (await client.get("/overview")).json()
        assert [i["kind"] for i in overview["attention"]] == ["device.down", "gateway.backlog"]
        assert overview["attention"][0]["detail"] == "connection refused"
        assert overview["pulse"]["accepted_values_s"] == 12.0 and overview["pulse"]["devices_ok"] == 0
        system = (await client.get("/system")).json()
        assert {t["tile"]: t["state"] for t in system["health"]}["network"] == "bad"
        assert any(d["what"] == "mqtt.malformed" and d["count"] == 2 for d in system["dropped"])
        assert (await client.get("/health")).json()["status"] == "ok"


async def test_why_now_asks_the_gateway_and_the_lake(plant: World) -> None:
    async def why(message: Message) -> bytes:
        chain = [
            {"step": "register", "title": "sine:1", "state": "unknown"},
            {"step": "driver", "title": "sim", "state": "bad", "detail": "connection refused", "extra": 1},
        ]
        return msgspec.json.encode({"chain": chain, "last_good_us": 7})

    now = now_us()
    await plant.put("pump1.flow", [now - 9_000_000, now - 1_000], [1.0, 2.0], [0, q.BAD_NO_COMMUNICATION])
    async with plant.client() as client:
        alone = (await client.get("/points/pump1.flow/why")).json()
        assert alone["chain"][0]["error"]["code"] == "gateway.down"
        await plant.bus.serve("gateway.local.why", why)
        told = (await client.get("/points/pump1.flow/why")).json()
    assert [s["step"] for s in told["chain"]] == ["register", "driver", "point", "lake"]
    assert told["last_good_us"] == now - 9_000_000
    assert told["verdict"]["state"] == "bad"
    assert "connection refused" in told["verdict"]["sentence"] and "驱动" in told["verdict"]["sentence_zh"]


async def test_why_then_is_answered_from_events_and_rows(plant: World) -> None:
    at = now_us() - 3_600_000_000
    await plant.put("pump1.flow", [at - 60_000_000, at - 30_000_000], [1.0, float("nan")], [0, q.BAD_NO_COMMUNICATION])
    lost = {"kind": "link.lost", "time_us": at - 30_000_000, "tenant": "main", "subject": "device:pump"}
    error = RetryLater("driver.unreachable", "no route to host").problem()
    await plant.bus.publish("event.main.link.lost", msgspec.json.encode({**lost, "detail": {"error": error}}))
    events = plant.registry.events
    while not await events.recent("main", subjects=["device:pump"], end_us=at):
        await asyncio.sleep(0.02)
    async with plant.client() as client:
        told = (await client.get("/points/pump1.flow/why", params={"at": at})).json()
        bad = await client.get("/points/pump1.flow/why", params={"at": "then"})
        assert bad.json()["place"] == "at"
    device = next(s for s in told["chain"] if s["step"] == "device")
    assert device["state"] == "bad" and device["error"]["title"] == "no route to host"
    assert told["last_good_us"] == at - 60_000_000 and told["verdict"]["state"] == "bad"
    assert [e["kind"] for e in told["events"]] == ["link.lost"]


async def test_secrets_of_a_device_are_not_shown_and_not_lost(plant: World) -> None:
    pytest.importorskip("baigong.drivers.mqtt.driver")
    spec = {"device": "hall", "driver": "mqtt", "options": {"host": "h", "password": "pa55-word"}}
    async with plant.client() as client:
        shown = (await client.put("/devices/hall", json=spec)).json()
        assert "pa55-word" not in str(shown)
        again = {**shown["spec"], "title": "Hall"}
        assert (await client.put("/devices/hall", json=again)).status_code == 200
        elsewhere = {**again, "options": {**again["options"], "host": "my.own.server"}}
        for path, body in (("/devices/test", {"device": "hall", "options": elsewhere["options"]}),
                           ("/devices/hall", elsewhere)):  # fmt: skip
            refused = await client.request("POST" if path.endswith("test") else "PUT", path, json=body)
            assert (refused.status_code, refused.json()["code"]) == (422, "secret.again")
        assert plant.registry.devices.get("main", "hall").spec.options["password"] == "pa55-word"
        elsewhere["options"]["password"] = "another"
        assert (await client.put("/devices/hall", json=elsewhere)).status_code == 200
    assert plant.registry.devices.get("main", "hall").spec.options["password"] == "another"
    assert "pa55-word" not in device_yaml(PUMP)


async def test_a_unit_that_is_no_code_is_kept_and_told_with_the_nearest_one(plant: World) -> None:
    async with plant.client() as client:
        spec = (await client.get("/devices/pump")).json()["spec"]
        assert (await client.put("/devices/pump", json=spec)).json()["warnings"] == []
        spec["points"][0]["unit"] = "m³/h"
        spec["points"][1]["unit"] = "???"
        saved = await client.put("/devices/pump", json=spec)
        assert saved.status_code == 200
        first, second = saved.json()["warnings"]
        assert (first["place"], first["suggestion"]) == ("device.points[0].unit", "m3/h")
        assert "perhaps m3/h" in first["title"] and "m3/h" in first["title_zh"]
        assert second["suggestion"] == "" and "perhaps" not in second["title"]
        shown = (await client.get("/devices/pump")).json()
        assert shown["spec"]["points"][0]["unit"] == "m³/h" and len(shown["warnings"]) == 2
