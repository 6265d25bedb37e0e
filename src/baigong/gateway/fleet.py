"""All devices of one gateway process: started, changed and stopped to match what is configured."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from typing import Any

import msgspec
import numpy as np

from baigong.gateway.memory import Assigned, LastHeard
from baigong.gateway.station import Station, Surroundings
from baigong.gateway.supervisor import Supervisor, cancelled, forever
from baigong.gateway.why import explain
from baigong.vocab import quality as q
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.frame import frame

Key = tuple[str, str]  # tenant, device
_UNUSABLE = (FixConfiguration, ValueError, OSError, ImportError, msgspec.MsgspecError)
_STAGGER_S = 0.02  # between the first connections of two devices
_STAGGER_MOST_S = 10.0


class Fleet:
    """Knows nothing of bus subjects and registries: the same class runs in one process or in many shards."""

    def __init__(self, around: Surroundings, heard: dict[str, LastHeard]) -> None:
        self._around = around
        self._heard = heard
        self._running: dict[Key, tuple[Supervisor, asyncio.Task[None]]] = {}
        self._broken: dict[Key, tuple[DeviceSpec, BaigongError, int]] = {}  # cannot even be started
        self._values: dict[Key, tuple[float, int]] = {}
        self._rates: dict[Key, float] = {}

    @property
    def heard(self) -> dict[str, LastHeard]:
        """What is to be remembered over a restart, by ``tenant/device``."""
        return self._heard

    def supervisors(self) -> list[Supervisor]:
        return [supervisor for supervisor, _ in self._running.values()]

    def find(self, tenant: str, device: str) -> Supervisor | None:
        entry = self._running.get((tenant, device))
        return entry[0] if entry else None

    def at(self, driver: str, options: dict[str, Any]) -> Supervisor | None:
        """Find the running device with this very connection, to spare the machine a second one."""
        for supervisor in self.supervisors():
            spec = supervisor.station.spec
            if spec.driver == driver and spec.options == options:
                return supervisor
        return None

    async def match(self, assigned: Iterable[Assigned], restart: Collection[Key] = ()) -> None:
        """Make what runs equal to what is assigned; devices that did not change are not touched."""
        wanted = {(a.tenant, a.spec.device): a.spec for a in assigned}
        for key in [k for k in self._running if k not in wanted]:
            await self._stop(key, None)
            self._heard.pop(f"{key[0]}/{key[1]}", None)
        for key in [k for k in self._broken if k not in wanted]:
            del self._broken[key]
        fresh = 0
        for key, spec in wanted.items():
            entry = self._running.get(key)
            if entry and entry[0].station.spec == spec and key not in restart:
                continue
            if entry:
                await self._stop(key, spec)
            self._start(key, spec, min(fresh * _STAGGER_S, _STAGGER_MOST_S))
            fresh += 1

    async def stop(self) -> None:
        """Stop all at once, and say at the end of every point that it ends."""
        entries, self._running = list(self._running.values()), {}
        await cancelled([task for _, task in entries])
        for supervisor, _ in entries:
            await supervisor.farewell()

    def statuses(self) -> list[dict[str, Any]]:
        rows = [s.status(self._around.gateway) for s in self.supervisors()]
        return rows + [self._broken_status(key) for key in self._broken]

    def rate(self, tenant: str, device: str) -> float:
        """Values per second, smoothed."""
        return round(self._rates.get((tenant, device), 0.0), 2)

    def measure(self, others: dict[Key, int]) -> None:
        """Update the rates of our devices and of ``others``, given as counts; called once a second."""
        now = self._around.clock.monotonic()
        counts = {key: supervisor.station.values_in for key, (supervisor, _) in self._running.items()} | others
        for key, count in counts.items():
            then, before = self._values.get(key, (now, count))
            self._values[key] = (now, count)
            if now > then:
                rate = max(count - before, 0) / (now - then)
                self._rates[key] = 0.7 * self._rates.get(key, rate) + 0.3 * rate

    def why(self, tenant: str, number: int) -> dict[str, Any] | None:
        for (owner, _), (supervisor, _task) in self._running.items():
            if owner == tenant and (found := explain(supervisor, number, self._around.gateway)):
                return found
        return None

    def _start(self, key: Key, spec: DeviceSpec, stagger_s: float) -> None:
        tenant, device = key
        heard = self._heard.setdefault(f"{tenant}/{device}", LastHeard())
        try:
            station = Station(tenant, spec, self._around, heard)
        except _UNUSABLE as error:  # no such driver, a broken manifest, a period that is none
            named = error if isinstance(error, BaigongError) else FixConfiguration("config.invalid", str(error))
            self._broken[key] = (spec, named, self._around.clock.now_us())
            return
        self._broken.pop(key, None)
        supervisor = Supervisor(station, stagger_s)
        clock = self._around.clock
        task = asyncio.create_task(forever(f"device {device}", supervisor.run, clock), name=f"device {tenant}/{device}")
        self._running[key] = (supervisor, task)

    async def _stop(self, key: Key, successor: DeviceSpec | None) -> None:
        """End a device; one with a successor goes on at once, so only points that it drops are told to end."""
        supervisor, task = self._running.pop(key)
        await cancelled([task])
        self._values.pop(key, None)
        if successor is None or not successor.enabled:
            await supervisor.farewell()
            return
        table = supervisor.station.table
        try:
            kept = Station(key[0], successor, self._around, LastHeard()).table.numbers
        except _UNUSABLE:
            kept = table.numbers[:0]
        lost = table.numbers[~np.isin(table.numbers, kept)]
        now = np.full(len(lost), self._around.clock.now_us(), np.int64)
        await self._around.publisher.poll(key[0], frame(lost, now, None, q.BAD_NOT_CONNECTED))

    def _broken_status(self, key: Key) -> dict[str, Any]:
        spec, error, since_us = self._broken[key]
        return {
            "tenant": key[0],
            "device": key[1],
            "driver": spec.driver,
            "title": spec.title,
            "enabled": spec.enabled,
            "gateway": self._around.gateway,
            "state": "down",
            "since_us": since_us,
            "error": error.problem(),
            "points": len(spec.points),
            "good": 0,
            "bad": len(spec.points),
            "values": 0,
            "values_s": 0.0,
            "heard_us": None,
            "skew_s": None,
            "backoff_s": 0.0,
            "attempts": 0,
            "counters": {},
            "session": {},
            "scan": [],
        }
