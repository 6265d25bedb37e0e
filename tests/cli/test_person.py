"""People and companies by command, against a platform as people start it."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2 as httpx

from tests.cli.conftest import Run


def _sign_in(data: Path, user: str, password: str) -> httpx.Response:
    url = (data / "url").read_text().strip()
    return httpx.post(f"{url}/api/v1/session", json={"user": user, "password": password}, trust_env=False)


def test_a_person_from_the_first_day_to_the_last(up: Path, run: Run) -> None:
    where = ("--data", up)
    added = run("person", "add", "wang", "--role", "operator", "--role", "maintenance", *where)
    assert added.code == 0, added.err
    assert _sign_in(up, "wang", added.out.strip()).json()["must_set_password"] is True
    assert "one-time" in run("person", "list", *where).out
    assert run("person", "roles", "wang", "--role", "viewer", *where).code == 0
    (wang,) = [p for p in json.loads(run("person", "list", "--json", *where).out) if p["name"] == "wang"]
    assert (wang["roles"], wang["sessions"]) == (["viewer"], 1)
    (session,) = json.loads(run("person", "sessions", "wang", "--json", *where).out)
    assert run("person", "sessions", "wang", "--end", session["id"], *where).code == 0
    assert json.loads(run("person", "sessions", "wang", "--json", *where).out) == []
    fresh = run("person", "reset", "wang", *where).out.strip()
    assert run("person", "lock", "wang", *where).code == 0
    assert _sign_in(up, "wang", fresh).json()["code"] == "auth.locked"
    assert run("person", "lock", "wang", "--undo", *where).code == 0
    assert _sign_in(up, "wang", fresh).status_code == 200
    assert run("person", "remove", "wang", *where).code == 0
    refused = run("person", "remove", "admin", *where)
    assert refused.code == 2 and "people.last_admin" in refused.err
    assert "platform_operator" in run("person", "roles", *where).out
    assert run("person", "roles", "admin", *where).code == 2


def test_ways_in_and_company_accounts(up: Path, run: Run) -> None:
    where = ("--data", up)
    assert run("person", "add", "li", *where).code == 0
    folder = up / "config" / "main" / "sign-in"
    folder.mkdir(parents=True)
    (folder / "works.yaml").write_text("issuer: http://127.0.0.1:1\nclient_id: baigong\n")
    (folder / "broken.yaml").write_text("issuer: http://works.example\nclient_id: baigong\n")
    listed = run("sign-in", "list", *where)
    assert listed.code == 0 and "https address" in listed.out and "127.0.0.1:1" in listed.out
    checked = run("sign-in", "check", "works", *where)
    assert checked.code == 2 and "WRONG" in checked.out and "127.0.0.1:1" in checked.err
    assert run("person", "link", "li", "works", "8f1c", *where).code == 0
    ways = json.loads(run("person", "ways-in", "li", "--json", *where).out)
    (account,) = ways["accounts"]
    assert (account["provider"], ways["passkeys"], ways["phone"]) == ("works", [], False)
    assert "works" in run("person", "ways-in", "li", *where).out
    assert run("person", "ways-in", "li", "--unlink", account["id"], *where).code == 0
    assert json.loads(run("person", "ways-in", "li", "--json", *where).out)["accounts"] == []
    assert run("person", "ways-in", "li", "--drop-passkey", "none", *where).code == 2


def test_a_company_is_made_suspended_and_resumed(up: Path, run: Run) -> None:
    where = ("--data", up)
    code = "91350100M000100Y43"
    made = run("tenant", "add", "mould", "--title-zh", "宁海模具", "--region", "ningbo", "--credit-code", code, *where)
    assert made.code == 0, made.err
    admin, password = made.out.split()
    assert _sign_in(up, admin, password).json()["tenant"] == "mould"
    assert run("tenant", "suspend", "mould", *where).code == 0
    assert _sign_in(up, admin, password).json()["code"] == "tenant.suspended"
    (shown,) = json.loads(run("tenant", "list", "--search", "宁海", "--json", *where).out)
    assert (shown["state"], shown["region"], shown["credit_code"]) == ("suspended", "ningbo", code)
    assert run("tenant", "resume", "mould", *where).code == 0
    assert _sign_in(up, admin, password).status_code == 200
    assert "mould" in run("tenant", "list", *where).out
    wrong = run("tenant", "add", "two", "--credit-code", code[:-1] + "4", *where)
    assert wrong.code == 2 and "check character" in wrong.err
