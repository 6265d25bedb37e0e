"""Passkeys: made, shown, named, taken away; and every wrong answer is refused in the same words."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baigong.security.passkeys import Site, challenge_of, check_creation, check_request, new_challenge, site_of
from baigong.vocab.errors import BaigongError
from tests.api.authenticator import Authenticator, raw, text
from tests.api.signing import PASSWORD, add, browser
from tests.api.test_second_factor import phone
from tests.api.world import World, world

HERE = Site("localhost", "http://localhost")


@asynccontextmanager
async def page(plant: World, user: str = "", password: str = PASSWORD) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at http://localhost, signed in where a user is given."""
    async with plant.client(token="") as client:
        client.headers |= {"X-Baigong": "1", "Host": "localhost", "Origin": "http://localhost"}
        if user:
            answer = await client.post("/session", json={"user": user, "password": password})
            assert answer.status_code == 200, answer.text
            if answer.json()["must_set_password"]:
                assert (await client.post("/password", json={"password": PASSWORD})).status_code == 204
        yield client


async def make(client: httpx.AsyncClient, key: Authenticator, title: str = "my key", **wrong: Any) -> httpx.Response:
    begun = await client.post("/my/passkeys/options")
    assert begun.status_code == 200, begun.text
    options = begun.json()["options"]
    shown = key.create(options, **wrong)
    return await client.post("/my/passkeys", json={"title": title, "handle": options["user"]["id"], "passkey": shown})


async def ask(client: httpx.AsyncClient) -> dict[str, Any]:
    return (await client.post("/session/passkey/options")).json()["options"]


async def enter(client: httpx.AsyncClient, shown: dict[str, Any]) -> httpx.Response:
    return await client.post("/session/passkey", json={"passkey": shown})


async def person(plant: World, name: str, *roles: str) -> str:
    async with plant.client() as admin:
        return await add(admin, name, *(roles or ("viewer",)))


async def test_a_passkey_signs_in_without_name_and_password_and_says_so(tmp_path: Path) -> None:
    key, spare = Authenticator(), Authenticator()
    async with world(tmp_path) as plant:
        once = await person(plant, "wang")
        async with page(plant, "wang", once) as wang:
            made = await make(wang, key, "  Phone   of Wang ")
            assert made.status_code == 200 and len(made.json()["codes"]) == 10
            assert (await make(wang, spare, "Spare")).json()["codes"] == [], "there are recovery codes already"
            assert (await make(wang, key)).json()["code"] == "config.conflict"
            told = (await wang.get("/my/passkeys")).json()
            assert told["here"] and [(k["title"], k["site"], k["used_us"]) for k in told["keys"]] == [
                ("Phone of Wang", "localhost", None),
                ("Spare", "localhost", None),
            ]
    async with world(tmp_path) as plant, page(plant) as wang:  # also after a restart
        came = await enter(wang, key.get(await ask(wang)))
        assert came.status_code == 200, came.text
        assert (came.json()["user"], came.json()["how"]) == ("wang", "passkey")
        keys = (await wang.get("/my/passkeys")).json()["keys"]
        assert keys[0]["used_us"] and not keys[1]["used_us"]
        assert (await wang.put(f"/my/passkeys/{keys[0]['id']}", json={"title": "Old phone"})).status_code == 204
        (session,) = [s for s in (await wang.get("/my/sessions")).json() if s["here"]]
        assert (session["how"], session["what"], session["factor"]) == ("passkey", keys[0]["id"], True)
        async with plant.client() as admin:
            (line,) = [p for p in (await admin.get("/people")).json() if p["name"] == "wang"]
            assert line["second_factor"] and line["sessions"] == 2
            (told,) = (await admin.get("/people/wang/sessions")).json()[:1]
            assert told["how"] == "passkey"
        async with page(plant) as other:  # a second window by the same key: it ends when the key is taken away
            assert (await enter(other, key.get(await ask(other)))).status_code == 200
            assert (await wang.delete(f"/my/passkeys/{keys[0]['id']}")).status_code == 204
            assert (await other.get("/session")).status_code == 401
        assert (await wang.get("/session")).status_code == 200
        assert (await enter(wang, key.get(await ask(wang)))).json()["code"] == "auth.passkey"


