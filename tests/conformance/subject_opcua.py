"""The ``opcua`` driver at the exam: its own simulator, a machining centre with 220 variables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from subjects import Subject, free_port

from baigong.drivers.opcua.machine import SimNode
from baigong.drivers.opcua.sim import OpcUaSim

WRITES = {
    "Set.Speed": 1480.25,
    "Set.Power": -1.5,
    "Set.Count": -7,
    "Set.Small": 255,
    "Set.Huge": 9007199254740995,
    "Set.On": True,
    "Set.Name": "O2000 精加工",
}


@asynccontextmanager
async def subject() -> AsyncIterator[Subject]:
    async with OpcUaSim() as sim:
        await sim.add(
            [
                SimNode("Set.Speed", 0.0, writable=True),
                SimNode("Set.Power", 0.0, "Float", writable=True),
                SimNode("Set.Count", 0, "Int32", writable=True),
                SimNode("Set.Small", 0, "Byte", writable=True),
                SimNode("Set.Huge", 0, "UInt64", writable=True),
                SimNode("Set.On", False, "Boolean", writable=True),
                SimNode("Set.Name", "", "String", writable=True),
                SimNode("Set.Many", [1.0, 2.0], writable=True),
            ]
        )

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
            writes={sim.address(name): value for name, value in WRITES.items()},
            unwritable={
                sim.address("Machine.Temp"): 1.0,  # only read
                sim.address("Set.Count"): 1.5,
                sim.address("Set.Small"): 256,
                sim.address("Set.Power"): 1e39,
                sim.address("Set.On"): 2,
                sim.address("Set.Many"): 1,
                sim.address("Set.Many") + "#[1]": 1,
                sim.address("Set.Nothing"): 1,
                "nsu=urn:nobody;i=1": 1,
            },
        )
