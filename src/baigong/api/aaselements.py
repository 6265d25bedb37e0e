"""Elements of submodels by the standard's paths, with the files that they name."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from baigong.api.aasmade import Elements
from baigong.api.aasserved import WHOLE, Served, View
from baigong.api.aasshells import FOLDER, file_answer
from baigong.api.aassubmodels import BASES, METADATA, paths_in, paths_of, shape, submodel_of, valued
from baigong.api.aaswire import (
    answered,
    body_of,
    here,
    is_core,
    page_of,
    paged,
    part,
    upload,
    version_of,
    wrapped,
)
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.models.aas.environment import Jsonable
from baigong.models.aas.paths import children, elements, encoded, inside
from baigong.models.aas.views import metadata, reference
from baigong.registry.shelledits import add, assign, describe, element, merge, put, remove
from baigong.registry.shells import SUBMODEL, Change
from baigong.stores.records.shells import FileRow
from baigong.vocab.errors import FixConfiguration

_BARE = ("Operation", "Capability")  # have neither values nor metadata of their own (IDTA-01002)
_HOLDING = ("SubmodelElementCollection", "SubmodelElementList", "Entity")  # those of which $path is


def element_operations(rooms: Rooms) -> list[Operation]:
    made, files = _Elements(rooms), _Files(rooms)
    found: list[Operation] = []
    for base in BASES:
        held, one = base + "/submodel-elements", base + "/submodel-elements/{path}"
        found += [
            Operation("GET", held, "Elements", made.listed),
            Operation("POST", held, "Add an element", made.add),
            Operation("GET", held + "/$metadata", "What describes elements", made.all_metadata),
            Operation("GET", held + "/$value", "Values of elements", made.all_values),
            Operation("GET", held + "/$reference", "References to elements", made.all_references),
            Operation("GET", held + "/$path", "Paths of elements", made.all_paths),
            Operation("GET", one, "An element", made.one),
            Operation("POST", one, "Add an element inside another", made.add),
            Operation("PUT", one, "Put an element", made.put),
            Operation("PATCH", one, "Change an element", made.patched(merge)),
            Operation("DELETE", one, "Take an element away", made.drop),
            Operation("GET", one + "/$metadata", "What describes an element", made.metadata),
            Operation("PATCH", one + "/$metadata", "Describe an element", made.patched(describe)),
            Operation("GET", one + "/$value", "The value of an element", made.values),
            Operation("PATCH", one + "/$value", "Give an element a value", made.patched(assign)),
            Operation("GET", one + "/$reference", "The reference to an element", made.reference),
            Operation("GET", one + "/$path", "Paths inside an element", made.paths),
            Operation("GET", one + "/attachment", "The file of an element", files.one),
            Operation("PUT", one + "/attachment", "Put the file of an element", files.put),
            Operation("DELETE", one + "/attachment", "Take the file of an element away", files.drop),
        ]
        for end in ("/invoke", "/invoke/$value", "/invoke-async", "/invoke-async/$value"):
            found.append(Operation("POST", one + end, "Invoke an operation", made.invoke))
    return found


class _Elements:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms, self._shells = rooms, rooms.registry.shells

    async def _submodel(self, call: Call) -> Jsonable:
        """Return the path's submodel, with the newest value of the path's element."""
        served = Served(self._rooms, call)
        return await served.holder(submodel_of(served), call.part("path"))

    async def _held(
        self, call: Call, wanted: Callable[[Jsonable], bool] = lambda one: True
    ) -> tuple[str, Sequence[Jsonable]]:
        """Return a submodel's id and what is right inside it and ``wanted``: of live ones, that is everything."""
        served = Served(self._rooms, call)
        id = submodel_of(served)
        await served.fetch(id)
        live = served.live(SUBMODEL, id)
        if live is not None:
            return id, Elements(live)
        return id, [one for one in children(served.whole(SUBMODEL, id)) if wanted(one)]

    async def _page(self, call: Call, view: View, wanted: Callable[[Jsonable], bool] = lambda one: True) -> Response:
        _, held = await self._held(call, wanted)
        if isinstance(held, Elements) and view.live is WHOLE.live:
            return paged(*page_of(call, Elements(held.live, as_json=True)))
        page, cursor = page_of(call, held)
        return paged((msgspec.json.encode(one if view.thing is None else view.thing(one)) for one in page), cursor)

    async def listed(self, call: Call) -> Response:
        return await self._page(call, shape(call))

    async def all_metadata(self, call: Call) -> Response:
        return await self._page(call, METADATA, lambda one: one["modelType"] not in _BARE)

    async def all_values(self, call: Call) -> Response:
        """3.1 answers with one object of values, 3.0 with a list of objects: one for each element."""
        view = valued(call)
        _, held = await self._held(call)
        if isinstance(held, Elements):
            values = [*held.live.values().items()]
        else:  # a tolerated one may have no name
            values = [(one.get("idShort", ""), value) for one in held if (value := view(one)) is not None]
        page, cursor = page_of(call, values)
        found = dict(page)
        if version_of(call) == "3.0":
            return paged((msgspec.json.encode({name: value}) for name, value in found.items()), cursor)
        return wrapped(msgspec.json.encode(found), cursor)

    async def all_references(self, call: Call) -> Response:
        id, held = await self._held(call, lambda one: bool(one.get("idShort")))
        page, cursor = page_of(call, held)
        above = {"modelType": SUBMODEL, "id": id}
        found = (reference(above | {"submodelElements": [one]}, one["idShort"]) for one in page)
        return paged(map(msgspec.json.encode, found), cursor)

    async def all_paths(self, call: Call) -> Response:
        shallow, served = is_core(call), Served(self._rooms, call)
        page, cursor = page_of(call, paths_in(served, submodel_of(served), shallow))
        return paged((msgspec.json.encode(one) for one in page), cursor)

    async def one(self, call: Call) -> Response:
        shaped, found = shape(call).thing, element(await self._submodel(call), call.part("path"))
        return answered(shaped(found) if shaped else found)

    async def metadata(self, call: Call) -> Response:
        return answered(metadata(await self._viewed(call, "$metadata")))

    async def values(self, call: Call) -> Response:
        view = valued(call)
        return answered(view(await self._viewed(call, "$value")))

    async def _viewed(self, call: Call, what: str) -> Jsonable:
        found = element(await self._submodel(call), call.part("path"))
        if found["modelType"] in _BARE:
            raise FixConfiguration("aas.no_view", f"a {found['modelType']} has no {what}", place=call.part("path"))
        return found

    async def reference(self, call: Call) -> Response:
        return answered(reference(await self._submodel(call), call.part("path")))

    async def paths(self, call: Call) -> Response:
        path, shallow = call.part("path"), is_core(call)
        found = element(await self._submodel(call), path)
        if found["modelType"] not in _HOLDING:
            raise FixConfiguration("aas.no_view", f"a {found['modelType']} has no $path", place=path)
        dot = "" if found["modelType"] == "SubmodelElementList" else "."
        inner = [one if one.startswith("[") else f"{dot}{one}" for one in paths_of(found, shallow)]
        return answered([path, *(f"{path}{one}" for one in inner)])

    async def add(self, call: Call) -> Response:
        id, body = await self._asked(call)
        way: list[str] = []
        above = call.request.path_params.get("path", "")
        made = await self._shells.edit(
            call.tenant, SUBMODEL, id, call.who.user, lambda held: way.append(add(held, above, body))
        )
        call.after = {"id": id, "path": way[-1]}
        return answered(element(made, way[-1]), 201, _location(call, id, way[-1]))

    async def put(self, call: Call) -> Response:
        id, body = await self._asked(call)
        path, new = call.part("path"), list[bool]()
        made = await self._shells.edit(
            call.tenant, SUBMODEL, id, call.who.user, lambda held: new.append(put(held, path, body))
        )
        call.after = {"id": id, "path": path}
        if not new[-1]:
            return Response(status_code=204)
        return answered(element(made, path), 201, _location(call, id, path))

    def patched(self, change: Callable[[Jsonable, Any], None]) -> Callable[[Call], Any]:
        async def handle(call: Call) -> None:
            id, body = await self._asked(call)
            path = call.part("path")
            call.after = {"id": id, "path": path}
            await self._shells.edit(
                call.tenant, SUBMODEL, id, call.who.user, lambda held: change(element(held, path), body)
            )

        return handle

    async def drop(self, call: Call) -> None:
        id, path = submodel_of(Served(self._rooms, call)), call.part("path")
        call.before = {"id": id, "path": path}
        await self._shells.edit(call.tenant, SUBMODEL, id, call.who.user, lambda held: remove(held, path))

    async def invoke(self, call: Call) -> None:
        found = element(await self._submodel(call), call.part("path"))
        what = (
            "an operation is described here, not run" if found["modelType"] == "Operation" else "this is no operation"
        )
        raise FixConfiguration("aas.unfit", what, place=call.part("path"))

    async def _asked(self, call: Call) -> tuple[str, Any]:
        return submodel_of(Served(self._rooms, call)), await body_of(call, self._rooms.settings.max_body)


