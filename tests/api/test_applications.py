"""The operator's desk: a company applies, is asked, let in with its starter package; strangers learn nothing."""

from __future__ import annotations

from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import func, select

from baigong.registry.applications import Wish
from baigong.stores.records import ALL
from baigong.stores.records.companies import RegionRow
from baigong.stores.records.tables import companies, people
from baigong.vocab.errors import BaigongError, RetryLater
from tests.api.signing import browser
from tests.api.world import World

CODE, OTHER = "91350100M000100Y43", "91330201MA2AB123XT"
WISH = {
    "credit_code": CODE, "title_zh": "宁海模具", "region": "ningbo", "contact": "陈伟", "phone": "0574-8765 4321",
    "wish": "mould",
}  # fmt: skip


async def _open(operator: httpx.AsyncClient) -> None:
    assert (await operator.post("/regions", json={"region": "ningbo", "title_zh": "宁波"})).status_code == 200
    assert (await operator.put("/applications/rules", json={"open": True})).status_code == 200


async def _enter(operator: httpx.AsyncClient, **changes: str) -> dict[str, Any]:
    made = await operator.post("/applications", json={"companies": [WISH | changes]})
    assert made.status_code == 200, made.text
    return dict(made.json()[0])


async def test_a_company_applies_is_asked_and_comes_in(plant: World) -> None:
    async with plant.client() as operator, plant.client(token="") as stranger:
        assert (await stranger.get("/apply")).json() == {"open": False, "regions": [], "packages": []}
        assert (await stranger.post("/apply", json=WISH)).json()["code"] == "application.closed"
        await _open(operator)
        page = (await stranger.get("/apply")).json()
        assert ([r["region"] for r in page["regions"]], page["packages"][0]["package"]) == (["ningbo"], "first-steps")
        receipt = (await stranger.post("/apply", json=WISH)).json()
        (one,) = (await operator.get("/applications")).json()
        assert (one["id"], one["state"], one["source"], one["doubles"]) == (receipt["reference"], "new", "public", [])
        path = f"/applications/{one['id']}"
        assert (await operator.post(path + "/take")).json()["state"] == "taken"
        await operator.post(path + "/ask", json={"text": "哪一年成立?"})
        said = (await stranger.post("/apply/state", json=receipt)).json()
        assert (said["state"], [s["what"] for s in said["said"]]) == ("asked", ["made", "asked"])
        answered = await stranger.post("/apply/answer", json=receipt | {"answer": "2009"})
        assert answered.json()["state"] == "taken"
        made = (await operator.post(path + "/approve", json={"admin": "chen"})).json()
        assert made["application"]["finished"] is True
        assert (await stranger.post("/apply/state", json=receipt)).json()["tenant"] == "mould"
        again = (await operator.post(path + "/approve", json={})).json()
        assert again["password"] == "", "what was shown once is not shown again"
        lost = (await operator.post(path + "/secret")).json()
        assert lost["admin"] == "chen"
        async with browser(plant, "chen", lost["password"]) as chen:
            devices = (await chen.get("/devices")).json()
            assert [d["device"] for d in devices] == ["first-pump"], "something lives at the first sign-in"
            assert (await chen.get("/retention")).json()["keep"]["raw_days"] == 365
            lines = {line["what"]: line["limit"] for line in (await chen.get("/quotas")).json()["lines"]}
            assert (lines["devices"], lines["storage"]) == (10, 20_000_000_000)
            assert (await chen.get("/applications")).status_code == 403
        assert (await operator.post(path + "/secret")).status_code == 409, "once they were in, it is theirs"


