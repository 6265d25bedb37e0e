"""The other ways in which the AAS API shows a thing (IDTA-01002): value, metadata, reference, core."""

from __future__ import annotations

from typing import Any

from baigong.models.aas.environment import Jsonable
from baigong.models.aas.paths import CHILDREN, children, locate, steps

_ABOUT = (
    "idShort", "displayName", "description", "category", "extensions", "semanticId", "supplementalSemanticIds",
    "qualifiers", "embeddedDataSpecifications", "modelType",
)  # fmt: skip
_MORE: dict[str, tuple[str, ...]] = {
    "AssetAdministrationShell": ("id", "administration", "derivedFrom"),
    "Submodel": ("id", "administration", "kind"),
    "ConceptDescription": ("id", "administration", "isCaseOf"),
    "Property": ("valueType",),
    "Range": ("valueType",),
    "SubmodelElementList": ("orderRelevant", "semanticIdListElement", "typeValueListElement", "valueTypeListElement"),
    "BasicEventElement": (
        "direction", "state", "messageTopic", "messageBroker", "lastUpdate", "minInterval", "maxInterval",
    ),
}  # fmt: skip
_WHOLE = {
    "xs:integer", "xs:long", "xs:int", "xs:short", "xs:byte", "xs:nonNegativeInteger", "xs:positiveInteger",
    "xs:unsignedLong", "xs:unsignedInt", "xs:unsignedShort", "xs:unsignedByte", "xs:nonPositiveInteger",
    "xs:negativeInteger",
}  # fmt: skip
_REAL = {"xs:double", "xs:float", "xs:decimal"}
_EXACT = 1 << 53  # beyond it JSON's readers round: such a number stays text
_NONE = object()  # of what has no value: an operation, a capability


def metadata(thing: Jsonable) -> Jsonable:
    """Return what describes a thing, without its value and without what is inside."""
    kept = {*_ABOUT, *_MORE.get(thing["modelType"], ())}
    return {name: held for name, held in thing.items() if name in kept}


def core(thing: Jsonable) -> Jsonable:
    """Return a submodel or element with its direct children, but nothing that is inside those."""
    member = CHILDREN.get(thing["modelType"], "")
    if member not in thing:
        return thing
    return thing | {member: [_bare(child) for child in thing[member]]}


def _bare(thing: Jsonable) -> Jsonable:
    member = CHILDREN.get(thing["modelType"], "")
    return {name: held for name, held in thing.items() if name != member}


def without_blobs(thing: Jsonable) -> Jsonable:
    """Return a submodel or element without the contents of its Blobs (extent=withoutBlobValue)."""
    if thing["modelType"] == "Blob":
        return {name: held for name, held in thing.items() if name != "value"}
    member = CHILDREN.get(thing["modelType"], "")
    return thing | {member: [without_blobs(child) for child in thing[member]]} if member in thing else thing


def reference(submodel: Jsonable, path: str = "") -> Jsonable:
    """Return the ModelReference to a submodel, or to an element by its idShortPath; aas.no_element."""
    keys = [{"type": "Submodel", "value": submodel["id"]}]
    way = ""
    for step in steps(path) if path else ():
        way += f"[{step}]" if isinstance(step, int) else f".{step}" if way else step
        held, index = locate(submodel, way)
        keys.append({"type": held[index]["modelType"], "value": str(step)})
    return {"type": "ModelReference", "keys": keys}


def values(thing: Jsonable) -> Any:
    """Return the ValueOnly form: numbers as numbers, truth as truth, collections as objects; None without a value.

    A number that JSON's readers would round (beyond 2^53, INF, NaN) stays text: the form loses no digit of an integer.
    """
    found = _value(thing)
    return None if found is _NONE else found


def _value(thing: Jsonable) -> Any:
    kind = thing["modelType"]
    if kind in ("Submodel", "SubmodelElementCollection"):
        return _named(children(thing))
    if kind == "SubmodelElementList":
        return [value for child in children(thing) if (value := _value(child)) is not _NONE]
    if kind == "Property":
        return scalar(thing["value"], thing["valueType"]) if "value" in thing else _NONE
    if kind == "Range":
        return {end: scalar(thing[end], thing["valueType"]) for end in ("min", "max") if end in thing}
    if kind == "MultiLanguageProperty":
        return [{text["language"]: text["text"]} for text in thing.get("value", ())]
    return _other(thing, kind)


def _other(thing: Jsonable, kind: str) -> Any:
    if kind in ("Blob", "File"):
        return _some(thing, ("contentType", "value"))
    if kind == "ReferenceElement":
        return thing.get("value", _NONE)
    if kind == "RelationshipElement":
        return _some(thing, ("first", "second"))
    if kind == "AnnotatedRelationshipElement":
        return _some(thing, ("first", "second")) | {"annotations": _named(children(thing))}
    if kind == "Entity":
        ids = [{one["name"]: one["value"]} for one in thing.get("specificAssetIds", ())]
        about = _some(thing, ("entityType", "globalAssetId")) | ({"specificAssetIds": ids} if ids else {})
        return about | {"statements": _named(children(thing))}
    return _some(thing, ("observed",)) if kind == "BasicEventElement" else _NONE


def _some(thing: Jsonable, names: tuple[str, ...]) -> Jsonable:
    return {name: thing[name] for name in names if name in thing}


def _named(held: list[Jsonable]) -> Jsonable:
    return {one.get("idShort", ""): value for one in held if (value := _value(one)) is not _NONE}


def scalar(text: str, type_: str) -> str | int | float | bool:
    """Turn the text of an xsd type into JSON's number or truth where that loses nothing.

    >>> scalar("20", "xs:int"), scalar("true", "xs:boolean"), scalar("INF", "xs:double"), scalar("7", "xs:string")
    (20, True, 'INF', '7')
    """
    if type_ == "xs:boolean" and text in ("true", "1", "false", "0"):
        return text in ("true", "1")
    try:
        if type_ in _WHOLE and len(text) < 20:
            whole = int(text)
            return whole if abs(whole) <= _EXACT else text
        if type_ in _REAL:
            real = float(text)
            return real if abs(real) < float("inf") else text
    except ValueError:  # a value that breaks its type was tolerated
        return text
    return text
