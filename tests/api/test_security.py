"""The security page finds what was planted, tells it in both languages, and forgets what was mended."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx2 as httpx
import pytest
import sqlalchemy as sa

from baigong.api.rooms import Listening
from baigong.api.security import LAST_BACKUP
from baigong.security.certificates import make_authority, make_server_certificate
from baigong.stores.records.tables import grants, tokens
from baigong.stores.records.uses import all_uses
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.writing import WriteRule
from tests.api.world import now_us, world


def _kinds(told: dict) -> set[str]:
    return {one["kind"] for one in told["findings"]}


async def test_what_is_weak_is_found_and_goes_when_it_is_mended(tmp_path: Path) -> None:
    ports = [
        Listening(what="console", host="0.0.0.0", port=8600, tls=False),
        Listening(what="NATS", host="127.0.0.1", port=4622, tls=False),
    ]
    async with world(tmp_path, listening=lambda: ports) as plant, plant.client() as client:
        folder = tmp_path / "certificates"
        folder.mkdir(exist_ok=True)
        authority = make_authority("plant", datetime.now(UTC))
        ending = make_server_certificate(authority, ["plant"], datetime.now(UTC), years=5 / 365)
        (folder / "console.pem").write_bytes(ending.certificate_pem)
        point = PointSpec(name="press.speed", address="sine:1", write=WriteRule(min=0, max=10))
        await plant.registry.devices.put("main", DeviceSpec(device="press", driver="sim", points=[point]), "test")
        await client.post("/tokens", json={"title": "robot", "role": "tenant_admin"})
        told = (await client.get("/security")).json()
        wanted = {"listener.plain", "certificate.ends", "key.beside", "backup.old", "person.one_factor"}
        assert wanted | {"write.one_person"} <= _kinds(told)
        assert [one["what"] for one in told["findings"] if one["kind"] == "listener.plain"] == ["console 0.0.0.0:8600"]
        order = ["high", "medium", "low"]
        severities = [order.index(one["severity"]) for one in told["findings"]]
        assert severities == sorted(severities), "worst first"
        assert all(one["title"] and one["title_zh"] and one["advice"] and one["advice_zh"] for one in told["findings"])
        urgent = {item["kind"] for item in (await client.get("/overview")).json()["attention"]}
        assert {"listener.plain", "certificate.ends"} <= urgent

        ports[:] = []
        (folder / "console.pem").unlink()
        (tmp_path / LAST_BACKUP).write_text("")
        approved = PointSpec(name="press.speed", address="sine:1", write=WriteRule(min=0, max=10, approval=True))
        await plant.registry.devices.put("main", DeviceSpec(device="press", driver="sim", points=[approved]), "test")
        left = _kinds((await client.get("/security")).json())
        assert left.isdisjoint({"listener.plain", "certificate.ends", "backup.old", "write.one_person"})


async def test_what_nobody_needs_or_looks_at_is_named(tmp_path: Path) -> None:
    async with world(tmp_path) as plant, plant.client() as client:
        registry = plant.registry
        secret = await registry.people.add_token("main", "robot", person="admin", role="viewer")
        text = 'permit (principal == User::"li", action == Action::"read", resource == Tenant::"main");'
        grant = await client.post("/grants", json={"title": "audit firm", "text": text})
        assert grant.status_code == 200, grant.text
        await plant.bus.publish("gateway.edge1.health", b'{"version": "0.0.1"}')

        def age(connection: sa.Connection) -> None:
            connection.execute(tokens.update().values(created_us=1))
            connection.execute(grants.update().values(made_us=1))

        await registry.records.write(age)
        assert _kinds((await client.get("/security")).json()).isdisjoint({"token.unused", "grant.unused"}), (
            "unknown yet"
        )
        registry.uses.since_us = 1
        told = (await client.get("/security")).json()
        wanted = {"token.endless", "token.unused", "grant.endless", "grant.unused", "gateway.version", "audit.unseen"}
        assert wanted <= _kinds(told) and told["audit"] is None
        async with httpx.AsyncClient(base_url=plant.url, headers={"Authorization": f"Bearer {secret}"}) as robot:
            assert (await robot.get("/api/v1/points")).status_code == 200
        assert "token.unused" not in _kinds((await client.get("/security")).json()), "now it was used"
        await registry.uses._write()
        assert {kind for _, kind, _ in await registry.records.read(all_uses)} == {"token"}

        looked = (await client.post("/audit/check")).json()
        assert looked["wrong"] == "" and looked["entries"] > 0 and looked["by"].startswith("main/")
        told = (await client.get("/security")).json()
        assert "audit.unseen" not in _kinds(told) and told["audit"] == looked
        again = (await client.post("/audit/check")).json()
        assert again == looked, "not twice within a minute"


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ("update audit_entries set entry = replace(entry, 'tokens', 'nothing') where seq = 1", "not what was written"),
        ("update audit_entries set who = 'main/li' where seq = 1", "under another name"),
        ("update audit_entries set allowed = not allowed where seq = 1", "under another name"),
        ("delete from audit_entries where seq = 1", "missing"),
        ("delete from audit_entries where seq >= 2", "before"),
    ],
)
async def test_a_log_that_somebody_changed_is_found_out(tmp_path: Path, change: str, wrong: str) -> None:
    async with world(tmp_path) as plant, plant.client() as client:
        for n in range(4):
            await client.post("/tokens", json={"title": f"robot {n}", "role": "viewer"})
        assert (await client.post("/audit/check")).json()["wrong"] == ""
        await plant.registry.records.write(lambda c: c.exec_driver_sql(change))
        check = plant.registry.audit_check
        check._clock_us = lambda: now_us() + 120_000_000
        assert wrong in (await check.run("test")).wrong
        assert "audit.wrong" in _kinds((await client.get("/security")).json())


@pytest.mark.parametrize("change", ["delete from audit_entries where seq >= 2", "delete from audit_entries"])
async def test_a_log_cut_before_anybody_looked_is_found_out(tmp_path: Path, change: str) -> None:
    async with world(tmp_path) as plant, plant.client() as client:
        check = plant.registry.audit_check
        for n in range(4):
            await client.post("/tokens", json={"title": f"robot {n}", "role": "viewer"})
        await check.keep_head()
        await plant.registry.records.write(lambda c: c.exec_driver_sql(change))
        await check.keep_head()  # does not forget what it saw
        assert "entries before" in (await check.run("test")).wrong
        (tmp_path / "audit.head").write_text("nothing")
        check._clock_us = lambda: now_us() + 120_000_000
        assert "not signed" in (await check.run("test")).wrong


async def test_a_log_whose_hashes_are_gone_is_still_looked_at_by_itself(tmp_path: Path) -> None:
    async with world(tmp_path) as plant, plant.client() as client:
        check = plant.registry.audit_check
        for n in range(4):
            await client.post("/tokens", json={"title": f"robot {n}", "role": "viewer"})
        await plant.registry.records.write(lambda c: c.exec_driver_sql("delete from audit_entries where seq = 1"))
        watching = asyncio.create_task(check.watch(0.01))
        async with asyncio.timeout(20):
            while (found := await check.last()) is None:
                await asyncio.sleep(0.01)
        watching.cancel()
        assert "missing" in found.wrong