class _Files:
    """The content of File and Blob elements."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms, self._shells = rooms, rooms.registry.shells

    async def one(self, call: Call) -> Response:
        served, path = Served(self._rooms, call), call.part("path")
        id = submodel_of(served)
        found = _of_file(element(served.whole(SUBMODEL, id), path), path)
        value, media = found.get("value", ""), found.get("contentType", "application/octet-stream")
        if found["modelType"] == "Blob":
            return file_answer(found.get("idShort", "blob"), media, base64.b64decode(value))
        file = await self._shells.file(call.tenant, SUBMODEL, id, inside(value) or "-")
        if file is None:
            raise FixConfiguration("aas.no_file", f"it is at {value}" if value else "it has no file", place=path)
        return file_answer(file.name, media, file.content)

    async def put(self, call: Call) -> None:
        id, path = submodel_of(Served(self._rooms, call)), call.part("path")
        name, media, content = await upload(call, self._rooms.settings.max_body)
        part_name = f"{FOLDER}/{name}"

        def work(held: Jsonable) -> Change | None:
            found = _of_file(element(held, path), path)
            found["contentType"] = media
            if found["modelType"] == "Blob":
                found["value"] = base64.b64encode(content).decode()
                return None
            used = {inside(other.get("value", "")) for other in _files_in(held) if other is not found}
            free = next(n for i in range(len(used) + 1) if (n := _numbered(part_name, i)) not in used)
            before = inside(found.get("value", ""))
            lost = [(SUBMODEL, id, before)] if before and before not in used else []
            found["value"] = quote(free)
            return Change(lost=lost, files=[FileRow(call.tenant, SUBMODEL, id, free, media, "supplementary", content)])

        call.after = {"id": id, "path": path, "bytes": len(content)}
        await self._shells.edit(call.tenant, SUBMODEL, id, call.who.user, work)

    async def drop(self, call: Call) -> Response:
        id, path = submodel_of(Served(self._rooms, call)), call.part("path")
        call.before = {"id": id, "path": path}

        def work(held: Jsonable) -> Change:
            found = _of_file(element(held, path), path)
            value = found.pop("value", None)
            if value is None:
                raise FixConfiguration("aas.no_file", "it has no file", place=path)
            name = inside(value) if found["modelType"] == "File" else ""
            used = {inside(other.get("value", "")) for other in _files_in(held)}
            return Change(lost=[(SUBMODEL, id, name)] if name and name not in used else [])

        await self._shells.edit(call.tenant, SUBMODEL, id, call.who.user, work)
        return Response(status_code=200)  # not 204: as the standard's documents have it


def _files_in(held: Jsonable) -> list[Jsonable]:
    return [one for _, one in elements(held) if one["modelType"] == "File"]


def _numbered(name: str, count: int) -> str:
    stem, dot, ending = name.rpartition(".")
    return name if not count else f"{stem}_{count}.{ending}" if dot else f"{name}_{count}"


def _of_file(found: Jsonable, path: str) -> Jsonable:
    if found["modelType"] not in ("File", "Blob"):
        raise FixConfiguration("aas.unfit", f"a {found['modelType']} has no attachment", place=path)
    return found


def _location(call: Call, id: str, path: str) -> str:
    above = f"/shells/{encoded(part(call, 'shell'))}" if "shell" in call.request.path_params else ""
    return here(call, f"{above}/submodels/{encoded(id)}/submodel-elements/{path}")
