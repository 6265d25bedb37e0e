"""Companies: made with their first administrator, suspended at every door, resumed."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from baigong.api.app import operations
from baigong.registry.rights import policy_text, tenant_ref
from baigong.security.scope import Ref
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import BaigongError
from tests.api.signing import add, browser
from tests.api.world import World

MOULD = {"tenant": "mould", "title": "Ninghai Mould", "title_zh": "宁海模具", "region": "ningbo", "admin": "chen"}


async def _mould(operator) -> str:
    assert (await operator.post("/regions", json={"region": "ningbo", "title_zh": "宁波"})).status_code == 200
    made = await operator.post("/tenants", json=MOULD | {"credit_code": "91350100m000100y43"})
    assert made.status_code == 200, made.text
    return str(made.json()["password"])


async def test_a_company_begins_with_its_administrator(plant: World) -> None:
    async with plant.client() as operator:
        secret = await _mould(operator)
        (shown,) = (await operator.get("/tenants", params={"search": "宁海"})).json()
        assert (shown["state"], shown["credit_code"], shown["region"]) == ("pending", "91350100M000100Y43", "ningbo")
        async with browser(plant, "chen", secret) as chen:
            assert (await chen.get("/session")).json()["tenant"] == "mould"
            assert [p["name"] for p in (await chen.get("/people")).json()] == ["chen"]
            assert (await chen.get("/tenants")).status_code == 403
            assert (await chen.get("/points", params={"tenant": "main"})).status_code == 403
        (shown,) = (await operator.get("/tenants", params={"search": "91350100M"})).json()
        assert shown["state"] == "active"
        assert {t["tenant"] for t in (await operator.get("/tenants")).json()} >= {"main", "mould"}


async def test_what_is_wrong_is_refused_and_makes_nothing(plant: World) -> None:
    async with plant.client() as operator:
        await _mould(operator)
        for change, status in (
            ({"tenant": "mould"}, 409),
            ({"tenant": "M"}, 422),
            ({"tenant": "two", "region": "atlantis", "admin": "b"}, 422),
            ({"tenant": "two", "admin": "chen"}, 409),
            ({"tenant": "two", "admin": "b", "credit_code": "91350100M000100Y44"}, 422),
            ({"tenant": "two", "admin": "b", "credit_code": "91350100M000100Y43"}, 409),
        ):
            answer = await operator.post("/tenants", json=MOULD | {"admin": "b"} | change)
            assert answer.status_code == status, answer.text
        assert {t["tenant"] for t in (await operator.get("/tenants")).json()} == {"main", "mould"}
        assert await plant.registry.people.find("b") is None


async def test_a_suspended_company_stands_still_at_every_door(plant: World) -> None:
    async with plant.client() as operator:
        secret = await _mould(operator)
        people, credentials = plant.registry.people, plant.registry.credentials
        token = await people.add_token("mould", "program", role="tenant_admin")
        await plant.registry.devices.put("mould", DeviceSpec(device="m1", driver="frontdoor"), "test")
        password = await credentials.put("mould", "m1", "m1")
        await credentials.check("m1", password=password)
        async with browser(plant, "chen", secret) as chen, plant.client(token=token) as program:
            told = plant.bus.subscribe("event.mould.credential.suspended")
            heard = asyncio.create_task(anext(aiter(told)))
            await asyncio.sleep(0)
            live = plant.url.replace("http", "ws") + "/api/v1/live"
            async with connect(live, additional_headers={"authorization": f"Bearer {token}"}) as socket:
                await socket.send(json.dumps({"points": []}))
                assert (await operator.post("/tenants/mould/suspend")).json()["state"] == "suspended"
                with pytest.raises(ConnectionClosed):
                    while True:
                        await asyncio.wait_for(socket.recv(), 10)
            for operation in operations(plant.app.state.rooms):
                if not operation.everyone:
                    path = re.sub(r"{\w+}", "0", operation.path)
                    answer = await program.request(operation.method, path)
                    assert answer.json()["code"] == "tenant.suspended", operation.path
            assert (await chen.get("/session")).json()["code"] == "tenant.suspended"
            again = await chen.post("/session", json={"user": "chen", "password": "a pump in Ningbo"})
            assert again.json()["code"] == "tenant.suspended"
            with pytest.raises(BaigongError) as caught:
                await credentials.check("m1", password=password)
            assert caught.value.code == "tenant.suspended"
            async with asyncio.timeout(10):
                assert b'"m1"' in (await heard).payload, "gateways are told to throw it out"
            assert (await operator.post("/tenants/mould/resume")).json()["state"] == "active"
            assert (await chen.get("/people")).status_code == 200
            assert (await program.post("/ingest", json={"values": [{"point": "a.b", "value": 1.0}]})).status_code == 200
            await credentials.check("m1", password=password)


async def test_suspension_is_remembered_and_nobody_suspends_themselves(plant: World) -> None:
    async with plant.client() as operator:
        await _mould(operator)
        assert (await operator.post("/tenants/main/suspend")).status_code == 409
        assert (await operator.post("/tenants/nobody/suspend")).status_code == 404
        await operator.post("/tenants/mould/suspend")
        await plant.registry.tenants.load()
        (shown,) = (await operator.get("/tenants", params={"state": "suspended"})).json()
        assert shown["tenant"] == "mould"


async def test_partners_of_a_suspended_company_see_it_no_more_than_it_sees_them(plant: World) -> None:
    async with plant.client() as operator:
        await _mould(operator)
        token = await plant.registry.people.add_token("mould", "program", role="viewer")
        who = plant.registry.people.recognise(token)
        assert who is not None
        granted = policy_text(Ref("Token", who.token), ["see", "read"], tenant_ref("main"))
        await plant.registry.rights.grant("main", granted, "loan", "me")
        async with plant.client(token=token) as program:
            assert (await program.get("/points", params={"tenant": "main"})).status_code == 200
            await operator.post("/tenants/mould/suspend")
            assert (await program.get("/points", params={"tenant": "main"})).status_code == 403


async def test_only_the_operator_of_the_platform_makes_companies(plant: World) -> None:
    async with plant.client() as admin:
        secret = await add(admin, "boss", "tenant_admin")
    async with browser(plant, "boss", secret) as boss:
        assert (await boss.post("/tenants", json=MOULD)).status_code == 403
        assert (await boss.get("/regions")).status_code == 403
