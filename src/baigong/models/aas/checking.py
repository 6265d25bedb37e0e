"""Judges descriptions of assets: is it the metamodel at all, and which of its rules does it break."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from baigong.models.aas.engine import VERSIONS, engine
from baigong.models.aas.environment import Environment, Jsonable, Package, Version
from baigong.models.aas.findings import Finding, Level, code_of, errors, finding, refusal
from baigong.models.aas.limits import DEPTH, LONGEST, LONGEST_VALUE, MOST_FINDINGS
from baigong.models.aas.places import Step, json_path, jsonable_steps, verified_steps, whereabouts


def judge(kind: str, value: Any, version: Version = "3.1", place: str = "$") -> tuple[Jsonable | None, list[Finding]]:
    """Return (canonical JSON, findings) of one thing; None where it is not the metamodel at all.

    ``kind``   a class of the metamodel: ``AssetAdministrationShell``, ``Submodel``, ``SubmodelElement`` …
    ``value``  decoded JSON; ``place`` its path, for the findings
    Cost       about 6 MB of JSON a second on one core
    """
    thing, found = _understood(kind, value, version, place)
    if thing is None:
        return None, found
    canonical: Jsonable = engine(version).jsonization.to_jsonable(thing)
    return canonical, list(islice(_broken(version, thing, canonical, place), MOST_FINDINGS))


def understand(kind: str, value: Any, place: str = "$") -> tuple[Jsonable | None, list[Finding]]:
    """Return (canonical JSON, findings) as `judge` does, of the structure alone: rules are not looked at.

    Structure is 3.1's, which reads all that 3.0 had.
    """
    thing, found = _understood(kind, value, "3.1", place)
    return (None if thing is None else engine("3.1").jsonization.to_jsonable(thing)), found


def unfit(value: Any, place: str = "$") -> list[Finding]:
    """Find what no engine should see: depth, lengths, Base64 that is none, halves of characters."""
    return list(islice(_unfit(value, place), MOST_FINDINGS))


def _understood(kind: str, value: Any, version: Version, place: str) -> tuple[Any, list[Finding]]:
    found = unfit(value, place)
    if found:
        return None, found
    rules = engine(version)
    try:
        return rules.reader(kind)(value), []
    except rules.jsonization.DeserializationException as error:
        steps = jsonable_steps(error.path.segments)
        at = whereabouts(value, steps)
        return None, [finding("structure", json_path(steps, place), _told(error.cause), at=at)]


def admit(kind: str, value: Any, version: Version = "3.1") -> Jsonable:
    """Return the canonical JSON of one thing; aas.structure, or aas.invalid with every broken rule."""
    canonical, found = judge(kind, value, version)
    wrong = errors(found)
    if canonical is None or wrong:
        raise refusal(wrong)
    return canonical


def check(source: Environment | Package, version: Version | None = None) -> list[Finding]:
    """Return all findings: broken rules, ids given twice, and what the file itself showed.

    ``version``  by whose rules; none: by those of the version that the file names, and where it names none (JSON), by
                 3.1, or by 3.0 where that fits better.
    """
    environment = source.environment if isinstance(source, Package) else source
    notes = list(source.notes) if isinstance(source, Package) else []
    told = version or environment.version
    return notes + (_judged(environment, told) if told else _better(environment))


def _better(environment: Environment) -> list[Finding]:
    """Judge by the version of which it breaks fewer rules."""
    judged: list[list[Finding]] = []
    for version in VERSIONS:
        judged.append(_judged(environment, version))
        if not errors(judged[-1]):
            return judged[-1]
    # what is not of a version at all counts more than any number of its rules
    return min(judged, key=lambda found: (any(f.code == "structure" for f in found), len(errors(found))))


def _judged(environment: Environment, version: Version) -> list[Finding]:
    found = list(islice(_twice(environment), MOST_FINDINGS))
    for place, kind, value in environment.identifiables():
        found += judge(kind, value, version, place)[1]
        if len(found) >= MOST_FINDINGS:
            return [
                *found[:MOST_FINDINGS],
                finding("more", place, f"more than {MOST_FINDINGS:,} findings: not all are listed"),
            ]
    return found


def _twice(environment: Environment) -> Iterator[Finding]:
    """An id is unique in the world (IDTA-01001, 5.3.2.4). Where two things bear it, only one can be asked for by it.

    Published templates give a submodel and the concept that explains it the same id: nobody confuses those two.
    """
    first: dict[Any, tuple[str, str, Jsonable]] = {}
    for place, kind, value in environment.identifiables():
        held, kind_held, other = first.setdefault(value["id"], (place, kind, value))
        if held != place:
            same = kind != kind_held or value == other
            told = f"{held} has the id {value['id']!r}, too" + (", and says the same" if value == other else "")
            level: Level = "warning" if same else "error"
            yield finding("duplicate-id", f"{place}.id", told, at=whereabouts(value, []), level=level)


def _broken(version: Version, thing: Any, canonical: Jsonable, place: str) -> Iterator[Finding]:
    for error in engine(version).verification.verify(thing):
        segments = error.path.segments
        if version == "3.1" and _is_iri(error.cause, segments, thing):
            continue
        steps = verified_steps(segments)
        code = code_of(error.cause)
        yield finding(code, json_path(steps, place), error.cause, at=whereabouts(canonical, steps))


def _is_iri(cause: str, segments: Sequence[Any], thing: Any) -> bool:
    """Say whether the 3.1 rules only dislike letters beyond ASCII in an xs:anyURI.

    XML Schema 1.0, part 2, 3.2.17: what XLink's escaping makes a URI is a valid anyURI, so http://例子/泵 is one. The
    engine of 3.1 matches RFC 2396 before escaping, the one of 3.0 matches RFC 3987, which is what is meant.
    """
    if "value type" not in cause:
        return False
    for segment in segments:
        thing = (
            segment.sequence[segment.index] if hasattr(segment, "index") else getattr(segment.instance, segment.name)
        )
    if getattr(getattr(thing, "value_type", None), "value", "") != "xs:anyURI":
        return False
    texts = [text for name in ("value", "min", "max") if (text := getattr(thing, name, None)) is not None]
    return all(engine("3.0").verification.matches_xs_any_uri(text) for text in texts)


def _told(cause: str) -> str:
    """Say the engine's words about Python types in those of JSON."""
    cause = cause.replace(", but got: {type(jsonable)}", "")  # as it stands there: no type was filled in
    return _PYTHON.sub(lambda found: _JSON.get(found[1], found[0]), cause)


