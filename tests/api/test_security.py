"""The security page finds what was planted, tells it in both languages, and forgets what was mended."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from baigong.api.rooms import Listening
from baigong.api.security import LAST_BACKUP
from baigong.security.certificates import make_authority, make_server_certificate
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.writing import WriteRule
from tests.api.world import world


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
