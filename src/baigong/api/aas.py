"""The asset administration shell's own API (IDTA-01002, part 2), beside ours: one set of routes for 3.1 and for 3.0.

Served below /aas/v3.1, and below /aas/v3.0 as readers of 3.0 know it; errors are the standard's ``Result``.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Router
from starlette.types import Receive, Scope, Send

from baigong.api.aaselements import element_operations
from baigong.api.aasfiles import import_operations, serialization_operations
from baigong.api.aasguard import guarded
from baigong.api.aaslookup import lookup_operations
from baigong.api.aaspackages import package_operations
from baigong.api.aasregistry import registry_operations
from baigong.api.aasshells import concept_operations, shell_operations
from baigong.api.aassubmodels import submodel_operations
from baigong.api.aastemplates import template_operations
from baigong.api.aaswire import BASES, answered, refused, version_of
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation, route

_NAMED = "https://admin-shell.io/aas/API"
_SERVED = (  # SSP-001 of the repositories runs operations, which nothing here does: so those that read
    "AssetAdministrationShellRepositoryServiceSpecification/SSP-002",
    "SubmodelRepositoryServiceSpecification/SSP-002",
    "ConceptDescriptionRepositoryServiceSpecification/SSP-001",
    "AssetAdministrationShellRegistryServiceSpecification/SSP-001",
    "SubmodelRegistryServiceSpecification/SSP-001",
    "DiscoveryServiceSpecification/SSP-001",
    "AasxFileServerServiceSpecification/SSP-001",
)
PROFILES = {version: [f"{_NAMED}/{version.replace('.', '/')}/{one}" for one in _SERVED] for version in BASES}
_PREFIX = "/aas"


def operations(rooms: Rooms) -> list[Operation]:
    """Return what of this is below /api/v1."""
    return [*import_operations(rooms), *template_operations(rooms)]


def standard_operations(rooms: Rooms) -> list[Operation]:
    """Return what the standard names; paths below /aas."""

    async def description(call: Call) -> Response:
        return answered({"profiles": PROFILES[version_of(call)]})

    found = [
        Operation("GET", "/aas/description", "What of the standard is served", description),
        *serialization_operations(rooms),
        *shell_operations(rooms),
        *submodel_operations(rooms),
        *element_operations(rooms),
        *concept_operations(rooms),
        *lookup_operations(rooms),
        *registry_operations(rooms),
        *package_operations(rooms),
    ]
    return [guarded(rooms, one) for one in found]


def standard_routes(rooms: Rooms) -> list[Mount]:
    """Make the routes of both versions; what they have not is answered with the standard's ``Result``, too."""
    declared = standard_operations(rooms)
    return [
        Mount(base, _Unslashed([route(rooms, one, "", refused, below=_PREFIX) for one in declared]))
        for base in BASES.values()
    ]


class _Unslashed(Router):
    """Takes a slash at the end of a path for none: a redirect would lose the body that some clients send there."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Router.__call__(self, {**scope, "path": scope["path"].rstrip("/")}, receive, send)


def is_standard(request: Request) -> bool:
    return request.url.path.startswith(tuple(f"{base}/" for base in BASES.values()))
