"""Documents through the API: taken in, inherited from types, handed out safely, replaced, retired, taken away."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from baigong.registry.rights import asset_ref, policy_text
from baigong.security.scope import Ref
from tests.api.world import PUMP, World

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 8000
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


async def _add(client: Any, content: bytes, **told: str) -> dict[str, Any]:
    answer = await client.post("/documents", params=told, content=content)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_document_is_kept_inherited_found_and_handed_out_safely(plant: World) -> None:
    async with plant.client() as client:
        await client.put("/assets/pump1", json={"asset": "pump1", "type": "pump", "title": "Feed pump"})
        manual = await _add(
            client, PDF, asset="pump1", file="C:\\docs\\给水泵 manual.pdf", title="操作手册", kind="03-02",
            language="zh", version="2", valid_from="2026-01-01",
        )  # fmt: skip
        assert (manual["media"], manual["size"], manual["sha256"]) == (
            "application/pdf",
            len(PDF),
            sha256(PDF).hexdigest(),
        )
        logo = await _add(client, SVG, type="machine", file="logo.png")
        assert (logo["media"], logo["title"], logo["shown"]) == ("text/plain", "logo", False)

        async def found(**query: str) -> list[str]:
            answer = await client.get("/documents", params=query)
            assert answer.status_code == 200, answer.text
            return [one["title"] for one in answer.json()["documents"]]

        types = (await client.get("/types/pump")).json()
        inherits = ["logo"] if "machine" in str(types) else []
        assert await found(asset="pump1") == [*inherits, "操作手册"]
        assert await found(type="machine") == ["logo"]
        assert await found(search="czsc") == await found(search="03-02") == ["操作手册"], "pinyin, and the class"
        assert (await client.get("/documents", params={"asset": "nobody"})).status_code == 404

        shown = await client.get(f"/documents/{manual['id']}/content", params={"show": "true"})
        assert shown.content == PDF and shown.headers["content-type"] == "application/pdf"
        assert shown.headers["content-disposition"].startswith("inline;")
        part = await client.get(f"/documents/{manual['id']}/content", headers={"Range": "bytes=0-4"})
        assert (part.status_code, part.content) == (206, b"%PDF-")
        assert "filename*=UTF-8''%E7%BB%99" in part.headers["content-disposition"]
        evil = await client.get(f"/documents/{logo['id']}/content", params={"show": "true"})
        assert evil.headers["content-disposition"].startswith("attachment;")
        assert evil.headers["content-type"] == "application/octet-stream"
        assert (
            evil.headers["x-content-type-options"] == "nosniff" and "sandbox" in evil.headers["content-security-policy"]
        )


async def test_a_next_version_retires_the_one_before_and_content_goes_when_nobody_is_it(plant: World) -> None:
    async with plant.client() as client:
        first = await _add(client, PDF, asset="pump1", file="m.pdf")
        twin = await _add(client, PDF, asset="pump1", file="copy.pdf")
        content = plant.data / "objects" / "main" / first["sha256"][:2] / first["sha256"]
        await _add(client, PDF + b"2", asset="pump1", file="m.pdf", version="2", replaces=first["id"])
        again = await client.post(
            "/documents", params={"asset": "pump1", "file": "m", "replaces": first["id"]}, content=b"x"
        )
        assert again.status_code == 422 or again.status_code == 400
        retired = (await client.get("/documents", params={"asset": "pump1", "retired": "true"})).json()["documents"]
        assert [one["id"] for one in retired] == [first["id"]]
        with zipfile.ZipFile(io.BytesIO((await client.get("/export")).content)) as archive:
            told = [n for n in archive.namelist() if n.startswith("documents/")]
            assert sorted(archive.read(n) for n in told) == [PDF, PDF + b"2"], "a content once, whoever else is it"
        assert (await client.get(f"/documents/{first['id']}/content")).content == PDF, "what was stays readable"
        spec = {"title": "Copy", "kind": "99-99"}
        assert (await client.put(f"/documents/{twin['id']}", json=spec)).status_code == 400
        assert (await client.put(f"/documents/{twin['id']}", json={"title": "Copy"})).json()["title"] == "Copy"

        for one, left in ((twin, True), (first, False)):
            gone = await client.delete(f"/documents/{one['id']}", params={"content": "delete"})
            assert gone.json()["emptied_us"] and content.exists() is left
        assert (await client.get(f"/documents/{first['id']}/content")).status_code == 404
        kinds = [e["kind"] for e in (await client.get("/events", params={"subject": "asset:pump1"})).json()]
        assert kinds[:4] == ["document.emptied", "document.emptied", "document.changed", "document.added"]
        with zipfile.ZipFile(io.BytesIO((await client.get("/export")).content)) as archive:
            (name,) = [n for n in archive.namelist() if n.startswith("documents/")]
            assert archive.read(name) == PDF + b"2" and name.endswith("-m.pdf")


async def test_too_much_and_what_breaks_off_leaves_nothing(plant: World) -> None:
    plant.registry.usage.of("main").levels["storage_bytes"] = 0
    async with plant.client() as client:
        assert (await client.put("/quotas/companies/main", json={"text": "storage: 1 MB"})).status_code == 200

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(1000):
                yield bytes(100_000)

        too_much = await client.post("/documents", params={"asset": "pump1", "file": "x"}, content=endless())
        assert too_much.json()["code"] == "quota.full"
        await _add(client, bytes(600_000), asset="pump1", file="a")
        second = await client.post("/documents", params={"asset": "pump1", "file": "b"}, content=bytes(600_001))
        assert second.json()["code"] == "quota.full", "the first one counts at once"
    assert not list((plant.data / "objects" / ".coming").iterdir())


async def test_a_guest_sees_documents_of_what_is_open(plant: World) -> None:
    token = await plant.registry.people.add_token("bank", "theirs", role="viewer")
    who = plant.registry.people.recognise(token)
    assert who is not None
    async with plant.client() as client:
        manual = await _add(client, PDF, asset="pump1", file="m.pdf")
        await client.put("/assets/safe", json={"asset": "safe"})
        secret = await _add(client, PDF, asset="safe", file="plan.pdf")
    text = policy_text(Ref("Token", who.token), ["see", "read"], asset_ref("main", "pump1"))
    await plant.registry.rights.grant("main", text, "loan", "me")
    about = {"tenant": "main"}
    async with plant.client(token=token) as guest:
        listed = (await guest.get("/documents", params=about)).json()["documents"]
        assert [one["id"] for one in listed] == [manual["id"]]
        assert (await guest.get(f"/documents/{manual['id']}/content", params=about)).content == PDF
        for path in (f"/documents/{secret['id']}", f"/documents/{secret['id']}/content"):
            assert (await guest.get(path, params=about)).status_code == 404
        put = await guest.post("/documents", params={**about, "asset": "pump1", "file": "x"}, content=b"x")
        assert put.status_code == 403


async def test_a_life_is_told_and_flows_in_by_itself_and_is_never_rewritten(plant: World) -> None:
    async with plant.client() as client:
        await client.put("/types/widget", json={"text": "type: widget\nextends: machine\n"})
        await client.put("/assets/press", json={"asset": "press", "type": "widget"})
        await client.put("/assets/press.pump", json={"asset": "press.pump", "level": "part", "code": "P-1"})
        await client.put(
            "/assets/press", json={"asset": "press", "type": "widget", "parent": "pump1", "state": "planned"}
        )
        await client.put("/types/widget", json={"text": "type: widget\nextends: machine\ntitle: W\n", "confirm": 9})
        await _add(client, PDF, asset="press", file="m.pdf")
        path = "/assets/press/life"
        made = {"kind": "manufactured", "time_us": 1_000_000, "serial": "SN-1"}
        assert (await client.post(path, json=made)).status_code == 200
        bill = {"kind": "repaired", "time_us": 2_000_000, "text": "seal", "cost": 120.5, "currency": "EUR"}
        first = (await client.post(path, json=bill)).json()
        right = (await client.post(path, json={**bill, "cost": 12.5, "corrects": first["id"]})).json()
        for wrong in ({"kind": "eaten"}, {"kind": "note", "time_us": 1 << 60}, {"kind": "note", "corrects": "nothing"}):
            assert (await client.post(path, json=wrong)).status_code in (400, 404, 422), wrong

        told = (await client.get(path)).json()
        assert (told["built"]["serial"], told["built"]["manufactured_us"]) == ("SN-1", 1_000_000)
        assert [part["asset"] for part in told["built"]["parts"]] == ["press.pump"]
        assert told["designed"]["type"] == "widget" and told["designed"]["version"] == 2
        kinds = [one["kind"] for one in told["entries"]]
        assert sorted(kinds[:5]) == ["added", "document_added", "moved", "state_changed", "type_changed"]
        corrected = next(one for one in told["entries"] if one["id"] == first["id"])
        assert corrected["corrected_by"] == right["id"] and corrected["detail"]["cost"] == 120.5
        points = (await client.get("/assets/pump1/life")).json()["entries"]
        assert [(one["kind"], one["detail"]) for one in points] == [("points_added", {"device": "pump", "points": 3})]


async def test_a_plc_is_replaced_and_numbers_values_and_life_stay(plant: World) -> None:
    flow = plant.registry.book.find("main", "pump1.flow")
    await plant.put("pump1.flow", [1_000_000], [7.0])
    kept, moved = PUMP.points[1:], PUMP.points[:1]
    await plant.registry.devices.put_many(
        "main",
        [replace(PUMP, points=kept), replace(PUMP, device="plc2", points=[replace(moved[0], address="sine:9")])],
        "me",
    )
    now = plant.registry.book.find("main", "pump1.flow")
    assert (now.number, now.device, now.retired_us) == (flow.number, "plc2", None)
    async with plant.client() as client:
        life = (await client.get("/assets/pump1/life")).json()["entries"]
        told = next(one for one in life if one["kind"] == "source_replaced")
        assert (told["detail"], told["by"]) == ({"from": "pump", "to": "plc2", "points": 1}, "me")
        series = await client.get(
            "/series", params={"points": "pump1.flow", "start": "1970-01-01", "end": "1970-01-02"}
        )
        assert "7.0" in series.text, series.text
