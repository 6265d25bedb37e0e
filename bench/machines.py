"""Row 10: what it costs the gateway that a machine signs in: with a secret, with a certificate, resumed."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from baigong.cli.certificate import make_request
from bench.processes import Baigong, cpu_of
from bench.report import Line, ms

_GATE_SECRET_S, _GATE_CERTIFICATE_S = 0.3e-3, 1.5e-3
_DEVICE = "meter"


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    count = 400 if short else 2_000
    with Baigong(folder / "machines") as server:
        port, user, secret, pem, key = _enrol(server, folder)
        gateway = server.gateway()
        trust = folder / "machines" / "certificates" / "mqtt-ca.pem"
        plain, shown = ssl.create_default_context(cafile=trust), ssl.create_default_context(cafile=trust)
        shown.load_cert_chain(pem, key)
        by_secret, by_certificate = _connect(user, secret), _connect()
        kept: list[ssl.SSLSession | None] = [None]

        def clear() -> None:
            with socket.create_connection(("127.0.0.1", server.mqtt_port)) as link:
                _sign_in(link, by_secret)

        def secure(context: ssl.SSLContext, words: bytes, *, resume: bool = False) -> None:
            link = socket.create_connection(("127.0.0.1", port))
            with context.wrap_socket(link, server_hostname="127.0.0.1", session=kept[0] if resume else None) as tls:
                _sign_in(tls, words)
                if resume and kept[0] is not None and not tls.session_reused:
                    raise AssertionError("the session was not resumed")
                kept[0] = tls.session

        ways: list[tuple[str, Callable[[], None], float | None]] = [
            ("secret, plain MQTT", clear, _GATE_SECRET_S),
            ("secret, TLS 1.3", lambda: secure(plain, by_secret), None),
            ("certificate, TLS 1.3, whole handshake", lambda: secure(shown, by_certificate), _GATE_CERTIFICATE_S),
            ("certificate, TLS 1.3, resumed", lambda: secure(shown, by_certificate, resume=True), None),
        ]
        return [_line(what, _each(gateway, way, count), gate) for what, way, gate in ways]


def _line(what: str, each_s: float, gate: float | None) -> Line:
    passed = None if gate is None else each_s <= gate
    shown = "" if gate is None else ms(gate)
    return Line(10, f"a machine signs in by {what} (gateway's CPU)", ms(each_s), gate=shown, durability="",
                passed=passed)  # fmt: skip


def _each(gateway: psutil.Process, way: Callable[[], None], count: int) -> float:
    """CPU seconds of one connect: over ``count`` of them, less what the gateway uses by itself in that time."""
    for _ in range(20):
        way()
    began, before = time.monotonic(), cpu_of(gateway)
    time.sleep(2.0)
    idle = (cpu_of(gateway) - before) / (time.monotonic() - began)
    began, before = time.monotonic(), cpu_of(gateway)
    for _ in range(count):
        way()
    return (cpu_of(gateway) - before - idle * (time.monotonic() - began)) / count


def _enrol(server: Baigong, folder: Path) -> tuple[int, str, str, Path, Path]:
    http = server.http()
    http.put(f"/api/v1/devices/{_DEVICE}", json.dumps({"device": _DEVICE, "driver": "frontdoor"}).encode(),
             "application/json")  # fmt: skip
    made = http.json("/api/v1/credentials", {"device": _DEVICE})
    key_pem, csr = make_request(_DEVICE)
    signed = http.json("/api/v1/certificates", {"device": _DEVICE, "csr": csr})
    port = _tls_port(http)
    http.close()
    pem, key = folder / "meter.pem", folder / "meter.key"
    pem.write_text(signed["certificate"])
    key.write_bytes(key_pem)
    return port, made["username"], made["password"], pem, key


def _tls_port(http: Any) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        port = http.json("/api/v1/system")["mqtt"].get("tls_port")
        if port:
            return int(port)
        time.sleep(0.2)
    raise AssertionError("the front door did not open")


def _connect(user: str = "", secret: str = "") -> bytes:
    """Write a CONNECT packet, MQTT 3.1.1 §3.1."""
    body = b"\x00\x04MQTT\x04" + (b"\xc2" if user else b"\x02") + b"\x00\x00\x00\x05bench"
    for word in (user, secret) if user else ():
        body += len(word).to_bytes(2, "big") + word.encode()
    return b"\x10" + bytes([len(body)]) + body


def _sign_in(link: socket.socket, words: bytes) -> None:
    link.sendall(words)
    if link.recv(4) != b"\x20\x02\x00\x00":
        raise AssertionError("the gateway did not let us in")
    link.sendall(b"\xe0\x00")
