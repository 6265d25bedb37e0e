"""Tells a company when it nears a quota, reaches it, and when it is well again: events, once each time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

import msgspec

from baigong.bus.contract import Bus, Message
from baigong.bus.subjects import asker
from baigong.registry.events import Events
from baigong.registry.gateways import Gateways
from baigong.registry.quotaline import FULL, NEAR, Line
from baigong.registry.quotas import QuotaBook
from baigong.vocab.happenings import Event

_EASED = 0.05  # so much below a threshold, and the one before holds again: no flapping
_FRESH_S = 1.0
_AT_ONCE = 50  # companies looked at before others have their turn
_WORDS = ("", "near", "full")
_KINDS = ("quota.eased", "quota.near", "quota.exceeded")


class QuotaWatch:
    """``look`` now and then; what was told is remembered until the program ends."""

    def __init__(self, quotas: QuotaBook, events: Events, clock_us: Callable[[], int]) -> None:
        self._quotas = quotas
        self._events = events
        self._clock_us = clock_us
        self._stands: dict[str, dict[tuple[str, str], int]] = {}

    async def look(self, tenants: Iterable[str]) -> int:
        """Compare with what was told before; returns how many events there were."""
        now, told = self._clock_us(), []
        for turn, tenant in enumerate(tenants):
            if turn % _AT_ONCE == 0:
                await asyncio.sleep(0)  # ten thousand companies: others want to be answered meanwhile
            stood, found = self._stands.get(tenant, {}), dict[tuple[str, str], int]()
            for line in self._quotas.lines(tenant):
                key = (line.what, line.place if line.level == "site" else "")
                before = stood.get(key, 0)
                found[key] = standing(line, before, refused=self._quotas.was_refused(tenant, line.what))
                if found[key] != before:
                    told.append(_event(tenant, line, found[key], now))
            self._stands[tenant] = found
            self._mark(tenant, found)
        if told:
            await self._events.tell(told)
        return len(told)

    def _mark(self, tenant: str, found: dict[tuple[str, str], int]) -> None:
        words = [
            f"{what}{'=' + place if place else ''};{_WORDS[stage]}" for (what, place), stage in found.items() if stage
        ]
        if words:
            self._quotas.marks[tenant] = ", ".join(words)
        else:
            self._quotas.marks.pop(tenant, None)


async def serve_quotas(bus: Bus, quotas: QuotaBook, gateways: Gateways) -> None:
    """Answer ``registry.quotas.<gateway>``: at what pace the machines of bounded companies may send."""
    held: tuple[int, float, dict[str, float], dict[str, list[str]]] = (-1, 0.0, {}, {})

    def lately() -> tuple[dict[str, float], dict[str, list[str]]]:
        """Return what bounds whom, at most a moment old: every gateway asks, and it is about every company."""
        nonlocal held
        now = time.monotonic()
        if held[0] != quotas.version or now - held[1] >= _FRESH_S:
            held = (quotas.version, now, *quotas.pools())
        return held[2:]

    async def told(message: Message) -> bytes:
        rates, members = lately()
        only = gateways.only(asker(message.subject))
        if only is not None:
            members = {tenant: pools for tenant, pools in members.items() if tenant in only}
            rates = {pool: rates[pool] for pools in members.values() for pool in pools}
        return msgspec.json.encode({"rates": rates, "members": members})

    await bus.serve("registry.quotas.*", told)


def standing(line: Line, before: int = 0, *, refused: bool = False) -> int:
    """Return 0 (well), 1 (near) or 2 (reached); coming back takes a little more than going.

    >>> full = Line(what="points", limit=100, used=81, part=0.81, level="company")
    >>> standing(full), standing(full, refused=True)
    (1, 2)
    """
    if line.part >= FULL or refused:
        return 2
    slack = [_EASED if before > stage else 0.0 for stage in (0, 1)]
    if line.part >= FULL - slack[1] and before == 2:
        return 2
    return 1 if line.part >= NEAR - slack[0] else 0


def _event(tenant: str, line: Line, stands: int, now_us: int) -> Event:
    return Event(
        kind=_KINDS[stands],
        time_us=now_us,
        tenant=tenant,
        subject=f"quota:{line.what}",
        detail={
            "what": line.what,
            "limit": line.limit,
            "used": round(line.used, 1),
            "percent": round(100 * line.part),
            "level": line.level,
            "place": line.place,
        },
    )
