"""What this gateway is to read: asked of the registry, change by change, and kept on disk for when nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from baigong.bus.contract import Bus
from baigong.bus.subjects import asked_by
from baigong.gateway import memory
from baigong.gateway.clock import Clock
from baigong.gateway.memory import Assigned
from baigong.registry.sealing import Sealing
from baigong.security import envelope
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import BaigongError, FixConfiguration

Key = tuple[str, str]  # tenant, device
_AGAIN_S = 30.0  # the registry is asked again even when nobody said that something changed
_RETRY_S = 1.0
_COPY_S = 1.0  # how long changes wait for others before the copy on disk is written


class News(Struct, frozen=True, kw_only=True):
    """One page of what changed after ``from``, up to ``revision``; see ``registry.service``."""

    run: str
    revision: int
    since: int = msgspec.field(name="from")
    more: bool
    devices: list[Assigned]
    gone: list[Key]


class Change(Struct, frozen=True, kw_only=True):
    """``spec`` None: no longer ours. ``anew``: begin it again even where nothing is different."""

    key: Key
    spec: DeviceSpec | None
    anew: bool = False


Apply = Callable[[Sequence[Change]], Awaitable[None]]


class Roster:
    """``run`` follows the registry; every difference goes through ``apply``, in order, and is ``held`` after it.

    A run of the registry that it does not know is listed from the start; what that does not name is gone.
    """

    def __init__(
        self, bus: Bus, gateway: str, copy: Path, clock: Clock, apply: Apply, sealed_with: envelope.Key | None = None
    ) -> None:
        self._bus = bus
        self._gateway = gateway
        self._copy = copy
        self._clock = clock
        self._apply = apply
        self._sealing = Sealing(sealed_with) if sealed_with is not None else None
        self._wake = asyncio.Event()
        self._anew: set[Key] = set()
        self._run, self._revision = "", 0
        self._seen: set[Key] | None = None  # what a listing from the start, under way, has named
        self._unsaved = False
        self.held: dict[Key, DeviceSpec] = {}
        self.answered = asyncio.Event()  # the registry has answered completely at least once

    def reload(self, device: Key | None) -> None:
        """Ask the registry again soon, and begin this device anew whether it changed or not."""
        if device:
            self._anew.add(device)
        self._wake.set()

    async def run(self) -> None:
        """Follow until cancelled: at once when told that something changed, else every half minute."""
        while True:
            self._wake.clear()
            try:
                await self._catch_up()
            except (BaigongError, msgspec.MsgspecError):
                if not self.answered.is_set() and not self.held:
                    old = memory.load(self._copy, list[Assigned], [])
                    await self._take([Change(key=(a.tenant, a.spec.device), spec=self._opened(a)) for a in old])
                await self._sleep(_RETRY_S)
                continue
            self.answered.set()
            await self._sleep(_AGAIN_S)

    async def save(self) -> None:
        """Write the copy from time to time, until cancelled, and then once more."""
        try:
            while True:
                await self._clock.sleep(_COPY_S)
                await self.write()
        finally:
            await self.write()

    async def write(self, *, anyway: bool = False) -> None:
        """Write the copy, where it is behind; ``anyway``: it may be of a run before this one."""
        if not self._unsaved and not anyway:
            return
        self._unsaved = False
        content = [Assigned(tenant=tenant, spec=self._closed(tenant, spec)) for (tenant, _), spec in self.held.items()]
        try:
            await asyncio.to_thread(memory.save, self._copy, content)
        except OSError:  # a full disk, which ``disk`` tells of: the next round writes it
            self._unsaved = True

    def _closed(self, tenant: str, spec: DeviceSpec) -> DeviceSpec:
        return spec if self._sealing is None else self._sealing.close(tenant, spec)

    def _opened(self, kept: Assigned) -> DeviceSpec | None:
        """None for what another key closed: the registry will tell it anew."""
        try:
            return kept.spec if self._sealing is None else self._sealing.open(kept.tenant, kept.spec)
        except FixConfiguration:
            return None

    async def _catch_up(self) -> None:
        more = True
        while more:
            news = await self._ask()
            more = news.more
            if news.since == 0:
                self._seen = set()
            if self._seen is not None:
                self._seen |= {(a.tenant, a.spec.device) for a in news.devices}
            changes = [self._change((a.tenant, a.spec.device), a.spec) for a in news.devices]
            changes += [self._change(key, None) for key in news.gone]
            await self._take([c for c in changes if c is not None])
            self._run, self._revision = news.run, news.revision
        if self._seen is not None:
            seen, self._seen = self._seen, None
            await self._take([Change(key=key, spec=None) for key in self.held if key not in seen])
        anew, self._anew = self._anew, set()
        await self._take([Change(key=key, spec=self.held[key], anew=True) for key in anew if key in self.held])

    def _change(self, key: Key, spec: DeviceSpec | None) -> Change | None:
        if spec is None:
            return Change(key=key, spec=None) if key in self.held else None
        if self._seen is not None and self.held.get(key) == spec:
            return None
        self._anew.discard(key)
        return Change(key=key, spec=spec, anew=True)

    async def _ask(self) -> News:
        asked = {"run": self._run, "since": self._revision}
        subject = asked_by("devices", self._gateway)
        raw = await self._bus.request(subject, msgspec.json.encode(asked), timeout_s=10.0)
        return msgspec.json.decode(raw, type=News)

    async def _take(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        await self._apply(changes)
        for change in changes:
            if change.spec is None:
                self.held.pop(change.key, None)
            else:
                self.held[change.key] = change.spec
        self._unsaved = True

    async def _sleep(self, seconds: float) -> None:
        waking = asyncio.ensure_future(self._wake.wait())
        sleeping: Any = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({waking, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.cancel()
            sleeping.cancel()
