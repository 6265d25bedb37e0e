"""Changes inside a submodel, by path: elements added, replaced, taken away; values alone, or what describes them.

Pure: each works on JSON in place, and the metamodel judges the whole afterwards.
"""

from __future__ import annotations

import math
from typing import Any

from baigong.models.aas.environment import Jsonable
from baigong.models.aas.paths import CHILDREN, children, locate, steps
from baigong.models.aas.views import metadata
from baigong.vocab.errors import FixConfiguration

_LIST = "SubmodelElementList"
_VALUE, _UNFIT = "aas.value", "aas.unfit"


def element(submodel: Jsonable, path: str) -> Jsonable:
    """Return an element. Raises aas.path, aas.no_element."""
    held, index = locate(submodel, path)
    return held[index]


def add(submodel: Jsonable, path: str, made: Any) -> str:
    """Put a new element into a submodel (empty path) or an element; returns its path. Raises aas.exists, aas.unfit."""
    holder = element(submodel, path) if path else submodel
    member = CHILDREN.get(holder["modelType"])
    if member is None:
        raise FixConfiguration(_UNFIT, f"a {holder['modelType']} holds no elements", place=path)
    held = holder.setdefault(member, [])
    held.append(made)
    if holder["modelType"] == _LIST:
        return f"{path}[{len(held) - 1}]"
    name = made.get("idShort") if isinstance(made, dict) else None
    if not isinstance(name, str):
        raise FixConfiguration(_VALUE, "an element that is not in a list needs an idShort", place=path)
    if any(one.get("idShort") == name for one in held[:-1]):
        raise FixConfiguration("aas.exists", f"there is an element {name!r} already", place=path)
    return f"{path}.{name}" if path else name


def put(submodel: Jsonable, path: str, made: Any) -> bool:
    """Put an element in place of another, or where none was; says whether it is new."""
    above, last = _parted(path)
    if not isinstance(made, dict) or (isinstance(last, str) and made.get("idShort", last) != last):
        raise FixConfiguration("aas.identifier", f"the body is not the element {path!r}", place=path)
    if isinstance(last, str):
        made = {"idShort": last} | made
    try:
        held, index = locate(submodel, path)
    except FixConfiguration as error:
        holder = element(submodel, above) if above else submodel
        if error.code != "aas.no_element" or (isinstance(last, int) and last != len(children(holder))):
            raise
        add(submodel, above, made)
        return True
    held[index] = made
    return False


def remove(submodel: Jsonable, path: str) -> None:
    """Take an element away; a list that is empty then is left out, as the metamodel wants."""
    held, index = locate(submodel, path)
    del held[index]
    if not held:
        above, _ = _parted(path)
        holder = element(submodel, above) if above else submodel
        del holder[CHILDREN[holder["modelType"]]]


def _parted(path: str) -> tuple[str, str | int]:
    way = steps(path)
    cut = path.rindex("[") if isinstance(way[-1], int) else max(path.rfind("."), 0)
    return path[:cut], way[-1]


def merge(thing: Jsonable, told: Any) -> None:
    """Change what ``told`` says and leave the rest; elements are the same where their idShort is."""
    if not isinstance(told, dict) or told.get("modelType", thing["modelType"]) != thing["modelType"]:
        raise FixConfiguration(_VALUE, f"the body is no {thing['modelType']}", place="body")
    member = CHILDREN.get(thing["modelType"], "")
    for name, value in told.items():
        if name == member and thing["modelType"] != _LIST and isinstance(value, list):
            held = thing.setdefault(name, [])
            for one in value:
                known = one.get("idShort") if isinstance(one, dict) else None
                old = next((child for child in held if child.get("idShort") == known), None)
                if old is None or old["modelType"] != one.get("modelType"):
                    held[:] = [child for child in held if child is not old] + [one]
                else:
                    merge(old, one)
        else:
            thing[name] = value


