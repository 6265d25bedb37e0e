"""Keeps what belongs to a tenant in memory while it is asked for; the rest is read when somebody asks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Resident(Generic[T]):
    """Tenants' rows, at most so many at once: who was asked for longest ago goes first. Callable from threads.

    ``load`` reads a tenant's rows (one small question to the records, some milliseconds); ``size`` counts them.
    ``lock`` is held while reading, so that whoever follows a change sees either all of it read or nothing yet.
    """

    def __init__(self, load: Callable[[str], T], size: Callable[[T], int], most: int) -> None:
        self._load = load
        self._size = size
        self._most = most
        self._held: OrderedDict[str, T] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._total = 0
        self.lock = threading.RLock()

    def get(self, tenant: str) -> T:
        held = self._held.get(tenant)
        if held is not None:
            return held
        with self.lock:
            held = self._held.get(tenant)
            if held is None:
                held = self._held[tenant] = self._load(tenant)
                self.grown(tenant)
            return held

    def peek(self, tenant: str) -> T | None:
        """Return what is in memory; what is not will be read with every change in it."""
        return self._held.get(tenant)

    def grown(self, tenant: str) -> None:
        """Count a tenant's rows anew, and let go of others where it is too many."""
        with self.lock:
            self._held.move_to_end(tenant)
            now = self._size(self._held[tenant])
            self._total += now - self._sizes.get(tenant, 0)
            self._sizes[tenant] = now
            while self._total > self._most and len(self._held) > 1:
                oldest, _ = self._held.popitem(last=False)
                self._total -= self._sizes.pop(oldest)

    def drop(self, tenant: str) -> None:
        """Let go of a tenant's rows."""
        with self.lock:
            if self._held.pop(tenant, None) is not None:
                self._total -= self._sizes.pop(tenant, 0)

    def values(self) -> Iterator[T]:
        return iter(list(self._held.values()))
