"""After a reconnect: ask a device that remembers for what was missed, and say plainly what stays missing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.drivers.contract import Driver
from baigong.gateway.bounded import bounded
from baigong.gateway.station import Hole, Station
from baigong.vocab.errors import FixConfiguration, ReportBug, RetryLater

_OVERLAP_US = 2_000_000  # asked again before the hole: values under way when the link broke
_STEP_US = 3_600_000_000  # asked for at once; what is filled so far counts when the link breaks again
_OLDEST_US = 31 * 86_400_000_000  # further back nobody is asked
_AHEAD_US = 300_000_000  # asked for beyond now: the device's clock may be ahead of ours
_ANSWER_S = 60.0
_FULL_S = 2.0  # until a full stream is tried again


async def fill(station: Station, driver: Driver) -> None:
    """Fill the hole before this connection, if there is one; raises only what breaks the link.

    Breaking off leaves the rest of the hole to the next connection.
    """
    hole, end_us = station.hole, station.around.clock.now_us()
    if hole is None:
        return
    if "history" not in station.manifest.capabilities or not len(station.table):
        _leave(station, hole.from_us, end_us, "the device has no memory")
        return
    if hole.from_us < end_us - _OLDEST_US:
        _leave(station, hole.from_us, end_us - _OLDEST_US, "longer ago than is asked for", over=False)
        hole.said_us += end_us - _OLDEST_US - hole.from_us
        hole.from_us = end_us - _OLDEST_US
    start_us, rows = hole.from_us, 0
    # from here on by the source's clock: one behind ours still has values to tell from before we last heard it
    last_us = max(end_us, hole.said_us + 1)
    try:
        while hole.said_us < last_us:
            until_us = min(hole.said_us + _STEP_US, last_us)
            rows += await _step(station, driver, hole, until_us if until_us < last_us else last_us + _AHEAD_US)
            hole.from_us += until_us - hole.said_us
            hole.said_us = until_us
    except (FixConfiguration, ReportBug) as error:
        station.note(error)
        _leave(station, hole.from_us, end_us, error.message)
        return
    if not rows:
        _leave(station, start_us, end_us, "the device remembers nothing of it")
        return
    station.hole = None
    await station.retract(hole)
    station.counters["history.values"] += rows
    station.tell("hole.filled", from_us=start_us, to_us=end_us, values=rows)


async def _step(station: Station, driver: Driver, hole: Hole, until_us: int) -> int:
    rows = 0
    frames = driver.history(station.table.wanted(), hole.said_us - _OVERLAP_US, until_us)  # type: ignore[attr-defined]
    while (batch := await bounded(_next(frames), _ANSWER_S, "reading history", station.around.abandoned)) is not None:
        made = station.transform.history(batch)
        await _keep(station, made)
        hole.filled.update(np.unique(made.column("point").to_numpy()).tolist())
        rows += len(made)
    return rows


async def _next(frames: AsyncIterator[Any]) -> pa.RecordBatch | None:
    async for batch in frames:
        return batch
    return None


async def _keep(station: Station, batch: pa.RecordBatch) -> None:
    while True:
        try:
            await station.around.publisher.hold(station.tenant, batch)
            return
        except RetryLater as error:  # the stream is full: the device's memory can wait
            station.note(error)
            await station.around.clock.sleep(_FULL_S)


def _leave(station: Station, from_us: int, to_us: int, reason: str, *, over: bool = True) -> None:
    """Say that a time stays without values; ``over``: and look no further."""
    if over:
        station.hole = None
    station.tell("gap.left", from_us=from_us, to_us=to_us, seconds=(to_us - from_us) / 1e6, reason=reason)
