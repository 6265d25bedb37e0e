"""Nodes of our namespace: what they are called, and what they are. Pure.

    assets                        the folder below Objects
    asset/<name>                  an asset; asset/<name>/<fact> and asset/<name>/properties/<key> what is written of it
    point/<name>                  a point; point/<name>/<property> its engineering unit, range, words of states
    history/held, history/sloped  how the history of points is interpolated, shared by all of one kind
    type/<name>                   an asset type (type/pump@2: that version); type/<name>/points/<quantity> and
                                  type/<name>/properties/<key> what it says its assets have

Names of assets and points stay when what they name is moved, so these do, too. No name has a slash in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asyncua import ua

from baigong.api.opcua.datavalues import BOOLEAN, DOUBLE, INT32, STRING
from baigong.vocab.devices import PointSpec
from baigong.vocab.limits import Limits

NAMESPACE = 2  # 0: the standard's, 1: this server's own, 2: the company's
_E = ua.ObjectIds
OBJECTS: int = _E.ObjectsFolder
BASE_OBJECT_TYPE: int = _E.BaseObjectType
FOLDER: int = _E.FolderType
PROPERTY: int = _E.PropertyType
VARIABLE: int = _E.BaseDataVariableType
ORGANIZES: int = _E.Organizes
HAS_COMPONENT: int = _E.HasComponent
HAS_PROPERTY: int = _E.HasProperty
HAS_SUBTYPE: int = _E.HasSubtype
HAS_TYPE: int = _E.HasTypeDefinition
HAS_RULE: int = _E.HasModellingRule
HAS_HISTORY: int = _E.HasHistoricalConfiguration
MANDATORY: int = _E.ModellingRule_Mandatory
OPTIONAL: int = _E.ModellingRule_Optional
_DATA_ITEM: int = _E.DataItemType
_TWO_STATES: int = _E.TwoStateDiscreteType
_STATES: int = _E.MultiStateValueDiscreteType
_ANALOG: dict[tuple[bool, bool], int] = {  # (has a range, has a unit)
    (False, False): _E.BaseAnalogType,
    (False, True): _E.AnalogUnitType,
    (True, False): _E.AnalogItemType,
    (True, True): _E.AnalogUnitRangeType,
}
_HISTORY, _CURRENT = ua.AccessLevel.HistoryRead, ua.AccessLevel.CurrentRead
Bounds = tuple[float, float]  # low, high
Words = tuple[str, str]  # title, and the Chinese one where that is in another language
Says = Callable[[Words, str], ua.LocalizedText]


@dataclass(slots=True, frozen=True)
class Link:
    """A reference: to a node of ours, or (``standard``) to one of the standard."""

    kind: int
    to: str = ""
    standard: int = 0
    forward: bool = True


@dataclass(slots=True, frozen=True)
class Node:
    """One node. ``type``: its type definition; ``value``: of a property; ``point``: whose newest value it shows."""

    id: str
    node_class: ua.NodeClass
    name: str
    words: Words = ("", "")
    type: Link | None = None
    data_type: int = 0
    value: ua.Variant | None = None
    point: PointSpec | None = None
    number: int = 0
    described: Words = ("", "")
    spoken: Callable[[Says], ua.Variant] | None = None  # makes the value in the session's language

    @property
    def node_id(self) -> ua.NodeId:
        return ua.NodeId(self.id, NAMESPACE)


def object_of(id: str, name: str, words: Words, type: Link, described: Words = ("", "")) -> Node:
    return Node(id, ua.NodeClass.Object, name, words, type, described=described)


def property_of(
    id: str, name: str, value: Any, words: Words = ("", ""), spoken: Callable[[Says], ua.Variant] | None = None
) -> Node:
    """Make a property; what its value is follows from the value."""
    made = value if isinstance(value, ua.Variant) else ua.Variant(value, _variant_type(value))
    data_type = _data_type(made)
    type = Link(HAS_TYPE, standard=PROPERTY)
    return Node(id, ua.NodeClass.Variable, name, words, type, data_type, made, spoken=spoken)


def _variant_type(value: Any) -> ua.VariantType:
    kinds = {bool: ua.VariantType.Boolean, int: ua.VariantType.Int64, float: ua.VariantType.Double}
    return kinds.get(type(value), ua.VariantType.String)


def _data_type(made: ua.Variant) -> int:
    one = made.Value[0] if isinstance(made.Value, list) and made.Value else made.Value
    named: dict[type, int] = {
        ua.EUInformation: _E.EUInformation,
        ua.Range: _E.Range,
        ua.EnumValueType: _E.EnumValueType,
    }
    return named.get(type(one), int(made.VariantType))


def is_switch(spec: PointSpec) -> bool:
    """Say whether a point has two states, 0 and 1."""
    return spec.kind == "state" and set(spec.states) == {"0", "1"}


def built_in_type(spec: PointSpec) -> int:
    """Return the built-in type of a point's values."""
    if spec.kind == "text":
        return STRING
    if is_switch(spec):
        return BOOLEAN
    return INT32 if spec.kind == "state" else DOUBLE