async def test_what_is_wrong_with_a_passkey_is_refused_and_nobody_learns_more(plant: World) -> None:
    key, theirs, unknown = Authenticator(), Authenticator(), Authenticator()
    for name, one in (("wang", key), ("li", theirs)):
        async with page(plant, name, await person(plant, name)) as client:
            assert (await make(client, one)).status_code == 200
    async with page(plant) as client:
        unknown.handle = key.handle
        elsewhere = Authenticator(origin="http://evil.localhost", credential=key.credential, key=key.key)
        silent = Authenticator(verifies=False, credential=key.credential, key=key.key, handle=key.handle, count=50)
        wrong = {
            "unknown": unknown.get(await ask(client)),
            "another origin": elsewhere.get(await ask(client)),
            "another site": key.get(await ask(client), site="evil.example"),
            "another's handle": key.get(await ask(client), handle=theirs.handle),
            "no handle": key.get(await ask(client), handle=""),
            "another's signature": key.get(await ask(client), key=theirs.key),
            "a challenge of nobody": key.get(await ask(client), challenge=text(bytes(56))),
            "another purpose": key.get(await ask(client), type="webauthn.create"),
            "nobody verified": silent.get(await ask(client)),
            "no answer": {"id": "x"},
            "a list": {"response": []},
        }
        answers = {what: await enter(client, shown) for what, shown in wrong.items()}
        assert {what: (a.status_code, a.json()["code"]) for what, a in answers.items()} == dict.fromkeys(
            wrong, (401, "auth.passkey")
        )
        assert answers["unknown"].json()["title"] == answers["another's handle"].json()["title"]
        good = key.get(await ask(client))
        assert (await enter(client, good)).status_code == 200
        assert (await enter(client, good)).json()["code"] == "auth.passkey", "no challenge is good twice"


async def test_a_challenge_is_good_for_what_it_was_made_for(plant: World) -> None:
    key, other = Authenticator(), Authenticator()
    async with page(plant, "wang", await person(plant, "wang")) as wang, page(plant) as stranger:
        options = (await wang.post("/my/passkeys/options")).json()["options"]
        shown = key.create(options, challenge=(await ask(stranger))["challenge"])
        body = {"title": "k", "handle": options["user"]["id"], "passkey": shown}
        assert (await wang.post("/my/passkeys", json=body)).json()["code"] == "auth.passkey"
        async with page(plant, "li", await person(plant, "li")) as li:
            body["passkey"] = key.create(options)
            assert (await li.post("/my/passkeys", json=body)).json()["code"] == "auth.passkey", "begun by another"
        assert (await make(wang, other, fmt="tpm")).json()["code"] == "auth.passkey"
        assert (await make(wang, Authenticator(verifies=False))).json()["code"] == "auth.passkey"
        assert (await make(wang, Authenticator(origin="https://localhost"))).json()["code"] == "auth.passkey"
        assert (await make(wang, other, title=" ")).json()["code"] == "config.invalid"
        assert (await wang.get("/my/passkeys")).json()["keys"] == []


async def test_a_copied_key_opens_nothing_any_more(plant: World) -> None:
    key, plain = Authenticator(), Authenticator(counts=False)
    async with page(plant, "wang", await person(plant, "wang")) as wang:
        await make(wang, key)
        await make(wang, plain)
    copied = copy.copy(key)
    async with page(plant) as client:
        for _ in range(3):
            assert (await enter(client, key.get(await ask(client)))).status_code == 200
        refused = await enter(client, copied.get(await ask(client)))
        assert refused.status_code == 401 and "counter ran back" in refused.json()["title"]
        again = await enter(client, key.get(await ask(client)))
        assert again.status_code == 401, "nobody can say which of the two is the copy"
        for _ in range(2):  # an authenticator that counts nothing (most synced ones) stays good
            assert (await enter(client, plain.get(await ask(client)))).status_code == 200
        keys = (await client.get("/my/passkeys")).json()["keys"]
        assert [k["copied"] for k in keys] == [True, False]


