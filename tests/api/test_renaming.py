"""Renames through the API: one series before and after, by any of its names, whichever way somebody asks."""

from __future__ import annotations

from typing import Any

from baigong.api.sqlnames import in_present_names
from baigong.registry.names import Earlier
from baigong.stores.records.renaming import NameRow
from tests.api.test_parts import PRESS, _guest
from tests.api.test_series import T0
from tests.api.world import World


async def _rename(client: Any, old: str, new: str, **more: Any) -> Any:
    return await client.post(f"/assets/{old}/rename", json={"to": new, **more})


async def _ingest(client: Any, at: int, value: float) -> None:
    told = {"columns": {"point": ["pump1.flow"], "time": [at], "value": [value]}}
    assert (await client.post("/ingest", json=told)).status_code == 200


async def test_history_is_one_series_whichever_name_is_said(plant: World) -> None:
    async with plant.client() as client:
        assert (await client.put("/assets/pump1", json={"asset": "pump1", "code": "INV-1"})).status_code == 200
        drawn = {"id": "p", "is": "pump", "at": [0, 0, 80, 80], "shows": {"value": "pump1.flow"}}
        made = {"screen": {"screen": "hall", "items": [drawn]}}
        assert (await client.put("/screens/hall", json=made)).status_code == 200
        await _ingest(client, T0, 1.5)
        looked = (await _rename(client, "pump1", "hall.p7", check=True)).json()
        assert ["pump1.flow", "hall.p7.flow"] in looked["points"]
        assert (looked["devices"], looked["screens"]) == (["pump"], ["hall"])
        assert (await client.get("/assets/hall.p7")).status_code == 404
        answer = await _rename(client, "pump1", "hall.p7")
        assert (answer.status_code, answer.json()) == (200, looked), answer.text
        await _ingest(client, T0 + 1, 2.5)  # somebody who was not told
        await plant.settled()
        for name in ("pump1.flow", "hall.p7.flow"):
            params = {"points": name, "start": T0, "end": T0 + 10}
            (line,) = (await client.get("/series", params=params)).json()["series"]
            assert (line["values"], line["name"]) == ([1.5, 2.5], "hall.p7.flow")
            told = {"sql": f"select value from telemetry where name = '{name}' order by time"}
            assert (await client.post("/sql", json=told)).json()["rows"] == [[1.5], [2.5]]
        for asset in ("pump1", "hall.p7"):
            assert (await client.get(f"/assets/{asset}")).json()["line"]["code"] == "INV-1"
            assert (await client.get("/points", params={"asset": asset})).json()["total"] == 3
            assert (await client.get("/kpis", params={"assets": asset})).status_code == 200
        assert "pump1.flow" in (await client.get("/screens/hall")).json()["points"], "drawn under the name it says"
        kinds = [one["kind"] for one in (await client.get("/assets/pump1/life")).json()["entries"]]
        assert "renamed" in kinds
        (told,) = (await client.get("/names")).json()
        assert (told["kind"], told["name"], told["now"]) == ("asset", "pump1", "hall.p7")
        renamed = (await client.patch("/points/pump1.flow", json={"name": "hall.p7.rate", "title": "Rate"})).json()
        assert (renamed["name"], renamed["title"]) == ("hall.p7.rate", "Rate")
        assert (await client.get("/points/pump1.flow")).json()["name"] == "hall.p7.rate"
        (only,) = (await client.get("/points/pump1.flow/sources")).json()["sources"]
        assert (only["device"], only["address"], only["until_us"]) == ("pump", "sine:1", None)
        assert len((await client.get("/assets/pump1/sources")).json()) == 3
        assert (await client.delete("/names/asset/pump1")).status_code == 204
        assert (await client.get("/assets/pump1")).status_code == 404
        entries = [e["entry"]["object"] for e in (await client.get("/audit")).json()]
        assert any(one.endswith("/assets/pump1/rename") for one in entries)


async def test_what_is_closed_here_or_there_no_rename_opens(plant: World) -> None:
    async with plant.client() as client:
        text = 'forbid (principal, action in [Action::"configure"], resource in Asset::"main/vault");'
        await plant.registry.rights.grant("main", text, "closed", "test")
        assert (await _rename(client, "pump1", "vault.p1")).status_code == 403
        assert (await _rename(client, "pump1", "pump2")).status_code == 200
        assert (await _rename(client, "pump2", "pump1.x")).status_code == 409
        problem = (await client.put("/assets/pump1", json={"asset": "pump1"})).json()
        assert "earlier name of pump2" in problem["title"]


async def test_who_may_not_see_an_asset_is_not_told_its_new_name(plant: World) -> None:
    token = await _guest(plant)
    await plant.registry.devices.put("main", PRESS, "test")
    async with plant.client() as client, plant.client(token=token) as guest:
        assert (await _rename(client, "press1", "vault9")).status_code == 200
        assert (await client.get("/assets/press1")).json()["line"]["asset"] == "vault9"
        for path in ("/assets/press1", "/assets/press1/life", "/points/press1.force", "/documents?asset=press1"):
            answer = await guest.get(f"{path}{'&' if '?' in path else '?'}tenant=main")
            assert (answer.status_code, "vault9" in answer.text) == (404, False), path
        answer = await guest.post("/sql", params={"tenant": "main"}, json={"sql": "select 'press1.force' as said"})
        assert (answer.status_code, answer.json()["rows"]) == (200, [["press1.force"]]), answer.text
        assert (await _rename(client, "pump1", "p7")).status_code == 200
        assert (await guest.get("/assets/pump1", params={"tenant": "main"})).json()["line"]["asset"] == "p7"


def test_sql_says_todays_names_and_nothing_else_is_touched() -> None:
    rows = [NameRow("m", "asset", "pump1", "p7", 0, ""), NameRow("m", "point", "p7.q", "p7.flow", 0, "")]
    earlier = Earlier.of(rows)
    for told, meant in (
        ("select 1 where name = 'pump1.q'", "select 1 where name = 'p7.flow'"),
        ("asset in ('a', 'pump1') and device = 'pump1'", "asset in ('a', 'p7') and device = 'pump1'"),
        ("asset = 'pump1' -- 'pump1.q'", "asset = 'p7' -- 'pump1.q'"),
        ("title = 'it''s pump1' and \"pump1.q\" = 'pump12.q'", "title = 'it''s pump1' and \"pump1.q\" = 'pump12.q'"),
    ):
        assert in_present_names(told, earlier.asset, earlier.point) == meant