async def test_doubles_are_told_to_reviewers_and_to_nobody_else(plant: World) -> None:
    async with plant.client() as operator, plant.client(token="") as stranger:
        await _open(operator)
        first = await _enter(operator)
        assert (await operator.post(f"/applications/{first['id']}/approve", json={})).status_code == 200
        receipt = await stranger.post("/apply", json=WISH)
        assert receipt.status_code == 200, "a stranger does not learn who is here"
        second = (await operator.get(f"/applications/{receipt.json()['reference']}")).json()
        assert {(d["what"], d["name"]) for d in second["doubles"]} == {("credit_code", "mould"), ("id", "mould")}
        path = f"/applications/{second['id']}/approve"
        assert "mould has this credit code" in (await operator.post(path, json={"tenant": "two"})).json()["title"]
        third = await _enter(operator, credit_code=OTHER)
        assert (await operator.post(f"/applications/{third['id']}/approve", json={})).status_code == 409, "id taken"
        assert (await operator.post(f"/applications/{third['id']}/approve", json={"tenant": "two"})).status_code == 200


async def test_nothing_is_made_where_something_is_wrong(plant: World) -> None:
    async with plant.client() as operator:
        await _open(operator)
        bad = [WISH, WISH | {"credit_code": OTHER[:-1] + "0"}]
        refused = await operator.post("/applications", json={"companies": bad})
        assert (refused.status_code, "row 2" in refused.json()["title"]) == (422, True)
        assert (await operator.get("/applications")).json() == []
        for change in ({"title_zh": ""}, {"region": "atlantis"}, {"phone": "call me"}, {"wish": "A b"}):
            answer = await operator.post("/applications", json={"companies": [WISH | change]})
            assert answer.status_code == 422, change
        one = await _enter(operator)
        await operator.put("/quotas/regions/ningbo", json={"text": "devices: 5"})
        path = f"/applications/{one['id']}"
        assert (await operator.post(path + "/approve", json={})).json()["code"] == "quota.promised"

        def count(connection: Any) -> tuple[Any, Any]:
            made = select(func.count()).select_from(companies).where(companies.c.tenant == "mould")
            who = select(func.count()).select_from(people).where(people.c.tenant == "mould")
            return connection.execute(made).scalar(), connection.execute(who).scalar()

        assert await plant.registry.records.read(count, tenant=ALL) == (0, 0)
        assert (await operator.post(path + "/refuse", json={"text": "no room"})).json()["state"] == "refused"
        assert (await operator.post(path + "/approve", json={})).status_code == 409


async def test_what_a_restart_came_between_is_finished(plant: World) -> None:
    async with plant.client() as operator:
        await _open(operator)
        one = await _enter(operator)
        registry = plant.registry

        async def broken(tenant: str, name: str) -> None:
            raise RetryLater("bus.down", "the power went")

        unpacking = registry.onboarding._unpacking
        working, unpacking.unpack = unpacking.unpack, broken  # type: ignore[method-assign]
        made = (await operator.post(f"/applications/{one['id']}/approve", json={})).json()
        assert (made["application"]["finished"], bool(made["password"])) == (False, True)
        unpacking.unpack = working  # type: ignore[method-assign]
        await registry.applications.load()
        await registry.onboarding.finish_all()
        assert (await operator.get(f"/applications/{one['id']}")).json()["finished"] is True
        assert registry.devices.find("mould", "first-pump") is not None


