"""People of a company: made, changed, shut out; nobody above oneself; the last administrator stays."""

from __future__ import annotations

from tests.api.signing import PASSWORD, add, browser
from tests.api.world import World


async def _code(answer) -> tuple[int, str]:
    return answer.status_code, "" if answer.status_code < 300 else answer.json()["code"]


async def test_a_person_is_made_signs_in_once_and_may_do_what_the_roles_say(plant: World) -> None:
    async with plant.client() as admin:
        secret = await add(admin, "李维修", "maintenance", "operator")
        assert (await admin.post("/people", json={"name": "李维修", "roles": ["viewer"]})).status_code == 409
        assert (await admin.post("/people", json={"name": "a b", "roles": ["viewer"]})).status_code == 422
        assert (await admin.post("/people", json={"name": "ab", "roles": ["king"]})).status_code == 422
        assert (await admin.post("/people", json={"name": "ab", "roles": []})).status_code == 422
        async with browser(plant, "李维修", secret) as li:
            assert (await li.get("/points")).status_code == 200
            assert await _code(await li.get("/people")) == (403, "auth.denied")
        told = {p["name"]: p for p in (await admin.get("/people")).json()}
        assert set(told["李维修"]["roles"]) == {"maintenance", "operator"}
        assert (told["李维修"]["sessions"], told["李维修"]["must_set_password"]) == (1, False)


async def test_roles_are_changed_for_sessions_that_are_open(plant: World) -> None:
    async with plant.client() as admin:
        secret = await add(admin, "wang", "viewer")
        async with browser(plant, "wang", secret) as wang:
            patch = {"title": "seen"}
            assert (await wang.patch("/points/pump1.flow", json=patch)).status_code == 403
            assert (await admin.put("/people/wang/roles", json={"roles": ["process_engineer"]})).status_code == 204
            assert (await wang.patch("/points/pump1.flow", json=patch)).status_code == 200
            assert (await admin.put("/people/wang/roles", json={"roles": ["viewer"]})).status_code == 204
            assert (await wang.patch("/points/pump1.flow", json=patch)).status_code == 403
            assert (await wang.get("/session")).json()["role"] == "viewer"


async def test_nobody_is_called_nearly_like_somebody_else(plant: World) -> None:
    async with plant.client() as admin:
        await add(admin, "wang", "viewer")
        for name in ("wang\n", "Wang", "ｗang", "w\u0430ng", "wa\u202eng", "wang\u200b"):
            answer = await admin.post("/people", json={"name": name, "roles": ["viewer"]})
            assert answer.status_code in (409, 422), (name, answer.text)
        for name in ("王伟", "王wei", "Müller", "иван"):
            await add(admin, name, "viewer")


async def test_whoever_is_locked_is_out_at_once_with_their_tokens_and_comes_back(plant: World) -> None:
    async with plant.client() as admin:
        secret = await add(admin, "wang", "operator")
        token = await plant.registry.people.add_token("main", "script", person="wang", role="viewer")
        async with browser(plant, "wang", secret) as wang, plant.client(token=token) as script:
            assert (await script.get("/points")).status_code == 200
            assert (await admin.put("/people/wang/lock", json={"locked": True})).status_code == 204
            assert (await wang.get("/points")).status_code == 401
            assert (await script.get("/points")).status_code == 401
            right = {"user": "wang", "password": PASSWORD}
            assert await _code(await wang.post("/session", json=right)) == (403, "auth.locked")
            wrong = await wang.post("/session", json={"user": "wang", "password": "wrong"})
            assert await _code(wrong) == (401, "auth.required"), "a stranger is not told"
            assert (await admin.put("/people/wang/lock", json={"locked": False})).status_code == 204
            assert (await script.get("/points")).status_code == 200
            assert (await wang.post("/session", json=right)).status_code == 200


async def test_nobody_makes_or_changes_somebody_above_themselves(plant: World) -> None:
    async with plant.client() as operator:
        secret = await add(operator, "boss", "tenant_admin")
        await add(operator, "ops", "platform_operator")
        async with browser(plant, "boss", secret) as boss:
            for role in ("platform_operator", "platform_auditor"):
                made = await boss.post("/people", json={"name": "x", "roles": ["viewer", role]})
                assert await _code(made) == (403, "auth.denied")
                made = await boss.put("/people/boss/roles", json={"roles": ["tenant_admin", role]})
                assert await _code(made) == (403, "auth.denied")
            for name in ("admin", "ops"):
                assert (await boss.post(f"/people/{name}/reset", json={})).status_code == 403
                assert (await boss.put(f"/people/{name}/lock", json={"locked": True})).status_code == 403
                assert (await boss.put(f"/people/{name}/roles", json={"roles": ["viewer"]})).status_code == 403
                assert (await boss.delete(f"/people/{name}/sessions")).status_code == 403
                assert (await boss.delete(f"/people/{name}")).status_code == 403
            given = {r["role"] for r in (await boss.get("/roles")).json() if r["mine"]}
            assert "tenant_admin" in given and not any(r.startswith("platform_") for r in given)


