"""Row 2: MQTT QoS 1 through the front door, a thousand devices, five values a message, until queryable."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from bench.ingest import until_seen
from bench.processes import Baigong, Used
from bench.report import Line, rate

GATE, AIM = 25_000, 60_000
VALUES = 5
_SOURCE = Path(__file__).with_name("mqttload.c")


def load_generator(folder: Path) -> Path:
    """Compile the load generator."""
    made = folder / "mqttload"
    if not made.exists():
        subprocess.run(["cc", "-O2", "-o", made, _SOURCE], check=True)
    return made


def sign_up(server: Baigong, devices: int, folder: Path) -> Path:
    """Give every device a secret; return the file of them."""
    http, lines = server.http(), []
    for number in range(devices):
        user = f"meter{number:04d}"
        spec = json.dumps({"device": user, "driver": "frontdoor"}).encode()
        http.put(f"/api/v1/devices/{user}", spec, "application/json")
        secret = http.json("/api/v1/credentials", {"device": user, "username": user})["password"]
        lines.append(f"{user} {secret}\n")
    http.close()
    file = folder / "credentials"
    file.write_text("".join(lines))
    return file


def drive(
    server: Baigong, program: Path, who: Path, seconds: float, window: int, per_second: int, begin_s: int
) -> dict[str, float]:
    asked = [server.mqtt_port, who, seconds, window, per_second, begin_s * 1000]
    done = subprocess.run([program, *map(str, asked)], check=True, capture_output=True, timeout=seconds + 150)
    return dict(json.loads(done.stdout))


def rows(folder: Path, seconds: float, devices: int = 1000) -> list[Line]:
    folder.mkdir(parents=True, exist_ok=True)
    program = load_generator(folder)
    made = []
    for durability in ("D2", "D1"):
        with Baigong(folder / durability, survives_kill_only=durability == "D1") as server:
            who = sign_up(server, devices, folder)
            today = int(time.time()) // 86_400 * 86_400
            warm = drive(server, program, who, 2.0, 1, devices, today)  # meets every point once
            until_seen(server.count, int(warm["acked"]) * VALUES)
            with Used(server) as used:
                run = drive(server, program, who, seconds, 40, 0, today + 10_000)
                wanted = int(warm["acked"] + run["acked"]) * VALUES
                seen = until_seen(server.count, wanted)
        per_second = run["acked"] / used.wall_s
        cpu = used.cpu_s / (run["acked"] / 1e6)
        made.append(
            Line(
                2,
                f"MQTT QoS 1, {devices:,} devices, JSON with {VALUES} values a message, {seconds:.0f} s, queryable",
                f"{per_second / 1e3:.1f} k msg/s ({rate(per_second * VALUES)} values), {cpu:.0f} CPU-s per 1 M msg, "
                f"PUBACK p50 {run['p50_ms']:.0f} ms p99 {run['p99_ms']:.0f} ms, {seen:,} of {wanted:,} values seen",
                gate="25 k msg/s",
                aim="60 k msg/s",
                durability=durability,
                passed=per_second >= GATE and seen == wanted,
            )
        )
    return made


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    return rows(folder, 15.0 if short else 60.0)
