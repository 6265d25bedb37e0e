"""Grants by form and by text, revoked, explained; tokens with no more than their maker's rights, and with an end."""

from __future__ import annotations

from typing import Any

import pytest

from baigong.registry.explain import ACTIONS
from baigong.security.scope import Ref, parse
from baigong.vocab.errors import FixConfiguration
from tests.api.world import World, now_us


async def test_a_grant_by_form_opens_and_closes(plant: World) -> None:
    token = await plant.registry.people.add_token("bank", "theirs", role="viewer")
    who = plant.registry.people.recognise(token)
    assert who is not None
    form = {"principal": f"token:{who.token}", "actions": ["see", "read"], "object": "asset:pump1", "title": "loan",
            "ends": "+30d", "data_from": "-1d"}  # fmt: skip
    async with plant.client() as owner, plant.client(token=token) as guest:
        assert (await guest.get("/latest", params={"tenant": "main"})).status_code == 403
        made = await owner.post("/grants", json=form)
        assert made.status_code == 200, made.text
        grant = made.json()
        assert (grant["principal"], grant["object"]) == (str(Ref("Token", who.token)), 'Asset::"main/pump1"')
        assert grant["actions"] == ["see", "read"] and grant["data_from_us"] < now_us()
        assert (await guest.get("/latest", params={"tenant": "main"})).status_code == 200
        why = (await owner.get("/rights/explain", params={"who": "nobody", "action": "read"})).json()
        assert why["code"] == "http.not_found"
        assert [g["id"] for g in (await owner.get("/grants")).json()] == [grant["id"]]
        assert (await owner.delete(f"/grants/{grant['id']}")).status_code == 204
        assert (await guest.get("/latest", params={"tenant": "main"})).status_code == 403
        assert (await owner.get("/grants")).json() == []
        (over,) = (await owner.get("/grants", params={"revoked": "true"})).json()
        assert over["revoked_by"]


async def test_a_grant_as_text_is_checked(plant: World) -> None:
    good = 'permit (principal == User::"li", action == Action::"read", resource in Asset::"main/pump1");'
    bad = {
        good.replace("read", "fly"): "policy.invalid",
        good.replace("main/pump1", "bank/pump1"): "auth.denied",
        "permit (principal": "policy.invalid",
        'permit (principal, action, resource in Tenant::"main");': "policy.invalid",
        'permit (principal, action == Action::"read", resource in Tenant::"main");': "policy.invalid",
    }
    async with plant.client() as owner:
        assert (await owner.post("/grants", json={"text": good})).status_code == 200
        for text, code in bad.items():
            answer = await owner.post("/grants", json={"text": text})
            assert answer.json()["code"] == code, (text, answer.text)
        for form in ({"principal": "li", "actions": ["fly"], "object": "tenant"},
                     {"principal": "li", "actions": ["read"], "object": "moon:1"},
                     {"principal": "", "actions": ["read"], "object": "tenant"}):  # fmt: skip
            assert (await owner.post("/grants", json=form)).json()["code"] == "config.invalid"


async def test_nobody_grants_what_they_do_not_have(plant: World) -> None:
    sharer = await plant.registry.people.add_token("main", "sharer", role="viewer")
    who = plant.registry.people.recognise(sharer)
    assert who is not None
    form = {"principal": f"token:{who.token}", "actions": ["share"], "object": "tenant"}
    async with plant.client() as owner, plant.client(token=sharer) as guest:
        assert (await owner.post("/grants", json=form)).status_code == 200
        for action, status in (("read", 200), ("share", 200), ("configure", 403), ("audit", 403)):
            asked = form | {"actions": [action]}
            assert (await guest.post("/grants", json=asked)).status_code == status, action


async def test_a_role_of_one_company_is_not_that_of_all(plant: World) -> None:
    theirs, others = [await plant.registry.people.add_token(t, "x", role="viewer") for t in ("bank", "rival")]
    form = {"principal": "role:bank/viewer", "actions": ["see", "read"], "object": "tenant"}
    async with plant.client() as owner:
        assert (await owner.post("/grants", json=form)).status_code == 200
    for token, status in ((theirs, 200), (others, 403)):
        async with plant.client(token=token) as client:
            assert (await client.get("/latest", params={"tenant": "main"})).status_code == status


async def test_it_is_explained_in_words(plant: World) -> None:
    token = await plant.registry.people.add_token("main", "looks", role="viewer")
    who = plant.registry.people.recognise(token)
    assert who is not None
    name = f"token:{who.token}"
    async with plant.client() as owner:
        asked = {"who": name, "action": "read", "object": "point:pump1.flow"}
        told = (await owner.get("/rights/explain", params=asked)).json()
        assert told["allowed"] and told["needed"] == []
        assert [r["id"] for r in told["because"]] == ["role.viewer"]
        assert "viewer" in told["sentence"] and "查看者" in told["sentence_zh"]
        told = (await owner.get("/rights/explain", params=asked | {"action": "command"})).json()
        assert not told["allowed"] and told["because"] == []
        assert "operator" in told["needed"][0] and "操作员" in told["needed_zh"][0]
        able = (await owner.get("/rights/of", params={"who": name})).json()
        assert able["company"] == ["see", "read"] and able["platform"] == []
        assert [p["kind"] for p in able["policies"]] == ["role"]
        may = (await owner.get("/session")).json()["may"]
        assert "people" in may["company"] and "operate" in may["platform"]
    async with plant.client(token=token) as client:
        assert (await client.get("/session")).json()["may"] == {"company": ["see", "read"], "platform": []}


