"""A submodel from a template and answers: meanings stay, what only guides the author goes, what is missing is told.

Answers are JSON by the template's idShorts: text for a Property, File, Blob or ReferenceElement; texts by language for
a MultiLanguageProperty; ``min`` and ``max`` of a Range; ``first`` and ``second`` of a relationship; an object for a
collection; ``globalAssetId`` and ``statements`` of an Entity. What may stand there several times is a list of such, and
so are the items of a list; of what its author names, each is ``{"idShort": …, "value": …}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from baigong.models.aas.checking import judge
from baigong.models.aas.environment import Jsonable
from baigong.models.aas.findings import Finding, errors, finding
from baigong.models.aas.madeids import external
from baigong.models.aas.madevalues import xsd
from baigong.models.aas.paths import CHILDREN, children
from baigong.models.aas.templates import Field, asked, is_one_of, numbered
from baigong.models.aas.tree import last_key
from baigong.models.chinese import is_chinese

_GUIDES = (
    "SMT/", "Cardinality", "Multiplicity", "FormTitle", "FormInfo", "FormChoices", "FormUrl", "PresetIdShort",
    "EditIdShort", "EditDescription", "ExampleValue", "Example", "DefaultValue", "AllowedIdShort", "AllowedValue",
    "AllowedRange", "EitherOr", "Naming", "Constraint", "Select", "Comment", "Enumeration", "data type",
)  # fmt: skip
_VALUES = ("value", "valueId", "min", "max", "first", "second", "globalAssetId", "specificAssetIds", "statements",
           "annotations", "submodelElements", "qualifiers", "description")  # fmt: skip
_TEMPLATES_OWN = ("qualifiers", "description")
_HOLDERS = ("SubmodelElementCollection", "Entity")
_PAIRS = ("RelationshipElement", "AnnotatedRelationshipElement")
_WHOLE = ("Operation", "Capability", "BasicEventElement")  # nothing in them is a value: they stand there or not


@dataclass(slots=True)
class _Filling:
    concepts: Mapping[str, Jsonable]
    gaps: list[Finding] = field(default_factory=list)

    def gap(self, code: str, path: str, message: str) -> None:
        self.gaps.append(finding(code, path, message, at=path))


def filled(
    template: Jsonable, answers: Any, id: str, concepts: Iterable[Jsonable] = ()
) -> tuple[Jsonable | None, list[Finding]]:
    """Return (the submodel, everything that is missing or wrong); None where the answers make no submodel at all.

    A submodel with findings of the codes ``needed`` and ``either`` alone breaks no rule of the metamodel; it is not
    finished. Findings name the place as an idShortPath.
    """
    work = _Filling({one["id"]: one for one in concepts})
    made = {name: deepcopy(value) for name, value in template.items() if name not in _VALUES} | {"id": id}
    made["kind"] = "Instance"
    about = {name: value for name, value in made.get("administration", {}).items() if name in ("version", "revision")}
    made["administration"] = about | {"templateId": template["id"][:2000]}
    _keep_qualifiers(template, made)
    held = _inside(work, template, answers, "")
    if held:
        made["submodelElements"] = held
    canonical, broken = judge("Submodel", made, "3.1")
    if errors(broken):
        older, also = judge("Submodel", made, "3.0")
        canonical, broken = (older, also) if not errors(also) else (canonical, broken)
    return canonical, [*work.gaps, *errors(broken)]


def is_keepable(found: Iterable[Finding]) -> bool:
    """Say whether only answers are missing, which may come later."""
    return all(one.code in ("needed", "either") for one in found)


def answers_of(template: Jsonable, submodel: Jsonable) -> dict[str, Any]:
    """Return the answers of which a submodel was made; what the template does not ask is not among them."""
    return _answers(template, submodel)


def _inside(work: _Filling, holder: Jsonable, answers: Any, path: str) -> list[Jsonable]:
    if not isinstance(answers, dict):
        if answers is not None:
            work.gap("answer", path, "an object with the answers of what is inside is wanted")
        answers = {}
    pairs = [*asked(holder, work.concepts)]
    names = {one.id_short for _, one in pairs}
    for name in answers:
        if name not in names:
            work.gap("answer", _below(path, str(name)), f"the template has no {str(name)[:100]!r} here")
    given = {one.id_short: _several(one, answers.get(one.id_short)) for _, one in pairs}
    taken = {one.either for _, one in pairs if one.either and given[one.id_short]}
    told: set[str] = set()
    made: list[Jsonable] = []
    for element, one in pairs:
        entries, place = given[one.id_short], _below(path, one.id_short)
        if one.most and len(entries) > one.most:
            work.gap("answer", place, f"{len(entries)} are given, at most {one.most} may be there")
        if one.either and not entries:
            if one.either not in taken | told:
                told.add(one.either)
                choices = ", ".join(other.id_short for _, other in pairs if other.either == one.either)
                work.gap("either", path or one.id_short, f"one of these is needed: {choices}")
            continue
        if len(entries) < one.least and not _answers_itself(one):
            work.gap("needed", place, _short(one, len(entries)))
            entries = entries or ([{}] if one.kind in _HOLDERS and not one.is_named else [])
        elif not entries and one.least:
            entries = [True if one.kind in _WHOLE else {}] * one.least
        many = one.most != 1
        made += [_one(work, element, one, entry, place, at, many) for at, entry in enumerate(entries)]
    return made


def _answers_itself(one: Field) -> bool:
    """Say whether nobody need answer it: what holds others is asked by them, and of some there is nothing to ask."""
    if one.kind == "SubmodelElementList":
        return not one.fields
    return one.kind in _WHOLE or (one.kind == "SubmodelElementCollection" and not one.is_named)


def _short(one: Field, many: int) -> str:
    return "an answer is needed" if one.least == 1 else f"{one.least} are needed, {many} are given"


def _several(one: Field, answer: Any) -> list[Any]:
    """Return what is answered as one entry for each time that it stands there; blank ones do not."""
    is_many = one.most != 1 or one.is_named
    if is_many and isinstance(answer, list):
        return [entry for entry in answer if not _is_blank(entry)]
    return [] if _is_blank(answer) else [answer]


def _is_blank(answer: Any) -> bool:
    if isinstance(answer, dict):
        return all(_is_blank(value) for name, value in answer.items() if name != "valueType")
    if isinstance(answer, list):
        return all(_is_blank(one) for one in answer)
    return answer is None or answer is False or (isinstance(answer, str) and not answer.strip())


def _one(work: _Filling, element: Jsonable, one: Field, answer: Any, path: str, index: int, many: bool) -> Jsonable:
    made = {name: deepcopy(value) for name, value in element.items() if name not in _VALUES}
    _keep_qualifiers(element, made)
    if one.is_named and isinstance(answer, dict) and answer:
        made["idShort"] = str(answer.get("idShort") or numbered(one.id_short, index, many))
        if answer.get("semanticId"):
            made["semanticId"] = external(str(answer["semanticId"]))
        if answer.get("valueType") and one.kind in ("Property", "Range"):
            made["valueType"] = str(answer["valueType"])
        answer = answer.get("value")
    elif "idShort" in made:
        made["idShort"] = numbered(one.id_short, index, many)
    place = f"{path[: len(path) - len(one.id_short)]}{made['idShort']}" if "idShort" in made else path
    if one.kind == "SubmodelElementList":
        _fill_list(work, element, made, answer, place)
    elif one.kind in _HOLDERS:
        _fill_holder(work, element, made, answer, place)
    else:
        _fill_value(work, element, one, made, answer, place)
    return made


def _fill_list(work: _Filling, element: Jsonable, made: Jsonable, answer: Any, path: str) -> None:
    item = next(asked(element, work.concepts), None)
    entries = answer if isinstance(answer, list) else [] if _is_blank(answer) else [answer]
    if item is None:
        if entries:
            work.gap("answer", path, "the template does not say what is in this list")
        return
    of, one = item
    held = []
    for at, entry in enumerate(entry for entry in entries if not _is_blank(entry)):
        thing = _one(work, of, one, entry, f"{path}[{at}]", at, many=False)
        thing.pop("idShort", None)  # an item is named by its place (AASd-120 of 3.0)
        held.append(thing)
    made["typeValueListElement"] = one.kind
    if one.kind in ("Property", "Range"):
        made["valueTypeListElement"] = one.value_type
    if (
        "semanticIdListElement" in made
        and held
        and held[0].get("semanticId", made["semanticIdListElement"]) != made["semanticIdListElement"]
    ):
        made["semanticIdListElement"] = held[0]["semanticId"]
    if held:
        made["value"] = held


def _fill_holder(work: _Filling, element: Jsonable, made: Jsonable, answer: Any, path: str) -> None:
    if element["modelType"] == "Entity":
        told = answer if isinstance(answer, dict) else {"globalAssetId": answer} if answer else {}
        if told.get("globalAssetId"):
            made["globalAssetId"] = str(told["globalAssetId"])
        elif element.get("entityType") == "SelfManagedEntity":
            made["entityType"] = "CoManagedEntity"
            work.gap("needed", path, "the globalAssetId of what manages itself is needed")
        answer = told.get("statements") or {}
    held = _inside(work, element, answer if answer else {}, path)
    if held:
        made[CHILDREN[element["modelType"]]] = held


def _fill_value(work: _Filling, element: Jsonable, one: Field, made: Jsonable, answer: Any, path: str) -> None:
    if one.kind in _WHOLE:
        made |= {name: deepcopy(value) for name, value in element.items() if name not in (*made, *_TEMPLATES_OWN)}
    elif one.kind == "MultiLanguageProperty":
        texts = answer if isinstance(answer, dict) else {"zh" if is_chinese(str(answer)) else "en": answer}
        held = [{"language": name, "text": str(text)} for name, text in texts.items() if not _is_blank(text)]
        made |= {"value": held} if held else {}
    elif one.kind == "Range":
        ends = answer if isinstance(answer, dict) else {"min": answer, "max": answer}
        made |= {name: _text(work, one, ends[name], path) for name in ("min", "max") if not _is_blank(ends.get(name))}
    elif one.kind in _PAIRS:
        ends = answer if isinstance(answer, dict) else {}
        for name in ("first", "second"):
            if _is_blank(ends.get(name)):
                work.gap("needed", f"{path}.{name}", "an answer is needed")
            made[name] = _reference(ends.get(name) or "urn:baigong:unset")
    elif one.kind == "ReferenceElement":
        made["value"] = _reference(answer)
    elif isinstance(answer, (dict, list)):
        work.gap("answer", path, "a text or a number is wanted")
    else:
        _fill_text(work, one, made, answer, path)


def _fill_text(work: _Filling, one: Field, made: Jsonable, answer: Any, path: str) -> None:
    made["value"] = _text(work, one, answer, path)
    meaning = next((c.meaning for c in one.choices if c.value == made["value"] and c.meaning), "")
    if meaning and one.kind == "Property":
        made["valueId"] = external(meaning)
    if one.kind in ("File", "Blob"):
        made.setdefault("contentType", "application/octet-stream")


def _text(work: _Filling, one: Field, answer: Any, path: str) -> str:
    text = xsd(answer) if isinstance(answer, (str, bool, int, float)) else str(answer)
    if one.is_closed and text not in {choice.value for choice in one.choices}:
        work.gap("choice", path, f"{text[:100]!r} is none of {', '.join(c.value for c in one.choices[:20])}")
    if one.low is not None or one.high is not None:
        try:
            number = float(text)
        except ValueError:
            return text  # the metamodel says what is wrong with it
        if (one.low is not None and number < one.low) or (one.high is not None and number > one.high):
            ends = [f"{end:g}" if end is not None else "…" for end in (one.low, one.high)]
            work.gap("range", path, f"{text} is not from {ends[0]} to {ends[1]}")
    return text


def _reference(answer: Any) -> Any:
    return answer if isinstance(answer, dict) else external(str(answer))


def _keep_qualifiers(element: Jsonable, made: Jsonable) -> None:
    kept = [
        deepcopy(one)
        for one in element.get("qualifiers", ())
        if one.get("kind") != "TemplateQualifier" and not one["type"].startswith(_GUIDES)
    ]
    if kept:
        made["qualifiers"] = kept


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _answers(holder: Jsonable, made: Jsonable) -> dict[str, Any]:
    found: dict[str, Any] = {}
    pairs = [*asked(holder, {})]
    for held in children(made):
        pair = _asked_of(pairs, held)
        if pair is None:
            continue
        element, one = pair
        answer = _answer(element, held, one)
        if _is_blank(answer) and not one.is_named:
            continue
        if one.most == 1 and not one.is_named:
            found[one.id_short] = answer
        else:
            found.setdefault(one.id_short, []).append(_named(one, held, answer) if one.is_named else answer)
    return found


def _asked_of(pairs: list[tuple[Jsonable, Field]], held: Jsonable) -> tuple[Jsonable, Field] | None:
    """Find the field that an element answers: by its idShort, else where its author named it: by what it means."""
    alike = [pair for pair in pairs if pair[1].kind == held["modelType"]]
    name, meant = held.get("idShort", ""), last_key(held.get("semanticId"))
    named = [pair for pair in alike if pair[1].is_named]
    by_name = (pair for pair in alike if is_one_of(pair[1].id_short, name, pair[1].most != 1))
    by_meaning = (pair for pair in named if pair[1].semantic == meant)
    return next(chain(by_name, by_meaning, named), None)


def _named(one: Field, held: Jsonable, answer: Any) -> dict[str, Any]:
    told = {"idShort": held.get("idShort", ""), "value": answer}
    if held.get("valueType", one.value_type) != one.value_type:
        told["valueType"] = held["valueType"]
    meant = last_key(held.get("semanticId"))
    return told | ({"semanticId": meant} if meant != one.semantic else {})


def _answer(element: Jsonable, held: Jsonable, one: Field) -> Any:
    if one.kind == "SubmodelElementList":
        item = next(asked(element, {}), None)
        return [_answer(item[0], inside, item[1]) for inside in children(held)] if item else []
    if one.kind == "SubmodelElementCollection":
        return _answers(element, held)
    if one.kind == "Entity":
        return {"globalAssetId": held.get("globalAssetId", ""), "statements": _answers(element, held)}
    if one.kind == "MultiLanguageProperty":
        return {text["language"]: text["text"] for text in held.get("value", ())}
    if one.kind == "Range":
        return {name: held[name] for name in ("min", "max") if name in held}
    if one.kind in _PAIRS:
        return {name: _reference_answer(held.get(name)) for name in ("first", "second")}
    if one.kind == "ReferenceElement":
        return _reference_answer(held.get("value"))
    return True if one.kind in _WHOLE else held.get("value", "")


def _reference_answer(held: Any) -> Any:
    return held["keys"][0]["value"] if held and held == external(held["keys"][0]["value"]) else held or ""
