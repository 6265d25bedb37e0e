"""Servers under test: started in folders of their own, measured with all their children, and ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from baigong.bus.passes import Pass, read_pass
from bench.wire import Http, free_port, until


def cpu_of(process: psutil.Process) -> float:
    """Return the CPU seconds that a process has used so far, its children left out. Raises psutil.Error."""
    times = process.cpu_times()
    return float(times.user + times.system)


class Server:
    """One program with its children. ``cpu_s()`` counts what they used so far, ended children included."""

    def __init__(self, arguments: list[str], folder: Path, **more: Any) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._log = (folder.parent / f"{folder.name}.log").open("ab")
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, start_new_session=True, **more
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def tree(self) -> list[psutil.Process]:
        mine = psutil.Process(self.pid)
        return [mine, *mine.children(recursive=True)]

    def cpu_s(self) -> float:
        total = 0.0
        for process in self.tree():
            try:
                times = process.cpu_times()
            except psutil.Error:
                continue
            total += times.user + times.system
            if process.pid == self.pid:
                total += times.children_user + times.children_system
        return total

    def memory(self) -> dict[str, int]:
        """Return the sum of USS and PSS of the tree in bytes."""
        sums = {"uss": 0, "pss": 0}
        for process in self.tree():
            full = process.memory_full_info()
            sums["uss"] += full.uss
            sums["pss"] += full.pss
        return sums

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Baigong(Server):
    """``baigong up`` on ephemeral ports; ready when it returns. ``ready_s``: how long that took."""

    def __init__(
        self,
        folder: Path,
        *,
        survives_kill_only: bool = False,
        records: str = "",
        ready_s: float = 60,
        options: Sequence[str] = (),
    ) -> None:
        self.port, self.mqtt_port, self.nats_port = free_port(), free_port(), free_port()
        arguments = [sys.executable, "-m", "baigong.cli.main", "up", "--data", str(folder)]
        arguments += ["--port", str(self.port), "--mqtt-port", str(self.mqtt_port), "--nats-port", str(self.nats_port)]
        if survives_kill_only:
            arguments.append("--durability-survives-kill-only")
        if records:
            arguments += ["--records", records]
        arguments += options
        began = time.monotonic()
        super().__init__(arguments, folder)
        until(self.port, "/api/v1/health", ready_s)
        self.ready_s = time.monotonic() - began
        self.key = (folder / "key").read_text().strip()

    def http(self) -> Http:
        return Http(self.port, {"Authorization": f"Bearer {self.key}"})

    @property
    def nats(self) -> Pass:
        """Return how to get to the stream, as the platform does."""
        return read_pass(self.folder / "nats" / "passes" / "platform.json")

    def count(self) -> int:
        """Ask SQL how many rows can be seen."""
        with_key = self.http()
        try:
            answer = with_key.json("/api/v1/sql", {"sql": "select count(*) from telemetry"})
        finally:
            with_key.close()
        return int(answer["rows"][0][0])

    def gateway(self) -> psutil.Process:
        return next(p for p in self.tree() if "gateway" in p.cmdline()[:6])

    def lake(self) -> dict[str, Any]:
        with_key = self.http()
        try:
            return dict(with_key.json("/api/v1/system")["lake"])
        finally:
            with_key.close()


@dataclass(slots=True)
class Used:
    """Seconds of wall clock and of the server's CPU between ``with`` and its end."""

    server: Server
    wall_s: float = 0.0
    cpu_s: float = 0.0

    def __enter__(self) -> Self:
        self.wall_s, self.cpu_s = time.monotonic(), self.server.cpu_s()
        return self

    def __exit__(self, *ended: object) -> None:
        self.wall_s, self.cpu_s = time.monotonic() - self.wall_s, self.server.cpu_s() - self.cpu_s


def size_of(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


def as_nobody() -> dict[str, Any]:
    """Return what makes a child run as another user when we are root: PostgreSQL refuses root."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
