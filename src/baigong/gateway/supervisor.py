"""Keeps every device's connection going, whatever its driver does. The only place that catches everything."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from baigong.gateway.bounded import opened, typed
from baigong.gateway.clock import Clock
from baigong.gateway.session import Session
from baigong.gateway.station import Station
from baigong.vocab import quality as q
from baigong.vocab.errors import BaigongError, FixConfiguration

State = Literal["connected", "connecting", "down", "disabled"]
_log = logging.getLogger("baigong.gateway")
_FIRST_S = 0.5  # back-off after the first failure
_LONGEST_S = 6.0  # what is back is found within ten seconds; the turnstile keeps many from coming at once
_WRONG_S = 5.0  # what is configured wrongly is tried again more slowly, until somebody trusts, corrects, allows
_WRONG_LONGEST_S = 30.0
_LASTED_S = 30.0  # a connection without values that lived so long counts as one that worked
_CRASHED_US = 3_000_000  # silence before this start that is longer than any restart of ours


class Supervisor:
    """One device's state machine: connecting → connected → down → (back-off) → connecting."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.state: State = "connecting" if station.spec.enabled else "disabled"
        self.since_us = station.around.clock.now_us()
        self.error: BaigongError | None = None
        self.session: Session | None = None
        self.backoff_s = 0.0
        self.attempts = 0
        self._failures = 0
        self._causes: set[str] = set()  # of the present loss: it is marked once, and each cause told once
        self._clock = station.around.clock

    async def run(self) -> None:
        """Serve until cancelled."""
        if not self.station.spec.enabled:
            return
        await self._mark_crash()
        while True:
            await self.station.around.turnstile.enter()
            self._enter("connecting")
            began = self._clock.monotonic()
            error, worked = await self._live()
            worked = worked or self._clock.monotonic() - began > _LASTED_S
            self.error = error
            self._enter("down")
            await self._lose(error)
            self._failures = 1 if worked else self._failures + 1
            self.backoff_s = self._backoff(error)
            await self._clock.sleep(self.backoff_s)

    async def farewell(self) -> None:
        """Say at the end of every point that nobody reads it any more."""
        if self.state != "disabled" and not self._causes and self.station.heard.heard_us:
            await self.station.lose(q.BAD_NOT_CONNECTED)

    def status(self, gateway: str) -> dict[str, Any]:
        """The row of the device list; ``session`` and ``scan`` are for the device's own page."""
        station, session = self.station, self.session
        good, bad = station.table.counts()
        skew = station.skew
        return {
            "tenant": station.tenant,
            "device": station.spec.device,
            "driver": station.spec.driver,
            "title": station.spec.title,
            "enabled": station.spec.enabled,
            "gateway": gateway,
            "state": self.state,
            "since_us": self.since_us,
            "error": self.error.problem() if self.error and self.state != "connected" else None,
            "points": len(station.table),
            "good": good,
            "bad": bad,
            "values": station.values_in,
            "heard_us": station.heard.heard_us or None,
            "skew_s": skew.seconds if skew else None,
            "backoff_s": round(self.backoff_s, 3) if self.state == "down" else 0.0,
            "attempts": self.attempts,
            "counters": dict(station.counters) | (session.driver_health.counters if session else {}),
            "session": _session_status(session, station.spec.session_budget),
            "scan": [scan.status() for scan in session.classes] if session and not session.watching else [],
        }

    async def _live(self) -> tuple[BaigongError, bool]:
        """Connect and stay connected as long as it goes; returns why it ended, and whether it had worked."""
        station, session = self.station, None
        self.attempts += 1
        try:
            driver, station.way = await station.around.ways.driver(
                station.tenant, station.manifest, station.spec.options, self._client_id()
            )
            # a handshake takes several answers, each of which may take the device's time
            async with opened(driver, station.spec.timeout_s * 3, station.around.abandoned):
                session = self.session = Session(station, driver, self._connected)
                await session.run()
        except Exception as error:  # noqa: BLE001 - the one supervisor: nothing a driver raises may end the loop
            return typed(error, station.spec.driver), bool(session and session.good)
        finally:
            self.session = None
        return FixConfiguration("driver.unsupported", "the driver has nothing to do"), False

    def _client_id(self) -> dict[str, Any]:
        """Two devices of one name at one broker would push each other out."""
        station = self.station
        if not any(o.name == "client_id" for o in station.manifest.options) or station.spec.options.get("client_id"):
            return {}
        return {"client_id": f"baigong-{station.around.gateway}-{station.tenant}-{station.spec.device}"}

    def _connected(self) -> None:
        self._enter("connected")
        self.error = None
        self.station.tell("link.connected", after_attempts=self.attempts)
        self.attempts = 0
        self._causes.clear()

    async def _lose(self, error: BaigongError) -> None:
        self.station.note(error)
        if error.code in self._causes:
            return
        again = bool(self._causes)
        self._causes.add(error.code)
        self.station.tell("link.failed" if again else "link.lost", error=error.problem())
        if not again:
            await self.station.lose(q.BAD_NO_COMMUNICATION)

    async def _mark_crash(self) -> None:
        """The gateway itself was gone: mark what it could not mark then."""
        heard, now_us = self.station.heard, self._clock.now_us()
        ended_us = heard.heard_us + _CRASHED_US
        if heard.heard_us and not heard.marked and ended_us < now_us - _CRASHED_US:
            await self.station.mark(q.BAD_NO_COMMUNICATION, at_us=ended_us)
            heard.marked = True

    def _backoff(self, error: BaigongError) -> float:
        """Double, up to the longest wait; the jitter keeps a thousand devices from coming back in the same moment."""
        wrong = isinstance(error, FixConfiguration)
        first, longest = (_WRONG_S, _WRONG_LONGEST_S) if wrong else (_FIRST_S, _LONGEST_S)
        wait = min(first * 2.0 ** min(self._failures - 1, 16), longest)
        return wait * self.station.around.rng.uniform(0.5, 1.0)

    def _enter(self, state: State) -> None:
        # trying again and failing again is one long "down": its beginning is what people ask for
        if state != self.state and (self.state, state) != ("down", "connecting"):
            self.state, self.since_us = state, self._clock.now_us()


async def forever(name: str, work: Callable[[], Awaitable[None]], clock: Clock, pause_s: float = 1.0) -> None:
    """Run one of the gateway's own loops again whenever it fails; returns when it returns."""
    while True:
        try:
            await work()
            return
        except Exception:  # noqa: BLE001 - one loop's bug must not take the gateway down
            _log.exception("%s failed; it starts again in %g s", name, pause_s)
            await clock.sleep(pause_s)


async def cancelled(tasks: list[asyncio.Task[None]], timeout_s: float = 8.0) -> None:
    """Cancel tasks and wait for their ends, whatever these are."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=timeout_s)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()  # noticed


def _session_status(session: Session | None, budget: int) -> dict[str, Any]:
    if session is None:
        return {"budget": budget, "used": 0, "mode": None, "detail": ""}
    mode = "watch" if session.watching else "poll"
    return {"budget": budget, "used": 1, "mode": mode, "detail": session.driver_health.detail}
