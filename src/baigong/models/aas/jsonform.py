"""AAS environments as JSON (IDTA-01001, part "Mappings"; the schema of IDTA-01002 is the same)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from baigong.models.aas.checking import understand
from baigong.models.aas.environment import LISTS, Environment, Jsonable
from baigong.models.aas.findings import Finding, finding, refusal
from baigong.models.aas.limits import MOST_FINDINGS, MOST_THINGS
from baigong.models.aas.places import json_path, objects, whereabouts
from baigong.vocab.errors import FixConfiguration

_OLD = {"assets", "identification", "concept_dictionary", "conceptDictionary"}  # members that only 1.0 and 2.0 had
_UNREADABLE = "aas.unreadable"


def read_json(content: bytes, place: str = "") -> tuple[Environment, list[Finding]]:
    """Return (environment, notes). aas.unreadable, aas.version, aas.structure.

    A file that is one shell, submodel or concept description alone is read as an environment of it.
    """
    document = _decoded(content, place)
    if not isinstance(document, dict):
        raise FixConfiguration(_UNREADABLE, "the JSON is no object, so it is no AAS environment", place=place)
    if _OLD & set(document):
        raise FixConfiguration("aas.version", "this is JSON of AAS metamodel 1.0 or 2.0", place=place)
    kinds = {kind: name for name, kind in LISTS}
    alone = document.get("modelType")
    if isinstance(alone, str) and alone in kinds:
        document = {kinds[alone]: [document]}
    return from_jsonable(document)


def from_jsonable(document: Jsonable) -> tuple[Environment, list[Finding]]:
    """Return (environment, notes) of decoded JSON; aas.structure with a finding for each identifiable that is none."""
    found: list[Finding] = []
    notes: list[Finding] = []
    lists: dict[str, list[Jsonable]] = {name: [] for name, _ in LISTS}
    for name, kind in LISTS:
        held = document.get(name, [])
        if not isinstance(held, list):
            found.append(finding("structure", f"$.{name}", "Expected an array"))
            continue
        if not held and name in document:
            notes.append(finding("empty-list", f"$.{name}", f"{name} is an empty list"))
        for index, value in enumerate(held):
            canonical, wrong = _read(kind, value, f"$.{name}[{index}]", notes)
            if canonical is None:
                found += wrong
            else:
                lists[name].append(canonical)
    extra = [name for name in document if name not in dict(LISTS)]
    found += [finding("structure", "$", f"Unexpected property: {ascii(name)[:100]}") for name in extra[:MOST_FINDINGS]]
    if found:
        raise refusal(found)
    shells, submodels, concepts = lists.values()
    return Environment(shells, submodels, concepts), notes


def _read(kind: str, value: Any, place: str, notes: list[Finding]) -> tuple[Jsonable | None, list[Finding]]:
    if not isinstance(value, dict):
        return None, [finding("structure", place, f"Expected an object that is a {kind}")]
    canonical, found = understand(kind, value, place)
    if canonical is None and any(_LIST_TYPE in one.message for one in found):
        notes += _typed(value, place)
        return understand(kind, value, place)
    return canonical, found


def _typed(value: Jsonable, place: str) -> Iterator[Finding]:
    """Say of lists what they are of, where their maker forgot to: the one fault of structure that heals itself.

    It stays an error, so only who tolerates findings gets the healed list.
    """
    for steps, here in objects(value):
        if here.get("modelType") == "SubmodelElementList" and _LIST_TYPE not in here:
            held = here.get("value")
            kinds = (
                {str(one.get("modelType")) for one in held if isinstance(one, dict)}
                if isinstance(held, list)
                else set()
            )
            here[_LIST_TYPE] = told = kinds.pop() if len(kinds) == 1 else "SubmodelElement"
            message = f"The required property '{_LIST_TYPE}' is missing; read as {told}"
            yield finding("list-type", json_path(steps, place), message, at=whereabouts(value, steps))


_LIST_TYPE = "typeValueListElement"


def _decoded(content: bytes, place: str) -> Any:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FixConfiguration(
            _UNREADABLE, f"not UTF-8: byte {error.start:,} is {content[error.start]:#04x}", place=place
        ) from error
    if text.count("{") + text.count("[") > MOST_THINGS:
        raise FixConfiguration("aas.too_large", f"more than {MOST_THINGS:,} objects and arrays", place=place)
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        where = f"{place} line {error.lineno}, column {error.colno}".strip()
        raise FixConfiguration(_UNREADABLE, f"not JSON: {error.msg}", place=where) from error
    except RecursionError as error:
        raise FixConfiguration(_UNREADABLE, "nested too deep to be read", place=place) from error
    except ValueError as error:  # a member twice, a number of thousands of digits
        raise FixConfiguration(_UNREADABLE, f"not JSON that is safe to read: {error}", place=place) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        name = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"the member {name!r} stands twice in one object")
    return made


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