async def test_beside_a_password_it_is_the_second_factor(plant: World) -> None:
    key, theirs = Authenticator(), Authenticator()
    async with page(plant, "li", await person(plant, "li")) as li:
        await make(li, theirs)
    async with page(plant, "wang", await person(plant, "wang")) as wang:
        codes = (await make(wang, key)).json()["codes"]
    async with page(plant) as client:
        body = {"user": "wang", "password": PASSWORD}
        asked = (await client.post("/session", json=body)).json()
        assert (asked["code"], asked["fields"]["ways"]) == ("auth.code", ["passkey", "code"])
        options = asked["fields"]["passkey"]
        assert [c["id"] for c in options["allowCredentials"]] == [text(key.credential)]
        alone = await client.post("/session", json=body | {"password": "no", "passkey": key.get(options)})
        assert alone.json()["code"] == "auth.required", "a passkey beside a wrong password says nothing"
        wrong = await client.post("/session", json=body | {"passkey": theirs.get(options)})
        assert wrong.json()["code"] == "auth.passkey"
        assert (await client.post("/session", json=body | {"passkey": key.get(options)})).status_code == 200
        assert (await client.post("/session", json=body | {"passkey": key.get(options)})).status_code == 401
        assert (await client.post("/session", json=body | {"code": codes[0]})).status_code == 200
        async with plant.client() as admin:
            fresh = (await admin.post("/people/wang/reset", json={"second_factor": True})).json()["password"]
        async with page(plant, "wang", fresh) as wang:
            assert (await wang.get("/my/passkeys")).json()["keys"] == []


async def test_a_role_that_must_have_a_second_factor_may_have_a_passkey(plant: World) -> None:
    key = Authenticator()
    async with plant.client() as admin, page(plant, "wang", await person(plant, "wang", "operator")) as wang:
        assert (await admin.put("/second-factor", json={"roles": ["operator"]})).status_code == 204
        assert (await wang.get("/points")).status_code == 403
        assert (await wang.get("/session")).json()["must_set_factor"]
        assert (await make(wang, key)).status_code == 200
        assert (await wang.get("/points")).status_code == 200
        async with page(plant) as other:
            assert (await enter(other, key.get(await ask(other)))).status_code == 200
            assert (await other.get("/points")).status_code == 200
            (held,) = (await wang.get("/my/passkeys")).json()["keys"]
            assert (await wang.delete(f"/my/passkeys/{held['id']}")).status_code == 204
        assert (await wang.get("/session")).json()["must_set_factor"], "required again at once"


async def test_another_way_in_is_added_only_by_who_shows_what_there_is(plant: World) -> None:
    """Whoever finds an open window, or stole one cookie from before, does not make themselves at home."""
    key = Authenticator()
    async with page(plant, "wang", await person(plant, "wang")) as before, page(plant, "wang") as wang:
        assert (await make(wang, key)).status_code == 200
        refused = await before.post("/my/passkeys/options")
        assert (refused.status_code, refused.json()["code"]) == (403, "auth.again")
        assert (await before.post("/my/second-factor")).json()["code"] == "auth.again"
        told = (await before.get("/my/proof")).json()
        assert told["ways"] == ["passkey", "code"]
        assert (await before.post("/my/proof", json={"password": PASSWORD})).json()["code"] == "auth.code"
        shown = key.get(told["passkey"])
        assert (await before.post("/my/proof", json={"passkey": shown})).status_code == 204
        assert (await before.post("/my/second-factor")).status_code == 200
        assert (await before.post("/my/proof", json={"passkey": shown})).json()["code"] == "auth.passkey"


async def test_a_phone_beside_passkeys(plant: World) -> None:
    key = Authenticator()
    async with page(plant, "wang", await person(plant, "wang")) as wang:
        secret = (await wang.post("/my/second-factor")).json()["secret"]
        codes = (await wang.put("/my/second-factor", json={"code": phone(secret)})).json()["codes"]
        assert (await make(wang, key)).json()["codes"] == []
        assert (await wang.delete("/my/second-factor")).status_code == 204
        body = {"user": "wang", "password": PASSWORD}
        assert (await wang.post("/session", json=body)).json()["fields"]["ways"] == ["passkey", "code"]
        assert (await wang.post("/session", json=body | {"code": codes[3]})).status_code == 200
        fresh = (await wang.post("/my/second-factor/codes")).json()["codes"]
        assert (await wang.post("/session", json=body | {"code": codes[4]})).status_code == 401
        assert (await wang.post("/session", json=body | {"code": fresh[4]})).status_code == 200


async def test_a_bare_address_has_no_passkeys_and_says_what_helps(plant: World) -> None:
    async with browser(plant, "wang", await person(plant, "wang")) as wang:
        told = (await wang.get("/my/passkeys")).json()
        assert told["here"] is False and "IP address" in told["why"]
        refused = (await wang.post("/my/passkeys/options")).json()
        assert refused["code"] == "auth.address" and "authenticator app" in refused["advice"]
        assert (await wang.post("/session/passkey/options")).json()["code"] == "auth.address"


