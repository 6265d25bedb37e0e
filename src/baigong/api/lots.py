"""Genealogy of products: recall (where a lot went) and trace (what is in one), with what the points said meanwhile."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal
from urllib.parse import quote

import numpy as np
from msgspec import Meta, Struct
from starlette.responses import Response

from baigong.api.lotfiles import lot_rows
from baigong.api.rooms import Rooms
from baigong.api.spreadsheet import CSV, XLSX, csv_bytes, xlsx_bytes
from baigong.api.wire import JSON, Call, Operation, offered
from baigong.registry.lots import Genealogy, Lot
from baigong.registry.qualified import Qualifications, Qualified, named
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Episode
from baigong.vocab.quality import BAD

_MOST = 100_000  # links of one answer
_DEAREST = 50  # episodes whose points are looked at
_POINTS = 200  # of one episode
_FORMATS = {"json": JSON, "csv": CSV, "xlsx": XLSX}


class TraceQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``direction``: ``forward`` is a recall, ``back`` says what is in it.

    ``parameters``: min, mean and max of the machine's points during each episode, of the nearest fifty.
    ``format``: json, or csv or xlsx with a row a lot, headed in ``language``.
    """

    lot: Annotated[str, Meta(min_length=1, max_length=200)]
    direction: Literal["forward", "back"] = "back"
    parameters: bool = False
    limit: Annotated[int, Meta(ge=1, le=_MOST)] = 10_000
    format: str = ""
    language: str = "en"


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
    """One step of production. ``asset``: the machine; ``people``, ``tools``: as the episode names them.

    ``qualifications``: of each of the people, what the machine asks for; empty where it asks for nothing.
    """

    id: str
    asset: str
    kind: str
    title: str
    title_zh: str
    start_us: int
    end_us: int | None
    people: list[str]
    tools: list[str]
    qualifications: list[Qualified]
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
        form = offered(call.request, _FORMATS, query.format)
        found = await lots.trace(call.tenant, query.lot, query.direction, query.limit)
        near = {id: at for at, lot in enumerate(found.lots) for id in (*lot.produced_by, *lot.consumed_by)}
        episodes = sorted(found.episodes, key=lambda e: (near.get(e.id, len(near)), e.start_us))
        judged = Qualifications(rooms.registry.assets, call.tenant)
        if form != "json":
            return await asyncio.to_thread(_file, form, query, found, episodes, judged)
        dear = episodes[:_DEAREST] if query.parameters else []
        told = await asyncio.to_thread(lambda: {e.id: _parameters(rooms, call, e) for e in dear})
        return TraceAnswer(
            lot=found.lot,
            direction=found.direction,
            whole=found.whole,
            lots=found.lots,
            links=[LotLink(consumed=c, produced=p, episode=e) for c, p, e in found.links],
            episodes=[_line(e, told.get(e.id, []), judged.of(e)) for e in episodes],
        )

    async def listed(call: Call) -> Any:
        query: LotsQuery = call.query
        return LotsAnswer(lots=await lots.search(call.tenant, query.search, query.material, query.limit))

    return [
        Operation("GET", "/lots", "Find lots and serial numbers", listed, query=LotsQuery, answer=LotsAnswer),
        Operation(
            "GET", "/lots/trace", "Recall or trace a lot", trace, query=TraceQuery, answer=TraceAnswer,
            gives=tuple(_FORMATS.values()),
        ),
    ]  # fmt: skip


def _file(form: str, query: TraceQuery, found: Genealogy, episodes: list[Episode], judged: Qualifications) -> Response:
    """Write a row a lot. Raises payload.too_large for what is not whole: nobody would see that rows are missing."""
    if not found.whole:
        raise FixConfiguration("payload.too_large", f"there are more than {query.limit:,} links", place="limit")
    rows = lot_rows(found.lots, episodes, judged, query.language)
    raw = csv_bytes(rows) if form == "csv" else xlsx_bytes(rows, "recall" if query.direction == "forward" else "trace")
    name = quote(f"{query.lot}-{query.direction}.{form}", safe="")
    said = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(raw, media_type=_FORMATS[form], headers=said)


def _line(episode: Episode, parameters: list[Parameter], judged: list[Qualified]) -> LotEpisode:
    return LotEpisode(
        id=episode.id,
        asset=episode.asset,
        kind=episode.kind,
        title=episode.title,
        title_zh=episode.title_zh,
        start_us=episode.start_us,
        end_us=episode.end_us,
        people=named(episode, "people"),
        tools=named(episode, "tools"),
        qualifications=judged,
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
