"""Episodes: intervals on assets, written and corrected by id, readable as an Arrow table for SQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import sqlalchemy as sa

from baigong.registry.events import Events
from baigong.registry.followed import FollowedTables, RowChanges
from baigong.stores.lake.toldsql import episodes_table
from baigong.stores.records import access
from baigong.stores.records.engine import Records
from baigong.stores.records.happenings import drop_episode, find_episode, find_episodes, list_episodes, put_episodes
from baigong.stores.records.lots import drop_genealogy, put_genealogy
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Episode, Event

_MOST = 1_000_000  # in one SQL table
_REMEMBERED = 10_000  # changes of episodes, of one tenant


class Episodes:
    def __init__(self, records: Records, events: Events, clock_us: Callable[[], int]) -> None:
        self._records = records
        self._events = events
        self._clock_us = clock_us
        self.changes = RowChanges(_REMEMBERED)  # of each tenant
        self.asset: Callable[[str, str], str] = lambda tenant, asset: asset  # what one is called today
        self._tables = FollowedTables(self.changes, "id")

    async def put(
        self,
        tenant: str,
        episodes: Sequence[Episode],
        by: str,
        *,
        also: Callable[[sa.Connection], None] = lambda connection: None,
        told: Sequence[Event] = (),
    ) -> None:
        """Write or correct episodes; an end before the start is refused, and then nothing is written.

        ``also``: written with them or not at all; ``told``: more events of it.
        """
        episodes = [msgspec.structs.replace(one, asset=self.asset(tenant, one.asset)) for one in episodes]
        for episode in episodes:
            if episode.end_us is not None and episode.end_us < episode.start_us:
                raise FixConfiguration(
                    "config.invalid", f"episode {episode.id!r} ends before it starts", place="end_us"
                )
        now = self._clock_us()
        changes = [
            Event(
                kind="episode.changed",
                time_us=now,
                tenant=tenant,
                subject=f"asset:{e.asset}",
                detail={"id": e.id, "kind": e.kind, "by": by},
            )
            for e in episodes
            if not e.simulated  # thirty days of a demo plant are not thousands of news
        ]

        def work(connection: sa.Connection) -> None:
            access.ensure_tenant(connection, tenant, now)
            put_episodes(connection, tenant, episodes, now)
            put_genealogy(connection, tenant, episodes)
            also(connection)

        await self._events.tell([*changes, *told], with_work=work)
        self.changes.note(tenant, [episode.id for episode in episodes])

    async def drop(self, tenant: str, episode: str, by: str) -> None:
        """Take one away; the event keeps what it was. Raises http.not_found."""
        now = self._clock_us()
        held = await self._records.read(lambda c: find_episode(c, tenant, episode), tenant=tenant)
        if held is None:
            raise FixConfiguration("http.not_found", f"there is no episode {episode!r}", place="id")
        event = Event(
            kind="episode.removed",
            time_us=now,
            tenant=tenant,
            subject=f"asset:{held.asset}",
            detail={"by": by, **msgspec.to_builtins(held)},
        )

        def work(connection: sa.Connection) -> None:
            drop_episode(connection, tenant, episode)
            drop_genealogy(connection, tenant, [episode])

        await self._events.tell([event], with_work=work)
        self.changes.note(tenant, [episode])

    async def list(self, tenant: str, **which: Any) -> list[Episode]:
        """Return episodes; see ``stores.records.happenings.list_episodes`` for what selects them."""
        return await self._records.read(lambda c: list_episodes(c, tenant, **which), tenant=tenant)

    def table_now(self, tenant: str) -> pa.Table:
        """Return all of them as an Arrow table for SQL, by start: read once, about 17 µs each, then those that changed.

        Blocking: call it from a thread.
        """

        def read(ids: Collection[str] | None) -> pa.Table:
            def work(connection: sa.Connection) -> list[Episode]:
                if ids is None:
                    return list_episodes(connection, tenant, limit=_MOST)
                return find_episodes(connection, tenant, sorted(ids))

            return episodes_table(self._records.read_now(work, tenant=tenant))

        return self._tables.of(tenant, tenant, read, order="start_time")

    def forget(self, tenant: str) -> None:
        """Follow the records after a company is gone."""
        self.changes.note_all(tenant)
        self._tables.forget(tenant)
