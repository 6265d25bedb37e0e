"""The ``fins`` driver at the exam, in front of its own simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from subjects import Subject, dialled

from baigong.drivers.fins.sim import Simulator

GOOD = {
    "d0:real": 47.5,
    "d10:int": -7,
    "d16:lint": -9007199254740995,
    "d30:string9": "PUMP-7",
    "e1_5:word": 300,
    "cio0.1": 1,
    "w10.15": 1,
    "t5:bcd16": 12,
    "tf5": 1,
}
WRITES = {
    "d0:real": -3.25,
    "d10:int": -32768,
    "d12:word": 65535,
    "d16:lint": -(1 << 62) - 1,
    "d30:string9": "PUMP-8",
    "cio0.1": 0,
    "d62:bcd16": 1234,
    "d64:dint": -70000,
    "d70:lreal": 1e200,
    "e1_5:word": 1,
    "e1_6.3": 1,
    "c3:word": 9,
}
UNWRITABLE = {
    "d10:int": 32768,
    "d12:word": 1.5,
    "d62:bcd16": -1,
    "d1500:int": 1,
    "d30:string9": "PUMP-8 and more",
    "tf5": 0,
    "w10.15": 2,
    "a5:word": 1,
    "nonsense": 1,
}


@asynccontextmanager
async def subject() -> AsyncIterator[Subject]:
    areas = {"d": 1000, "e1": 64, "cio": 8, "w": 16, "t": 16, "c": 16, "tf": 16, "a": 16}
    async with Simulator(areas, values=GOOD) as plc:
        yield dialled("fins", plc, GOOD, unknown="d1500:int", writes=WRITES, unwritable=UNWRITABLE)
