"""Points, their newest values, and why they are what they are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import pyarrow as pa
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from baigong.api.newest import LATEST, Heads, as_arrow, as_json
from baigong.api.rooms import Rooms
from baigong.api.tables import ARROW, answer, shown_whole
from baigong.api.times import read_time
from baigong.api.wire import JSON, Call, Operation, offered
from baigong.registry.book import PointBook
from baigong.registry.rights import point_ref
from baigong.registry.tree import Tree
from baigong.registry.why import Why, explain, scan_period_s
from baigong.stores.lake.contract import LakeReader
from baigong.stores.records.plant import PointRow
from baigong.vocab.assettypes import TypePoint
from baigong.vocab.devices import AssetWords, Counter, Kind
from baigong.vocab.errors import Reauthenticate
from baigong.vocab.writing import WriteRule

_NAMELESS, _UNTYPED = AssetWords(), TypePoint()
_FORMS = {"json": JSON, "arrow": ARROW}


class PointsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    search: str = ""
    device: str = ""
    asset: str = ""
    limit: Annotated[int, Meta(ge=1, le=100_000)] = 100
    offset: Annotated[int, Meta(ge=0)] = 0


class LatestQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    points: str = ""
    asset: str = ""
    device: str = ""
    format: str = ""


class WhyQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    at: str = ""


class Newest(Struct, frozen=True, kw_only=True):
    value: float | int | str | None
    time_us: int
    quality: int


class PointAnswer(Struct, frozen=True, kw_only=True):
    number: str
    name: str
    asset: str
    quantity: str
    title: str
    title_zh: str
    asset_title: str
    asset_title_zh: str
    unit: str
    kind: Kind
    states: dict[str, str]
    states_zh: dict[str, str]
    device: str
    address: str
    scan_s: float
    sloped: bool
    discovered: bool
    retired: bool
    latest: Newest | None = None
    write: WriteRule | None = None  # null: writes are off
    may_write: bool = False  # you, if the rule lets you


class PointsAnswer(Struct, frozen=True, kw_only=True):
    total: int
    points: list[PointAnswer]


class LatestValue(Struct, frozen=True, kw_only=True):
    """``value``: integers beyond 2**53 are text."""

    name: str
    number: str
    value: float | int | str | None
    text: str | None
    time_us: int
    quality: int


class PointChanges(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    name: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    title_zh: str | UnsetType = UNSET
    unit: str | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    semantic: str | UnsetType = UNSET
    sloped: bool | UnsetType = UNSET
    states: dict[str, str] | UnsetType = UNSET
    states_zh: dict[str, str] | UnsetType = UNSET
    counter: Counter | UnsetType | None = UNSET
    deadband: float | UnsetType = UNSET
    scale: float | UnsetType = UNSET
    offset: float | UnsetType = UNSET


def operations(rooms: Rooms) -> list[Operation]:
    devices, rights, plant = rooms.registry.devices, rooms.registry.rights, rooms.registry.assets

    async def points(call: Call) -> Any:
        query: PointsQuery = call.query
        assets, tree = plant.words(call.tenant), plant.tree(call.tenant)
        found = [p for p in call.book.active(call.tenant) if _wanted(p, query, assets, tree)]
        page = found[query.offset : query.offset + query.limit]
        newest = await newest_of(call.lake, call.tenant, [p.number for p in page])
        return PointsAnswer(total=len(found), points=[_answer(rooms, p, newest.get(p.number)) for p in page])

    async def point(call: Call) -> Any:
        row = call.book.find(call.tenant, call.part("name"))
        newest = await newest_of(call.lake, call.tenant, [row.number])
        may = (
            row.spec.write is not None
            and rights.decide(call.who, "command", point_ref(call.tenant, row.number)).allowed
        )
        return msgspec.structs.replace(_answer(rooms, row, newest.get(row.number)), may_write=may)

    async def change(call: Call) -> Any:
        changes = {
            name: value for name in PointChanges.__struct_fields__ if (value := getattr(call.body, name)) is not UNSET
        }
        row, name = call.book.find(call.tenant, call.part("name")), changes.pop("name", None)
        if name not in (None, row.name):
            made = await rooms.registry.renaming.rename(call.tenant, "point", row.name, str(name), call.who.user)
            row = call.book.find(call.tenant, made.name)
        if changes or name is None:
            row = await devices.edit_point(call.tenant, row.name, changes, call.who.user)
        return _answer(rooms, row, None)

    heads = Heads()

    async def latest(call: Call) -> Any:
        form = offered(call.request, _FORMS, call.query.format)
        rows = _selected(call.book, call.tenant, call.query, plant.tree(call.tenant))

        def answered() -> Response:
            newest = call.lake.latest(call.tenant, [p.number for p in rows])
            if form == "json":
                return Response(as_json(rows, newest, heads), media_type=JSON)
            return answer("arrow", LATEST, iter([as_arrow(rows, newest)]), name="latest")

        return await asyncio.to_thread(answered)

    return [
        Operation("GET", "/points", "Find points", points, query=PointsQuery, answer=PointsAnswer),
        Operation("GET", "/points/{name}", "One point", point, answer=PointAnswer),
        Operation("PATCH", "/points/{name}", "Change a point's words", change, body=PointChanges, answer=PointAnswer),
        _why(rooms),
        Operation(
            "GET",
            "/latest",
            "Newest values",
            latest,
            query=LatestQuery,
            answer=list[LatestValue],
            gives=tuple(_FORMS.values()),
        ),
    ]


def _why(rooms: Rooms) -> Operation:
    devices = rooms.registry.devices

    async def why(call: Call) -> Any:
        row = call.book.find(call.tenant, call.part("name"))
        now_us = rooms.clock_us()
        at = read_time(call.query.at, now_us, "at") if call.query.at else None
        window = call.seen.window(row.number)
        if window is None or not window.holds(now_us if at is None else at):
            raise Reauthenticate("auth.denied", f"the values of {row.name} are not open at that time", place="at")
        held = devices.find(call.tenant, row.device)
        return await explain(
            row,
            at,
            gateway=held.spec.gateway if held else None,
            period_s=_period_s(rooms, row),
            bus=rooms.bus,
            lake=call.lake,
            events=rooms.registry.events,
            clock_us=rooms.clock_us,
        )

    return Operation("GET", "/points/{name}/why", "Why a value is what it is, or was", why, query=WhyQuery, answer=Why)


async def newest_of(lake: LakeReader, tenant: str, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the newest row of each point that has one: {time_us, value, text, quality}."""
    if not numbers:
        return {}
    table = await asyncio.to_thread(lake.latest, tenant, numbers)
    columns = zip(
        table.column("point").to_pylist(),
        table.column("time").cast(pa.int64()).to_pylist(),
        table.column("value").to_pylist(),
        table.column("whole").to_pylist(),
        table.column("text").to_pylist(),
        table.column("quality").to_pylist(),
        strict=True,
    )
    return {
        n: {"time_us": t, "value": v if w is None else shown_whole(w), "text": x, "quality": k}
        for n, t, v, w, x, k in columns
    }