def range_of(spec: PointSpec, typed: Limits | None = None) -> Bounds | None:
    """Return between what a point's values lie, where somebody said so.

    That are the bounds within which it is written, else the scale that its type gives it (``typed``, in its unit).
    """
    for told in (spec.write, typed):
        if told is not None and told.min is not None and told.max is not None and told.min < told.max:
            return told.min, told.max
    return None


def variable_type(spec: PointSpec, bounds: Bounds | None = None) -> int:
    """Return the standard's variable type (OPC 10000-8 §5.3) of a point."""
    if spec.kind == "text":
        return _DATA_ITEM
    if spec.kind == "state":
        return _TWO_STATES if is_switch(spec) else _STATES
    return _ANALOG[bounds is not None, bool(spec.unit)]


def attribute(node: Node, which: ua.AttributeIds, says: Says, readable: bool) -> ua.Variant | None:
    """Return an attribute, but not a value that moves; None: such a node has no such attribute."""
    common: dict[ua.AttributeIds, Callable[[], ua.Variant]] = {
        ua.AttributeIds.NodeId: lambda: ua.Variant(node.node_id, ua.VariantType.NodeId),
        ua.AttributeIds.NodeClass: lambda: ua.Variant(int(node.node_class), ua.VariantType.Int32),
        ua.AttributeIds.BrowseName: lambda: ua.Variant(ua.QualifiedName(node.name, _namespace_of(node))),
        ua.AttributeIds.DisplayName: lambda: ua.Variant(says(node.words, node.name)),
        ua.AttributeIds.Description: lambda: ua.Variant(says(node.described, "")),
        ua.AttributeIds.WriteMask: lambda: ua.Variant(0, ua.VariantType.UInt32),
        ua.AttributeIds.UserWriteMask: lambda: ua.Variant(0, ua.VariantType.UInt32),
    }
    if which in common:
        return common[which]()
    if node.node_class == ua.NodeClass.Object:
        return ua.Variant(0, ua.VariantType.Byte) if which == ua.AttributeIds.EventNotifier else None
    if node.node_class == ua.NodeClass.ObjectType:
        return ua.Variant(False, ua.VariantType.Boolean) if which == ua.AttributeIds.IsAbstract else None
    if which == ua.AttributeIds.Value and node.spoken is not None:
        return node.spoken(says)
    return _of_variable(node, which, readable)


def _of_variable(node: Node, which: ua.AttributeIds, readable: bool) -> ua.Variant | None:
    level = 1 << _CURRENT | (1 << _HISTORY if node.point is not None else 0)
    is_list = node.value is not None and isinstance(node.value.Value, list)
    if which == ua.AttributeIds.Value:
        return node.value
    if which == ua.AttributeIds.ArrayDimensions:
        made = ua.Variant([0] if is_list else [], ua.VariantType.UInt32, is_array=True)
        return made if is_list else None
    values: dict[ua.AttributeIds, tuple[Any, ua.VariantType]] = {
        ua.AttributeIds.DataType: (ua.NodeId(node.data_type), ua.VariantType.NodeId),
        ua.AttributeIds.ValueRank: (1 if is_list else -1, ua.VariantType.Int32),
        ua.AttributeIds.AccessLevel: (level, ua.VariantType.Byte),
        ua.AttributeIds.UserAccessLevel: (level if readable else 0, ua.VariantType.Byte),
        ua.AttributeIds.MinimumSamplingInterval: (0.0, ua.VariantType.Double),
        ua.AttributeIds.Historizing: (node.point is not None, ua.VariantType.Boolean),
    }
    found = values.get(which)
    return None if found is None else ua.Variant(*found)


_OF_POINTS = frozenset(("EURange", "EngineeringUnits", "TrueState", "FalseState", "EnumValues", "ValueAsText"))


def _namespace_of(node: Node) -> int:
    """Return the namespace of a browse name: the standard's properties have the standard's."""
    is_property = node.name in _OF_POINTS and node.id.startswith("point/")
    return 0 if is_property or node.id.startswith("history/") else NAMESPACE


def browse_name(node: Node) -> ua.QualifiedName:
    return ua.QualifiedName(node.name, _namespace_of(node))
