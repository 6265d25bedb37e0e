"""What registries and discovery keep (IDTA-01002, 3.1): descriptors of shells and submodels, links from assets.

What they share with the metamodel is judged as the metamodel's; the rest are addresses.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from baigong.models.aas.checking import admit
from baigong.models.aas.environment import Jsonable
from baigong.models.aas.findings import finding, refusal

SHELL_DESCRIPTOR, SUBMODEL_DESCRIPTOR, LINKS = "AssetAdministrationShellDescriptor", "SubmodelDescriptor", "AssetLinks"
_ABOUT = ("extensions", "idShort", "displayName", "description", "administration", "id")
_MEANT = ("semanticId", "supplementalSemanticIds")
_ASSET = ("assetKind", "assetType", "globalAssetId", "specificAssetIds")
_Name = Annotated[str, Meta(max_length=128)]
_Text = Annotated[str, Meta(max_length=2048)]


class SecurityAttribute(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    type: Literal["NONE", "RFC_TLSA", "W3C_DID"]
    key: str
    value: str


class ProtocolInformation(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"
):
    href: _Text
    endpoint_protocol: _Name | None = None
    endpoint_protocol_version: list[_Name] = []
    subprotocol: _Name | None = None
    subprotocol_body: _Text | None = None
    subprotocol_body_encoding: _Name | None = None
    security_attributes: list[SecurityAttribute] = []


class Endpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    interface: _Name
    protocol_information: ProtocolInformation


def shell_descriptor(value: Any) -> Jsonable:
    """Return one in canonical form. Raises aas.structure, aas.invalid."""
    given = _object(value, (*_ABOUT, *_ASSET, "endpoints", "submodelDescriptors"))
    asset = {name: given[name] for name in _ASSET if name in given}
    # an asset needs a kind and an id (AASd-131), a descriptor neither
    whole = asset | {"assetKind": asset.get("assetKind", "NotApplicable")}
    if not whole.get("specificAssetIds"):
        whole = {"globalAssetId": "urn:none", **whole}
    shell = {name: given[name] for name in _ABOUT if name in given}
    told = admit(
        "AssetAdministrationShell", shell | {"modelType": "AssetAdministrationShell", "assetInformation": whole}
    )
    made = {name: told[name] for name in _ABOUT if name in told}
    made |= {name: held for name, held in told["assetInformation"].items() if name in asset}
    if given.get("endpoints"):
        made["endpoints"] = _endpoints(given["endpoints"], "$.endpoints")
    submodels = given.get("submodelDescriptors", [])
    if not isinstance(submodels, list):
        raise _wrong("$.submodelDescriptors", "Expected an array")
    held = [_submodel(one, f"$.submodelDescriptors[{at}]") for at, one in enumerate(submodels)]
    ids = [one["id"] for one in held]
    if len({*ids}) != len(ids):
        raise _wrong("$.submodelDescriptors", "two of them have the same id")
    return made | ({"submodelDescriptors": held} if held else {}) | {"modelType": SHELL_DESCRIPTOR}


def submodel_descriptor(value: Any) -> Jsonable:
    """Return one in canonical form. Raises aas.structure, aas.invalid."""
    return _submodel(value, "$") | {"modelType": SUBMODEL_DESCRIPTOR}


def asset_links(value: Any) -> Jsonable:
    """Return ids of an asset as they are kept for a shell: {id, links}. Raises aas.structure, aas.invalid."""
    links = value.get("links")
    if not isinstance(links, list) or not links:
        raise _wrong("$", "Expected an array of at least one asset id")
    return {"id": value["id"], "links": [admit("SpecificAssetId", one) for one in links], "modelType": LINKS}


def _submodel(value: Any, place: str) -> Jsonable:
    given = _object(value, (*_ABOUT, *_MEANT, "endpoints"), place)
    if not given.get("endpoints"):
        raise _wrong(f"{place}.endpoints", "The required property 'endpoints' is missing")
    about = {name: given[name] for name in (*_ABOUT, *_MEANT) if name in given}
    told = admit("Submodel", about | {"modelType": "Submodel"})
    made = {name: told[name] for name in (*_ABOUT, *_MEANT) if name in told}
    return made | {"endpoints": _endpoints(given["endpoints"], f"{place}.endpoints")}


def _object(value: Any, known: tuple[str, ...], place: str = "$") -> Jsonable:
    """Return an object of known names; lists that are empty say nothing."""
    if not isinstance(value, dict):
        raise _wrong(place, "Expected an object")
    extra = [name for name in value if name not in known]
    if extra:
        raise _wrong(place, f"Unexpected property: {ascii(extra[0])[:100]}")
    return {name: held for name, held in value.items() if held != []}


def _endpoints(value: Any, place: str) -> list[Jsonable]:
    try:
        held: list[Jsonable] = msgspec.to_builtins(msgspec.convert(value, list[Endpoint]))
    except msgspec.ValidationError as error:
        told, _, at = str(error).partition(" - at `$")
        raise _wrong(f"{place}{at.rstrip('`')}", told) from error
    return held


def _wrong(place: str, message: str) -> Exception:
    return refusal([finding("structure", place, message)])
