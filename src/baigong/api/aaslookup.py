"""Discovery and both registries of the standard, read: made from the shells and submodels that are served here."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from baigong.api.aasserved import Served
from baigong.api.aasshells import asset_links, links_of, shell_filter
from baigong.api.aaswire import (
    answered,
    body_of,
    here,
    page_of,
    paged,
    part,
    version_of,
)
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.models.aas.environment import Jsonable
from baigong.models.aas.paths import encoded
from baigong.registry.shells import SHELL, SUBMODEL
from baigong.vocab.errors import FixConfiguration

_MOST = 1 << 20  # bytes of a list of asset links
_KINDS = {"instance": "Instance", "type": "Type", "role": "Role", "notapplicable": "NotApplicable"}
_SAME = ("idShort", "displayName", "description", "administration")  # what a descriptor says as the thing does


def lookup_operations(rooms: Rooms) -> list[Operation]:
    made = _Lookup(rooms)
    shell, submodel = "/aas/shell-descriptors", "/aas/submodel-descriptors"
    return [
        Operation("GET", "/aas/lookup/shells", "Ids of shells by asset ids", made.by_query),
        Operation("POST", "/aas/lookup/shellsByAssetLink", "Ids of shells by asset links", made.by_body),
        Operation("GET", "/aas/lookup/shells/{shell}", "Asset ids of a shell", made.links),
        Operation("GET", shell, "Descriptors of shells", made.shells),
        Operation("GET", shell + "/{shell}", "The descriptor of a shell", made.shell),
        Operation("GET", shell + "/{shell}/submodel-descriptors", "Those of its submodels", made.submodels_of),
        Operation(
            "GET", shell + "/{shell}/submodel-descriptors/{submodel}", "That of its submodel", made.submodel
        ),
        Operation("GET", submodel, "Descriptors of submodels", made.submodels),
        Operation("GET", submodel + "/{submodel}", "The descriptor of a submodel", made.submodel),
    ]  # fmt: skip


class _Lookup:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def by_query(self, call: Call) -> Response:
        served, links = Served(self._rooms, call), links_of(call)
        found, cursor = await served.page(SHELL, shell_filter(served, links), links)
        return paged(map(msgspec.json.encode, found), cursor)

    async def by_body(self, call: Call) -> Response:
        served, told = Served(self._rooms, call), await body_of(call, _MOST)
        if not isinstance(told, list):
            raise FixConfiguration("aas.query", "asset links are a list of names and values", place="body")
        links = [*asset_links(told), *links_of(call)]
        found, cursor = await served.page(SHELL, shell_filter(served, links), links)
        return paged(map(msgspec.json.encode, found), cursor)

    async def links(self, call: Call) -> Response:
        about = Served(self._rooms, call).whole(SHELL, part(call, "shell"))["assetInformation"]
        found = about.get("specificAssetIds", [])
        if "globalAssetId" in about:
            found = [{"name": "globalAssetId", "value": about["globalAssetId"]}, *found]
        return answered(found)

    async def shells(self, call: Call) -> Response:
        served, query = Served(self._rooms, call), call.request.query_params
        kind, type_ = query.get("assetKind"), query.get("assetType")
        if kind is not None and kind.lower() not in _KINDS:
            raise FixConfiguration("aas.query", f"assetKind is {kind[:100]!r}", place="assetKind")

        def passes(id: str) -> bool:
            if kind is None and type_ is None:
                return True
            about = served.whole(SHELL, id)["assetInformation"]
            return (kind is None or about["assetKind"] == _KINDS[kind.lower()]) and (
                type_ is None or encoded(about.get("assetType", "")) == type_.rstrip("=")
            )

        found, cursor = await served.page(SHELL, passes)
        return paged((msgspec.json.encode(_shell(served, id)) for id in found), cursor)

    async def shell(self, call: Call) -> Response:
        return answered(_shell(Served(self._rooms, call), part(call, "shell")))

    async def submodels(self, call: Call) -> Response:
        served = Served(self._rooms, call)
        found, cursor = await served.page(SUBMODEL)
        return paged((msgspec.json.encode(_submodel(served, id)) for id in found), cursor)

    async def submodels_of(self, call: Call) -> Response:
        served = Served(self._rooms, call)
        found, cursor = page_of(call, served.held(served.whole(SHELL, part(call, "shell"))))
        return paged((msgspec.json.encode(_submodel(served, id)) for id in found), cursor)

    async def submodel(self, call: Call) -> Response:
        served, id = Served(self._rooms, call), part(call, "submodel")
        if "shell" in call.request.path_params:
            id = served.submodel(part(call, "shell"), id)
        return answered(_submodel(served, id))


def _shell(served: Served, id: str) -> Jsonable:
    shell = served.whole(SHELL, id)
    about = shell["assetInformation"]
    made = {name: shell[name] for name in _SAME if name in shell}
    made |= {name: about[name] for name in ("assetKind", "assetType", "globalAssetId", "specificAssetIds")
             if name in about}  # fmt: skip
    made |= {"id": id, "endpoints": [_endpoint(served.call, "AAS", f"/shells/{encoded(id)}")]}
    submodels = [_submodel(served, one) for one in served.held(shell)]
    return made | ({"submodelDescriptors": submodels} if submodels else {})


def _submodel(served: Served, id: str) -> Jsonable:
    submodel = served.head(id)
    made: Jsonable = {
        name: submodel[name] for name in (*_SAME, "semanticId", "supplementalSemanticIds") if name in submodel
    }
    return made | {"id": id, "endpoints": [_endpoint(served.call, "SUBMODEL", f"/submodels/{encoded(id)}")]}


def _endpoint(call: Call, what: str, path: str) -> dict[str, Any]:
    url = call.request.url
    about = {
        "href": f"{url.scheme}://{url.netloc}{here(call, path)}",
        "endpointProtocol": url.scheme.upper(),
        "endpointProtocolVersion": ["1.1"],
    }
    return {"interface": f"{what}-{version_of(call)}", "protocolInformation": about}
