"""Row 20: line protocol of the TSBS use case *cpu-only*: ten fields and ten tags a line, text to queryable.

The senders are the same, the bytes are the same, and CPU is that of the server's processes. What is compared inside one
durability class is InfluxDB 1.6 with fsync before each answer; VictoriaMetrics answers before anything is on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.ingest import Run, begin_us, pour, until_seen
from bench.peers import Influx, Victoria, have
from bench.processes import Baigong
from bench.report import Line
from bench.wire import Http

# timescale/tsbs pkg/data/usecases/devops (MIT), restated: names, and a walk of N(0, 1) inside 0…100 begun evenly
_FIELDS = ("user", "system", "idle", "nice", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")
_REGIONS = ("us-east-1", "us-west-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1", "sa-east-1")
_EVERY_S = 10
_HOSTS, _STEPS = 4_000, 25  # a body is 2,500 lines
_LINES = 2_500
_OVER_INFLUX, _AIM_INFLUX, _OVER_VICTORIA, _AIM_VICTORIA = 3.0, 10.0, 1.5, 3.0


class HostLines:
    """Lines of some hosts at some steps, whose times can be moved in place."""

    def __init__(self, hosts: range, values: np.ndarray[Any, Any], steps: int) -> None:
        """``values[step, host, field]``, whole numbers."""
        lines = []
        for step in range(steps):
            for at, host in enumerate(hosts):
                fields = ",".join(f"usage_{f}={v}i" for f, v in zip(_FIELDS, values[step, at], strict=True))
                lines.append(f"{_tags(host)} {fields} @{step:03d}{'#' * 15}\n")
        self.rows, self.seconds = len(lines) * len(_FIELDS), steps * _EVERY_S
        self.raw = bytearray("".join(lines).encode())
        self._flat = np.frombuffer(self.raw, np.uint8)
        self._where = np.flatnonzero(self._flat == ord("@"))[:, None] + np.arange(19)
        self._step = np.repeat(np.arange(steps), len(hosts))

    def at(self, begin_us: int) -> bytearray:
        """Return the bytes with the first step at this time, in nanoseconds."""
        steps = int(self._step[-1]) + 1
        stamps = [str((begin_us + s * _EVERY_S * 1_000_000) * 1000).encode() for s in range(steps)]
        self._flat[self._where] = np.frombuffer(b"".join(stamps), np.uint8).reshape(steps, 19)[self._step]
        return self.raw


def _tags(host: int) -> str:
    region, third = _REGIONS[host % len(_REGIONS)], host % 3
    tags = {
        "hostname": f"host_{host}",
        "region": region,
        "datacenter": f"{region}{'abc'[third]}",
        "rack": host % 100,
        "os": ("Ubuntu16.10", "Ubuntu16.04LTS")[host % 2],
        "arch": ("x64", "x86")[host % 2],
        "team": ("SF", "NYC", "LON")[third],
        "service": host % 20,
        "service_version": host % 2,
        "service_environment": ("production", "staging", "test")[third],
    }
    return "cpu," + ",".join(f"{name}={value}" for name, value in tags.items())


def walks(hosts: int, steps: int, seed: int = 123) -> np.ndarray[Any, Any]:
    """Make the walks: [step, host, field]."""
    random = np.random.default_rng(seed)
    made = np.empty((steps, hosts, len(_FIELDS)))
    made[0] = random.uniform(0, 100, made.shape[1:])
    for step in range(1, steps):
        made[step] = np.clip(made[step - 1] + random.normal(size=made.shape[1:]), 0, 100)
    return made.astype(np.int64)


Lanes = list[tuple[Callable[[Any], None], list[Any]]]


def _bodies(lane: int, lanes: int) -> list[HostLines]:
    """Make a lane's bodies: its hosts in turn, one step after the other; a step is some bodies long."""
    each = _HOSTS // lanes
    mine = range(lane * each, (lane + 1) * each)
    values = walks(_HOSTS, _STEPS)[:, mine.start : mine.stop]
    steps = max(1, _LINES // each)
    return [HostLines(mine, values[s : s + steps], steps) for s in range(0, _STEPS - steps + 1, steps)]


def _lanes(connect: Callable[[], Http], write: Callable[[Http, Any], None], stack: ExitStack, lanes: int = 2) -> Lanes:
    return [(partial(write, stack.enter_context(closing(connect()))), _bodies(lane, lanes)) for lane in range(lanes)]


def ours(folder: Path, seconds: float) -> Run:
    def write(connection: Http, body: Any) -> None:
        connection.post("/influx/write?db=tsbs&precision=ns", body, "text/plain")

    with Baigong(folder) as server, ExitStack() as stack:
        lanes = _lanes(server.http, write, stack)
        before = _warm(lanes, server.count)
        return pour(server, lanes, seconds, lambda n: until_seen(server.count, n + before) - before)


def _warm(lanes: Lanes, count: Callable[[], int]) -> int:
    """Let every series be known, as it is on every day but the first; return how many values that took."""
    sent = 0
    for write, bodies in lanes:
        write(bodies[0].at(begin_us() - 86_400_000_000))
        sent += bodies[0].rows
    return until_seen(count, sent)


def influx(folder: Path, seconds: float) -> Run:
    with Influx(folder) as server, ExitStack() as stack:

        def count() -> int:
            return sum(sum(v for v in row[1:] if v) for row in server.ask("select count(*) from cpu"))

        lanes = _lanes(server.connect, server.write, stack)
        before = _warm(lanes, count)
        return pour(server, lanes, seconds, lambda n: until_seen(count, n + before) - before)


def victoria(folder: Path, seconds: float) -> Run:
    with Victoria(folder) as server, ExitStack() as stack:
        end_s = begin_us() / 1e6 + 86_400 * 2

        def count() -> int:
            server.flush()
            found = server.query('sum(count_over_time({__name__=~"cpu_.*"}[4d]))', end_s)
            return int(float(found[0]["value"][1])) if found else 0

        lanes = _lanes(server.connect, server.write, stack)
        before = _warm(lanes, count)
        return pour(server, lanes, seconds, lambda n: until_seen(count, n + before) - before)


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    seconds = 15.0 if short else 60.0
    mine = ours(folder / "ours", seconds)
    others: dict[str, Run] = {}
    for name, title, measure in (
        ("influxdb", "InfluxDB 1.6", influx),
        ("victoria-metrics", "VictoriaMetrics 1.79 (D0)", victoria),
    ):
        if peers and have(name):
            others[title] = measure(folder / name, min(seconds, 20.0))
    ratios = {title: other.cpu_per_million / mine.cpu_per_million for title, other in others.items()}
    gates = {"InfluxDB 1.6": _OVER_INFLUX, "VictoriaMetrics 1.79 (D0)": _OVER_VICTORIA}
    return [
        Line(
            20,
            f"line protocol, TSBS cpu-only, {_HOSTS:,} hosts, {mine.accept_s:.0f} s, accepted and queryable",
            f"{mine}, {mine.seen:,} of {mine.values:,} seen",
            "; ".join(f"{title}: {other}" for title, other in others.items()),
            "values a CPU-second: " + ", ".join(f"{ratio:.1f}× {title.split()[0]}" for title, ratio in ratios.items()),
            f"{_OVER_INFLUX:g}× InfluxDB, {_OVER_VICTORIA:g}× VictoriaMetrics",
            f"{_AIM_INFLUX:g}×, {_AIM_VICTORIA:g}×",
            "D2",
            mine.seen == mine.values and all(ratio >= gates[title] for title, ratio in ratios.items()),
        )
    ]
