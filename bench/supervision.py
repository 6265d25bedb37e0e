"""Row 19: 500 devices × 100 points each second in one gateway; some hang, and 300 come back in one moment."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.processes import Baigong, Used, cpu_of
from bench.report import Line
from bench.slaves import Slaves

DEVICES, POINTS, HUNG, RETURNING = 500, 100, 20, 300
GATE_MS, BACK_S = 20.0, 10.0


def jitter_ms(asked: Sequence[Sequence[float]], from_s: float, to_s: float) -> np.ndarray:
    """Return by how much each request missed its device's own beat of one second, in milliseconds.

    The beat is the median place of the device's requests within the second: what a device sees of us.
    """
    missed = []
    for times in asked:
        mine = np.array([t for t in times if from_s <= t <= to_s])
        if len(mine) > 2:
            turn = 2j * np.pi
            middle = np.angle(np.exp(turn * mine).mean()) / (2 * np.pi)
            away = (mine - middle + 0.5) % 1.0 - 0.5
            missed.append(np.abs(away - np.median(away)) * 1e3)
    return np.concatenate(missed) if missed else np.zeros(0)


def hand_in(server: Baigong, ports: Sequence[int]) -> None:
    http = server.http()
    for number, port in enumerate(ports):
        name = f"plc{number:03}"
        points = [{"name": f"{name}.p{i:02}", "address": f"holding:{i}:uint16"} for i in range(POINTS)]
        options = {"host": "127.0.0.1", "port": port, "timeout_s": 2.0}
        spec = {"device": name, "driver": "modbus", "options": options, "points": points, "scan": {"default": "1s"}}
        http.put(f"/api/v1/devices/{name}", json.dumps(spec).encode(), "application/json")
    http.close()


def connected(server: Baigong) -> int:
    http = server.http()
    try:
        return sum(row["state"] == "connected" for row in http.json("/api/v1/devices?limit=1000"))
    finally:
        http.close()


def until_connected(server: Baigong, count: int, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while connected(server) < count:
        if time.monotonic() > deadline:
            raise AssertionError(f"only {connected(server)} of {count} devices are connected")
        time.sleep(0.5)


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    """Measure the steady state, the same with hung devices, and the return of many at once."""
    seconds = 15 if short else 60
    slaves = Slaves(DEVICES)
    try:
        with Baigong(folder / "platform") as server:
            hand_in(server, slaves.ports)
            until_connected(server, DEVICES, 120)
            time.sleep(5)
            return [*_steady(server, slaves, seconds), _return(server, slaves)]
    finally:
        slaves.stop()


def _steady(server: Baigong, slaves: Slaves, seconds: int) -> list[Line]:
    lines = []
    for what, hung in (("", 0), (f", {HUNG} of them hung", HUNG)):
        if hung:
            slaves.tell(f"hang {hung}")
            time.sleep(5)
        gateway = server.gateway()
        before, cpu, began = server.count(), cpu_of(gateway), time.monotonic()
        with Used(server) as used:
            time.sleep(seconds)
        ended, cpu = time.monotonic(), cpu_of(gateway) - cpu
        stored = server.count() - before
        missed = jitter_ms(slaves.tell("asked")[: DEVICES - hung], began, ended)
        p99 = float(np.percentile(missed, 99))
        lines.append(
            Line(
                19,
                f"{DEVICES} Modbus devices × {POINTS} points each second{what}, {seconds} s: the period's jitter",
                f"p50 {np.median(missed):.1f} ms, p99 {p99:.1f} ms, at most {missed.max():.0f} ms; "
                f"{stored / used.wall_s / 1e3:.1f} k values/s stored, gateway {cpu / used.wall_s:.0%} of a core, "
                f"all processes {used.cpu_s / used.wall_s:.0%}",
                gate=f"p99 {GATE_MS:g} ms",
                passed=p99 <= GATE_MS,
            )
        )
    slaves.tell("open")
    return lines


def _return(server: Baigong, slaves: Slaves) -> Line:
    until_connected(server, DEVICES, 60)
    slaves.tell(f"close {RETURNING}")
    time.sleep(30)  # long enough for every wait to have grown to its longest
    opened = slaves.tell("open")
    until_connected(server, DEVICES, 60)
    time.sleep(2)
    came = np.array([times[0] - opened for times in slaves.tell("came")[-RETURNING:] if times])
    asked = slaves.tell("asked")[-RETURNING:]
    served = np.array([min((t for t in times if t > opened), default=np.inf) - opened for times in asked])
    busiest = int(np.histogram(came, bins=np.arange(0, came.max() + 0.1, 0.1))[0].max())
    others = jitter_ms(slaves.tell("asked")[: DEVICES - RETURNING], opened, opened + 10)
    return Line(
        19,
        f"{RETURNING} of {DEVICES} devices back in one moment after half a minute: until each is asked again",
        f"p50 {np.median(served):.1f} s, at most {served.max():.1f} s; at most {busiest} connections in a tenth of a "
        f"second; the others' jitter meanwhile p99 {np.percentile(others, 99):.1f} ms",
        gate=f"{BACK_S:g} s",
        passed=len(came) == RETURNING and float(served.max()) <= BACK_S,
    )
