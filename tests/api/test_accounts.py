"""Company accounts: through a real OpenID provider, and through one that lies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest
import trustme
import yaml
from joserfc.jwk import RSAKey

from tests.api.provider import CLIENT, SECRET, install, provider, sign_in_there
from tests.api.provider import crooked as lies
from tests.api.provider.crooked import Crooked, crooked
from tests.api.signing import PASSWORD, add, browser
from tests.api.test_second_factor import phone
from tests.api.world import World

ROLES = {"claim": "groups", "map": {"shift-leaders": ["operator"], "it": ["tenant_admin"]}}


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("provider")
    with provider(folder, install(folder)) as issuer:
        yield issuer


def write(plant: World, issuer: str, name: str = "works", tenant: str = "main", **more: Any) -> None:
    folder = plant.data / "config" / tenant / "sign-in"
    folder.mkdir(parents=True, exist_ok=True)
    (plant.data / "works.secret").write_text(more.pop("secret", SECRET))
    told = {
        "title": "Mould works", "title_zh": "模具厂账号", "issuer": issuer, "client_id": CLIENT,
        "client_secret": "file:works.secret", "roles": ROLES,
    }  # fmt: skip
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(told | more, allow_unicode=True))


async def away(client: httpx.AsyncClient, path: str = "/sign-in/main/works") -> str:
    answer = await client.post(path)
    assert answer.status_code == 200, answer.text
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "samesite=lax" in cookie.lower() and "Path=/api/v1/sign-in/main/" in cookie
    return str(answer.json()["url"])


async def come(plant: World, client: httpx.AsyncClient, account: str, *, mfa: bool = False) -> str:
    """Sign in through the real provider; returns where the console ends up."""
    back = await sign_in_there(await away(client), account, mfa=mfa)
    return str((await client.get(back)).headers["location"])


async def session(client: httpx.AsyncClient) -> dict[str, Any]:
    return dict((await client.get("/session")).json())


async def test_a_person_links_their_account_and_comes_in_by_it(plant: World, works: str) -> None:
    write(plant, works)
    async with plant.client() as admin:
        once = await add(admin, "wang", "operator")
    async with plant.client(token="") as stranger:
        offered = (await stranger.get("/sign-in")).json()
        assert offered["providers"] == [
            {"tenant": "main", "provider": "works", "title": "Mould works", "title_zh": "模具厂账号"}
        ]
        assert await come(plant, stranger, "wang") == "/?refused=auth.stranger", "linked to nobody yet"
        assert (await stranger.get("/session")).status_code == 401
    async with browser(plant, "wang", once) as wang:
        mine = (await wang.get("/my/accounts")).json()
        assert mine["accounts"] == [] and mine["offered"][0]["provider"] == "works"
        back = await sign_in_there(await away(wang, "/my/accounts/works"), "wang")
        assert (await wang.get(back)).headers["location"] == "/me"
        (linked,) = (await wang.get("/my/accounts")).json()["accounts"]
        assert (linked["account"], linked["made_here"]) == ("wang@mould.example", False)
    async with plant.client(token="") as client:
        client.headers["X-Baigong"] = "1"
        assert await come(plant, client, "wang") == "/"
        told = await session(client)
        assert (told["user"], told["how"], told["role"]) == ("wang", "account", "operator"), (
            "roles are not the provider's"
        )
        (here,) = [s for s in (await client.get("/my/sessions")).json() if s["here"]]
        assert (here["how"], here["what"], here["factor"]) == ("account", "works", False)
        out = await client.delete("/session")
        assert out.json()["url"].startswith(f"{works}/session/end?client_id=baigong&post_logout")
        assert (await client.get("/session")).status_code == 401
        async with browser(plant, "wang", PASSWORD) as wang:
            assert await come(plant, client, "wang") == "/"
            assert (await wang.delete(f"/my/accounts/{linked['id']}")).status_code == 204
            assert (await client.get("/session")).status_code == 401, "what it opened ends with it"
            assert (await wang.get("/session")).status_code == 200


async def test_somebody_elses_account_is_not_linked_twice(plant: World, works: str) -> None:
    write(plant, works)
    async with plant.client() as admin:
        secrets = {name: await add(admin, name, "viewer") for name in ("wang", "li")}
    for name, where in (("wang", "/me"), ("li", "/?refused=config.conflict")):
        async with browser(plant, name, secrets[name]) as client:
            back = await sign_in_there(await away(client, "/my/accounts/works"), "wang")
            assert (await client.get(back)).headers["location"] == where


async def test_a_link_belongs_to_the_session_that_wanted_it(plant: World, works: str) -> None:
    write(plant, works)
    async with plant.client() as admin:
        once = await add(admin, "wang", "viewer")
    async with browser(plant, "wang", once) as wang:
        back = await sign_in_there(await away(wang, "/my/accounts/works"), "wang")
        cookie = wang.cookies["baigong_account"]
        assert (await wang.delete("/session")).status_code == 200
        headers = {"cookie": f"baigong_account={cookie}"}
        assert (await wang.get(back, headers=headers)).headers["location"] == "/?refused=auth.required"
    assert plant.registry.accounts.of("wang") == []


async def test_people_are_made_only_where_a_company_wishes_and_have_the_roles_it_says(plant: World, works: str) -> None:
    write(plant, works, people={"make": True, "name": "email"}, domains=["mould.example"])
    async with plant.client(token="") as client:
        for account in ("eve", "zhao", "guest"):  # another domain, an address nobody checked, no role
            assert await come(plant, client, account) == "/?refused=auth.stranger", account
        assert await come(plant, client, "wang") == "/"
        told = await session(client)
        assert (told["user"], told["role"]) == ("wang@mould.example", "operator")
        (mine,) = (await client.get("/my/accounts")).json()["accounts"]
        client.headers["X-Baigong"] = "1"
        refused = await client.delete(f"/my/accounts/{mine['id']}")
        assert refused.json()["code"] == "config.conflict", "it is their only way in"
        async with plant.client() as admin:
            people = {p["name"] for p in (await admin.get("/people")).json()}
            assert people == {"admin", "wang@mould.example"}
            # the company takes the role away, and gives another: it counts from the next sign-in
            write(plant, works, people={"make": True}, roles={"claim": "groups", "map": {"shift-leaders": ["viewer"]}})
            assert await come(plant, client, "wang") == "/"
            assert (await session(client))["role"] == "viewer"
            write(plant, works, people={"make": True}, roles={"claim": "groups", "map": {"x": ["viewer"]}})
            assert await come(plant, client, "wang") == "/?refused=auth.stranger"
            (failed,) = (await admin.get("/providers")).json()
            assert "has no role here" in failed["failed"] and failed["redirect_uri"].endswith("/main/works/callback")
            told = (await admin.get("/audit", params={"action": "sign-in"})).json()
            refusals = [one["entry"] for one in told if one["entry"].get("reason") == "auth.stranger"]
            assert len(refusals) == 4 and refusals[0]["who"] == "main/works:wang"
        for guess in ("", "wang", PASSWORD):
            answer = await client.post("/session", json={"user": "wang@mould.example", "password": guess})
            assert answer.status_code == 401, "whoever came by an account has no password"


async def test_an_account_of_a_name_that_is_taken_is_nobodys(plant: World, works: str) -> None:
    """Who controls names at the provider does not become the person who has that name here."""
    write(plant, works, people={"make": True, "name": "email"})
    async with plant.client() as admin:
        await add(admin, "wang@mould.example", "tenant_admin")
    async with plant.client(token="") as client:
        assert await come(plant, client, "wang") == "/?refused=auth.stranger"


async def test_a_second_factor_shown_there_counts_when_the_provider_says_so(plant: World, works: str) -> None:
    write(plant, works, people={"make": True})
    async with plant.client() as admin, plant.client(token="") as client:
        client.headers["X-Baigong"] = "1"
        assert (await admin.put("/second-factor", json={"roles": ["operator"]})).status_code == 204
        await come(plant, client, "wang", mfa=True)
        assert (await client.get("/points")).status_code == 200
        await come(plant, client, "wang")
        assert (await client.get("/points")).status_code == 403
        assert (await session(client))["must_set_factor"]
        begun = (await client.post("/my/second-factor")).json()
        assert (await client.put("/my/second-factor", json={"code": phone(begun["secret"], -1)})).status_code == 200
        assert (await client.get("/points")).status_code == 200
        await come(plant, client, "wang")  # once more without: now the phone is asked for here
        told = await session(client)
        assert (told["must_set_factor"], told["must_show_factor"]) == (False, True)
        assert (await client.get("/points")).status_code == 403
        assert (await client.post("/my/passkeys/options", headers={"host": "localhost"})).status_code == 403
        assert (await client.post("/my/proof", json={"code": phone(begun["secret"], 1)})).status_code == 204
        assert (await client.get("/points")).status_code == 200


async def test_a_deleted_or_locked_person_is_not_let_in_by_the_account(plant: World, works: str) -> None:
    write(plant, works, people={"make": True})
    async with plant.client() as admin, plant.client(token="") as client:
        await come(plant, client, "wang")
        name = "wang@mould.example"
        assert (await admin.put(f"/people/{name}/lock", json={"locked": True})).status_code == 204
        assert await come(plant, client, "wang") == "/?refused=auth.locked"
        assert (await admin.delete(f"/people/{name}")).status_code == 204
        write(plant, works)
        await add(admin, name, "tenant_admin")  # another person of that name: not whose account it was
        assert await come(plant, client, "wang") == "/?refused=auth.stranger"


async def test_what_a_browser_brings_back_is_good_once_and_for_its_own_sign_in(plant: World, works: str) -> None:
    write(plant, works, people={"make": True})
    async with plant.client(token="") as one, plant.client(token="") as two:
        back = await sign_in_there(await away(one), "wang")
        assert (await two.get(back)).headers["location"] == "/?refused=auth.provider", "begun in another browser"
        await away(two)
        assert (await two.get(back)).headers["location"] == "/?refused=auth.provider", "the state is another's"
        assert (await one.get(back.replace("127.0.0.1", "127.0.0.1"))).headers["location"] == "/"
        assert (await one.get(back)).headers["location"] == "/?refused=auth.provider", "the cookie is gone"
        for query in ("", "?error=access_denied&state=x", "?code=x", "?code=x&state=x"):
            path = "/sign-in/main/works/callback" + query
            assert (await one.get(path)).headers["location"] == "/?refused=auth.provider"
        assert (await one.get("/sign-in/main/nobody/callback")).headers["location"] == "/?refused=http.not_found"


async def test_suspended_companies_are_refused_and_not_offered(plant: World, works: str) -> None:
    write(plant, works, people={"make": True})
    await plant.registry.tenants.set_state("main", "suspended")
    async with plant.client(token="") as client:
        assert (await client.get("/sign-in")).json()["providers"] == []
        assert (await client.post("/sign-in/main/works")).json()["code"] == "tenant.suspended"


async def test_the_check_says_what_is_wrong(plant: World, works: str) -> None:
    async def findings(**more: Any) -> dict[str, tuple[bool, str]]:
        write(plant, **({"issuer": works} | more))
        async with plant.client() as admin:
            told = (await admin.post("/providers/works/check")).json()
        assert all(f["what_zh"] and f["said_zh"] and bool(f["advice_zh"]) is not f["ok"] for f in told), told
        return {f["what"]: (f["ok"], f["said"] + f["advice"]) for f in told}

    right = await findings()
    assert all(ok for ok, _ in right.values()), right
    assert [*right] == ["file", "discovery", "keys", "signatures", "PKCE", "clock", "redirect_uri", "client"]
    assert (await findings(secret="wrong"))["client"][0] is False
    assert "invalid_client" in (await findings(client_id="nobody"))["client"][1]
    assert (await findings(client_id="nobody"))["redirect_uri"][0] is False
    told = await findings(issuer=works + "/")
    assert "write the issuer exactly so" in told["works:issuer" if "works:issuer" in told else "main/works:issuer"][1]
    told = await findings(address="https://plant.example")
    said = "https://plant.example/api/v1/sign-in/main/works/callback"
    assert told["redirect_uri"][0] is False and said in told["redirect_uri"][1]
    told = await findings(issuer="http://127.0.0.1:1")
    assert not told["main/works"][0]


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"issuer": "http://provider.example"}, "issuer"),
        ({"issuer": "https://provider.example?x"}, "issuer"),
        ({"client_secret": "hunter2"}, "client_secret"),
        ({"scopes": ["email"]}, "scopes"),
        ({"roles": {"map": {"it": ["platform_operator"]}}}, "roles"),
        ({"roles": {"default": ["emperor"]}}, "roles"),
        ({"people": {"make": True}, "roles": {}}, "people.make"),
        ({"domain": ["typo.example"]}, "domain"),
        ({"address": "http://plant.example"}, "address"),
        ({"address": "https://plant.example/console"}, "address"),
        ({"client_id": 7}, "client_id"),
    ],
)
async def test_a_file_that_cannot_be_used_is_named(plant: World, more: dict[str, Any], place: str) -> None:
    write(plant, **({"issuer": "https://provider.example"} | more))
    async with plant.client() as admin:
        (line,) = (await admin.get("/providers")).json()
        assert place in line["error"] or line["error"].startswith("sign-in main/works"), line
        refused = await admin.post("/sign-in/main/works")
        assert (refused.status_code, refused.json()["code"]) == (422, "config.invalid")
        assert place in refused.json()["place"] + refused.json()["title"]
        assert (await admin.get("/sign-in")).json()["providers"] == []


FORGED: dict[str, Any] = {
    "no signature": {"mint": lies.unsigned},
    "signed with our public knowledge": {"mint": lies.by_public_key},
    "another key": {"mint": lies.by_stranger},
    "a key it brings along": {"mint": lies.with_own_key},
    "changed after signing": {"mint": lies.changed},
    "no token at all": {"mint": lambda made, claims: ""},
    "not a token": {"mint": lambda made, claims: "a.b.c"},
    "for another client": {"claims": {"aud": "another"}},
    "for nobody": {"claims": {"aud": None}},
    "for two, given to the other": {"claims": {"aud": ["baigong", "another"], "azp": "another"}},
    "for two, given to nobody": {"claims": {"aud": ["baigong", "another"]}},
    "of another issuer": {"claims": {"iss": "https://elsewhere.example"}},
    "run out": {"claims": {"exp": int(time.time()) - 3600}},
    "for ever": {"claims": {"exp": None}},
    "of tomorrow": {"claims": {"iat": int(time.time()) + 86_400}},
    "not yet": {"claims": {"nbf": int(time.time()) + 86_400}},
    "without nonce": {"claims": {"nonce": None}},
    "an older nonce": {"claims": {"nonce": "of the sign-in before"}},
    "nobody": {"claims": {"sub": None}},
    "with another access token": {"claims": {"at_hash": "x"}},
}


async def lied(plant: World, made: Crooked, **more: str) -> str:
    async with plant.client(token="") as client:
        back = made.answer_to(await away(client), **more)
        return str((await client.get(back)).headers["location"])


async def test_no_forged_token_opens(plant: World) -> None:
    async with crooked() as made:
        write(plant, made.issuer, people={"make": True})
        assert await lied(plant, made) == "/", "the same provider, telling the truth"
        for what, lie in FORGED.items():
            made.mint, made.claims = lie.get("mint"), lie.get("claims", {})
            assert await lied(plant, made) == "/?refused=auth.provider", what
        made.mint, made.claims = None, {}
        assert await lied(plant, made, iss="https://elsewhere.example") == "/?refused=auth.provider", "mix-up"
        assert await lied(plant, made, state="x") == "/?refused=auth.provider"
        assert await lied(plant, made) == "/"


async def test_two_providers_are_not_mixed_up(plant: World) -> None:
    """RFC 9700 4.4: a sign-in begun at one is not finished with what another says."""
    async with crooked() as honest, crooked() as evil:
        write(plant, honest.issuer, people={"make": True})
        write(plant, evil.issuer, "other", people={"make": True})
        async with plant.client(token="") as client:
            begun = await away(client)
            elsewhere = honest.answer_to(begun).replace("/main/works/", "/main/other/")
            assert (await client.get(elsewhere)).headers["location"] == "/?refused=auth.provider"
            cookie = client.cookies["baigong_account"]
            cross = {"cookie": f"baigong_account={cookie}"}
            assert (await client.get(elsewhere, headers=cross)).headers["location"] == "/?refused=auth.provider"
            evil.nonce = honest.nonce
            spoken = honest.answer_to(begun, iss=evil.issuer)
            assert (await client.get(spoken)).headers["location"] == "/?refused=auth.provider"
        evil.issuer = honest.issuer  # it says that it is the other one
        async with plant.client(token="") as client:
            assert (await client.post("/sign-in/main/other")).json()["code"] == "config.invalid"


async def test_a_provider_changes_its_key_and_tells_more_at_userinfo(plant: World) -> None:
    async with crooked() as made:
        write(plant, made.issuer, people={"make": True})
        assert await lied(plant, made) == "/"
        made.claims = {"email": None, "groups": None}
        made.userinfo = {"sub": "wang", "email": "wang@mould.example", "email_verified": True, "groups": ["it"]}
        assert await lied(plant, made) == "/"
        made.userinfo["sub"] = "li"
        assert await lied(plant, made) == "/?refused=auth.provider", "userinfo of somebody else"
        made.claims, made.userinfo = {}, {}
        held = made.asked_keys
        made.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
        made.published = [made.key.as_dict(private=False)]
        made.mint = lambda one, claims: one.sign(claims, kid="two")
        plant.registry.openid.again_us = 0
        assert await lied(plant, made) == "/"
        assert made.asked_keys == held + 1
        made.about = {"token_endpoint": "http://10.0.0.1/token"}
        async with plant.client() as admin:
            told = (await admin.post("/providers/works/check")).json()
        assert "no https address" in told[-1]["said"]


async def test_a_provider_with_a_certificate_of_the_plants_own_and_one_that_hangs(plant: World) -> None:
    authority, other = trustme.CA(), trustme.CA()
    theirs = plant.data / "theirs.pem"
    for name, ca, ok in (("works", authority, True), ("other", other, False)):
        async with crooked(authority) as made:
            ca.cert_pem.write_to_path(theirs)
            write(plant, made.issuer, name, ca=str(theirs), people={"make": True})
            if ok:
                assert await lied(plant, made) == "/"
                continue
            async with plant.client(token="") as client:
                refused = await client.post("/sign-in/main/other")
                assert (refused.status_code, refused.json()["code"]) == (503, "auth.unreachable")
                again = await client.post("/sign-in/main/other")
                assert again.json()["code"] == "auth.unreachable"
                assert made.asked == 0, "nothing was said to a stranger"
