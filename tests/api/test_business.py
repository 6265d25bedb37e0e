"""Records of business systems through the API: previewed, taken once, changed, missed, back, and seen by SQL."""

from __future__ import annotations

from typing import Any

from tests.api.world import World

MADE = {"单号": ["M1", "M2", "M3", "M4", "M5"], "产品编码": ["P1", "P1", "P2", "P2", "P2"],
        "数量": [10, 20, 30, 40, 50], "颜色": ["red", None, None, None, None]}  # fmt: skip


def _less(columns: dict[str, list[Any]], *rows: int) -> dict[str, list[Any]]:
    return {name: [column[row] for row in rows] for name, column in columns.items()}


async def _send(client: Any, columns: dict[str, list[Any]], *, kind: str = "order", **more: Any) -> dict[str, Any]:
    answer = await client.post("/business/records", json={"kind": kind, "source": "erp", "columns": columns, **more})
    assert answer.status_code == 200, answer.text
    told = answer.json()["run"]["told"]
    return {**told["counts"], "gone": told["gone"], "held": told["held"]}


async def test_records_are_previewed_taken_once_and_followed(plant: World) -> None:
    async with plant.client() as client:
        asked = {"kind": "order", "source": "erp", "columns": MADE}
        shown = (await client.post("/business/preview", json=asked)).json()
        assert shown["problem"] == "" and shown["map"]["fields"] == {
            "order": "单号",
            "item": "产品编码",
            "quantity": "数量",
        }
        assert shown["first"][0]["fields"] == {"order": "M1", "item": "P1", "quantity": 10.0}
        assert (await client.get("/business")).json()["counts"] == [], "a preview stores nothing"

        none = {"gone": 0, "held": 0, "refused": 0}
        assert await _send(client, MADE) == {"inserted": 5, "changed": 0, "unchanged": 0, **none}
        assert await _send(client, MADE) == {"inserted": 0, "changed": 0, "unchanged": 5, **none}
        other = MADE | {"数量": [10, 25, 30, 40, 50]}
        assert await _send(client, other) == {"inserted": 0, "changed": 1, "unchanged": 4, **none}

        page = (await client.get("/business/record", params={"kind": "order", "source": "erp", "key": "M2"})).json()
        assert page["record"]["fields"]["quantity"] == 25
        assert [(one["what"], one["before"]["fields"]["quantity"]) for one in page["history"]] == [("changed", 20.0)]
        renamed = {**_less(MADE, 0), "数量 (个)": [1]}
        del renamed["数量"]
        mapped = {"kind": "order", "source": "erp", "columns": renamed, "map": shown["map"], "whole": True}
        refused = await client.post("/business/records", json=mapped)
        assert refused.status_code == 422 and refused.json()["code"] == "record.columns"
        assert "数量 (个)" in refused.json()["title"]
        problem = (await client.post("/business/preview", json=mapped)).json()
        assert "数量 (个)" in problem["problem"] and problem["first"] == []
        assert (await client.get("/business")).json()["counts"][0]["there"] == 5, "nothing is marked as gone"


async def test_what_a_whole_telling_misses_is_gone_and_comes_back_and_too_much_is_held(plant: World) -> None:
    async with plant.client() as client:

        async def list_(**query: Any) -> list[tuple[str, bool]]:
            found = (await client.get("/business/records", params={"kind": "order", **query})).json()
            return [(one["key"], one["gone_us"] is not None) for one in found]

        await _send(client, MADE, whole=True)
        assert (await _send(client, _less(MADE, 0, 1, 2, 3), whole=True))["gone"] == 1
        assert await list_(gone="only") == [("M5", True)] and len(await list_(gone="no")) == 4
        assert (await _send(client, MADE, whole=True))["inserted"] == 0
        assert await list_(gone="only") == [], "it is told again"
        page = (await client.get("/business/record", params={"kind": "order", "source": "erp", "key": "M5"})).json()
        assert [one["what"] for one in page["history"]] == ["back", "gone"]

        assert await _send(client, _less(MADE, 0), whole=True) == {
            "inserted": 0, "changed": 0, "unchanged": 1, "refused": 0, "gone": 0, "held": 4,
        }  # fmt: skip
        (held,) = (await client.get("/business")).json()["held"]
        assert await list_(gone="only") == [], "four of five are not believed"
        await _send(client, _less(MADE, 1))  # one of them is told meanwhile
        wrong = await client.post(f"/business/runs/{held['run']}/agree", json={"gone": 4})
        assert wrong.status_code == 409 and wrong.json()["code"] == "record.held"
        agreed = await client.post(f"/business/runs/{held['run']}/agree", json={"gone": 3})
        assert agreed.status_code == 200 and agreed.json()["state"] == "agreed", agreed.text
        assert await list_(gone="only") == [("M3", True), ("M4", True), ("M5", True)]
        assert await list_(search="颜色") == [("M1", False)] and await list_(
            limit=1, after="M1", after_source="erp"
        ) == [("M2", False)]
        assert (await client.get("/business/records", params={"kind": "orders"})).json()["code"] == "record.kind"


JOINED = """
select o.key, i.title, c.title, e.id, u.lot, l.supplier_lot, o.gone_time is null as there
from orders o left join items i on i.item = o.item left join customers c on c.customer = o.customer
left join episodes e on e.attributes->>'order' = o."order" left join lot_uses u on u.episode = e.id
left join lot_records l on l.lot = u.lot order by o.key
"""


async def test_sql_joins_records_with_episodes_and_lots_and_sees_changes_at_once(plant: World) -> None:
    async with plant.client() as client:

        async def ask(sql: str) -> list[list[Any]]:
            answer = await client.post("/sql", json={"sql": sql})
            assert answer.status_code == 200, answer.text
            return list(answer.json()["rows"])

        assert await ask("select * from orders") == []
        await _send(client, {"单号": ["M1", "M2"], "产品编码": ["P1", "P2"], "客户": ["C1", None]})
        await _send(client, {"物料编码": ["P1"], "物料名称": ["Pump"]}, kind="item")
        await _send(client, {"客户编码": ["C1"], "客户名称": ["ACME"]}, kind="customer")
        await _send(client, {"批号": ["H13"], "炉号": ["furnace 9"]}, kind="lot")
        run = {"id": "run1", "asset": "pump1", "kind": "production", "start_us": 1, "end_us": 2,
               "attributes": {"order": "M1", "consumed": ["H13"]}}  # fmt: skip
        assert (await client.put("/episodes/run1", json=run)).status_code == 200
        assert await ask(JOINED) == [
            ["M1", "Pump", "ACME", "run1", "H13", "furnace 9", True], ["M2", None, None, None, None, None, True],
        ]  # fmt: skip
        await _send(client, {"物料编码": ["P2"], "物料名称": ["Valve"]}, kind="item")
        await _send(client, {"物料编码": ["P1"], "物料名称": ["Pumpe"]}, kind="item")
        assert [row[1] for row in await ask(JOINED)] == ["Pumpe", "Valve"]
        page = (await client.get("/business/record", params={"kind": "order", "source": "erp", "key": "M1"})).json()
        assert page["episodes"] == ["run1"] and [one["key"] for one in page["refers"]] == ["P1", "C1"]
