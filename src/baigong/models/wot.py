"""W3C Web of Things: the Thing Description (TD 1.1) of one asset, as JSON-LD.

A point is a property whose form reads its bare value; live values come by WebSocket, after one message that names the
points. Writing is guarded (approval, interlocks, limits), so a point that may be written has an action, which makes a
command, beside the property.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from baigong.models.chinese import is_chinese
from baigong.vocab.assets import AssetSpec
from baigong.vocab.devices import PointSpec

MEDIA = "application/td+json"
_CONTEXT = "https://www.w3.org/2022/wot/td/v1.1"
_OURS = "urn:baigong:wot:"
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_TYPES = {"gauge": "number", "counter": "number", "setpoint": "number", "state": "number", "text": "string"}


class Thing(Struct, frozen=True, kw_only=True):
    """What of an asset is told. ``id``: its globalAssetId, so that thing and shell are known to be of one asset.

    ``titles``: English, Chinese. ``base``: of the API, ending with a slash.

    ``query``: what every address needs, like ``?tenant=main``. ``semantic``: of its type. ``parent`` and ``parts``:
    names of assets that may be told, too.
    """

    id: str
    base: str
    spec: AssetSpec
    titles: tuple[str, str]
    points: Sequence[PointSpec]
    query: str = ""
    semantic: str = ""
    parent: str = ""
    parts: Sequence[str] = ()
    revision: int = 0
    created_us: int = 0
    changed_us: int = 0


def describe(thing: Thing) -> dict[str, Any]:
    """Return the Thing Description of an asset."""
    name = thing.spec.asset
    told: dict[str, Any] = {
        "@context": [_CONTEXT, {"baigong": _OURS, "@language": "en"}],
        "@type": [*_semantic(thing.semantic)],
        "id": thing.id,
        **_titles(*thing.titles, name),
        "base": thing.base,
        "securityDefinitions": {
            "bearer": {"scheme": "bearer", "in": "header", "name": "Authorization", "format": "opaque"}
        },
        "security": "bearer",
        "properties": {point.quantity: _property(thing, point) for point in thing.points if point.kind in _TYPES},
        "actions": {
            f"set_{point.quantity}": _action(thing, point) for point in thing.points if point.write is not None
        },
        "links": _links(thing),
        "baigong:properties": dict(thing.spec.properties),
        "baigong:level": thing.spec.level,
        "baigong:assetType": thing.spec.type,
        "baigong:code": thing.spec.code,
    }
    if thing.revision:
        told["version"] = {"instance": str(thing.revision)}
        told["created"], told["modified"] = _time(thing.created_us), _time(thing.changed_us)
    return {field: value for field, value in told.items() if value not in ("", {}, [])}


def _property(thing: Thing, point: PointSpec) -> dict[str, Any]:
    url = f"points/{quote(point.name, safe='')}/value{thing.query}"
    live = thing.base.replace("http", "ws", 1) + "live" + thing.query
    return {
        **_about(point),
        **_schema(point),
        "readOnly": True,
        "observable": True,
        "forms": [
            {"href": url, "op": "readproperty", "contentType": "application/json", "htv:methodName": "GET"},
            {
                "href": live, "op": ["observeproperty", "unobserveproperty"], "contentType": "application/json",
                "baigong:subscribe": {"points": [point.name]},
            },
        ],
    }  # fmt: skip


def _action(thing: Thing, point: PointSpec) -> dict[str, Any]:
    """Say how a write is asked for: POST /commands, which answers with what became of it so far."""
    value, rule = _schema(point), point.write
    if rule is not None and point.kind != "text":
        value |= {n: b for n, b in (("minimum", rule.min), ("maximum", rule.max)) if b is not None}
    return {
        **_about(point),
        "input": {
            "type": "object",
            "required": ["point", "value"],
            "properties": {
                "point": {"type": "string", "const": point.name},
                "value": value,
                "reason": {"type": "string", "maxLength": 200},
            },
        },
        "safe": False,
        "idempotent": False,
        "synchronous": False,
        "forms": [
            {
                "href": f"commands{thing.query}", "op": "invokeaction", "contentType": "application/json",
                "htv:methodName": "POST",
            }
        ],
    }  # fmt: skip


def _about(point: PointSpec) -> dict[str, Any]:
    types = _semantic(point.semantic)
    return {**({"@type": types} if types else {}), **_titles(point.title, point.title_zh, point.quantity)}


def _schema(point: PointSpec) -> dict[str, Any]:
    made: dict[str, Any] = {"type": _TYPES[point.kind]}
    if point.unit:
        made["unit"] = point.unit
    if point.kind == "state" and point.states:
        made["oneOf"] = [
            {"const": _number(value), **_titles(word, point.states_zh.get(value, ""), value)}
            for value, word in point.states.items()
            if _number(value) is not None
        ]
    return {field: value for field, value in made.items() if value != []}


def _number(text: str) -> float | int | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if value.is_integer() else value


def _links(thing: Thing) -> list[dict[str, str]]:
    above = [("collection", thing.parent)] if thing.parent else []
    return [
        {"rel": rel, "href": f"assets/{quote(asset, safe='')}/td{thing.query}", "type": MEDIA}
        for rel, asset in [*above, *(("item", part) for part in thing.parts)]
    ]


def _titles(title: str, title_zh: str, otherwise: str) -> dict[str, Any]:
    """Say a name in the languages that it is written in; ``title`` is that in English, where there is one."""
    if not title_zh and is_chinese(title):
        title, title_zh = "", title
    said: Mapping[str, str] = {"en": title or otherwise, "zh": title_zh}
    titles = {language: text for language, text in said.items() if text}
    return {"title": said["en"], **({"titles": titles} if len(titles) > 1 else {})}


def _semantic(id: str) -> list[str]:
    """Write a semantic id as an IRI; an IRDI or an OPC UA node id becomes a URN.

    >>> _semantic("0173-1#02-AAO677#002"), _semantic("https://qudt.org/vocab/quantitykind/Power")
    (['urn:baigong:semantic:0173-1%2302-AAO677%23002'], ['https://qudt.org/vocab/quantitykind/Power'])
    """
    if not id:
        return []
    return [id if _IRI.fullmatch(id) else f"urn:baigong:semantic:{quote(id, safe='')}"]


def _time(us: int) -> str:
    return datetime.fromtimestamp(us / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
