"""Submodel templates (IDTA, kind Template) as forms: what is asked, how often, in which unit, and what it may be.

What a template says in qualifiers, data specifications and concept descriptions is read once, and told as a tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from msgspec import Struct

from baigong.models.aas.environment import Jsonable
from baigong.models.aas.paths import children
from baigong.models.aas.tree import last_key

ARBITRARY = "https://admin-shell.io/SMT/General/Arbitrary"
CHOICE_PARTS = re.compile(r"\s*;\s*")
_CARDINALITY = re.compile(r"(?:(zero|one|two)to)?(one|many)", re.IGNORECASE)
_LEAST = {"zero": 0, "one": 1, "two": 2}
_RANGE = re.compile(r"([\[(])\s*(-?[\d.]+)?\s*[,;]\s*(-?[\d.]+|inf)?\s*([\])])", re.IGNORECASE)
_NUMBERED = re.compile(r"_{0,2}\{\d*(?::\d+)?\}_{0,2}|__0+(?:__)?$|__0+__")
_CARDINALITIES = ("SMT/Cardinality", "Cardinality", "Multiplicity")
_EXAMPLES = ("SMT/ExampleValue", "ExampleValue", "Example")
_TEXTS = ("", "xs:string", "xs:anyURI")
_LISTED = re.compile(r"SMT/AllowedValue\d+")


class Allowed(Struct, frozen=True, kw_only=True):
    """A value that may be given. ``meaning``: its id, where the value list names one."""

    value: str
    meaning: str = ""


class Field(Struct, frozen=True, kw_only=True):
    """One element that is asked for, or what holds others.

    ``id_short``  as the template writes it; the key of its answer
    ``kind``      its model type: ``Property``, ``SubmodelElementCollection`` …
    ``least``, ``most``  how often it stands there; most 0: any number of times
    ``titles``, ``texts``  by language
    ``choices``   what it may be; ``is_closed``: nothing else
    ``low``, ``high``  bounds of a number, both allowed
    ``either``    of the fields of a collection with the same word here, one is enough
    ``is_named``  whoever answers gives it an idShort of their own
    ``fields``    what is inside; of a list, its item
    """

    id_short: str
    kind: str
    least: int = 0
    most: int = 1
    titles: dict[str, str] = {}
    texts: dict[str, str] = {}
    semantic: str = ""
    value_type: str = ""
    content_type: str = ""
    unit: str = ""
    example: str = ""
    default: str = ""
    choices: list[Allowed] = []
    is_closed: bool = False
    low: float | None = None
    high: float | None = None
    either: str = ""
    pattern: str = ""
    is_named: bool = False
    fields: list[Field] = []


class Form(Struct, frozen=True, kw_only=True):
    """A template as a form. ``semantic``: what its submodels mean; ``version``: of the template, where it says so."""

    id: str
    id_short: str
    titles: dict[str, str]
    texts: dict[str, str]
    semantic: str
    version: str
    fields: list[Field]


def is_template(submodel: Jsonable) -> bool:
    return submodel.get("kind") == "Template"


def form_of(template: Jsonable, concepts: Iterable[Jsonable] = ()) -> Form:
    """Return what a template asks. ``concepts``: concept descriptions, for titles, units and value lists."""
    known = {one["id"]: one for one in concepts}
    about = template.get("administration", {})
    return Form(
        id=template["id"],
        id_short=template.get("idShort", ""),
        titles=_texts(template.get("displayName")),
        texts=_texts(template.get("description")),
        semantic=last_key(template.get("semanticId")),
        version=".".join(str(about[part]) for part in ("version", "revision") if part in about),
        fields=[field for _, field in asked(template, known)],
    )


def asked(holder: Jsonable, concepts: Mapping[str, Jsonable]) -> Iterator[tuple[Jsonable, Field]]:
    """Yield (the template's element, its field) of all directly inside; of a list its first item."""
    held = children(holder)
    if holder["modelType"] == "SubmodelElementList":
        held = held[:1]
    for element in held:
        yield element, _field(element, concepts, holder["modelType"] == "SubmodelElementList")


def numbered(id_short: str, index: int, many: bool) -> str:
    """Name one of several of a repeated element.

    >>> numbered("Marking__00__", 1, True), numbered("Phone{00}", 0, True), numbered("Note", 0, True)
    ('Marking01', 'Phone00', 'Note')
    >>> numbered("Note", 2, True)
    'Note02'
    """
    bare = _NUMBERED.sub("", id_short)
    if not many and bare == id_short:
        return id_short
    return bare if bare == id_short and index == 0 else f"{bare}{index:02}"


def is_one_of(id_short: str, made: str, many: bool) -> bool:
    """Say whether an instance's idShort is that of a template's element, numbered or not."""
    bare = _NUMBERED.sub("", id_short)
    if bare == id_short and not many:
        return made == id_short
    return made == bare or re.fullmatch(re.escape(bare) + r"\d{2,}", made) is not None


def _field(element: Jsonable, concepts: Mapping[str, Jsonable], in_list: bool) -> Field:
    told = {one["type"]: str(one.get("value") or "") for one in element.get("qualifiers", ())}
    meant = last_key(element.get("semanticId"))
    least, most = (0, 0) if in_list else _how_often(told)
    low, high = _bounds(told.get("SMT/AllowedRange", ""))
    content = [*_contents(element), *_contents(concepts.get(meant, {}))]
    choices, is_closed = _choices(told, content, element.get("valueType", ""))
    named = next((told[t] for t in ("SMT/AllowedIdShort", "AllowedIdShort") if t in told), "")
    concept = concepts.get(meant, {})
    return Field(
        id_short=element.get("idShort", ""),
        kind=element["modelType"],
        least=least,
        most=most,
        titles=_first(_texts(element.get("displayName")), _plain(told, "SMT/FormTitle", "FormTitle"),
                      *(_texts(one.get("preferredName")) for one in content), _texts(concept.get("displayName"))),
        texts=_first(_plain(told, "SMT/FormInfo", "FormInfo"), _texts(element.get("description")),
                     *(_texts(one.get("definition")) for one in content), _texts(concept.get("description"))),
        semantic=meant,
        value_type=element.get("valueType", ""),
        content_type=element.get("contentType", ""),
        unit=next((one["unit"] for one in content if one.get("unit")), ""),
        example=_example(element, told),
        default=told.get("SMT/DefaultValue", told.get("DefaultValue", "")),
        choices=choices,
        is_closed=is_closed,
        low=low,
        high=high,
        either=told.get("SMT/EitherOr", ""),
        pattern=told.get("SMT/AllowedValue", "") or named,
        is_named=not in_list and bool(named or meant == ARBITRARY or told.get("EditIdShort", "").lower() == "true"),
        fields=[field for _, field in asked(element, concepts)],
    )  # fmt: skip


def _how_often(told: Mapping[str, str]) -> tuple[int, int]:
    for name in _CARDINALITIES:
        found = _CARDINALITY.fullmatch(told.get(name, "").strip())
        if found:
            least = _LEAST[found[1].lower()] if found[1] else 1
            return least, 1 if found[2].lower() == "one" else 0
    return 0, 1


def _bounds(told: str) -> tuple[float | None, float | None]:
    if told == "ZeroToInf":
        return 0.0, None
    found = _RANGE.fullmatch(told.strip())
    if not found:
        return None, None
    high = found[3] if found[3] and found[3].lower() != "inf" else None
    return _number(found[2]), _number(high)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _contents(thing: Jsonable) -> Iterator[Jsonable]:
    for one in thing.get("embeddedDataSpecifications", ()):
        yield one["dataSpecificationContent"]


def _choices(told: Mapping[str, str], contents: Iterable[Jsonable], value_type: str) -> tuple[list[Allowed], bool]:
    """Return (what it may be, nothing else): value lists are closed, words of a form are proposals.

    Published templates propose words for numbers: what the value type does not allow is not offered.
    """
    found, is_closed = _listed(told, contents)
    if value_type in _TEXTS or all(_number(one.value) is not None for one in found):
        return found, is_closed
    return [], False


def _listed(told: Mapping[str, str], contents: Iterable[Jsonable]) -> tuple[list[Allowed], bool]:
    for content in contents:
        pairs = content.get("valueList", {}).get("valueReferencePairs", ())
        if pairs:
            return [Allowed(value=one["value"], meaning=last_key(one.get("valueId"))) for one in pairs], True
    listed = [value for name, value in told.items() if _LISTED.fullmatch(name) and value]
    if listed:
        return [Allowed(value=one) for one in listed], True
    parts = CHOICE_PARTS.split(told.get("SMT/FormChoices", told.get("FormChoices", "")))
    return [Allowed(value=one) for one in parts if one], False


def _example(element: Jsonable, told: Mapping[str, str]) -> str:
    given = next((told[name] for name in _EXAMPLES if told.get(name)), "")
    given = given or next((value for name, value in told.items() if name.startswith("SMT/ExampleValue") and value), "")
    if given or element["modelType"] == "Blob":
        return re.sub(r"@[a-z]{2}(-\w+)?$", "", given)
    value = element.get("value")
    if isinstance(value, str):
        return value
    if element["modelType"] == "MultiLanguageProperty" and value:
        return str(value[0]["text"])
    return str(element.get("min", ""))


def _texts(held: Any) -> dict[str, str]:
    return {one["language"]: one["text"] for one in held or () if one.get("text", "").strip()}


def _plain(told: Mapping[str, str], *names: str) -> dict[str, str]:
    return next(({"en": told[name]} for name in names if told.get(name)), {})


def _first(*tried: dict[str, str]) -> dict[str, str]:
    """Return the first that says something, and in other languages what the next ones say."""
    found: dict[str, str] = {}
    for language, text in chain.from_iterable(one.items() for one in tried):
        found.setdefault(language, text)
    return found
