"""One machine for each driver, whose only point counts up: a count that is lost or invented would show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from baigong.drivers.dlt645.sim import Simulator as Dlt645Sim
from baigong.drivers.fins.sim import Simulator as FinsSim
from baigong.drivers.hj212.sim import Simulator as Hj212Sim
from baigong.drivers.mc.sim import Simulator as McSim
from baigong.drivers.modbus.sim import Simulator as ModbusSim
from baigong.drivers.mqtt.sim import Simulator as MqttSim
from baigong.drivers.mtconnect.sim import Agent as MtconnectAgent
from baigong.drivers.opcua.machine import SimNode, SimTypes
from baigong.drivers.opcua.sim import OpcUaSim
from baigong.drivers.s7.sim import Simulator as S7Sim
from baigong.drivers.sparkplug.sim import Simulator as SparkplugSim


@dataclass(slots=True)
class Source:
    """``port``: where the machine listens. ``options``: of the device, given the port that leads to it.

    ``remembers``: whether the machine still has, after an outage, what happened meanwhile.
    """

    driver: str
    port: int
    address: str
    options: Callable[[int], dict[str, Any]]
    show: Callable[[int], Awaitable[None]]  # from now on the point is this count
    kill: Callable[[], Awaitable[None]]
    restart: Callable[[], Awaitable[None]]
    remembers: bool = False
    every: int = 1  # counts go by for each that is shown: what stamps whole seconds shows none twice in one


Opened = AbstractAsyncContextManager[Source]


def asked(driver: str, sim: Any, address: str) -> Opened:
    """Make a source of a simulator that is read by polling and remembers nothing."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Source]:
        async with sim:
            options = sim.options | {"timeout_s": 1.0}
            yield Source(
                driver,
                sim.port,
                address,
                lambda port: options | {"port": port},
                lambda count: sim.set(address, count),
                sim.stop,
                sim.start,
            )

    return opened()


@asynccontextmanager
async def mqtt() -> AsyncIterator[Source]:
    async with MqttSim() as sim:

        async def show(count: int) -> None:
            sim.publish("machine/count", str(count).encode())

        options = sim.options | {"timeout_s": 1.0}
        yield Source(
            "mqtt",
            sim.port,
            "machine/count#",
            lambda port: options | {"port": port},
            show,
            sim.stop,
            sim.start,
            remembers=True,  # a broker keeps what the subscriber has not acknowledged
        )


@asynccontextmanager
async def opcua() -> AsyncIterator[Source]:
    async with OpcUaSim(nodes=[SimNode("count", 0.0, history=True)], types=SimTypes()) as sim:

        async def show(count: int) -> None:
            await sim.set({"count": float(count)})

        def options(port: int) -> dict[str, Any]:
            return {"url": f"opc.tcp://127.0.0.1:{port}/baigong", "timeout_s": 1.0, "publishing_s": 0.1}

        yield Source("opcua", sim.port, sim.address("count"), options, show, sim.stop, sim.start, remembers=True)


@asynccontextmanager
async def sparkplug() -> AsyncIterator[Source]:
    address = "Plant/Line/Press#Count"
    async with SparkplugSim({address: ("UInt32", 0)}) as sim:

        async def show(count: int) -> None:
            sim.held["Press", "Count"] = (sim.held["Press", "Count"][0], count)

        options = sim.options | {"timeout_s": 1.0}
        # data has QoS 0 and the broker keeps none of it
        yield Source("sparkplug", sim.port, address, lambda port: options | {"port": port}, show, sim.stop, sim.start)


@asynccontextmanager
async def mtconnect() -> AsyncIterator[Source]:
    async with MtconnectAgent() as agent:

        async def show(count: int) -> None:
            agent.set("parts", str(count))

        def options(port: int) -> dict[str, Any]:
            return {"url": f"http://127.0.0.1:{port}", "interval_ms": 50, "timeout_s": 1.0}

        yield Source("mtconnect", agent.port, "parts", options, show, agent.stop, agent.start, remembers=True)


@asynccontextmanager
async def hj212() -> AsyncIterator[Source]:
    async with Hj212Sim({"real:w01018-Rtd": 0.0}, again_s=0.5) as monitor:

        async def show(count: int) -> None:
            monitor.values["real:w01018-Rtd"] = float(count)
            await monitor.tell("real")

        def options(port: int) -> dict[str, Any]:
            return {"host": "127.0.0.1", "port": port, "mn": monitor.mn, "silence_s": 5.0}

        # it says again what was not acknowledged
        where = (options, show, monitor.stop, monitor.start)
        yield Source("hj212", monitor.port, "real:w01018-Rtd", *where, remembers=True, every=5)


ALL: dict[str, Callable[[], Opened]] = {
    "modbus": lambda: asked("modbus", ModbusSim({"holding": [(0, 10)]}), "holding:0:uint32"),
    "s7": lambda: asked("s7", S7Sim({"db1": 16}), "db1.0:dint"),
    "mc": lambda: asked("mc", McSim({"d": 10}), "d0:dint"),
    "fins": lambda: asked("fins", FinsSim({"d": 10}), "d0:dint"),
    "dlt645": lambda: asked("dlt645", Dlt645Sim({"1": {"00010000": 0.0}}), "00010000"),
    "mqtt": mqtt,
    "sparkplug": sparkplug,
    "opcua": opcua,
    "mtconnect": mtconnect,
    "hj212": hj212,
}
