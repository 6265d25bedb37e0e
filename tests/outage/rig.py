"""A platform in its own process, load on it that is counted at the source, and what is found in the end."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import psutil
import pyarrow as pa
import pyarrow.ipc

ARROW = "application/vnd.apache.arrow.stream"
POINTS = 20
T0 = 1_763_600_000_000_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PlatformProcess:
    """``baigong up`` on a folder; ``kill`` is -9."""

    def __init__(self, data: Path, *extra: str, environment: dict[str, str] | None = None) -> None:
        self.data = data
        self.environment = environment or {}
        self.port, self.mqtt_port, self.nats_port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.extra = extra
        self.process: subprocess.Popen[bytes] | None = None
        self.log = data.parent / "platform.log"

    async def start(self, wait_s: float = 30) -> None:
        arguments = ["up", "--data", str(self.data), "--port", str(self.port), "--mqtt-port", str(self.mqtt_port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "baigong.cli.main", *arguments, "--nats-port", str(self.nats_port), *self.extra],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | self.environment,
            )
        async with httpx.AsyncClient(base_url=self.url) as client:
            deadline = time.monotonic() + wait_s
            while time.monotonic() < deadline:
                if self.process.poll() is not None:
                    break
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get("/api/v1/health")).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        raise AssertionError(f"the platform did not start:\n{self.log.read_text()[-3000:]}")

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {(self.data / 'key').read_text().strip()}"}

    async def restart(self) -> None:
        """Start again after a kill: the ports may still be held by dying children."""
        for attempt in range(20):
            try:
                return await self.start()
            except AssertionError:
                if attempt == 19:
                    raise
                await asyncio.sleep(0.3)

    def children(self) -> list[tuple[psutil.Process, str]]:
        """List (process, command line) of the platform's children that live."""
        assert self.process is not None
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.status() != psutil.STATUS_ZOMBIE:
                    found.append((process, " ".join(process.cmdline())))
        return found

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    async def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(self.process.wait, 30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"did not stop:\n{self.log.read_text()[-3000:]}") from None

    async def get(self, path: str) -> Any:
        async with httpx.AsyncClient(base_url=self.url, headers=self.headers, timeout=30) as client:
            answer = await client.get(path)
            assert answer.status_code == 200, answer.text
            return answer.json()

    async def sql(self, text: str) -> pa.Table:
        async with httpx.AsyncClient(base_url=self.url, headers=self.headers, timeout=60) as client:
            answer = await client.post("/api/v1/sql", json={"sql": text}, headers={"Accept": ARROW})
            assert answer.status_code == 200, answer.text
            return pa.ipc.open_stream(io.BytesIO(answer.content)).read_all()


@dataclass
class Load:
    """Producers that send each row until it is accepted, and remember what was. One row per (point, time)."""

    platform: PlatformProcess
    producers: int = 3
    rows: int = 200
    pause_s: float = 0.02
    produced: int = 0
    accepted: dict[int, list[int]] = field(default_factory=dict)  # producer -> accepted sample times
    last: dict[int, float] = field(default_factory=dict)  # producer -> when its latest row was accepted
    refused: int = 0
    _stop: bool = False

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(self.producers):
                group.create_task(self._produce(number))

    def stop(self) -> None:
        self._stop = True

    async def back(self, struck: float) -> float:
        """Wait until every producer has had rows accepted that it sent from now on; seconds since ``struck``."""
        mark = time.monotonic()
        async with asyncio.timeout(60):
            while len(self.last) < self.producers or min(self.last.values()) < mark:
                await asyncio.sleep(0.01)
        return max(self.last.values()) - struck

    async def _produce(self, number: int) -> None:
        names = [f"load{number}.p{i}" for i in range(POINTS)]
        steps = self.rows // POINTS
        at = 0
        self.accepted[number] = []
        async with httpx.AsyncClient(timeout=15) as client:
            while not self._stop:
                times = np.repeat(T0 + (at + np.arange(steps)) * 1_000_000, POINTS)
                table = pa.table(
                    {
                        "name": names * steps,
                        "time": pa.array(times).cast(pa.timestamp("us", "UTC")),
                        "value": value_of(number, np.tile(np.arange(POINTS), steps), times),
                    }
                )
                sink = io.BytesIO()
                with pa.ipc.new_stream(sink, table.schema) as writer:
                    writer.write_table(table)
                self.produced += len(table)
                await self._until_accepted(client, sink.getvalue())
                self.accepted[number] += (T0 + (at + np.arange(steps)) * 1_000_000).tolist()
                self.last[number] = time.monotonic()
                at += steps
                await asyncio.sleep(self.pause_s)

    async def _until_accepted(self, client: httpx.AsyncClient, body: bytes) -> None:
        while True:
            try:
                headers = {**self.platform.headers, "Content-Type": ARROW}
                answer = await client.post(f"{self.platform.url}/api/v1/ingest", content=body, headers=headers)
                if answer.status_code == 200:
                    return
                assert answer.status_code in (503, 507, 502, 429), answer.text
                assert answer.json()["advice"]
                self.refused += 1
            except (httpx.HTTPError, FileNotFoundError):
                pass  # the platform is down; a producer tries again
            await asyncio.sleep(0.05)

    @property
    def count(self) -> int:
        return sum(len(times) for times in self.accepted.values()) * POINTS


