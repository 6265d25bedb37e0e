"""How fast connections are opened: a thousand devices that come back in one moment come in one by one."""

from __future__ import annotations

from baigong.gateway.clock import Clock

_A_SECOND = 100.0  # a connection's beginning costs some milliseconds of a core, those with certificates ten times that


class Turnstile:
    """One for a gateway: lets through at most ``a_second``, in the order of asking, and nobody waits when few ask."""

    def __init__(self, clock: Clock, a_second: float = _A_SECOND) -> None:
        self._clock = clock
        self._apart_s = 1 / a_second
        self._next = clock.monotonic()
        self.waiting = 0

    async def enter(self) -> None:
        """Wait for one's turn."""
        now = self._clock.monotonic()
        turn = max(self._next, now)
        self._next = turn + self._apart_s
        if turn <= now:
            return
        self.waiting += 1
        try:
            await self._clock.sleep(turn - now)
        finally:
            self.waiting -= 1
