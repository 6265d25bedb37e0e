"""Rows 4 and 5: 36 million rows (10 k points × 1 h at 1 Hz): how fast they answer, how little room they take."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import baigong
from baigong.bus.nats import NatsBus
from baigong.vocab.frame import encode, frame
from bench.data import FIELDS, LineBody, Walks, names, walks
from bench.ingest import ARROW, register
from bench.peers import Influx, Victoria, have
from bench.processes import Baigong
from bench.report import Line, median, ms, spread

GATES_S = {"one point": 0.025, "100 points by minute": 0.040, "5-minute means of all": 2.0, "latest of all": 0.010}
_ONE, _DEVICE = "dev0042.f17", "dev0042"
_WINDOW = 16


@dataclass(slots=True)
class Hour:
    """What was loaded. ``begin_us``: of its first second; ``truth[second, point]``."""

    walked: Walks
    begin_us: int
    truth: np.ndarray[Any, Any]
    one: str = _ONE
    device: str = _DEVICE

    @property
    def end_us(self) -> int:
        return self.begin_us + self.walked.seconds * 1_000_000

    @property
    def column(self) -> int:
        return names(self.walked.points).index(self.one)

    @property
    def hundred(self) -> slice:
        first = int(self.device[3:]) * FIELDS
        return slice(first, first + FIELDS)


@dataclass(slots=True)
class Times:
    """Seconds of every run, by question and by who was asked how."""

    of: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def take(self, question: str, way: str, work: Callable[[], Any], rounds: int) -> Any:
        answer = None
        for _ in range(rounds):
            began = time.perf_counter()
            answer = work()
            self.of.setdefault((question, way), []).append(time.perf_counter() - began)
        return answer


def hour(points: int, seconds: int) -> Hour:
    """Make an hour that ended just now, so that it lies in the present as real data do."""
    walked = walks(points, seconds)
    end = int(time.time()) // 300 * 300
    small = points <= 43 * FIELDS
    one, device = ("dev0000.f17", "dev0000") if small else (_ONE, _DEVICE)
    return Hour(walked, (end - seconds) * 1_000_000, walked.tenths / 10.0, one, device)


async def store(server: Baigong, frames: Any) -> None:
    """Store encoded frames through one connection."""
    by = server.nats
    bus = await NatsBus.connect(by.url, by=by, name="bench")
    window: set[asyncio.Task[int]] = set()
    for payload in frames:
        window.add(asyncio.create_task(bus.store("p0", "main", payload)))
        if len(window) >= _WINDOW:
            done, window = await asyncio.wait(window, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    await asyncio.gather(*window)
    await bus.close()


def load(server: Baigong, data: Hour, numbers: np.ndarray[Any, Any]) -> float:
    """Store the hour as scans; return the seconds until all of it is in files and merging rests."""
    step = max(1, 30_000 // data.walked.points)
    each = np.tile(numbers, step)
    offsets = np.repeat(np.arange(step, dtype=np.int64) * 1_000_000, len(numbers))

    def frames() -> Any:
        for s in range(0, data.walked.seconds, step):
            values = data.walked.values(slice(s, s + step))
            n = values.size
            yield encode(frame(each[:n], offsets[:n] + data.begin_us + s * 1_000_000, values.ravel()))

    began = time.monotonic()
    asyncio.run(store(server, frames()))
    wanted = data.walked.seconds * data.walked.points
    calm, last = 0, (-1, -1)
    while calm < 8 and time.monotonic() - began < 300:
        time.sleep(1)
        lake = server.lake()
        now, rests = (lake["version"], lake["files"]), not lake["hot_rows"] and not lake["merging_rows"]
        calm = calm + 1 if lake["rows"] >= wanted and rests and now == last else 0
        last = now
    return time.monotonic() - began


def ask_ours(server: Baigong, data: Hour, times: Times, rounds: int) -> None:
    """Ask everything through HTTP and the SDK, and check the answers against the truth."""
    http = server.http()
    start, end = data.begin_us, data.end_us
    between = f"time >= make_timestamptz({start}) and time < make_timestamptz({end})"

    def sql(query: str) -> pa.Table:
        raw = http.post("/api/v1/sql", json.dumps({"sql": query}).encode(), "application/json", f"Accept: {ARROW}\r\n")
        return pa.ipc.open_stream(raw).read_all()

    def series() -> pa.Table:
        path = f"/api/v1/series?points={data.one}&start={start}&end={end}&width=0"
        return pa.ipc.open_stream(http.get(path, f"Accept: {ARROW}\r\n")).read_all()

    one = data.truth[:, data.column]
    got = times.take("one point", "series API", series, rounds)
    _same(got.column("value").to_numpy(), one, "series API")
    got = times.take(
        "one point",
        "SQL",
        lambda: sql(f"select time, value from telemetry where name = '{data.one}' and {between} order by time"),
        rounds,
    )
    _same(got.column("value").to_numpy(), one, "SQL")
    with baigong.connect(data=server.folder) as plant:
        asset, quantity = data.one.split(".")
        point = plant.asset(asset)[quantity]
        got = times.take("one point", "SDK", lambda: point.df(start, end), rounds)
        _same(got["value"].to_numpy(), one, "SDK")
    query = (
        "select name, time_bucket(interval '1 minute', time) as t, avg(value) as mean from telemetry "
        f"where asset = '{data.device}' and {between} group by name, t order by name, t"
    )
    got = times.take("100 points by minute", "SQL", lambda: sql(query), rounds)
    part = data.truth[:, data.hundred]
    minutes = part.reshape(len(part) // 60, 60, -1).mean(axis=1).T.ravel()
    _same(got.column("mean").to_numpy(), minutes, "100 points by minute", 1e-9)
    query = (
        "select point, time_bucket(interval '5 minutes', time) as t, avg(value) as mean from telemetry "
        f"where {between} group by point, t"
    )
    got = times.take("5-minute means of all", "SQL", lambda: sql(query), max(3, rounds // 3))
    if len(got) != data.walked.points * data.walked.seconds // 300:
        raise RuntimeError(f"{len(got)} means")
    _same(np.array([got.column("mean").to_numpy().mean()]), np.array([data.truth.mean()]), "means of all", 1e-6)
    got = times.take("latest of all", "SQL", lambda: sql("select name, time, value from latest"), rounds)
    if len(got) < data.walked.points:
        raise RuntimeError(f"{len(got)} latest values")
    times.take("latest of all", "API", lambda: http.get("/api/v1/latest"), rounds)
    http.close()


def _same(got: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any], what: str, tolerance: float = 0.0) -> None:
    if len(got) != len(wanted) or not np.allclose(got, wanted, rtol=0, atol=tolerance):
        raise RuntimeError(f"{what}: {len(got)} values, {len(wanted)} expected, or they differ")


def correct(server: Baigong, data: Hour, numbers: np.ndarray[Any, Any]) -> None:
    """Correct one row in a hundred, anywhere in the hour."""
    random = np.random.default_rng(7)
    n = data.truth.size // 100
    seconds, points = random.integers(0, data.walked.seconds, n), random.integers(0, data.walked.points, n)
    data.truth[seconds, points] += 100.0

    def frames() -> Any:
        for at in range(0, n, 30_000):
            s, p = seconds[at : at + 30_000], points[at : at + 30_000]
            yield encode(frame(numbers[p], data.begin_us + s * 1_000_000, data.truth[s, p]))

    asyncio.run(store(server, frames()))


def live(server: Baigong, data: Hour, numbers: np.ndarray[Any, Any], stop: threading.Event) -> threading.Thread:
    """Keep storing 100 k values a second beyond the hour, so that flushes run."""

    def frames() -> Any:
        began, turn = time.monotonic(), 0
        points = len(numbers)
        while not stop.is_set():
            at = data.end_us + turn * 100_000
            yield encode(frame(numbers, np.full(points, at), data.walked.values(slice(0, 1)).ravel()))
            turn += 1
            time.sleep(max(0.0, began + turn * points / 100_000 - time.monotonic()))

    thread = threading.Thread(target=lambda: asyncio.run(store(server, frames())))
    thread.start()
    return thread


def ask_while_corrected(server: Baigong, data: Hour, numbers: np.ndarray[Any, Any], times: Times, rounds: int) -> None:
    """Ask again with one row in a hundred corrected and flushes running, long enough to meet some."""
    correct(server, data, numbers)
    stop = threading.Event()
    feeding = live(server, data, numbers, stop)
    try:
        began = time.monotonic()
        while time.monotonic() - began < (25 if data.walked.seconds > 600 else 2):
            ask_ours(server, data, times, max(1, rounds // 5))
    finally:
        stop.set()
        feeding.join()


def fill(server: Victoria | Influx, data: Hour) -> None:
    """Give a peer the same hour."""
    step = 10
    for s in range(0, data.walked.seconds, step):
        body = LineBody(data.walked, slice(s, s + step), slice(0, data.walked.points))
        server.write(server.http, body.at(data.begin_us + s * 1_000_000))


def ask_victoria(server: Victoria, data: Hour, times: Times, rounds: int) -> None:
    start, end, who = data.begin_us / 1e6, data.end_us / 1e6, "VictoriaMetrics"
    field_name = data.one.split(".")[1]
    span = data.walked.seconds
    query = f'm_{field_name}{{dev="{data.device}"}}[{span}s]'
    got = times.take("one point", who, lambda: server.query(query, end - 0.001), rounds)
    if len(got[0]["values"]) != span:
        raise RuntimeError(f"VictoriaMetrics: {len(got[0]['values'])} values")
    by_minute = f'avg_over_time({{__name__=~"m_.*",dev="{data.device}"}}[1m]) keep_metric_names'
    times.take("100 points by minute", who, lambda: server.query_range(by_minute, start + 60, end, "60s"), rounds)
    of_all = 'avg_over_time({__name__=~"m_.*"}[5m]) keep_metric_names'
    times.take("5-minute means of all", who, lambda: server.query_range(of_all, start + 300, end, "300s"), 3)
    times.take("latest of all", who, lambda: server.query('{__name__=~"m_.*"}', end), 3)


def ask_influx(server: Influx, data: Hour, times: Times, rounds: int) -> None:
    who, field_name = "InfluxDB", data.one.split(".")[1]
    where = f"time >= {data.begin_us * 1000} and time < {data.end_us * 1000}"
    device = f"dev = '{data.device}'"
    got = times.take(
        "one point", who, lambda: server.ask(f"select {field_name} from m where {device} and {where}"), rounds
    )
    if len(got) != data.walked.seconds:
        raise RuntimeError(f"InfluxDB: {len(got)} values")
    query = f"select mean(*) from m where {device} and {where} group by time(1m)"
    times.take("100 points by minute", who, lambda: server.ask(query), rounds)
    query = f"select mean(*) from m where {where} group by time(5m), dev"
    times.take("5-minute means of all", who, lambda: server.ask(query), 3)
    times.take("latest of all", who, lambda: server.ask("select last(*) from m group by dev"), 3)


def rows(
    folder: Path, points: int = 10_000, seconds: int = 3600, *, rounds: int = 15, with_peers: bool = True
) -> list[Line]:
    from bench.space import lines as space_lines

    data, calm, busy, sizes = hour(points, seconds), Times(), Times(), {}
    with Baigong(folder / "ours") as server:
        numbers = register(server, points, data.begin_us - 1_000_000)
        load(server, data, numbers)
        files = server.lake()["files"]
        shutil.copytree(
            server.folder / "lake", folder / "copy", ignore_dangling_symlinks=True
        )  # for row 5: at rest now
        ask_ours(server, data, calm, rounds)
        ask_while_corrected(server, data, numbers, busy, rounds)
    if with_peers:
        if have("victoria-metrics"):
            with Victoria(folder / "victoria") as peer:
                fill(peer, data)
                peer.flush()
                ask_victoria(peer, data, calm, rounds)
                sizes["VictoriaMetrics"] = peer.settle()
        if have("influxdb"):
            with Influx(folder / "influx") as other:
                fill(other, data)
                ask_influx(other, data, calm, rounds)
                sizes["InfluxDB"] = other.settle()
    return [*_lines(data, calm, busy, files), *space_lines(folder, data, sizes)]


def _lines(data: Hour, calm: Times, busy: Times, files: int) -> list[Line]:
    made = []
    for question, gate in GATES_S.items():
        peers = {who: t for (q, who), t in calm.of.items() if q == question and who in ("VictoriaMetrics", "InfluxDB")}
        said = "; ".join(f"{who} {spread(t)}" for who, t in peers.items())
        for times, state, factor in ((calm, f"{files} files", 1.0), (busy, "1 % corrected, flushes running", 2.0)):
            ways = {way: t for (q, way), t in times.of.items() if q == question and way not in peers}
            best = min(median(t) for t in ways.values())
            ratio = ", ".join(f"{median(t) / best:.1f}× {who}" for who, t in peers.items())
            made.append(
                Line(
                    4,
                    f"{data.truth.size / 1e6:.3g} M rows, {state}: {question}",
                    "; ".join(f"{way} {spread(t)}" for way, t in ways.items()),
                    said if times is calm else "",
                    ratio if times is calm else "",
                    ms(gate * factor),
                    ms(gate * factor / 2),
                    passed=best <= gate * factor,
                )
            )
    return made


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    return rows(folder, with_peers=peers)
