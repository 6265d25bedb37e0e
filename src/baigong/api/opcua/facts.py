"""Properties of nodes: the nameplate of an asset; units, ranges and words of states of a point (OPC 10000-8 §5.3)."""

from __future__ import annotations

from asyncua import ua

from baigong.api.opcua.nodes import Node, is_switch, property_of, range_of
from baigong.vocab.assets import AssetSpec
from baigong.vocab.assettypes import AssetType
from baigong.vocab.devices import PointSpec
from baigong.vocab.unece import unit_id
from baigong.vocab.unitwords import unit_words

_UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"
_UCUM = "http://unitsofmeasure.org"
_SHOWN = {"Cel": "°C", "[degF]": "°F", "1": "", "m3/h": "m³/h", "m2": "m²", "m3": "m³", "kW.h": "kWh"}


def facts_of_asset(spec: AssetSpec, type: AssetType | None) -> list[Node]:
    """Return what is written of an asset, properties of its type that have a default included."""
    id = f"asset/{spec.asset}"
    told = {
        "Level": (spec.level, ("level", "层级")),
        "Code": (spec.code, ("code", "编码")),
        "Place": (spec.place, ("place", "位置")),
        "State": (spec.state, ("state", "状态")),
    }
    made = [property_of(f"{id}/{name}", name, value, words) for name, (value, words) in told.items() if value]
    declared = {} if type is None else type.properties
    values = {key: one.default for key, one in declared.items() if one.default is not None} | spec.properties
    for key, value in values.items():
        words = (declared[key].title, declared[key].title_zh) if key in declared else ("", "")
        number = float(value) if key in declared and declared[key].kind == "number" else value
        name = f"{key}_" if key in told else key  # a name is one node's among its siblings
        made.append(property_of(f"{id}/properties/{key}", name, number, words))
    return made


def facts_of_point(spec: PointSpec) -> list[Node]:
    """Return the properties that the variable type of a point has."""
    id = f"point/{spec.name}"
    made = []
    if spec.unit and spec.kind not in ("state", "text"):
        made.append(_property(id, "EngineeringUnits", ua.Variant(engineering_unit(spec.unit))))
    bounds = range_of(spec) if spec.kind not in ("state", "text") else None
    if bounds is not None:
        made.append(_property(id, "EURange", ua.Variant(ua.Range(*bounds))))
    if is_switch(spec):
        for name, raw in (("FalseState", "0"), ("TrueState", "1")):
            made.append(_property(id, name, ua.Variant(_state(spec, raw))))
    elif spec.kind == "state":
        values = [ua.EnumValueType(int(raw), _state(spec, raw)) for raw in spec.states if _is_whole(raw)]
        made.append(_property(id, "EnumValues", ua.Variant(values, ua.VariantType.ExtensionObject, is_array=True)))
        made.append(_property(id, "ValueAsText", ua.Variant(ua.LocalizedText(""))))
    if spec.semantic:
        made.append(property_of(f"{id}/SemanticId", "SemanticId", spec.semantic))
    return made


def engineering_unit(code: str) -> ua.EUInformation:
    """Write a UCUM code as the standard wants it: by its code in UNECE Recommendation 20, where it has one."""
    number = unit_id(code)
    english, _ = unit_words(code)
    return ua.EUInformation(
        _UNECE if number > 0 else _UCUM,
        number,
        ua.LocalizedText(_SHOWN.get(code, code)),
        ua.LocalizedText(english or code, "en"),
    )


def state_words(spec: PointSpec, value: float) -> ua.LocalizedText:
    """Return the word of a state."""
    return _state(spec, str(int(value)))


def _state(spec: PointSpec, raw: str) -> ua.LocalizedText:
    return ua.LocalizedText(spec.states.get(raw, raw))


def _property(id: str, name: str, value: ua.Variant) -> Node:
    return property_of(f"{id}/{name}", name, value)


def _is_whole(raw: str) -> bool:
    return raw.lstrip("-").isdecimal()
