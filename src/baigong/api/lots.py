"""Genealogy of products: recall (where a lot went) and trace (what is in one), with what the points said meanwhile."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.lots import Lot
from baigong.vocab.happenings import Episode
from baigong.vocab.quality import BAD

_MOST = 100_000  # links of one answer
_DEAREST = 50  # episodes whose points are looked at
_POINTS = 200  # of one episode


class TraceQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``direction``: ``forward`` is a recall, ``back`` says what is in it.

    ``parameters``: min, mean and max of the machine's points during each episode, of the nearest fifty.
    """

    lot: Annotated[str, Meta(min_length=1, max_length=200)]
    direction: Literal["forward", "back"] = "back"
    parameters: bool = False
    limit: Annotated[int, Meta(ge=1, le=_MOST)] = 10_000


class LotsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``search``: how the lot begins."""

    search: str = ""
    material: str = ""
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 100


class LotLink(Struct, frozen=True, kw_only=True):
    consumed: str
    produced: str
    episode: str


class Parameter(Struct, frozen=True, kw_only=True):
    """What a point said during an episode; each sample counts the same, bad ones do not."""

    point: str
    unit: str
    count: int
    min: float
    mean: float
    max: float


class LotEpisode(Struct, frozen=True, kw_only=True):
    """One step of production. ``asset``: the machine; ``people``: who did it, as the episode says."""

    id: str
    asset: str
    kind: str
    title: str
    start_us: int
    end_us: int | None
    people: list[str]
    parameters: list[Parameter]


class TraceAnswer(Struct, frozen=True, kw_only=True):
    """``whole``: false when there are more links than were asked for. ``lots``: the nearest first."""

    lot: str
    direction: str
    whole: bool
    lots: list[Lot]
    links: list[LotLink]
    episodes: list[LotEpisode]


class LotsAnswer(Struct, frozen=True, kw_only=True):
    lots: list[str]


def operations(rooms: Rooms) -> list[Operation]:
    lots = rooms.registry.lots

    async def trace(call: Call) -> Any:
        query: TraceQuery = call.query
        found = await lots.trace(call.tenant, query.lot, query.direction, query.limit)
        near = {id: at for at, lot in enumerate(found.lots) for id in (*lot.produced_by, *lot.consumed_by)}
        episodes = sorted(found.episodes, key=lambda e: (near.get(e.id, len(near)), e.start_us))
        dear = episodes[:_DEAREST] if query.parameters else []
        told = await asyncio.to_thread(lambda: {e.id: _parameters(rooms, call, e) for e in dear})
        return TraceAnswer(
            lot=found.lot,
            direction=found.direction,
            whole=found.whole,
            lots=found.lots,
            links=[LotLink(consumed=c, produced=p, episode=e) for c, p, e in found.links],
            episodes=[_line(e, told.get(e.id, [])) for e in episodes],
        )

    async def listed(call: Call) -> Any:
        query: LotsQuery = call.query
        return LotsAnswer(lots=await lots.search(call.tenant, query.search, query.material, query.limit))

    return [
        Operation("GET", "/lots", "Find lots and serial numbers", listed, query=LotsQuery, answer=LotsAnswer),
        Operation("GET", "/lots/trace", "Recall or trace a lot", trace, query=TraceQuery, answer=TraceAnswer),
    ]


def _line(episode: Episode, parameters: list[Parameter]) -> LotEpisode:
    people = episode.attributes.get("people", [])
    return LotEpisode(
        id=episode.id,
        asset=episode.asset,
        kind=episode.kind,
        title=episode.title or episode.title_zh,
        start_us=episode.start_us,
        end_us=episode.end_us,
        people=[str(one) for one in people] if isinstance(people, list) else [str(people)],
        parameters=parameters,
    )


def _parameters(rooms: Rooms, call: Call, episode: Episode) -> list[Parameter]:
    """Read what the machine's own points and those of its parts said. Blocking."""
    tree, book = rooms.registry.assets.tree(call.tenant), call.book.by_asset(call.tenant)
    below = [episode.asset, *tree.below(episode.asset)] if episode.asset in tree else []
    rows = [row for asset in dict.fromkeys(below) for row in book.get(asset, ()) if row.spec.kind != "text"][:_POINTS]
    end = rooms.clock_us() if episode.end_us is None else episode.end_us
    if not rows:
        return []
    table = call.lake.series(
        call.tenant, [row.number for row in rows], episode.start_us, end + 1, ("point", "value", "quality")
    )
    points, quality = table.column("point").to_numpy(), table.column("quality").to_numpy()
    values = table.column("value").to_numpy().astype(float)
    fine = ~np.isnan(values) & (quality < BAD)
    made = []
    for row in rows:
        held = values[fine & (points == row.number)]
        if len(held):
            low, mean, high = float(held.min()), float(held.mean()), float(held.max())
            made.append(Parameter(point=row.name, unit=row.spec.unit, count=len(held), min=low, mean=mean, max=high))
    return made
