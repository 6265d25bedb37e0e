"""HTTPS as clients meet it: on by itself beyond loopback, verified by SDK and CLI, renewed in place."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from pathlib import Path

import httpx2 as httpx
import pytest
import trustme
import websockets

import baigong
from baigong.cli.web import WebSettings
from baigong.client.link import Link
from baigong.registry.serving import AUTHORITY
from baigong.security.certificates import read_certificate
from baigong.vocab.errors import BaigongError
from tests.cli.conftest import Run
from tests.cli.plants import platform

EVERYWHERE = WebSettings(host="0.0.0.0", port=0, names=("plant.example",))


async def _plain(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


def _only(version: ssl.TLSVersion) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):
        made.minimum_version = made.maximum_version = version
    return made


async def test_beyond_loopback_speaks_tls_only(tmp_path: Path, run: Run) -> None:
    async with platform(tmp_path / "data", web=EVERYWHERE) as made:
        url = (tmp_path / "data" / "url").read_text().strip()
        ca = tmp_path / "data" / "certificates" / AUTHORITY
        assert made.url.startswith("https://plant.example:")
        assert made.authority is not None
        assert made.authority.sha256 == read_certificate(ca.read_bytes()).sha256
        for name in ("shown.pem", "console.pem"):
            assert {"plant.example", "localhost", "127.0.0.1"} <= set(
                read_certificate((ca.parent / name).read_bytes()).hosts
            )
        port = int(url.rpartition(":")[2])
        async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=ca)) as http:
            answer = await http.get(f"{url}/api/v1/health")
            assert answer.status_code == 200
            assert answer.headers["strict-transport-security"].startswith("max-age=")
        gone_on = await _plain(port, b"GET /trends?p=a HTTP/1.1\r\nHost: plant.example\r\n\r\n")
        assert b"308" in gone_on
        assert f"Location: https://plant.example:{port}/trends?p=a\r\n".encode() in gone_on
        told = b"GET /api/v1/points HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer bgt_s3cret\r\n\r\n"
        assert (await _plain(port, told)).startswith(b"HTTP/1.1 403"), "a token sent in clear is not sent on"
        for old, good in ((_only(ssl.TLSVersion.TLSv1_1), False), (_only(ssl.TLSVersion.TLSv1_2), True)):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=old)
                writer.close()
            except (ssl.SSLError, ConnectionError):
                assert not good
            else:
                assert good

        def clients() -> None:
            with baigong.connect(data=tmp_path / "data") as plant:
                assert plant.points() == []
            key = (tmp_path / "data" / "key").read_text().strip()
            with baigong.connect(url.replace("127.0.0.1", "localhost"), key, ca=ca) as plant:
                assert plant.points() == []
            with pytest.raises(BaigongError) as caught, Link(url, key, 10.0) as link:
                link.json("GET", "/points")
            assert caught.value.code == "tls.untrusted"

        await asyncio.to_thread(clients)
        key = (tmp_path / "data" / "key").read_text().strip()
        async with websockets.connect(
            f"wss://localhost:{port}/api/v1/live",
            ssl=ssl.create_default_context(cafile=ca),
            additional_headers={"Authorization": f"Bearer {key}"},
        ) as live:
            await live.send('{"points": []}')
            assert '"points"' in await asyncio.wait_for(live.recv(), 10)

        def commands() -> None:
            assert run("point", "list", "--data", tmp_path / "data").code == 0
            shown = run("ca", "export", "--data", tmp_path / "data")
            assert shown.out == ca.read_text()
            fetched = tmp_path / "fetched.pem"
            assert run("ca", "fetch", f"https://localhost:{port}", shown.err, fetched).code == 0
            assert fetched.read_bytes() == ca.read_bytes()
            other = shown.err.replace("A", "B").replace("0", "1")
            assert run("ca", "fetch", f"https://localhost:{port}", other, tmp_path / "no.pem").code == 2
            assert not (tmp_path / "no.pem").exists()

        await asyncio.to_thread(commands)


async def test_a_certificate_of_ones_own_is_taken_and_renewed_while_running(tmp_path: Path) -> None:
    authority = trustme.CA()
    pem, key = tmp_path / "own.pem", tmp_path / "own.key"

    def issue() -> None:
        made = authority.issue_cert("plant.example", "localhost")
        made.private_key_pem.write_to_path(key)
        pem.write_bytes(b"".join(one.bytes() for one in made.cert_chain_pems))

    issue()
    web = WebSettings(port=0, certificate=pem, key=key)
    async with platform(tmp_path / "data", web=web) as made:
        port = int(made.url.rpartition(":")[2])
        trust = ssl.create_default_context()
        authority.configure_trust(trust)

        async def shown() -> bytes | None:
            _, writer = await asyncio.open_connection("localhost", port, ssl=trust)
            tls = writer.get_extra_info("ssl_object")
            writer.close()
            return bytes(tls.getpeercert(binary_form=True))

        first = await shown()
        pem.write_text("half a certificate")
        await asyncio.sleep(0)
        assert await shown() == first, "what cannot be used changes nothing"
        issue()
        async with asyncio.timeout(30):
            while await shown() == first:
                await asyncio.sleep(0.2)

        def local() -> None:
            with baigong.connect(data=tmp_path / "data") as plant:
                assert plant.points() == []

        await asyncio.to_thread(local)


def test_what_is_plain_and_what_is_not() -> None:
    assert not WebSettings().is_tls
    assert WebSettings(tls=True).is_tls
    assert WebSettings(host="192.0.2.7").is_tls
    assert not WebSettings(host="192.0.2.7", plain_http_is_read_by_the_network=True).is_tls
    with pytest.raises(BaigongError):
        _ = WebSettings(tls=True, plain_http_is_read_by_the_network=True).is_tls
    settings = WebSettings(host="::", port=9000, names=("a", "b"), proxies=("10.0.0.1",), certificate=Path("/c"))
    words = "--host :: --port 9000 --tls-cert /c --name a --name b --proxy 10.0.0.1"
    assert settings.arguments() == words.split()


async def test_one_address_cannot_take_all_connections(tmp_path: Path) -> None:
    async with platform(tmp_path / "data") as made:
        port = int(made.url.rpartition(":")[2])
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(512)]
        for _, writer in held:
            writer.write(b"GET /api/v1/health HTTP/1.1\r\n")  # and no more
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert await reader.read() == b""
        except ConnectionError:
            pass  # closed before it was read
        for other in (writer, *(one for _, one in held)):
            other.close()
        async with asyncio.timeout(20), httpx.AsyncClient() as http:
            while True:
                try:
                    answer = await http.get(f"{made.url}/api/v1/health")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        assert answer.status_code == 200, "when they are gone, there is room again"
