"""Row 12: what TLS costs on the bus: the same frames plainly and by TLS, in turns, client and server together."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from baigong.bus.embedded import BusTls, EmbeddedNats
from baigong.bus.nats import NatsBus
from baigong.bus.passes import PLATFORM, trust
from baigong.registry.serving import AUTHORITY, ServerCertificate
from bench.processes import cpu_of
from bench.report import Line

_FRAME = 128 << 10  # bytes: what a busy gateway puts into one
_WINDOW = 16
_TURNS = 3


@dataclass(slots=True)
class Cost:
    megabytes: float = 0.0
    wall_s: float = 0.0
    cpu_s: float = 0.0

    @property
    def pace(self) -> float:
        return self.megabytes / self.wall_s

    @property
    def price(self) -> float:
        """CPU of client and server, ms a megabyte."""
        return 1000 * self.cpu_s / self.megabytes


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    seconds = 2.0 if short else 8.0
    found = []
    for durability, quick in (("D2", False), ("D1", True)):
        plain, closed = Cost(), Cost()
        for turn in range(_TURNS):  # in turns: what else the machine does meets both alike
            asyncio.run(_store(folder / f"{durability}{turn}p", plain, seconds, quick=quick, tls=None))
            certificate = _certificate(folder)
            asyncio.run(_store(folder / f"{durability}{turn}t", closed, seconds, quick=quick, tls=certificate))
        for title, ratio in (("pace", closed.pace / plain.pace), ("CPU", closed.price / plain.price)):
            shown = f"{plain.pace:.0f} → {closed.pace:.0f} MB/s" if title == "pace" else (
                f"{plain.price:.1f} → {closed.price:.1f} ms/MB"
            )  # fmt: skip
            found.append(Line(12, f"bus by TLS to plain, {title}", f"{ratio:.2f} ({shown})", durability=durability))
    load = os.getloadavg()[0]
    found.append(Line(12, "load of the machine meanwhile (1 min)", f"{load:.1f}", durability=""))
    return found


def _certificate(folder: Path) -> BusTls:
    made = ServerCertificate(folder / "certificates", "nats", ["localhost", "127.0.0.1"])
    made.load()
    return BusTls(
        certificate=made.certificate, key=made.key.read_bytes, ca=(folder / "certificates" / AUTHORITY).read_text
    )


async def _store(folder: Path, cost: Cost, seconds: float, *, quick: bool, tls: BusTls | None) -> None:
    frame = os.urandom(_FRAME)
    async with EmbeddedNats(folder, port=0, tls=tls, reserve=0, survives_kill_only=quick) as server:
        by = server.passes[PLATFORM]
        bus = await NatsBus.connect(server.url, by=by, tls=trust(by), name="bench")
        await bus.ensure_stream("p0", epoch=1, max_bytes=1 << 40)
        process = psutil.Process(server.pid)
        began, used = time.monotonic(), time.process_time() + cpu_of(process)

        async def store() -> int:
            count = 0
            while time.monotonic() - began < seconds:
                await bus.store("p0", "main", frame)
                count += 1
            return count

        stored = sum(await asyncio.gather(*(store() for _ in range(_WINDOW))))
        cost.wall_s += time.monotonic() - began
        cost.cpu_s += time.process_time() + cpu_of(process) - used
        cost.megabytes += stored * _FRAME / 1e6
        await bus.close()
