"""One machine for each driver, whose only point counts up: a count that is lost or invented would show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from baigong.drivers.modbus.sim import Simulator as ModbusSim
from baigong.drivers.mqtt.sim import Simulator as MqttSim
from baigong.drivers.opcua.machine import SimNode, SimTypes
from baigong.drivers.opcua.sim import OpcUaSim
from baigong.drivers.s7.sim import Simulator as S7Sim

EVERYTHING = frozenset({"killed", "restarted", "hung", "garbage", "slow", "clock", "gone", "taken"})


@dataclass(slots=True)
class Source:
    """``port``: where the machine listens. ``options``: of the device, given the port that leads to it.

    ``remembers``: the events (of ``farside.EVENTS``) after which the machine still has what happened meanwhile.
    """

    driver: str
    port: int
    address: str
    options: Callable[[int], dict[str, Any]]
    show: Callable[[int], Awaitable[None]]  # from now on the point is this count
    kill: Callable[[], Awaitable[None]]
    restart: Callable[[], Awaitable[None]]
    remembers: frozenset[str] = field(default_factory=frozenset)


Opened = AbstractAsyncContextManager[Source]


@asynccontextmanager
async def modbus() -> AsyncIterator[Source]:
    async with ModbusSim({"holding": [(0, 10)]}) as sim:

        async def show(count: int) -> None:
            await sim.set("holding:0:uint32", count)

        options = sim.options | {"timeout_s": 1.0}
        yield Source(
            "modbus", sim.port, "holding:0:uint32", lambda port: options | {"port": port}, show, sim.stop, sim.start
        )


@asynccontextmanager
async def s7() -> AsyncIterator[Source]:
    async with S7Sim({"db1": 16}) as sim:

        async def show(count: int) -> None:
            await sim.set("db1.0:dint", count)

        options = sim.options | {"timeout_s": 1.0}
        yield Source("s7", sim.port, "db1.0:dint", lambda port: options | {"port": port}, show, sim.stop, sim.start)


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
            EVERYTHING,  # a broker keeps what the subscriber has not acknowledged
        )


@asynccontextmanager
async def opcua() -> AsyncIterator[Source]:
    async with OpcUaSim(nodes=[SimNode("count", 0.0, history=True)], types=SimTypes()) as sim:

        async def show(count: int) -> None:
            await sim.set({"count": float(count)})

        def options(port: int) -> dict[str, Any]:
            return {"url": f"opc.tcp://127.0.0.1:{port}/baigong", "timeout_s": 1.0, "publishing_s": 0.1}

        yield Source("opcua", sim.port, sim.address("count"), options, show, sim.stop, sim.start, EVERYTHING)


ALL: dict[str, Callable[[], Opened]] = {"modbus": modbus, "s7": s7, "mqtt": mqtt, "opcua": opcua}
