"""Counters and states in the SDK."""

from __future__ import annotations

import pytest

from baigong.vocab.errors import FixConfiguration
from tests.api.test_counters import HOUR, METER, MINUTE, T0
from tests.api.world import World
from tests.client.test_plant import in_thread, served

__all__ = ["served"]


async def test_increase_as_a_dataframe(served: World) -> None:
    await served.registry.devices.put("main", METER, "test")
    await served.put("hall.energy", [T0, T0 + 30 * MINUTE, T0 + HOUR, T0 + 2 * HOUR], [990.0, 995.0, 1.0, 3.0])
    meter = "hall.energy"
    frame = await in_thread(served, lambda plant: plant.point(meter).increase("1h", "2026-01-01", "2026-01-02"))
    assert frame["increase"].tolist() == [11.0, 2.0] and frame["rollovers"].tolist() == [1, 0]
    assert str(frame.index[0]) == "2026-01-01 00:00:00+00:00"
    days = await in_thread(served, lambda plant: plant.point(meter).increase("1d", T0, T0 + 24 * HOUR))
    assert days["increase"].tolist() == [13.0]
    with pytest.raises(FixConfiguration, match="not a counter"):
        await in_thread(served, lambda plant: plant.point("pump1.flow").increase())


async def test_states_as_a_dataframe(served: World) -> None:
    await served.put("pump1.state", [T0, T0 + MINUTE, T0 + HOUR + MINUTE], [1.0, 0.0, 1.0])
    point = "pump1.state"
    frame = await in_thread(served, lambda plant: plant.point(point).states("2026-01-01", T0 + HOUR))
    assert frame[["word", "seconds", "entries"]].to_numpy().tolist() == [["off", 3540.0, 1], ["on", 60.0, 0]]
    minutes = await in_thread(served, lambda plant: plant.point(point).states(T0, T0 + 2 * HOUR, every="1m"))
    assert minutes["seconds"].sum() == 3660.0 and len(minutes) == 62
    with pytest.raises(FixConfiguration, match="no time"):
        await in_thread(served, lambda plant: plant.point(point).states("yesterday"))
