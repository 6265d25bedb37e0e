"""Screens: made for every asset, kept as one text, checked against what is there, and read by who may."""

from __future__ import annotations

from typing import Any

from baigong.registry.rights import point_ref, policy_text
from baigong.security.photos import clean_jpeg
from baigong.security.scope import Ref
from baigong.stores.records import ALL
from baigong.stores.records.screens import bytes_of_screens
from tests.api.world import World

HALL = """\
screen: hall
title: Pump hall
title_zh: 泵房
items:
- {id: p1, is: pump, at: [100, 100, 64, 64], flip: true, shows: {running: pump1.state}}
- {id: f1, is: value, at: [180, 100, 120, 30], shows: {value: "${pump}.flow"}}
- {id: gone, is: value, at: [180, 140, 120, 30], shows: {value: pump1.flw}}
- {id: w, is: pipe, path: [[164, 132], [300, 132]]}
variables:
  pump: {type: pump}
"""
FACE = """\
type: dosing
extends: pump
points:
  stroke: {unit: "%", required: false}
screen:
  size: [300, 200]
  items:
  - {id: p, is: pump, at: [10, 10, 64, 64], shows: {running: ~running}}
  - {id: v, is: value, at: [90, 10, 100, 30], shows: {value: ~flow}}
  - {id: s, is: bar, at: [90, 50, 100, 30], shows: {value: ~stroke}}
"""


def _small_jpeg() -> bytes:
    """A JPEG's frame and scan without a picture in it, and an EXIF segment that says where it was taken."""
    frame = b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x12\xff\x00\x34"
    return b"\xff\xd8\xff\xe1\x00\x0cExif\x00\x00GPS!" + frame + scan + b"\xff\xd9"


async def _put(client: Any, name: str, text: str, **more: Any) -> Any:
    return await client.put(f"/screens/{name}", json={"text": text, **more})


async def test_every_asset_has_a_screen_before_anybody_draws_one(plant: World) -> None:
    async with plant.client() as client:
        made = (await client.get("/assets/pump1/screen")).json()
        assert (made["made"], made["came"], made["findings"]) == (True, "", [])
        assert set(made["points"]) == {"pump1.flow", "pump1.pressure", "pump1.state"}
        items = {item["id"]: item for item in made["screen"]["items"]}
        assert items["symbol"]["is"] == "machine" and items["symbol"]["shows"] == {"running": "pump1.state"}
        await client.put("/assets/pump1", json={"asset": "pump1", "type": "pump", "title": "Feed pump"})
        made = (await client.get("/assets/pump1/screen")).json()
        assert (made["came"], made["screen"]["items"][2]["is"], made["chosen"]) == ("pump", "pump", {"asset": "pump1"})
        assert made["points"]["pump1.pressure"]["title"] == "Discharge pressure"  # what the type says of it

        whole = (await client.get("/types/pump/overview")).json()
        assert set(whole["points"]) == {"pump1.flow", "pump1.pressure", "pump1.state"} and whole["left_out"] == 0
        assert (await client.get("/types/pump/overview", params={"under": "hall"})).json()["points"] == {}
        assert (await client.get("/assets/nobody/screen")).status_code == 404


async def test_a_type_brings_its_screen_and_others_inherit_it(plant: World) -> None:
    async with plant.client() as client:
        await client.put("/types/dosing", json={"text": FACE})
        await client.put("/types/small", json={"text": "type: small\nextends: dosing\n"})
        await client.put("/assets/pump1", json={"asset": "pump1", "type": "small"})
        made = (await client.get("/assets/pump1/screen")).json()
        assert (made["came"], made["chosen"]) == ("dosing", {"asset": "pump1"})
        # what an asset need not have, and this one has not, is left out; what it must have is said to be missing
        assert [item["id"] for item in made["screen"]["items"]] == ["p", "v"]
        assert made["findings"] == [] and set(made["points"]) == {"pump1.flow"}
        drawn = (await client.get("/types/small/screen")).json()
        assert drawn["chosen"] == {"asset": "pump1"} and drawn["screen"]["of"] == "small"
        wrong = await client.put("/types/dosing", json={"text": FACE.replace("~flow", "~flwo")})
        assert wrong.json()["place"] == "dosing.screen.items.v.shows.value", wrong.text
        wrong = await client.put("/types/dosing", json={"text": FACE.replace("is: bar", "is: bra")})
        assert wrong.json()["place"] == "dosing.screen.items.s.is", wrong.text


