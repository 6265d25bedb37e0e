"""What happens to the far side of every driver, and what the lake holds of it: counted at the machine.

``python -m tests.outage.farside [--write] [--hour] [driver …]`` prints the table of ``docs/reference/outages.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2 as httpx

from tests.outage import devices, sources
from tests.outage.clocks import Clock
from tests.outage.preload import may_preload
from tests.outage.rig import PlatformProcess
from tests.outage.wire import Trouble, Wire

TICK_S = 0.25  # how long a machine shows a count; it is read ten times a second
SCAN = "100ms"
PATIENCE_S = 60.0
GOAL_S = 10.0  # in which every device is heard again
TABLE = Path(__file__).parents[2] / "docs" / "reference" / "outages.md"

# event -> (what a reader of the table is told, how long it lasts in seconds)
EVENTS: dict[str, tuple[str, float]] = {
    "killed": ("switched off for 5 s", 5.0),
    "restarted": ("restarted at once", 0.2),
    "hung": ("hangs for 6 s: connections stand, nothing is answered", 6.0),
    "garbage": ("answers random bytes for 5 s", 5.0),
    "slow": ("everything it says comes 0.4 s late, for 6 s", 6.0),
    "clock": ("the platform's clock jumps an hour ahead, and back after 5 s", 5.0),
    "taken": ("another device has its address for 5 s (a web server)", 5.0),
    "gone": ("the network loses every packet for 15 s", 15.0),
}
HOUR_S = 3600.0


@dataclass(slots=True)
class Machine:
    """A source behind its wire, and the monotonic time at which each count was shown."""

    source: sources.Source
    wire: Wire
    shown: dict[int, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.source.driver}.count"

    def spec(self) -> dict[str, Any]:
        return {
            "device": self.source.driver,
            "driver": self.source.driver,
            "options": self.source.options(self.wire.port),
            "scan": {"default": SCAN},
            "timeout_s": 2.0,
            "points": [{"name": self.name, "address": self.source.address}],
        }


@dataclass(slots=True, frozen=True)
class Found:
    """A line of the table. ``gap_s``: the longest time of which no count is held; ``invented``: held, never shown."""

    driver: str
    event: str
    produced: int
    recoverable: int
    recovered: int
    invented: int
    gap_s: float
    back_s: float = float("inf")
    said: str = ""

    def line(self) -> str:
        cells = (
            self.driver, EVENTS[self.event][0], self.produced, self.recoverable, self.recovered, f"{self.gap_s:.1f}",
            f"{self.back_s:.1f}" if self.back_s < PATIENCE_S else "**no**", f"`{self.said}`" if self.said else "–",
        )  # fmt: skip
        return "| " + " | ".join(map(str, cells)) + " |"


class FarSide:
    """One platform, one machine for each driver, and what is done to all of them at once."""

    def __init__(self, platform: PlatformProcess, clock: Clock | None, rng: random.Random) -> None:
        self._platform = platform
        self._clock = clock
        self._rng = rng
        self._machines: list[Machine] = []
        self._count = 0
        self._stack = contextlib.AsyncExitStack()
        self._taker: asyncio.Server | None = None
        self._ticking: asyncio.Task[None] | None = None

    async def open(self, names: Sequence[str]) -> None:
        for name in names:
            source = await self._stack.enter_async_context(sources.ALL[name]())
            wire = Wire(source.port, random.Random(self._rng.random()))
            await wire.start()
            self._stack.push_async_callback(wire.stop)
            self._machines.append(Machine(source, wire))
        self._taker = await asyncio.start_server(_refuse, "127.0.0.1", 0)
        self._ticking = asyncio.create_task(self._tick())
        await self._platform.start()
        for machine in self._machines:
            await devices.put(self._platform, machine.spec())
        if len(await self._heard_again(0)) < len(self._machines):
            raise AssertionError(f"not all are heard: {await self._states()}")

    async def close(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.wait({self._ticking})
        await self._platform.stop()
        if self._taker is not None:
            self._taker.close()
        await self._stack.aclose()

    async def _tick(self) -> None:
        began = time.monotonic()
        while True:
            self._count += 1
            for machine in self._machines:
                if self._count % machine.source.every == 0:
                    await machine.source.show(self._count)
                    machine.shown[self._count] = time.monotonic()
            await asyncio.sleep(max(0.0, began + self._count * TICK_S - time.monotonic()))

    async def happen(self, event: str, seconds: float) -> list[Found]:
        """Let it happen to every machine at once, wait until each is heard again, and count."""
        await asyncio.sleep(2.0)
        first, struck = self._count + 1, time.monotonic()
        await self._strike(event)
        await asyncio.sleep(max(seconds - 0.5, 0.0))
        said = {row["device"]: (row.get("error") or {}).get("code", "") for row in await self._states()}
        await asyncio.sleep(min(seconds, 0.5))
        back, beyond = time.monotonic(), self._count
        await self._mend(event)
        heard = await self._heard_again(beyond)
        last = self._count
        await asyncio.sleep(3.0)
        found = []
        for machine in self._machines:
            line = await self._judge(machine, event, (first, last), (struck, back))
            back_s = heard.get(machine.name, float("inf")) - back
            found.append(replace(line, back_s=back_s, said=said.get(machine.source.driver, "")))
        return found

    async def _strike(self, event: str) -> None:
        troubles: dict[str, Trouble] = {"hung": "hung", "garbage": "garbage", "slow": "slow", "gone": "cut"}
        for machine in self._machines:
            if event in ("killed", "restarted"):
                await machine.source.kill()
            elif event == "taken" and self._taker is not None:
                machine.wire.lead_to(self._taker.sockets[0].getsockname()[1])
            elif event in troubles:
                machine.wire.trouble(troubles[event])
        if event == "clock" and self._clock is not None:
            self._clock.set(3600)

    async def _mend(self, event: str) -> None:
        for machine in self._machines:
            if event in ("killed", "restarted"):
                await machine.source.restart()
            elif event == "taken":
                machine.wire.lead_to(machine.source.port)
            else:
                machine.wire.trouble("")
        if event == "clock" and self._clock is not None:
            self._clock.set(0)

    async def _states(self) -> list[dict[str, Any]]:
        states: list[dict[str, Any]] = await self._platform.get("/api/v1/devices")
        return states

    async def _heard_again(self, beyond: int) -> dict[str, float]:
        """Wait until a later count of each machine can be queried; returns when, for those of which one can."""
        text = "select name, max(value) as newest from telemetry where quality < 16384 group by name"
        heard: dict[str, float] = {}
        with contextlib.suppress(TimeoutError):  # the table says so
            async with asyncio.timeout(PATIENCE_S):
                while len(heard) < len(self._machines):
                    with contextlib.suppress(httpx.HTTPError, AssertionError):
                        for row in (await self._platform.sql(text)).to_pylist():
                            if (row["newest"] or 0) > beyond:
                                heard.setdefault(row["name"], time.monotonic())
                    await asyncio.sleep(0.1)
        return heard

    async def _held(self, machine: Machine) -> set[int]:
        text = f"select distinct value from telemetry where name = '{machine.name}' and quality < 16384"
        return {int(v) for v in (await self._platform.sql(text)).column(0).to_pylist() if v is not None}

    async def _judge(self, machine: Machine, event: str, span: tuple[int, int], outage: tuple[float, float]) -> Found:
        held = await self._held(machine)
        counts = [n for n in machine.shown if span[0] <= n <= span[1]]
        every = machine.source.every
        ends = {n: machine.shown.get(n + every, time.monotonic()) for n in counts}
        struck, back = outage
        asked = [n for n in counts if ends[n] <= struck or machine.shown[n] >= back]
        recoverable = counts if machine.source.remembers else asked
        there = [max((n for n in machine.shown if n < span[0]), default=0), *(n for n in counts if n in held)]
        lacking = [machine.shown[later] - ends.get(sooner, struck) for sooner, later in pairwise(there)]
        return Found(
            machine.source.driver,
            event,
            len(counts),
            len(recoverable),
            len(held.intersection(recoverable)),
            len(held - machine.shown.keys() - {0}),
            max(lacking, default=0.0),
        )


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer as a web server does to what is no HTTP."""
    with contextlib.suppress(OSError):
        while await reader.read(1 << 16):
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
    writer.close()


