"""Assets through the API: described, placed, moved, found, retired; rights and switches follow where they stand."""

from __future__ import annotations

from typing import Any

import pytest

from baigong.registry.rights import asset_ref, policy_text
from baigong.security.scope import Ref
from baigong.vocab.devices import DeviceSpec, PointSpec
from tests.api.world import World

HALL = {"asset": "hall", "level": "area", "title": "Hall 1", "title_zh": "一号厂房"}
LINE = {"asset": "line2", "parent": "hall", "level": "line"}
PUMP = {"asset": "pump1", "parent": "line2", "code": "INV-17", "title_zh": "给水泵", "properties": {"power": 5.5}}


async def _put(client: Any, *assets: dict[str, Any]) -> None:
    for asset in assets:
        answer = await client.put(f"/assets/{asset['asset']}", json=asset)
        assert answer.status_code == 200, answer.text


async def _names(client: Any, **query: Any) -> list[str]:
    answer = await client.get("/assets", params=query)
    assert answer.status_code == 200, answer.text
    return [line["asset"] for line in answer.json()["assets"]]


async def test_what_points_name_is_there_before_anybody_describes_it(plant: World) -> None:
    async with plant.client() as client:
        (line,) = [one for one in (await client.get("/assets")).json()["assets"] if one["asset"] == "pump1"]
        assert (line["described"], line["points"], line["parent"]) == (False, 3, "")
        assert (await client.get("/assets/nobody")).status_code == 404


async def test_a_tree_is_described_moved_and_found_by_any_name(plant: World) -> None:
    async with plant.client() as client:
        await _put(client, HALL, LINE, PUMP)
        whole = (await client.get("/assets/pump1")).json()
        assert [step["asset"] for step in whole["path"]] == ["hall", "line2", "pump1"]
        listed = (await client.get("/assets", params={"under": "pump1", "properties": "true"})).json()["assets"]
        assert [line["properties"] for line in listed] == [{"power": 5.5}]
        assert (whole["properties"], whole["own_points"], whole["revision"]) == ({"power": 5.5}, 3, 1)
        hall = (await client.get("/assets/hall")).json()["line"]
        assert (hall["children"], hall["points"]) == (1, 3)
        assert await _names(client, parent="hall") == ["line2"]
        assert await _names(client, under="hall") == ["hall", "line2", "pump1"]
        for search in ("gsb", "geishui", "jishui", "inv-17", "给水", "ｐｕｍｐ1"):
            assert await _names(client, search=search) == ["pump1"], search

        assert {p["asset"] for p in (await client.get("/points", params={"asset": "hall"})).json()["points"]} == {
            "pump1"
        }
        await _put(client, {**PUMP, "parent": ""})
        assert (await client.get("/points", params={"asset": "hall"})).json()["total"] == 0
        point = (await client.get("/points/pump1.flow")).json()
        assert (point["name"], point["asset_title_zh"]) == ("pump1.flow", "给水泵")
        events = (await client.get("/events", params={"subject": "asset:pump1"})).json()
        assert [e["kind"] for e in events] == ["asset.moved", "asset.added"]
        assert events[0]["detail"]["from"] == "line2"


