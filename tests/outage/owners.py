"""Two owners of one partition: the first hangs in the middle of a commit, the second takes over, the first wakes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from baigong.bus.embedded import EmbeddedNats
from baigong.bus.nats import NatsBus
from tests.historian.plants import CALM, FAR, T0, Truth, brute, found, owning, send, until
from tests.outage.owner_process import SUCCEEDED
from tests.outage.rig import Verdict

POINTS = np.arange(1, 21)


def _pass(folder: Path) -> Path:
    return folder / "nats" / "passes" / "platform.json"


class OwnerProcess:
    def __init__(self, nats: EmbeddedNats, folder: Path, name: str, freeze: str = "") -> None:
        self.report = folder / f"{name}.json"
        self._log = (folder / f"{name}.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.outage.owner_process", str(_pass(folder)), str(folder), name],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            cwd=Path(__file__).parents[2],
            env=os.environ | {"BAIGONG_FREEZE": freeze},
        )

    @property
    def frozen(self) -> bool:
        return psutil.Process(self.process.pid).status() == psutil.STATUS_STOPPED

    def stats(self) -> dict[str, Any]:
        with contextlib.suppress(FileNotFoundError):
            made: dict[str, Any] = json.loads(self.report.read_text())
            return made
        return {}

    def words(self) -> str:
        return Path(self._log.name).read_text()

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    async def ended(self, wait_s: float = 15) -> int:
        try:
            return await asyncio.to_thread(self.process.wait, wait_s)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGUSR1)
            await asyncio.sleep(0.5)
            raise AssertionError(f"{self.report.stem} does not end: {self.words()}") from None

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        self._log.close()


async def frozen_in_flush(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """SIGSTOP an owner with a flush written and not committed; fail over; SIGCONT."""
    return await _failed_over(folder, "flush", rounds, rng)


async def frozen_in_merge(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """SIGSTOP an owner with a merge written and not committed; fail over; SIGCONT."""
    return await _failed_over(folder, "merge", rounds, rng)


async def _failed_over(folder: Path, kind: str, rounds: int, rng: random.Random) -> Verdict:
    truth, recovery = Truth(), 0.0
    async with EmbeddedNats(folder / "nats", port=0, reserve=0) as nats:
        bus = await NatsBus.connect(nats.url, by=nats.passes["platform"])
        producer = _Producer(bus, truth)
        try:
            for number in range(rounds):
                recovery = max(recovery, await _round(folder, nats, producer, kind, f"{number}", rng))
            async with owning(bus, folder / "lake", CALM) as owner:
                await until(lambda: producer.seq <= max(owner.stats()["position"], owner.stats()["watermark"]))
                resolved = found(owner.series("demo", POINTS.tolist(), 0, FAR))
                physical = brute(owner, "demo")
        finally:
            await bus.close()
    wanted = truth.expected("demo")
    rows = {(p, t): v for p, t, v in resolved[["point", "time", "value"]].itertuples(index=False)}
    want = {(p, t): v for p, t, v in wanted[["point", "time", "value"]].itertuples(index=False)}
    there = want.keys() & rows.keys()
    assert len(physical) == len(wanted), "and the files alone say the same"
    return Verdict(
        f"owner frozen mid-{kind}, succeeded, woken ({rounds}×)",
        len(want),
        len(want),
        len(there),
        0,
        len(resolved) - len(rows) + len(rows.keys() - want.keys()),
        sum(rows[key] != want[key] for key in there),
        recovery,
    )


async def _round(
    folder: Path, nats: EmbeddedNats, producer: _Producer, kind: str, name: str, rng: random.Random
) -> float:
    first = OwnerProcess(nats, folder, f"first{name}", kind)
    second = None
    producing = None
    try:
        await _until(lambda: first.stats().get("state") == "following", first)
        producing = asyncio.create_task(producer.run())
        await _until(lambda: first.frozen, first)
        await asyncio.sleep(rng.uniform(0.0, 0.3))
        began = time.monotonic()
        second = heir = OwnerProcess(nats, folder, f"second{name}")
        flushes = 1 if kind == "flush" else 3
        await _until(lambda: heir.stats().get("flushes", 0) >= flushes, heir)
        recovery = time.monotonic() - began
        first.wake()
        code = await first.ended()
        assert code == SUCCEEDED, f"the woken owner must see that it was succeeded: {code}\n{first.words()}"
        before = heir.stats()["flushes"]
        await _until(lambda: heir.stats()["flushes"] > before, heir)  # the heir goes on undisturbed
        producer.stop()
        await producing
        second.process.send_signal(signal.SIGTERM)
        assert await second.ended() == 0, second.words()
        return recovery
    finally:
        if producing is not None and not producing.done():
            producing.cancel()
            await asyncio.gather(producing, return_exceptions=True)
        first.close()
        if second is not None:
            second.close()


async def _until(condition: Callable[[], Any], owner: OwnerProcess) -> None:
    async with asyncio.timeout(40):
        while not condition():
            assert owner.process.poll() is None, owner.words()
            await asyncio.sleep(0.02)


class _Producer:
    """Stores frames whose every row can be told from every other; some correct what went before."""

    def __init__(self, bus: NatsBus, truth: Truth) -> None:
        self._bus, self._truth = bus, truth
        self._step = 0
        self._stopped = False
        self.seq = 0

    def stop(self) -> None:
        self._stopped = True

    async def run(self) -> None:
        self._stopped = False
        while not self._stopped:
            self._step += 1
            back = 3 if self._step % 10 == 0 else 0  # a correction of what may be in the lake already
            times = np.full(len(POINTS), T0 + (self._step - back) * 1_000_000)
            values = self._step + POINTS / 100
            self.seq = await send(self._bus, self._truth, "demo", POINTS, times, values)
            await asyncio.sleep(0.01)


SCENARIOS = (frozen_in_flush, frozen_in_merge)
