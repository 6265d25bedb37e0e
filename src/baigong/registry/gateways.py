"""Which companies a gateway serves: what its pass on the bus says. The bus vouches for the name it asks under."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from baigong.bus.passes import passes_in
from baigong.vocab.errors import BaigongError, Reauthenticate

PASSES = Path("nats", "passes")  # in the data folder
_LOOK_S = 1.0


class Gateways:
    """A gateway without a pass here, or whose pass names no company, serves all."""

    def __init__(self, data: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._folder = data / PASSES
        self._monotonic = monotonic
        self._looked, self._stamp = -_LOOK_S, -1
        self._only: dict[str, frozenset[str]] = {}
        self._named: frozenset[str] = frozenset()

    def named(self) -> frozenset[str]:
        """Return the gateways that have a pass here."""
        self._look()
        return self._named

    def serves(self, gateway: str, tenant: str) -> bool:
        only = self.only(gateway)
        return only is None or tenant in only

    def only(self, gateway: str) -> frozenset[str] | None:
        """Return the companies of a gateway that has some of its own."""
        self._look()
        return self._only.get(gateway)

    def require(self, gateway: str, tenant: str) -> None:
        """Raise auth.denied for a company that the gateway does not serve."""
        if not self.serves(gateway, tenant):
            raise Reauthenticate("auth.denied", f"gateway {gateway} does not serve {tenant}", place=gateway)

    def _look(self) -> None:
        now = self._monotonic()
        if now - self._looked >= _LOOK_S:
            self._looked = now
            self._read()

    def _read(self) -> None:
        try:
            stamp = self._folder.stat().st_mtime_ns
        except OSError:
            return
        if stamp == self._stamp:
            return
        try:
            found = [who for who in passes_in(self._folder) if who.gateway]
        except BaigongError:
            return  # a file that is no pass: what was known stays, and the bus tells of it
        self._stamp = stamp
        self._named = frozenset(who.gateway for who in found)
        self._only = {who.gateway: frozenset(who.companies) for who in found if who.companies}
