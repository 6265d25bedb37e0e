"""Row 1: columnar ingest, accepted and queryable; ours over HTTP and on the bus, the peers with their own best."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.bus.nats import NatsBus
from bench.data import Body, CopyBody, LineBody, Walks, named_table, names, walks
from bench.peers import Influx, Postgres, Victoria, have
from bench.processes import Baigong, Server, Used
from bench.report import Line, rate
from bench.wire import Http

GATE, AIM = 1.5e6, 4e6
_RING_S = 32  # seconds of distinct values, sent again and again at later times
ARROW = "application/vnd.apache.arrow.stream"


@dataclass(slots=True, frozen=True)
class Run:
    """``wall_s``: from the first byte until everything accepted could be counted by a query."""

    values: int
    accept_s: float
    wall_s: float
    cpu_s: float
    seen: int

    @property
    def per_second(self) -> float:
        return self.values / self.wall_s

    @property
    def cpu_per_million(self) -> float:
        return self.cpu_s / (self.values / 1e6)

    def __str__(self) -> str:
        return f"{rate(self.per_second)}, {self.cpu_per_million:.2f} CPU-s per 1 M"


def begin_us() -> int:
    """Return the start of this UTC day: the day that is being filled, unmerged, as in life."""
    day = 86_400_000_000
    return time.time_ns() // 1000 // day * day


def register(server: Baigong, points: int, at_us: int | None = None) -> np.ndarray[Any, Any]:
    """Make the points known by sending each once (default: at midnight); return their numbers."""
    http = server.http()
    wanted = names(points)
    for at in range(0, points, 2000):
        http.post("/api/v1/ingest", named_table(wanted[at : at + 2000], at_us or begin_us()), ARROW)
    raw = http.post(
        "/api/v1/sql", b'{"sql":"select name, point from points"}', "application/json", f"Accept: {ARROW}\r\n"
    )
    http.close()
    table = pa.ipc.open_stream(raw).read_all()
    known = dict(zip(table.column("name").to_pylist(), table.column("point").to_pylist(), strict=True))
    return np.array([known[name] for name in wanted], np.int64)


def until_seen(count: Callable[[], int], wanted: int, seconds: float = 60.0) -> int:
    """Ask until all is visible, or for so long nothing more has become visible; return what is."""
    most, deadline = -1, time.monotonic() + seconds
    while (seen := count()) < wanted and time.monotonic() < deadline:
        if seen > most:
            most, deadline = seen, time.monotonic() + seconds
        time.sleep(0.05)
    return seen


def pour(
    server: Server, lanes: list[tuple[Callable[[Any], None], list[Any]]], seconds: float, count: Callable[[int], int]
) -> Run:
    """Send each lane's bodies in turn from a thread of its own, moving their times on; then count.

    ``lanes``: (write, bodies). ``count``: the number of rows to be seen -> how many are seen.
    """
    sent = [0] * len(lanes)
    trouble: list[BaseException] = []
    first = begin_us() + 1_000_000
    stop = time.monotonic() + seconds

    def lane(which: int, write: Callable[[Any], None], bodies: list[Any]) -> None:
        at, turn = first, 0
        try:
            while time.monotonic() < stop:
                body = bodies[turn % len(bodies)]
                write(body.at(at))
                sent[which] += body.rows
                at += body.seconds * 1_000_000
                turn += 1
        except (OSError, RuntimeError) as error:
            trouble.append(error)

    with Used(server) as used:
        threads = [threading.Thread(target=lane, args=(i, *what)) for i, what in enumerate(lanes)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        accepted_s = time.monotonic() - began
        if trouble:
            raise trouble[0]
        seen = count(sum(sent))
    return Run(sum(sent), accepted_s, used.wall_s, used.cpu_s, seen)


def over_http(folder: Path, walked: Walks, seconds: float, *, lanes: int = 2, survives_kill_only: bool = False) -> Run:
    """Arrow streams over kept-alive connections, each with points of its own, as many writers are."""
    with Baigong(folder, survives_kill_only=survives_kill_only) as server, ExitStack() as stack:
        numbers = register(server, walked.points)
        each = walked.points // lanes
        step = max(1, min(_RING_S, 200_000 // each))
        work = []
        for lane in range(lanes):
            mine = slice(lane * each, (lane + 1) * each)
            bodies = [
                Body(numbers[mine], walked.values(slice(s, s + step), mine))
                for s in range(0, walked.seconds - step + 1, step)
            ]
            work.append((partial(_ingest, stack.enter_context(closing(server.http()))), bodies))
        extra = walked.points
        return pour(server, work, seconds, lambda n: until_seen(server.count, n + extra) - extra)


def _ingest(http: Http, raw: bytearray) -> None:
    http.post("/api/v1/ingest", raw, ARROW)


def on_the_bus(folder: Path, walked: Walks, seconds: float) -> Run:
    """Frames as a gateway stores them: one connection, a window of unacknowledged ones."""
    with Baigong(folder) as server:
        numbers = register(server, walked.points)
        step = max(1, 30_000 // walked.points)
        bodies = [Body(numbers, walked.values(slice(s, s + step))) for s in range(0, walked.seconds - step + 1, step)]
        with Used(server) as used:
            sent, accepted_s = asyncio.run(_store(server, bodies, seconds))
            seen = until_seen(server.count, sent + walked.points) - walked.points
        return Run(sent, accepted_s, used.wall_s, used.cpu_s, seen)


async def _store(server: Baigong, bodies: list[Body], seconds: float) -> tuple[int, float]:
    by = server.nats
    bus = await NatsBus.connect(by.url, by=by, name="bench")
    window: set[asyncio.Task[int]] = set()
    began, at, sent, turn = time.monotonic(), begin_us() + 1_000_000, 0, 0
    while time.monotonic() - began < seconds:
        body = bodies[turn % len(bodies)]
        window.add(asyncio.create_task(bus.store("p0", "main", bytes(body.at(at)))))
        at, sent, turn = at + body.seconds * 1_000_000, sent + body.rows, turn + 1
        if len(window) >= 16:
            done, window = await asyncio.wait(window, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    await asyncio.gather(*window)
    took = time.monotonic() - began
    await bus.close()
    return sent, took


def influx(folder: Path, walked: Walks, seconds: float) -> Run:
    with Influx(folder) as server, ExitStack() as stack:
        work = _lines(server, walked, stack)
        return pour(server, work, seconds, lambda n: until_seen(server.count, n))


def victoria(folder: Path, walked: Walks, seconds: float) -> Run:
    with Victoria(folder) as server, ExitStack() as stack:
        work = _lines(server, walked, stack)
        now_us, span = begin_us() + 86_400_000_000, 2 * 86_400
        return pour(server, work, seconds, lambda n: until_seen(lambda: server.count(now_us, span), n))


def _lines(
    server: Influx | Victoria, walked: Walks, stack: ExitStack, lanes: int = 2
) -> list[tuple[Callable[[Any], None], list[Any]]]:
    each = walked.points // lanes
    step = max(1, min(_RING_S, 100_000 // each))  # 10 k lines of 100 values would be a body of 10 MB: a tenth of that
    work = []
    for lane in range(lanes):
        mine = slice(lane * each, (lane + 1) * each)
        bodies = [LineBody(walked, slice(s, s + step), mine) for s in range(0, walked.seconds - step + 1, step)]
        work.append((partial(server.write, stack.enter_context(closing(server.connect()))), bodies))
    return work


def postgres(folder: Path, walked: Walks, seconds: float) -> Run:
    with Postgres(folder) as server, ExitStack() as stack:
        work = []
        each = walked.points // 2
        step = max(1, min(_RING_S, 50_000 // each))
        for lane in range(2):
            mine = slice(lane * each, (lane + 1) * each)
            bodies = [CopyBody(walked, slice(s, s + step), mine) for s in range(0, walked.seconds - step + 1, step)]
            work.append((partial(server.write, stack.enter_context(closing(server.connect()))), bodies))
        return pour(server, work, seconds, lambda n: until_seen(server.count, n))


def rows(folder: Path, seconds: float, points: int, *, with_peers: bool = True) -> list[Line]:
    """Run all of row 1."""
    walked = walks(points, _RING_S)
    peers: dict[str, Run] = {}
    if with_peers:
        for name, title, run in (
            ("influxdb", "InfluxDB 1.6", influx),
            ("victoria-metrics", "VictoriaMetrics 1.79 (D0)", victoria),
            ("postgresql", "PostgreSQL 15 COPY", postgres),
        ):
            if have(name):
                with suppress(FileNotFoundError):
                    peers[title] = run(folder / name, walked, min(seconds, 20.0))
    said = "; ".join(f"{title}: {run}" for title, run in peers.items())
    made = []
    for what, durability, run in (
        ("Arrow over HTTP", "D2", over_http(folder / "http", walked, seconds)),
        ("frames on the bus", "D2", on_the_bus(folder / "bus", walked, seconds)),
        ("Arrow over HTTP", "D1", over_http(folder / "http-d1", walked, seconds, survives_kill_only=True)),
    ):
        ratio = ", ".join(
            f"{run.per_second / peer.per_second:.1f}× {title.split()[0]}" for title, peer in peers.items()
        )
        made.append(
            Line(
                1,
                f"columnar ingest, {what}, {points:,} points, {run.accept_s:.0f} s, accepted and queryable",
                f"{run}, {run.seen:,} of {run.values:,} seen",
                said,
                ratio,
                rate(GATE),
                rate(AIM),
                durability,
                run.per_second >= GATE and run.seen == run.values,
            )
        )
        said = "as above" if peers else ""
    return made


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    return rows(folder, 15.0 if short else 60.0, 10_000, with_peers=peers)
