"""An environment as people read it: shells, their submodels, the elements inside with values and units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from baigong.models.aas.environment import Environment, Jsonable
from baigong.models.aas.paths import children


@dataclass(slots=True, frozen=True)
class Line:
    """One line of the tree; ``depth`` 0 is a shell, or a submodel that no shell of the file has."""

    depth: int
    name: str
    kind: str
    value: str
    unit: str
    semantic: str  # the last key of the semantic id: a URL, an IRDI


def lines(environment: Environment, language: str = "en") -> Iterator[Line]:
    """Yield the tree from above; a submodel stands below every shell that refers to it."""
    submodels = {submodel["id"]: submodel for submodel in environment.submodels}
    units = dict(_units(environment))
    shown = set()
    for shell in environment.shells:
        asset = shell["assetInformation"]
        yield Line(0, _name(shell), "AssetAdministrationShell", asset.get("globalAssetId", ""), "", "")
        for reference in shell.get("submodels", ()):
            named = last_key(reference)
            if named in submodels:
                shown.add(named)
                yield from _below(1, submodels[named], _name(submodels[named]), units, language)
            else:
                yield Line(1, named, "Submodel", "not in this file", "", "")
    for submodel in environment.submodels:
        if submodel["id"] not in shown:
            yield from _below(0, submodel, _name(submodel), units, language)
    if environment.concepts:
        yield Line(0, f"{len(environment.concepts)} concept descriptions", "ConceptDescription", "", "", "")


def _below(depth: int, thing: Jsonable, name: str, units: dict[str, str], language: str) -> Iterator[Line]:
    meant = last_key(thing.get("semanticId"))
    yield Line(depth, name, thing["modelType"], text(thing, language), units.get(meant, ""), meant)
    for index, child in enumerate(children(thing)):
        yield from _below(depth + 1, child, child.get("idShort") or f"[{index}]", units, language)


def _name(thing: Jsonable) -> str:
    return str(thing.get("idShort") or thing["id"])


def _units(environment: Environment) -> Iterator[tuple[str, str]]:
    for concept in environment.concepts:
        for given in concept.get("embeddedDataSpecifications", ()):
            unit = given["dataSpecificationContent"].get("unit")
            if unit:
                yield concept["id"], unit


def last_key(reference: Jsonable | None) -> str:
    """Return the value of a reference's last key: what it is about."""
    return str(reference["keys"][-1]["value"]) if reference and reference["keys"] else ""


def text(thing: Jsonable, language: str = "en") -> str:
    """Write an element's value in one line; nothing for what only holds other elements.

    >>> text({"modelType": "Range", "valueType": "xs:int", "min": "1", "max": "5"})
    '1 … 5'
    """
    kind, value = thing["modelType"], thing.get("value")
    if kind == "MultiLanguageProperty":
        return _spoken(value or [], language)
    if kind == "Range":
        return f"{thing.get('min', '')} … {thing.get('max', '')}"
    if kind == "Blob":
        return f"{len(value or '') * 3 // 4:,} bytes {thing.get('contentType', '')}".strip()
    if kind == "ReferenceElement":
        return _arrow(value)
    if kind in ("RelationshipElement", "AnnotatedRelationshipElement"):
        return f"{_arrow(thing.get('first'))} {_arrow(thing.get('second'))}".strip()
    if kind == "Entity":
        return str(thing.get("globalAssetId") or thing.get("entityType", ""))
    if kind == "BasicEventElement":
        return f"{thing['direction']} {thing['state']} {_arrow(thing.get('observed'))}"
    return value if isinstance(value, str) else ""


def _arrow(reference: Jsonable | None) -> str:
    return f"→ {'/'.join(key['value'] for key in reference['keys'])}" if reference else ""


def _spoken(texts: list[Any], language: str) -> str:
    by_language = {one["language"].lower().partition("-")[0]: one["text"] for one in texts}
    told = by_language.get(language) or by_language.get("en") or next(iter(by_language.values()), "")
    return str(told)
