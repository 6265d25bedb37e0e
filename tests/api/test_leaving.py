"""The records of a company that leaves: every table is thought of, also those of tomorrow; who may ask for it."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import zipfile
from dataclasses import replace
from typing import Any

import pytest

from baigong.api import takeparts
from baigong.api.takeparts import HIDDEN
from baigong.registry.rights import policy_text, tenant_ref
from baigong.registry.shells import Change
from baigong.registry.tenants import Company
from baigong.security.scope import Ref
from baigong.stores.records.leaving import KEPT, condition, count_rows, owned_tables
from baigong.stores.records.shells import FileRow
from baigong.stores.records.tables import metadata
from baigong.stores.records.walls import PLATFORM
from baigong.vocab.devices import DeviceSpec, PointSpec
from tests.api.signing import PASSWORD, browser
from tests.api.world import World


def test_every_table_is_a_tenants_or_the_platforms_or_kept_with_a_reason() -> None:
    owned = {table.name for table in owned_tables()}
    assert owned | KEPT.keys() | PLATFORM.keys() == metadata.tables.keys()
    assert not owned & (KEPT.keys() | PLATFORM.keys())
    assert all(condition(metadata.tables[name], "x") is not None for name in owned)


def test_nothing_that_opens_a_door_is_taken_away() -> None:
    shown = {
        f"{table.name}.{column.name}"
        for table in owned_tables()
        if (hidden := HIDDEN.get(table.name, ())) is not None
        for column in table.c
        if column.name not in hidden and re.search(r"hash|digest|secret|proof|password|key$", column.name)
    }
    fine = {"devices.file_digest", "people.must_set_password"}  # of a file without its secrets; and a state
    assert shown <= fine | {"business_records.key", "record_changes.key"}, "which order it is"


async def _companies(plant: World) -> str:
    registry = plant.registry
    for tenant in ("goer", "stayer"):
        row, secret = await registry.members.first_admin(tenant, f"{tenant}-admin")
        await registry.tenants.add(Company(tenant=tenant, title=tenant), row)
        spec = DeviceSpec(device="m", driver="sim", points=[PointSpec(name="a.b", address="sine:1")])
        await registry.devices.put(tenant, spec, "test")
        await registry.people.add_token(tenant, "program", person=f"{tenant}-admin")
        await registry.credentials.put(tenant, "m", f"{tenant}-m")
        await registry.certificates.enrol(tenant, "m")
    return secret


async def test_its_rows_go_and_rooms_know_nothing_of_it(plant: World) -> None:
    registry, departures = plant.registry, plant.app.state.rooms.departures
    await _companies(plant)
    text = policy_text(Ref("User", "goer-admin"), ["read"], tenant_ref("stayer"))
    await registry.rights.grant("stayer", text, "to goer", "stayer-admin")
    other = await registry.records.read(lambda c: count_rows(c, "stayer"))
    async with plant.client() as operator:
        wish = {"reason": "their press stands still", "level": "read", "hours": 4}
        assert (await operator.post("/support/asked", params={"tenant": "goer"}, json=wish)).status_code == 200
        await operator.post("/tenants/goer/suspend")
        assert (await operator.post("/tenants/goer/delete", json={"typed": "goer"})).json()["state"] == "leaving"
        await departures.finish("goer")
        assert (await operator.get("/tenants/goer/leaving")).json()["state"] == "gone"
        assert (await operator.post("/tenants/goer/delete", json={"typed": "goer"})).json()["code"] == "tenant.gone"
    left = await registry.records.read(lambda c: count_rows(c, "goer"))
    assert {name: one.rows for name, one in left.items()} == {"companies": 1}
    now = await registry.records.read(lambda c: count_rows(c, "stayer"))
    assert {name for name in other if now[name] != other[name]} == {"grants"}, "only what it had granted to them"
    assert [g.revoked_us is not None for g in await registry.rights.grants("stayer")] == [True]
    assert not registry.credentials.of_tenant("goer") and not registry.certificates.of_tenant("goer")
    assert not registry.support.live("goer")
    assert not registry.devices.of_tenant("goer") and not registry.book.active("goer")
    assert await registry.people.find("goer-admin") is None
    assert not (plant.data / "config" / "goer").exists()
    assert registry.credentials.of_tenant("stayer") and registry.certificates.of_tenant("stayer")


async def test_only_the_operator_who_has_just_proved_who_they_are(plant: World) -> None:
    secret = await _companies(plant)
    async with plant.client() as operator:
        await operator.post("/tenants/goer/suspend")
    async with browser(plant, "stayer-admin", secret) as stranger:
        assert (await stranger.post("/tenants/goer/delete", json={"typed": "goer"})).status_code == 403
        assert (await stranger.get("/tenants/goer/leaving")).status_code == 403
    async with browser(plant, "admin", plant.secret) as admin:
        known = plant.registry.people._known
        for key, who in list(known.items()):
            if who.user == "admin":
                known[key] = replace(who, proved_us=0)
        refused = await admin.post("/tenants/goer/delete", json={"typed": "goer"})
        assert refused.json()["code"] == "auth.again"
        shown = await admin.post("/my/proof", json={"password": PASSWORD})
        assert shown.status_code == 204, shown.text
        assert (await admin.post("/tenants/goer/delete", json={"typed": "goer"})).json()["state"] == "leaving"


async def test_what_is_taken_away_is_read_page_by_page_and_pins_files_meanwhile(
    plant: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small the pages, every row comes once, in tables whose key has one column or several."""
    points = [PointSpec(name=f"a.p{n}", address=f"sine:{n}") for n in range(7)]
    await plant.registry.devices.put("main", DeviceSpec(device="m", driver="sim", points=points), "test")
    for name in ("one", "two", "three"):
        await plant.registry.people.add_token("main", name)
    files = [FileRow("main", "Submodel", "urn:x", f"/{n}.txt", "text/plain", "", n.encode()) for n in ("one", "two")]
    await plant.registry.shells.replace("main", lambda: Change(files=files), "test")
    monkeypatch.setattr(takeparts, "_RECORDS", 2)
    async with plant.client() as http, http.stream("GET", "/export", params={"csv": "true"}) as answer:
        assert answer.status_code == 200
        pieces = [await anext(rest := answer.aiter_bytes())]
        assert plant.lake.pinned, "what it reads stays"
        pieces += [piece async for piece in rest]
    assert not plant.lake.pinned
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        for table, key, wanted in (
            ("points", "name", {p.name for p in points}),
            ("tokens", "title", {"one", "two", "three"}),
            ("shell_files", "content", {"b25l", "dHdv"}),
        ):
            rows = list(csv.DictReader(io.StringIO(archive.read(f"records/{table}.csv").decode("utf-8-sig"))))
            found = [row[key] for row in rows if row[key] in wanted]
            assert sorted(found) == sorted(wanted) and len(rows) == len({str(row) for row in rows}), table


async def test_an_export_breaks_off_when_the_token_is_taken_away(plant: World) -> None:
    token = await plant.registry.people.add_token("main", "leaving", role="tenant_admin")
    (row,) = [t for t in await plant.registry.people.tokens("main") if t.title == "leaving"]
    sent: list[bytes] = []

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            sent.append(message["body"])
            if len(sent) == 1:
                await plant.registry.people.drop_token("main", row.token)

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "method": "GET", "path": "/api/v1/export", "raw_path": b"",
             "query_string": b"", "headers": headers, "scheme": "http", "server": ("test", 80),
             "client": ("127.0.0.1", 1), "root_path": ""}  # fmt: skip
    with pytest.raises(Exception) as caught:
        await plant.app(scope, receive, send)
    assert "auth.required" in repr(caught.value) or "auth.required" in str(caught.value)
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(b"".join(sent)))
