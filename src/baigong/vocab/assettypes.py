"""Asset types as people write them: what every pump has, said once; a type may extend another. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from baigong.vocab.assets import Level, Property
from baigong.vocab.devices import Kind
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.limits import Limits
from baigong.vocab.screens import Screen, converted, require_whole
from baigong.vocab.texts import read_yaml
from baigong.vocab.units import same_quantity

_NAME = re.compile(r"[\w](?:[\w-]{0,62}[\w])?")
_LONGEST = 200_000
_Word = Annotated[str, Meta(max_length=200)]
_SEMANTIC = Annotated[str, Meta(max_length=2000)]


class TypePoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One quantity that every asset of the type has; not ``required``: that it may have. ``limits``: in its unit."""

    kind: Kind = "gauge"
    unit: Annotated[str, Meta(max_length=40)] = ""  # UCUM code
    title: _Word = ""
    title_zh: _Word = ""
    semantic: _SEMANTIC = ""  # IRDI or IRI
    states: dict[str, str] = {}
    states_zh: dict[str, str] = {}
    limits: Limits | None = None
    required: bool = True


class TypeProperty(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One fact that is written down of every asset of the type."""

    kind: Literal["text", "number", "flag"] = "text"
    unit: Annotated[str, Meta(max_length=40)] = ""
    title: _Word = ""
    title_zh: _Word = ""
    semantic: _SEMANTIC = ""
    default: Property | None = None
    required: bool = False


class AssetType(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A type. ``extends``: another one, whose points and properties it has too (``machine``, or ``machine@2``).

    ``screen``: how an asset of it is drawn, with ``~flow`` for its point flow; what extends it is drawn so too.
    """

    type: str
    extends: _Word = ""
    title: _Word = ""
    title_zh: _Word = ""
    level: Level | None = None
    semantic: _SEMANTIC = ""
    points: Annotated[dict[str, TypePoint], Meta(max_length=2000)] = {}
    properties: Annotated[dict[str, TypeProperty], Meta(max_length=2000)] = {}
    screen: Screen | None = None


def parse_type(text: str, name: str) -> tuple[AssetType, dict[str, Any]]:
    """Read a type's YAML; returns it, and what was written of it, field by field. Raises config.invalid."""
    if len(text) > _LONGEST:
        raise FixConfiguration("payload.too_large", f"a type has at most {_LONGEST} characters", place=name)
    raw = read_yaml(text, name)
    if not isinstance(raw, dict):
        raise FixConfiguration("config.invalid", "this is no type: write `type:` and `points:`", place=name)
    raw = _as_meant({"type": name} | raw)
    try:
        made = msgspec.convert(raw, AssetType)
    except msgspec.ValidationError as error:
        raise _at_fault(raw, name, error) from error
    if made.type != name or not _NAME.fullmatch(name):
        raise FixConfiguration(
            "config.invalid", f"{made.type!r} is no name for this type: letters, digits, _ and -", place="type"
        )
    for quantity, point in made.points.items():
        if point.limits is not None:
            point.limits.require_order(f"{name}.points.{quantity}.limits")
        if "." in quantity or not quantity.strip() or re.search(r"[\s/\\]", quantity):
            raise FixConfiguration(
                "config.invalid", f"{quantity!r} names no quantity", place=f"{name}.points.{quantity}"
            )
    if made.screen is not None:
        _require_screen(made.screen, name)
    return made, raw


def _require_screen(screen: Screen, name: str) -> None:
    """Refuse a screen that is for something else, or not whole."""
    if screen.screen not in ("", name) or screen.of not in ("", name):
        raise FixConfiguration("config.invalid", "a type's screen bears its name", place=f"{name}.screen")
    try:
        require_whole(msgspec.structs.replace(screen, screen=name, of=name), name)
    except FixConfiguration as error:
        raise FixConfiguration(error.code, error.message, place=f"{name}.screen.{error.place}") from error


def _as_meant(raw: dict[str, Any]) -> dict[str, Any]:
    """Read `flow:` with nothing behind it as a point of which nothing more is said, and the state 0 as "0"."""
    meant = dict(raw)
    for field in ("points", "properties"):
        if isinstance(raw.get(field), dict):
            meant[field] = {key: _keyed(told) if isinstance(told, dict) else told for key, told in raw[field].items()}
            meant[field] = {key: {} if told is None else told for key, told in meant[field].items()}
        elif field in raw and raw[field] is None:
            meant[field] = {}
    return meant


def _keyed(told: dict[Any, Any]) -> dict[Any, Any]:
    return {
        key: {str(int(k) if isinstance(k, bool) else k): word for k, word in value.items()}
        if key in ("states", "states_zh") and isinstance(value, dict)
        else value
        for key, value in told.items()
    }


def _at_fault(raw: dict[str, Any], name: str, whole: Exception) -> FixConfiguration:
    """Say which field of which point it is: the message about the whole only says that one is wrong."""
    kinds: dict[str, type[Struct]] = {"points": TypePoint, "properties": TypeProperty}
    for field, kind in kinds.items():
        for key, told in raw[field].items() if isinstance(raw.get(field), dict) else ():
            try:
                msgspec.convert(told, kind)
            except msgspec.ValidationError as error:
                return _wrong(str(error), f"{name}.{field}.{key}", kind)
    if isinstance(raw.get("screen"), dict):
        try:
            converted(raw["screen"], "")
        except FixConfiguration as error:
            return FixConfiguration(error.code, error.message, place=f"{name}.screen.{error.place}".rstrip("."))
    return _wrong(str(whole), name, AssetType)


def _wrong(message: str, place: str, kind: type[Struct]) -> FixConfiguration:
    message, _, path = message.partition(" - at `$")
    place += re.sub(r"\[.*", "", path.rstrip("`"))
    unknown = re.search(r"unknown field `(.*)`", message)
    if unknown:
        near = difflib.get_close_matches(unknown[1], kind.__struct_fields__, 1)
        message, place = message + (f"; perhaps {near[0]}" if near else ""), f"{place}.{unknown[1]}"
    if message.endswith("got `bool`"):
        message += "; YAML takes on, off, yes and no for true and false: write them in quotes"
    return FixConfiguration("config.invalid", message, place=place)


def merged(chain: Sequence[dict[str, Any]]) -> AssetType:
    """Lay types over each other, the one that all extend first; what a later one writes of a field counts.

    Raises config.invalid where a type makes another thing of a point: another kind, or a unit of another quantity.

    >>> base = {"type": "machine", "points": {"power": {"unit": "kW", "title": "Power"}}}
    >>> merged([base, {"type": "pump", "points": {"power": {"unit": "W"}, "flow": {}}}]).points["power"].title
    'Power'
    """
    whole: dict[str, Any] = {}
    for raw in chain:
        for field, value in raw.items():
            if field in ("points", "properties"):
                held = dict(whole.get(field, {}))
                for name, told in value.items():
                    place = f"{raw['type']}.{field}.{name}"
                    held[name] = (
                        _over(held[name], told, "gauge" if field == "points" else "text", place)
                        if name in held
                        else dict(told or {})
                    )
                whole[field] = held
            else:
                whole[field] = value
    return msgspec.convert(whole, AssetType)


def _over(held: Mapping[str, Any], told: Mapping[str, Any] | None, usual: str, place: str) -> dict[str, Any]:
    told = told or {}
    kind, unit = told.get("kind"), told.get("unit")
    if kind is not None and kind != (was := held.get("kind", usual)):
        raise FixConfiguration("config.invalid", f"it is a {was} in the type that this extends", place=place)
    if unit and held.get("unit") and not same_quantity(unit, held["unit"]):
        raise FixConfiguration("config.invalid", f"{unit} does not measure what {held['unit']} does", place=place)
    made = {**held, **told}
    if unit and held.get("unit") not in ("", None, unit) and held.get("limits") and "limits" not in told:
        limits = msgspec.convert(held["limits"], Limits).measured(held["unit"], unit)
        made["limits"] = msgspec.to_builtins(limits)
    return made


def split_type(ref: str) -> tuple[str, int | None]:
    """Read how a type is named: ``pump`` is the newest, ``pump@2`` the second version.

    >>> split_type("pump@2"), split_type("pump")
    (('pump', 2), ('pump', None))
    """
    name, at, version = ref.partition("@")
    return (name, int(version)) if at and version.isascii() and version.isdecimal() else (ref, None)
