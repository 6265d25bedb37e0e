"""Reading and writing events and episodes; every function is work on one connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from baigong.stores.records.plant import batched
from baigong.stores.records.tables import episodes, events
from baigong.stores.records.upsert import insert_or
from baigong.vocab.happenings import Episode, Event

_IDS_AT_ONCE = 400
_NAMED_AT_ONCE = 10_000  # assets in one question: databases bound how many


def add_events(connection: sa.Connection, told: Sequence[Event]) -> None:
    rows = [
        {
            "tenant": e.tenant,
            "time_us": e.time_us,
            "kind": e.kind,
            "subject": e.subject,
            "detail": msgspec.json.encode(e.detail).decode(),
        }
        for e in told
    ]
    if rows:
        connection.execute(events.insert(), rows)


def list_events(
    connection: sa.Connection,
    tenant: str,
    *,
    subjects: Sequence[str] | None = None,
    start_us: int | None = None,
    end_us: int | None = None,
    limit: int = 200,
) -> list[Event]:
    """Return the newest first; ``start_us <= time < end_us``."""
    query = sa.select(events).where(events.c.tenant == tenant)
    if subjects is not None:
        query = query.where(events.c.subject.in_(subjects))
    if start_us is not None:
        query = query.where(events.c.time_us >= start_us)
    if end_us is not None:
        query = query.where(events.c.time_us < end_us)
    query = query.order_by(events.c.time_us.desc(), events.c.id.desc()).limit(limit)
    return [_event(row) for row in connection.execute(query)]


def _event(row: Any) -> Event:
    return Event(
        kind=row.kind,
        time_us=row.time_us,
        tenant=row.tenant,
        subject=row.subject,
        detail=msgspec.json.decode(row.detail),
    )


def forget_events(connection: sa.Connection, before_us: int) -> int:
    """Drop what is older; returns how many."""
    return connection.execute(events.delete().where(events.c.time_us < before_us)).rowcount


def put_episodes(connection: sa.Connection, tenant: str, told: Sequence[Episode], seen_us: int) -> None:
    """Write episodes; one already known by its id is corrected."""
    rows = [
        {
            "tenant": tenant,
            "id": e.id,
            "asset": e.asset,
            "kind": e.kind,
            "start_us": e.start_us,
            "end_us": e.end_us,
            "title": e.title,
            "title_zh": e.title_zh,
            "parent": e.parent,
            "attributes": msgspec.json.encode(e.attributes).decode(),
            "simulated": e.simulated,
            "seen_us": seen_us,
        }
        for e in told
    ]
    if not rows:
        return
    fresh = insert_or(connection, episodes)
    changed = {c.name: fresh.excluded[c.name] for c in episodes.c if not c.primary_key}
    connection.execute(fresh.on_conflict_do_update(index_elements=["tenant", "id"], set_=changed), rows)


def find_episode(connection: sa.Connection, tenant: str, episode: str) -> Episode | None:
    this = sa.and_(episodes.c.tenant == tenant, episodes.c.id == episode)
    row = connection.execute(sa.select(episodes).where(this)).first()
    return None if row is None else _episode(row)


def find_episodes(connection: sa.Connection, tenant: str, ids: Sequence[str]) -> list[Episode]:
    """Return these episodes, those that are there, by start."""
    found: list[Episode] = []
    for piece in batched(ids, _IDS_AT_ONCE):
        this = sa.and_(episodes.c.tenant == tenant, episodes.c.id.in_(piece))
        found += [_episode(row) for row in connection.execute(sa.select(episodes).where(this))]
    return sorted(found, key=lambda e: (e.start_us, e.id))


def drop_episode(connection: sa.Connection, tenant: str, episode: str) -> None:
    connection.execute(episodes.delete().where(sa.and_(episodes.c.tenant == tenant, episodes.c.id == episode)))


def list_episodes(
    connection: sa.Connection,
    tenant: str,
    *,
    assets: Sequence[str] | None = None,
    kind: str | None = None,
    start_us: int | None = None,
    end_us: int | None = None,
    limit: int = 10_000,
) -> list[Episode]:
    """Return episodes that touch [start_us, end_us), by start; of these ``assets``, and of what is named
    below the first of them; None: of all.
    """
    query = sa.select(episodes).where(episodes.c.tenant == tenant)
    if assets is not None and len(assets) > _NAMED_AT_ONCE:
        pieces = [list(assets[at : at + _NAMED_AT_ONCE]) for at in range(0, len(assets), _NAMED_AT_ONCE)]
        which = {"kind": kind, "start_us": start_us, "end_us": end_us, "limit": limit}
        found = [e for piece in pieces for e in list_episodes(connection, tenant, assets=piece, **which)]  # type: ignore[arg-type]
        return sorted(found, key=lambda e: (e.start_us, e.id))[:limit]
    if assets is not None:
        named = episodes.c.asset.startswith(f"{assets[0]}.", autoescape=True)  # also such as nobody else names
        query = query.where(sa.or_(episodes.c.asset.in_(assets), named))
    if kind:
        query = query.where(episodes.c.kind == kind)
    if start_us is not None:
        query = query.where(sa.or_(episodes.c.end_us.is_(None), episodes.c.end_us > start_us))
    if end_us is not None:
        query = query.where(episodes.c.start_us < end_us)
    rows = connection.execute(query.order_by(episodes.c.start_us, episodes.c.id).limit(limit))
    return [_episode(row) for row in rows]


def _episode(row: Any) -> Episode:
    return Episode(
        id=row.id,
        asset=row.asset,
        kind=row.kind,
        start_us=row.start_us,
        end_us=row.end_us,
        title=row.title,
        title_zh=row.title_zh,
        parent=row.parent,
        attributes=msgspec.json.decode(row.attributes),
        simulated=bool(row.simulated),
    )
