"""Genealogy through the API: runs say what went into what; recall and trace follow it, with what the machine said."""

from __future__ import annotations

from typing import Any

from tests.api.world import World

T0 = 1_767_225_600_000_000
MINUTE = 60_000_000


def _run(id: str, at: int, consumed: list[Any], produced: list[Any], **more: Any) -> dict[str, Any]:
    attributes = {"consumed": consumed, "produced": produced, **more}
    start = T0 + at * MINUTE
    return {
        "id": id, "asset": "pump1", "kind": "production", "start_us": start, "end_us": start + MINUTE,
        "attributes": attributes,
    }  # fmt: skip


async def _put(client: Any, *runs: dict[str, Any]) -> None:
    for run in runs:
        answer = await client.put(f"/episodes/{run['id']}", json=run)
        assert answer.status_code == 200, answer.text


async def test_a_lot_is_recalled_and_traced_with_machine_people_and_parameters(plant: World) -> None:
    await plant.put(
        "pump1.flow", [T0 + MINUTE * 10 + s * 1_000_000 for s in range(4)], [1.0, 2.0, 3.0, 99.0], [0, 0, 0, 0x8000]
    )
    steel = {"lot": "H13-7", "material": "steel", "quantity": 12.5, "unit": "kg"}
    async with plant.client() as client:
        await _put(
            client,
            _run("cut", 0, [steel], ["blank-1", "blank-2"]),
            _run("mill", 10, ["blank-1", "screw-5"], [{"lot": "SN-1", "material": "mould"}], people=["wang", "li"]),
            _run("pack", 20, ["SN-1", "blank-2"], ["box-1"]),
        )

        async def trace(lot: str, **query: Any) -> dict[str, Any]:
            answer = await client.get("/lots/trace", params={"lot": lot, **query})
            assert answer.status_code == 200, answer.text
            return dict(answer.json())

        recall = await trace("H13-7", direction="forward")
        assert [(one["lot"], one["steps"]) for one in recall["lots"]] == [
            ("H13-7", 0), ("blank-1", 1), ("blank-2", 1), ("SN-1", 2), ("box-1", 2),
        ]  # fmt: skip
        assert recall["lots"][0]["quantity"] == 12.5 and recall["whole"]
        await _put(client, _run("test", 21, [steel | {"quantity": 0.5}], []))
        assert (await trace("H13-7"))["lots"][0]["quantity"] == 13, "of what is bought: all that was used"
        back = await trace("SN-1", parameters="true")
        assert {one["lot"] for one in back["lots"]} == {"SN-1", "blank-1", "screw-5", "H13-7"}
        mill = next(one for one in back["episodes"] if one["id"] == "mill")
        assert (mill["asset"], mill["people"]) == ("pump1", ["wang", "li"])
        (flow,) = mill["parameters"]
        assert (flow["point"], flow["count"], flow["min"], flow["mean"], flow["max"]) == ("pump1.flow", 3, 1, 2, 3)
        assert (await trace("H13-7", direction="forward", limit=2))["whole"] is False
        assert (await client.get("/lots", params={"search": "blank"})).json()["lots"] == ["blank-1", "blank-2"]
        assert (await client.get("/lots/trace", params={"lot": "nothing"})).status_code == 404

        await _put(client, _run("cut", 0, [steel], ["blank-2"]))  # corrected: blank-1 was not made there
        assert {one["lot"] for one in (await trace("SN-1"))["lots"]} == {"SN-1", "blank-1", "screw-5"}
        assert (await client.delete("/episodes/pack")).status_code in (200, 204)
        assert [one["lot"] for one in (await trace("SN-1", direction="forward"))["lots"]] == ["SN-1"]


