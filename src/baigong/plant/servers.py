"""The whole plant, live: real protocol servers on loopback, and one loop that keeps them up to date."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from baigong.plant.faults import Scenario, load_scenario
from baigong.plant.live import TICK_US, LivePlant, ScenarioFile, Shown
from baigong.plant.modbus_servers import ModbusServers
from baigong.plant.opcua_servers import opcua_servers
from baigong.plant.points import Ports
from baigong.plant.publishers import FrontDoor, WavePublisher, publishers
from baigong.plant.world import Plant

Clock = Callable[[], int]


def _now_us() -> int:
    return time.time_ns() // 1000


class Servers:
    """Everything that listens or publishes; ``show`` brings all of it to one moment."""

    def __init__(self, ports: Ports, door: FrontDoor | None) -> None:
        self.modbus = ModbusServers(ports)
        self.opcua = opcua_servers(ports)
        self.publishers = publishers(door) if door else []
        self.sending: list[asyncio.Task[None]] = []

    async def show(self, shown: Shown, scenario: Scenario | None = None) -> None:
        self.modbus.setpoints.apply(shown)
        await self.modbus.show(shown)
        for server in self.opcua:
            await server.show(shown)
        for publisher in self.publishers:
            if isinstance(publisher, WavePublisher):
                publisher.scenario = scenario
            publisher.shown = shown
        for task in self.sending:
            if task.done():
                task.result()  # a publisher goes on for ever: if it ended, say why


@contextlib.asynccontextmanager
async def serving(
    ports: Ports, door: FrontDoor | None, shown: Shown, scenario: Scenario | None = None
) -> AsyncIterator[Servers]:
    """Start all servers, already showing ``shown``; bus.port_taken names a port that is not free."""
    servers = Servers(ports, door)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(servers.modbus.close)
        for server in servers.opcua:
            await server.start()
            stack.push_async_callback(server.stop)
        await servers.show(shown, scenario)
        servers.sending = [asyncio.create_task(publisher.run()) for publisher in servers.publishers]
        try:
            yield servers
        finally:
            for task in servers.sending:
                task.cancel()
            await asyncio.gather(*servers.sending, return_exceptions=True)


async def run_plant(
    ports: Ports,
    door: FrontDoor | None,
    scenario_file: Path,
    stop: asyncio.Event,
    ready: Callable[[], None] = lambda: None,
    clock_us: Clock = _now_us,
) -> None:
    """Run the plant until ``stop``: half a second a step, switches taken from the watched file.

    ``ready`` is called once every server answers. Raises config.invalid when the file is not there, and
    bus.port_taken. A first start computes the days since the epoch: 25 ms each.
    """
    watched = ScenarioFile(scenario_file)
    live = LivePlant(Plant(watched.changed() or load_scenario(scenario_file)))
    shown = await asyncio.to_thread(live.at, clock_us())
    async with serving(ports, door, shown, live.plant.scenario) as servers:
        ready()
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout((TICK_US - clock_us() % TICK_US) / 1e6):
                    await stop.wait()
            scenario = watched.changed()
            if scenario is not None:
                live.switch(scenario)
            await servers.show(live.at(clock_us()), live.plant.scenario)
