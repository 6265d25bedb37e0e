"""Every route asks: a stranger, a person of another tenant and one who may only look are refused, as the table says."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from baigong.api.app import operations
from baigong.api.doors import DOORS, Door
from baigong.registry.rights import asset_ref, policy_text
from baigong.security.scope import Ref
from tests.api.world import World

_PARTS = {
    "name": "pump1.flow",
    "id": "pump",
    "username": "u",
    "time": "0",
    "tenant_id": "main",
    "provider": "p",
    "serial": "0",
    "month": "2026-04",
    "file": "hall.jpg",
    "template": "x",
    "submodel": "x",
    "kind": "feeds",
    "other": "x",
    "earlier": "x",
}
_OPEN = (
    "GET /health",
    "POST /session",
    "POST /session/passkey",
    "POST /session/passkey/options",
    "GET /sign-in",
    "POST /sign-in/{tenant_id}/{provider}",
    "GET /sign-in/{tenant_id}/{provider}/callback",
    "GET /machine-ca.pem",
    "GET /machine-ca.crl",
    "GET /machine-ca.crl.pem",
    "GET /apply",
    "POST /apply",
    "POST /apply/state",
    "POST /apply/answer",
    "POST /shown",
    "POST /shown/past",
    "GET /looks",
    "GET /regions/{id}/logo",
    "GET /influx/ping",
    "GET /influx/health",
)


def _routes(plant: World) -> list[tuple[str, str]]:
    return [(o.method, o.path) for o in operations(plant.app.state.rooms)]


async def _ask(plant: World, method: str, path: str, token: str | None, **params: str) -> int:
    headers = {"authorization": f"Bearer {token}"} if token else {"authorization": ""}
    async with plant.client() as client:
        answer = await client.request(method, path.format(**_PARTS), headers=headers, params=params)
    return answer.status_code


async def test_every_route_has_a_door_and_every_door_a_route(plant: World) -> None:
    routes = {f"{method} {path}" for method, path in _routes(plant)}
    assert routes == set(DOORS) - {"WS /live"}


async def test_a_stranger_is_refused_everywhere(plant: World) -> None:
    for method, path in _routes(plant):
        if f"{method} {path}" not in _OPEN:
            assert await _ask(plant, method, path, None) == 401, f"{method} {path}"


async def test_another_company_is_refused_everywhere(plant: World) -> None:
    token = await plant.registry.people.add_token("bank", "theirs", role="tenant_admin")
    for method, path in _routes(plant):
        door = DOORS[f"{method} {path}"]
        if door.action:
            status = await _ask(plant, method, path, token, tenant="main")
            assert status == 403, f"{method} {path}: {status}"


async def test_whoever_may_only_look_changes_nothing(plant: World) -> None:
    token = await plant.registry.people.add_token("main", "looks", role="viewer")
    for method, path in _routes(plant):
        door = DOORS[f"{method} {path}"]
        status = await _ask(plant, method, path, token)
        if door.action and (door.action not in ("see", "read") or door.platform):
            assert status == 403, f"{method} {path}: {status}"
        else:
            assert status != 403 or not door.action, f"{method} {path}: {status}"


async def test_what_changes_something_is_not_open_to_those_who_look() -> None:
    for name, door in DOORS.items():
        if name.split()[0] not in ("GET", "WS") and door != Door(""):
            assert door.action not in ("see", "read") or name == "POST /sql" or door.within, name


async def test_a_grant_shows_one_machine_and_no_other(plant: World) -> None:
    token = await plant.registry.people.add_token("bank", "theirs", role="viewer")
    who = plant.registry.people.recognise(token)
    assert who is not None
    granted = policy_text(Ref("Token", who.token), ["see", "read"], asset_ref("main", "pump1"))
    row = await plant.registry.rights.grant("main", granted, "loan", "me")
    async with plant.client() as client:
        client.headers["authorization"] = f"Bearer {token}"
        shown = (await client.get("/points", params={"tenant": "main"})).json()
        assert {p["asset"] for p in shown["points"]} == {"pump1"}
        assert (await client.get("/points/pump1.flow", params={"tenant": "main"})).status_code == 200
        assert (await client.get("/points")).json()["points"] == [], "its own company has none"
        await plant.registry.rights.revoke("main", row.grant, "me")
        assert (await client.get("/points", params={"tenant": "main"})).status_code == 403


async def test_live_values_end_with_the_grant(plant: World) -> None:
    token = await plant.registry.people.add_token("bank", "theirs", role="viewer")
    who = plant.registry.people.recognise(token)
    assert who is not None
    granted = policy_text(Ref("Token", who.token), ["read"], asset_ref("main", "pump1"))
    row = await plant.registry.rights.grant("main", granted, "loan", "me")
    address = plant.url.replace("http", "ws") + "/api/v1/live?tenant=main"
    async with connect(address, additional_headers={"authorization": f"Bearer {token}"}) as socket:
        await socket.send(json.dumps({"points": ["pump1.flow"]}))
        assert json.loads(await asyncio.wait_for(socket.recv(), 10))["points"] == ["pump1.flow"]
        await plant.registry.rights.revoke("main", row.grant, "me")
        with pytest.raises(ConnectionClosed):
            while True:
                told = json.loads(await asyncio.wait_for(socket.recv(), 10))
                assert "error" not in told or told["error"]["code"] == "auth.denied"
