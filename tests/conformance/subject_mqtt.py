"""The ``mqtt`` driver at the exam, in front of its own small broker."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from subjects import Subject, free_port

from baigong.drivers.contract import Driver
from baigong.drivers.mqtt.sim import Simulator

VALUES = {"plant/pump1/data": {"flow": 4.5, "motor": {"speed": 1480}, "mode": "auto"}, "plant/pump1/level": 2.25}
GOOD = {
    "plant/pump1/data#flow": 4.5,
    "plant/pump1/data#motor.speed": 1480,
    "plant/pump1/data#mode": "auto",
    "plant/pump1/level#": 2.25,
}


@asynccontextmanager
async def subject() -> AsyncIterator[Subject]:
    async with Simulator(VALUES) as broker:

        async def holds(_: Driver, address: str) -> Any:
            """What the broker was last told for a machine, at the place in its payload."""
            topic, _, path = address.partition("#")
            told = [payload for name, payload in broker.received if name == topic]
            if not told:
                return None
            if topic == "plant/pump1/mode/set":
                return told[-1].decode()
            held = json.loads(told[-1])
            for name in path.split(".") if path else ():
                held = held[name]
            return held

        yield Subject(
            driver="mqtt",
            options=broker.options | {"listen_s": 0.3},
            good=GOOD,
            unknown="plant/nowhere#x",
            kill=broker.stop,
            restart=broker.start,
            dead={"port": free_port()},
            stir=broker.stir,
            writes={"plant/pump1/set#": 42.5, "plant/pump1/cmd#motor.speed": 1480, "plant/pump1/mode/set#": "auto"},
            unwritable={"plant/pump1": 1, "plant/+/set#": 1, "plant/pump1/cmd#axes[1]": 1},
            holds=holds,
            at=lambda port: {"host": "127.0.0.1", "port": port, "timeout_s": 0.5},
        )
