"""Sets values by the ValueOnly form (IDTA-01002, PATCH …/$value): what is not named stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from baigong.models.aas.environment import Jsonable
from baigong.models.aas.findings import finding, refusal
from baigong.models.aas.paths import CHILDREN
from baigong.vocab.errors import FixConfiguration

_MEMBERS: dict[str, tuple[str, ...]] = {
    "Range": ("min", "max"),
    "File": ("contentType", "value"),
    "Blob": ("contentType", "value"),
    "RelationshipElement": ("first", "second"),
    "AnnotatedRelationshipElement": ("first", "second"),
    "BasicEventElement": ("observed",),
    "Entity": ("entityType", "globalAssetId", "specificAssetIds"),
}
_INSIDE = {"AnnotatedRelationshipElement": "annotations", "Entity": "statements"}


def with_values(thing: Jsonable, values: Any, path: str = "") -> Jsonable:
    """Return a submodel or element with new values; what was handed in stays as it is.

    The result is not judged: `admit` it before it is kept.
    Raises aas.structure where a value is of the wrong shape, aas.no_element for a name that is not there.
    """
    kind = thing["modelType"]
    if kind in ("Submodel", "SubmodelElementCollection"):
        return thing | _named(thing, CHILDREN[kind], _object(values, path), path)
    if kind == "SubmodelElementList":
        return thing | _listed(thing, values, path)
    if kind == "Property":
        return thing | {"value": _text(values, path)}
    if kind == "MultiLanguageProperty":
        return thing | {"value": _spoken(values, path)}
    if kind == "ReferenceElement":
        return thing | {"value": _object(values, path)}
    if kind in _MEMBERS:
        return _members(thing, kind, _object(values, path), path)
    raise _wrong(path, f"a {kind} has no value to set")


def _members(thing: Jsonable, kind: str, values: Mapping[str, Any], path: str) -> Jsonable:
    new = dict(thing)
    for name, value in values.items():
        if name == _INSIDE.get(kind):
            new |= _named(thing, name, _object(value, path), path)
        elif name not in _MEMBERS[kind]:
            raise _wrong(path, f"a {kind} has no value {name!r}")
        elif kind == "Range":
            new[name] = _text(value, path)
        elif name == "specificAssetIds":
            new[name] = [{"name": n, "value": v} for one in _array(value, path) for n, v in _object(one, path).items()]
        else:
            new[name] = value
    return new


def _named(thing: Jsonable, member: str, values: Mapping[str, Any], path: str) -> Jsonable:
    held = list(thing.get(member, ()))
    places = {one.get("idShort"): index for index, one in enumerate(held)}
    for name, value in values.items():
        inside = f"{path}.{name}" if path else name
        if name not in places:
            raise FixConfiguration("aas.no_element", f"no element {inside!r}", place=inside)
        held[places[name]] = with_values(held[places[name]], value, inside)
    return {member: held} if held else {}


def _listed(thing: Jsonable, values: Any, path: str) -> Jsonable:
    held = list(thing.get("value", ()))
    given = _array(values, path)
    if len(given) != len(held):
        raise _wrong(path, f"the list has {len(held)} elements, not {len(given)}: a value has to say all of them")
    new = [with_values(one, value, f"{path}[{i}]") for i, (one, value) in enumerate(zip(held, given, strict=True))]
    return {"value": new} if new else {}


def _text(value: Any, path: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if not isinstance(value, str):
        raise _wrong(path, "Expected a text, a number, true or false")
    return value


def _spoken(values: Any, path: str) -> list[Jsonable]:
    texts = [pair for one in _array(values, path) for pair in _object(one, path).items()]
    return [{"language": language, "text": text} for language, text in texts]


def _object(value: Any, path: str) -> Jsonable:
    if not isinstance(value, dict):
        raise _wrong(path, "Expected an object")
    return value


def _array(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(path, "Expected an array")
    return value


def _wrong(path: str, message: str) -> FixConfiguration:
    return refusal([finding("structure", "$", message, at=path)])
