"""Thing Descriptions over HTTP: of whoever may see the asset, and with addresses that answer."""

from __future__ import annotations

from typing import Any

from baigong.registry.rights import Ref, asset_ref, policy_text
from tests.api.world import World, now_us


async def _describe(client: Any, *assets: dict[str, Any]) -> None:
    for asset in assets:
        assert (await client.put(f"/assets/{asset['asset']}", json=asset)).status_code == 200


async def test_an_asset_is_a_thing_whose_addresses_answer(plant: World) -> None:
    await plant.put("pump1.flow", [now_us()], [12.5])
    async with plant.client() as client:
        await _describe(
            client, {"asset": "hall", "level": "area"},
            {"asset": "pump1", "parent": "hall", "type": "pump", "title": "Feed pump", "title_zh": "给水泵"},
        )  # fmt: skip
        answer = await client.get("/assets/pump1/td", headers={"Accept": "application/td+json"})
        assert answer.headers["content-type"] == "application/td+json"
        told = answer.json()
        assert told["base"] == f"{plant.url}/api/v1/"
        assert told["id"] == f"{plant.registry.own_shells.front('main')}:pump1"  # its globalAssetId
        assert told["titles"] == {"en": "Feed pump", "zh": "给水泵"}
        assert told["properties"]["pressure"]["titles"]["zh"] == "出口压力"  # as its type says
        flow = told["properties"]["flow"]["forms"]
        value = await client.get(told["base"] + flow[0]["href"])
        assert value.json() == 12.5
        assert value.headers["baigong-quality"] == "0"
        assert flow[1]["href"] == told["base"].replace("http:", "ws:") + "live"
        hall = await client.get(told["base"] + told["links"][0]["href"])
        assert hall.json()["links"] == [{"rel": "item", "href": "assets/pump1/td", "type": "application/td+json"}]
        assert (await client.get("/points/pump1.pressure/value")).status_code == 404  # none yet
        assert (await client.get("/assets/pump9/td")).status_code == 404


async def test_a_guest_gets_the_things_that_were_opened(plant: World) -> None:
    token = await plant.registry.people.add_token("bank", "theirs", role="viewer")
    who = plant.registry.people.recognise(token)
    assert who is not None
    async with plant.client() as client:
        await _describe(
            client, {"asset": "hall", "level": "area", "code": "SECRET"}, {"asset": "pump1", "parent": "hall"}
        )
    text = policy_text(Ref("Token", who.token), ["see"], asset_ref("main", "pump1"))
    await plant.registry.rights.grant("main", text, "loan", "me")
    async with plant.client(token=token) as guest:
        told = (await guest.get("/assets/pump1/td", params={"tenant": "main"})).json()
        assert "links" not in told  # the hall is not theirs to see
        form = told["properties"]["flow"]["forms"][0]
        assert form["href"] == "points/pump1.flow/value?tenant=main"
        assert (await guest.get(told["base"] + form["href"])).status_code in (403, 404)  # to see is not to read
        assert (await guest.get("/assets/hall/td", params={"tenant": "main"})).status_code == 404


async def test_types_are_written_all_or_none(plant: World) -> None:
    base = {"type": "mill", "text": "type: mill\npoints:\n  speed: {unit: /min}\n"}
    special = {"type": "ball_mill", "text": "type: ball_mill\nextends: mill\n"}
    wrong = {"type": "rod_mill", "text": "type: rod_mill\npoints:\n  load: {unit: tons}\n"}
    async with plant.client() as client:
        refused = await client.post("/types", json={"types": [special, base, wrong]})
        assert (refused.status_code, refused.json()["place"]) == (422, "rod_mill.points.load.unit")
        assert (await client.get("/types/mill")).status_code == 404
        looked = (await client.post("/types", json={"types": [special, base], "check": True})).json()
        assert (looked["added"], looked["changed"]) == (["ball_mill", "mill"], [])
        assert (await client.get("/types/mill")).status_code == 404
        assert (await client.post("/types", json={"types": [special, base]})).status_code == 200
        assert (await client.get("/types/ball_mill")).json()["whole"]["points"]["speed"]["unit"] == "/min"
        again = (await client.post("/types", json={"types": [special, base]})).json()
        assert again == {"added": [], "changed": [], "broken": 0, "breaks": []}
        assert (await client.get("/types/mill")).json()["version"] == 1
        twice = await client.post("/types", json={"types": [base, base]})
        assert (twice.status_code, twice.json()["place"]) == (422, "types")
        await client.put("/assets/pump1", json={"asset": "pump1", "type": "ball_mill"})
        narrow = {"type": "mill", "text": "type: mill\npoints:\n  speed: {unit: /min}\n  torque: {unit: N.m}\n"}
        assert (await client.post("/types", json={"types": [narrow]})).status_code == 409
        assert (await client.post("/types", json={"types": [narrow], "confirm": 1})).json()["broken"] == 1
