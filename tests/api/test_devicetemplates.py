"""Device templates: text in versions, devices from a table, and what another version changes on each of them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.api.world import World

METER = """\
template: meter
title: Meter
title_zh: 电表
driver: modbus
source: {document: own, revision: "1"}
parameters:
  base: {default: 0}
  ct: {default: 1, title: CT ratio, title_zh: 变比}
options: {order: cdab}
scan: {default: 1s, slow: 30s}
points:
  power: {address: "input:{base+10}:float32", unit: kW, scale: "{ct}e-1"}
  energy: {address: "input:{base+20}:uint32", kind: counter, unit: kW.h, scan: slow}
  voltage: {address: "input:{base}:float32", unit: V}
"""
NEXT = (
    METER.replace(
        '  voltage: {address: "input:{base}:float32", unit: V}\n', "  frequency: {address: input:70, unit: Hz}\n"
    )
    .replace("input:{base+10}", "input:{base+12}")
    .replace("unit: kW.h", "unit: MW.h")
)
TABLE = """\
设备名称,主机地址,站号,资产,变比
m1,10.0.0.1,1,hall.m1,40
m2,10.0.0.1,2,,
"""


async def _put(client: Any, text: str, **more: Any) -> Any:
    return await client.put("/device-templates/meter", json={"text": text, **more})


async def _add(client: Any, text: str, **more: Any) -> Any:
    return await client.post("/device-templates/meter/devices", json={"text": text, **more})


async def _upgrade(client: Any, **more: Any) -> Any:
    return await client.post("/device-templates/meter/upgrade", json=more)


async def test_a_template_is_kept_in_versions_and_shipped_ones_are_never_changed(plant: World) -> None:
    async with plant.client() as client:
        checked = (await _put(client, METER, check=True)).json()
        assert (checked["version"], checked["example"]["points"][0]["address"]) == (0, "input:10:float32")
        assert (await client.get("/device-templates/meter")).status_code == 404
        assert [(await _put(client, text)).json()["version"] for text in (METER, METER, NEXT)] == [1, 1, 2]
        one = (await client.get("/device-templates/meter", params={"version": 1})).json()
        assert (one["text"], [v["version"] for v in one["versions"]]) == (METER, [1, 2])
        assert (await _put(client, METER, base=1)).json()["code"] == "config.conflict"
        lines = {line["template"]: line for line in (await client.get("/device-templates")).json()}
        assert lines["eastron-sdm630"]["shipped"] and lines["eastron-sdm630"]["points"] > 20
        shipped = (await client.get("/device-templates/eastron-sdm630")).json()
        put = await client.put("/device-templates/eastron-sdm630", json={"text": shipped["text"] + "\n# mine\n"})
        assert put.json()["code"] == "config.conflict"
        assert (await client.delete("/device-templates/meter")).status_code == 204
        assert (await client.delete("/device-templates/eastron-sdm630")).status_code == 404


@pytest.mark.parametrize(
    ("change", "code", "line"),
    [
        (("input:{base+20}:uint32", "input:{base+20}:uint33"), "driver.address", 13),
        (("input:{base}", "input:{bass}"), "config.invalid", 14),
        (("unit: V", "unit: Volt"), "config.invalid", 14),
        (("order: cdab", "order: dcab"), "driver.option", 9),
        (("{order: cdab}", "{ordr: cdab}"), "driver.option", 9),
        (("kind: counter", "kind: count"), "config.invalid", 13),
        (("scan: slow", "scan: slowly"), "config.invalid", 13),
        (("driver: modbus", "driver: mudbus"), "driver.unknown", 4),
    ],
)
async def test_what_is_wrong_in_a_template_is_said_with_its_line(
    plant: World, change: tuple[str, str], code: str, line: int
) -> None:
    async with plant.client() as client:
        told = (await _put(client, METER.replace(*change))).json()
        assert (told["code"], told["fields"]["line"]) == (code, line), told
        assert (await client.get("/device-templates/meter")).status_code == 404


async def test_devices_of_a_table_are_shown_first_then_all_or_none_and_never_doubled(plant: World) -> None:
    async with plant.client() as client:
        await _put(client, METER)
        told = (await _add(client, TABLE, check=True)).json()
        assert [(p["line"], p["device"], p["outcome"]) for p in told["lines"]] == [(2, "m1", "new"), (3, "m2", "new")]
        assert len((await client.get("/devices")).json()) == 1
        wrong = TABLE + "m2,10.0.0.2,1,,\nM 3,10.0.0.3,1,,\nm4,10.0.0.4,300,,\nm5,10.0.0.1,2,m5,\npump,10.0.0.9,1,,\n"
        told = (await _add(client, wrong, check=True)).json()
        said = {p["line"]: p["wrong"][0]["message"] for p in told["lines"] if p["wrong"]}
        assert sorted(said) == [3, 4, 5, 6, 8] and told["wrong"] == 5
        assert "twice" in said[3] and "unit is 300" in said[6] and "already" in said[8]
        refused = await _add(client, wrong)
        assert refused.json()["code"] == "config.invalid" and len((await client.get("/devices")).json()) == 1
        assert (await _add(client, TABLE)).json()["new"] == 2
        spec = (await client.get("/devices/m1")).json()["spec"]
        assert (spec["template"], spec["parameters"]) == ("meter@1", {"ct": 40, "asset": "hall.m1"})
        assert spec["options"] == {"order": "cdab", "host": "10.0.0.1", "unit": 1}
        power = spec["points"][0]
        assert (power["name"], power["scale"]) == ("hall.m1.power", 4.0)
        again = (await _add(client, TABLE)).json()
        assert (again["same"], again["new"], again["changed"]) == (2, 0, 0)
        assert (await client.get("/devices/m1")).json()["revision"] == 1
        other = (await _add(client, "device\tunit\nm2\t7\n")).json()
        assert [(c["what"], c["fields"][0]["after"]) for c in other["lines"][0]["changes"]] == [("options.unit", 7)]
        clash = (await _add(client, "device,host,unit\nm9,10.0.0.1,7\n", check=True)).json()
        assert "m2 reads the same addresses" in clash["lines"][0]["wrong"][0]["message"]


async def test_an_upgrade_shows_each_device_keeps_its_own_ways_and_its_numbers(plant: World) -> None:
    async with plant.client() as client:
        await _put(client, METER)
        await _add(client, TABLE)
        numbers = {p["name"]: p["number"] for p in (await client.get("/points")).json()["points"]}
        spec = (await client.get("/devices/m2")).json()["spec"]
        spec["points"][1]["unit"] = "GW.h"  # somebody knows better
        spec["points"].append({"name": "m2.extra", "address": "input:90"})
        assert (await client.put("/devices/m2", json=spec)).status_code == 200
        await _put(client, NEXT)
        lines = {line["template"]: line for line in (await client.get("/device-templates")).json()}
        assert (lines["meter"]["devices"], lines["meter"]["behind"]) == (2, 2)
        told = {p["device"]: p for p in (await _upgrade(client, check=True)).json()["lines"]}
        changed = {c["what"]: c["outcome"] for c in told["m1"]["changes"]}
        assert changed == {
            "hall.m1.power": "changed", "hall.m1.energy": "changed", "hall.m1.voltage": "removed",
            "hall.m1.frequency": "added",
        }  # fmt: skip
        kept = {c["what"]: (c["outcome"], c["fields"][0]["after"]) for c in told["m2"]["kept"]}
        assert kept == {"m2.energy": ("changed", "GW.h"), "m2.extra": ("added", "input:90")}
        assert (await _upgrade(client, devices=["m2"])).json()["changed"] == 1
        assert (await client.get("/devices/m1")).json()["spec"]["template"] == "meter@1"
        spec = (await client.get("/devices/m2")).json()["spec"]
        addresses = {p["name"]: (p["address"], p.get("unit")) for p in spec["points"]}
        assert (spec["template"], addresses["m2.energy"][1]) == ("meter@2", "GW.h")
        assert addresses["m2.power"] == ("input:12:float32", "kW") and "m2.voltage" not in addresses
        assert (await client.get("/points/m2.power")).json()["number"] == numbers["m2.power"]
        assert (await _upgrade(client, devices=["m2"])).json()["same"] == 1
        assert (await _upgrade(client, devices=["pump"])).json()["code"] == "config.invalid"
        assert (await client.delete("/device-templates/meter")).json()["code"] == "config.conflict"
        back = (await _upgrade(client, version=1)).json()
        assert (back["same"], back["changed"]) == (1, 1)


async def test_a_device_whose_asset_was_renamed_is_still_of_its_template(plant: World) -> None:
    async with plant.client() as client:
        await _put(client, METER)
        await _add(client, TABLE)
        assert (await client.post("/assets/hall.m1/rename", json={"to": "hall.meter1"})).status_code == 200
        again = (await _add(client, TABLE, check=True)).json()
        assert again["same"] == 2, again


async def test_a_secret_is_no_part_of_a_template_is_shown_to_nobody_and_sent_nowhere_else(plant: World) -> None:
    text = (
        "template: broker\ndriver: mqtt\noptions: {username: me}\n"
        "points:\n  level: {address: 'tank/level#$.value'}\n"
    )  # fmt: skip
    url = "/device-templates/broker"
    async with plant.client() as client:
        wrong = await client.put(url, json={"text": text.replace("username: me", "password: x")})
        assert (wrong.json()["code"], wrong.json()["fields"]["line"]) == ("driver.option", 3)
        assert (await client.put(url, json={"text": text})).status_code == 200
        table = "device,host,password\nb1,10.0.0.1,first\n"
        assert (await client.post(f"{url}/devices", json={"text": table})).json()["new"] == 1
        told = await client.post(f"{url}/devices", json={"text": table.replace("first", "second"), "check": True})
        assert told.json()["changed"] == 1 and "first" not in told.text and "second" not in told.text
        moved = await client.post(f"{url}/devices", json={"text": "device,host\nb1,10.6.6.6\n", "check": True})
        assert "what was kept is not sent there" in moved.json()["lines"][0]["wrong"][0]["message"]
        again = table.replace("10.0.0.1", "10.6.6.6")
        assert (await client.post(f"{url}/devices", json={"text": again, "check": True})).json()["changed"] == 1


async def test_a_pasted_register_table_is_read_line_by_line_and_kept_by_nobody(plant: World) -> None:
    text = "寄存器\t名称\t类型\t倍率\t单位\n0x0010\t电压\tUINT16\t0.1\tV\n0x0010\t电流\tUINT16\t0.1\tA\n"
    async with plant.client() as client:
        body = {"text": text, "name": "mine", "reading": {"area": "input"}}
        told = (await client.post("/device-templates/read", json=body)).json()
        assert [(one["line"], one["outcome"], one["address"]) for one in told["lines"]] == [
            (2, "taken", "input:16:uint16"), (3, "left", ""),
        ]  # fmt: skip
        assert [column["meaning"] for column in told["columns"]] == ["address", "name", "type", "scale", "unit"]
        assert (await client.get("/device-templates/mine")).status_code == 404
        made = (await client.put("/device-templates/mine", json={"text": told["template"]})).json()
        assert list(made["whole"]["points"]) == ["电压"] and made["version"] == 1
        sheet = {"content": base64.b64encode(text.encode()).decode(), "file": "table.csv", "name": "mine"}
        assert (await client.post("/device-templates/read", json=sheet)).json()["taken"] == 1
        assert (await client.post("/device-templates/read", json={"text": " "})).json()["code"] == "config.invalid"
