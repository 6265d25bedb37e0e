"""A workbook is looked at, a template agreed to, values stored once; again changes nothing, a corrected cell one."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx2 as httpx

from tests.api.world import World
from tests.models.sheets.books import shift_log, workbook

_LINE = {"name": "log.xlsx", "asset": "boiler", "zone": "Asia/Shanghai"}


async def _look(client: httpx.AsyncClient, raw: bytes, **query: str) -> Any:
    answer = await client.post("/sheets", content=raw, params=_LINE | query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _preview(client: httpx.AsyncClient, id: str, **ask: Any) -> Any:
    answer = await client.post(f"/sheets/{id}/preview", json=ask)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_log_is_previewed_agreed_imported_and_imported_again(plant: World) -> None:
    async with plant.client() as client:
        look = await _look(client, shift_log())
        (table,) = look["tables"]
        assert (table["range"], table["counts"]) == ("A1:F8", {"code": 1, "not_number": 1})
        assert table["problems"][1] == {"cell": "E6", "shown": "约10", "why": "not_number"}
        assert look["sheets"][0]["cells"][3][:3] == ["2026-11-21", "20:00:00", "181.5"]
        template = table["proposal"] | {"template": "shift"}
        plan = await _preview(client, look["id"], template=template)
        assert (plan["values"], plan["new"], plan["bad"]) == (11, 11, 1)
        assert plant.lake.rows == {}, "nothing is saved before somebody agrees"
        refused = await client.post(f"/sheets/{look['id']}/import", json={"template": template, "agreed": "no"})
        assert refused.status_code == 409
        ask = {"template": template, "agreed": plan["agreed"], "keep": True}
        done = (await client.post(f"/sheets/{look['id']}/import", json=ask)).json()
        assert done["accepted"] == 11
        await plant.settled()
        units = {
            p["name"]: p["unit"]
            for p in (await client.get("/points")).json()["points"]
            if p["name"].startswith("boiler")
        }
        assert units["boiler.1号锅炉_出口温度"] == "Cel" and units["boiler.产量"] == "t"

        again = await _look(client, shift_log())
        assert again["tables"][0]["templates"] == ["shift"]
        plan = await _preview(client, again["id"], kept="shift")
        assert (plan["new"], plan["changed"], plan["same"]) == (0, 0, 11)
        ask = {"kept": "shift", "agreed": plan["agreed"]}
        done = (await client.post(f"/sheets/{again['id']}/import", json=ask)).json()
        assert done["accepted"] == 0


async def test_a_corrected_cell_corrects_its_value_and_units_are_converted(plant: World) -> None:
    rows: list[list[Any]] = [["date", "Flow (L/min)"], [date(2026, 1, 5), 500], [date(2026, 1, 6), 600]]
    template = {
        "template": "flow", "words": ["date"], "time": {"date": "date"},
        "points": [{"column": "Flow (L/min)", "point": "pump1.flow", "unit": "L/min"}],
    }  # fmt: skip
    async with plant.client() as client:
        for corrected, wanted in ((500, (2, 0, 0)), (500, (0, 0, 2)), (550, (0, 1, 1))):
            rows[1][1] = corrected
            look = await _look(client, workbook(("s", rows, ())))
            plan = await _preview(client, look["id"], template=template)
            assert (plan["new"], plan["changed"], plan["same"]) == wanted
            assert plan["points"][0]["converted"] and plan["points"][0]["own"] == "m3/h"
            if corrected == 550:
                (change,) = plan["changes"]
                assert (change["cell"], change["before"], change["after"]) == ("B2", "30", "33")
            ask = {"template": template, "agreed": plan["agreed"]}
            assert (await client.post(f"/sheets/{look['id']}/import", json=ask)).status_code == 200
            await plant.settled()
        template["points"] = [{"column": "Flow (L/min)", "point": "pump1.pressure", "unit": "L/min"}]
        plan = await _preview(client, look["id"], template=template)
        assert plan["points"][0]["refused"] == "unit" and plan["new"] == 0


async def test_runs_become_episodes_once(plant: World) -> None:
    raw = b"Date,Batch,Start Time,End Time\n2026-01-05,7,22:50,00:05\n2026-01-06,8,00:05,01:45\n"
    async with plant.client() as client:
        for wanted in (2, 0):
            look = await _look(client, raw, name="runs.csv")
            template = look["tables"][0]["proposal"]
            plan = await _preview(client, look["id"], template=template)
            assert (plan["episodes"], plan["episodes_new"]) == (2, wanted)
            ask = {"template": template, "agreed": plan["agreed"]}
            done = (await client.post(f"/sheets/{look['id']}/import", json=ask)).json()
            assert done["episodes_written"] == wanted
        found = (await client.get("/episodes", params={"asset": "boiler"})).json()
        assert [e["attributes"] for e in found] == [{"Batch": 7}, {"Batch": 8}]


async def test_templates_are_kept_as_texts_and_files_belong_to_who_brought_them(plant: World) -> None:
    text = "template: log\nwords: [date]\ntime: {date: date}\npoints:\n- {column: flow, point: pump1.flow}\n"
    async with plant.client() as client:
        first = (await client.put("/sheet-templates/log", json={"text": text})).json()
        assert (await client.put("/sheet-templates/log", json={"text": text})).json()["revision"] == 1
        changed = {"text": text.replace("flow}", "flow, unit: L/min}")}
        assert (await client.put("/sheet-templates/log", json=changed)).json()["revision"] == 2
        texts = (await client.get("/sheet-templates/log")).json()
        assert [t["revision"] for t in texts] == [2, 1] and texts[1]["text"] == first["text"]
        assert (await client.put("/sheet-templates/other", json={"text": text})).status_code == 422
        assert (await client.delete("/sheet-templates/log")).status_code == 204
        assert (await client.get("/sheet-templates")).json() == []
        assert (await client.get("/sheets/nothing")).status_code == 404
        broken = await client.post("/sheets", content=b"PK broken", params=_LINE)
        assert (broken.status_code, broken.json()["code"]) == (400, "payload.malformed")
