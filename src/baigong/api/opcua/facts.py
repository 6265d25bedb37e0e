"""Properties of nodes: the nameplate of an asset; units, ranges and words of states of a point (OPC 10000-8 §5.3)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from asyncua import ua

from baigong.api.opcua.nodes import HAS_TYPE, Bounds, Link, Node, Says, Words, is_switch, object_of, property_of
from baigong.api.opcua.spans import Rules
from baigong.vocab.assets import AssetSpec
from baigong.vocab.assettypes import AssetType
from baigong.vocab.devices import PointSpec
from baigong.vocab.unece import unit_id
from baigong.vocab.unitwords import unit_words

_UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"
_CONFIGURATION = ua.ObjectIds.HistoricalDataConfigurationType
_DEFAULTS = Rules()
RULES = {
    "TreatUncertainAsBad": _DEFAULTS.uncertain_is_bad,
    "PercentDataBad": ua.Variant(_DEFAULTS.percent_bad, ua.VariantType.Byte),
    "PercentDataGood": ua.Variant(_DEFAULTS.percent_good, ua.VariantType.Byte),
    "UseSlopedExtrapolation": _DEFAULTS.sloped_extrapolation,
}
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


def facts_of_point(spec: PointSpec, bounds: Bounds | None = None) -> list[Node]:
    """Return the properties that the variable type of a point has. ``bounds``: between what its values lie."""
    id = f"point/{spec.name}"
    made = []
    if spec.unit and spec.kind not in ("state", "text"):
        made.append(_property(id, "EngineeringUnits", lambda says: ua.Variant(engineering_unit(spec.unit, says))))
    if bounds is not None and spec.kind not in ("state", "text"):
        made.append(_property(id, "EURange", _same(ua.Variant(ua.Range(*bounds)))))
    if is_switch(spec):
        for name, raw in (("FalseState", "0"), ("TrueState", "1")):
            made.append(_property(id, name, partial(_spoken_state, spec, raw)))
    elif spec.kind == "state":
        made.append(_property(id, "EnumValues", partial(_enumeration, spec)))
        made.append(_property(id, "ValueAsText", _same(ua.Variant(ua.LocalizedText("")))))
    if spec.semantic:
        made.append(property_of(f"{id}/SemanticId", "SemanticId", spec.semantic))
    return made


def history_configuration(id: str) -> Node | None:
    """Return a node of the two HistoricalDataConfigurations (OPC 10000-11 §5.2.3) that points share.

    ``id``: ``history/held``, ``history/sloped``, or what hangs below.
    """
    which, *inner = id.removeprefix("history/").split("/")
    if which not in ("held", "sloped"):
        return None
    if not inner:
        return object_of(id, "HA Configuration", ("", ""), Link(HAS_TYPE, standard=_CONFIGURATION))
    if inner == ["AggregateConfiguration"]:
        return object_of(id, inner[0], ("", ""), Link(HAS_TYPE, standard=ua.ObjectIds.AggregateConfigurationType))
    if inner == ["Stepped"]:
        return property_of(id, "Stepped", which == "held")
    if inner[0] == "AggregateConfiguration" and len(inner) == 2 and inner[1] in RULES:
        return property_of(id, inner[1], RULES[inner[1]])
    return None


def engineering_unit(code: str, says: Says) -> ua.EUInformation:
    """Write a UCUM code as the standard wants it: by its code in UNECE Recommendation 20, where it has one."""
    number = unit_id(code)
    made = ua.EUInformation(_UNECE if number > 0 else _UCUM, number, ua.LocalizedText(_SHOWN.get(code, code)))
    made.Description = says(unit_words(code), code)
    return made


def state_words(spec: PointSpec, value: float, says: Says) -> ua.LocalizedText:
    """Return the word of a state."""
    raw = str(int(value))
    return says((spec.states.get(raw, raw), spec.states_zh.get(raw, "")), raw)


def _spoken_state(spec: PointSpec, raw: str, says: Says) -> ua.Variant:
    return ua.Variant(state_words(spec, int(raw), says))


def _enumeration(spec: PointSpec, says: Says) -> ua.Variant:
    values = [ua.EnumValueType(int(raw), state_words(spec, int(raw), says)) for raw in spec.states if _is_whole(raw)]
    return ua.Variant(values, ua.VariantType.ExtensionObject, is_array=True)


def _same(value: ua.Variant) -> Callable[[Says], ua.Variant]:
    return lambda says: value


def _plainly(words: Words, name: str) -> ua.LocalizedText:
    return ua.LocalizedText(words[0] or name)


def _property(id: str, name: str, spoken: Callable[[Says], ua.Variant]) -> Node:
    """Make a property whose value is made in the session's language."""
    return property_of(f"{id}/{name}", name, spoken(_plainly), spoken=spoken)


def _is_whole(raw: str) -> bool:
    return raw.lstrip("-").isdecimal()
