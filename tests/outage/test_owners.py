"""An owner that hangs and wakes, and a bus whose clock is set back and forth."""

from __future__ import annotations

import random

import numpy as np
import pytest

from baigong.bus.memory import MemoryBus
from tests.historian.plants import FAR, QUICK, T0, Truth, brute, caught_up, found, owning, same, send
from tests.outage import owners

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("scenario", owners.SCENARIOS, ids=lambda s: s.__name__)
async def test_a_woken_owner_is_refused_and_nothing_is_lost_or_doubled(scenario, tmp_path, capsys):
    verdict = await scenario(tmp_path, 1, random.Random(3))
    with capsys.disabled():
        print()
        verdict.check()
    assert verdict.recoverable > 300


async def test_a_clock_set_back_and_forth_neither_loses_nor_reorders(tmp_path):
    """``seen`` never goes back in the order of the stream, over flushes and restarts of the owner."""
    rng, truth = random.Random(9), Truth()
    hands = {"now": 1_790_000_000_000_000}

    def clock_us() -> int:
        hands["now"] += 1000
        return hands["now"]

    bus, points = MemoryBus(clock_us), np.arange(1, 6)
    step = 0
    for _ in range(3):
        async with owning(bus, tmp_path, QUICK) as owner:
            for _ in range(40):
                step += 1
                if step % 7 == 0:
                    hands["now"] += rng.choice([-3_600_000_000, 3_600_000_000, -90 * 86_400_000_000, 5_000_000])
                seq = await send(bus, truth, "demo", points, np.full(5, T0 + step * 1_000_000), points + step)
            await caught_up(owner, seq)
            same(found(owner.series("demo", points.tolist(), 0, FAR)), truth.expected("demo"))
            await owner.flush()
            same(brute(owner, "demo"), truth.expected("demo"))
            rows = owner.series("demo", points.tolist(), 0, FAR)
            order = np.argsort(rows.column("seq").to_numpy(), kind="stable")
            seen = rows.column("seen").cast("int64").to_numpy()[order]
            assert (np.diff(seen) >= 0).all()
    assert len(truth.expected("demo")) == step * 5
