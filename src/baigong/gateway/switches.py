"""The emergency switches as this gateway knows them, in a file of its own: a restart does not release any."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from baigong.gateway import memory


class Stop(Struct, frozen=True, kw_only=True):
    """Nothing of ``asset`` and below is written; empty: nothing of the tenant."""

    tenant: str
    asset: str = ""


class Switches:
    """Those that are on."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._on = set(memory.load(file, list[Stop], []))
        self._revision = 0

    def set(self, stops: list[Stop], revision: int) -> None:
        """Take the whole list, unless a newer one came before; in force at once, on disk when this returns."""
        if revision < self._revision:
            return
        self._revision = revision
        if set(stops) != self._on:
            self._on = set(stops)
            memory.save(self._file, stops)

    def covers(self, tenant: str, asset: str) -> bool:
        return any(
            stop.tenant == tenant and (not stop.asset or asset == stop.asset or asset.startswith(f"{stop.asset}."))
            for stop in self._on
        )
