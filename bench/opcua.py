"""Row 16: our OPC UA server: 10,000 points browsed, subscribed to and heard by one node-opcua client, encrypted."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import numpy as np

from baigong.bus.nats import NatsBus
from baigong.security.certificates import make_certificate
from baigong.vocab.frame import encode, frame
from bench.ingest import register
from bench.processes import Baigong, Used, free_port
from bench.report import Line

POINTS, RATE = 10_000, 30_000
_FRAME_S = 0.05
_PUBLISHING_MS = 100
_CLIENT = Path(__file__).with_name("opcua_client.js")


async def _publish(server: Baigong, points: np.ndarray[Any, Any], rate: int, seconds: float) -> int:
    """Store ``rate`` values a second, each another than the one before; the points take turns."""
    by = server.nats
    bus = await NatsBus.connect(by.url, by=by, name="bench")
    each = int(rate * _FRAME_S)
    window: set[asyncio.Task[int]] = set()
    began, turn = time.monotonic(), 0
    while time.monotonic() < began + seconds:
        some = points[(np.arange(each) + turn * each) % len(points)]
        values = np.full(each, turn + 1.0) + np.arange(each) / each
        payload = encode(frame(some, np.full(each, time.time_ns() // 1000), values))
        window.add(asyncio.create_task(bus.store("p0", "main", payload)))
        turn += 1
        window = {task for task in window if not task.done()}
        await asyncio.sleep(max(0.0, began + turn * _FRAME_S - time.monotonic()))
    await asyncio.gather(*window)
    await bus.close()
    return turn * each


def modules(folder: Path) -> Path | None:
    """Return where node-opcua is: BAIGONG_FOREIGN, or freshly installed; None where there is no Node."""
    given = Path(os.environ.get("BAIGONG_FOREIGN", folder / "foreign"))
    if not shutil.which("node") or not shutil.which("npm"):
        return None
    if not (given / "node_modules" / "node-opcua").exists():
        given.mkdir(parents=True, exist_ok=True)
        (given / "package.json").write_text('{"private": true}')
        command = ["npm", "install", "node-opcua@2", "--no-audit", "--no-fund", "--no-progress"]
        subprocess.run(command, cwd=given, capture_output=True, timeout=300, check=True)
    return given / "node_modules"


def _told(stream: IO[str] | None) -> dict[str, Any]:
    assert stream is not None
    while line := stream.readline():
        if line.startswith("{"):
            made: dict[str, Any] = json.loads(line)
            if "error" in made:
                raise RuntimeError(made["error"])
            return made
    raise RuntimeError("the client ended")


def rows(folder: Path, installed: Path, seconds: float) -> list[Line]:
    port = free_port()
    options = ["--opcua-port", str(port), "--opcua-any-client-certificate"]
    pair = make_certificate("bench", datetime.now(UTC), uri="urn:bench:client")
    keys = folder / "client"
    keys.mkdir(parents=True)
    certificate, key = keys / "client.pem", keys / "client.key"
    certificate.write_bytes(pair.certificate_pem)
    key.write_bytes(pair.key_pem)
    with Baigong(folder / "data", options=options) as server:
        numbers = register(server, POINTS)
        arguments = [installed, f"opc.tcp://127.0.0.1:{port}", certificate, key, server.key, _PUBLISHING_MS]
        client = subprocess.Popen(
            ["node", str(_CLIENT), *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            ready = _told(client.stdout)
            with Used(server) as used:
                began = time.monotonic()
                stored = asyncio.run(_publish(server, numbers, RATE, seconds))
                took = time.monotonic() - began
                assert client.stdin is not None
                client.stdin.write(f"{stored}\n")
                client.stdin.flush()
                heard = _told(client.stdout)
        finally:
            client.kill()
            client.wait()
    rate = heard["heard"] / took
    passed = heard["heard"] == stored and rate > 0.95 * RATE and ready["nodes"] == POINTS
    return [
        Line(
            16,
            f"OPC UA: {POINTS:,} nodes, value changes to one node-opcua client, encrypted, {took:.0f} s",
            f"{rate / 1e3:.1f} k/s, {heard['heard']:,} of {stored:,} stored; source to client "
            f"p50 {heard['p50_ms']} ms, p99 {heard['p99_ms']} ms at a publishing interval of {_PUBLISHING_MS} ms; "
            f"platform {used.cpu_s / used.wall_s * 100:.0f} % of a core; {ready['nodes']:,} nodes browsed in "
            f"{ready['browsed_ms'] / 1e3:.1f} s, subscribed in {ready['subscribed_ms'] / 1e3:.1f} s",
            gate="30 k/s",
            passed=passed,
        )
    ]


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    installed = modules(folder)
    if installed is None:
        return [Line(16, "OPC UA", "not measured: there is no Node here")]
    return rows(folder, installed, 15.0 if short else 60.0)
