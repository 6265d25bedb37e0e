"""Asset types: text in versions, inheritance, what a change would break before it does, and what assets lack."""

from __future__ import annotations

from typing import Any

from tests.api.world import World

DOSING = """\
type: dosing
extends: pump
title: Dosing pump
title_zh: 计量泵
points:
  flow: {unit: L/min}
  stroke: {unit: "%", title: Stroke, title_zh: 冲程}
properties:
  medium: {required: true}
"""


async def _put(client: Any, name: str, text: str, **more: Any) -> Any:
    return await client.put(f"/types/{name}", json={"text": text, **more})


async def test_a_type_has_what_it_extends_and_says_where_it_came_from(plant: World) -> None:
    async with plant.client() as client:
        assert (await _put(client, "dosing", DOSING)).json()["version"] == 1
        found = (await client.get("/types/dosing")).json()
        assert found["chain"] == ["machine", "pump", "dosing"]
        assert found["whole"]["points"]["flow"] == {"unit": "L/min", "title": "Flow", "title_zh": "流量"}
        assert (found["came"]["points.power"], found["came"]["points.flow"]) == ("machine", "dosing")
        lines = {line["type"]: line for line in (await client.get("/types")).json()}
        assert (lines["pump"]["version"], lines["dosing"]["version"]) == (0, 1)  # 0: as shipped
        assert (await _put(client, "dosing", DOSING)).json()["version"] == 1  # the same again is no version
        assert (await _put(client, "dosing", DOSING + "\n# more\n")).json()["version"] == 2
        assert (await client.get("/types/dosing", params={"version": 1})).json()["text"] == DOSING


async def test_an_asset_is_measured_by_its_type_and_named_by_it(plant: World) -> None:
    async with plant.client() as client:
        await _put(client, "dosing", DOSING)
        asset = {"asset": "pump1", "type": "dosing", "properties": {"power_rated": "much"}}
        answer = (await client.put("/assets/pump1", json=asset)).json()
        assert {(gap["what"], gap["message"]) for gap in answer["gaps"]} == {
            ("points.stroke", "no point of this name"),
            ("properties.medium", "is not given"),
            ("properties.power_rated", "'much' is no number"),
        }
        assert (await client.get("/types/dosing/gaps")).json()["assets"] == 1
        pressure = (await client.get("/points/pump1.pressure")).json()
        assert (pressure["title"], pressure["title_zh"]) == ("Discharge pressure", "出口压力")
        assert (await client.get("/points/pump1.flow")).json()["title"] == "Flow"  # what the device's file says


async def test_a_change_that_breaks_assets_is_shown_first(plant: World) -> None:
    async with plant.client() as client:
        await _put(client, "mine", "type: mine\npoints:\n  flow: {unit: m3/h}\n")
        await _put(client, "special", "type: special\nextends: mine\n")
        await client.put("/assets/pump1", json={"asset": "pump1", "type": "special"})
        worse = "type: mine\npoints:\n  flow: {unit: Cel}\n  torque: {unit: N.m}\n"
        seen = (await _put(client, "mine", worse, check=True)).json()
        assert (seen["broken"], len(seen["breaks"]), seen["version"]) == (1, 2, 1)
        refused = await _put(client, "mine", worse)
        assert (refused.status_code, refused.json()["code"]) == (409, "config.conflict")
        assert (await client.get("/types/mine")).json()["version"] == 1
        late = await _put(client, "mine", worse, confirm=1, base=0)
        assert (late.status_code, late.json()["place"]) == (409, "base")  # somebody else wrote version 1 meanwhile
        assert {gap["message_zh"] for gap in seen["breaks"]} == {"没有这个测点", "m3/h 与 Cel 不是同一种量的单位"}
        assert (await _put(client, "mine", worse, confirm=1, base=1)).json()["version"] == 2
        assert "pump1" in (await client.delete("/types/special")).text
        pinned = {"asset": "pump1", "type": "mine@1"}
        assert (await client.put("/assets/pump1", json=pinned)).json()["gaps"] == []
        assert (await client.delete("/types/special")).status_code == 204


async def test_what_extends_a_version_is_not_touched_by_the_next(plant: World) -> None:
    async with plant.client() as client:
        await _put(client, "mine", "type: mine\npoints:\n  flow: {unit: m3/h}\n")
        await _put(client, "special", "type: special\nextends: mine@1\n")
        await client.put("/assets/pump1", json={"asset": "pump1", "type": "special"})
        more = "type: mine\npoints:\n  flow: {unit: m3/h}\n  torque: {unit: N.m}\n"
        assert (await _put(client, "mine", more)).json()["broken"] == 0
        assert (await client.get("/assets/pump1")).json()["gaps"] == []


