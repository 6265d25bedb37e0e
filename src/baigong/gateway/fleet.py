"""All devices of one gateway process: started, changed and stopped to match what is configured."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from baigong.gateway.memory import LastHeard
from baigong.gateway.roster import Change
from baigong.gateway.station import Station, Surroundings
from baigong.gateway.supervisor import State, Supervisor, cancelled, forever
from baigong.gateway.why import explain
from baigong.vocab import quality as q
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.frame import frame

Key = tuple[str, str]  # tenant, device
_UNUSABLE = (FixConfiguration, ValueError, OSError, ImportError, msgspec.MsgspecError)
_NO_RATE = 0.001  # values/s
_AT_ONCE = 64  # devices ended together


class Fleet:
    """Knows nothing of bus subjects and registries: the same class runs in one process or in many shards."""

    def __init__(self, around: Surroundings, heard: dict[str, LastHeard]) -> None:
        self._around = around
        self._heard = heard
        self._running: dict[Key, tuple[Supervisor, asyncio.Task[None]]] = {}
        self._broken: dict[Key, tuple[DeviceSpec, BaigongError, int]] = {}  # cannot even be started
        self._states: dict[Key, State] = {}
        self._values: dict[Key, int] = {}
        self._measured = around.clock.monotonic()
        self._rates: dict[Key, float] = {}

    def forget(self, tenant: str) -> None:
        """Drop what was heard of a company whose devices are gone, perhaps in a run before this one."""
        for key in [key for key in self._heard if key.partition("/")[0] == tenant]:
            del self._heard[key]

    @property
    def heard(self) -> dict[str, LastHeard]:
        """What is to be remembered over a restart, by ``tenant/device``."""
        return self._heard

    def supervisors(self) -> list[Supervisor]:
        return [supervisor for supervisor, _ in self._running.values()]

    def find(self, tenant: str, device: str) -> Supervisor | None:
        entry = self._running.get((tenant, device))
        return entry[0] if entry else None

    def at(self, tenant: str, driver: str, options: dict[str, Any]) -> Supervisor | None:
        """Find the company's running device with this very connection, to spare the machine a second one."""
        for supervisor in self.supervisors():
            station, spec = supervisor.station, supervisor.station.spec
            if station.tenant == tenant and spec.driver == driver and spec.options == options:
                return supervisor
        return None

    async def change(self, changes: Sequence[Change]) -> None:
        """Start, change and end devices; others are not touched. A spec of None ends what runs."""
        ending = [c for c in changes if c.key in self._running or c.key in self._broken]
        for at in range(0, len(ending), _AT_ONCE):
            await asyncio.gather(*(self._end(c.key, c.spec) for c in ending[at : at + _AT_ONCE]))
        fresh = [c for c in changes if c.spec is not None]
        for at, one in enumerate(fresh):
            if one.spec is not None:
                self._start(one.key, one.spec)
            if at % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)

    async def _end(self, key: Key, successor: DeviceSpec | None) -> None:
        self._broken.pop(key, None)
        if key in self._running:
            await self._stop(key, successor)
        if successor is None:
            self._heard.pop(f"{key[0]}/{key[1]}", None)

    async def stop(self) -> None:
        """Stop all at once, and say at the end of every point that it ends."""
        entries, self._running = list(self._running.values()), {}
        await cancelled([task for _, task in entries])
        for supervisor, _ in entries:
            await supervisor.farewell()

    def showing_ours(self) -> list[tuple[Key, DeviceSpec]]:
        """List the devices whose servers are shown our own certificate."""
        specs = [(key, supervisor.station.spec) for key, (supervisor, _) in self._running.items()]
        return [
            (key, spec)
            for key, spec in specs
            if spec.options.get("security_policy", "None") != "None" and not spec.options.get("certificate")
        ]

    def keys(self) -> list[Key]:
        return [*self._running, *self._broken]

    def status(self, key: Key) -> dict[str, Any] | None:
        entry = self._running.get(key)
        if entry is not None:
            return entry[0].status(self._around.gateway)
        return self._broken_status(key) if key in self._broken else None

    def statuses(self) -> list[dict[str, Any]]:
        return [row for key in self.keys() if (row := self.status(key))]

    def take_changed(self) -> set[Key]:
        """Name the devices whose state is not what it was when this was last asked."""
        states = {key: supervisor.state for key, (supervisor, _) in self._running.items()}
        changed = {key for key in states.keys() | self._states.keys() if states.get(key) != self._states.get(key)}
        self._states = states
        return changed

    def rate(self, tenant: str, device: str) -> float:
        """Values per second, smoothed."""
        return round(self._rates.get((tenant, device), 0.0), 2)

    def measure(self, others: Mapping[Key, int]) -> None:
        """Update the rates of our devices and of ``others``, told as values since the last time; once a second."""
        now = self._around.clock.monotonic()
        since, self._measured = now - self._measured, now
        if since <= 0:
            return
        counts = {key: supervisor.station.values_in for key, (supervisor, _) in self._running.items()}
        news = {key: max(count - self._values.get(key, count), 0) for key, count in counts.items()} | dict(others)
        self._values = counts
        for key in self._rates.keys() | news.keys():
            rate = news.get(key, 0) / since
            self._rates[key] = 0.7 * self._rates.get(key, rate) + 0.3 * rate
        self._rates = {key: rate for key, rate in self._rates.items() if rate > _NO_RATE}

    def why(self, tenant: str, number: int) -> dict[str, Any] | None:
        for (owner, _), (supervisor, _task) in self._running.items():
            if owner == tenant and (found := explain(supervisor, number, self._around.gateway)):
                return found
        return None

    def _start(self, key: Key, spec: DeviceSpec) -> None:
        tenant, device = key
        heard = self._heard.setdefault(f"{tenant}/{device}", LastHeard())
        try:
            station = Station(tenant, spec, self._around, heard)
        except _UNUSABLE as error:  # no such driver, a broken manifest, a period that is none
            named = error if isinstance(error, BaigongError) else FixConfiguration("config.invalid", str(error))
            self._broken[key] = (spec, named, self._around.clock.now_us())
            return
        self._broken.pop(key, None)
        supervisor = Supervisor(station)
        clock = self._around.clock
        task = asyncio.create_task(forever(f"device {device}", supervisor.run, clock), name=f"device {tenant}/{device}")
        self._running[key] = (supervisor, task)

    async def _stop(self, key: Key, successor: DeviceSpec | None) -> None:
        """End a device; one with a successor goes on at once, so only points that it drops are told to end."""
        supervisor, task = self._running.pop(key)
        await cancelled([task])
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
