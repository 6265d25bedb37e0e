"""The gateway's own disk: full, it goes on with what needs none, and says so; with room again it recovers by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from baigong.bus.contract import Bus
from baigong.gateway.clock import Clock
from baigong.gateway.spool import free_space
from baigong.vocab.errors import BaigongError, RetryLater

T = TypeVar("T")
_log = logging.getLogger("baigong.gateway")
_LOOK_S = 1.0
Tell = Callable[..., None]  # (kind, **detail), to all tenants


class Disk:
    """Looks whether the spool may still grow. ``problem``: None, or why it may not."""

    def __init__(self, folder: Path, reserve_bytes: int, clock: Clock, tell: Tell) -> None:
        self._folder = folder
        self._reserve = reserve_bytes
        self._clock = clock
        self._tell = tell
        self.problem: RetryLater | None = None
        self.since_us = 0

    async def run(self) -> None:
        while True:
            try:
                self.look(await asyncio.to_thread(free_space, self._folder))
            except OSError as error:
                self._change(RetryLater("storage.full", f"the disk cannot be asked: {error}", place=str(self._folder)))
            await self._clock.sleep(_LOOK_S)

    def look(self, free: int) -> None:
        if free > self._reserve:
            self._change(None)
        else:
            told = f"{free >> 20} MB are left, {self._reserve >> 20} MB stay reserved: nothing more can be spooled"
            self._change(RetryLater("storage.full", told, place=str(self._folder)))

    def _change(self, problem: RetryLater | None) -> None:
        was = self.problem
        self.problem = problem
        if (was is None) == (problem is None):
            return
        now = self._clock.now_us()
        if problem is not None:
            self.since_us = now
            self._tell("gateway.disk_full", error=problem.problem())
        else:
            self._tell("gateway.disk_freed", seconds=(now - self.since_us) / 1e6)

    def status(self) -> dict[str, Any] | None:
        """For the heartbeat; None when all is well."""
        return None if self.problem is None else self.problem.problem() | {"since_us": self.since_us}


async def when_there_is_room(
    work: Callable[[], T], bus: Bus, gateway: str, clock: Clock, stop: asyncio.Event
) -> T | None:
    """Begin what needs the disk as soon as it can be begun, telling in heartbeats why not yet; None when stopped."""
    told = ""
    while not stop.is_set():
        try:
            return await asyncio.to_thread(work)
        except (OSError, RetryLater) as error:
            problem = error if isinstance(error, BaigongError) else RetryLater("storage.full", str(error))
        if problem.message != told:
            told = problem.message
            _log.error("gateway %s waits for its disk: %s", gateway, told)
        await _beat(bus, gateway, clock, problem)
        await clock.sleep(_LOOK_S)
    return None


async def _beat(bus: Bus, gateway: str, clock: Clock, problem: BaigongError) -> None:
    beat = {"time_us": clock.now_us(), "gateway": gateway, "devices": [], "storage": problem.problem()}
    try:
        await bus.publish(f"gateway.{gateway}.health", msgspec.json.encode(beat))
    except RetryLater:
        return  # nobody can hear it; the next one tells as much
