"""Thing specification language (物模型 TSL, as Alibaba Cloud IoT writes it) as asset types, and back.

A member of a struct is a point of its own, ``struct_member``: a quantity has no parts. What a type has no place for
(steps, events, services, arrays) is named in ``lost``, and so is what TSL has none for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from baigong.models.chinese import is_chinese
from baigong.models.typetext import Lost, MadeType, type_text
from baigong.vocab.assettypes import AssetType, TypePoint
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.limits import Limits
from baigong.vocab.units import is_unit, meant

SCHEMA = "https://iotx-tsl.oss-ap-southeast-1.aliyuncs.com/schema.json"
_NUMBERS = ("int", "float", "double")
_NO_PLACE = ("min", "max", "step", "length")
_MOST = 4 << 20  # bytes
_NOT_IN_A_NAME = re.compile(r"[^\w-]+")
_SHOWN = {
    "Cel": "°C", "[degF]": "°F", "m3": "m³", "m3/h": "m³/h", "kW.h": "kWh", "/min": "r/min", "Ohm": "Ω", "V.A": "VA",
    "deg": "°",
}  # fmt: skip
_SYNTHETIC = ("set", "get", "post")  # every model has these; they only say its properties again


class DataType(Struct, frozen=True, kw_only=True):
    type: str
    specs: Any = field(default_factory=dict)


class Entry(Struct, frozen=True, kw_only=True, rename="camel"):
    """One property, or one member of a struct."""

    identifier: str
    data_type: DataType
    name: str = ""
    access_mode: Literal["r", "w", "rw"] = "r"
    required: bool = False
    desc: str = ""


class Named(Struct, frozen=True, kw_only=True):
    identifier: str
    name: str = ""


class Profile(Struct, frozen=True, kw_only=True, rename="camel"):
    product_key: str = ""
    product_name: str = ""
    name: str = ""


class Model(Struct, frozen=True, kw_only=True):
    """A TSL document. ``properties`` is what makes one."""

    properties: list[Entry]
    profile: Profile = Profile()
    events: list[Named] = []
    services: list[Named] = []


def from_tsl(content: bytes, name: str, place: str = "") -> MadeType:
    """Make the type ``name`` of a TSL file (UTF-8 JSON). Raises config.invalid with the place in the document."""
    if len(content) > _MOST:
        raise FixConfiguration("payload.too_large", f"a TSL file has at most {_MOST >> 20} MB", place=place)
    try:
        model = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"), type=Model)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FixConfiguration("config.invalid", f"no TSL: {error}", place=place) from error
    lost: list[Lost] = []
    points: dict[str, dict[str, Any]] = {}
    notes: dict[str, str] = {}
    for entry in _flat(model.properties, lost):
        quantity = _NOT_IN_A_NAME.sub("_", entry.identifier)
        if not quantity.strip("_") or quantity in points:
            raise FixConfiguration(
                "config.invalid", f"{entry.identifier!r} stands there twice, or is no identifier", place=place
            )
        points[quantity] = _point(entry, lost)
        notes[f"points.{quantity}"] = entry.desc
    lost += [Lost(reason="an event", what=e.identifier) for e in model.events if e.identifier not in _SYNTHETIC]
    lost += [Lost(reason="a service", what=s.identifier) for s in model.services if s.identifier not in _SYNTHETIC]
    title = _titled(model.profile.product_name or model.profile.name, name)
    raw = {"type": name} | title | ({"points": points} if points else {})
    return MadeType(type=name, text=type_text(raw, notes), raw=raw, lost=lost)


def _flat(entries: list[Entry], lost: list[Lost]) -> Iterator[Entry]:
    for entry in entries:
        kind, specs = entry.data_type.type, entry.data_type.specs
        if kind == "array":
            lost.append(Lost(reason="an array", what=entry.identifier))
        elif kind == "struct":
            lost.append(Lost(reason="a struct: its members are points of their own", what=entry.identifier))
            try:
                members = msgspec.convert(specs, list[Entry])
            except msgspec.ValidationError as error:
                raise FixConfiguration("config.invalid", f"no struct: {error}", place=entry.identifier) from error
            for one in _flat(members, lost):
                words = " / ".join(word for word in (entry.name, one.name) if word)
                yield msgspec.structs.replace(
                    one, identifier=f"{entry.identifier}_{one.identifier}", name=words,
                    access_mode=entry.access_mode, required=entry.required,
                )  # fmt: skip
        else:
            yield entry


def _point(entry: Entry, lost: list[Lost]) -> dict[str, Any]:
    kind = entry.data_type.type
    specs: dict[str, Any] = entry.data_type.specs if isinstance(entry.data_type.specs, dict) else {}
    made: dict[str, Any] = {}
    if kind in _NUMBERS:
        if "w" in entry.access_mode:
            made["kind"] = "setpoint"
        unit = str(specs.get("unit") or "").strip()
        code = unit if is_unit(unit) else meant(unit)
        if code:
            made["unit"] = code
        elif unit:
            lost.append(Lost(reason=f"unit {unit}: no UCUM code is known for it", what=entry.identifier))
        if bounds := _bounds(specs):
            made["limits"] = bounds
    elif kind in ("bool", "enum"):
        made |= {"kind": "state", "states": {str(value): str(word) for value, word in specs.items()}}
    elif kind in ("text", "date"):
        made["kind"] = "text"
    else:
        raise FixConfiguration(
            "config.invalid",
            f"{kind!r} is no data type of TSL: int, float, double, enum, bool, text, date, struct, array",
            place=entry.identifier,
        )
    if kind in ("int", "date"):
        lost.append(Lost(reason=f"that it is a {'whole number' if kind == 'int' else kind}", what=entry.identifier))
    if "w" in entry.access_mode and kind not in _NUMBERS:
        lost.append(Lost(reason="accessMode rw of what is no number", what=entry.identifier))
    kept = made.get("limits", {})
    said = [n for n in _NO_PLACE if n not in kept and specs.get(n) not in (None, "")]
    if said and kind not in ("enum", "bool"):
        lost.append(Lost(reason=f"its {', '.join(said)}", what=entry.identifier))
    return made | _titled(entry.name, entry.identifier) | ({} if entry.required else {"required": False})


def _titled(text: str, name: str) -> dict[str, str]:
    """Say a name in Chinese as such; the identifier is not said again."""
    if not text or text == name:
        return {}
    return {"title_zh" if is_chinese(text) else "title": text[:200]}


def to_tsl(whole: AssetType) -> tuple[dict[str, Any], list[Lost]]:
    """Write a type, with all that it extends, as TSL; what TSL cannot say is named."""
    lost = [Lost(reason="a property of the asset: TSL knows only what is measured", what=n) for n in whole.properties]
    if whole.semantic:
        lost.append(Lost(reason="its semantic id", what=whole.type))
    properties = []
    for quantity, point in whole.points.items():
        if point.kind == "burst":
            lost.append(Lost(reason="a waveform", what=quantity))
            continue
        if point.semantic:
            lost.append(Lost(reason="its semantic id", what=quantity))
        if not re.fullmatch(r"[A-Za-z0-9_]{1,50}", quantity):
            lost.append(Lost(reason="no identifier of TSL: 1 to 50 letters, digits and _", what=quantity))
            continue
        properties.append(
            {
                "identifier": quantity,
                "name": point.title_zh or point.title or quantity,
                "accessMode": "rw" if point.kind == "setpoint" else "r",
                "required": point.required,
                "dataType": _data_type(quantity, point, lost),
            }
        )
    profile = {"productKey": "", "productName": whole.title_zh or whole.title or whole.type}
    lost += [Lost(reason="a KPI: TSL knows only what is measured", what=name) for name in whole.kpis]
    events = _events(whole, lost)
    return {"schema": SCHEMA, "profile": profile, "properties": properties, "events": events, "services": []}, lost


def _events(whole: AssetType, lost: list[Lost]) -> list[dict[str, Any]]:
    """Write alarms as events; beyond what limit they come, TSL has no place for."""
    events: list[dict[str, Any]] = []
    for name, alarm in whole.alarms.items():
        if not alarm.enabled:
            continue
        if not re.fullmatch(r"[A-Za-z0-9_]{1,50}", name):
            lost.append(Lost(reason="no identifier of TSL: 1 to 50 letters, digits and _", what=name))
            continue
        lost.append(Lost(reason="when this alarm comes, and what to do then", what=name))
        events.append(
            {
                "identifier": name,
                "name": alarm.title_zh or alarm.title or name,
                "desc": alarm.cause_zh or alarm.cause,
                "type": "error" if alarm.priority in ("critical", "high") else "alert",
                "required": False,
                "method": f"thing.event.{name}.post",
                "outputData": [],
            }
        )
    return events


def _bounds(specs: Mapping[str, Any]) -> dict[str, float]:
    """Read between what a value lies; what is no number, or the wrong way round, says nothing."""
    found = {}
    for name in ("min", "max"):
        with suppress(TypeError, ValueError):
            found[name] = float(specs[name]) if name in specs else math.nan
    found = {name: value for name, value in found.items() if math.isfinite(value)}
    return {} if len(found) == 2 and found["min"] >= found["max"] else found


def _data_type(quantity: str, point: TypePoint, lost: list[Lost]) -> Mapping[str, Any]:
    if point.kind == "text":
        return {"type": "text", "specs": {"length": "2048"}}
    if point.kind == "state" and point.states:
        words = point.states_zh or point.states
        if all(re.fullmatch(r"-?\d+", value) for value in words):
            kind = "bool" if set(words) == {"0", "1"} else "enum"
            return {"type": kind, "specs": {value: words[value] for value in sorted(words, key=int)}}
        lost.append(Lost(reason="states that are no whole numbers", what=quantity))
    if point.kind == "counter":
        lost.append(Lost(reason="that it counts", what=quantity))
    unit = _SHOWN.get(point.unit, point.unit)
    specs = {"unit": unit} if unit else {}
    for name, bound in msgspec.structs.asdict(point.limits or Limits()).items():
        if bound is not None and name in ("min", "max"):
            specs[name] = f"{bound:.15g}"
        elif bound is not None:
            lost.append(Lost(reason=f"its limit {name}", what=quantity))
    return {"type": "int" if point.kind == "state" else "double", "specs": specs}