async def test_steps_say_who_had_no_qualification_and_a_recall_is_a_table(plant: World) -> None:
    def person(name: str, title: str, qualifications: str) -> dict[str, Any]:
        told = {"qualifications": qualifications}
        return {"asset": name, "parent": "", "level": "person", "type": "person", "title_zh": title, "properties": told}

    day = "2026-01-01"  # of T0
    machine = {"asset": "pump1", "properties": {"qualification": "moulding; crane"}}
    people = [person("li", "李四", f"moulding until {day}；crane"), person("wang", "王五", "moulding 2025-12-31")]
    async with plant.client() as client:
        mould = {"asset": "m7", "parent": "", "level": "tool", "type": "mould", "properties": {"cavities": 2}}
        made = await client.post("/assets", json={"assets": [machine, *people, mould]})
        assert made.status_code == 200, made.text
        run = _run("run", 1, ["PA-1"], [{"lot": "box", "quantity": 8}], people=["li", "王五", "guest"], tools="m7")
        await _put(client, run, _run("ship", 2, ["box"], ["=DN"], customer="ACME"))
        asked = {"lot": "PA-1", "direction": "forward"}
        step = (await client.get("/lots/trace", params=asked)).json()["episodes"][0]
        assert step["tools"] == ["m7"]
        assert [(q["person"], q["qualification"], q["state"], q["until"]) for q in step["qualifications"]] == [
            ("li", "moulding", "held", day), ("li", "crane", "held", ""),
            ("王五", "moulding", "expired", "2025-12-31"), ("王五", "crane", "missing", ""),
            ("guest", "moulding", "unknown", ""), ("guest", "crane", "unknown", ""),
        ]  # fmt: skip
        table = await client.get("/lots/trace", params={**asked, "format": "csv"})
        lines = table.content.decode("utf-8-sig").splitlines()
        assert lines[0].startswith("lot,steps,material,quantity") and len(lines) == 4
        assert lines[2].startswith("box,1,,8.0,,run,pump1,2026-01-01 00:01:00,2026-01-01 00:02:00,")
        assert "王五: moulding" in lines[2] and lines[3].startswith("'=DN,2,") and "ACME" in lines[3]
        book = await client.get("/lots/trace", params={**asked, "format": "xlsx", "language": "zh"})
        assert book.content[:2] == b"PK" and book.headers["content-type"].endswith("sheet")
        cut = await client.get("/lots/trace", params={**asked, "format": "csv", "limit": 1})
        assert cut.json()["code"] == "payload.too_large"


RECALL = """
with recursive affected(lot) as (
  select 'H13-7' union select g.produced from genealogy g join affected a on g.consumed = a.lot
)
select u.lot, e.id, e.asset, e.attributes->>'people' as people, t.name, min(t.value), avg(t.value), max(t.value)
from affected join lot_uses u using (lot) join episodes e on e.id = u.episode
left join telemetry t on t.asset = e.asset and t.time >= e.start_time and t.time < coalesce(e.end_time, now())
     and t.severity <> 'bad'
where u.side = 'produced' group by all order by all
"""


async def test_a_recall_is_one_statement_of_sql_with_machines_people_and_parameters(plant: World) -> None:
    times = [T0 + MINUTE * 10 + s * 1_000_000 for s in range(4)]
    await plant.put("pump1.flow", times, [1.0, 2.0, 3.0, 99.0], [0, 0, 0, 0x8000])
    async with plant.client() as client:

        async def ask(sql: str, who: Any = client) -> list[list[Any]]:
            answer = await who.post("/sql", json={"sql": sql})
            assert answer.status_code == 200, answer.text
            return list(answer.json()["rows"])

        assert await ask("select * from lots") == await ask("select * from genealogy") == []
        steel = {"lot": "H13-7", "material": "steel", "quantity": 2.5, "unit": "kg"}
        await _put(
            client,
            _run("cut", 0, [steel], ["blank-1", "blank-2"]),
            _run("mill", 10, ["blank-1", "screw-5"], [{"lot": "SN-1", "material": "mould"}], people=["wang", "li"]),
        )
        made = [["blank-1", "cut"], ["blank-2", "cut"]]
        assert await ask(RECALL) == [
            ["SN-1", "mill", "pump1", '["wang","li"]', "pump1.flow", 1.0, 2.0, 3.0],
            *([lot, run, "pump1", None, None, None, None, None] for lot, run in made),
        ]
        assert await ask("select * from lots where lot in ('H13-7', 'SN-1') order by lot") == [
            ["H13-7", "steel", None, 2.5, "kg"], ["SN-1", "mould", None, None, None],
        ]  # fmt: skip
        await _put(client, _run("cut", 0, [steel], ["blank-2"]))  # what is corrected is seen at once
        assert [row[0] for row in await ask(RECALL)] == ["blank-2"]
        assert (await client.delete("/episodes/mill")).status_code == 204
        assert await ask("select lot, side, episode from lot_uses order by all") == [
            ["H13-7", "consumed", "cut"], ["blank-2", "produced", "cut"],
        ]  # fmt: skip
        assert await ask("select * from genealogy") == [["H13-7", "blank-2", "cut"]]
        assert {one["name"] for one in (await client.get("/sql/schema")).json()} >= {"lots", "lot_uses", "genealogy"}


async def test_rings_are_refused_and_counts_are_no_lots(plant: World) -> None:
    async with plant.client() as client:
        await _put(client, _run("1", 0, ["a"], ["b"]), _run("2", 1, ["b"], ["c"]), _run("3", 2, [], ["d"]))
        for wrong in (_run("4", 3, ["c"], ["a"]), _run("5", 3, ["x"], ["x"]), _run("6", 3, [{"lot": ""}], ["y"])):
            answer = await client.put(f"/episodes/{wrong['id']}", json=wrong)
            assert answer.json()["code"] == "config.invalid", answer.text
        assert len((await client.get("/episodes")).json()) == 3, "nothing of what was refused is kept"
        counts = _run("7", 4, [], [])
        await _put(client, counts | {"attributes": {"produced": 120, "consumed": None}})
