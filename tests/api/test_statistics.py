from __future__ import annotations

import numpy as np
import pytest

from baigong.api.series import Line
from baigong.api.statistics import Sums
from tests.api.test_series import T0
from tests.api.world import World

S = 1_000_000


async def test_a_level_is_weighted_by_time_and_a_gap_counts_for_nothing(plant: World) -> None:
    # 0 → 10 within 10 s, 10 for 80 s, then ten seconds of nothing known, then one more good value
    times = [T0, T0 + 10 * S, T0 + 90 * S, T0 + 91 * S, T0 + 100 * S]
    await plant.put("pump1.flow", times, [0.0, 10.0, 10.0, float("nan"), 4.0])
    async with plant.client() as client:
        params = {"points": "pump1.flow,pump1.pressure", "start": T0, "end": T0 + 200 * S}
        answer = (await client.get("/series/statistics", params=params)).json()
    flow, empty = answer["points"]
    assert (flow["rows"], flow["least"], flow["greatest"], flow["first"], flow["last"]) == (5, 0, 10, 0, 4)
    assert flow["good_s"] == 90
    assert flow["mean"] == pytest.approx((10 * 5 + 80 * 10) / 90)
    assert flow["deviation"] == pytest.approx(np.sqrt((10 * 100 / 3 + 80 * 100) / 90 - flow["mean"] ** 2))
    assert empty["rows"] == 0 and empty["mean"] is None


async def test_a_state_holds_to_the_end_of_the_window(plant: World) -> None:
    await plant.put("pump1.state", [T0, T0 + 30 * S], [0.0, 1.0])
    async with plant.client() as client:
        params = {"points": "pump1.state", "start": T0, "end": T0 + 120 * S, "bins": 4}
        (state,) = (await client.get("/series/statistics", params=params)).json()["points"]
    assert (state["good_s"], state["mean"]) == (120, pytest.approx(0.75))
    assert state["bins"] == [30, 0, 0, 90]


async def test_a_state_from_before_the_window_holds_into_it(plant: World) -> None:
    await plant.put("pump1.state", [T0, T0 + 200 * S], [1.0, 0.0])
    async with plant.client() as client:
        for end_s, mean in ((150, 1.0), (300, 0.5)):
            params = {"points": "pump1.state", "start": T0 + 100 * S, "end": T0 + end_s * S}
            (state,) = (await client.get("/series/statistics", params=params)).json()["points"]
            assert (state["good_s"], state["mean"]) == (end_s - 100, pytest.approx(mean))
            assert state["rows"] == (1 if end_s == 300 else 0)


def test_slices_add_up_to_the_whole() -> None:
    rng = np.random.default_rng(5)
    times = T0 + np.cumsum(rng.integers(1, 5, 1000)) * S
    values = rng.normal(size=1000)
    values[rng.random(1000) < 0.1] = np.nan
    qualities = np.where(rng.random(1000) < 0.1, 0x80000000 >> 16, 0).astype(np.int32)

    def told(cuts: list[int]) -> tuple[float | None, ...]:
        sums = Sums(slopes=True)
        for a, b in zip([0, *cuts], [*cuts, 1000], strict=True):
            sums.add(Line(None, times[a:b], values[a:b], qualities[a:b], None, b - a))  # type: ignore[arg-type]
        sums.close(int(times[-1]) + S)
        made = sums.told("x")
        return made.rows, made.least, made.greatest, made.first, made.last, made.mean, made.deviation, made.good_s

    assert told([1, 17, 17, 400, 999]) == pytest.approx(told([]))