async def test_two_persons_and_a_regions_own_reviewers(plant: World) -> None:
    async with plant.client() as operator:
        await _open(operator)
        await operator.post("/regions", json={"region": "wuxi"})
        secret = (await operator.post("/tenants", json={"tenant": "park", "region": "ningbo", "admin": "he"})).json()
        assert (await operator.post("/regions", json={"region": "ningbo", "run_by": "park"})).status_code == 200
        await operator.put("/applications/rules", json={"open": False, "two_persons": True})
        here, there = await _enter(operator), await _enter(operator, credit_code=OTHER, region="wuxi", wish="w")
        own = await operator.post(f"/applications/{here['id']}/approve", json={})
        assert own.json()["code"] == "application.second_person"
        async with browser(plant, "he", secret["password"]) as he:
            assert [one["id"] for one in (await he.get("/applications")).json()] == [here["id"]]
            assert (await he.get(f"/applications/{there['id']}")).status_code == 404
            assert (await he.post(f"/applications/{there['id']}/approve", json={})).status_code == 404
            assert (await he.put("/applications/rules", json={"open": True})).status_code == 403
            elsewhere = {"companies": [WISH | {"credit_code": OTHER, "region": "wuxi"}]}
            assert (await he.post("/applications", json=elsewhere)).status_code == 422
            seen = (await he.post("/applications", json={"companies": [WISH | {"credit_code": OTHER}]})).json()[0]
            assert [(d["what"], d["name"]) for d in seen["doubles"]] == [("application", "")], "no more than that it is"
            his = await plant.registry.people.add_token("park", "his", person="he", role="tenant_admin")
            async with plant.client(token=his) as his_program:
                for himself in (he, his_program):
                    twice = await himself.post(f"/applications/{seen['id']}/approve", json={"tenant": "x"})
                    assert twice.json()["code"] == "application.second_person", twice.text
            assert (await he.post(f"/applications/{here['id']}/approve", json={})).status_code == 200
            assert (await he.get("/points", params={"tenant": "mould"})).status_code == 403, "letting in opens nothing"
        clerk = await plant.registry.people.add_token("park", "clerk", role="viewer")
        async with plant.client(token=clerk) as viewer:
            assert (await viewer.get("/applications")).status_code == 403


async def test_who_guesses_codes_waits(plant: World) -> None:
    async with plant.client() as operator, plant.client(token="") as stranger:
        await _open(operator)
        receipt = (await stranger.post("/apply", json=WISH)).json()
        wrong = receipt | {"code": "guess"}
        codes = [(await stranger.post("/apply/state", json=wrong)).json()["code"] for _ in range(6)]
        assert codes == ["application.unknown"] * 4 + ["auth.throttled"] * 2
        assert (await stranger.post("/apply", json=WISH | {"title": "x" * 70_000})).status_code in (413, 422)


async def test_packages_are_text_that_is_checked(plant: World) -> None:
    packages = plant.registry.packages
    async with plant.client() as operator:
        (shipped,) = (await operator.get("/packages")).json()
        assert (shipped["name"], shipped["shipped"], shipped["error"]) == ("first-steps", True, "")
        text = "title: Small\nquotas: {devices: 1, points: 5}\ndevices:\n  - {device: a, driver: sim, points: []}\n"
        for wrong, status in (
            ("nonsense: 1", 422),
            ("devices: [", 422),
            ("quotas: {wheels: 3}", 422),
            ("devices: [{device: a, driver: nonsense}]", 404),
            (text + "  - {device: b, driver: sim, points: []}\n", 422),
        ):
            assert (await operator.put("/packages/small", json={"text": wrong})).status_code == status, wrong
        assert (await operator.put("/packages/small", json={"text": text})).status_code == 200
        file = plant.data / "config" / "packages.d" / "small.yaml"
        assert file.read_text() == text, "as it was written"
        file.write_text(text.replace("Small", "Kept in git"))
        assert (await packages.get("small")).title == "Kept in git"
        assert (await operator.delete("/packages/small")).status_code == 204
        assert (await operator.get("/packages/small")).status_code == 404
        assert (await operator.put("/packages/..%2Fx", json={"text": text})).status_code in (404, 405, 422)


async def test_a_flood_fills_the_queue_and_no_more(plant: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baigong.registry.applications._MOST_WAITING", 2)
    queue = plant.registry.applications
    await plant.registry.tenants.put_region(RegionRow("ningbo", "", "宁波"))
    await queue.put_rules(type(queue.rules)(open=True))
    wish = Wish(**{k: v for k, v in WISH.items()})
    await queue.apply(wish)
    await queue.apply(wish)
    with pytest.raises(BaigongError) as caught:
        await queue.apply(wish)
    assert caught.value.code == "application.full"
