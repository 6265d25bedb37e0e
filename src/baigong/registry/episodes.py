"""Episodes: intervals on assets, written and corrected by id, readable as an Arrow table for SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import sqlalchemy as sa

from baigong.registry.events import Events
from baigong.stores.records import access
from baigong.stores.records.engine import Records
from baigong.stores.records.happenings import list_episodes, put_episodes
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.frame import TIME
from baigong.vocab.happenings import Episode, Event

EPISODES = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("asset", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("start", TIME, nullable=False),
        pa.field("end", TIME),
        pa.field("title", pa.string()),
        pa.field("parent", pa.string()),
        pa.field("attributes", pa.string()),
        pa.field("simulated", pa.bool_(), nullable=False),
    ]
)


class Episodes:
    def __init__(self, records: Records, events: Events, clock_us: Callable[[], int]) -> None:
        self._records = records
        self._events = events
        self._clock_us = clock_us

    async def put(self, tenant: str, episodes: Sequence[Episode], by: str) -> None:
        """Write or correct episodes; an end before the start is refused, and then nothing is written."""
        for episode in episodes:
            if episode.end_us is not None and episode.end_us < episode.start_us:
                raise FixConfiguration(
                    "config.invalid", f"episode {episode.id!r} ends before it starts", place="end_us"
                )
        now = self._clock_us()
        told = [
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

        await self._events.tell(told, with_work=work)

    async def list(self, tenant: str, **which: Any) -> list[Episode]:
        """Return episodes; see ``stores.records.happenings.list_episodes`` for what selects them."""
        return await self._records.read(lambda c: list_episodes(c, tenant, **which))

    async def table(self, tenant: str) -> pa.Table:
        """Return the SQL table ``episodes``."""
        return await asyncio.to_thread(self.table_now, tenant)

    def table_now(self, tenant: str) -> pa.Table:
        """The same, blocking: for who is in a thread already."""
        held = self._records.read_now(lambda c: list_episodes(c, tenant, limit=1_000_000))
        return pa.Table.from_pylist([_columns(e) for e in held], schema=EPISODES)


def _columns(episode: Episode) -> dict[str, Any]:
    return {
        "id": episode.id,
        "asset": episode.asset,
        "kind": episode.kind,
        "start": episode.start_us,
        "end": episode.end_us,
        "title": episode.title or None,
        "parent": episode.parent,
        "attributes": msgspec.json.encode(episode.attributes).decode() if episode.attributes else None,
        "simulated": episode.simulated,
    }
