"""The children behind walls: taken by one query at a time, kept warm for their tenant, replaced when they end."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from baigong.sandbox import wire
from baigong.sandbox.child import Child, ChildDied
from baigong.sandbox.walls import Limits
from baigong.vocab.errors import FixConfiguration

_ENTRY = "baigong.sandbox.sqlchild:main"


class Confine(msgspec.Struct, kw_only=True, tag="confine"):
    """First message of a child's life: become a tenant's, irrevocably."""

    readable: Sequence[str]
    limits: Limits
    without_landlock: bool = False


@dataclass(slots=True)
class Seat:
    """A confined child: its tenant and the folders it may read never change. ``held``: keys of blocks it mapped."""

    child: Child
    tenant: str
    roots: frozenset[str]
    held: set[int] = field(default_factory=set)
    idle_since: float = 0.0


class Seats:
    """``total``: children kept at once; ``idle_s``: how long one waits for its tenant's next query."""

    def __init__(
        self, limits: Limits, *, total: int, idle_s: float, keep_spare: bool, without_landlock: bool = False
    ) -> None:
        self._limits = limits
        self._total = total
        self._idle_s = idle_s
        self._keep_spare = keep_spare
        self._without_landlock = without_landlock
        self._idle: list[Seat] = []
        self._taken = 0
        self._children: set[Child] = set()
        self._spare: Child | None = None  # started, nobody's yet
        self._reaper: asyncio.Task[None] | None = None
        self.walls: dict[str, int | bool] | None = None  # those of the newest child
        self.started = 0

    @property
    def idle(self) -> int:
        return len(self._idle)

    def pids(self) -> list[int]:
        return [child.pid for child in self._children if child.alive]

    def warm(self) -> None:
        """Start a child now, so that the first query does not wait for one."""
        if self._keep_spare and self._spare is None and not self._children:
            self._spare = self._spawn()

    async def take(self, tenant: str, roots: frozenset[str]) -> Seat:
        """Give a child that may read ``roots``: the one that worked last, or a new one."""
        while (seat := self._warm(tenant)) is not None:
            if seat.child.alive and roots <= seat.roots:
                self._taken += 1
                return seat
            await self._end(seat.child)  # dead, or a folder was made that its walls do not know
        child = await self._fresh()
        try:
            standing = await self._confine(child, roots)
        except ChildDied:  # a spare can have died while it waited; a new one has no excuse
            child = self._spawn()
            standing = await self._confine(child, roots)
        self.walls = standing
        if self._keep_spare and self._spare is None and len(self._children) < self._total:
            self._spare = self._spawn()
        if self._reaper is None:
            self._reaper = asyncio.create_task(self._reap())
        self._taken += 1
        return Seat(child, tenant, roots)

    async def leave(self, seat: Seat, keep: bool) -> None:
        self._taken -= 1
        if keep and seat.child.alive:
            seat.idle_since = time.monotonic()
            self._idle.append(seat)
        else:
            await self._end(seat.child)

    async def close(self) -> None:
        """Kill all children."""
        if self._reaper is not None:
            self._reaper.cancel()
            await asyncio.gather(self._reaper, return_exceptions=True)
        self._reaper = self._spare = None
        self._idle.clear()
        for child in list(self._children):
            await self._end(child)

    def _warm(self, tenant: str) -> Seat | None:
        """Remove and return the seat of this tenant that came back last; no await between look and removal."""
        for at in range(len(self._idle) - 1, -1, -1):
            if self._idle[at].tenant == tenant:
                return self._idle.pop(at)
        return None

    async def _fresh(self) -> Child:
        """Give a child that is nobody's yet; looks again after each wait, since others take and leave meanwhile."""
        while True:
            spare, self._spare = self._spare, None
            if spare is not None:
                if spare.alive:
                    return spare
                await self._end(spare)
            elif len(self._children) >= self._total and self._idle:
                await self._end(self._idle.pop(0).child)  # the longest idle one of another tenant makes room
            else:
                return self._spawn()

    def _spawn(self) -> Child:
        child = Child.spawn(_ENTRY)
        self._children.add(child)
        self.started += 1
        return child

    async def _confine(self, child: Child, roots: frozenset[str]) -> dict[str, int | bool]:
        """Raise the child's walls; one whose walls do not stand does not live."""
        order = Confine(readable=sorted(roots), limits=self._limits, without_landlock=self._without_landlock)
        descriptor = wire.sealed(msgspec.json.encode(order))
        stands = False
        try:
            await child.send([descriptor])
            kind, header, _ = await child.receive(1 << 20)
            told = msgspec.json.decode(header)
            if kind != wire.HELLO:
                raise FixConfiguration("sql.walls", str(told.get("message", "the sandbox does not stand")))
            if not told["landlock"] and not self._without_landlock:
                raise FixConfiguration("sql.walls", "this kernel has no Landlock")
            stands = True
        finally:
            os.close(descriptor)
            if not stands:
                await self._end(child)
        return dict(told)

    async def _end(self, child: Child) -> None:
        self._children.discard(child)
        await child.kill()

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(max(0.05, self._idle_s / 4))
            old = time.monotonic() - self._idle_s
            gone = [s for s in self._idle if s.idle_since < old]
            self._idle = [s for s in self._idle if s.idle_since >= old]
            for seat in gone:
                await self._end(seat.child)
            if not self._idle and not self._taken and self._spare is not None:
                spare, self._spare = self._spare, None
                await self._end(spare)