async def test_what_makes_no_tree_is_refused_with_its_place_and_changes_nothing(plant: World) -> None:
    async with plant.client() as client:
        await _put(client, HALL, LINE, PUMP)
        wrong = [
            {"asset": "a", "parent": "nowhere"},
            {"asset": "b", "code": "INV-17"},
            {"asset": "hall", "parent": "line2", "level": "area"},
            {"asset": "c", "level": "site", "parent": "line2"},
            {"asset": "d", "parent": "e"},
            {"asset": "e", "parent": "d"},
            {"asset": "f"},
            {"asset": "f"},
        ]
        checked = await client.post("/assets", json={"assets": wrong, "check": True})
        found = {(f["row"], f["asset"], f["field"]) for f in checked.json()["findings"]}
        assert {
            (1, "a", "parent"), (2, "b", "code"), (3, "hall", "parent"), (4, "c", "level"), (5, "d", "parent"),
            (6, "e", "parent"), (7, "f", "asset"), (8, "f", "asset"),
        } <= found  # fmt: skip
        assert "厂区不能属于产线(line2)" in {f["message_zh"] for f in checked.json()["findings"]}
        refused = await client.post("/assets", json={"assets": wrong})
        assert (refused.status_code, refused.json()["code"]) == (422, "config.invalid")
        assert "row 1" in refused.json()["place"]
        assert await _names(client, under="hall") == ["hall", "line2", "pump1"]
        assert "a" not in await _names(client)
        for name in ("a b", "a/b", "", "a..b"):
            answer = await client.post("/assets", json={"assets": [{"asset": name}]})
            assert answer.status_code == 400, name
        old = await client.put("/assets/hall", json=HALL, params={"revision": 7})
        assert old.json()["code"] == "config.conflict"


async def test_many_at_once_and_the_same_again(plant: World) -> None:
    many = [HALL] + [{"asset": f"p{i}", "parent": "hall", "title": f"Pump {i}"} for i in range(300)]
    async with plant.client() as client:
        first = (await client.post("/assets", json={"assets": many})).json()
        assert (first["added"], first["changed"], first["findings"]) == (301, 0, [])
        again = (await client.post("/assets", json={"assets": many})).json()
        assert (again["added"], again["changed"]) == (0, 0)
        assert (await client.get("/assets/p7")).json()["revision"] == 1
        assert (await _names(client, parent="hall", limit=4)) == ["p0", "p1", "p2", "p3"]
        assert (await client.get("/assets", params={"parent": "hall"})).json()["total"] == 300


async def test_what_is_retired_is_gone_from_the_tree_and_can_come_back(plant: World) -> None:
    async with plant.client() as client:
        await _put(client, HALL, LINE, PUMP)
        assert (await client.delete("/assets/line2")).json()["code"] == "config.conflict"  # pump1 is a part of it
        assert "3 points" in (await client.delete("/assets/pump1")).text
        await _put(client, {**PUMP, "parent": ""})
        assert (await client.delete("/assets/line2")).status_code == 204
        assert "line2" not in await _names(client)
        assert await _names(client, retired=True) == ["line2"]
        await _put(client, LINE)
        assert "line2" in await _names(client)


async def test_a_guest_sees_what_was_opened_and_no_more(plant: World) -> None:
    await plant.registry.devices.put(
        "main", DeviceSpec(device="fan", driver="sim", points=[PointSpec(name="fan1.speed", address="sine:1")]), "me"
    )
    token = await plant.registry.people.add_token("bank", "theirs", role="viewer")
    who = plant.registry.people.recognise(token)
    assert who is not None
    async with plant.client() as client:
        await _put(client, HALL, LINE, PUMP)
    text = policy_text(Ref("Token", who.token), ["see"], asset_ref("main", "hall"))
    await plant.registry.rights.grant("main", text, "loan", "me")
    async with plant.client(token=token) as guest:
        assert await _names(guest, tenant="main") == ["hall", "line2", "pump1"]
        assert (await guest.get("/assets/fan1", params={"tenant": "main"})).status_code == 404
        assert (await guest.put("/assets/hall", json=HALL, params={"tenant": "main"})).status_code == 403
        seen = (await guest.get("/points", params={"tenant": "main"})).json()["points"]
        assert {p["asset"] for p in seen} == {"pump1"}
        async with plant.client() as client:
            await _put(
                client, {**PUMP, "parent": ""}
            )  # it left the hall: what was opened of the hall is not its any more
        assert (await guest.get("/points/pump1.flow", params={"tenant": "main"})).status_code in (403, 404)


