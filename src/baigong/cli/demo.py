"""The demo plant beside the platform: its machines, its past, its switches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from baigong.cli.children import Child
from baigong.cli.folder import write_secret
from baigong.cli.platform import PARTITION, Platform, clock_us
from baigong.plant import waves
from baigong.plant.__main__ import PlantConfig
from baigong.plant.assets import plant_assets
from baigong.plant.episodes import episodes
from baigong.plant.faults import FAULTS, Scenario, active_fault, first_scenario, load_scenario, save_scenario, set_fault
from baigong.plant.history import frames
from baigong.plant.points import HOST, MQTT_DEVICES, Ports, devices, numbers
from baigong.plant.publishers import FrontDoor
from baigong.plant.screens import plant_screens
from baigong.plant.tour import tour
from baigong.registry.opening import Registry
from baigong.vocab.burst import pieces
from baigong.vocab.errors import FixConfiguration, RetryLater

TENANT = "demo"
SEED = 20_230_817
_BY = "demo"
_PLANT_START_S = 20.0
_WINDOW = 8  # frames under way at once

Progress = Callable[[str, float], None]  # what is being done, how much of it (0 to 1)


@dataclass(slots=True)
class Switches:
    """``api.rooms.DemoControl``: throws the demo plant's switches and keeps its truth table."""

    file: Path
    registry: Registry

    async def state(self) -> dict[str, Any]:
        scenario = load_scenario(self.file)
        return {"faults": [_fault(scenario, f) for f in FAULTS.values()], "tour": tour(scenario)}

    async def set_fault(self, fault: str, active: bool) -> dict[str, Any]:
        if fault not in FAULTS:
            raise FixConfiguration("http.not_found", f"there is no fault {fault!r}; there are {sorted(FAULTS)}")
        scenario = set_fault(load_scenario(self.file), fault, active, clock_us())
        await asyncio.to_thread(save_scenario, self.file, scenario)
        run = [r for r in scenario.runs if r.fault == fault][-1:]
        truth = [e for e in episodes(scenario, run[0].start_us if run else 0, clock_us()) if e.kind == "fault"]
        await self.registry.episodes.put(TENANT, truth, _BY)
        return _fault(scenario, FAULTS[fault])


def _fault(scenario: Scenario, fault: Any) -> dict[str, Any]:
    run = active_fault(scenario, fault.id)
    return {
        "id": fault.id,
        "title": fault.title,
        "title_zh": fault.title_zh,
        "asset": fault.asset,
        "active": run is not None,
        "since_us": run.start_us if run else None,
        "description": fault.description,
        "description_zh": fault.description_zh,
    }


def scenario_file(data: Path, days: float) -> Path:
    """Return the demo plant's file in a data folder, making it on the first start."""
    path = data / "demo" / "scenario.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        save_scenario(path, first_scenario(SEED, clock_us(), days))
    return path


async def furnish(platform: Platform, scenario_path: Path, ports: Ports, progress: Progress) -> int:
    """On the first start write the plant's past; then register its devices and start it. Returns rows written.

    The past comes first: rows that arrive after newer ones may correct them, and a lake has to look.
    """
    rows = await _past(platform, scenario_path, progress)
    registry = platform.registry
    if not registry.assets.rows(TENANT):  # on the first start: what people change of it afterwards stays
        await registry.assets.put(TENANT, plant_assets(), _BY)
        for screen in plant_screens():
            await registry.screens.put(TENANT, screen, _BY)
    wanted = {spec.device: spec for spec in devices(ports)}
    users = {}
    wanted[waves.DEVICE] = waves.device()
    for device in (*MQTT_DEVICES, waves.DEVICE):
        await registry.devices.put(TENANT, wanted.pop(device), _BY)
        secret = await registry.credentials.put(TENANT, device, device)
        users[device] = (device, secret)
    mqtt = platform.settings.mqtt
    door = FrontDoor(host=mqtt.plain_host, port=mqtt.port, users=users)
    config = PlantConfig(scenario=str(scenario_path), ports=ports, door=door)
    path = scenario_path.with_name("plant.json")
    write_secret(path, msgspec.json.encode(config).decode())
    log = platform.settings.data / "logs" / "plant.log"
    platform.start_child(Child("demo plant", [str(path)], log, told=platform.told, module="baigong.plant"))
    # The machines first, then the ways to them: else the first page anybody sees tells of refused connections.
    await _answering(ports, _PLANT_START_S)
    for spec in wanted.values():
        await registry.devices.put(TENANT, spec, _BY)
    return rows


async def _answering(ports: Ports, within_s: float) -> None:
    """Wait until every machine takes connections, or for so long."""
    deadline = time.monotonic() + within_s
    waiting = list(msgspec.structs.astuple(ports))
    while waiting and time.monotonic() < deadline:
        if await _answers(waiting[0]):
            waiting.pop(0)
        else:
            await asyncio.sleep(0.05)


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


async def _past(platform: Platform, scenario_path: Path, progress: Progress) -> int:
    done = scenario_path.with_name("history-written")
    if done.exists():
        return 0
    scenario = load_scenario(scenario_path)
    await platform.registry.episodes.put(TENANT, await asyncio.to_thread(episodes, scenario), _BY)
    rows, window = 0, asyncio.Semaphore(_WINDOW)
    span = max(scenario.history_end_us - scenario.history_start_us, 1)
    days, speed = iter(frames(scenario, TENANT)), numbers(TENANT)["pump2.speed"]
    while (day := await asyncio.to_thread(next, days, None)) is not None:
        told = await asyncio.to_thread(_encoded, day)
        recorded = await asyncio.to_thread(waves.history, scenario, TENANT, day, speed)
        told += _encoded(recorded) if recorded is not None else []
        async with asyncio.TaskGroup() as group:
            for piece in told:
                await window.acquire()
                group.create_task(_store(platform, piece, window))
        rows += len(day)
        newest = day.column("time").cast("int64").to_numpy().max()
        progress("history", min((int(newest) - scenario.history_start_us) / span, 1.0))
    await platform.owner.flush()
    done.write_text(f"{rows}\n")
    return rows


def _encoded(day: pa.RecordBatch) -> list[bytes]:
    return [raw for _, raw in pieces(day)]


async def _store(platform: Platform, piece: bytes, window: asyncio.Semaphore) -> None:
    try:
        while True:
            try:
                await platform.bus.store(PARTITION, TENANT, piece)
                return
            except RetryLater as error:
                platform.told(f"demo history waits: {error}")
                await asyncio.sleep(0.2)
    finally:
        window.release()
