"""The shell of one of our own assets, and what the asset is a part of and consists of (IDTA 02011-1-1)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from baigong.models.aas.environment import Jsonable
from baigong.models.aas.madeids import (
    SHELL,
    asset_id,
    external,
    id_short,
    id_shorts,
    made_id,
    submodel,
    submodel_reference,
    told,
)

MOST_PARTS = 10_000  # in one submodel; of those left out, their number is told
_OURS = "https://admin-shell.io/idta/HierarchicalStructures"
STRUCTURE = f"{_OURS}/1/1/Submodel"
_LEFT_OUT = "urn:baigong:semantic:PartsLeftOut:1"


class OwnAsset(Struct, frozen=True, kw_only=True):
    """What a shell says of an asset. ``front``: of all ids of its company; ``serial``: the number of its maker.

    ``parts``: those of `madeids.PARTS` that it has; ``filled``: ids of submodels that somebody filled in for it.
    """

    front: str
    asset: str
    title: str = ""
    title_zh: str = ""
    code: str = ""
    serial: str = ""
    parts: Sequence[str] = ()
    filled: Sequence[str] = ()


def links(asset: OwnAsset) -> list[tuple[str, str]]:
    """Return the specific ids that an asset is looked up by: its name, its code, its serial number."""
    told = (("asset", asset.asset), ("code", asset.code), ("serialNumber", asset.serial))
    return [(name, value) for name, value in told if value]


def shell_of(asset: OwnAsset) -> Jsonable:
    names = told(asset.title, asset.title_zh, 128)
    information: Jsonable = {
        "assetKind": "Instance",
        "globalAssetId": asset_id(asset.front, asset.asset),
        "specificAssetIds": [{"name": name, "value": value} for name, value in links(asset)],
    }
    made = (made_id(asset.front, asset.asset, part) for part in asset.parts)
    held = [submodel_reference(id) for id in (*made, *asset.filled)]
    return {
        "idShort": id_short(asset.asset),
        **({"displayName": names} if names else {}),
        "id": made_id(asset.front, asset.asset, SHELL),
        "assetInformation": information,
        **({"submodels": held} if held else {}),
        "modelType": "AssetAdministrationShell",
    }


def structure(id: str, front: str, asset: str, above: str, parts: Sequence[str]) -> Jsonable:
    """Return the submodel HierarchicalStructures: an asset with its parts, or, of one without, what it is a part of."""
    shown = list(parts[:MOST_PARTS]) or [above]
    names = [*id_shorts(shown)]
    relation, architype = ("HasPart", "OneDown") if parts else ("IsPartOf", "OneUp")
    entry = "EntryNode"
    nodes: list[Jsonable] = [
        {
            "idShort": name, "semanticId": external(f"{_OURS}/Node/1/0"), "entityType": "SelfManagedEntity",
            "globalAssetId": asset_id(front, other), "modelType": "Entity",
        }
        for other, name in zip(shown, names, strict=True)
    ]  # fmt: skip
    relations: list[Jsonable] = [
        {
            "idShort": f"{relation}_{name}", "semanticId": external(f"{_OURS}/{relation}/1/0"),
            "first": _entity(id, entry), "second": _entity(id, entry, name), "modelType": "RelationshipElement",
        }
        for name in names
    ]  # fmt: skip
    elements: list[Jsonable] = [
        {
            "idShort": "ArcheType", "semanticId": external(f"{_OURS}/ArcheType/1/0"), "valueType": "xs:string",
            "value": architype, "modelType": "Property",
        },
        {
            "idShort": entry, "semanticId": external(f"{_OURS}/EntryNode/1/0"), "statements": [*nodes, *relations],
            "entityType": "SelfManagedEntity", "globalAssetId": asset_id(front, asset), "modelType": "Entity",
        },
    ]  # fmt: skip
    if len(parts) > len(shown):
        elements.append(
            {
                "idShort": "PartsLeftOut", "semanticId": external(_LEFT_OUT), "valueType": "xs:long",
                "value": str(len(parts) - len(shown)), "modelType": "Property",
            }
        )  # fmt: skip
    return submodel("HierarchicalStructures", id, STRUCTURE, elements)


def _entity(id: str, *way: str) -> Jsonable:
    keys = [{"type": "Submodel", "value": id}, *({"type": "Entity", "value": name} for name in way)]
    return {"type": "ModelReference", "keys": keys}
