"""The ``modbus`` driver at the exam, in front of a pymodbus server with holes in its registers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from subjects import Subject, dialled

from baigong.drivers.modbus.sim import Simulator

GOOD = {
    "holding:12:float32": 47.5,
    "holding:14:float32:cdab": -1.25,
    "holding:16:int16": -7,
    "holding:40:int64": -9007199254740995,
    "holding:50:string8": "PUMP-7",
    "input:3:int16": 300,
    "holding:60.3": 1,
    "coil:7": 1,
    "discrete:1": 1,
}
RANGES = {"holding": [(0, 100), (200, 50)], "input": [(0, 20)], "coil": [(0, 32)], "discrete": [(0, 32)]}
WRITES = {
    "holding:12:float32": -3.25,
    "holding:14:float32:cdab": 1e20,
    "holding:16:int16": -32768,
    "holding:17:uint16": 65535,
    "holding:40:int64": -(1 << 62) - 1,
    "holding:50:string8": "PUMP-8",
    "holding:60.3": 0,
    "holding:61:bits:4-7": 9,
    "holding:62:bcd16": 1234,
    "coil:7": 0,
    "coil:8": True,
}
UNWRITABLE = {
    "holding:16:int16": 32768,
    "holding:17:uint16": 1.5,
    "holding:62:bcd16": -1,
    "holding:61:bits:4-7": 16,
    "holding:150:int16": 1,
    "holding:50:string8": "PUMP-8 and more",
    "holding:63:int8": 1,
    "input:3:int16": 1,
    "discrete:1": 0,
    "coil:7": 2,
    "nonsense": 1,
}


@asynccontextmanager
async def subject() -> AsyncIterator[Subject]:
    async with Simulator(RANGES, values=GOOD) as device:
        yield dialled("modbus", device, GOOD, unknown="holding:150:int16", writes=WRITES, unwritable=UNWRITABLE)
