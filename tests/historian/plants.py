"""Frames with a known truth, and an owner that can be started, crashed and started again."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from baigong.bus.contract import Bus
from baigong.historian.owner import OwnerSettings, PartitionOwner
from baigong.stores.lake.contract import EPOCH_SHIFT
from baigong.stores.lake.files import decode_decimals
from baigong.stores.lake.table import Succeeded
from baigong.vocab import quality as q
from baigong.vocab.frame import encode, frame

DAY = 86_400_000_000
T0 = 1_763_600_000_000_000  # 2025-11-20T00:53:20Z
QUICK = OwnerSettings(flush_s=0.05, merge_s=0.05, trim_s=0.05)
CALM = OwnerSettings(flush_s=3600, merge_s=3600)
FAR = 1 << 61


class Truth:
    """What was accepted, in order; ``expected`` is what anybody must find in the end."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[tuple[int, int], tuple[float | None, int]]] = {}

    def took(self, tenant: str, points: Any, times: Any, values: Any, qualities: Any) -> None:
        rows = self.rows.setdefault(tenant, {})
        for p, t, v, k in zip(points, times, values, qualities, strict=True):
            if k == q.DELETED:
                rows.pop((int(p), int(t)), None)
            else:
                missing = bool(np.isnan(v))
                bad = q.BAD_NOT_A_NUMBER if missing and not k & 0x8000 else int(k)
                rows[int(p), int(t)] = (None if missing else float(v), bad)

    def expected(self, tenant: str) -> pd.DataFrame:
        rows = [(p, t, *rest) for (p, t), rest in sorted(self.rows.get(tenant, {}).items())]
        return pd.DataFrame(rows, columns=["point", "time", "value", "quality"])


async def send(bus: Bus, truth: Truth, tenant: str, points: Any, times: Any, values: Any, qualities: Any = 0) -> int:
    qualities = np.full(len(points), qualities, np.int32) if np.isscalar(qualities) else np.asarray(qualities)
    seq = await bus.store("p0", tenant, encode(frame(points, times, values, qualities)))
    truth.took(tenant, points, times, values, qualities)
    return seq


def found(table: pa.Table) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "point": table.column("point").to_numpy(),
            "time": table.column("time").cast(pa.int64()).to_numpy(),
            "value": table.column("value").to_pandas(),
            "quality": table.column("quality").to_numpy(),
        }
    )


def same(have: pd.DataFrame, want: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(have.reset_index(drop=True), want, check_dtype=False)


def brute(owner: PartitionOwner, tenant: str) -> pd.DataFrame:
    """Resolve a snapshot by hand: every row of its files and hot window, highest seq wins."""
    import pyarrow.parquet as pq

    snap = owner.snapshot(tenant)
    parts = [decode_decimals(pq.read_table(f.path, partitioning=None)) for f in snap.files]
    frames = [found(t).assign(seq=t.column("seq").to_numpy()) for t in [*parts, snap.hot] if len(t)]
    if not frames:
        return pd.DataFrame(columns=["point", "time", "value", "quality"])
    every = pd.concat(frames).sort_values(["point", "time", "seq"], kind="stable")
    for (_, _), count in every.groupby(["point", "time"]).size().items():
        if count > 1:
            assert snap.overlapping, "a (point, time) occurs twice in a snapshot that says it cannot"
            break
    last = every.drop_duplicates(["point", "time"], keep="last")
    return last[last.quality & 0xFFFF != q.DELETED][["point", "time", "value", "quality"]]


def _dead(*_: Any, **__: Any) -> None:
    raise Succeeded("crashed")


@contextlib.asynccontextmanager
async def owning(bus: Bus, root: Path, settings: OwnerSettings = QUICK, *, crash: bool = False, **more: Any):
    """Run an owner; on leaving it is closed in good order, or crashed."""
    owner = PartitionOwner(bus, root, "p0", settings, **more)
    task = asyncio.create_task(owner.run())
    owner.running = task  # type: ignore[attr-defined]
    waiting = asyncio.create_task(owner.ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    if task.done():
        task.result()
    try:
        yield owner
        if task.done():
            task.result()
        if not crash:
            await owner.close()
    finally:
        if crash and owner._table is not None:
            owner._table.commit = _dead  # a thread that outlives its task here would not outlive kill -9
            await asyncio.to_thread(owner._commit_lock.acquire)  # and one that is committing has done so before
            owner._commit_lock.release()
        for t in (task, waiting):
            t.cancel()
        await asyncio.gather(task, waiting, return_exceptions=True)


async def caught_up(owner: PartitionOwner, seq: int) -> None:
    deadline = asyncio.get_running_loop().time() + 20
    while owner.stats()["position"] & ((1 << EPOCH_SHIFT) - 1) < seq:
        if owner.running.done():
            owner.running.result()  # it died: say of what
        assert asyncio.get_running_loop().time() < deadline, (seq, owner.stats(), asyncio.all_tasks())
        await asyncio.sleep(0.005)


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)
