from __future__ import annotations

from contextlib import aclosing

from tests.api.world import World

GOOD = "a pump in Ningbo"


async def _sign_in(plant: World, password: str, user: str = "admin"):
    client = plant.client(token="")
    return client, await client.post("/session", json={"user": user, "password": password})


async def test_first_sign_in_asks_for_a_password_and_then_opens(plant: World) -> None:
    client, answer = await _sign_in(plant, plant.secret)
    async with aclosing(client):
        assert answer.status_code == 200, answer.text
        assert answer.json()["must_set_password"] is True
        cookie = answer.headers.get_list("set-cookie")[0]
        assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower() and "Path=/" in cookie
        refused = await client.get("/points")
        assert refused.status_code == 403 and "password" in refused.json()["title"]
        client.headers["X-Baigong"] = "1"
        assert (await client.post("/password", json={"password": "short"})).status_code == 422
        assert (await client.post("/password", json={"password": GOOD})).status_code == 204
        assert (await client.get("/points")).status_code == 200
        session = (await client.get("/session")).json()
        assert "people" in session.pop("may")["company"]
        assert session == {
            "user": "admin", "tenant": "main", "company": "", "company_zh": "", "region": "", "language": "",
            "role": "admin",
            "must_set_password": False,
            "must_set_factor": False, "must_show_factor": False, "how": "password", "set_up": True, "demo": False,
        }  # fmt: skip
    client, again = await _sign_in(plant, plant.secret)
    assert again.status_code == 401, "the one-time secret works once"
    await client.aclose()
    client, again = await _sign_in(plant, GOOD)
    assert again.status_code == 200
    await client.aclose()


async def test_a_cookie_alone_changes_nothing(plant: World) -> None:
    client, _ = await _sign_in(plant, plant.secret)
    async with aclosing(client):
        refused = await client.post("/password", json={"password": GOOD})
        assert refused.status_code == 403 and refused.json()["place"] == "x-baigong"


async def test_signing_out_ends_the_session(plant: World) -> None:
    client, _ = await _sign_in(plant, plant.secret)
    async with aclosing(client):
        cookie = client.cookies["baigong_session"]
        assert (await client.delete("/session", headers={"X-Baigong": "1"})).json() == {"url": ""}
        client.cookies.set("baigong_session", cookie)
        assert (await client.get("/session")).status_code == 401


async def test_changing_the_password_needs_the_present_one_and_ends_other_sessions(plant: World) -> None:
    one, _ = await _sign_in(plant, plant.secret)
    one.headers["X-Baigong"] = "1"
    assert (await one.post("/password", json={"password": GOOD})).status_code == 204
    two, _ = await _sign_in(plant, GOOD)
    assert (await one.post("/password", json={"password": "another good one"})).status_code == 403
    fresh = {"password": "another good one", "current": GOOD}
    assert (await one.post("/password", json=fresh)).status_code == 204
    assert (await one.get("/session")).status_code == 200
    assert (await two.get("/session")).status_code == 401
    await one.aclose()
    await two.aclose()


async def test_guessing_is_slowed_down_for_the_guesser_only(plant: World) -> None:
    known, _ = await _sign_in(plant, plant.secret)  # this browser has signed in before
    stranger = plant.client(token="")
    answers = [await stranger.post("/session", json={"user": "admin", "password": f"guess {i}"}) for i in range(7)]
    assert [a.status_code for a in answers[:5]] == [401] * 5
    assert answers[-1].status_code == 429 and int(answers[-1].headers["Retry-After"]) >= 1
    assert (await known.post("/session", json={"user": "admin", "password": plant.secret})).status_code == 200
    other = await stranger.post("/session", json={"user": "somebody", "password": "x"})
    assert other.status_code == 401, "another user is not slowed down"
    await known.aclose()
    await stranger.aclose()


async def test_tokens_open_until_they_are_revoked(plant: World) -> None:
    async with plant.client() as admin:
        made = (await admin.post("/tokens", json={"title": "notebook"})).json()
        secret = made["token"]
        listed = {t["title"]: t["id"] for t in (await admin.get("/tokens")).json()}
        assert listed["notebook"] == made["id"]
        assert secret not in str(listed)
        async with plant.client(token=secret) as program:
            assert (await program.get("/points")).status_code == 200
            assert (await admin.delete(f"/tokens/{listed['notebook']}")).status_code == 204
            assert (await program.get("/points")).status_code == 401
        assert (await admin.delete("/tokens/nosuch")).status_code == 404


def test_the_key_file_is_for_its_owner_only(plant: World) -> None:
    assert (plant.data / "key").stat().st_mode & 0o777 == 0o600
    assert (plant.data / "key").read_text().strip() == plant.token