def test_every_action_has_words() -> None:
    for action in ACTIONS:
        assert parse(f'permit (principal == User::"li", action == Action::"{action}", resource);', "x")
    with pytest.raises(FixConfiguration):
        parse('permit (principal == User::"li", action == Action::"other", resource);', "x")


async def test_a_token_has_no_more_than_its_maker_and_may_end(plant: World) -> None:
    admin = await plant.registry.people.add_token("main", "admin", role="tenant_admin")
    async with plant.client(token=admin) as client:
        for role, status in (("viewer", 200), ("viewer,operator", 200), ("tenant_admin", 200),
                             ("platform_operator", 403), ("admin", 422), ("nonsense", 422)):  # fmt: skip
            answer = await client.post("/tokens", json={"title": role, "role": role})
            assert answer.status_code == status, (role, answer.text)
        assert (await client.post("/tokens", json={"title": "t", "ends": "-1h"})).status_code == 422
        made = (await client.post("/tokens", json={"title": "short", "role": "viewer", "ends": "+1h"})).json()["token"]
        (short,) = [t for t in (await client.get("/tokens")).json() if t["title"] == "short"]
        assert short["role"] == "viewer" and now_us() < short["expires_us"] <= now_us() + 3_600_000_000
    ended = await plant.registry.people.add_token("main", "ended", role="viewer", expires_us=now_us() - 1)
    for secret, status in ((made, 200), (ended, 401)):
        async with plant.client(token=secret) as client:
            assert (await client.get("/latest")).status_code == status


async def test_a_token_made_abroad_has_no_more_than_the_grant(plant: World) -> None:
    guest = await plant.registry.people.add_token("bank", "theirs", role="tenant_admin")
    who = plant.registry.people.recognise(guest)
    assert who is not None
    form = {"principal": f"token:{who.token}", "actions": ["see", "read", "people"], "object": "tenant"}
    async with plant.client() as owner, plant.client(token=guest) as client:
        assert (await owner.post("/grants", json=form)).status_code == 200
        for role, status in (("viewer", 200), ("operator", 403), ("tenant_admin", 403), ("", 422)):
            asked = {"title": "t", "role": role}
            answer = await client.post("/tokens", json=asked, params={"tenant": "main"})
            assert answer.status_code == status, (role, answer.text)
        (lasting,) = [t for t in (await owner.get("/tokens")).json() if t["title"] == "t"]
        assert lasting["expires_us"] is None
        made = (await client.post("/tokens", json={"title": "t2", "role": "viewer"}, params={"tenant": "main"})).json()
        for grant in (await owner.get("/grants")).json():
            await owner.delete(f"/grants/{grant['id']}")
        async with plant.client(token=made["token"]) as abroad:
            assert (await abroad.get("/latest")).status_code == 401, "revoked early, it ends early"
        assert not [t for t in (await owner.get("/tokens")).json() if t["title"] in ("t", "t2")]
        assert (await owner.post("/grants", json=form | {"ends": "+1h"})).status_code == 200
        asked = {"title": "short", "role": "viewer", "ends": "+90d"}
        assert (await client.post("/tokens", json=asked, params={"tenant": "main"})).status_code == 200
        (short,) = [t for t in (await owner.get("/tokens")).json() if t["title"] == "short"]
        assert 0 < short["expires_us"] - now_us() <= 3_600_000_000, "it ends with the grant"


async def test_whom_a_grant_lets_manage_people_makes_no_administrator(plant: World) -> None:
    guest = await plant.registry.people.add_token("bank", "theirs", role="tenant_admin")
    who = plant.registry.people.recognise(guest)
    assert who is not None
    form = {"principal": f"token:{who.token}", "actions": ["people"], "object": "tenant"}
    async with plant.client() as owner, plant.client(token=guest) as client:
        assert (await owner.post("/grants", json=form)).status_code == 200
        assert (await client.get("/people", params={"tenant": "main"})).status_code == 200
        asked = {"name": "mole", "roles": ["tenant_admin"]}
        assert (await client.post("/people", json=asked, params={"tenant": "main"})).status_code == 403
        assert (await client.post("/people/admin/reset", json={}, params={"tenant": "main"})).status_code == 403


async def test_a_query_gives_nothing_to_a_token_that_was_revoked_while_it_ran(
    plant: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, sql = plant.registry.people, plant.app.state.rooms.sql
    secret = await people.add_token("main", "for a while", role="viewer")
    answered = sql.query

    async def slow(*args: Any, **more: Any) -> Any:
        found = await answered(*args, **more)
        (token,) = [t.token for t in await people.tokens("main") if t.title == "for a while"]
        await people.drop_token("main", token)
        return found

    monkeypatch.setattr(sql, "query", slow)
    async with plant.client(token=secret) as client:
        answer = await client.post("/sql", json={"sql": "select 1 as one"})
    assert answer.json()["code"] == "auth.required", answer.text
