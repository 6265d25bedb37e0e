"""A driver's two connections to one broker: a throw-away one to look over, and the lasting one of ``watch``."""

from __future__ import annotations

import uuid

from baigong.drivers.mqtt.link import Link, Receive
from baigong.drivers.mqtt.settings import Settings

MOST_FOUND = 20_000  # points one connection makes by itself


class Links:
    """``lasting``: that of ``watch``, once there is one. ``receive``: who is told what comes over the other."""

    def __init__(self, settings: Settings, receive: Receive) -> None:
        self._settings, self._receive = settings, receive
        self._short: Link | None = None
        self.lasting: Link | None = None

    async def look(self) -> Link:
        """Return the connection to look over, opened if need be: its client id takes nobody's connection over."""
        if self._short is None or not self._short.is_up:
            self._short = Link(self._settings, f"baigong-{uuid.uuid4().hex[:12]}", self._receive, persistent=False)
            await self._short.open()
        return self._short

    async def last(self, link: Link) -> None:
        """Open the lasting connection, and close the other."""
        self.lasting = link
        await link.open()
        if self._short is not None:
            await self._short.close()
            self._short = None

    @property
    def up(self) -> Link | None:
        """The connection over which something can be said now."""
        return next((link for link in (self.lasting, self._short) if link is not None and link.is_up), None)

    def health(self) -> tuple[bool, str]:
        """Say whether the broker is there, by the lasting connection if there is one, and in words."""
        link = self.lasting or self._short
        if link is None or not link.is_up:
            return False, "not connected"
        return True, f"connected to {link.where} with MQTT {link.version}"

    async def close(self) -> None:
        for link in (self.lasting, self._short):
            if link is not None:
                await link.close()
        self.lasting = self._short = None
