"""Events on their way to the registry; they wait on disk while nobody can be told."""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import Path
from typing import Any, Protocol

import msgspec

from baigong.gateway.clock import Clock
from baigong.stores.durable import replace_file
from baigong.vocab.errors import RetryLater
from baigong.vocab.happenings import Event

_RETRY_S = 1.0


class Telling(Protocol):
    async def publish(self, subject: str, payload: bytes) -> None: ...


class Outbox:
    """Publishes events in order. ``open_`` says that somebody listens: before, they are only kept.

    At most ``limit`` wait; then the oldest are dropped and counted.
    """

    def __init__(self, bus: Telling, file: Path, clock: Clock, limit: int = 10_000) -> None:
        self._bus = bus
        self._file = file
        self._clock = clock
        self._waiting: deque[Event] = deque(_load(file), maxlen=limit)
        self._some = asyncio.Event()
        self._listened = asyncio.Event()
        self._on_disk = bool(self._waiting)
        self.dropped = 0
        if self._waiting:
            self._some.set()

    def open_(self) -> None:
        """Somebody answers on the other side: begin to tell."""
        self._listened.set()

    def tell(self, tenant: str, kind: str, subject: str, time_us: int | None = None, **detail: Any) -> None:
        """Queue an event; never waits, never fails."""
        when = self._clock.now_us() if time_us is None else time_us
        self.take(Event(kind=kind, time_us=when, tenant=tenant, subject=subject, detail=detail))

    def take(self, event: Event) -> None:
        """Queue an event somebody else made."""
        if len(self._waiting) == self._waiting.maxlen:
            self.dropped += 1
        self._waiting.append(event)
        self._some.set()

    def __len__(self) -> int:
        return len(self._waiting)

    async def run(self) -> None:
        """Tell until cancelled; what is left then is on disk."""
        try:
            while True:
                await self._some.wait()
                if not self._listened.is_set():
                    await self._save()
                    self._some.clear()
                    await self._wait_until_told_of_more()
                    continue
                await self._tell_all()
        finally:
            if self._waiting or self._on_disk:
                await self._save()

    async def _wait_until_told_of_more(self) -> None:
        waits = {asyncio.ensure_future(self._some.wait()), asyncio.ensure_future(self._listened.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        self._some.set()

    async def _tell_all(self) -> None:
        try:
            while self._waiting:
                event = self._waiting[0]
                if not getattr(self._bus, "connected", True):  # a client may buffer what a killed process forgets
                    raise RetryLater("bus.down", "not connected")
                await self._bus.publish(f"event.{event.tenant}.{event.kind}", msgspec.json.encode(event))
                if self._waiting and self._waiting[0] is event:
                    self._waiting.popleft()
        except RetryLater:
            await self._save()
            await self._clock.sleep(_RETRY_S)
            return
        self._some.clear()
        if self._on_disk:
            await self._save()

    async def _save(self) -> None:
        events = list(self._waiting)
        try:
            await asyncio.to_thread(_write, self._file, events)
        except OSError:  # a full disk: they wait in memory, and are written with the next
            return
        self._on_disk = bool(events)


def _load(file: Path) -> list[Event]:
    """Read what an earlier run could not tell; a line cut off by a crash is not an event."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return []
    events: list[Event] = []
    for line in lines:
        try:
            events.append(msgspec.json.decode(line, type=Event))
        except msgspec.MsgspecError:
            continue
    return events


def _write(file: Path, events: list[Event]) -> None:
    if not events:
        file.unlink(missing_ok=True)
        return
    replace_file(file, b"".join(msgspec.json.encode(event) + b"\n" for event in events))
