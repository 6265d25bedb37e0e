"""A company that leaves: its sessions, retained messages and writes are deleted, here and on this gateway's disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from baigong.bus.contract import Bus
from baigong.gateway.companyfiles import CompanyFiles
from baigong.gateway.frontdoor import FrontDoor
from baigong.gateway.guests import Guests
from baigong.gateway.roster import Roster
from baigong.gateway.verbs import answering
from baigong.gateway.writes import Writes
from baigong.vocab.errors import RetryLater


class AskForget(Struct, frozen=True, kw_only=True):
    tenant: str


class Leaving:
    """What is still on its way to the stream is dropped there: the historian knows who has left."""

    def __init__(
        self,
        roster: Roster,
        guests: Guests,
        writes: Writes,
        files: CompanyFiles,
        door: Callable[[], FrontDoor | None],
        forget_heard: Callable[[str], Awaitable[None]],
    ) -> None:
        self._forget_heard = forget_heard
        self._roster, self._guests, self._writes, self._files, self._door = roster, guests, writes, files, door

    async def forget(self, tenant: str) -> None:
        """Raise tenant.receiving while devices of it are still known here."""
        if not self._roster.answered.is_set() or any(key[0] == tenant for key in self._roster.held):
            self._roster.reload(None)
            raise RetryLater("tenant.receiving", f"this gateway still reads devices of {tenant}", place=tenant)
        door = self._door()
        if door is not None:
            await door.room(tenant).dissolve()
            door.rooms.pop(tenant, None)
        self._guests.forget(tenant)
        await asyncio.to_thread(self._writes.forget, tenant)
        await asyncio.to_thread(self._files.forget, tenant)
        await self._forget_heard(tenant)
        await self._roster.write(anyway=True)


async def serve_leaving(bus: Bus, gateway: str, leaving: Leaving) -> None:
    """Answer ``gateway.<id>.forget`` until the bus closes."""

    async def forget(asked: AskForget) -> Any:
        await leaving.forget(asked.tenant)
        return {"ok": True}

    await bus.serve(f"gateway.{gateway}.forget", answering(AskForget, forget))
