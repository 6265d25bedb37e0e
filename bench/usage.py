"""What counting use costs: CPU of the counting as a part of the CPU of ingest, of the same frames in one run.

``python -m bench.usage``: frames of 1,000 values of 100 companies go from the stream into the hot window and the lake;
then the counting of the same frames alone, and one minute's flush for these companies.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import numpy as np

from baigong.bus.memory import MemoryBus
from baigong.historian.owner import PartitionOwner
from baigong.historian.settings import OwnerSettings
from baigong.registry.opening import open_registry
from baigong.registry.usage import FLUSH_S, Usage
from baigong.vocab import frame

COMPANIES, FRAMES, ROWS = 100, 4_000, 1_000


def _now_us() -> int:
    return time.time_ns() // 1000


async def _ingest(folder: Path, usage: Usage) -> float:
    """Return the CPU seconds that the historian takes, counting included."""
    bus = MemoryBus()
    await bus.ensure_stream("p0", epoch=1, max_bytes=1 << 34)
    rows = np.arange(ROWS)
    for n in range(FRAMES):
        batch = frame.frame(rows % 50, rows + n * ROWS, rows.astype(float))
        await bus.store("p0", f"c{n % COMPANIES}", frame.encode(batch))
    owner = PartitionOwner(bus, folder / "lake", "p0", OwnerSettings(flush_s=1.0), on_taken=usage.took)
    began = time.process_time()
    running = asyncio.create_task(owner.run())
    await owner.ready.wait()
    while int(owner.stats()["position"]) < FRAMES:
        await asyncio.sleep(0.01)
    await owner.flush()
    taken = time.process_time() - began
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await bus.close()
    return taken


async def _flush(folder: Path) -> float:
    """Return the CPU seconds of one minute's writing, when every company's figures have changed."""
    bus, usage = MemoryBus(), Usage(_now_us)
    await bus.ensure_stream("p0", epoch=1, max_bytes=1 << 34)
    async with open_registry(folder, bus, tenant="main", clock_us=_now_us) as registry:
        names = [f"c{n}" for n in range(COMPANIES)]
        levels = {name: {"storage_bytes": 0.0, "points": 50.0, "devices": 1.0} for name in names}
        usage.expect(names)
        await usage.flush(levels, registry.devices, bus, "p0")
        for name in names:
            for measure in ("values", "calls", "queries"):
                usage.add(name, measure)
        began = time.process_time()
        await usage.flush(levels, registry.devices, bus, "p0")
        return time.process_time() - began


async def run() -> float:
    """Print the parts; return counting / ingest at the rate this machine ingests."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        usage = Usage(_now_us)
        usage._early = None
        ingest_s = await _ingest(folder, usage)
        again = Usage(_now_us)
        again._early = None
        began = time.process_time()
        for n in range(FRAMES):
            again.took(f"c{n % COMPANIES}", 1 << 44 | n + 1, ROWS)
        took_s = time.process_time() - began
        flush_s = await _flush(folder / "records")
    # one core that ingests without a pause flushes use once in FLUSH_S seconds
    part = took_s / ingest_s + flush_s / FLUSH_S
    print(
        f"use: counting {FRAMES:,} frames {took_s * 1e3:.1f} ms of {ingest_s * 1e3:.0f} ms ingest"
        f" ({100 * took_s / ingest_s:.3f} %), a minute's flush of {COMPANIES} companies {flush_s * 1e3:.1f} ms"
        f" ({100 * flush_s / FLUSH_S:.3f} % of a core): {100 * part:.3f} % together"
    )
    return part


if __name__ == "__main__":
    asyncio.run(run())