async def test_somebody_shut_out_stays_out_with_a_passkey(plant: World) -> None:
    key = Authenticator()
    async with page(plant, "wang", await person(plant, "wang")) as wang:
        await make(wang, key)
    async with plant.client() as admin, page(plant) as client:
        assert (await admin.put("/people/wang/lock", json={"locked": True})).status_code == 204
        assert (await enter(client, key.get(await ask(client)))).json()["code"] == "auth.locked"
        assert (await admin.put("/people/wang/lock", json={"locked": False})).status_code == 204
        assert (await admin.delete("/people/wang")).status_code == 204
        assert (await enter(client, key.get(await ask(client)))).json()["code"] == "auth.passkey"


@pytest.mark.parametrize(
    ("host", "origin", "found"),
    [
        ("plant.example", "https://plant.example", ("plant.example", "https://plant.example")),
        ("Plant.Example:8443", "https://plant.example:8443", ("plant.example", "https://plant.example:8443")),
        ("localhost:8600", "http://localhost:8600", ("localhost", "http://localhost:8600")),
        ("plant.example", "http://plant.example", "auth.address"),
        ("10.0.0.5:8600", "http://10.0.0.5:8600", "auth.address"),
        ("[::1]:8600", "http://[::1]:8600", "auth.address"),
        ("plant.example", "https://evil.example", "auth.denied"),
        ("plant.example", "null", "auth.denied"),
        ("", "https://plant.example", "auth.denied"),
        ("plant:99999999", "https://plant:99999999", "auth.denied"),
    ],
)
def test_the_site_is_the_address_that_is_used(host: str, origin: str, found: Any) -> None:
    if isinstance(found, tuple):
        site = site_of(host, origin)
        assert (site.name, site.origin) == found
    else:
        with pytest.raises(BaigongError) as caught:
            site_of(host, origin)
        assert caught.value.code == found


def test_a_challenge_runs_out_and_is_bound_to_its_site() -> None:
    key = Authenticator()
    challenge = new_challenge("k", "sign-in", HERE, 0)
    shown = key.get({"rpId": "localhost", "challenge": challenge})
    assert challenge_of(shown, "k", "sign-in", HERE, 1) == challenge
    for other in (
        ("other", "sign-in", HERE, 1),
        ("k", "second:li", HERE, 1),
        ("k", "sign-in", Site("localhost", "http://localhost:1"), 1),
        ("k", "sign-in", HERE, 301_000_000),
    ):
        with pytest.raises(BaigongError):
            challenge_of(shown, *other)


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.data())
def test_changed_bytes_end_in_a_refusal(data: st.DataObject) -> None:
    """No bit that a stranger flips gets through, and none ends in anything but our own error."""
    key = Authenticator(key=_KEY)
    options = {"user": {"id": "h"}, "rp": {"id": "localhost"}, "challenge": text(b"c" * 56), "rpId": "localhost"}
    creating = data.draw(st.booleans())
    shown = key.create(options) if creating else key.get(options)
    field = data.draw(st.sampled_from(["attestationObject"] if creating else ["authenticatorData", "signature"]))
    told = bytearray(raw(shown["response"][field]))
    cut = data.draw(st.booleans())
    at = int(len(told) * data.draw(st.floats(0, 1, exclude_max=True)))  # signatures differ in length
    shown["response"][field] = text(bytes(told[:at]) if cut else bytes([*told[:at], told[at] ^ 0xFF, *told[at + 1 :]]))
    try:
        if creating:  # nobody vouches for a new key itself: it is one, or it is refused by us
            check_creation(shown, options["challenge"], HERE)
            return
        check_request(shown, options["challenge"], HERE, _PUBLIC, verified=False)
    except BaigongError as error:
        assert error.code == "auth.passkey"
    else:
        pytest.fail("a changed signature was taken")


_KEY = ec.generate_private_key(ec.SECP256R1())
_PUBLIC = check_creation(
    Authenticator(key=_KEY).create({"user": {"id": "h"}, "rp": {"id": "localhost"}, "challenge": text(b"c" * 56)}),
    text(b"c" * 56),
    HERE,
).public_key
