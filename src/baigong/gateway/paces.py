"""At what pace companies may send: told by the registry, kept by the front door, which reads no faster."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from baigong.bus.contract import Bus
from baigong.bus.subjects import asked_by
from baigong.gateway.clock import Clock
from baigong.vocab.errors import BaigongError
from baigong.vocab.quotas import Pace

_AGAIN_S = 5.0
_AT_ONCE, _IN_TURN = 400, 100  # companies a heartbeat tells of: what changed, and all in turn


class Pools(Struct, frozen=True, kw_only=True):
    """``rates``: values a second by the name of a pool; ``members``: the pools that bound a company."""

    rates: dict[str, float] = {}
    members: dict[str, list[str]] = {}


class Paces:
    """What was last heard stays in force while the registry is away."""

    def __init__(self, bus: Bus, gateway: str, clock: Clock) -> None:
        self._bus = bus
        self._subject = asked_by("quotas", gateway)
        self._clock = clock
        self._paces: dict[str, Pace] = {}
        self._members: dict[str, tuple[Pace, ...]] = {}

    def pay(self, tenant: str, values: int) -> float:
        """Take from a company's allowance; returns for how long nothing more should be read of it, in seconds."""
        wait_s = 0.0
        for pace in self._members.get(tenant, ()):
            now = self._clock.monotonic()
            pace.spend(values, now)
            wait_s = max(wait_s, pace.wait_s(now))
        return wait_s

    def take(self, told: Pools) -> None:
        """Follow what the registry says; a pool whose rate stays keeps its debt."""
        now = self._clock.monotonic()
        held = {name: p for name, p in self._paces.items() if told.rates.get(name) == p.rate}
        self._paces = {name: held.get(name) or Pace(rate, now) for name, rate in told.rates.items()}
        self._members = {
            tenant: tuple(self._paces[name] for name in names if name in self._paces)
            for tenant, names in told.members.items()
        }

    async def follow(self) -> None:
        """Ask from time to time, until cancelled."""
        while True:
            await self._ask()
            await self._clock.sleep(_AGAIN_S)

    async def hear(self) -> None:
        """Ask at once when somebody said that quotas were changed, until cancelled."""
        async for _ in self._bus.subscribe("quota.changed"):
            await self._ask()

    async def _ask(self) -> None:
        try:
            raw = await self._bus.request(self._subject, b"{}", timeout_s=2.0)
            self.take(msgspec.json.decode(raw, type=Pools))
        except (BaigongError, msgspec.MsgspecError):
            await asyncio.sleep(0)


class Busy(Protocol):
    """A company behind the front door: ``Room``."""

    tenant: str
    messages: int
    slowed: int

    @property
    def connections(self) -> Any: ...


class Companies:
    """What a heartbeat tells of each company: messages and times it was slowed since the start, connections now."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[int, int, int]] = {}
        self._round: Iterator[Busy] = iter(())

    def rows(self, rooms: Iterable[Busy]) -> list[dict[str, Any]]:
        listed = list(rooms)
        changed = [room for room in listed if self._told.get(room.tenant) != _figures(room)][:_AT_ONCE]
        turn = [room for room in (next(self._round, None) for _ in range(_IN_TURN)) if room is not None]
        if len(turn) < _IN_TURN:
            self._round = iter(listed)
        chosen = {room.tenant: room for room in (*changed, *turn)}
        for room in chosen.values():
            self._told[room.tenant] = _figures(room)
        return [
            {"tenant": tenant, "messages": room.messages, "slowed": room.slowed, "connections": len(room.connections)}
            for tenant, room in chosen.items()
        ]


def _figures(room: Busy) -> tuple[int, int, int]:
    return room.messages, room.slowed, len(room.connections)
