"""Letting a guest in by command, and what it then reaches by API and SQL on a platform as people start it."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2 as httpx

import baigong
from tests.cli.conftest import Run, eventually

_ROWS = "time,mine1.a,theirs1.b\n2026-01-01T00:00:00Z,1.5,666.25\n2026-01-02T00:00:00Z,2.5,666.25\n"
_COUNT = "select distinct name, value from telemetry order by all"


def test_a_guest_comes_in_looks_and_goes(up: Path, run: Run, tmp_path: Path) -> None:
    where = ("--data", up)
    url, key = (up / "url").read_text().strip(), (up / "key").read_text().strip()
    with httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {key}"}, trust_env=False) as owner:
        file = tmp_path / "rows.csv"
        file.write_text(_ROWS)
        assert run("import", file, *where).code == 0
        asked = {"sql": "select count(*) from telemetry where name in ('mine1.a', 'theirs1.b')"}
        eventually(lambda: owner.post("/sql", json=asked).json()["rows"] == [[4]])
        secret = owner.post("/tokens", json={"title": "guest", "role": "regulator"}).json()["token"]
        (id,) = [t["id"] for t in owner.get("/tokens").json() if t["title"] == "guest"]
    guest = ("--url", url, "--token", secret)
    assert run("query", _COUNT, *guest).code != 0, "nothing is open yet"
    why = run("why-may", f"token:{id}", "read", "asset:mine1", *where)
    assert why.code == 0 and "nothing permits it" in why.out and "没有任何授权" in why.out
    made = run("grant", "add", f"token:{id}", "see,read", "asset:mine1", "--title", "look", "--to", "+30d",
               "--data-from", "2026-01-02T00:00:00Z", *where)  # fmt: skip
    assert made.code == 0, made.err
    grant = made.out.strip()
    (listed,) = json.loads(run("grant", "list", "--json", *where).out)
    assert (listed["id"], listed["title"]) == (grant, "look")
    told = run("query", _COUNT, "--format", "csv", *guest)
    assert told.code == 0, told.err
    assert told.out.split() == ['"name","value"', '"mine1.a",2.5']
    whole = run("query", _COUNT, "--format", "csv", *where)
    assert "666.25" in whole.out, "the owner sees all, also after a guest"
    assert "look" in run("why-may", f"token:{id}", "read", "asset:mine1", *where).out
    assert run("grant", "revoke", grant, *where).code == 0
    assert run("query", _COUNT, *guest).code != 0
    assert json.loads(run("grant", "list", "--json", *where).out) == []


def test_another_company_names_the_one_that_let_it_in(up: Path, run: Run) -> None:
    url, key = (up / "url").read_text().strip(), (up / "key").read_text().strip()
    api, mine = f"{url}/api/v1", {"X-Baigong": "1"}
    with httpx.Client(base_url=api, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as owner:
        rows = {"columns": {"point": ["lent1.c"], "time": [1_700_000_000_000_000], "value": [7.5]}}
        assert owner.post("/ingest", json=rows).status_code == 200
        made = owner.post("/tenants", json={"tenant": "lender", "admin": "lender-admin"}).json()
    with httpx.Client(base_url=api, headers=mine, trust_env=False) as theirs:
        entered = {"user": made["admin"], "password": made["password"]}
        assert theirs.post("/session", json=entered).status_code == 200
        assert theirs.post("/password", json={"password": "a long enough one"}).status_code < 300
        secret = theirs.post("/tokens", json={"title": "looker", "role": "viewer"}).json()["token"]
        (id,) = [t["id"] for t in theirs.get("/tokens").json() if t["title"] == "looker"]
    assert run("grant", "add", f"token:{id}", "see,read", "asset:lent1", "--data", up).code == 0
    guest = ("--url", url, "--token", secret)
    listed = run("point", "list", "--json", "--tenant", "main", *guest)
    assert [p["name"] for p in json.loads(listed.out)] == ["lent1.c"], listed.err
    assert json.loads(run("point", "list", "--json", *guest).out) == [], "at home there is none"
    told = run("export", "lent1.c", "--start", "2023-11-14T00:00:00Z", "--tenant", "main", *guest)
    assert told.code == 0 and "7.5" in told.out, told.err
    with baigong.connect(url, secret, tenant="main") as plant:
        assert plant.sql_arrow("select name, value from telemetry").to_pylist() == [{"name": "lent1.c", "value": 7.5}]
