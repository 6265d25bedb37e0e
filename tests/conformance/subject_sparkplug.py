"""The ``sparkplug`` driver at the exam, in front of its own small broker with an edge node."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from subjects import Subject, free_port

from baigong.drivers.contract import Driver
from baigong.drivers.sparkplug.sim import Simulator
from baigong.drivers.sparkplug.topics import parse_address

VALUES: dict[str, tuple[str, Any]] = {
    "Plant/Line4/Press3#Force": ("Double", 312.5),
    "Plant/Line4/Press3#Strokes": ("UInt32", 4_000_000_000),
    "Plant/Line4/Press3#Speed/Set": ("Int32", -24),
    "Plant/Line4/Press3#Running": ("Boolean", True),
    "Plant/Line4#Product": ("String", "Kotflügel"),
}
WRITES = {"Plant/Line4/Press3#Speed/Set": 30, "Plant/Line4#Product": "Tür", "Plant/Line4/Press3#Running": False}


@asynccontextmanager
async def subject() -> AsyncIterator[Subject]:
    async with Simulator(VALUES) as broker:

        async def holds(_: Driver, address: str) -> Any:
            await broker.told(0.2)  # a command has QoS 0: nobody says that it came
            place = parse_address(address)
            return broker.held[place.device, place.metric][1]

        yield Subject(
            driver="sparkplug",
            options=broker.options | {"listen_s": 0.5},
            good={address: value for address, (_, value) in VALUES.items()},
            unknown="Plant/Line4/Press3#Nothing",
            kill=broker.stop,
            restart=broker.start,
            dead={"port": free_port()},
            stir=broker.stir,
            writes=WRITES,
            unwritable={
                "Plant/Line4/Press3": 1,
                "Plant/Line4/Press3#Speed/Set": "fast",
                "Plant/Line4#Product": 7,
                "Plant/Line4/Press3#Strokes": -1,
                "Plant/Line4/Press3#Nothing": 1,
            },
            holds=holds,
            at=lambda port: {"host": "127.0.0.1", "port": port, "timeout_s": 0.5},
        )
