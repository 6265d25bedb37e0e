"""How fast rows become visible, and how long they waited: a moving picture of the last seconds."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

_SPAN_S = 10.0
_KEPT = 4096


class Pace:
    """``note`` each frame as it becomes visible; the rest is read by the system page."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._seen: deque[tuple[float, int, float]] = deque(maxlen=_KEPT)  # when, rows, milliseconds since stored

    def note(self, rows: int, waited_us: int) -> None:
        self._seen.append((self._monotonic(), rows, max(waited_us, 0) / 1000))

    def rows_per_second(self) -> float:
        now = self._monotonic()
        recent = [(at, rows) for at, rows, _ in list(self._seen) if now - at < _SPAN_S]
        if not recent:
            return 0.0
        # where the deque is full it spans less than the window
        span = now - recent[0][0] if len(self._seen) == _KEPT else _SPAN_S
        return sum(rows for _, rows in recent) / max(span, 0.1)

    def waited_ms_p99(self) -> float | None:
        """Return the 99th percentile from stored to visible, over the last seconds; None when nothing came."""
        now = self._monotonic()
        waits = sorted(ms for at, _, ms in list(self._seen) if now - at < _SPAN_S)
        return round(waits[min(int(len(waits) * 0.99), len(waits) - 1)], 2) if waits else None
