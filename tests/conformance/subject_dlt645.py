"""The ``dlt645`` driver at the exam, in front of its own simulator of two meters on a line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from subjects import Subject, dialled

from baigong.drivers.dlt645.sim import Simulator

GOOD = {
    "00010000": 1206.42,
    "02010100": 230.1,
    "02010200": 229.9,
    "02020100": -1.234,
    "04000501": 8,
    "0400040B": "DTZ341",
    "000000000002!00010000": 7.0,
    "relay": 1,
}
WRITES = {"04000306": 40, "04000101": "26050104", "relay": 0}
UNWRITABLE = {"04000306": 1e6, "04000101": "noon", "00010000": 5, "00080000": 1, "relay": 2, "9010": 1, "nonsense": 1}


@asynccontextmanager
async def subject() -> AsyncIterator[Subject]:
    first = {address: value for address, value in GOOD.items() if "!" not in address}
    meters = {"1": first | {"04000306": 1, "04000101": "26010104"}, "2": {"00010000": 7.0}}
    async with Simulator(meters) as line:
        yield dialled(
            "dlt645",
            line,
            GOOD,
            options=line.options | {"password": "02123456"},
            unknown="00080000",
            at=lambda port: {"port": port, "timeout_s": 0.25, "retries": 0},
            writes=WRITES,
            unwritable=UNWRITABLE,
        )
