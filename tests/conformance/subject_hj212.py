"""The ``hj212`` driver at the exam, in front of a monitor that waits to be dialled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from subjects import Subject, free_port

from baigong.drivers.contract import Driver
from baigong.drivers.hj212.sim import Simulator

GOOD = {
    "real:w01018-Rtd": 63.0,
    "real:w01018-Flag": "N",
    "minute:w01018-Avg": 61.5,
    "hour:a21026-ZsAvg": 12.25,
    "2081:RestartTime": "20261122080000",
}
NAMES = {
    "set:RtdInterval": "RtdInterval",
    "set:MinInterval": "MinInterval",
    "set:time": "SystemTime",
    "sample:w01018": "PolId",
}


@asynccontextmanager
async def subject() -> AsyncIterator[Subject]:
    async with Simulator(GOOD, again_s=0.5) as device:

        async def holds(_: Driver, address: str) -> Any:
            """What the monitor was last told to be or do."""
            told = device.told.get(NAMES[address])
            if address.startswith("sample"):
                return 1 if told == "w01018" else None
            return int(told) if told and "Interval" in address else told

        async def stir() -> None:
            await device.tell()

        where = {"host": "127.0.0.1", "port": device.port, "mn": device.mn}
        yield Subject(
            driver="hj212",
            options=where,
            good=GOOD,
            unknown="real:w99999-Rtd",
            kill=device.stop,
            restart=device.start,
            dead={"port": free_port()},
            stir=stir,
            at=lambda port: {"port": port, "silence_s": 1.0},
            writes={"set:RtdInterval": 60, "set:MinInterval": 10, "set:time": "20261122080000", "sample:w01018": 1},
            unwritable={
                "real:w01018-Rtd": 1, "set:RtdInterval": -5, "set:MinInterval": 1.5, "set:time": "soon",
                "set:colour": 1, "sample:w01018": 0, "nonsense": 1,
            },
            holds=holds,
        )  # fmt: skip
