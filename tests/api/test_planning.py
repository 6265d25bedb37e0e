"""Plans make tasks once, also after the platform slept; calendars make shifts ahead; reasons belong to places."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx2 as httpx
import msgspec

from baigong.registry.planning import Followed
from baigong.stores.records.worktexts import put_state
from tests.api.world import World, now_us

DAY = 86_400_000_000
ROUND = {
    "assets": ["pump1"],
    "title": "Daily round",
    "title_zh": "日常点检",
    "role": "operator",
    "zone": "Asia/Shanghai",
    "at": ["00:00", "12:00"],
    "checklist": [{"item": "oil", "kind": "number", "low": 2}],
}
FOUR = {  # four crews, three shifts: two early, two late, two nights, two free
    "assets": ["pump1"],
    "starts": "2026-01-01",
    "shifts": {
        "night": {"begins": "00:00", "ends": "08:00", "title": "night", "title_zh": "夜班"},
        "early": {"begins": "08:00", "ends": "16:00", "title": "early", "title_zh": "早班"},
        "late": {"begins": "16:00", "ends": "00:00", "title": "late", "title_zh": "中班"},
    },
    "cycle": [{"early": "ABCD"[at // 2], "late": "DABC"[at // 2], "night": "CDAB"[at // 2]} for at in range(8)],
}


def _none(tenant: str, points: Any) -> dict[int, float]:
    return {}


async def _put(client: httpx.AsyncClient, path: str, told: Any, status: int = 200) -> Any:
    answer = await client.put(path, json=told)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_plan_makes_its_task_once_and_counts_what_the_platform_slept_through(plant: World) -> None:
    planning = plant.registry.planning
    async with plant.client() as client:
        assert (await _put(client, "/plans/round", ROUND))["followed"]["made"] == 0
        assert (await _put(client, "/plans/round", ROUND | {"at": ["25:00"]}, 400))["code"] == "payload.malformed"
        assert (await _put(client, "/plans/other", ROUND | {"assets": ["none"]}, 404))["place"] == "assets"
        await planning.turn(_none)
        assert (await client.get("/tasks")).json()["tasks"] == []
        slept = msgspec.json.encode(Followed(upto_us=now_us() - 3 * DAY)).decode()
        for _ in range(2):  # the second: it was killed before it wrote down how far it was
            await plant.registry.records.write(lambda c: put_state(c, "main", "plan", "round", slept), tenant="main")
            await planning.turn(_none)
            await planning.turn(_none)
            (task,) = (await client.get("/tasks")).json()["tasks"]
            (line,) = (await client.get("/plans")).json()
            assert (line["followed"]["made"], line["followed"]["missed"]) == (1, 5)
        assert (task["spec"]["origin_ref"], task["made_by"], task["spec"]["role"]) == ("round", "plan", "operator")
        assert task["spec"]["checklist"][0]["low"] == 2
        change = {"id": "change-01", "to": "cancelled", "comment": "no need"}
        assert (await client.post(f"/tasks/{task['id']}/changes", json=change)).status_code == 200
        await _put(client, "/plans/round", ROUND | {"at": [], "hours_of": "flow", "every_hours": 100})
        number = plant.registry.book.find("main", "pump1.flow").number
        for hours, made in ((40, 1), (130, 1), (141, 2), (560, 2), (20, 2), (119, 2), (121, 3)):
            await planning.turn(lambda tenant, points, hours=hours: {number: float(hours)})  # type: ignore[misc]
            tasks = (await client.get("/tasks")).json()["tasks"]
            assert len(tasks) == made, (hours, [one["id"] for one in tasks])
            if hours > 500:  # the one before was still open: four more times are counted
                assert (await client.get("/plans")).json()[0]["followed"]["missed"] == 9
                open_ = next(one for one in tasks if one["state"] == "open")
                await client.post(f"/tasks/{open_['id']}/changes", json=change)
        assert (await client.delete("/plans/round")).status_code == 204
        assert (await client.delete("/plans/round")).status_code == 404


async def test_a_calendar_makes_shifts_ahead_and_follows_its_changes(plant: World) -> None:
    planning = plant.registry.planning
    async with plant.client() as client:
        await _put(client, "/calendars/four", FOUR)
        for _ in range(2):
            await planning.turn(_none)
            shifts = (await client.get("/episodes?kind=shift")).json()
            assert 42 <= len(shifts) <= 46, "three a day, fourteen days ahead, the present ones too"
        began = [one for one in shifts if one["start_us"] > now_us()]
        assert {one["attributes"]["crew"] for one in began} == set("ABCD")
        day = datetime.fromtimestamp(now_us() / 1e6 + 5 * 86_400, UTC).date().isoformat()
        await _put(client, "/calendars/four", FOUR | {"exceptions": {day: {}}})
        await planning.turn(_none)
        left = {one["id"] for one in (await client.get("/episodes?kind=shift")).json()}
        assert {one["id"] for one in shifts} - left == {f"shift/four/pump1/{day}/{key}" for key in FOUR["shifts"]}  # type: ignore[attr-defined]
        assert (await client.delete("/calendars/four")).status_code == 204
        rest = (await client.get("/episodes?kind=shift")).json()
        assert rest and all(one["start_us"] <= now_us() for one in rest), "what has begun stays"


async def test_the_nearest_tree_of_reasons_holds(plant: World) -> None:
    async with plant.client() as client:
        shipped = (await client.get("/assets/pump1/reasons")).json()
        assert any(one["key"] == "breakdown" for one in shipped["reasons"])
        own = {"assets": ["pump1"], "reasons": [{"key": "seal", "title": "Seal", "title_zh": "密封"}]}
        await _put(client, "/reasons/pumps", own)
        assert [one["key"] for one in (await client.get("/assets/pump1/reasons")).json()["reasons"]] == ["seal"]
        twice = await _put(client, "/reasons/bad", {"reasons": [{"key": "a"}, {"key": "a"}]}, 400)
        assert "twice" in twice["title"]
        assert (await client.get("/assets/none/reasons")).status_code == 404


async def test_plans_and_reasons_go_with_an_asset_that_is_called_otherwise(plant: World) -> None:
    planning = plant.registry.planning
    async with plant.client() as client:
        await _put(client, "/plans/hours", ROUND | {"at": [], "hours_of": "flow", "every_hours": 100})
        own = {"assets": ["pump1"], "reasons": [{"key": "seal", "title": "Seal", "title_zh": "密封"}]}
        await _put(client, "/reasons/pumps", own)
        number = plant.registry.book.find("main", "pump1.flow").number
        await planning.turn(lambda tenant, points: {number: 40.0})
        assert (await client.post("/assets/pump1/rename", json={"to": "hall.p7"})).status_code == 200
        await planning.turn(lambda tenant, points: {number: 141.0})
        (task,) = (await client.get("/tasks")).json()["tasks"]
        assert task["spec"]["asset"] == "hall.p7"
        (line,) = (await client.get("/plans")).json()
        assert (line["told"]["assets"], line["followed"]["made"], line["followed"]["missed"]) == (["hall.p7"], 1, 0)
        assert [one["key"] for one in (await client.get("/assets/hall.p7/reasons")).json()["reasons"]] == ["seal"]
