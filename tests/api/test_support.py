"""Support access: nothing of a company is open to the platform's people until it consents; its audit log says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2 as httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from baigong.api.app import operations
from baigong.api.doors import DOORS
from baigong.registry.rights import policy_text, tenant_ref
from baigong.registry.support import Support
from baigong.security.scope import Ref
from tests.api.signing import add, browser
from tests.api.test_doors import _PARTS
from tests.api.world import World

OURS = {"tenant": "main"}
_PLATFORM = ("tenants", "usage", "operate", "review")


@asynccontextmanager
async def _desk(plant: World) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Sign in an operator whose own company is another, and an administrator of main."""
    token = await plant.registry.people.add_token("park", "desk", role="platform_operator")
    async with plant.client() as main:
        secret = await add(main, "boss", "tenant_admin")
    async with plant.client(token=token) as operator, browser(plant, "boss", secret) as boss:
        yield operator, boss


async def test_an_operator_without_consent_is_refused_at_every_door_of_a_company(plant: World) -> None:
    async with _desk(plant) as (operator, _):
        for operation in operations(plant.app.state.rooms):
            door = DOORS[f"{operation.method} {operation.path}"]
            if door.action and door.action not in _PLATFORM:
                path = operation.path.format(**_PARTS)
                status = (await operator.request(operation.method, path, params=OURS)).status_code
                assert status == 403, f"{operation.method} {operation.path}: {status}"


async def test_a_company_consents_sees_what_was_done_and_ends_it(plant: World) -> None:
    async with _desk(plant) as (operator, boss):
        wish = {"reason": "values of press 3 stand still", "level": "read", "hours": 4}
        made = await operator.post("/support/asked", params=OURS, json=wish)
        assert made.status_code == 200, made.text
        id = made.json()["id"]
        assert (await operator.post("/support/asked", params=OURS, json=wish)).status_code == 409, "asked once"
        assert (await operator.get("/points", params=OURS)).status_code == 403, "asking opens nothing"
        assert (await operator.post(f"/support/{id}/allow", params=OURS, json={})).status_code == 403
        kinds = [one["kind"] for one in (await boss.get("/overview")).json()["attention"]]
        assert "support.asked" in kinds
        allowed = (await boss.post(f"/support/{id}/allow", json={"hours": 1})).json()
        assert (allowed["state"], allowed["ends_us"] - allowed["decided_us"] <= 3_600_000_000) == ("open", True)
        assert (await operator.get("/points", params=OURS)).status_code == 200
        assert (await operator.post("/sql", params=OURS, json={"sql": "select 1 as one"})).status_code == 200
        assert (await operator.delete("/devices/pump", params=OURS)).status_code == 403, "reading changes nothing"
        assert (await operator.get("/people", params=OURS)).status_code == 403
        lines = [line["entry"] for line in (await boss.get("/audit", params={"who": allowed["asker"]})).json()]
        marked = [e["object"] for e in lines if e.get("support") == f"{id}: {wish['reason']}"]
        assert {"GET /api/v1/points", "POST /api/v1/sql", "DELETE /api/v1/devices/pump"} <= set(marked)
        ended = await boss.post(f"/support/{id}/end", json={})
        assert ended.json()["state"] == "over"
        assert (await operator.get("/points", params=OURS)).status_code == 403
        assert [g["title"] for g in (await boss.get("/grants")).json()] == []


async def test_what_is_listened_to_ends_with_the_consent(plant: World) -> None:
    async with _desk(plant) as (operator, boss):
        wish = {"reason": "looking at the pump", "level": "read"}
        id = (await operator.post("/support/asked", params=OURS, json=wish)).json()["id"]
        await boss.post(f"/support/{id}/allow", json={})
        address = plant.url.replace("http", "ws") + "/api/v1/live?tenant=main"
        shown = {"authorization": operator.headers["authorization"]}
        async with connect(address, additional_headers=shown) as socket:
            await socket.send(json.dumps({"points": ["pump1.flow"]}))
            assert json.loads(await asyncio.wait_for(socket.recv(), 10))["points"] == ["pump1.flow"]
            assert (await boss.post(f"/support/{id}/end", json={})).status_code == 200
            with pytest.raises(ConnectionClosed):
                while True:
                    await asyncio.wait_for(socket.recv(), 10)
        lines = [line["entry"] for line in (await boss.get("/audit")).json()]
        assert any(e["object"] == "WS /api/v1/live" and e.get("support") for e in lines)


async def test_a_consent_ends_by_itself_and_outlives_a_restart(plant: World) -> None:
    now = plant.registry.rights._clock_us
    registry, ahead = plant.registry, 0
    later = Support(registry.records, registry.rights, registry.tenants, lambda: now() + ahead)
    async with _desk(plant) as (operator, boss):
        id = (await operator.post("/support/asked", params=OURS, json={"reason": "a look", "level": "look"})).json()[
            "id"
        ]
        await boss.post(f"/support/{id}/allow", json={"hours": 1})
        assert (await operator.get("/latest", params=OURS)).status_code == 403, "names, no values"
        await later.load()
        assert [one.state for one in await later.listed("main")] == ["open"]
        ahead = 3_600_000_000
        assert [one.state for one in await later.listed("main")] == ["over"]
        assert "datetime(" in (await boss.get("/grants")).json()[0]["text"], "the policy itself knows its end"


async def test_refused_taken_back_and_asked_of_oneself(plant: World) -> None:
    async with _desk(plant) as (operator, boss):
        wish = {"reason": "a look", "level": "look"}
        first = (await operator.post("/support/asked", params=OURS, json=wish)).json()["id"]
        assert (await boss.post(f"/support/{first}/refuse", json={})).json()["state"] == "refused"
        assert (await boss.post(f"/support/{first}/allow", json={})).status_code == 409
        second = (await operator.post("/support/asked", params=OURS, json=wish)).json()["id"]
        assert (await operator.post(f"/support/asked/{second}/end", params=OURS)).json()["state"] == "over"
        assert (await boss.post(f"/support/{second}/allow", json={})).status_code == 409
        newest = (await boss.get("/support", params={"limit": 1})).json()
        before = (await boss.get("/support", params={"before": newest[0]["asked_us"]})).json()
        assert [one["id"] for one in newest + before] == [second, first], "page by page, newest first"
        assert (await operator.post("/support/asked", params={"tenant": "park"}, json=wish)).status_code == 409
        assert (await operator.post("/support/asked", params={"tenant": "nobody"}, json=wish)).status_code == 404
        assert (await operator.post("/support/asked", params=OURS, json=wish | {"hours": 169})).status_code == 400
        assert (await boss.post("/support/asked", params={"tenant": "park"}, json=wish)).status_code == 403


async def test_what_one_may_there_is_said_of_the_company_that_is_looked_at(plant: World) -> None:
    async with _desk(plant) as (_, boss):
        assert "people" in (await boss.get("/session")).json()["may"]["company"]
        for tenant in ("park", "nobody"):  # nor is it told that there is no such company
            away = (await boss.get("/session", params={"tenant": tenant})).json()
            assert (away["may"]["company"], away["tenant"]) == ([], "main"), "nothing there, and at home as before"
        text = policy_text(Ref("User", "boss"), ["see", "read"], tenant_ref("park"))
        await plant.registry.rights.grant("park", text, "a look", "park-admin")
        away = (await boss.get("/session", params={"tenant": "park"})).json()
        assert sorted(away["may"]["company"]) == ["read", "see"]
