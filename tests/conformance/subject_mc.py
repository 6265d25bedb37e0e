"""The ``mc`` driver at the exam, in front of its own simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from subjects import Subject, dialled

from baigong.drivers.mc.sim import Simulator

GOOD = {
    "d0:real": 47.5,
    "d10:int": -7,
    "d16:lint": -9007199254740995,
    "d30:string9": "PUMP-7",
    "w1f:word": 300,
    "d60.a": 1,
    "m17": 1,
    "x1": 1,
    "tn5": 12,
}
WRITES = {
    "d0:real": -3.25,
    "d10:int": -32768,
    "d12:word": 65535,
    "d16:lint": -(1 << 62) - 1,
    "d30:string9": "PUMP-8",
    "d60.a": 0,
    "d62:bcd16": 1234,
    "d64:dint": -70000,
    "d70:lreal": 1e200,
    "w1f:word": 1,
    "m17": 0,
    "y20": 1,
}
UNWRITABLE = {
    "d10:int": 32768,
    "d12:word": 1.5,
    "d62:bcd16": -1,
    "d1500:int": 1,
    "d30:string9": "PUMP-8 and more",
    "x1": 0,
    "m17": 2,
    "ts1": 1,
    "nonsense": 1,
}


@asynccontextmanager
async def subject() -> AsyncIterator[Subject]:
    areas = {"d": 1000, "w": 64, "m": 8, "x": 4, "y": 4, "tn": 16, "ts": 1}
    async with Simulator(areas, values=GOOD) as plc:
        yield dialled("mc", plc, GOOD, unknown="d1500:int", writes=WRITES, unwritable=UNWRITABLE)
