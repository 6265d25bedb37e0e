"""Asset types as people write them: what every pump has, said once; a type may extend another. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from baigong.vocab.alarms import TypeAlarm, alarm_as_meant, in_unit
from baigong.vocab.assets import Level, Property
from baigong.vocab.devices import Kind
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.faults import wrong_field, wrong_part
from baigong.vocab.kpis import TypeKpi
from baigong.vocab.limits import Limits
from baigong.vocab.screens import Screen, converted, require_whole
from baigong.vocab.texts import read_yaml
from baigong.vocab.units import in_other_unit, same_quantity

_NAME = re.compile(r"[\w](?:[\w-]{0,62}[\w])?")
_LONGEST = 200_000
_Word = Annotated[str, Meta(max_length=200)]
_SEMANTIC = Annotated[str, Meta(max_length=2000)]
FIELDS = ("points", "properties", "alarms", "kpis")  # what one type lays over what it extends, name by name


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
    """A type. ``extends``: another one, all of which it has too (``machine``, or ``machine@2``).

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
    alarms: Annotated[dict[str, TypeAlarm], Meta(max_length=2000)] = {}
    kpis: Annotated[dict[str, TypeKpi], Meta(max_length=500)] = {}
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
    read = {"alarms": alarm_as_meant}
    for field in FIELDS:
        if isinstance(raw.get(field), dict):
            keyed = read.get(field, _keyed)
            meant[field] = {key: keyed(told) if isinstance(told, dict) else told for key, told in raw[field].items()}
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


def _at_fault(raw: dict[str, Any], name: str, whole: msgspec.ValidationError) -> FixConfiguration:
    part = wrong_part(raw, name, dict(zip(FIELDS, (TypePoint, TypeProperty, TypeAlarm, TypeKpi), strict=True)))
    if part is not None:
        return part
    if isinstance(raw.get("screen"), dict):
        try:
            converted(raw["screen"], "")
        except FixConfiguration as error:
            return FixConfiguration(error.code, error.message, place=f"{name}.screen.{error.place}".rstrip("."))
    return wrong_field(whole, name, AssetType)


def merged(chain: Sequence[dict[str, Any]]) -> AssetType:
    """Lay types over each other, the one that all extend first; what a later one writes of a field counts.

    Raises config.invalid where a type makes another thing of a point: another kind, or a unit of another quantity.

    >>> base = {"type": "machine", "points": {"power": {"unit": "kW", "title": "Power"}}}
    >>> merged([base, {"type": "pump", "points": {"power": {"unit": "W"}, "flow": {}}}]).points["power"].title
    'Power'
    """
    whole: dict[str, Any] = {}
    for raw in chain:
        units = {name: told.get("unit", "") for name, told in whole.get("points", {}).items()}
        whole |= {field: value for field, value in raw.items() if field not in FIELDS}
        for field in FIELDS:
            held = dict(whole.get(field, {}))
            if field == "alarms":
                held = {name: _measured(alarm, units, whole.get("points", {})) for name, alarm in held.items()}
            for name, told in (raw.get(field) or {}).items():
                place = f"{raw['type']}.{field}.{name}"
                held[name] = _LAYERS[field](held[name], told or {}, place) if name in held else dict(told or {})
            if held:
                whole[field] = held
    return msgspec.convert(whole, AssetType)


def _over(held: Mapping[str, Any], told: Mapping[str, Any], usual: str, place: str) -> dict[str, Any]:
    kind, unit = told.get("kind"), told.get("unit")
    if kind is not None and kind != (was := held.get("kind", usual)):
        raise FixConfiguration("config.invalid", f"it is a {was} in the type that this extends", place=place)
    if unit and held.get("unit") and not same_quantity(unit, held["unit"]):
        raise FixConfiguration("config.invalid", f"{unit} does not measure what {held['unit']} does", place=place)
    return {**held, **told}


def _over_point(held: Mapping[str, Any], told: Mapping[str, Any], place: str) -> dict[str, Any]:
    made, unit, was = _over(held, told, "gauge", place), told.get("unit"), held.get("unit")
    if unit and was and unit != was and held.get("limits") and "limits" not in told:
        made["limits"] = msgspec.to_builtins(msgspec.convert(held["limits"], Limits).measured(was, unit))
    return made


def _over_property(held: Mapping[str, Any], told: Mapping[str, Any], place: str) -> dict[str, Any]:
    return _over(held, told, "text", place)


def _over_alarm(held: Mapping[str, Any], told: Mapping[str, Any], place: str) -> dict[str, Any]:
    for field, usual in (("point", ""), ("when", "high")):
        if field in told and told[field] != (was := held.get(field, usual)):
            raise FixConfiguration(
                "config.invalid",
                f"its {field} is {was} in the type that this extends: make it an alarm of another name",
                place=f"{place}.{field}",
            )
    return {**held, **told}


def _over_kpi(held: Mapping[str, Any], told: Mapping[str, Any], place: str) -> dict[str, Any]:
    made, unit, was = _over(held, told, "", place), told.get("unit"), held.get("unit")
    if unit and was and unit != was and isinstance(held.get("target"), int | float) and "target" not in told:
        made["target"] = in_other_unit(held["target"], was, unit)
    return made


_LAYERS = dict(zip(FIELDS, (_over_point, _over_property, _over_alarm, _over_kpi), strict=True))


def _measured(alarm: dict[str, Any], units: Mapping[str, str], points: Mapping[str, Any]) -> dict[str, Any]:
    """Write an inherited alarm in the unit that its point has now."""
    was, now = units.get(alarm.get("point", ""), ""), points.get(alarm.get("point", ""), {}).get("unit", "")
    return alarm if was == now or not was or not now else in_unit(alarm, was, now)


def split_type(ref: str) -> tuple[str, int | None]:
    """Read how a type is named: ``pump`` is the newest, ``pump@2`` the second version.

    >>> split_type("pump@2"), split_type("pump")
    (('pump', 2), ('pump', None))
    """
    name, at, version = ref.partition("@")
    return (name, int(version)) if at and version.isascii() and version.isdecimal() else (ref, None)
