"""Row 3: from publishing a value until a SQL query shows it, at a steady rate, with other queries running."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from baigong.bus.nats import NatsBus
from baigong.vocab.frame import encode, frame
from bench.data import walks
from bench.ingest import register
from bench.processes import Baigong, Used
from bench.report import Line

GATE_MS, AIM_MS = 250.0, 100.0
_MARKER_S = 0.02
_OTHERS = (
    "select avg(value) from telemetry where name = 'dev0001.f01'",
    "select name, avg(value) from telemetry where asset = 'dev0002' group by name",
    "select time_bucket(interval '1 minute', time) as t, max(value) from telemetry where asset = 'dev0003' group by t",
)


async def _publish(server: Baigong, points: np.ndarray, rate: int, stop: float, sent: list[float]) -> int:
    """Store ``rate`` values a second in frames of a fiftieth of it; the first point counts up in every frame."""
    by = server.nats
    bus = await NatsBus.connect(by.url, by=by, name="bench")
    values = walks(len(points), 64).tenths / 10.0
    each = max(1, int(rate * _MARKER_S))
    window: set[asyncio.Task[int]] = set()
    began, turn, at = time.monotonic(), 0, 1
    while time.monotonic() < stop:
        some = (np.arange(each - 1) + at) % (len(points) - 1) + 1
        at += each - 1
        numbers = np.append(points[0], points[some])
        row = np.append(float(turn + 1), values[turn % 64][some])
        payload = encode(frame(numbers, np.full(each, time.time_ns() // 1000), row))
        sent.append(time.monotonic())
        window.add(asyncio.create_task(bus.store("p0", "main", payload)))
        turn += 1
        window = {task for task in window if not task.done()}
        await asyncio.sleep(max(0.0, began + turn * _MARKER_S - time.monotonic()))
    await asyncio.gather(*window)
    await bus.close()
    return turn * each


def _repeat(stop: float, work: Callable[[], None]) -> threading.Thread:
    """Work at least once, in a thread."""

    def run() -> None:
        work()
        while time.monotonic() < stop:
            work()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def measure(server: Baigong, rate: int, seconds: float, points: int) -> tuple[np.ndarray, dict[str, float]]:
    """Return the latency of every marker in seconds, and how many queries ran in what time."""
    numbers = register(server, points)
    sent: list[float] = []
    seen: list[tuple[float, int]] = []
    took: list[float] = []
    looking, asking = server.http(), server.http()
    marker = {"sql": "select max(value) from telemetry where name = 'dev0000.f00'"}

    def look() -> None:
        began = time.monotonic()
        answer = looking.json("/api/v1/sql", marker)
        took.append(time.monotonic() - began)
        seen.append((time.monotonic(), int(answer["rows"][0][0] or 0)))

    def ask() -> None:
        turn = len(others) % len(_OTHERS)
        began = time.monotonic()
        asking.post("/api/v1/sql", json.dumps({"sql": _OTHERS[turn]}).encode(), "application/json")
        others.append(time.monotonic() - began)
        time.sleep(0.05)  # a dashboard asks, and draws

    others: list[float] = []
    for thread in [_repeat(0.0, look), _repeat(0.0, ask)]:  # both have a warm child: what is measured is a steady state
        thread.join()
    for told in (seen, took, others):
        told.clear()
    stop = time.monotonic() + seconds
    threads = [_repeat(stop + 1.0, look), _repeat(stop, ask)]
    values = asyncio.run(_publish(server, numbers, rate, stop, sent))
    for thread in threads:
        thread.join()
    looking.close()
    asking.close()
    latencies = []
    at = 0
    for marker_number, when in enumerate(sent, 1):
        while at < len(seen) and seen[at][1] < marker_number:
            at += 1
        if at == len(seen):
            break
        latencies.append(seen[at][0] - when)
    facts = {
        "values": values,
        "lost": len(sent) - len(latencies),
        "look": float(np.median(took)),
        "queries": len(seen) + len(others),
    }
    return np.array(latencies), facts


def rows(folder: Path, seconds: float, rate: int = 50_000, points: int = 10_000) -> list[Line]:
    with Baigong(folder) as server, Used(server) as used:
        latencies, facts = measure(server, rate, seconds, points)
    p50, p99 = np.percentile(latencies, [50, 99]) * 1e3
    queries = f"{facts['queries'] / seconds:.0f} queries/s running"
    achieved = facts["values"] / seconds
    return [
        Line(
            3,
            f"publish → visible in SQL at {achieved / 1e3:.0f} k values/s, {queries}, {seconds:.0f} s",
            f"p99 {p99:.0f} ms, p50 {p50:.0f} ms of {len(latencies):,}; one look takes {facts['look'] * 1e3:.0f} ms, "
            f"{used.cpu_s / used.wall_s * 100:.0f} % of a core",
            gate="p99 250 ms",
            aim="100 ms",
            passed=bool(p99 <= GATE_MS and not facts["lost"] and achieved > 0.95 * rate),
        )
    ]


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    return rows(folder / "data", 30.0 if short else 60.0)
