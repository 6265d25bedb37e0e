"""The submodel OperationalData of an asset: a property for each of its points, with the newest value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.json import encode

from baigong.models.aas.environment import Jsonable
from baigong.models.aas.madeids import external, id_shorts, submodel, told
from baigong.models.aas.views import scalar

SEMANTIC = "urn:baigong:semantic:submodel:OperationalData:1"
_IEC61360 = "https://admin-shell.io/DataSpecificationTemplates/DataSpecificationIec61360/3"
_NAME, _LONG_NAME = 128, 255  # characters of a displayName, of a preferredName
_NUMBER = "xs:double"
_END = b',"modelType":"Property"}'


class Told(Struct, frozen=True, kw_only=True):
    """What is said of a point. ``unit``: UCUM; ``is_text``: its values are words."""

    quantity: str
    unit: str = ""
    title: str = ""
    title_zh: str = ""
    semantic: str = ""
    is_text: bool = False


Now = tuple[str, float | int | str | None, str, str]
"""A point's newest value: (xs:dateTime in UTC, a number or text, of a state its word, quality as people read it)."""


class OperationalData:
    """The submodel as JSON in pieces: what never changes is written once, and a GET puts the newest values between.

    A value's time and quality are qualifiers of its property: Time, Quality, and Word for the word of a state.
    ``newest`` is everywhere in the order of ``names``. Memory: about 1 kB a point.
    """

    def __init__(self, id: str, points: Sequence[Told]) -> None:
        self.names = [*id_shorts(point.quantity for point in points)]
        self.place = {name: at for at, name in enumerate(self.names)}
        self.head = submodel("OperationalData", id, SEMANTIC, [])
        self._types = [_type(point) for point in points]
        self._pieces = [_pieces(point, name) for point, name in zip(points, self.names, strict=True)]
        about = {name: held for name, held in self.head.items() if name != "modelType"}
        self._front = encode(about)[:-1] + b',"submodelElements":['

    def json(self, newest: Sequence[Now | None]) -> bytes:
        """Return the whole, canonical."""
        if not self.names:
            return encode(self.head)
        parts = [self._front]
        told: dict[tuple[str, str], bytes] = {}  # many points are of one time and quality
        for (head, tail), type_, now in zip(self._pieces, self._types, newest, strict=True):
            parts += _property(head, tail, _fitting(now, type_), told)
            parts.append(b",")
        parts[-1] = b'],"modelType":"Submodel"}'
        return b"".join(parts)

    def element(self, at: int, now: Now | None) -> bytes:
        """Return one property, canonical."""
        return b"".join(_property(*self._pieces[at], _fitting(now, self._types[at]), {}))

    def values(self, newest: Sequence[Now | None]) -> dict[str, Any]:
        """Return the ValueOnly form."""
        return {
            name: _scalar(now[1], type_)
            for name, type_, told in zip(self.names, self._types, newest, strict=True)
            if (now := _fitting(told, type_)) is not None and now[1] is not None
        }


def _pieces(point: Told, short: str) -> tuple[bytes, bytes]:
    """Return the JSON of a property before its qualifiers, and that between them and its value."""
    head: Jsonable = {"idShort": short}
    names = told(point.title, point.title_zh, _NAME)
    if names:
        head["displayName"] = names
    if point.semantic:
        head["semanticId"] = external(point.semantic)
    tail: Jsonable = {}
    if point.unit:
        long = told(point.title, point.title_zh, _LONG_NAME)
        tail["embeddedDataSpecifications"] = [specification(point.unit, long, short)]
    tail["valueType"] = _type(point)
    return encode(head)[:-1] + b",", encode(tail)[1:-1]


def _type(point: Told) -> str:
    return "xs:string" if point.is_text else _NUMBER


def _fitting(now: Now | None, type_: str) -> Now | None:
    """Return a value that its property may have: where numbers are, a text is the word of none."""
    if now is not None and isinstance(now[1], str) and type_ == _NUMBER:
        return now[0], None, now[1], now[3]
    return now


def _property(head: bytes, tail: bytes, now: Now | None, told: dict[tuple[str, str], bytes]) -> tuple[bytes, ...]:
    """Return the pieces of its JSON. ``told``: of times and qualities, what was written of them before."""
    if now is None:
        return head, tail, _END
    time, value, word, quality = now
    known = told.get((time, quality))
    if known is None:
        qualifiers = f'"qualifiers":[{_TIME}"{time}"}},{_QUALITY}{_json(quality)}}}'
        known = told[time, quality] = qualifiers.encode()
    more = f",{_WORD}{_json(word)}}}".encode() if word else b""
    if value is None:
        return head, known, more, b"],", tail, _END
    return head, known, more, b"],", tail, b',"value":', encode(xsd(value)), _END


def specification(unit: str, names: list[Jsonable], otherwise: str) -> Jsonable:
    """Say a unit (UCUM) by IEC 61360; its name needs an English one: where there is none, the idShort."""
    if not any(name["language"] == "en" for name in names):
        names = [{"language": "en", "text": otherwise}, *names]
    content = {
        "preferredName": names, "unit": unit, "dataType": "REAL_MEASURE", "modelType": "DataSpecificationIec61360",
    }  # fmt: skip
    return {"dataSpecification": external(_IEC61360), "dataSpecificationContent": content}


def _scalar(value: float | int | str, type_: str) -> str | int | float | bool:
    is_plain = isinstance(value, float) and type_ == _NUMBER and math.isfinite(value)
    return value if is_plain else scalar(xsd(value), type_)


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


def _front(name: str, value_type: str) -> str:
    """Return the JSON of a qualifier up to its value."""
    meaning = external(f"urn:baigong:semantic:qualifier:{name}:1")
    return _json({"semanticId": meaning, "kind": "ValueQualifier", "type": name, "valueType": value_type})[:-1] + (
        ',"value":'
    )


def _json(value: Any) -> str:
    return encode(value).decode()


_TIME, _QUALITY, _WORD = _front("Time", "xs:dateTime"), _front("Quality", "xs:string"), _front("Word", "xs:string")
