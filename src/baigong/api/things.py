"""Assets as others describe things: the W3C Thing Description of one, and the bare values that it points to."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from baigong.api.assets import Shown
from baigong.api.points import newest_of
from baigong.api.rooms import Rooms
from baigong.api.wire import JSON, PREFIX, Call, Operation, offered
from baigong.models.aas.madeids import asset_id
from baigong.models.wot import MEDIA, Thing, describe
from baigong.vocab.assets import AssetSpec
from baigong.vocab.assettypes import TypePoint
from baigong.vocab.devices import AssetWords, PointSpec
from baigong.vocab.errors import FixConfiguration

_MEDIA = {"td": MEDIA, "json": JSON}


def operations(rooms: Rooms) -> list[Operation]:
    types = rooms.registry.types

    def with_words(point: PointSpec, typed: TypePoint | None) -> PointSpec:
        """Give a point that says little of itself the words of its type."""
        if typed is None:
            return point
        said = point if point.title or point.title_zh else typed
        return msgspec.structs.replace(
            point, title=said.title, title_zh=said.title_zh, semantic=point.semantic or typed.semantic
        )

    async def td(call: Call) -> Any:
        media = _MEDIA[offered(call.request, _MEDIA)]
        shown = Shown.of(rooms, call)
        name = shown.require_open(call.part("name"))
        row = shown.rows.get(name)
        spec = row.spec if row else AssetSpec(asset=name)
        called = shown.words.get(name, AssetWords())
        typed = types.find(call.tenant, spec.type) if spec.type else None
        told = typed.whole.points if typed else {}
        own = [point.spec for point in call.book.by_asset(call.tenant).get(name, ())]
        above = shown.tree.above(name)
        thing = Thing(
            id=asset_id(rooms.registry.own_shells.front(call.tenant), name),
            base=f"{call.request.url.scheme}://{call.request.url.netloc}{PREFIX}/",
            query=f"?tenant={quote(call.tenant)}" if call.tenant != call.who.tenant else "",
            spec=spec,
            titles=(called.title, called.title_zh),
            points=[with_words(point, told.get(point.quantity)) for point in own],
            semantic=typed.whole.semantic if typed else "",
            parent=above if above in shown.open else "",
            parts=[one for one in shown.tree.children(name) if one in shown.open and not shown.is_retired(one)],
            revision=row.revision if row else 0,
            created_us=row.created_us if row else 0,
            changed_us=row.changed_us if row else 0,
        )
        return Response(msgspec.json.encode(describe(thing)), media_type=media)

    async def value(call: Call) -> Any:
        row = call.book.find(call.tenant, call.part("name"))
        newest = (await newest_of(call.lake, call.tenant, [row.number])).get(row.number)
        if newest is None:
            raise FixConfiguration("http.not_found", f"{row.name} has no value yet", place=row.name)
        call.headers = {"Baigong-Quality": str(newest["quality"]), "Baigong-Time": str(newest["time_us"])}
        shown = newest["text"] if newest["value"] is None else newest["value"]
        return Response(msgspec.json.encode(shown), media_type=JSON)

    return [
        Operation(
            "GET",
            "/assets/{name}/td",
            "An asset as a W3C Thing Description",
            td,
            answer=dict[str, Any],
            gives=tuple(_MEDIA.values()),
        ),
        Operation("GET", "/points/{name}/value", "The newest value alone", value, answer=float | int | str | None),
    ]
