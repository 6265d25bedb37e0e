"""What a variable of OPC UA is with us: its kind, unit and states, or why it is nothing."""

from __future__ import annotations

from typing import Any, NamedTuple

from baigong.models.nodesets.reading import Node
from baigong.models.nodesets.space import Space, core
from baigong.vocab.unece import ucum
from baigong.vocab.units import is_unit, meant

_BOOLEAN, _NUMBER, _ENUMERATION, _ANY, _DURATION = core(1), core(26), core(29), core(24), core(290)
_TEXTS = (core(12), core(13), core(14), core(20), core(21))  # String, DateTime, Guid, QualifiedName, LocalizedText
UNIT, STRINGS, VALUES, TRUE, FALSE = "EngineeringUnits", "EnumStrings", "EnumValues", "TrueState", "FalseState"
USED = (UNIT, STRINGS, VALUES, TRUE, FALSE)


class Found(NamedTuple):
    """``facts``: fields of a TypePoint. ``why``: it is none, for this reason. ``short``: what of it is lost."""

    facts: dict[str, Any]
    why: str = ""
    short: str = ""


def as_point(space: Space, node: Node) -> Found:
    """Say what a data variable is as a point."""
    about = {part.name: part for part, is_property in space.parts(node.id) if is_property}
    if node.rank >= 0:
        return Found({}, "an array")
    if STRINGS in about or VALUES in about:
        return Found({"kind": "state"} | _states((about.get(STRINGS) or about[VALUES]).words))
    unit, short = _unit(about.get(UNIT))
    for type in space.lineage(node.data_type):
        if type == _BOOLEAN:
            words = [(n, about[which].words[0][1]) for n, which in enumerate((FALSE, TRUE)) if _says(about, which)]
            return Found({"kind": "state"} | _states(words if len(words) == 2 else [(0, "false"), (1, "true")]))
        if type == _ENUMERATION:
            return Found({"kind": "state"} | _states(enumeration(space, node.data_type)))
        if type == _DURATION:  # OPC 10000-3, 8.13: milliseconds
            return Found({"unit": unit or "ms"}, short=short)
        if type == _NUMBER:
            return Found({"unit": unit} if unit else {}, short=short)
        if type in _TEXTS:
            return Found({"kind": "text"})
    if node.data_type == _ANY:
        return Found({"unit": unit}, short=short) if UNIT in about else Found({}, "its data type is left open")
    return Found({}, _not_a_value(space, node))


def as_property(space: Space, node: Node) -> Found:
    """Say what a property is as a fact of an asset."""
    if node.rank >= 0:
        return Found({}, "an array")
    for type in space.lineage(node.data_type):
        if type == _BOOLEAN:
            return Found({"kind": "flag"})
        if type == _DURATION:
            return Found({"kind": "number", "unit": "ms"})
        if type == _NUMBER:
            return Found({"kind": "number"})
        if type in _TEXTS or type == _ENUMERATION:
            return Found({})
    if node.data_type == _ANY:
        return Found({}, "its data type is left open")
    return Found({}, _not_a_value(space, node))


def _not_a_value(space: Space, node: Node) -> str:
    if node.data_type not in space.nodes and not space.above(node.data_type):
        return "its data type is in a NodeSet that is not here"
    return "a structure, node id or file: no single value"


def enumeration(space: Space, data_type: str) -> list[tuple[int, str]]:
    """Return the words of an enumeration: of its definition, or of the properties it had before 1.04."""
    node = space.nodes.get(data_type)
    if node is None:
        return []
    return node.words or next((part.words for part, _ in space.parts(data_type) if part.name in (STRINGS, VALUES)), [])


def _says(about: dict[str, Node], which: str) -> bool:
    return which in about and bool(about[which].words) and bool(about[which].words[0][1])


def _states(words: list[tuple[int, str]]) -> dict[str, Any]:
    return {"states": {str(value): word or str(value) for value, word in words}} if words else {}


def _unit(node: Node | None) -> tuple[str, str]:
    """Return (UCUM, why there is none)."""
    if node is None or node.unit is None:
        return "", ""
    number, shown = node.unit
    code = ucum(number, shown)
    code = code if is_unit(code) else meant(code)
    if code or not (shown or number > 0):
        return code, ""
    return "", f"unit {shown or number}: no UCUM code is known for it"
