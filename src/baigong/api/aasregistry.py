"""Both registries of the standard: descriptors of what is served here, and those that were handed in of what is not.

A descriptor that was handed in stands before the one of a shell or submodel here that bears its id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.responses import Response

from baigong.api.aasguard import refuse_ours
from baigong.api.aasserved import Served
from baigong.api.aaswire import answered, body_of, given, here, page_of, paged, part, version_of
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.models.aas.descriptors import SHELL_DESCRIPTOR, SUBMODEL_DESCRIPTOR, submodel_descriptor
from baigong.models.aas.environment import Jsonable
from baigong.models.aas.paths import encoded
from baigong.registry.shells import SHELL, SUBMODEL
from baigong.vocab.errors import FixConfiguration

_KINDS = {"instance": "Instance", "type": "Type", "role": "Role", "notapplicable": "NotApplicable"}
_SAME = ("idShort", "displayName", "description", "administration")  # what a descriptor says as the thing does
_DESCRIBES = {SHELL: SHELL_DESCRIPTOR, SUBMODEL: SUBMODEL_DESCRIPTOR}
_FOLDERS = {SHELL: "/shell-descriptors", SUBMODEL: "/submodel-descriptors"}
_INSIDE = "submodelDescriptors"


def registry_operations(rooms: Rooms) -> list[Operation]:
    made, found = _Registry(rooms), list[Operation]()
    for kind, base, id in (
        (SHELL, "/aas/shell-descriptors", "shell"),
        (SUBMODEL, "/aas/submodel-descriptors", "submodel"),
    ):
        of, one = _Kind(rooms, kind, id), f"{base}/{{{id}}}"
        found += [
            Operation("GET", base, f"Descriptors: {kind}", of.listed),
            Operation("POST", base, f"Register: {kind}", of.add),
            Operation("GET", one, f"A descriptor: {kind}", of.one),
            Operation("PUT", one, f"Put a descriptor: {kind}", of.put),
            Operation("DELETE", one, f"Take a descriptor away: {kind}", of.drop),
        ]
    inside = "/aas/shell-descriptors/{shell}/submodel-descriptors"
    one = inside + "/{submodel}"
    return [
        *found,
        Operation("GET", inside, "Descriptors of a shell's submodels", made.listed),
        Operation("POST", inside, "Register a submodel of a shell", made.add),
        Operation("GET", one, "The descriptor of a shell's submodel", made.one),
        Operation("PUT", one, "Put the descriptor of a shell's submodel", made.put),
        Operation("DELETE", one, "Take the descriptor of a shell's submodel away", made.drop),
    ]


@dataclass(slots=True)
class Registered(Served):
    """What a call sees in the registries: all that it is served, and what was registered."""

    def kept(self, kind: str) -> list[str]:
        held, more = Served.kept(self, kind), Served.kept(self, _DESCRIBES[kind])
        return sorted({*held, *more}) if more else held

    def has(self, kind: str, id: str) -> bool:
        return self.handed_in(kind, id) is not None or Served.has(self, kind, id)

    def handed_in(self, kind: str, id: str) -> Jsonable | None:
        row = self._row(_DESCRIBES[kind], id)
        if row is None:
            return None
        value: Jsonable = msgspec.json.decode(row.body)
        del value["modelType"]
        return value

    def descriptor(self, kind: str, id: str) -> Jsonable:
        """Raise aas.unknown."""
        return self.handed_in(kind, id) or (_shell(self, id) if kind == SHELL else _submodel(self, id))

    def asset(self, id: str) -> Jsonable:
        """Return what the descriptor of a shell says of its asset."""
        found: Jsonable = self.handed_in(SHELL, id) or self.whole(SHELL, id)["assetInformation"]
        return found

    def inside(self, shell: str) -> list[Jsonable]:
        """Return the descriptors of a shell's submodels. Raises aas.unknown."""
        held: list[Jsonable] = self.descriptor(SHELL, shell).get(_INSIDE, [])
        return held

    def one_inside(self, shell: str, submodel: str) -> Jsonable:
        for one in self.inside(shell):
            if one["id"] == submodel:
                return one
        raise FixConfiguration("aas.unknown", f"{shell} has no submodel {submodel!r}", place=submodel)


class _Kind:
    """One of the registries. ``name``: what its paths call the id of one."""

    def __init__(self, rooms: Rooms, kind: str, name: str) -> None:
        self._rooms, self._shells, self._kind, self._name = rooms, rooms.registry.shells, kind, name

    def _filter(self, seen: Registered) -> Callable[[str], bool]:
        kind, type_ = given(seen.call, "assetKind"), given(seen.call, "assetType")
        if kind is not None and kind.lower() not in _KINDS:
            raise FixConfiguration("aas.query", f"assetKind is {kind[:100]!r}", place="assetKind")

        def passes(id: str) -> bool:
            about = seen.asset(id) if kind is not None or type_ is not None else {}
            return (kind is None or about.get("assetKind") == _KINDS[kind.lower()]) and (
                type_ is None or encoded(about.get("assetType", "")) == type_.rstrip("=")
            )

        return passes if self._kind == SHELL else lambda id: True

    async def listed(self, call: Call) -> Response:
        seen = Registered(self._rooms, call)
        found, cursor = await seen.page(self._kind, self._filter(seen))
        return paged((msgspec.json.encode(seen.descriptor(self._kind, id)) for id in found), cursor)

    async def one(self, call: Call) -> Response:
        return answered(Registered(self._rooms, call).descriptor(self._kind, part(call, self._name)))

    async def add(self, call: Call) -> Response:
        body = await body_of(call, self._rooms.settings.max_body)
        id = body.get("id") if isinstance(body, dict) else None
        if isinstance(id, str):
            refuse_ours(self._rooms, call.tenant, [id])
            if Registered(self._rooms, call).has(self._kind, id):
                raise FixConfiguration("aas.exists", f"{id!r} is registered already", place=id)
        made = await self._shells.add(call.tenant, _DESCRIBES[self._kind], body, call.who.user)
        return self._made(call, made)

    async def put(self, call: Call) -> Response:
        id, body = part(call, self._name), await body_of(call, self._rooms.settings.max_body)
        made = await self._shells.put(call.tenant, _DESCRIBES[self._kind], id, body, call.who.user)
        call.after = {"id": id}
        return Response(status_code=204) if made is None else self._made(call, made)

    async def drop(self, call: Call) -> None:
        seen, id = Registered(self._rooms, call), part(call, self._name)
        if seen.handed_in(self._kind, id) is None and seen.has(self._kind, id):
            raise _served_here(id)
        call.before = {"id": id}
        await self._shells.drop(call.tenant, _DESCRIBES[self._kind], id, call.who.user)

    def _made(self, call: Call, made: Jsonable) -> Response:
        call.after = {"id": made["id"]}
        told = {name: held for name, held in made.items() if name != "modelType"}
        return answered(told, 201, here(call, f"{_FOLDERS[self._kind]}/{encoded(made['id'])}"))


