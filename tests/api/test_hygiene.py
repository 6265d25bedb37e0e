"""Every route's headers, hosts and origins that are not ours, bodies that trickle or swell: through the real server."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx2 as httpx
import pytest
import websockets

from baigong.api import hygiene
from tests.api.test_routes import _filled, _operations
from tests.api.world import World, world

_SECRET = re.compile(r"(?i)(password|passwd|secret|token|api_?key|credential)")
_EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def _check(answer: httpx.Response) -> None:
    where = str(answer.url)
    for name, value in _EVERYWHERE.items():
        assert answer.headers.get(name) == value, (where, name)
    assert "geolocation=()" in answer.headers["permissions-policy"], where
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy, where
    assert "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy, where
    if answer.headers.get("content-type", "").startswith("text/html"):
        nonces = set(re.findall(r"'nonce-([^']+)'", policy))
        assert len(nonces) == 1, where
        for tag in re.findall(r"<style[^>]*>|<script(?! src)[^>]*>", answer.text):
            assert f'nonce="{next(iter(nonces))}"' in tag, (where, tag)
        assert answer.headers["cache-control"] == "no-store", "a nonce is for one answer"
    else:
        assert policy.startswith("default-src 'none'"), where
    for cookie in answer.headers.get_list("set-cookie"):
        assert "httponly" in cookie.lower() and "samesite=strict" in cookie.lower(), where


async def test_every_route_has_the_headers(plant: World) -> None:
    async with plant.client() as client:
        for method, path, described in await _operations(plant):
            _check(await client.request(method, _filled(path)))
            for parameter in described["parameters"]:
                if parameter["in"] == "query":
                    assert not _SECRET.search(parameter["name"]), (path, "secrets do not travel in addresses")
        for path in ("/docs", "/openapi.json", "/nothing", "/points/%00"):
            _check(await client.get(path))
        _check(await client.request("PATCH", "/health"))
    async with httpx.AsyncClient(base_url=plant.url) as http:
        _check(await http.post("/api/v1/session", json={"user": "admin", "password": plant.secret}))


async def test_two_pages_have_two_nonces(tmp_path: Path) -> None:
    built = tmp_path / "console"
    built.mkdir()
    (built / "index.html").write_text('<meta nonce="BAIGONG_NONCE"><style nonce="BAIGONG_NONCE"></style>')
    async with world(tmp_path / "data", console=built) as plant, httpx.AsyncClient(base_url=plant.url) as http:
        pages = [await http.get("/"), await http.get("/index.html")]
        for page in pages:
            _check(page)
            assert "BAIGONG_NONCE" not in page.text
        assert pages[0].text != pages[1].text
        for path in ("/trends", "/built/none.js", "/points/pump1.flow"):
            _check(await http.get(path))


async def test_a_name_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    async with world(tmp_path, hosts=("plant.example",)) as plant, httpx.AsyncClient(base_url=plant.url) as http:
        for host, status in (
            ("localhost:1", 200),
            ("127.0.0.1", 200),
            ("[::1]:8600", 200),
            ("Plant.Example.", 200),
            ("evil.example", 421),
            ("plant.example.evil", 421),
            ("127.0.0.1.evil.example", 421),
            ("", 421),
        ):
            answer = await http.get("/api/v1/health", headers={"host": host})
            assert answer.status_code == status, host
            _check(answer)
        url = plant.url.replace("http", "ws") + "/api/v1/live"
        with pytest.raises(websockets.exceptions.InvalidStatus):
            async with websockets.connect(url, additional_headers={"Host": "evil.example"}):
                pass


async def test_a_page_of_another_site_changes_nothing(plant: World) -> None:
    async with httpx.AsyncClient(base_url=f"{plant.url}/api/v1") as http:
        await http.post("/session", json={"user": "admin", "password": plant.secret})
        ours = {"X-Baigong": "1", "Origin": plant.url, "Sec-Fetch-Site": "same-origin"}
        for foreign in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            answer = await http.put("/language", json={"language": "en"}, headers=ours | foreign)
            assert (answer.status_code, answer.json()["code"]) == (403, "auth.denied"), foreign
        assert (await http.put("/language", json={"language": "en"}, headers=ours)).status_code == 204


async def test_a_body_that_trickles_ends(plant: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hygiene, "_PIECE_S", 0.3)
    host, port = plant.url.removeprefix("http://").split(":")
    head = f"POST /api/v1/sql HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {plant.token}\r\n"
    for length, letters in ((50, 0), (5000, 40)):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{{".encode())
        for _ in range(letters):
            await asyncio.sleep(0.02)
            writer.write(b" ")
        async with asyncio.timeout(10):
            assert (await reader.readline()).startswith(b"HTTP/1.1 408")
        writer.close()


async def test_a_sender_that_leaves_is_no_bug(plant: World, caplog: pytest.LogCaptureFixture) -> None:
    host, port = plant.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /api/v1/sql HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {plant.token}\r\n"
    writer.write(f"{head}Content-Length: 50\r\n\r\n{{".encode())
    await writer.drain()
    writer.close()
    async with plant.client() as client:
        assert (await client.get("/health")).status_code == 200
    assert "Traceback" not in caplog.text and "Exception" not in caplog.text


async def test_a_host_or_origin_that_cannot_be_read_is_foreign(plant: World) -> None:
    async with httpx.AsyncClient(base_url=plant.url) as http:
        for host in ("[::1", "a]b"):
            assert (await http.get("/api/v1/health", headers={"Host": host})).status_code == 421
        answer = await http.post("/api/v1/session", json={}, headers={"Origin": "http://["})
        assert answer.json()["code"] == "auth.denied"


async def test_a_stranger_fills_no_memory(plant: World) -> None:
    async with httpx.AsyncClient(base_url=plant.url) as http:
        answer = await http.post("/api/v1/session", content=b'{"user": "' + b"a" * 300_000 + b'"}')
        assert (answer.status_code, answer.json()["code"]) == (413, "payload.too_large")
