"""Nobody learns who exists, nobody is shut out by others, and no installation has a password that somebody knows."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from baigong.api.throttle import Queue, Throttle
from baigong.cli.demo_people import PARTNERS, furnish_companies
from baigong.registry import people as rooms
from baigong.stores.records.access import ensure_tenant
from baigong.vocab.errors import Reauthenticate, RetryLater
from tests.api.authenticator import Authenticator
from tests.api.signing import PASSWORD, add, browser
from tests.api.test_passkeys import ask, enter, make, page
from tests.api.world import World, world

COMMON = ["", "admin", "password", "123456", "baigong", "Baigong", "changeme", "default", "demo", "root", "百工"]


async def test_unknown_and_known_names_get_the_same_answer_for_the_same_work(
    plant: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted in password proofs, which are all that takes time: a clock would measure the machine."""
    proofs: list[str] = []
    real = rooms.verify_password

    def counted(encoded: str, password: str) -> bool:
        proofs.append(encoded.rpartition("$")[0].rpartition("$")[0])  # the algorithm and what it costs
        return real(encoded, password)

    monkeypatch.setattr(rooms, "verify_password", counted)
    async with plant.client() as admin:
        await add(admin, "wang", "viewer")
        await add(admin, "locked", "viewer")
        await admin.put("/people/locked/lock", json={"locked": True})
    async with page(plant, "admin", plant.secret) as owner:
        await make(owner, Authenticator())
    proofs.clear()
    answers = []
    async with plant.client(token="") as stranger:
        for name in ("nobody", "admin", "wang", "locked", "nobody else"):
            answers.append(await stranger.post("/session", json={"user": name, "password": "a guess"}))
    assert len({(a.status_code, a.content) for a in answers}) == 1
    assert Counter(proofs) == {proofs[0]: 5}, "one proof each, at the same cost"


async def test_no_stranger_keeps_anybody_out(plant: World) -> None:
    """Not by guessing, not by many at once, not by asking for passkeys or company accounts."""
    key = Authenticator()
    async with plant.client() as admin:
        once = await add(admin, "wang", "viewer")
    async with page(plant, "wang", once) as wang, page(plant) as thief:
        await make(wang, key)
        guesses = [thief.post("/session", json={"user": "wang", "password": f"g{i}"}) for i in range(30)]
        told = Counter(a.status_code for a in await asyncio.gather(*guesses))
        assert told[401] <= 5 and told[429] >= 25
        for i in range(60):
            assert (await enter(thief, {"id": "x", "response": {}})).status_code == 401, i
        for _ in range(300):
            await ask(wang)  # whoever asks for challenges uses up nobody's
        options = await ask(wang)
        assert (await enter(wang, key.get(options))).status_code == 200
        code = (await wang.post("/my/second-factor/codes")).json()["codes"][0]
        body = {"user": "wang", "password": PASSWORD, "code": code}
        assert (await wang.post("/session", json=body)).status_code == 200, "from a browser they have used"


def test_who_waits_goes_on_waiting_whatever_else_is_tried() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    victim = ("address", "wang", "10.0.0.1")
    for _ in range(6):
        throttle.failed(victim)
    for n in range(30_000):
        throttle.failed(("address", f"nobody {n}", "10.0.0.1"))
    with pytest.raises(RetryLater):
        throttle.check(victim)
    for _ in range(2000):  # a week of guessing: the wait stays what it is, and nothing overflows
        throttle.failed(victim)
    now[0] = 301.0
    throttle.check(victim)


async def test_all_addresses_of_one_subscriber_are_one(plant: World) -> None:
    """IPv6 gives everybody 2^64: counted by address, each would bring five free guesses."""
    async with plant.client(token="") as thief:
        told = []
        for n in range(7):
            thief.headers["X-Forwarded-For"] = f"2001:db8:0:7::{n:x}"
            told.append((await thief.post("/session", json={"user": "wang", "password": f"g{n}"})).status_code)
        assert told == [401] * 5 + [429] * 2
        thief.headers["X-Forwarded-For"] = "2001:db8:0:8::1"
        assert (await thief.post("/session", json={"user": "wang", "password": "g"})).status_code == 401


async def test_a_session_that_was_taken_does_not_find_the_password_out(plant: World) -> None:
    async with plant.client() as admin:
        once = await add(admin, "wang", "viewer")
    async with browser(plant, "wang", once) as wang:
        guesses = [
            (await wang.post("/password", json={"password": "another pump", "current": f"g{n}"})) for n in range(7)
        ]
        assert [g.status_code for g in guesses] == [403] * 5 + [429] * 2


def test_a_flood_fills_its_own_places_only() -> None:
    queue = Queue(2)
    with queue.place("10.0.0.1"), queue.place("10.0.0.1"):
        with pytest.raises(RetryLater), queue.place("10.0.0.1"):
            raise AssertionError
        with queue.place("10.0.0.2"):
            pass
    with queue.place("10.0.0.1"):
        pass


async def test_no_installation_has_a_password_that_others_know(tmp_path: Path) -> None:
    found = set()
    for name in ("one", "two"):
        async with world(tmp_path / name) as plant:
            found.add(plant.secret)
    assert len(found) == 2, "made anew for every installation"
    assert all(len(secret.replace("-", "")) == 16 for secret in found)
    async with world(tmp_path / "two") as plant:
        await plant.registry.records.write(lambda c: ensure_tenant(c, "demo", 0))
        await furnish_companies(plant.registry)
        tried = [("admin", password) for password in COMMON]
        tried += [(p.person, password) for p in PARTNERS for password in ("", p.person, "demo")]
        for user, password in tried:
            with pytest.raises(Reauthenticate, match="wrong"):
                await plant.registry.people.sign_in(user, password)


async def test_the_first_secret_opens_until_a_password_is_set_and_the_company_is_named_once(tmp_path: Path) -> None:
    async with world(tmp_path) as plant:
        first = plant.secret
    async with world(tmp_path) as plant:  # started again before anybody signed in
        assert plant.secret not in ("", first)
        async with plant.client(token="") as client:
            old = await client.post("/session", json={"user": "admin", "password": first})
            assert old.status_code == 401, "only the newest one"
        async with browser(plant, "admin", plant.secret) as admin:
            assert (await admin.get("/session")).json()["set_up"] is True
            assert (await admin.post("/set-up", json={"title": "x" * 201})).status_code == 422
            names = {"title": " 宁海模具 ", "site": "一厂"}
            assert (await admin.post("/set-up", json=names)).status_code == 204
            told = (await admin.get("/session")).json()
            assert (told["set_up"], told["company"]) == (False, "宁海模具")
            once = await add(admin, "wang", "viewer")
        async with browser(plant, "wang", once) as wang:
            assert (await wang.get("/session")).json()["set_up"] is False
            assert (await wang.post("/set-up", json=names)).status_code == 403
    async with world(tmp_path) as plant:
        assert plant.secret == "", "no secret is made once there is a password"
        async with plant.client() as admin:
            assert (await admin.get("/set-up")).json() == {"title": "宁海模具", "site": "一厂"}