class _Registry:
    """The descriptors of submodels inside that of a shell."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms, self._shells = rooms, rooms.registry.shells

    async def listed(self, call: Call) -> Response:
        found, cursor = page_of(call, Registered(self._rooms, call).inside(part(call, "shell")))
        return paged(map(msgspec.json.encode, found), cursor)

    async def one(self, call: Call) -> Response:
        return answered(Registered(self._rooms, call).one_inside(part(call, "shell"), part(call, "submodel")))

    async def add(self, call: Call) -> Response:
        made = submodel_descriptor(await body_of(call, self._rooms.settings.max_body))

        def work(held: list[Jsonable]) -> None:
            if any(one["id"] == made["id"] for one in held):
                raise FixConfiguration("aas.exists", f"{made['id']!r} is registered already", place=made["id"])
            held.append(made)

        await self._edit(call, work)
        return self._made(call, made)

    async def put(self, call: Call) -> Response:
        id, made = part(call, "submodel"), submodel_descriptor(await body_of(call, self._rooms.settings.max_body))
        if made["id"] != id:
            raise FixConfiguration("aas.identifier", f"the body has the id {made['id']!r}, the path {id!r}", place=id)
        known: list[bool] = []

        def work(held: list[Jsonable]) -> None:
            known.append(any(one["id"] == id for one in held))
            held[:] = [one for one in held if one["id"] != id] + [made]

        await self._edit(call, work)
        return Response(status_code=204) if known[-1] else self._made(call, made)

    async def drop(self, call: Call) -> None:
        shell, id = part(call, "shell"), part(call, "submodel")
        Registered(self._rooms, call).one_inside(shell, id)
        call.before = {"id": shell, "submodel": id}

        def work(held: list[Jsonable]) -> None:
            held[:] = [one for one in held if one["id"] != id]

        await self._edit(call, work)

    async def _edit(self, call: Call, change: Callable[[list[Jsonable]], None]) -> None:
        shell = part(call, "shell")
        seen = Registered(self._rooms, call)
        if seen.handed_in(SHELL, shell) is None and seen.has(SHELL, shell):
            raise _served_here(shell)

        def work(descriptor: Jsonable) -> None:
            change(descriptor.setdefault(_INSIDE, []))
            for one in descriptor[_INSIDE]:
                one.pop("modelType", None)
            del descriptor["modelType"]

        await self._shells.edit(call.tenant, SHELL_DESCRIPTOR, shell, call.who.user, work)
        call.after = {"id": shell}

    def _made(self, call: Call, made: Jsonable) -> Response:
        way = f"/shell-descriptors/{encoded(part(call, 'shell'))}/submodel-descriptors/{encoded(made['id'])}"
        return answered({name: held for name, held in made.items() if name != "modelType"}, 201, here(call, way))


def _served_here(id: str) -> FixConfiguration:
    return FixConfiguration("aas.generated", f"{id!r} is registered because it is served here", place=id)


def _shell(seen: Registered, id: str) -> Jsonable:
    shell = seen.whole(SHELL, id)
    about = shell["assetInformation"]
    made = {name: shell[name] for name in _SAME if name in shell}
    made |= {name: about[name] for name in ("assetKind", "assetType", "globalAssetId", "specificAssetIds")
             if name in about}  # fmt: skip
    made |= {"id": id, "endpoints": [_endpoint(seen.call, "AAS", f"/shells/{encoded(id)}")]}
    submodels = [seen.descriptor(SUBMODEL, one) for one in seen.held(shell)]
    return made | ({_INSIDE: submodels} if submodels else {})


def _submodel(seen: Registered, id: str) -> Jsonable:
    submodel = seen.head(id)
    made: Jsonable = {
        name: submodel[name] for name in (*_SAME, "semanticId", "supplementalSemanticIds") if name in submodel
    }
    return made | {"id": id, "endpoints": [_endpoint(seen.call, "SUBMODEL", f"/submodels/{encoded(id)}")]}


def _endpoint(call: Call, what: str, path: str) -> dict[str, Any]:
    url = call.request.url
    about = {
        "href": f"{url.scheme}://{url.netloc}{here(call, path)}",
        "endpointProtocol": url.scheme.upper(),
        "endpointProtocolVersion": ["1.1"],
    }
    return {"interface": f"{what}-{version_of(call)}", "protocolInformation": about}