def value_of(producer: int, point: Any, time_us: Any) -> Any:
    """Every row's value follows from where it belongs, so that a swapped row would show."""
    return np.round(((time_us // 1_000_000) % 9973) * 0.1 + point * 3 + producer * 100, 1)


@dataclass(frozen=True)
class Verdict:
    """Values counted at the source. ``gap``: produced, and nobody could recover them (a device that forgets, a value
    that was not accepted yet). Nothing is lost when recovered = recoverable."""

    scenario: str
    produced: int
    recoverable: int
    recovered: int
    gap: int
    duplicates: int
    wrong: int
    recovery_s: float

    def line(self) -> str:
        return (
            f"| {self.scenario} | {self.produced} | {self.recoverable} | {self.recovered} | {self.gap} | "
            f"{self.duplicates} | {self.wrong} | {self.recovery_s:.1f} |"
        )

    @property
    def good(self) -> bool:
        return self.recovered == self.recoverable and self.duplicates == self.wrong == 0

    def check(self) -> None:
        print(self.line())
        assert self.good, self.line()


def together(verdicts: list[Verdict]) -> Verdict:
    """Add up runs of one scenario; the recovery is the longest."""
    counted = ("produced", "recoverable", "recovered", "gap", "duplicates", "wrong")
    return Verdict(
        verdicts[0].scenario,
        *(sum(getattr(v, name) for v in verdicts) for name in counted),
        recovery_s=max(v.recovery_s for v in verdicts),
    )


HEADER = (
    "| scenario | produced | recoverable | recovered | gap | duplicates | wrong | recovery s |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|"
)


async def judge(scenario: str, platform: PlatformProcess, load: Load, recovery_s: float) -> Verdict:
    """Count in the lake what the source says was accepted, once the historian has read all of the stream."""
    async with asyncio.timeout(30):
        while True:
            now = await platform.get("/api/v1/system")
            if now["lake"]["position"] >= now["bus"]["last_seq"]:
                break
            await asyncio.sleep(0.1)
    found = await platform.sql("select name, epoch_us(time) as t, value from telemetry where name like 'load%'")
    names, times = found.column("name").to_pylist(), found.column("t").to_numpy()
    values = found.column("value").to_numpy(zero_copy_only=False)
    rows = set()
    wrong = duplicates = 0
    for name, at, value in zip(names, times.tolist(), values.tolist(), strict=True):
        producer, point = int(name[4 : name.index(".")]), int(name[name.index(".p") + 2 :])
        if (producer, point, at) in rows:
            duplicates += 1
        rows.add((producer, point, at))
        wrong += abs(value_of(producer, point, at) - value) > 1e-9
    wanted = {(n, p, at) for n, accepted in load.accepted.items() for at in accepted for p in range(POINTS)}
    return Verdict(
        scenario,
        load.produced,
        len(wanted),
        len(wanted & rows),
        load.produced - len(wanted),
        duplicates,
        wrong,
        recovery_s,
    )


async def under_load(load: Load, what: Callable[[], Awaitable[float]], settle_s: float = 0.5) -> float:
    """Run ``what()`` while the load runs; returns what it returns: the longest seconds without acceptance."""
    running = asyncio.create_task(load.run())
    try:
        while len(load.last) < load.producers and not running.done():
            await asyncio.sleep(0.02)
        recovery = await what()
        await asyncio.sleep(settle_s)
        load.stop()
        async with asyncio.timeout(60):
            await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return recovery


def kill_9(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        os.kill(process.pid, signal.SIGKILL)