async def test_a_screen_is_one_text_with_what_is_missing_said(plant: World) -> None:
    async with plant.client() as client:
        await client.put("/assets/pump1", json={"asset": "pump1", "type": "pump"})
        seen = (await _put(client, "hall", HALL, check=True)).json()
        assert seen["revision"] == 0 and (await client.get("/screens")).json() == []
        kept = (await _put(client, "hall", HALL, revision=0)).json()
        assert kept["revision"] == 1 and kept["chosen"] == {"pump": "pump1"}
        [gone] = kept["findings"]
        assert (gone["item"], gone["field"]) == ("gone", "shows.value")
        assert kept["text"].splitlines()[gone["line"] - 1] == "- id: gone"
        assert "perhaps pump1.flow" in gone["message"] and gone["message_zh"] and gone["advice_zh"]
        assert gone["fix"] == "pump1.flow"
        assert set(kept["points"]) == {"pump1.flow", "pump1.state"}
        # the same as JSON is the same text, and no revision
        again = await client.put("/screens/hall", json={"screen": kept["screen"], "revision": 1})
        assert (again.json()["revision"], again.json()["text"]) == (1, kept["text"])
        late = await _put(client, "hall", HALL.replace("泵房", "水泵房"), revision=0)
        assert (late.status_code, late.json()["code"]) == (409, "config.conflict")
        assert (await _put(client, "hall", HALL.replace("泵房", "水泵房"), revision=1)).json()["revision"] == 2
        texts = (await client.get("/screens/hall/texts")).json()
        assert [one["revision"] for one in texts] == [2, 1] and "水泵房" in texts[0]["text"]
        old = (await client.get("/screens/hall", params={"revision": 1})).json()
        assert old["screen"]["title_zh"] == "泵房"
        [line] = (await client.get("/screens")).json()
        assert (line["screen"], line["missing"], line["variables"]) == ("hall", 1, 1)
        assert (await client.delete("/screens/hall")).status_code == 204
        assert (await client.get("/screens/hall")).status_code == 404
        assert (await _put(client, "hall", texts[1]["text"])).json()["revision"] == 3  # brought back


