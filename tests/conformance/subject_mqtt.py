"""The ``mqtt`` driver at the exam, in front of its own small broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from subjects import Subject, free_port

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
        yield Subject(
            driver="mqtt",
            options=broker.options | {"listen_s": 0.3},
            good=GOOD,
            unknown="plant/nowhere#x",
            kill=broker.stop,
            restart=broker.start,
            dead={"port": free_port()},
            stir=broker.stir,
            at=lambda port: {"host": "127.0.0.1", "port": port, "timeout_s": 0.5},
        )
