"""The lives of assets: what people told, and what the registry knows by itself, on one line of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.assets import Assets
from baigong.registry.book import PointBook
from baigong.registry.documents import Documents
from baigong.registry.episodes import Episodes
from baigong.registry.events import Events
from baigong.registry.types import Types
from baigong.registry.visible import EXCHANGED
from baigong.security.tokens import new_token
from baigong.stores.records import Records, access
from baigong.stores.records.life import LifeRow, add_life, life_of
from baigong.vocab.assettypes import split_type
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Event
from baigong.vocab.life import LifeNote

_FROM_EPISODES = {EXCHANGED: "meter_exchanged", "maintenance": "maintenance"}
_AHEAD_US = 86_400_000_000  # clocks differ; what is planned is no life yet


class Entry(Struct, frozen=True, kw_only=True):
    """``id``: empty for what the registry knows by itself. ``corrected_by``: the entry that put it right."""

    kind: str
    time_us: int
    id: str = ""
    told_us: int = 0
    by: str = ""
    corrects: str = ""
    corrected_by: str = ""
    detail: dict[str, Any] = {}


class Life:
    """Lives on the event loop."""

    def __init__(
        self,
        records: Records,
        events: Events,
        assets: Assets,
        types: Types,
        documents: Documents,
        episodes: Episodes,
        book: PointBook,
        clock_us: Callable[[], int],
    ) -> None:
        self._records, self._events, self._clock_us = records, events, clock_us
        self._assets, self._types, self._documents = assets, types, documents
        self._episodes, self._book = episodes, book

    async def add(self, tenant: str, asset: str, note: LifeNote, by: str) -> Entry:
        """Tell an event; what was told stays. Raises http.not_found, config.invalid for the future."""
        if asset not in self._assets.tree(tenant):
            raise FixConfiguration("http.not_found", f"there is no asset {asset!r}", place=asset)
        now = self._clock_us()
        time_us = now if note.time_us is None else note.time_us
        if time_us > now + _AHEAD_US:
            raise FixConfiguration(
                "config.invalid", "it lies in the future: this is what has happened", place="time_us"
            )
        if note.corrects:
            held = await self._records.read(lambda c: life_of(c, tenant, asset), tenant=tenant)
            if note.corrects not in {row.id for row in held}:
                raise FixConfiguration("http.not_found", f"{asset} has no entry {note.corrects!r}", place="corrects")
        told = msgspec.to_builtins(note)
        detail = {name: told[name] for name in told if name not in ("kind", "time_us", "corrects")}
        row = LifeRow(tenant, new_token("l")[:14], asset, note.kind, time_us, now, by, note.corrects, detail)
        event = Event(
            kind="asset.life_told", time_us=now, tenant=tenant, subject=f"asset:{asset}",
            detail={"by": by, "what": note.kind},
        )  # fmt: skip

        def work(connection: sa.Connection) -> None:
            access.ensure_tenant(connection, tenant, now)
            add_life(connection, [row])

        await self._events.tell([event], with_work=work)
        return _entry(row, "")

    async def of(self, tenant: str, asset: str) -> list[Entry]:
        """Return the life of an asset, the newest first."""
        rows = await self._records.read(lambda c: life_of(c, tenant, asset), tenant=tenant)
        right = {row.corrects: row.id for row in rows if row.corrects}
        found = [_entry(row, right.get(row.id, "")) for row in rows]
        found += self._of_type(tenant, asset)
        found += self._of_points(tenant, asset)
        for one in await self._documents.list(tenant, [f"asset:{asset}"], retired=None):
            detail = {"title": one.spec.title, "file": one.file, "document": one.id}
            found.append(Entry(kind="document_added", time_us=one.added_us, by=one.added_by, detail=detail))
            if one.retired_us is not None:
                by = one.retired_by or ""
                found.append(Entry(kind="document_retired", time_us=one.retired_us, by=by, detail=detail))
        for episode in await self._episodes.list(tenant, assets=[asset], limit=100_000):
            kind = _FROM_EPISODES.get(episode.kind)
            if kind is not None and episode.asset == asset and "task" not in episode.attributes:  # told by its note
                by = str(episode.attributes.get("by", ""))
                found.append(Entry(kind=kind, time_us=episode.start_us, by=by, detail={"text": episode.title}))
        return sorted(found, key=lambda one: (-one.time_us, -one.told_us))

    def _of_type(self, tenant: str, asset: str) -> Iterator[Entry]:
        """Tell the versions that its type, or what that extends, got since it is of that type."""
        row = self._assets.rows(tenant).get(asset)
        made = self._types.of_asset(tenant, asset)
        if row is None or made is None or split_type(row.spec.type)[1] is not None:
            return
        for name in made.chain:
            for version in self._types.versions(tenant, name):
                if version.changed_us > row.created_us:
                    detail = {"type": name, "version": version.version}
                    yield Entry(kind="type_changed", time_us=version.changed_us, by=version.changed_by, detail=detail)

    def _of_points(self, tenant: str, asset: str) -> Iterator[Entry]:
        born: Counter[tuple[str, int]] = Counter()
        gone: Counter[tuple[str, int]] = Counter()
        for row in self._book.known(tenant).by_number.values():
            if row.spec.asset == asset:
                born[row.first_device, row.created_us] += 1
                if row.retired_us is not None:
                    gone[row.device, row.retired_us] += 1
        for kind, told in (("points_added", born), ("points_retired", gone)):
            for (device, time_us), count in told.items():
                yield Entry(kind=kind, time_us=time_us, detail={"device": device, "points": count})


def _entry(row: LifeRow, corrected_by: str) -> Entry:
    return Entry(
        kind=row.kind, time_us=row.time_us, id=row.id, told_us=row.told_us, by=row.told_by, corrects=row.corrects,
        corrected_by=corrected_by, detail=row.detail,
    )  # fmt: skip