_PYTHON = re.compile(r"<class '(\w+)'>")
_JSON = {
    "int": "a number", "float": "a number", "str": "a text", "dict": "an object", "list": "an array",
    "NoneType": "null", "bool": "true or false",
}  # fmt: skip


def _unfit(value: Any, place: str) -> Iterator[Finding]:
    waiting: list[tuple[Any, tuple[Any, ...], int]] = [(value, (), 0)]
    while waiting:
        here, way, depth = waiting.pop()
        if depth > DEPTH:
            yield finding("structure", place, f"nested deeper than {DEPTH} levels")
            return
        entries = here.items() if isinstance(here, dict) else enumerate(here)
        for step, inside in entries:
            if isinstance(step, str) and _is_half(step):
                yield finding("structure", json_path(_steps(way), place), f"the name of a property has {_HALF}")
            elif isinstance(inside, str):
                wrong = _wrong_text(here, step, inside)
                if wrong:
                    steps = _steps((way, step))
                    yield finding("structure", json_path(steps, place), wrong, at=whereabouts(value, steps))
            elif isinstance(inside, (dict, list)):
                waiting.append((inside, (way, step), depth + 1))


def _steps(way: tuple[Any, ...]) -> list[Step]:
    steps: list[Step] = []
    while way:
        way, step = way
        steps.append(step)
    return steps[::-1]


def _wrong_text(holder: Any, step: Any, text: str) -> str:
    if _is_half(text):
        return _HALF
    most = LONGEST.get(step)
    if step in ("value", "min", "max"):
        if holder.get("modelType") == "Blob":
            return wrong_base64(text)
        most = LONGEST_VALUE.get(str(holder.get("valueType") or holder.get("modelType")))
    return f"{len(text):,} characters, at most {most:,} are read here" if most and len(text) > most else ""


def _is_half(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


_HALF = "half a character (a lone surrogate)"


def wrong_base64(text: str) -> str:
    """Say why a text is no Base64; nothing where it is. The engines drop the letters that are not."""
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        return f"not Base64: {error}"
    return ""