async def test_the_last_administrator_stays(plant: World) -> None:
    async with plant.client() as key:
        await add(key, "second", "tenant_admin")
        assert (await key.put("/people/second/lock", json={"locked": True})).status_code == 204
        for answer in (
            await key.delete("/people/admin"),
            await key.put("/people/admin/lock", json={"locked": True}),
            await key.put("/people/admin/roles", json={"roles": ["platform_operator"]}),
        ):
            assert await _code(answer) == (409, "people.last_admin"), "a locked administrator does not count"
        assert (await key.put("/people/second/lock", json={"locked": False})).status_code == 204
        assert (await key.delete("/people/admin")).status_code == 204
        assert await _code(await key.delete("/people/second")) == (409, "people.last_admin")


async def test_sessions_are_listed_and_ended_one_by_one_or_all(plant: World) -> None:
    async with plant.client() as admin:
        secret = await add(admin, "wang", "viewer")
        async with browser(plant, "wang", secret) as one, browser(plant, "wang", PASSWORD) as two:
            shown = (await one.get("/my/sessions")).json()
            assert [s["here"] for s in shown] == [False, True]
            assert shown[0]["browser"] == "Firefox on the shop floor" and shown[0]["address"] == "127.0.0.1"
            assert (await one.delete(f"/my/sessions/{shown[0]['id']}")).status_code == 204
            assert (await two.get("/points")).status_code == 401
            async with browser(plant, "wang", PASSWORD) as three:
                assert (await one.delete("/my/sessions")).status_code == 204
                assert (await three.get("/points")).status_code == 401
                assert (await one.get("/points")).status_code == 200
            (left,) = (await admin.get("/people/wang/sessions")).json()
            assert (await admin.delete("/people/admin/sessions/" + left["id"])).status_code == 404, "not theirs"
            assert (await admin.delete("/people/wang/sessions")).status_code == 204
            assert (await one.get("/points")).status_code == 401


async def test_a_reset_gives_a_password_for_one_time(plant: World) -> None:
    async with plant.client() as admin:
        secret = await add(admin, "wang", "viewer")
        async with browser(plant, "wang", secret) as wang:
            answer = await admin.post("/people/wang/reset", json={"tokens": True})
            assert (await wang.get("/points")).status_code == 401
            old = await wang.post("/session", json={"user": "wang", "password": PASSWORD})
            assert old.status_code == 401
            async with browser(plant, "wang", answer.json()["password"]) as again:
                assert (await again.get("/points")).status_code == 200


async def test_people_of_another_company_are_not_found(plant: World) -> None:
    token = await plant.registry.people.add_token("bank", "theirs", role="tenant_admin")
    async with plant.client(token=token) as bank, plant.client() as admin:
        await add(admin, "wang", "viewer")
        assert (await bank.get("/people")).json() == []
        for answer in (await bank.delete("/people/wang"), await bank.get("/people/wang/sessions")):
            assert answer.status_code == 404
        assert (await bank.get("/people", params={"tenant": "main"})).status_code == 403


async def test_a_person_who_is_gone_is_gone_with_their_tokens_also_after_a_restart(plant: World) -> None:
    async with plant.client() as admin:
        secret = await add(admin, "wang", "viewer")
        token = await plant.registry.people.add_token("main", "script", person="wang", role="viewer")
        async with browser(plant, "wang", secret) as wang, plant.client(token=token) as script:
            assert (await admin.delete("/people/wang")).status_code == 204
            assert (await wang.get("/points")).status_code == 401
            assert (await script.get("/points")).status_code == 401
            await plant.registry.people.load()
            assert (await script.get("/points")).status_code == 401
        entries = await plant.registry.audit.entries(tenant="main", action="people")
        assert entries[0].object == "DELETE /api/v1/people/wang"


async def test_strangers_cannot_lock_somebody_out(plant: World) -> None:
    async with plant.client() as admin:
        secret = await add(admin, "wang", "viewer")
    async with browser(plant, "wang", secret) as wang, plant.client(token="") as stranger:
        codes = [
            (await stranger.post("/session", json={"user": "wang", "password": "?"})).status_code for _ in range(8)
        ]
        assert codes[-1] == 429
        again = await wang.post("/session", json={"user": "wang", "password": PASSWORD})
        assert again.status_code == 200, "from the browser they use"
