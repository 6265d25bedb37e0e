"""The emergency switches as this gateway knows them, in a file of its own: a restart does not release any."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from itertools import count
from pathlib import Path

from msgspec import Struct

from baigong.gateway import memory


class Stop(Struct, frozen=True, kw_only=True):
    """Nothing of ``asset`` and below is written; empty: nothing of the tenant."""

    tenant: str
    asset: str = ""


Ask = Callable[[], Awaitable[list[Stop]]]
"""Asks the registry for all that are on; raises a BaigongError when it does not answer."""


class Switches:
    """Those that are on. What is told stops at once; only the answer to a question of our own releases.

    So neither a clock nor a number that must outlive the registry or this gateway says which of two lists is newer:
    an answer is newer than the sending of its question, and questions are numbered where they are sent.
    """

    def __init__(self, file: Path, ask: Ask) -> None:
        self._file, self._ask = file, ask
        self._on = frozenset(memory.load(file, list[Stop], []))
        self._numbers = count(1)
        self._answered = 0

    async def look(self) -> None:
        """Ask, and take the answer unless a later question was answered before. Raises what the asking raises."""
        number = next(self._numbers)
        stops = await self._ask()
        if number > self._answered:
            self._answered = number
            self._take(stops)

    def add(self, stops: Iterable[Stop]) -> None:
        """Stop these too; in force at once, on disk when this returns."""
        self._take(self._on.union(stops))

    def _take(self, stops: Iterable[Stop]) -> None:
        if (on := frozenset(stops)) != self._on:
            self._on = on
            memory.save(self._file, sorted(on, key=lambda stop: (stop.tenant, stop.asset)))

    def covers(self, tenant: str, asset: str) -> bool:
        return any(
            stop.tenant == tenant and (not stop.asset or asset == stop.asset or asset.startswith(f"{stop.asset}."))
            for stop in self._on
        )