async def run(folder: Path, names: Sequence[str], events: dict[str, float], seed: int = 7) -> list[Found]:
    """Let each event happen for so many seconds; returns a line for each machine and event."""
    clock = Clock(folder) if may_preload() and "clock" in events else None
    platform = PlatformProcess(folder / "data", environment=clock.environment if clock else None)
    far = FarSide(platform, clock, random.Random(seed))
    found: list[Found] = []
    try:
        await far.open(names)
        for event, seconds in events.items():
            if event == "clock" and clock is None:
                print("left out, for want of Linux and gcc: the clock", flush=True)
                continue
            for line in await far.happen(event, seconds):
                print(line.line(), "" if not line.invented else f"INVENTED {line.invented}", flush=True)
                found.append(line)
    finally:
        await far.close()
    return found


HEAD = """| driver | what happens to the device | produced | recoverable | recovered | gap s | back after s | page |
|---|---|---|---|---|---|---|---|"""


def page(found: Sequence[Found], hour: bool) -> str:
    """Write the page: the lines sorted by driver, and what the columns mean."""
    command = "python -m tests.outage.farside --write" + (" --hour" if hour else "")
    lines = "\n".join(f.line() for f in sorted(found, key=lambda f: (f.driver, list(EVENTS).index(f.event))))
    return f"""# What an outage costs, driver by driver

`{command}` wrote this page: a running platform, one machine behind each driver, and a
cable between them that the run can cut. Each machine shows a count for {TICK_S} s and then the next; it is asked ten
times a second, or reports.

- **produced**: counts shown from the first moment of the event until the device was heard again.
- **recoverable**: those of them that could still be had. What a machine without memory showed while nobody could ask
  it is not; one that remembers (an OPC UA server with history, a broker with a session) can be asked later.
- **recovered**: recoverable counts that the lake holds, of good quality. No line held a count that was never shown.
- **gap**: the longest time without a count held. **back after**: from the moment the device could be reached again
  until SQL finds a count that is newer than that moment.

{HEAD}
{lines}
"""


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("drivers", nargs="*", help="default: all")
    ask.add_argument("--write", action="store_true", help=f"write {TABLE.name}")
    ask.add_argument("--hour", action="store_true", help="the network is gone for an hour instead of seconds")
    asked = ask.parse_args()
    if asked.hour:
        EVENTS["gone"] = ("the network loses every packet for an hour", HOUR_S)
    logging.disable(logging.ERROR)  # the machines' own libraries tell every broken connection
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="baigong-far-") as folder:
        events = {event: seconds for event, (_, seconds) in EVENTS.items()}
        found = asyncio.run(run(Path(folder), asked.drivers or list(sources.ALL), events))
    if asked.write:
        TABLE.write_text(page(found, asked.hour))
    return int(any(f.invented or f.back_s > GOAL_S for f in found))


if __name__ == "__main__":
    sys.exit(main())
