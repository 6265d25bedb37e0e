"""Shells and concept descriptions by the standard's paths."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from baigong.api.aaskept import Kept
from baigong.api.aasserved import WHOLE, Served, View, submodels_of
from baigong.api.aaswire import (
    answered,
    body_of,
    given,
    ident,
    page_of,
    paged,
    part,
    several,
    upload,
)
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation, decode_json
from baigong.models.aas import admit
from baigong.models.aas.environment import Jsonable
from baigong.models.aas.paths import inside
from baigong.registry.shells import CONCEPT, SHELL, SUBMODEL, Change, key_values
from baigong.stores.records.shells import FileRow
from baigong.vocab.errors import FixConfiguration

_THUMBNAIL = "/aas/shells/{shell}/asset-information/thumbnail"
FOLDER = "/aasx/files"  # where a package has what was put beside its shells
_SAFE = re.compile(r"image/(png|jpeg|gif|webp|bmp)|application/pdf|text/plain")  # no page, no script


def shell_operations(rooms: Rooms) -> list[Operation]:
    made, kept = _Shells(rooms), Kept(rooms, SHELL, "/shells", "shell")
    one_shell = "/aas/shells/{shell}"
    return [
        Operation("GET", "/aas/shells", "Shells", made.listed),
        Operation("POST", "/aas/shells", "Add a shell", kept.add),
        Operation("GET", "/aas/shells/$reference", "References to shells", made.all_references),
        Operation("GET", one_shell, "A shell", kept.one),
        Operation("PUT", one_shell, "Put a shell", kept.put),
        Operation("DELETE", one_shell, "Take a shell away", kept.drop),
        Operation("GET", one_shell + "/$reference", "The reference to a shell", made.reference),
        Operation("GET", one_shell + "/asset-information", "What a shell is of", made.asset),
        Operation("PUT", one_shell + "/asset-information", "Say what a shell is of", made.put_asset),
        Operation("GET", _THUMBNAIL, "A shell's picture", made.thumbnail),
        Operation("PUT", _THUMBNAIL, "Put a shell's picture", made.put_thumbnail),
        Operation("DELETE", _THUMBNAIL, "Take a shell's picture away", made.drop_thumbnail),
        Operation("GET", one_shell + "/submodel-refs", "What submodels a shell has", made.references),
        Operation("POST", one_shell + "/submodel-refs", "Give a shell a submodel", made.add_reference),
        Operation(
            "DELETE", one_shell + "/submodel-refs/{submodel}", "Take a submodel from a shell", made.drop_reference
        ),
    ]


class _Shells:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms, self._shells = rooms, rooms.registry.shells

    async def _page(self, call: Call, view: View) -> Response:
        served = Served(self._rooms, call)
        links = links_of(call)
        found, cursor = await served.page(SHELL, shell_filter(served, links), links)
        return paged((served.shown(SHELL, id, view) for id in found), cursor)

    async def listed(self, call: Call) -> Response:
        return await self._page(call, WHOLE)

    async def all_references(self, call: Call) -> Response:
        return await self._page(call, View(shell_reference))

    async def reference(self, call: Call) -> Response:
        return answered(shell_reference(Served(self._rooms, call).whole(SHELL, part(call, "shell"))))

    async def asset(self, call: Call) -> Response:
        return answered(Served(self._rooms, call).whole(SHELL, part(call, "shell"))["assetInformation"])

    async def put_asset(self, call: Call) -> None:
        body = await body_of(call, self._rooms.settings.max_body)
        await self._shells.edit(
            call.tenant, SHELL, part(call, "shell"), call.who.user, lambda shell: shell.update(assetInformation=body)
        )

    async def references(self, call: Call) -> Response:
        held = Served(self._rooms, call).whole(SHELL, part(call, "shell")).get("submodels", [])
        page, cursor = page_of(call, held)
        return paged((msgspec.json.encode(one) for one in page), cursor)

    async def add_reference(self, call: Call) -> Response:
        body = _reference(await body_of(call, self._rooms.settings.max_body))

        def work(shell: Jsonable) -> None:
            if key_values(body)[-1:] and key_values(body)[-1] in submodels_of(shell):
                raise FixConfiguration(
                    "aas.exists", f"it refers to {key_values(body)[-1]!r} already", place="keys"
                )  # fmt: skip
            shell.setdefault("submodels", []).append(body)

        await self._shells.edit(call.tenant, SHELL, part(call, "shell"), call.who.user, work)
        return answered(body, 201)

    async def drop_reference(self, call: Call) -> None:
        gone = part(call, "submodel")
        await self._shells.edit(
            call.tenant, SHELL, part(call, "shell"), call.who.user, lambda shell: without_reference(shell, gone)
        )

    async def thumbnail(self, call: Call) -> Response:
        id = part(call, "shell")
        about = Served(self._rooms, call).whole(SHELL, id)["assetInformation"].get("defaultThumbnail", {})
        file = await self._shells.file(call.tenant, SHELL, id, inside(about.get("path", "")) or "-")
        if file is None:
            told = f"its thumbnail is at {about['path']}" if about else "it has no thumbnail"
            raise FixConfiguration("aas.no_file", told, place=id)
        return file_answer(file.name, about.get("contentType") or file.media, file.content)

    async def put_thumbnail(self, call: Call) -> None:
        id = part(call, "shell")
        name, media, content = await upload(call, self._rooms.settings.max_body)
        path = f"{FOLDER}/{name}"

        def work(shell: Jsonable) -> Change:
            shell["assetInformation"]["defaultThumbnail"] = {"path": quote(path), "contentType": media}
            return Change(files=[FileRow(call.tenant, SHELL, id, path, media, "thumbnail", content)])

        await self._shells.edit(call.tenant, SHELL, id, call.who.user, work)

    async def drop_thumbnail(self, call: Call) -> Response:
        id = part(call, "shell")

        def work(shell: Jsonable) -> Change:
            held = shell["assetInformation"].pop("defaultThumbnail", None)
            if held is None:
                raise FixConfiguration("aas.no_file", "it has no thumbnail", place=id)
            return Change(lost=[(SHELL, id, inside(held["path"]))])

        await self._shells.edit(call.tenant, SHELL, id, call.who.user, work)
        return Response(status_code=200)  # as with attachments: some clients take 204 for a failure


def concept_operations(rooms: Rooms) -> list[Operation]:
    kept, path = Kept(rooms, CONCEPT, "/concept-descriptions", "concept"), "/aas/concept-descriptions"

    async def listed(call: Call) -> Response:
        served = Served(rooms, call)
        found, cursor = await served.page(CONCEPT, _concept_filter(served))
        return paged((served.json(CONCEPT, id) for id in found), cursor)

    return [
        Operation("GET", path, "Concept descriptions", listed),
        Operation("POST", path, "Add a concept description", kept.add),
        Operation("GET", path + "/{concept}", "A concept description", kept.one),
        Operation("PUT", path + "/{concept}", "Put a concept description", kept.put),
        Operation("DELETE", path + "/{concept}", "Take a concept description away", kept.drop),
    ]


def shell_reference(shell: Jsonable) -> Jsonable:
    return {"type": "ModelReference", "keys": [{"type": SHELL, "value": shell["id"]}]}


def without_reference(shell: Jsonable, submodel: str) -> None:
    """Let a shell refer to a submodel no more. Raises aas.unknown."""
    held = shell.get("submodels", [])
    left = [one for one in held if key_values(one)[-1:] != [submodel]]
    if len(left) == len(held):
        raise FixConfiguration("aas.unknown", f"it does not refer to {submodel!r}", place=submodel)
    shell["submodels"] = left
    if not left:
        del shell["submodels"]


def file_answer(name: str, media: str, content: bytes) -> Response:
    """Give a file that somebody handed in: only what no browser runs is shown in place."""
    bare = name.rpartition("/")[2].replace('"', "")
    how = "inline" if _SAFE.fullmatch(media) else "attachment"
    headers = {
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(bare, safe='')}",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=media, headers=headers)


def _reference(body: Any) -> Jsonable:
    canonical = admit("Reference", body)
    if canonical["keys"][0]["type"] != SUBMODEL:
        raise FixConfiguration("aas.value", "this is no reference to a submodel", place="keys")
    return canonical


def links_of(call: Call) -> list[str]:
    """Return the asset ids of the query, as ``name=value``. Raises aas.query."""
    return asset_links([decode_json(ident(text).encode(), Any) for text in several(call, "assetIds")])


def shell_filter(served: Served, links: Sequence[str]) -> Callable[[str], bool]:
    """Return which shells have the idShort of the query, and all of ``links`` (``name=value``) for their asset."""
    name = given(served.call, "idShort")

    def passes(id: str) -> bool:
        if name is None and not links:
            return True
        line = served.line(SHELL, id)
        if name is not None and line.id_short != name:
            return False
        held: Sequence[str] = msgspec.json.decode(line.found_by) if links else ()
        return all(one in held for one in links)

    return passes


def asset_links(told: Sequence[Any]) -> list[str]:
    """Return asset ids as rows are found by them. Raises aas.query."""
    for one in told:
        if not (isinstance(one, dict) and isinstance(one.get("name"), str) and isinstance(one.get("value"), str)):
            raise FixConfiguration("aas.query", "an asset id has a name and a value", place="assetIds")
    return [f"{one['name']}={one['value']}" for one in told]


def _concept_filter(served: Served) -> Callable[[str], bool]:
    name = given(served.call, "idShort")
    case, spec = (reference_filter(given(served.call, one)) for one in ("isCaseOf", "dataSpecificationRef"))

    def passes(id: str) -> bool:
        if name is not None and served.line(CONCEPT, id).id_short != name:
            return False
        if case is None and spec is None:
            return True
        value = served.whole(CONCEPT, id)
        cases = [key_values(one) for one in value.get("isCaseOf", ())]
        specs = [key_values(one.get("dataSpecification")) for one in value.get("embeddedDataSpecifications", ())]
        return (case is None or case in cases) and (spec is None or spec in specs)

    return passes


def reference_filter(text: str | None) -> list[str] | None:
    """Read a filter that is a reference, base64url of its JSON; or a bare value."""
    if text is None:
        return None
    told = ident(text)
    if not told.lstrip().startswith("{"):
        return [told]
    found = key_values(decode_json(told.encode(), Any))
    if not found:
        raise FixConfiguration("aas.query", "the reference has no keys", place="query")
    return found
