"""Episodes: intervals on assets, written and corrected by id, readable as an Arrow table for SQL."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import sqlalchemy as sa

from baigong.registry.events import Events
from baigong.stores.lake.toldsql import episodes_table, without
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
        self._versions: dict[str, int] = {}
        self._changed: dict[str, deque[tuple[int, str]]] = {}  # tenant -> (version, id), the newest last
        self.asset: Callable[[str, str], str] = lambda tenant, asset: asset  # what one is called today
        self._tables: dict[str, tuple[int, pa.Table]] = {}

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
        self._note(tenant, [episode.id for episode in episodes])

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
        self._note(tenant, [episode])

    def _note(self, tenant: str, ids: Iterable[str]) -> None:
        changed = self._changed.setdefault(tenant, deque(maxlen=_REMEMBERED))
        for version, id in enumerate(ids, self.version(tenant) + 1):
            changed.append((version, id))
            self._versions[tenant] = version

    async def list(self, tenant: str, **which: Any) -> list[Episode]:
        """Return episodes; see ``stores.records.happenings.list_episodes`` for what selects them."""
        return await self._records.read(lambda c: list_episodes(c, tenant, **which), tenant=tenant)

    def table_now(self, tenant: str) -> pa.Table:
        """Return all of them as an Arrow table for SQL, by start: read once, about 17 µs each, then those that changed.

        Blocking: call it from a thread.
        """
        version, held = self.version(tenant), self._tables.get(tenant)
        if held is None or held[0] != version:
            changed = self.changed(tenant, held[0]) if held is not None else None
            if held is None or changed is None:
                rows = self._records.read_now(lambda c: list_episodes(c, tenant, limit=_MOST), tenant=tenant)
                made = episodes_table(rows)
            else:
                rows = self._records.read_now(lambda c: find_episodes(c, tenant, sorted(changed)), tenant=tenant)
                made = pa.concat_tables([without(held[1], "id", changed), episodes_table(rows)]).sort_by("start_time")
            held = self._tables[tenant] = (version, made)
        return held[1]

    def version(self, tenant: str) -> int:
        """Return a number that grows with every change of an episode."""
        return self._versions.get(tenant, 0)

    def changed(self, tenant: str, since: int) -> set[str] | None:
        """Return the ids of episodes that changed since a version; None: nobody remembers. Callable from threads."""
        kept = list(self._changed.get(tenant, ()))
        if since < self.version(tenant) and (not kept or kept[0][0] > since + 1):
            return None
        return {id for version, id in kept if version > since}

    def forget(self, tenant: str) -> None:
        """Follow the records after a company is gone."""
        self._changed.pop(tenant, None)
        self._versions[tenant] = self.version(tenant) + 1
        self._tables.pop(tenant, None)
