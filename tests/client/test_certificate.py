"""A reverse proxy that lets in certificates only: SDK and commands show theirs, and are clear about files that fail."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from baigong.client.link import Link, trusted
from baigong.vocab.errors import BaigongError


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = dict(pair for part in self.connection.getpeercert()["subject"] for pair in part)["commonName"]  # type: ignore[attr-defined]
        body = f'"{name}"'.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[str]:
    """An HTTPS server that asks for a certificate of its own authority; answers with the name in it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    mine = authority.issue_cert("line3.example", common_name="line3")
    mine.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    mine.cert_chain_pems[0].write_to_path(tmp_path / "own.pem")
    mine.private_key_pem.write_to_path(tmp_path / "own.key")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    running = threading.Thread(target=server.serve_forever)
    running.start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    running.join()


def test_our_certificate_opens_a_proxy_that_asks_for_one(
    tmp_path: Path, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca = tmp_path / "ca.pem"

    def ask(certificate: str | None = None, key: str | None = None) -> object:
        files = [tmp_path / name if name else None for name in (certificate, key)]
        with Link(proxy, None, 10, trusted(proxy, ca, None, *files)) as link:
            return link.json("GET", "/health")

    assert ask("both.pem") == ask("own.pem", "own.key") == "line3"
    with pytest.raises(BaigongError):
        ask()
    for wrong in ("own.pem", "ca.pem", "nosuch.pem"):
        with pytest.raises(BaigongError) as caught:
            ask(wrong)
        assert caught.value.code == "tls.certificate"
    monkeypatch.setenv("BAIGONG_CERTIFICATE", str(tmp_path / "own.pem"))
    monkeypatch.setenv("BAIGONG_CERTIFICATE_KEY", str(tmp_path / "own.key"))
    assert ask() == "line3"
