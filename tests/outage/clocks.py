"""Clocks that jump: the machine's under the platform, and those of devices that stamp their own values."""

from __future__ import annotations

import asyncio
import random
import struct
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from baigong.stores.lake.files import decode_decimals
from tests.outage import devices
from tests.outage.meters import Meter
from tests.outage.preload import preloaded
from tests.outage.publisher import Publisher
from tests.outage.rig import PlatformProcess, Verdict

_STEPS_S = (3600, -3600, 5, -0.5, -86_400, 90 * 86_400, 0)


class Clock:
    """The wall clock a process sees; its monotonic clock goes on, as it does when an operator sets the time."""

    def __init__(self, folder: Path) -> None:
        self._page = folder / "clock"
        self.environment = {"LD_PRELOAD": str(preloaded("clock", folder)), "BAIGONG_CLOCK": str(self._page)}
        self._page.write_bytes(bytes(8))

    def set(self, offset_s: float) -> None:
        with self._page.open("r+b") as file:
            file.write(struct.pack("<q", int(offset_s * 1e9)))


async def clock_stepped(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """Set the clocks of the platform's machine and of a sending device: every value once, ``seen`` in order."""
    clock, meter = Clock(folder), Meter()
    platform = PlatformProcess(folder / "data", environment=clock.environment)
    await meter.start()
    try:
        await platform.start()
        await devices.put(platform, meter.spec("meter"))
        sender = Publisher(platform.mqtt_port, "sender0", await devices.credential(platform, 0), "q0", 0.01)
        sending = asyncio.create_task(sender.run())
        await devices.until_good(platform, "meter.count", meter.told)
        recovery = 0.0
        for _ in range(rounds):
            await asyncio.sleep(rng.uniform(0.5, 1.0))
            stepped, told, acked = time.monotonic(), meter.told, len(sender.acked)
            clock.set(rng.choice(_STEPS_S))
            sender.step(int(1000 * rng.choice(_STEPS_S)))
            await devices.until_good(platform, "meter.count", told)
            async with asyncio.timeout(20):
                while len(sender.acked) <= acked + 20:
                    await asyncio.sleep(0.01)
            recovery = max(recovery, time.monotonic() - stepped)
        sender.stop()
        await sending
        last = meter.told
        await asyncio.sleep(1.0)
        rows = await devices.rows_of(platform, "%.count")
    finally:
        await platform.stop()
        await meter.stop()
    check_seen(platform.data)
    sent = {("q0", count) for count in sender.acked.values()} | {("meter", float(n)) for n in range(1, last + 1)}
    found = [(r["name"].split(".")[-2], r["value"]) for r in rows if r["quality"] & 0x8000 == 0]
    found = [(name, value) for name, value in found if name == "q0" or value <= last]
    there = sent & set(found)
    title = f"clocks of the machine and of a device stepped {rounds}×"
    marks = sum(bool(r["quality"] & 0x8000) for r in rows)  # one count may be told again after each, see check_counts
    more = max(len(found) - len(set(found)) - marks, 0)
    return Verdict(title, len(sent), len(sent), len(there), 0, more, len(set(found) - sent), recovery)


def check_seen(data: Path) -> None:
    """In the order of the stream, ``seen`` never goes back, in all files of the lake together."""
    parts = []
    for uri in DeltaTable(str(data / "lake" / "p0" / "telemetry")).file_uris():
        rows = decode_decimals(pq.read_table(uri.removeprefix("file://"), partitioning=None))
        parts.append(rows.select(["seq", "seen"]))
    rows = pa.concat_tables(parts)
    seen = rows["seen"].cast("int64").to_numpy()[np.argsort(rows["seq"].to_numpy(), kind="stable")]
    assert len(seen) > 100 and bool((np.diff(seen) >= 0).all())
