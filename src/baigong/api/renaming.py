"""Other names for assets and points, looked at first; names of before; and what feeds points, and fed them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.renaming import Renamed
from baigong.registry.rights import asset_ref
from baigong.registry.sources import Source, sources
from baigong.vocab.assets import named_above
from baigong.vocab.errors import FixConfiguration

_MOST = 1_000  # points whose sources are told at once


class Rename(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``check``: only say what would change."""

    to: Annotated[str, Meta(min_length=1, max_length=200)]
    check: bool = False


class EarlierName(Struct, frozen=True, kw_only=True):
    """A name that was given up: it means ``now``, and is nobody else's until it is released."""

    kind: Literal["asset", "point"]
    name: str
    now: str
    given_up_us: int
    given_up_by: str


class PointSources(Struct, frozen=True, kw_only=True):
    """What fed a point from when until when, the first one first; the last one does now, unless it has ended."""

    point: str
    number: str
    sources: list[Source]


def operations(rooms: Rooms) -> list[Operation]:
    renaming, names, rights = rooms.registry.renaming, rooms.registry.names, rooms.registry.rights

    async def given(call: Call, kind: Literal["asset", "point"], old: str) -> Renamed:
        told: Rename = call.body
        places = {old, told.to} if kind == "asset" else {named_above(old), named_above(told.to)}
        for place in places - {""}:  # what a policy closes here or there, no other name opens
            rights.require(call.who, "configure", asset_ref(call.tenant, place))
        if told.check:
            return renaming.plan(call.tenant, kind, old, told.to)
        made = await renaming.rename(call.tenant, kind, old, told.to, call.who.user)
        call.before, call.after = {kind: old}, {kind: told.to, "points": len(made.points), "devices": made.devices}
        return made

    async def rename_asset(call: Call) -> Any:
        return await given(call, "asset", call.part("name"))

    async def rename_point(call: Call) -> Any:
        return await given(call, "point", call.book.find(call.tenant, call.part("name")).name)

    async def listed(call: Call) -> Any:
        held = names.of(call.tenant)
        return [
            EarlierName(
                kind=row.kind, name=row.name, now=held.asset(row.name) if row.kind == "asset" else held.point(row.name),
                given_up_us=row.given_up_us, given_up_by=row.given_up_by,
            )
            for row in names.rows(call.tenant)
        ]  # fmt: skip

    async def release(call: Call) -> Any:
        kind = call.part("kind")
        if kind not in ("asset", "point"):
            raise FixConfiguration("http.not_found", f"names are of asset or point, not {kind}", place="kind")
        call.before = {kind: call.part("earlier")}
        await renaming.release(
            call.tenant, "asset" if kind == "asset" else "point", call.part("earlier"), call.who.user
        )

    async def of_point(call: Call) -> Any:
        row = call.book.find(call.tenant, call.part("name"))
        (found,) = await sources(rooms.registry.records, call.tenant, [row])
        return PointSources(point=row.name, number=str(row.number), sources=found)

    async def of_asset(call: Call) -> Any:
        name = call.part("name")
        points = call.book.by_asset(call.tenant).get(name, ())[:_MOST]
        if not points and not (call.only is None and name in rooms.registry.assets.tree(call.tenant)):
            raise FixConfiguration("http.not_found", f"there is no asset {name!r}", place=name)
        found = await sources(rooms.registry.records, call.tenant, points)
        return [
            PointSources(point=row.name, number=str(row.number), sources=told)
            for row, told in zip(points, found, strict=True)
        ]

    return [
        Operation(
            "POST", "/assets/{name}/rename", "Give an asset and its parts another name", rename_asset, body=Rename,
            answer=Renamed,
        ),
        Operation(
            "POST", "/points/{name}/rename", "Give a point another name", rename_point, body=Rename, answer=Renamed
        ),
        Operation("GET", "/names", "Names that were given up, and what they mean", listed, answer=list[EarlierName]),
        Operation("DELETE", "/names/{kind}/{earlier}", "Let a name that was given up be given again", release),
        Operation("GET", "/points/{name}/sources", "What feeds a point, and fed it", of_point, answer=PointSources),
        Operation(
            "GET", "/assets/{name}/sources", "What feeds the points of an asset, and fed them", of_asset,
            answer=list[PointSources],
        ),
    ]  # fmt: skip
