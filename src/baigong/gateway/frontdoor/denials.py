"""What a device wanted to say or hear and may not: counted, and told seldom enough for a log that lasts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from baigong.vocab.errors import Reauthenticate

_TOLD_S = 600.0  # the first at once, then one with the number since
_SHOWN_S = 3600.0  # so long the last one stands as the device's error


@dataclass(slots=True)
class Denials:
    """Of one device. ``count``: since the start."""

    count: int = 0
    action: str = ""
    topic: str = ""
    _untold: int = 0
    _told_s: float = float("-inf")
    _last_s: float = float("-inf")

    def note(self, action: str, topic: str) -> int:
        """Count one; return how many are to be told now, with this one, or 0."""
        self.action, self.topic = action, topic[:200]
        self.count += 1
        self._untold += 1
        self._last_s = now = time.monotonic()
        if now - self._told_s < _TOLD_S:
            return 0
        self._told_s, told, self._untold = now, self._untold, 0
        return told

    def error(self) -> Reauthenticate:
        return Reauthenticate("mqtt.topic_denied", f"may not {self.action} to {self.topic!r}", place=self.topic)

    def problem(self) -> dict[str, Any] | None:
        """Return the last one as a problem, while it is news."""
        return self.error().problem() if time.monotonic() - self._last_s < _SHOWN_S else None
