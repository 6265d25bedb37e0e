"""Says of what happens again and again when it is worth saying once more."""

from __future__ import annotations

import time
from collections.abc import Hashable

_MOST = 10_000  # keys remembered; with more all begin anew


class Seldom:
    """Of each key at most once in ``between_s`` seconds."""

    def __init__(self, between_s: float) -> None:
        self._between_s = between_s
        self._told: dict[Hashable, tuple[float, int]] = {}  # when last, and how often since

    def is_due(self, key: Hashable) -> int | None:
        """Return how often it has happened since it was last told; None: not now."""
        now = time.monotonic()
        last, count = self._told.get(key, (-self._between_s, 0))
        if now - last < self._between_s:
            self._told[key] = (last, count + 1)
            return None
        if len(self._told) >= _MOST:
            self._told.clear()
        self._told[key] = (now, 0)
        return count
