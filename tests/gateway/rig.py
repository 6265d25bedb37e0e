"""A gateway's inside around an in-process bus, and drivers that misbehave on purpose."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from baigong.bus.memory import MemoryBus
from baigong.drivers.contract import Delivery, Health, Wanted
from baigong.gateway import station as station_module
from baigong.gateway.bounded import Abandoned
from baigong.gateway.buffer import BufferOptions, Publisher
from baigong.gateway.clock import Clock, SystemClock
from baigong.gateway.fleet import Fleet
from baigong.gateway.memory import LastHeard
from baigong.gateway.outbox import Outbox
from baigong.gateway.roster import Change
from baigong.gateway.station import Surroundings
from baigong.gateway.supervisor import Supervisor
from baigong.gateway.transform import Window
from baigong.gateway.turnstile import Turnstile
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.frame import decode, frame, times_us
from baigong.vocab.happenings import Event


class Rig:
    """Everything between drivers and an in-process stream."""

    def __init__(self, folder: Path, clock: Clock, options: BufferOptions, heard: dict[str, LastHeard]) -> None:
        self.bus = MemoryBus()
        self.folder = folder
        self.clock = clock
        self.publisher = Publisher(self._store, folder / "spool", clock, random.Random(4), options)
        self.outbox = Outbox(self.bus, folder / "events.jsonl", clock)
        self.abandoned = Abandoned()
        self.around = Surroundings(
            "local", self.publisher, self.outbox, clock, random.Random(5), self.abandoned, Turnstile(clock), Window()
        )
        self.fleet = Fleet(self.around, heard)
        self.events: list[Event] = []
        self.refusing: Exception | None = None

    async def _store(self, tenant: str, payload: bytes) -> int:
        if self.refusing is not None:
            raise self.refusing
        return await self.bus.store("p0", tenant, payload)

    async def listen(self) -> None:
        async for message in self.bus.subscribe("event.>"):
            self.events.append(msgspec.json.decode(message.payload, type=Event))

    async def run(self, *specs: DeviceSpec) -> None:
        wanted = {("demo", spec.device): spec for spec in specs}
        running = {("demo", s.station.spec.device): s.station.spec for s in self.fleet.supervisors()}
        gone = [Change(key=key, spec=None) for key in running if key not in wanted]
        await self.fleet.change([*gone, *(Change(key=k, spec=s) for k, s in wanted.items() if running.get(k) != s)])

    def device(self, name: str) -> Supervisor:
        found = self.fleet.find("demo", name)
        assert found
        return found

    def kinds(self, *only: str) -> list[str]:
        return [e.kind for e in self.events if not only or e.kind in only]

    def rows(self, number: int | None = None) -> list[tuple[int, int, Any, int]]:
        """All stored (point, time, value or text, quality), in the order of the stream."""
        found = []
        for message in self.bus._streams["p0"].log:
            batch = decode(message.payload)
            for row, at in zip(batch.to_pylist(), times_us(batch).tolist(), strict=True):
                if number in (None, row["point"]):
                    held = next((row[n] for n in ("text", "whole", "value") if row[n] is not None), None)
                    found.append((row["point"], at, held, row["quality"]))
        return found


@asynccontextmanager
async def rig(
    folder: Path,
    clock: Clock | None = None,
    options: BufferOptions | None = None,
    heard: dict[str, LastHeard] | None = None,
) -> AsyncIterator[Rig]:
    made = Rig(
        folder, clock or SystemClock(), options or BufferOptions(reserve_bytes=0), heard if heard is not None else {}
    )
    await made.bus.ensure_stream("p0", epoch=1, max_bytes=1 << 30)
    made.outbox.open_()
    tasks = [asyncio.create_task(work) for work in (made.publisher.run(), made.outbox.run(), made.listen())]
    try:
        yield made
    finally:
        await made.fleet.stop()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()


async def until(condition: Callable[[], Any], timeout_s: float = 15.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


def spec(name: str, driver: str = "sim", addresses: tuple[str, ...] = (), **more: Any) -> DeviceSpec:
    points = [PointSpec(name=f"{name}.p{i}", address=a, number=i) for i, a in enumerate(addresses, 1)]
    more.setdefault("points", points)
    more.setdefault("scan", {"default": "50ms"})
    return DeviceSpec(device=name, driver=driver, **more)


@dataclass
class Script:
    """What the scripted driver shall do; shared by all its connections."""

    capabilities: list[str] = field(default_factory=lambda: ["read"])
    enter: Callable[[], Any] | None = None  # awaited in __aenter__
    read: Callable[[list[Wanted]], Any] | None = None  # awaited
    leave: Callable[[], Any] | None = None
    queue: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)  # of Delivery or an exception
    remembered: list[pa.RecordBatch | Exception] = field(default_factory=list)
    asked: list[tuple[int, int]] = field(default_factory=list)
    well: bool = True
    opened: int = 0
    closed: int = 0

    def install(self, monkeypatch: Any) -> None:
        real = station_module.manifest

        def manifest(driver: str) -> Any:
            return _Claim(self) if driver == "scripted" else real(driver)

        monkeypatch.setattr(station_module, "manifest", manifest)


class _Words:
    en = "Scripted"


class _Claim:
    id = "scripted"
    title = _Words()
    options: tuple[()] = ()

    def __init__(self, script: Script) -> None:
        self.script = script
        self.capabilities = script.capabilities

    def open(self, options: dict[str, Any]) -> Any:
        if options.get("wrong"):
            raise FixConfiguration("driver.option", "this one is wrong", place="wrong")
        return _Scripted(self.script)


class _Scripted:
    def __init__(self, script: Script) -> None:
        self.script = script

    async def __aenter__(self) -> _Scripted:
        if self.script.enter:
            await self.script.enter()
        self.script.opened += 1
        return self

    async def __aexit__(self, *_: Any) -> None:
        self.script.closed += 1
        if self.script.leave:
            await self.script.leave()

    async def browse(self, path: str = "") -> list[Any]:
        return []

    async def read(self, points: list[Wanted]) -> pa.RecordBatch:
        if self.script.read:
            return await self.script.read(points)
        now = SystemClock().now_us()
        return frame([w.number for w in points], [now] * len(points), [1.0] * len(points))

    async def watch(self, points: list[Wanted]) -> AsyncIterator[Delivery]:
        while True:
            item = await self.script.queue.get()
            if isinstance(item, BaseException):
                raise item
            yield item

    async def history(self, points: list[Wanted], start_us: int, end_us: int) -> AsyncIterator[pa.RecordBatch]:
        self.script.asked.append((start_us, end_us))
        for batch in self.script.remembered:
            if isinstance(batch, Exception):
                raise batch
            yield batch

    async def health(self) -> Health:
        return Health(self.script.well, "as scripted", {"calls": 1})
