"""What drivers of PLCs that refuse a whole request for one bad place do alike."""

from __future__ import annotations

from typing import Any

import pytest

from baigong.drivers.contract import Wanted
from baigong.drivers.fins.driver import FinsDriver
from baigong.drivers.fins.sim import Simulator as FinsSimulator
from baigong.drivers.mc.driver import McDriver
from baigong.drivers.mc.sim import Simulator as McSimulator
from baigong.vocab import quality as q


@pytest.mark.parametrize(
    ("driver_of", "simulator", "missing"),
    [(McDriver, McSimulator, ("r9", "y5")), (FinsDriver, FinsSimulator, ("e3_9", "w5.0"))],
)
async def test_what_is_refused_is_found_left_out_and_asked_for_again(
    driver_of: Any, simulator: Any, missing: tuple[str, str]
) -> None:
    now_s = 0.0
    async with simulator({"d": 50}, values={"d0": 1, "d46": 2}) as plc:
        driver = driver_of(plc.options, clock_s=lambda: now_s)
        points = [Wanted(i, address) for i, address in enumerate(("d0", "d46", "d49:dint", "d52", *missing))]
        async with driver:

            async def requests() -> int:
                return int((await driver.health()).counters["requests"])

            for asked in (14, 1, 1):
                before = await requests()
                frame = await driver.read(points)
                assert frame["value"].to_pylist() == [1, 2, None, None, None, None]
                assert frame["quality"].to_pylist() == [0, 0] + [q.BAD_NODE_ID_UNKNOWN] * 4
                assert await requests() - before <= asked
            plc._memory |= simulator({"d": 60}, values={"d0": 1})._memory
            now_s = 100.0
            await driver.read(points)
            assert (await driver.read(points))["quality"].to_pylist() == [0] * 4 + [q.BAD_NODE_ID_UNKNOWN] * 2
