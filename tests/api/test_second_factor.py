"""The second factor: set up with a phone, asked for at each sign-in, and no code is good twice."""

from __future__ import annotations

import time
from pathlib import Path

from baigong.security.totp import STEP_S, code_at
from tests.api.signing import PASSWORD, add, browser
from tests.api.world import World, world


def phone(secret: str, ahead: int = 0) -> str:
    return code_at(secret, int(time.time() // STEP_S) + ahead)


async def _set_up(client) -> tuple[str, list[str]]:
    begun = (await client.post("/my/second-factor")).json()
    assert begun["uri"].startswith("otpauth://totp/") and begun["picture"].startswith("<svg")
    assert (await client.put("/my/second-factor", json={"code": "000000"})).json()["code"] == "auth.code"
    answer = await client.put("/my/second-factor", json={"code": phone(begun["secret"], -1)})
    assert answer.status_code == 200, answer.text
    return begun["secret"], answer.json()["codes"]


async def test_it_is_asked_for_and_no_code_is_good_twice(plant: World) -> None:
    async with plant.client() as admin:
        one_time = await add(admin, "wang", "viewer")
    async with browser(plant, "wang", one_time) as wang:
        secret, codes = await _set_up(wang)
        body = {"user": "wang", "password": PASSWORD}
        assert (await wang.post("/session", json=body)).json()["code"] == "auth.code"
        wrong = await wang.post("/session", json=body | {"password": "no", "code": phone(secret)})
        assert wrong.json()["code"] == "auth.required", "the code alone says nothing"
        code = phone(secret, 1)
        assert (await wang.post("/session", json=body | {"code": code})).status_code == 200
        again = await wang.post("/session", json=body | {"code": code})
        assert (again.status_code, again.json()["code"]) == (401, "auth.code")
        assert (await wang.post("/session", json=body | {"code": codes[0].upper()})).status_code == 200
        assert (await wang.post("/session", json=body | {"code": codes[0]})).status_code == 401
        state = (await wang.get("/my/second-factor")).json()
        assert state == {"confirmed": True, "required": False, "codes_left": len(codes) - 1}


async def test_it_survives_a_restart_and_the_records_do_not_tell_it(tmp_path: Path) -> None:
    async with world(tmp_path) as plant:
        async with plant.client() as admin:
            one_time = await add(admin, "wang", "viewer")
        async with browser(plant, "wang", one_time) as wang:
            secret, codes = await _set_up(wang)
            used = phone(secret, -1)  # older than the one it was set up with, however slowly a platform starts
    held = b"".join(f.read_bytes() for f in tmp_path.glob("records.db*"))
    assert secret.encode() not in held and codes[0].encode() not in held
    assert (tmp_path / "secrets.key").stat().st_mode & 0o777 == 0o600
    async with world(tmp_path) as plant, plant.client(token="") as wang:
        body = {"user": "wang", "password": PASSWORD}
        assert (await wang.post("/session", json=body)).json()["code"] == "auth.code"
        assert (await wang.post("/session", json=body | {"code": used})).status_code == 401, "used before"
        assert (await wang.post("/session", json=body | {"code": phone(secret, 1)})).status_code == 200


async def test_a_role_that_must_have_one_opens_nothing_without(plant: World) -> None:
    async with plant.client() as admin:
        one_time = await add(admin, "wang", "operator")
        async with browser(plant, "wang", one_time) as wang:
            assert (await wang.get("/points")).status_code == 200
            assert (await admin.put("/second-factor", json={"roles": ["operator"]})).status_code == 204
            assert (await admin.get("/second-factor")).json() == {"roles": ["operator"]}
            refused = await wang.get("/points")
            assert (refused.status_code, refused.json()["place"]) == (403, "second_factor")
            assert (await wang.get("/session")).json()["must_set_factor"] is True
            await _set_up(wang)
            assert (await wang.get("/points")).status_code == 200
            gone = await wang.delete("/my/second-factor")
            assert gone.status_code == 204, gone.text
            assert (await wang.get("/points")).status_code == 403, "required again at once"
        assert (await admin.get("/points")).status_code == 200, "programs have none"


async def test_a_lost_phone_is_taken_away_by_an_administrator(plant: World) -> None:
    async with plant.client() as admin:
        one_time = await add(admin, "wang", "viewer")
        async with browser(plant, "wang", one_time) as wang:
            await _set_up(wang)
        kept = (await admin.post("/people/wang/reset", json={})).json()["password"]
        async with plant.client(token="") as wang:
            asked = await wang.post("/session", json={"user": "wang", "password": kept})
            assert asked.json()["code"] == "auth.code"
        fresh = (await admin.post("/people/wang/reset", json={"second_factor": True})).json()["password"]
        async with browser(plant, "wang", fresh) as wang:
            assert (await wang.get("/my/second-factor")).json()["confirmed"] is False


async def test_guessing_codes_is_slowed_down(plant: World) -> None:
    async with plant.client() as admin:
        one_time = await add(admin, "wang", "viewer")
    async with browser(plant, "wang", one_time) as wang:
        await _set_up(wang)
    async with plant.client(token="") as thief:
        body = {"user": "wang", "password": PASSWORD, "code": "123456"}
        assert [(await thief.post("/session", json=body)).status_code for _ in range(7)][-1] == 429


async def test_codes_are_counted_wherever_they_are_guessed_from_and_known_browsers_come_in(plant: World) -> None:
    """With the password, from as many networks as you like: some guesses for all of them. Their owner comes in."""
    async with plant.client() as admin:
        one_time = await add(admin, "wang", "viewer")
    async with browser(plant, "wang", one_time) as wang:
        _, codes = await _set_up(wang)
        async with plant.client(token="") as thief:
            wrong = {"user": "wang", "password": PASSWORD, "code": "123456"}
            told = []
            for n in range(7):
                thief.headers["X-Forwarded-For"] = f"10.0.0.{n}"
                told.append((await thief.post("/session", json=wrong)).status_code)
            assert told == [401] * 5 + [429] * 2
        fine = {"user": "wang", "password": PASSWORD, "code": codes[0]}
        assert (await wang.post("/session", json=fine)).status_code == 200, "from a browser they have used"
