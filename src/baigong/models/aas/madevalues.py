"""The submodel OperationalData of an asset: a property for each of its points, with the newest value."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from baigong.models.aas.environment import Jsonable
from baigong.models.aas.madeids import external, id_shorts, submodel, told

SEMANTIC = "urn:baigong:semantic:submodel:OperationalData:1"
_IEC61360 = "https://admin-shell.io/DataSpecificationTemplates/DataSpecificationIec61360/3"
_NAME, _LONG_NAME = 128, 255  # characters of a displayName, of a preferredName
_QUALITY, _TIME, _WORD = (external(f"urn:baigong:semantic:qualifier:{name}:1") for name in ("Quality", "Time", "Word"))


class Told(Struct, frozen=True, kw_only=True):
    """What is said of a point. ``unit``: UCUM; ``is_text``: its values are words."""

    quantity: str
    unit: str = ""
    title: str = ""
    title_zh: str = ""
    semantic: str = ""
    is_text: bool = False


class Now(NamedTuple):
    """A point's newest value: a number, or text; ``word``: of a state. ``time``: an xs:dateTime in UTC.

    ``quality``: as people read it.
    """

    time: str
    value: float | int | str | None
    word: str
    quality: str


def operational_data(id: str, points: Sequence[Told], newest: Mapping[int, Now]) -> Jsonable:
    """Return the submodel; ``newest`` is by the place in ``points``.

    A value's time and quality are qualifiers of its property: Time, Quality, and Word for the word of a state.
    """
    elements = []
    for at, (point, short) in enumerate(zip(points, id_shorts(point.quantity for point in points), strict=True)):
        head, tail = _frame(short, point.unit, point.title, point.title_zh, point.semantic, point.is_text)
        now = newest.get(at)
        if now is None:
            elements.append({**head, **tail, "modelType": "Property"})
        else:
            elements.append({**head, "qualifiers": _qualifiers(now), **tail, **_value(now), "modelType": "Property"})
    return submodel("OperationalData", id, SEMANTIC, elements)


@lru_cache(maxsize=50_000)
def _frame(short: str, unit: str, title: str, title_zh: str, semantic: str, is_text: bool) -> tuple[Jsonable, Jsonable]:
    """Return what never changes of a property: what stands before its qualifiers, and what behind. Do not change it."""
    head: Jsonable = {"idShort": short}
    names = told(title, title_zh, _NAME)
    if names:
        head["displayName"] = names
    if semantic:
        head["semanticId"] = external(semantic)
    tail: Jsonable = {}
    if unit:
        tail["embeddedDataSpecifications"] = [specification(unit, told(title, title_zh, _LONG_NAME), short)]
    tail["valueType"] = "xs:string" if is_text else "xs:double"
    return head, tail


def specification(unit: str, names: list[Jsonable], otherwise: str) -> Jsonable:
    """Say a unit (UCUM) by IEC 61360; its name needs an English one: where there is none, the idShort."""
    if not any(name["language"] == "en" for name in names):
        names = [{"language": "en", "text": otherwise}, *names]
    content = {
        "preferredName": names, "unit": unit, "dataType": "REAL_MEASURE", "modelType": "DataSpecificationIec61360",
    }  # fmt: skip
    return {"dataSpecification": external(_IEC61360), "dataSpecificationContent": content}


def _value(now: Now) -> Jsonable:
    return {} if now.value is None else {"value": xsd(now.value)}


def xsd(value: float | str | bool) -> str:
    """Write a value as XML Schema does.

    >>> xsd(5.0), xsd(0.1), xsd(float("nan")), xsd(True)
    ('5', '0.1', 'NaN', 'true')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF"
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def _qualifiers(now: Now) -> list[Jsonable]:
    found = [_qualifier(_TIME, "Time", "xs:dateTime", now.time), _quality(now.quality)]
    return [*found, _qualifier(_WORD, "Word", "xs:string", now.word)] if now.word else found


def _qualifier(semantic: Jsonable, type_: str, value_type: str, value: str) -> Jsonable:
    return {
        "semanticId": semantic, "kind": "ValueQualifier", "type": type_, "valueType": value_type,
        "value": value,
    }  # fmt: skip


_quality: Callable[[str], Jsonable] = lru_cache(200)(lambda told: _qualifier(_QUALITY, "Quality", "xs:string", told))
