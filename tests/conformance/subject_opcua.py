"""The ``opcua`` driver at the exam: its own simulator, a machining centre with 220 variables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from subjects import Subject, free_port

from baigong.drivers.opcua.sim import OpcUaSim


@asynccontextmanager
async def subject() -> AsyncIterator[Subject]:
    async with OpcUaSim() as sim:

        async def stir() -> None:
            await sim.set({"Machine.Temp": 21.5, "Machine.Parts": 1200})

        yield Subject(
            driver="opcua",
            options={"url": sim.url, "timeout_s": 3.0},
            good={
                sim.address("Machine.Temp"): 21.5,
                sim.address("Machine.Parts"): 1200,
                sim.address("Machine.Name"): "VMC-850",
                sim.address("Machine.Cycles"): 9007199254740995,
                sim.address("Machine.Tool") + "#Axis.Position": 1.0,
                sim.address("Machine.Temps") + "#[3]": 24.0,
            },
            unknown="ns=2;s=Machine.Nothing",
            kill=sim.stop,
            restart=sim.start,
            dead={"url": f"opc.tcp://127.0.0.1:{free_port()}/"},
            at=lambda port: {"url": f"opc.tcp://127.0.0.1:{port}/"},
            stir=stir,
        )
