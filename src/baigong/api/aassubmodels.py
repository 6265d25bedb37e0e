"""Submodels by the standard's paths: of the repository, and of a shell that refers to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import msgspec
from starlette.responses import Response

from baigong.api.aaskept import Kept
from baigong.api.aasmade import Live
from baigong.api.aasserved import LOOKED, WHOLE, Served, View
from baigong.api.aasshells import reference_filter, without_reference
from baigong.api.aaswire import (
    answered,
    asked,
    body_of,
    cursor_of,
    given,
    is_core,
    limit_of,
    paged,
    part,
    position,
)
from baigong.api.rooms import Rooms
from baigong.api.wire import JSON, Call, Operation
from baigong.models.aas.environment import Jsonable
from baigong.models.aas.paths import children, elements, encoded
from baigong.models.aas.views import core, metadata, reference, values, without_blobs
from baigong.registry.shelledits import assign, describe, merge
from baigong.registry.shells import SHELL, SUBMODEL, found_by_text

BASES = ("/aas/submodels/{submodel}", "/aas/shells/{shell}/submodels/{submodel}")


def submodel_operations(rooms: Rooms) -> list[Operation]:
    made = _Submodels(rooms)
    found = [
        Operation("GET", "/aas/submodels", "Submodels", made.listed),
        Operation("POST", "/aas/submodels", "Add a submodel", made.kept.add),
        Operation("GET", "/aas/submodels/$metadata", "What describes submodels", made.all_metadata),
        Operation("GET", "/aas/submodels/$value", "Values of submodels", made.all_values),
        Operation("GET", "/aas/submodels/$reference", "References to submodels", made.all_references),
        Operation("GET", "/aas/submodels/$path", "Paths in submodels", made.all_paths),
    ]
    for base in BASES:
        found += [
            Operation("GET", base, "A submodel", made.one),
            Operation("PUT", base, "Put a submodel", made.put),
            Operation("PATCH", base, "Change a submodel", made.patched(merge)),
            Operation("DELETE", base, "Take a submodel away", made.drop),
            Operation("GET", base + "/$metadata", "What describes a submodel", made.metadata),
            Operation("PATCH", base + "/$metadata", "Describe a submodel", made.patched(describe)),
            Operation("GET", base + "/$value", "Values of a submodel", made.values),
            Operation("PATCH", base + "/$value", "Give a submodel values", made.patched(assign)),
            Operation("GET", base + "/$reference", "The reference to a submodel", made.reference),
            Operation("GET", base + "/$path", "Paths in a submodel", made.paths),
        ]
    return found


def submodel_of(served: Served) -> str:
    """Return the id of the path's submodel; below a shell, one that the shell refers to. Raises aas.unknown."""
    id = part(served.call, "submodel")
    if "shell" not in served.call.request.path_params:
        return id
    return served.submodel(part(served.call, "shell"), id)


def shape(call: Call) -> View:
    """Return what level and extent make of a thing. Raises aas.query."""
    shallow = is_core(call)
    bare = asked(call, "extent", ("withBlobValue", "withoutBlobValue")) == "withoutBlobValue"
    if not shallow and not bare:
        return WHOLE

    def shaped(thing: Jsonable) -> Jsonable:
        cut = core(thing) if shallow else thing
        return without_blobs(cut) if bare else cut

    return View(shaped, live=Live.json)  # properties: nothing inside, no blobs


def valued(call: Call) -> Callable[[Jsonable], Any]:
    """Return what level and extent make of a thing's values."""
    shaped = shape(call).thing
    return lambda thing: values(thing if shaped is None else shaped(thing))


def _valued(call: Call) -> View:
    return View(valued(call), live=lambda live: msgspec.json.encode(live.values()))


def _of_head(view: Callable[[Jsonable], Jsonable]) -> View:
    """Return a view that shows no elements."""
    return View(view, live=lambda live: msgspec.json.encode(view(live.form.head)), is_new=False)


METADATA, REFERENCE = _of_head(metadata), _of_head(reference)


