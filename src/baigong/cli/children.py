"""Child processes of the platform: started, watched, restarted with back-off, stopped in good order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from baigong.bus.embedded import die_with_parent

_STEADY_S = 30.0  # a child that lived so long starts afresh in counting
_STOP_S = 10.0
_LOOK_S = 60.0  # how often a log is looked at
_LOG_BYTES = 32 << 20  # a longer one is put aside, in the place of the one before: two of these are kept


class Child:
    """One role in its own process. ``run()`` for ever; ends it when cancelled."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        log: Path,
        *,
        told: Callable[[str], None],
        module: str = "baigong.cli.main",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._environment = dict(environment or {})
        self.name = name
        self._module = module
        self._arguments = list(arguments)
        self._log = log
        self._told = told
        self._process: asyncio.subprocess.Process | None = None
        self.restarts = 0
        self.since_us = 0

    @property
    def pid(self) -> int | None:
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def run(self) -> None:
        quick = 0
        try:
            while True:
                started = time.monotonic()
                await self._start()
                assert self._process is not None  # noqa: S101 - just started
                code = await self._ended(self._process)
                quick = 0 if time.monotonic() - started > _STEADY_S else quick + 1
                self.restarts += 1
                self._told(f"{self.name} ended with {code}; started again (see {self._log})")
                await asyncio.sleep(min(0.1 * 2**quick, 10.0))
        finally:
            await asyncio.shield(self._stop())

    async def _ended(self, process: asyncio.subprocess.Process) -> int:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    return await process.wait()
            await asyncio.to_thread(put_aside, self._log, _LOG_BYTES)

    async def _start(self) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self._module,
                *self._arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
                start_new_session=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1"} | self._environment,
            )
        self.since_us = time.time_ns() // 1000

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            self._told(f"{self.name} did not stop within {_STOP_S:g} s and was killed (see {self._log})")
            process.kill()
            await process.wait()


def put_aside(log: Path, most: int) -> None:
    """Empty a log that has grown over so many bytes; what it said stands in ``.1``.

    Whoever has it open to append goes on at its beginning; a line written in between may be lost.
    """
    if not log.exists() or log.stat().st_size <= most:
        return
    try:
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    except OSError:  # a full disk has no room for the copy, and needs the rest all the more
        log.with_name(f"{log.name}.1").unlink(missing_ok=True)
    os.truncate(log, 0)


class Roll:
    """All processes of the platform, for the system page (``api.rooms.Facts``)."""

    def __init__(self) -> None:
        self._known: dict[str, Callable[[], tuple[int | None, int, int]]] = {}
        self._seen: dict[int, psutil.Process] = {}
        self._watched: list[tuple[str, Mapping[str, int]]] = []
        self.drops: dict[tuple[str, str], tuple[int, int]] = {}  # (what, where) -> (count, last_us)

    def add(self, name: str, look: Callable[[], tuple[int | None, int, int]]) -> None:
        """``look`` returns (pid, since_us, restarts)."""
        self._known[name] = look

    def count_drop(self, what: str, where: str, number: int = 1) -> None:
        count, _ = self.drops.get((what, where), (0, 0))
        self.drops[what, where] = (count + number, time.time_ns() // 1000)

    def watch_drops(self, what: str, counts: Mapping[str, int]) -> None:
        """Show counts that somebody else keeps, by where it was."""
        self._watched.append((what, counts))

    def processes(self) -> list[dict[str, Any]]:
        return [self._row(name, *look()) for name, look in self._known.items()]

    def _row(self, name: str, pid: int | None, since_us: int, restarts: int) -> dict[str, Any]:
        row = {
            "name": name,
            "pid": pid,
            "since_us": since_us,
            "restarts": restarts,
            "state": "down",
            "rss": 0,
            "cpu": 0.0,
        }
        if pid is None:
            return row
        try:
            process = self._seen.setdefault(pid, psutil.Process(pid))
            return row | {"state": "running", "rss": process.memory_info().rss, "cpu": process.cpu_percent()}
        except psutil.Error:
            return row

    def dropped(self) -> list[dict[str, Any]]:
        return [
            {"what": what, "where": where, "count": count, "last_us": last}
            for (what, where), (count, last) in sorted(self.drops.items())
        ] + [
            {"what": what, "where": where, "count": count, "last_us": None}
            for what, counts in self._watched
            for where, count in sorted(counts.items())
        ]
