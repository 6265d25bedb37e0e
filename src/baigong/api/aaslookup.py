"""The standard's discovery: which shells are of an asset, by what they say themselves and by links handed in."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from starlette.responses import Response

from baigong.api.aasmade import Line
from baigong.api.aasserved import Served
from baigong.api.aasshells import asset_links, links_of, shell_filter
from baigong.api.aaswire import answered, body_of, here, paged, part
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.models.aas.descriptors import LINKS
from baigong.models.aas.environment import Jsonable
from baigong.models.aas.paths import encoded
from baigong.registry.shells import SHELL, found_by_text
from baigong.stores.records.shells import ShellRow
from baigong.vocab.errors import FixConfiguration

_MOST = 1 << 20  # bytes of a list of asset links


def lookup_operations(rooms: Rooms) -> list[Operation]:
    made, links = _Lookup(rooms), "/aas/lookup/shells/{shell}"
    return [
        Operation("GET", "/aas/lookup/shells", "Ids of shells by asset ids", made.by_query),
        Operation("POST", "/aas/lookup/shellsByAssetLink", "Ids of shells by asset links", made.by_body),
        Operation("GET", links, "Asset ids of a shell", made.links),
        Operation("POST", links, "Link assets to a shell", made.add),
        Operation("DELETE", links, "Take the links to a shell away", made.drop),
    ]


@dataclass(slots=True)
class Linked(Served):
    """What a call finds by asset ids: shells that are served here, and ids of any that somebody linked."""

    def kept(self, kind: str) -> list[str]:
        held, more = Served.kept(self, kind), Served.kept(self, LINKS)
        return sorted({*held, *more}) if more else held

    def has(self, kind: str, id: str) -> bool:
        return self._row(LINKS, id) is not None or Served.has(self, kind, id)

    def line(self, kind: str, id: str) -> Line | ShellRow:
        row = self._row(LINKS, id)
        if row is None:
            return Served.line(self, kind, id)
        own = msgspec.json.decode(Served.line(self, kind, id).found_by) if Served.has(self, kind, id) else []
        return Line(id, "", found_by_text([*own, *msgspec.json.decode(row.found_by)]))

    def links(self, id: str) -> list[Jsonable]:
        """Raise aas.unknown."""
        row = self._row(LINKS, id)
        linked: list[Jsonable] = msgspec.json.decode(row.body)["links"] if row is not None else []
        if row is not None and not Served.has(self, SHELL, id):
            return linked
        about = self.whole(SHELL, id)["assetInformation"]
        own = about.get("specificAssetIds", [])
        if "globalAssetId" in about:
            own = [{"name": "globalAssetId", "value": about["globalAssetId"]}, *own]
        return [*own, *(one for one in linked if one not in own)]


class _Lookup:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms, self._shells = rooms, rooms.registry.shells

    async def by_query(self, call: Call) -> Response:
        return await self._found(call, links_of(call))

    async def by_body(self, call: Call) -> Response:
        told = await body_of(call, _MOST)
        if not isinstance(told, list):
            raise FixConfiguration("aas.query", "asset links are a list of names and values", place="body")
        return await self._found(call, [*asset_links(told), *links_of(call)])

    async def _found(self, call: Call, links: list[str]) -> Response:
        seen = Linked(self._rooms, call)
        found, cursor = await seen.page(SHELL, shell_filter(seen, links), links)
        return paged(map(msgspec.json.encode, found), cursor)

    async def links(self, call: Call) -> Response:
        return answered(Linked(self._rooms, call).links(part(call, "shell")))

    async def add(self, call: Call) -> Response:
        id, told = part(call, "shell"), await body_of(call, _MOST)
        made = await self._shells.add(call.tenant, LINKS, {"id": id, "links": told}, call.who.user)
        call.after = {"id": id}
        return answered(made["links"], 201, here(call, f"/lookup/shells/{encoded(id)}"))

    async def drop(self, call: Call) -> None:
        id = part(call, "shell")
        call.before = {"id": id}
        await self._shells.drop(call.tenant, LINKS, id, call.who.user)
