"""The ``s7`` driver at the exam, in front of python-snap7's server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from subjects import Subject, dialled

from baigong.drivers.s7.sim import Simulator

GOOD = {
    "db1.4:real": 47.5,
    "db1.10:int": -7,
    "db1.16:lint": -9007199254740995,
    "db1.30:string8": "PUMP-7",
    "m3:word": 300,
    "db1.60.3": 1,
    "q0.7": 1,
    "i1.1": 1,
}
WRITES = {
    "db1.4:real": -3.25,
    "db1.10:int": -32768,
    "db1.12:word": 65535,
    "db1.16:lint": -(1 << 62) - 1,
    "db1.30:string8": "PUMP-8",
    "db1.60.3": 0,
    "db1.62:bcd16": 1234,
    "db1.64:time": 1.5,
    "db1.70:lreal": 1e200,
    "m3:word": 1,
    "q0.7": 0,
}
UNWRITABLE = {
    "db1.10:int": 32768,
    "db1.12:word": 1.5,
    "db1.62:bcd16": -1,
    "db1.150:int": 1,
    "db1.30:string8": "PUMP-8 and more",
    "i1.1": 0,
    "q0.7": 2,
    "t1": 1,
    "db1.80:dt": "2026-05-01",
    "nonsense": 1,
}


@asynccontextmanager
async def subject() -> AsyncIterator[Subject]:
    async with Simulator({"db1": 100, "m": 16, "i": 16, "q": 16}, values=GOOD) as plc:
        yield dialled("s7", plc, GOOD, unknown="db1.150:int", writes=WRITES, unwritable=UNWRITABLE)
