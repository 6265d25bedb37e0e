"""Tells the registry about points that were met in payloads; slowly, again and again, and never in anybody's way."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Protocol

from baigong.gateway.frontdoor.counts import Counts
from baigong.gateway.frontdoor.options import FoundPoint, RegisterPoints
from baigong.vocab.errors import BaigongError, RetryLater

log = logging.getLogger(__name__)
_AT_ONCE = 500
_RETRY_S = (0.2, 10.0)


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
        self._added = asyncio.Event()

    def add(self, tenant: str, device: str, book: Fresh) -> None:
        if book.fresh:
            self._books[book] = (tenant, device)
            self._added.set()

    @property
    def waiting(self) -> int:
        return sum(len(book.fresh) for book in self._books)

    async def run(self) -> None:
        while True:
            await self._added.wait()
            self._added.clear()
            for book, (tenant, device) in list(self._books.items()):
                while book.fresh:
                    points = book.fresh[:_AT_ONCE]
                    await self._announce(tenant, device, points)
                    del book.fresh[: len(points)]
                self._books.pop(book, None)

    async def _announce(self, tenant: str, device: str, points: list[Any]) -> None:
        try:
            await self._patiently(tenant, device, [_found(point) for point in points])
        except BaigongError as error:
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
        number=point.number, address=point.address, name=name or point.name, kind=point.kind, unit=point.unit
    )