class _Submodels:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms, self._shells = rooms, rooms.registry.shells
        self.kept = Kept(rooms, SUBMODEL, "/submodels", "submodel")

    async def _page(self, call: Call, view: View) -> Response:
        served = Served(self._rooms, call)
        found, cursor = await served.page(SUBMODEL, _filter(served))
        if view.is_new:
            await served.fetch(*found)
        return paged((served.shown(SUBMODEL, id, view) for id in found), cursor)

    async def listed(self, call: Call) -> Response:
        return await self._page(call, shape(call))

    async def all_metadata(self, call: Call) -> Response:
        return await self._page(call, METADATA)

    async def all_values(self, call: Call) -> Response:
        return await self._page(call, _valued(call))

    async def all_references(self, call: Call) -> Response:
        return await self._page(call, REFERENCE)

    async def all_paths(self, call: Call) -> Response:
        """Paths of all submodels in a row; a page has so many paths, wherever in a submodel it ends."""
        served, shallow = Served(self._rooms, call), is_core(call)
        most, (after, begin) = limit_of(call), _parted(cursor_of(call))
        passes = _filter(served)
        found: list[str] = []
        for looked, id in enumerate(chain([after] if after else [], served.after(SUBMODEL, after))):
            if looked == LOOKED:
                return paged((msgspec.json.encode(one) for one in found), encoded(f"0 {id}"))
            if not served.has(SUBMODEL, id) or not passes(id):
                continue
            paths = paths_in(served, id, shallow)
            at = begin if id == after else 0
            end = min(at + most - len(found), len(paths))
            found += paths[at:end]
            if len(found) == most:
                return paged((msgspec.json.encode(one) for one in found), encoded(f"{end} {id}"))
        return paged((msgspec.json.encode(one) for one in found), "")

    async def one(self, call: Call) -> Response:
        return await self._shown(call, shape(call))

    async def put(self, call: Call) -> Response:
        if "shell" in call.request.path_params:
            submodel_of(Served(self._rooms, call))
        return await self.kept.put(call)

    def patched(self, change: Callable[[Jsonable, Any], None]) -> Callable[[Call], Any]:
        async def handle(call: Call) -> None:
            id = submodel_of(Served(self._rooms, call))
            body = await body_of(call, self._rooms.settings.max_body)
            call.after = {"id": id}
            await self._shells.edit(call.tenant, SUBMODEL, id, call.who.user, lambda held: change(held, body))

        return handle

    async def drop(self, call: Call) -> None:
        id = submodel_of(Served(self._rooms, call))
        call.before = {"id": id}
        if "shell" in call.request.path_params:
            await self._shells.edit(
                call.tenant, SHELL, part(call, "shell"), call.who.user, lambda shell: without_reference(shell, id)
            )
        await self.kept.drop(call)

    async def metadata(self, call: Call) -> Response:
        return await self._shown(call, METADATA)

    async def values(self, call: Call) -> Response:
        return await self._shown(call, _valued(call))

    async def reference(self, call: Call) -> Response:
        return await self._shown(call, REFERENCE)

    async def paths(self, call: Call) -> Response:
        served = Served(self._rooms, call)
        return answered(paths_in(served, submodel_of(served), is_core(call)))

    async def _shown(self, call: Call, view: View) -> Response:
        served = Served(self._rooms, call)
        id = submodel_of(served)
        if view.is_new:
            await served.fetch(id)
        return Response(served.shown(SUBMODEL, id, view), media_type=JSON)


def paths_in(served: Served, id: str, shallow: bool) -> list[str]:
    """Return the idShortPaths of a submodel. Raises aas.unknown."""
    live = served.live(SUBMODEL, id)
    return live.form.names if live is not None else [*paths_of(served.whole(SUBMODEL, id), shallow)]


def paths_of(holder: Jsonable, shallow: bool, prefix: str = "") -> Iterator[str]:
    """Yield the idShortPaths of what is inside; ``shallow``: only of what is right inside."""
    if not shallow:
        yield from (f"{prefix}{path}" for path, _ in elements(holder))
        return
    in_list = holder["modelType"] == "SubmodelElementList"
    for index, one in enumerate(children(holder)):
        yield f"{prefix}[{index}]" if in_list else f"{prefix}{one.get('idShort', '')}"


def _parted(cursor: str) -> tuple[str, int]:
    begin, _, id = cursor.partition(" ")
    return id, position(begin) if cursor else 0


def _filter(served: Served) -> Callable[[str], bool]:
    name, semantic = given(served.call, "idShort"), reference_filter(given(served.call, "semanticId"))
    wanted = found_by_text(semantic) if semantic is not None else None

    def passes(id: str) -> bool:
        if name is None and wanted is None:
            return True
        line = served.line(SUBMODEL, id)
        if name is not None and line.id_short != name:
            return False
        return wanted is None or line.found_by == wanted

    return passes