async def test_who_may_see_some_points_sees_of_a_screen_no_more(plant: World) -> None:
    token = await plant.registry.people.add_token("bank", "theirs", role="viewer")
    who = plant.registry.people.recognise(token)
    assert who is not None
    number = plant.registry.book.find("main", "pump1.flow").number
    granted = policy_text(Ref("Token", who.token), ["see", "read"], point_ref("main", number))
    text = """\
title: Secret hall
variables: {any: {choices: [pump1, nobody]}, what: {}}
items:
- {id: flow, is: value, at: [0, 0, 9, 9], shows: {value: pump1.flow}, opens: "screen:other", group: pump1}
- {id: secret, is: value, at: [9, 0, 9, 9], shows: {value: pump1.pressure}, text: Secret, limits: {high: 7}}
- {id: both, is: trend, at: [0, 9, 9, 9], lines: [pump1.flow, pump1.state]}
"""
    async with plant.client() as client, plant.client() as bank:
        bank.headers["authorization"] = f"Bearer {token}"
        bank.params = {"tenant": "main"}
        await _put(client, "hall", text)
        await _put(client, "other", "items: [{id: a, is: value, at: [0, 0, 9, 9], shows: {value: pump1.pressure}}]")
        await client.put("/screens/other/files/a.jpg", content=_small_jpeg())
        assert (await bank.get("/screens")).status_code == 403
        await plant.registry.rights.grant("main", granted, "loan", "me")
        [line] = (await bank.get("/screens")).json()
        assert (line["screen"], line["points"], line["missing"], line["changed_by"]) == ("hall", 1, 0, "")
        seen = await bank.get("/screens/hall")
        shown = seen.json()
        flow, hidden, both = shown["screen"]["items"]
        assert (flow["shows"], flow.get("opens"), both["lines"]) == ({"value": "pump1.flow"}, None, ["pump1.flow"])
        assert hidden == {"id": "hidden-2", "is": "value", "at": [9, 0, 9, 9]}
        assert shown["hidden"] == ["hidden-2", "both"] and (shown["text"], shown["findings"]) == ("", [])
        assert [one["value"] for one in shown["choices"]["what"]] == ["pump1"]
        for word in ("pressure", "pump1.state", '"secret"', '"Secret"', "other"):
            assert word not in seen.text, word
        for path in ("/screens/other", "/screens/other/files/a.jpg", "/screens/none"):
            assert (await bank.get(path)).status_code == 404, path
        for path in ("/screens/hall/texts", "/screens/hall/files", "/screens/hall/links"):
            assert (await bank.get(path)).status_code == 403, path
        made = (await bank.get("/assets/pump1/screen")).json()
        assert set(made["points"]) == {"pump1.flow"} and made["findings"] == []


async def test_what_is_no_screen_is_refused_with_its_place(plant: World) -> None:
    async with plant.client() as client:
        for text, place in (
            ("items: [{id: a, is: pmp, at: [0, 0, 1, 1]}]", "items.a.is"),
            ("items: [{id: a, is: pump}]", "items.a"),
            ("items: [{id: a, is: pipe, path: [[0, 0]]}]", "items.a"),
            ("items: [{id: a, is: pump, at: [0, 0, 1, 1]}, {id: a, is: pump, at: [0, 0, 1, 1]}]", "items.a"),
            ('items: [{id: a, is: value, at: [0, 0, 1, 1], shows: {value: "~x"}}]', "items.a.shows.value"),
            ('items: [{id: a, is: value, at: [0, 0, 1, 1], shows: {value: "${x}.y"}}]', "items.a.shows.value"),
            ("screen: other", "screen"),
            ("variables: {X: {}}", "variables.X"),
        ):
            answer = await _put(client, "new", text)
            assert (answer.status_code, answer.json()["place"]) == (422, place), (text, answer.text)
        assert (await client.get("/screens")).json() == []


async def test_a_photo_is_kept_without_where_it_was_taken(plant: World) -> None:
    async with plant.client() as client:
        photo = _small_jpeg()
        missing = await client.put("/screens/hall/files/hall.jpg", content=photo)
        assert missing.status_code == 404
        kept = (await _put(client, "hall", "photo: hall.jpg")).json()
        assert [one["field"] for one in kept["findings"]] == ["photo"]
        assert (await client.put("/screens/hall/files/hall.jpg", content=photo)).json()["media"] == "image/jpeg"
        held = await plant.registry.records.read(bytes_of_screens, tenant=ALL)
        assert held["main"] == len(clean_jpeg(photo)) + len(kept["text"])  # what it takes counts as storage
        found = await client.get("/screens/hall/files/hall.jpg")
        assert (found.headers["content-type"], found.content) == ("image/jpeg", clean_jpeg(photo))
        assert b"Exif" not in found.content and len(found.content) == len(photo) - 14
        assert (await client.get("/screens/hall")).json()["findings"] == []
        for cut in range(0, len(photo), 3):  # nothing of it is half kept
            assert (await client.put("/screens/hall/files/x.jpg", content=photo[:cut])).status_code == 422
        assert [one["name"] for one in (await client.get("/screens/hall/files")).json()] == ["hall.jpg"]
        assert (await client.delete("/screens/hall/files/hall.jpg")).status_code == 204
