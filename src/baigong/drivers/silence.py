"""Who of several on one line did not answer, and is left alone for a while, so that the others need not wait for it."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import TypeVar

_FIRST_S = 5.0  # how long somebody silent is left alone at first; then twice as long, and so on
_LONGEST_S = 60.0

K = TypeVar("K", bound=Hashable)


class Silences(dict[K, tuple[float, float]]):
    """Who -> (until when it is left alone, in seconds of the monotonic clock; for how many seconds)."""

    def left_alone(self, those: Collection[K], now_s: float) -> set[K]:
        """Who of those is left alone now; if that were all of them, the one that waits longest is tried."""
        lost = {one for one in those if one in self and self[one][0] > now_s}
        return lost - {min(lost, key=lambda one: self[one])} if lost and len(lost) == len(those) else lost

    def note(self, one: K, now_s: float) -> None:
        """Somebody did not answer, perhaps again."""
        _, wait_s = self.get(one, (0.0, _FIRST_S / 2))
        wait_s = min(2 * wait_s, _LONGEST_S)
        self[one] = (now_s + wait_s, wait_s)
