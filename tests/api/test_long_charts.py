"""Charts so long that a pixel holds minutes: finished days come from rollups, and nobody sees a difference."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from baigong.api.lines import read_lines
from baigong.bus.memory import MemoryBus
from baigong.stores.lake.downsample import Raster
from baigong.stores.lake.outline import coarsest, outline
from baigong.stores.records.plant import PointRow
from baigong.vocab import quality as q
from baigong.vocab.devices import PointSpec
from tests.historian.plants import DAY, QUICK, T0, Truth, caught_up, owning, send, until

FLOW, COUNT, STATE = 5, 6, 7
BEGIN = T0 - T0 % DAY
STEP = 10_000_000  # a sample every ten seconds
DAYS = 3


def row(number: int, kind: str = "gauge") -> PointRow:
    spec = PointSpec(name=f"m.p{number}", address="x", kind=kind)
    return PointRow("demo", number, "m", spec, "m", "x", False, 0)


def lows_and_highs(times: np.ndarray, values: np.ndarray, raster: Raster) -> tuple[np.ndarray, np.ndarray]:
    columns = (times - raster.start_us) * raster.width // (raster.end_us - raster.start_us)
    low, high = np.full(raster.width, np.inf), np.full(raster.width, -np.inf)
    np.fmin.at(low, columns, values)
    np.fmax.at(high, columns, values)
    return low, high


@pytest.fixture
def walked() -> tuple[np.ndarray, np.ndarray]:
    n = DAYS * DAY // STEP
    values = np.round(np.random.default_rng(7).normal(size=n).cumsum(), 2)
    return BEGIN + np.arange(n) * STEP, values


async def test_a_long_chart_has_the_extremes_of_every_pixel_and_the_bad_and_the_gap(tmp_path, walked):
    times, values = walked
    qualities = np.zeros(len(times), np.int32)
    minute, hour = 60_000_000 // STEP, 3_600_000_000 // STEP
    faulty = slice(20 * hour, 20 * hour + 3)
    qualities[faulty] = q.BAD_NOT_CONNECTED
    keep = np.ones(len(times), bool)
    keep[30 * hour : 33 * hour] = False
    bus, truth = MemoryBus(), Truth()
    async with owning(bus, tmp_path, QUICK) as owner:
        n = int(keep.sum())
        await send(bus, truth, "demo", np.full(n, FLOW), times[keep], values[keep], qualities[keep])
        states = times[:: 30 * minute]
        await send(bus, truth, "demo", np.full(len(states), STATE), states, np.arange(len(states)) % 2)
        newest = BEGIN + DAYS * DAY + np.arange(100) * STEP
        await caught_up(owner, await send(bus, truth, "demo", np.full(100, FLOW), newest, np.full(100, 1000.0)))
        await until(lambda: len(owner.snapshot("demo").rolled_days) >= DAYS)
        raster = Raster(BEGIN + DAY // 2, BEGIN + DAYS * DAY + 1_000_000_000, 300)
        assert coarsest(raster) == "1m"
        drawn_so = outline(owner.snapshot("demo"), [FLOW], raster)
        assert drawn_so is not None and drawn_so.spans == (
            (raster.start_us, BEGIN + DAY),
            (BEGIN + DAYS * DAY, raster.end_us),
        )
        flow, state = await asyncio.to_thread(
            read_lines, owner, "demo", [row(FLOW), row(STATE, "state")], raster.start_us, raster.end_us, raster.width
        )
        asked = [raster.start_us, raster.end_us, 0]
        exact, exact_state = await asyncio.to_thread(
            read_lines, owner, "demo", [row(FLOW), row(STATE, "state")], *asked
        )

    assert flow.rows == len(exact.times) and flow.downsampled
    assert len(flow.times) <= 4 * raster.width and (np.diff(flow.times) >= 0).all()
    good = exact.qualities == 0
    low, high = lows_and_highs(exact.times[good], exact.values[good], raster)
    drawn = ~np.isnan(flow.values)
    seen_low, seen_high = lows_and_highs(flow.times[drawn], flow.values[drawn], raster)
    held = np.isfinite(low)
    held[[0, -1]] = False
    for drawn_, exact_, pick in ((seen_low, low, np.fmin), (-seen_high, -high, np.fmin)):
        # what a pixel shows stands in it or, near its edge, in the one beside it
        for mine, theirs in ((drawn_, exact_), (exact_, drawn_)):
            beside = pick(pick(np.roll(mine, -1), mine), np.roll(mine, 1))
            assert (beside[held] <= theirs[held]).all()
    assert np.nanmin(flow.values) == exact.values[good].min() and np.nanmax(flow.values) == 1000.0
    fault_us = times[faulty.start]
    near = np.abs(flow.times - fault_us) < 2 * (raster.end_us - raster.start_us) // raster.width
    assert (flow.qualities[near] == q.BAD_NOT_CONNECTED).any(), "a fault of half a minute shows"
    gap = (flow.times > times[30 * hour] + 60_000_000) & (flow.times < times[33 * hour] - 60_000_000)
    assert not gap.any()
    assert state.times.tolist() == exact_state.times.tolist(), "how long a state lasted is drawn from its rows"


async def test_a_day_with_late_rows_is_drawn_from_its_rows(tmp_path, walked):
    times, values = walked
    bus, truth = MemoryBus(), Truth()
    async with owning(bus, tmp_path, QUICK) as owner:
        n = len(times)
        seq = await send(bus, truth, "demo", np.full(n, FLOW), times, values)
        await caught_up(owner, seq)
        await send(bus, truth, "demo", np.full(1, FLOW), times[-1:] + DAY, values[-1:])
        await until(lambda: len(owner.snapshot("demo").rolled_days) >= DAYS)
        late = times[n // 2 : n // 2 + 1] + 1
        await caught_up(owner, await send(bus, truth, "demo", np.full(1, FLOW), late, np.array([5000.0])))
        asked = [BEGIN, BEGIN + DAYS * DAY, 300]
        (flow,) = await asyncio.to_thread(read_lines, owner, "demo", [row(FLOW)], *asked)
    assert np.nanmax(flow.values) == 5000.0 and flow.rows == n + 1
