"""How long each company keeps its history: a setting that people change, every change an event."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import sqlalchemy as sa

from baigong.registry.events import Events
from baigong.stores.records import ALL, access
from baigong.stores.records.engine import Records
from baigong.vocab.happenings import Event
from baigong.vocab.keep import Keep

_KEEP = "keep/"


class Retention:
    """``of`` may be called from any thread. Without a setting everything is kept."""

    def __init__(self, records: Records, events: Events, clock_us: Callable[[], int]) -> None:
        self._records = records
        self._events = events
        self._clock_us = clock_us
        self._keeps: dict[str, Keep] = {}

    async def load(self) -> None:
        """Read the settings of every company."""
        found = await self._records.read(lambda c: access.settings_of(c, _KEEP), tenant=ALL)
        self._keeps = {n.removeprefix(_KEEP): msgspec.json.decode(text, type=Keep) for n, text in found.items() if text}

    def of(self, tenant: str) -> Keep:
        return self._keeps.get(tenant, Keep())

    async def put(self, tenant: str, keep: Keep, by: str) -> None:
        """Set how long a company keeps; what is older goes when the historian next tidies up."""
        now = self._clock_us()
        event = Event(
            kind="retention.changed",
            time_us=now,
            tenant=tenant,
            subject="retention",
            detail={"by": by, "was": msgspec.to_builtins(self.of(tenant)), "is": msgspec.to_builtins(keep)},
        )

        def work(connection: sa.Connection) -> None:
            access.ensure_tenant(connection, tenant, now)
            access.put_setting(connection, _name(tenant), msgspec.json.encode(keep).decode())

        await self._events.tell([event], with_work=work)
        self._keeps[tenant] = keep

    def forget(self, tenant: str) -> None:
        """Follow the records after a company is gone."""
        self._keeps.pop(tenant, None)


def _name(tenant: str) -> str:
    return _KEEP + tenant
