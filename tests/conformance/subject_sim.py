"""The ``sim`` driver at the exam: no device, so no questions about links."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from subjects import Subject

from baigong.drivers.sim.sim import simulator


@asynccontextmanager
async def subject() -> AsyncIterator[Subject]:
    async with simulator() as options:
        yield Subject(
            driver="sim",
            options=options,
            good={
                "constant?value=42.5": 42.5,
                "text?words=run": "run",
                "sine?period=60": ...,
                "counter?rate=0&start=9007199254740995": 9007199254740995,
            },
            unknown="teleport?speed=9",
            writes={"constant?value=42.5": -7.25},
            unwritable={"sine?period=60": 1, "teleport?speed=9": 1, "constant?value=1": "fast"},
        )