def describe(thing: Jsonable, told: Any) -> None:
    """Change what describes a thing; its value stays. Raises aas.value for anything else in ``told``."""
    if not isinstance(told, dict):
        raise FixConfiguration(_VALUE, "metadata is an object", place="body")
    more = sorted(set(told) - set(metadata({"modelType": thing["modelType"]} | told)))
    if more:
        raise FixConfiguration(_VALUE, f"{more[0]!r} is no metadata of a {thing['modelType']}", place=more[0])
    merge(thing, told)


def assign(thing: Jsonable, told: Any, path: str = "") -> None:
    """Give a submodel or element values in their ValueOnly form; what is not named stays. Raises aas.value."""
    kind = thing["modelType"]
    if kind == "Property":
        thing["value"] = _text(told, path)
    elif kind == _LIST:
        _assign_list(thing, told, path)
    elif kind == "MultiLanguageProperty":
        pairs = [pair for one in _of(list, told, path) for pair in _of(dict, one, path).items()]
        thing["value"] = [{"language": language, "text": _of(str, text, path)} for language, text in pairs]
    elif kind == "ReferenceElement":
        thing["value"] = _of(dict, told, path)
    elif kind in ("Submodel", "SubmodelElementCollection"):
        _assign_named(thing, _of(dict, told, path), path)
    elif kind in _FIELDS:
        _assign_fields(thing, _of(dict, told, path), path)
    else:
        raise FixConfiguration(_UNFIT, f"a {kind} has no value", place=path)


_FIELDS = {
    "Range": ("min", "max"),
    "Blob": ("contentType", "value"),
    "File": ("contentType", "value"),
    "RelationshipElement": ("first", "second"),
    "AnnotatedRelationshipElement": ("first", "second", "annotations"),
    "Entity": ("entityType", "globalAssetId", "specificAssetIds", "statements"),
    "BasicEventElement": ("observed",),
}


def _assign_fields(thing: Jsonable, told: Jsonable, path: str) -> None:
    for name, value in told.items():
        if name not in _FIELDS[thing["modelType"]]:
            raise FixConfiguration(_VALUE, f"a {thing['modelType']} has no {name!r}", place=path)
        if name == CHILDREN.get(thing["modelType"]):
            _assign_named(thing, _of(dict, value, path), path)
        elif name == "specificAssetIds":
            pairs = [pair for one in _of(list, value, path) for pair in _of(dict, one, path).items()]
            thing[name] = [{"name": key, "value": _of(str, text, path)} for key, text in pairs]
        else:
            thing[name] = _text(value, path) if thing["modelType"] == "Range" else value


def _assign_named(thing: Jsonable, told: Jsonable, path: str) -> None:
    held = {one.get("idShort"): one for one in children(thing)}
    for name, value in told.items():
        way = f"{path}.{name}" if path else name
        if name not in held:
            raise FixConfiguration("aas.no_element", f"no element {way!r}", place=way)
        assign(held[name], value, way)


def _assign_list(thing: Jsonable, told: Any, path: str) -> None:
    held = children(thing)
    if len(_of(list, told, path)) != len(held):
        raise FixConfiguration(_VALUE, f"{len(told)} values for the {len(held)} elements of a list", place=path)
    for index, (one, value) in enumerate(zip(held, told, strict=True)):
        assign(one, value, f"{path}[{index}]")


def _of(kind: type, value: Any, path: str) -> Any:
    if not isinstance(value, kind):
        raise FixConfiguration(_VALUE, f"the value is no JSON {_WORDS[kind]}", place=path)
    return value


_WORDS: dict[type, str] = {dict: "object", list: "array", str: "text"}


def _text(value: Any, path: str) -> str:
    """Write a JSON scalar as XML Schema does.

    >>> _text(True, ""), _text(20, ""), _text(0.5, "")
    ('true', '20', '0.5')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)) and math.isfinite(value):
        return str(value)
    text: str = _of(str, value, path)
    return text
