"""What came through the doors is written down, and can be proven to others without us."""

from __future__ import annotations

import base64
import json

from baigong.registry.rights import asset_ref, policy_text
from baigong.security import merkle
from baigong.security.checkpoint import Verifier, read_checkpoint
from baigong.security.scope import Ref
from tests.api.signing import PASSWORD, browser
from tests.api.world import World


async def _log(plant: World, **query: str) -> list[dict]:
    async with plant.client() as client:
        answer = await client.get("/audit", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_change_is_written_down_and_a_look_is_not(plant: World) -> None:
    async with plant.client() as client:
        await client.get("/points")
        assert await _log(plant) == []
        assert (await client.patch("/points/pump1.flow", json={"title": "Feed"})).status_code == 200
    (line,) = await _log(plant)
    assert line["entry"]["action"] == "configure"
    assert line["entry"]["object"] == "PATCH /api/v1/points/pump1.flow"
    assert line["entry"].get("allowed", True)


async def test_a_refusal_is_written_down_with_its_reason(plant: World) -> None:
    token = await plant.registry.people.add_token("main", "looks", role="viewer")
    async with plant.client(token=token) as client:
        assert (await client.patch("/points/pump1.flow", json={"title": "Feed"})).status_code == 403
    (line,) = await _log(plant, allowed="false")
    assert line["entry"]["reason"] == "auth.denied"
    assert line["entry"]["allowed"] is False


async def test_a_look_at_anothers_plant_is_written_down_for_its_owner(plant: World) -> None:
    token = await plant.registry.people.add_token("bank", "theirs", role="viewer")
    who = plant.registry.people.recognise(token)
    assert who is not None
    text = policy_text(Ref("Token", who.token), ["see"], asset_ref("main", "pump1"))
    await plant.registry.rights.grant("main", text, "loan", "me")
    async with plant.client(token=token) as client:
        assert (await client.get("/points", params={"tenant": "main"})).status_code == 200
    assert [line["entry"]["who"] for line in await _log(plant)] == [f"bank/{who.token}"]


async def test_an_export_is_proven_without_us(plant: World) -> None:
    async with plant.client() as client:
        key = (await client.get("/audit/checkpoint")).json()["key"]
        for title in ("a", "b", "c"):
            await client.patch("/points/pump1.flow", json={"title": title})
        lines = (await client.get("/audit/export")).text.splitlines()
    assert len(lines) == 3
    for line in lines:
        proof = json.loads(line)
        told = read_checkpoint(proof["checkpoint"], Verifier.parse(key))
        path = [base64.b64decode(p) for p in proof["path"]]
        assert merkle.verify_inclusion(
            merkle.leaf_hash(proof["entry"].encode()), proof["index"], told.size, path, told.root
        )


async def test_growth_is_proven(plant: World) -> None:
    async with plant.client() as client:
        notes = []
        for title in ("a", "b"):
            await client.patch("/points/pump1.flow", json={"title": title})
            notes.append((await client.get("/audit/checkpoint")).json())
        verifier = Verifier.parse(notes[0]["key"])
        old, new = (read_checkpoint(n["checkpoint"], verifier) for n in notes)
        answer = await client.get("/audit/consistency", params={"old": old.size, "new": new.size})
    path = [base64.b64decode(p) for p in answer.json()["path"]]
    assert merkle.verify_consistency(old.size, new.size, old.root, new.root, path)


async def test_anothers_entries_are_not_shown(plant: World) -> None:
    async with plant.client() as client:
        await client.patch("/points/pump1.flow", json={"title": "a"})
    token = await plant.registry.people.add_token("bank", "theirs", role="tenant_admin")
    async with plant.client(token=token) as client:
        assert (await client.get("/audit")).json() == []
        assert (await client.get("/audit/0/proof")).status_code == 404
        assert (await client.get("/audit/x/proof")).status_code == 404


async def test_a_changed_password_is_written_down_without_the_password(plant: World) -> None:
    async with browser(plant, "admin", plant.secret):
        (line,) = await _log(plant, action="account")
    assert line["entry"]["object"] == "POST /api/v1/password" and line["entry"]["who"] == "main/admin"
    assert PASSWORD not in json.dumps(line)
