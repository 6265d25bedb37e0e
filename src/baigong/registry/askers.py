"""Who asked for a write that waits: whether they still may, when the second person agrees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from baigong.registry.people import People
from baigong.registry.principal import Principal
from baigong.registry.rights import Rights, point_ref
from baigong.stores.records.commands import CommandRow
from baigong.vocab.errors import Reauthenticate


class Askers:
    """Remembers them in memory: after a restart, people are known by their names, and programs ask again."""

    def __init__(self, people: People, rights: Rights, clock_us: Callable[[], int]) -> None:
        self._people, self._rights, self._clock_us = people, rights, clock_us
        self._asked: dict[str, Principal] = {}

    def remember(self, command: str, who: Principal) -> None:
        self._asked[command] = who

    def forget(self, command: str) -> None:
        self._asked.pop(command, None)

    async def is_person(self, name: str) -> bool:
        return await self._people.find(name) is not None

    async def require(self, row: CommandRow) -> None:
        """Raise auth.denied unless who asked for this may ask for it now, too."""
        asked = self._asked.get(row.id, Principal(tenant=row.tenant, user=row.asked_by, role="", by="cookie"))
        present = await (self._token(asked) if asked.token else self._person(asked))
        point = point_ref(row.tenant, row.point)
        if present is None or not self._rights.decide(present, "command", point).allowed:
            raise Reauthenticate(
                "auth.denied", f"{row.asked_by}, who asked for this, may not any more", place=row.asked_by
            )

    async def _person(self, asked: Principal) -> Principal | None:
        row = await self._people.find(asked.user)
        if row is None or row.tenant != asked.tenant or row.name in self._people.locked:
            return None
        return replace(asked, role=row.role)

    async def _token(self, asked: Principal) -> Principal | None:
        held = self._people.held_token(asked.token)
        return held if held is not None and held.tenant == asked.tenant else None
