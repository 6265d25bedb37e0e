"""The 3.0 view: what 3.1 allows and 3.0 does not is mapped or left out, and every such change is told."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from baigong.models.aas.environment import Jsonable, Package
from baigong.models.aas.madeids import external
from baigong.models.aas.paths import CHILDREN
from baigong.models.aas.places import json_path, objects, whereabouts
from baigong.models.aas.relations import guessed

_CATEGORIES = {"CONSTANT", "PARAMETER", "VARIABLE"}  # AASd-090, gone in 3.1
_DATA_ELEMENTS = {"Property", "MultiLanguageProperty", "Range", "ReferenceElement", "Blob", "File"}
_UNSET = "urn:baigong:unset"  # 3.0 has no relationship with an open end
_VARIABLES = ("inputVariables", "outputVariables", "inoutputVariables")


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that the 3.0 view says in other words, or not at all; ``path`` as JSON, ``at`` as people name it."""

    path: str
    at: str
    message: str
    message_zh: str


@dataclass(slots=True)
class _Walk:
    """One identifiable on its way to 3.0."""

    place: str
    whole: Jsonable
    changes: list[Change]
    renamed: dict[str, str]

    def told(self, way: tuple[str | int, ...], message: str, message_zh: str) -> None:
        path = json_path(way, self.place)
        self.changes.append(Change(path=path, at=whereabouts(self.whole, way), message=message, message_zh=message_zh))


def as_3_0(package: Package) -> tuple[Package, list[Change]]:
    """Return (the same package for readers of 3.0, what was changed); what was handed in stays as it is.

    Ids longer than 2,000 characters stay: `check` with version 3.0 names what 3.0 cannot hold at all.
    """
    changes: list[Change] = []
    renamed: dict[str, str] = {}
    environment = deepcopy(package.environment)
    for place, _, value in environment.identifiables():
        _convert(_Walk(place, value, changes, renamed))
    if renamed:
        for _, _, value in environment.identifiables():
            _redirect(value, renamed)
    return replace(package, environment=replace(environment, version="3.0"), notes=()), changes


def older(value: Jsonable) -> Jsonable:
    """Turn one thing, in place, into what readers of 3.0 know; returns it."""
    renamed: dict[str, str] = {}
    _convert(_Walk("$", value, [], renamed))
    if renamed:
        _redirect(value, renamed)
    return value


def _convert(walk: _Walk) -> None:
    for way, here in objects(walk.whole):
        _object(walk, way, here)


def _object(walk: _Walk, way: tuple[str | int, ...], here: Jsonable) -> None:
    kind = here.get("modelType", "")
    if here.get("assetKind") == "Role":
        here["assetKind"] = "NotApplicable"
        walk.told((*way, "assetKind"), "the asset kind Role became NotApplicable", "资产类别 Role 改为 NotApplicable")
    if kind:
        _id_shorts(walk, way, here)
    if kind in _DATA_ELEMENTS and here.get("category", "CONSTANT") not in _CATEGORIES:
        told = here.pop("category")
        walk.told(way, f"the category {told!r} was left out", f"删去类别 {told!r}")
    if kind in ("Blob", "File") and "contentType" not in here:
        here["contentType"] = guessed(here.get("value", "") if kind == "File" else "")
        walk.told(way, f"the content type was set to {here['contentType']}", f"内容类型设为 {here['contentType']}")
    if kind in ("RelationshipElement", "AnnotatedRelationshipElement"):
        for end in ("first", "second"):
            if end not in here:
                here[end] = external(_UNSET)
                walk.told((*way, end), f"the open end became a reference to {_UNSET}", f"未填写的一端改为引用 {_UNSET}")
    if here.get("typeValueListElement") in ("Property", "Range") and "valueTypeListElement" not in here:
        kinds = {one.get("valueType") for one in here.get("value", ())}
        here["valueTypeListElement"] = told = kinds.pop() if len(kinds) == 1 else "xs:string"
        walk.told(way, f"the value type of the list was set to {told}", f"列表的值类型设为 {told}")
    if kind == "Entity":
        _entity(walk, way, here)
    if "valueReferencePairs" in here:
        _pairs(walk, (*way, "valueReferencePairs"), here["valueReferencePairs"])


def _pairs(walk: _Walk, way: tuple[str | int, ...], pairs: list[Jsonable]) -> None:
    for index, pair in enumerate(pairs):
        if "valueId" not in pair:
            pair["valueId"] = external(pair["value"])
            walk.told((*way, index), "the value became its own id", "以值本身作为其标识")


def _entity(walk: _Walk, way: tuple[str | int, ...], here: Jsonable) -> None:
    ids = [name for name in ("globalAssetId", "specificAssetIds") if name in here]
    if "entityType" not in here:
        here["entityType"] = kind = "SelfManagedEntity" if ids else "CoManagedEntity"
        walk.told(way, f"the entity type was set to {kind}", f"实体类型设为 {kind}")
    if here["entityType"] == "CoManagedEntity" and ids:
        for name in ids:
            del here[name]
        walk.told(way, f"a co-managed entity has no {' and '.join(ids)} in 3.0: left out",
                  f"3.0 的共管实体没有 {'、'.join(ids)}:已删去")  # fmt: skip


def _id_shorts(walk: _Walk, way: tuple[str | int, ...], here: Jsonable) -> None:
    held = [*_siblings(here)]
    taken = {one.get("idShort") for _, one in held}
    in_list = here["modelType"] == "SubmodelElementList"
    for steps, one in held if way else [((), here), *held]:
        name = one.get("idShort", "")
        where = (*way, *steps)
        if in_list and one is not here:
            if one.pop("idShort", None) is not None:
                walk.told(where, f"an element of a list has no idShort in 3.0: {name!r} left out",
                          f"3.0 的列表元素没有 idShort:删去 {name!r}")  # fmt: skip
        elif "-" in name:
            new = name.replace("-", "_")
            while new in taken:
                new += "_"
            taken.add(new)
            one["idShort"] = walk.renamed[name] = new
            walk.told(where, f"the idShort {name!r} became {new!r}", f"idShort {name!r} 改为 {new!r}")


def _siblings(here: Jsonable) -> Iterator[tuple[tuple[str | int, ...], Jsonable]]:
    member = CHILDREN.get(here["modelType"], "")
    for index, one in enumerate(here.get(member, ())):
        yield (member, index), one
    for name in _VARIABLES:
        for index, variable in enumerate(here.get(name, ())):
            yield (name, index, "value"), variable["value"]


def _redirect(value: Any, renamed: dict[str, str]) -> None:
    """Let references inside the environment follow the idShorts that changed."""
    for _, here in objects(value):
        if here.get("type") == "ModelReference":
            for key in here["keys"][1:]:
                key["value"] = renamed.get(key["value"], key["value"])