async def test_only_the_part_that_was_opened_is_told_of_what_is_above_it(plant: World) -> None:
    token = await plant.registry.people.add_token("bank", "theirs", role="viewer")
    who = plant.registry.people.recognise(token)
    assert who is not None
    async with plant.client() as client:
        await _put(client, {**HALL, "code": "SECRET", "properties": {"lease": 9}}, LINE, PUMP)
    text = policy_text(Ref("Token", who.token), ["see"], asset_ref("main", "pump1"))
    await plant.registry.rights.grant("main", text, "loan", "me")
    async with plant.client(token=token) as guest:
        hall = await guest.get("/assets/hall", params={"tenant": "main"})
        assert hall.status_code == 200
        assert "SECRET" not in hall.text and "lease" not in hall.text
        assert await _names(guest, tenant="main", search="secret") == []


@pytest.mark.parametrize("placed", [False, True])
async def test_a_switch_of_an_area_stops_what_stands_in_it(plant: World, placed: bool) -> None:
    async with plant.client() as client:
        await _put(client, HALL, LINE, PUMP if placed else {**PUMP, "parent": ""})
        assert (await client.put("/stops", json={"asset": "hall", "on": True, "reason": "test"})).status_code in (
            200,
            204,
        )
        assert (plant.registry.stops.covering("main", "pump1") is not None) is placed
        told = plant.registry.stops._list("local").decode()
        assert ('"pump1"' in told) is placed


async def test_relations_are_shown_from_both_sides_and_checked(plant: World) -> None:
    async with plant.client() as client:
        await _put(client, HALL, LINE, {**PUMP, "relations": {"feeds": ["line2", "line2"], "lubricates": ["hall"]}})
        made = await client.post("/assets/line2/relations", json={"kind": "uses", "other": "pump1"})
        assert {(r["kind"], r["other"], r["inverse"]) for r in made.json()["relations"]} == {
            ("uses", "pump1", False),
            ("feeds", "pump1", True),
        }
        whole = (await client.get("/assets/pump1")).json()["relations"]
        assert [(r["said"], r["said_zh"], r["other"]) for r in whole] == [
            ("feeds", "供给", "line2"),
            ("lubricates", "lubricates", "hall"),
            ("is used by", "用于", "line2"),
        ]
        # who says nothing of relations changes none; the list says them
        await _put(client, {**PUMP, "place": "cellar"})
        (line,) = (await client.get("/assets", params={"under": "pump1", "properties": "true"})).json()["assets"]
        assert line["relations"] == {"feeds": ["line2"], "lubricates": ["hall"]}
        events = (await client.get("/events", params={"subject": "asset:line2"})).json()
        assert (events[0]["kind"], events[0]["detail"]["to"]) == ("asset.related", "uses pump1")

        for kind, other, said in (
            ("feeds", "pump1", "to itself"),
            ("feeds", "nobody", "no asset 'nobody'"),
            ("is fed", "hall", "a name like feeds"),
        ):
            answer = await client.post("/assets/pump1/relations", json={"kind": kind, "other": other})
            assert answer.status_code in (400, 422) and said in answer.text, answer.text
        assert (await client.delete("/assets/pump1/relations/uses/hall")).status_code == 404
        assert (
            await client.post("/assets/nobody/relations", json={"kind": "uses", "other": "hall"})
        ).status_code == 404

        await _put(client, {"asset": "old"}, {"asset": "spare", "relations": {"spare_of": ["old"]}})
        assert (await client.delete("/assets/old")).status_code == 204
        (kept,) = (await client.get("/assets/spare")).json()["relations"]
        assert (kept["other"], kept["retired"]) == ("old", True)
        await _put(client, {"asset": "spare", "title": "said again", "relations": {"spare_of": ["old"]}})
        late = await client.post("/assets/hall/relations", json={"kind": "uses", "other": "old"})
        assert "old is retired" in late.text
        assert (await client.delete("/assets/spare/relations/spare_of/old")).status_code == 204
        assert (await client.get("/assets/spare")).json()["relations"] == []
