"""Who a client is: by its certificate, or by user name and password. And who was turned away, and why.

The client is told the same whatever was wrong; the operator reads the reason in counters, log and events.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from baigong.drivers.mqtt import packets as p
from baigong.gateway.frontdoor.counts import Counts
from baigong.gateway.frontdoor.options import Credentials, Machine, Machines, Notice, Options
from baigong.gateway.frontdoor.refusals import refusal_told
from baigong.vocab.errors import BaigongError, RetryLater
from baigong.vocab.happenings import Event

log = logging.getLogger(__name__)
_TOLD_S = 60.0  # one line of the log and one event for the same client and reason
_MOST_TOLD = 5_000


@dataclass(slots=True, frozen=True, kw_only=True)
class Answer:
    """``who``: None for a stranger. ``key``: what it signed in with; ``why``: in words, if not."""

    who: Machine | None = None
    code: int = p.BAD_CREDENTIALS
    key: tuple[str, str] = ("", "")
    until_us: int = 0
    why: str = ""
    about: tuple[str, str] | None = None  # the machine whose certificate was shown, also when it opens nothing


class Entrance:
    """Asks whoever knows, and answers a refusal late: a wrong guess costs time."""

    def __init__(
        self,
        options: Options,
        counts: Counts,
        credentials: Credentials,
        machines: Machines | None,
        notice: Notice | None,
    ) -> None:
        self._options, self._counts = options, counts
        self._credentials, self._machines, self._notice = credentials, machines, notice
        self._told: dict[tuple[str, str], float] = {}
        self.refusals: deque[dict[str, Any]] = deque(maxlen=50)

    async def identify(self, packet: p.Connect, certificate: bytes | None) -> Answer:
        if packet.level != 4:
            return Answer(code=p.BAD_LEVEL)
        if not packet.client_id and not packet.clean:  # [MQTT-3.1.3-8]
            return Answer(code=p.BAD_CLIENT_ID)
        try:
            if certificate is not None and self._machines is not None:
                found = await self._by_certificate(self._machines, packet, certificate)
            elif packet.username is None:
                anybody = self._options.anonymous_clients_are_let_in_as
                return Answer(who=Machine(*anybody) if anybody else None, code=p.NOT_AUTHORIZED)
            else:
                found = await self._by_password(packet)
        except RetryLater:
            return Answer(code=p.UNAVAILABLE)
        if found.who is None:
            await asyncio.sleep(self._options.refusal_delay_s)
        return found

    async def _by_password(self, packet: p.Connect) -> Answer:
        name = packet.username or ""
        try:
            who = await self._credentials(name, packet.password or b"", packet.client_id)
        except RetryLater:
            raise
        except BaigongError:
            who = None
        return Answer(who=who, key=("user", name))

    async def _by_certificate(self, machines: Machines, packet: p.Connect, certificate: bytes) -> Answer:
        """The certificate says who it is. A user name may repeat that, with a password or without; not contradict."""
        shown = await machines(certificate)
        about = (shown.tenant, shown.device) if shown.device else None
        if shown.why:
            return Answer(code=p.NOT_AUTHORIZED, why=f"certificate {shown.why}", about=about)
        if packet.password is not None:
            other = (await self._by_password(packet)).who
            agrees = other is not None and (other.tenant, other.device) == about
        else:
            agrees = packet.username in (None, shown.device)
        if not agrees:
            return Answer(code=p.NOT_AUTHORIZED, why="certificate of another than the user name", about=about)
        who = Machine(shown.tenant, shown.device, shown.publish, shown.subscribe) if about else None
        return Answer(who=who, key=("certificate", shown.sha256), until_us=shown.until_us, about=about)

    def turn_away(self, peer: str, why: str, packet: p.Connect | None, about: tuple[str, str] | None = None) -> None:
        """Count it, and tell those who may know."""
        self._counts.refused[why] += 1
        told = refusal_told(packet, peer, why, about)
        self.refusals.append(told)
        now, key = time.monotonic(), (peer, why)
        if now - self._told.get(key, -_TOLD_S) < _TOLD_S:
            return
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
        self._told[key] = now
        whom = f"{about[0]}/{about[1]}" if about else told["username"] or told["client"] or "a client"
        log.warning("MQTT: %r from %s was not let in: %s", whom, peer, why)
        if about is not None and self._notice is not None:
            detail = {"reason": why, "from": peer, "client": told["client"]}
            subject = f"device:{about[1]}"
            self._notice(
                Event(kind="client.refused", time_us=told["time_us"], tenant=about[0], subject=subject, detail=detail)
            )