def _wanted(point: PointRow, query: PointsQuery, assets: dict[str, AssetWords], tree: Tree) -> bool:
    spec = point.spec
    if query.device and point.device != query.device:
        return False
    if not tree.covers(query.asset, spec.asset):
        return False
    if not query.search:
        return True
    called = assets.get(spec.asset, _NAMELESS)
    words = (spec.name, called.title, spec.title, called.title_zh, spec.title_zh, spec.address, point.device)
    text = " ".join(words).casefold()
    return all(word in text for word in query.search.casefold().split())


def _selected(book: PointBook, tenant: str, query: LatestQuery, tree: Tree) -> list[PointRow]:
    if query.points:
        return [book.find(tenant, n.strip()) for n in query.points.split(",") if n.strip()]
    if not query.asset and not query.device:
        return book.active(tenant)
    wanted = PointsQuery(asset=query.asset, device=query.device)
    return [p for p in book.active(tenant) if _wanted(p, wanted, {}, tree)]


def _period_s(rooms: Rooms, point: PointRow) -> float:
    held = rooms.registry.devices.find(point.tenant, point.device)
    if held is None or point.discovered:
        return 0.0
    return scan_period_s(held.spec.scan, point.spec.scan)


def _answer(rooms: Rooms, point: PointRow, newest: dict[str, Any] | None) -> PointAnswer:
    spec = point.spec
    latest = None
    if newest is not None:
        value = newest["text"] if newest["value"] is None else newest["value"]
        latest = Newest(value=value, time_us=newest["time_us"], quality=newest["quality"])
    called = rooms.registry.assets.words(point.tenant).get(spec.asset, _NAMELESS)
    typed = rooms.registry.types.point(point.tenant, spec.asset, spec.quantity) or _UNTYPED
    said = spec if spec.title or spec.title_zh else typed  # a point that has no words of its own has its type's
    return PointAnswer(
        number=str(point.number),
        name=spec.name,
        asset=spec.asset,
        quantity=spec.quantity,
        title=said.title,
        title_zh=said.title_zh,
        asset_title=called.title,
        asset_title_zh=called.title_zh,
        unit=spec.unit,
        kind=spec.kind,
        states=spec.states,
        states_zh=spec.states_zh,
        device=point.device,
        address=spec.address,
        scan_s=_period_s(rooms, point),
        sloped=spec.sloped,
        discovered=point.discovered,
        retired=point.retired_us is not None,
        latest=latest,
        write=spec.write,
    )
