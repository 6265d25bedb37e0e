"""Tells gateways at once whose sign-in is good no more: a revision on the bus, and what was revoked since which one.

A message on the bus may be lost; a revision that is told every second cannot be missed for long.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import takewhile

import msgspec
from msgspec import Struct

from baigong.bus.contract import Bus
from baigong.security.tokens import new_token
from baigong.vocab.errors import RetryLater

SUBJECT = "registry.standing"
_BEAT_S = 1.0
_KEPT = 20_000  # revocations; whoever missed more looks at everything

Key = tuple[str, str]  # ("user", user name) or ("certificate", SHA-256 as hex)


class Beat(Struct, frozen=True, kw_only=True):
    """``revision`` counts revocations within one ``run`` of the registry."""

    run: str
    revision: int


class WantRevoked(Struct, frozen=True, kw_only=True):
    run: str = ""
    since: int = 0


class WantStanding(Struct, frozen=True, kw_only=True):
    """``users``: (user name, when its secret was made); ``certificates``: SHA-256."""

    users: list[tuple[str, int]] = []
    certificates: list[str] = []


class Standing:
    """What opens nothing any more, newest last."""

    def __init__(self) -> None:
        self.run = new_token("run")
        self.revision = 0
        self._revoked: deque[tuple[int, str, Key]] = deque(maxlen=_KEPT)
        self._fresh = asyncio.Event()

    def note(self, tenant: str, kind: str, name: str) -> None:
        """Somebody of a company may sign in with this no more, or not with the same secret."""
        self.revision += 1
        self._revoked.append((self.revision, tenant, (kind, name)))
        self._fresh.set()

    def since(self, asked: WantRevoked, serves: Callable[[str], bool]) -> dict[str, object]:
        """Say what was revoked since, of companies that are served; ``all`` when that is not known any more."""
        oldest = self._revoked[0][0] if self._revoked else self.revision + 1
        known = asked.run == self.run and asked.since >= oldest - 1
        newest = takewhile(lambda one: one[0] > asked.since, reversed(self._revoked)) if known else ()
        return {
            "run": self.run,
            "revision": self.revision,
            "all": not known,
            "revoked": [key for _, tenant, key in reversed(list(newest)) if serves(tenant)],
        }

    async def tell(self, bus: Bus) -> None:
        """Tell the revision at every change, and once a second, until cancelled."""
        while True:
            self._fresh.clear()
            with suppress(RetryLater):  # nobody can hear it; the next one tells as much
                await bus.publish(SUBJECT, msgspec.json.encode(Beat(run=self.run, revision=self.revision)))
            with suppress(TimeoutError):
                async with asyncio.timeout(_BEAT_S):
                    await self._fresh.wait()
