"""Tells the registry about points that were met in payloads; slowly, again and again, and never in anybody's way."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import Any, Protocol

from baigong.gateway.frontdoor.counts import Counts
from baigong.gateway.frontdoor.options import FoundPoint, RegisterPoints
from baigong.vocab.errors import BaigongError, RetryLater

log = logging.getLogger(__name__)
_AT_ONCE = 500
_RETRY_S = (0.2, 10.0)
_ROOM_S = 60.0  # after which points beyond a quota are tried again


class Fresh(Protocol):
    """What is waiting to be registered: a ``Book``, or ``Finds``."""

    fresh: list[Any]  # each with number, address, name, kind and unit


class Finds:
    """The points that one device's driver met."""

    def __init__(self) -> None:
        self.fresh: list[Any] = []


class Announcer:
    """Registers each point once. A name that is taken is tried again with the device's in front."""

    def __init__(self, register: RegisterPoints, counts: Counts) -> None:
        self._register, self._counts = register, counts
        self._books: dict[Fresh, tuple[str, str]] = {}
        self._full: list[tuple[str, str, list[Any]]] = []  # points for which a company has no room now
        self._tried = 0.0  # when those were last tried
        self._added = asyncio.Event()

    def add(self, tenant: str, device: str, book: Fresh) -> None:
        if book.fresh:
            self._books[book] = (tenant, device)
            self._added.set()

    @property
    def waiting(self) -> int:
        return sum(len(book.fresh) for book in self._books) + sum(len(points) for _, _, points in self._full)

    async def run(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._added.wait(), _ROOM_S if self._full else None)
            self._added.clear()
            if self._full and time.monotonic() - self._tried > _ROOM_S:
                await self._try_full()
            for book, (tenant, device) in list(self._books.items()):
                while book.fresh:
                    points = book.fresh[:_AT_ONCE]
                    await self._announce(tenant, device, points)
                    del book.fresh[: len(points)]
                self._books.pop(book, None)

    async def _try_full(self) -> None:
        self._tried = time.monotonic()
        full, self._full = self._full, []
        for tenant, device, points in full:
            await self._announce(tenant, device, points)

    async def _announce(self, tenant: str, device: str, points: list[Any]) -> None:
        try:
            await self._patiently(tenant, device, [_found(point) for point in points])
        except BaigongError as error:
            if error.code == "quota.full":  # their values are stored under their numbers; names come when there is room
                room = min(int(error.fields.get("room") or 0), len(points) - 1)
                self._tried = time.monotonic() if not self._full else self._tried
                self._full.append((tenant, device, points[room:]))
                if room:
                    await self._announce(tenant, device, points[:room])
                return
            log.warning("points of %s/%s are registered one by one: %s", tenant, device, error)
            for point in points:
                await self._one(tenant, device, point)

    async def _one(self, tenant: str, device: str, point: Any) -> None:
        for name in (point.name, f"{device}.{point.name}"[:200]):
            try:
                await self._patiently(tenant, device, [_found(point, name)])
                return
            except BaigongError as error:
                if error.code != "point.collision":
                    break
        self._counts.dropped["point not registered"] += 1

    async def _patiently(self, tenant: str, device: str, found: list[FoundPoint]) -> None:
        pause_s = _RETRY_S[0]
        while True:
            try:
                await self._register(tenant, device, found)
            except RetryLater:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _RETRY_S[1])
            else:
                self._counts.points += len(found)
                return


def _found(point: Any, name: str = "") -> FoundPoint:
    return FoundPoint(
        number=point.number,
        address=point.address,
        name=name or point.name,
        kind=point.kind,
        unit=point.unit,
        title=getattr(point, "title", ""),  # of a payload's point nobody said one
    )