async def test_what_is_no_type_is_refused_with_its_place(plant: World) -> None:
    async with plant.client() as client:
        await _put(client, "one", "type: one\n")
        await _put(client, "two", "type: two\nextends: one\n")
        for name, text, said in (
            ("one", "type: one\nextends: two\n", "in a ring: one → two → one"),
            ("x", "type: x\nextends: pumpp\n", "perhaps pump"),
            ("x", "type: x\npoints: {flow: {unit: m3h}}\n", "no UCUM unit"),
            ("x", "type: x\nextends: pump\npoints: {flow: {unit: Cel}}\n", "x.points.flow"),
            ("x", "type: x\nextends: pump\npoints: {flow: {kind: state}}\n", "it is a gauge"),
            ("x", "type: x\npoints: {a.b: {}}\n", "names no quantity"),
            ("x", "type: y\n", "no name for this type"),
            ("x", "- 1\n", "no type"),
            ("x", "type: x\ntype: x\n", "twice"),
            ("x", "type: x\nextends: x\n", "in a ring"),
        ):
            answer = await _put(client, name, text)
            assert answer.status_code in (404, 422), (text, answer.text)
            assert said in answer.text, (text, answer.text)
        assert (await client.get("/types/x")).status_code == 404
        nameless = await client.post("/types", json={"types": [{"type": "", "text": ""}]})
        assert nameless.json()["code"] == "config.invalid", nameless.text
        assert (await client.get("/types/one")).json()["version"] == 1


async def test_what_is_wrong_is_said_with_its_line(plant: World) -> None:
    async with plant.client() as client:
        for text, line, place, said in (
            ("type: x\npoints:\n  flow:\n    title: Flow\n    unit: m3h\n", 5, "x.points.flow.unit", "perhaps m3/h"),
            ("type: x\npoints:\n  flow:\n    untit: m3/h\n", 4, "x.points.flow.untit", "perhaps unit"),
            ("type: x\npoints:\n  a: {}\n  flow: {unit: 3}\n", 4, "x.points.flow.unit", "Expected `str`"),
            ("type: x\nproperties:\n  a: {unit: hh}\n", 3, "x.properties.a.unit", "no UCUM unit"),
            ("type: x\nproperties:\n  a: {kind: number, default: b}\n", 3, "x.properties.a.default", "no number"),
            ("type: x\npoints: {}\nlevl: unit\n", 3, "x.levl", "perhaps level"),
            ("type: x\npoints:\n  a.b: {}\n", 3, "x.points.a.b", "names no quantity"),
            ("# a pump\ntype: x\nextends: pumpp\n", 3, "pumpp", "perhaps pump"),
            ("type: x\nextends: pump\npoints:\n  flow:\n    unit: Cel\n", 4, "x.points.flow", "does not measure"),
            ("type: x\npoints:\n  a: {states: {0: off}}\n", 3, "x.points.a.states", "in quotes"),
            ("type: x\npoints:\n  a: {\n", 4, "x", "not YAML"),
            ("type: x\npoints:\n  a: {}\n  a: {}\n", 4, "x", "twice"),
        ):
            told = (await _put(client, "x", text, check=True)).json()
            assert (told.get("fields", {}).get("line"), told["place"]) == (line, place), (text, told)
            assert said in told["title"], told
        plain = "type: x\npoints:\n  flow:\n  state: {kind: state, states: {0: stopped, 1: running}}\nproperties:\n"
        made = (await _put(client, "x", plain, check=True)).json()
        assert made["whole"]["points"]["state"]["states"] == {"0": "stopped", "1": "running"}
        assert made["came"] == {"points.flow": "x", "points.state": "x"}
        await _put(client, "x", plain)
        await _put(client, "y", "type: y\nextends: x\npoints: {flow: {unit: m3/h}}\n")
        refused = (await _put(client, "x", "type: x\npoints: {flow: {kind: counter}, state: {unit: s}}\n")).json()
        assert (await client.get("/types/x")).json()["extending"] == ["y"], refused
        other = await _put(client, "x", "type: x\npoints: {flow: {unit: Cel}}\n")
        assert "y.points.flow" in other.text  # a type that extends it could not be read any more


async def test_a_change_says_which_alarms_and_kpis_would_work_no_more(plant: World) -> None:
    rules = """\
type: mine
points:
  flow: {unit: m3/h, limits: {high: 60}}
  state: {kind: state}
alarms:
  much: {point: flow, when: high}
  down: {point: state, when: state, states: [3]}
kpis:
  used: {unit: "%", expression: time(state == 1) / time(state)}
"""
    async with plant.client() as client:
        await _put(client, "mine", rules)
        await _put(
            client, "special", "type: special\nextends: mine\nkpis:\n  idle: {unit: h, expression: time(state == 0)}\n"
        )
        await client.put("/assets/pump1", json={"asset": "pump1", "type": "special"})
        gone = await _put(client, "mine", "type: mine\npoints:\n  flow: {unit: m3/h}\n")
        assert (gone.json()["place"], gone.status_code) == ("special.kpis.idle.expression", 422), gone.text
        fewer = rules.replace("  down:", "  # down:").replace(
            "  state: {kind: state}", "  state: {kind: state}\n  x: {}"
        )
        seen = (await _put(client, "mine", fewer, check=True)).json()
        assert [(gap["what"], gap["message"]) for gap in seen["breaks"]] == [
            ("alarms.down", "would be gone"),
            ("points.x", "no point of this name"),
        ]
        assert (seen["broken"], seen["came"]["kpis.used"]) == (1, "mine")
        off = rules.replace("states: [3]", "states: [3], enabled: false")
        seen = (await _put(client, "mine", off, check=True)).json()
        assert [(gap["what"], gap["message_zh"]) for gap in seen["breaks"]] == [("alarms.down", "已停用")]
