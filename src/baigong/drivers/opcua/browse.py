"""What a server holds: children of a node with type, unit, access and live value; search by name.

Everything goes in batches the server allows. A folder of 50,000 tags lists all its tags; types, units and
values are read for the first ``_DETAILED`` of them, for no screen shows more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from asyncua import ua

from baigong.drivers.contract import Node
from baigong.drivers.opcua import wire
from baigong.drivers.opcua.addresses import from_node_id, parse, to_node_id, write_way
from baigong.drivers.opcua.codec import Browsed, Columns, Reference
from baigong.drivers.opcua.faults import translated
from baigong.drivers.opcua.link import Link
from baigong.drivers.opcua.values import plain, time_at, value_at
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.unece import ucum

_OBJECT, _VARIABLE = ua.NodeClass.Object.value, ua.NodeClass.Variable.value
_HIERARCHICAL = ua.ObjectIds.HierarchicalReferences
_DETAILED = 2_000  # variables of one folder whose details are read
_PER_NODE = 1_000  # references per node and answer; the rest by continuation point
_FOUND = 5_000  # search results
_FOUND_DETAILED = 500  # of them with type, unit and value at once
_MOST_NODES = 500_000  # where a search stops walking
_SERVER = ua.NodeId(ua.ObjectIds.Server)
_PROPERTY_TYPE = ua.ObjectIds.PropertyType
_LONGEST_TEXT = 200  # characters of a live value shown
_ATTRIBUTES = (
    ua.AttributeIds.Value,
    ua.AttributeIds.DataType,
    ua.AttributeIds.UserAccessLevel,
    ua.AttributeIds.ValueRank,
)
_WRITABLE = 0x02  # bit of AccessLevel, OPC 10000-3 §8.57
_ELEMENTS = 64  # array elements offered below an array


@dataclass(slots=True)
class _Variable:
    """One variable while its details arrive."""

    reference: Reference
    children: bool = False
    unit_node: Any = None


@dataclass(slots=True, frozen=True)
class Named:
    """One variable of the server, as a search looks at it. ``folders``: the titles above, from the top."""

    reference: Reference
    address: str
    folders: tuple[str, ...]


async def references(link: Link, nodes: Sequence[Any], classes: int = _OBJECT | _VARIABLE) -> list[list[Reference]]:
    """Follow the hierarchical references of many nodes, with all continuation points. An unknown node has none."""
    made: list[list[Reference]] = [[] for _ in nodes]

    async def send(piece: list[int]) -> list[Browsed]:
        body = wire.browse_body([wire.node_id(nodes[i]) for i in piece], _HIERARCHICAL, classes, _PER_NODE)
        found = await _browsed(link, wire.BROWSE, body, len(piece))
        for i, result in zip(piece, found, strict=True):
            made[i] += result.references
        await _continue(link, {i: r.point for i, r in zip(piece, found, strict=True) if r.point}, made)
        return found

    results = await link.batched(range(len(nodes)), "browse", send)
    left_out = [i for i, r in enumerate(results) if r.status == ua.StatusCodes.BadNoContinuationPoints]
    for i in left_out:  # the server had no room to remember so many unfinished lists: one by one then
        made[i].clear()
        await send([i])
    return made


async def _continue(link: Link, points: dict[int, bytes], made: list[list[Reference]]) -> None:
    while points:
        body = wire.browse_next_body(list(points.values()))
        found = await _browsed(link, wire.BROWSE_NEXT, body, len(points))
        following: dict[int, bytes] = {}
        for i, result in zip(points, found, strict=True):
            made[i] += result.references
            if result.point:
                following[i] = result.point
        points = following


async def _browsed(link: Link, service: int, body: bytes, expected: int) -> list[Browsed]:
    reader = await link.request(service, body, "browsing")
    with translated(link.settings.place, "decoding references"):
        count = reader.count()
        if count != expected:
            raise ua.UaError(f"{count} lists for {expected} nodes")
        return [reader.browse_result() for _ in range(count)]


async def children(link: Link, path: str) -> list[Node]:
    """List what is below an address ("" is the Objects folder), folders of the maker before the standard's."""
    node: Any = ua.NodeId(ua.ObjectIds.ObjectsFolder)
    if path:
        address = parse(path)
        node = to_node_id(address, link.namespaces)
        if node is None:
            raise FixConfiguration("driver.address", f"the server has no namespace {address.uri}", place=path)
        if address.path:
            return []
    (found,) = await references(link, [node])
    own = list({r.node: r for r in found}.values())
    own.sort(key=lambda r: r.node.NamespaceIndex == 0)  # stable: the standard's own nodes last
    folders = [r for r in own if r.node_class != _VARIABLE]
    variables = [_Variable(r) for r in own if r.node_class == _VARIABLE]
    made = [Node(path=_path(link, r), title=r.title, has_children=True, type="object") for r in folders]
    elements = await _elements(link, node, path) if path else []
    return made + await _details(link, variables) + elements


def _path(link: Link, reference: Reference) -> str:
    return from_node_id(reference.node, link.namespaces if link.settings.address_form == "uri" else ())


async def _details(link: Link, variables: list[_Variable], most: int = _DETAILED) -> list[Node]:
    seen, rest = variables[:most], variables[most:]
    below = [v for v in seen if v.reference.type_definition.Identifier != _PROPERTY_TYPE]
    for variable, found in zip(below, await references(link, [v.reference.node for v in below]), strict=True):
        for reference in found:
            if reference.browse_name == "EngineeringUnits":
                variable.unit_node = reference.node
            elif reference.type_definition.Identifier != _PROPERTY_TYPE:
                variable.children = True
    asked = [wire.read_value_id(v.reference.node, a) for v in seen for a in _ATTRIBUTES]
    asked += [wire.read_value_id(v.unit_node) for v in seen if v.unit_node is not None]
    columns = await link.read(asked)
    names = await _type_names(link, [columns.other.get(i * 4 + 1) for i in range(len(seen))])
    made = []
    units = len(seen) * 4
    for i, variable in enumerate(seen):
        unit = ""
        if variable.unit_node is not None:
            held = columns.other.get(units)
            units += 1
            if isinstance(held, ua.EUInformation):
                unit = ucum(int(held.UnitId), held.DisplayName.Text or "")
        made.append(_node(link, variable, columns, i * 4, names[i], unit))
    return made + [
        Node(path=_path(link, v.reference), title=v.reference.title, address=_path(link, v.reference)) for v in rest
    ]


def _node(link: Link, variable: _Variable, columns: Columns, row: int, type_name: str, unit: str) -> Node:
    address = _path(link, variable.reference)
    held = value_at(columns, row)
    inside = isinstance(held, list | dict)
    shown = plain(held)
    if isinstance(shown, list | dict):
        shown = str(shown)
    if isinstance(shown, str):
        shown = shown[:_LONGEST_TEXT]
    many = isinstance(held, list) or columns.number[row + 3] >= 1
    return Node(
        path=address,
        title=variable.reference.title,
        has_children=variable.children or inside,
        address=address,
        type=type_name + ("[]" if many else ""),
        unit=unit,
        value=shown,
        quality=int(columns.status[row]) >> 16,
        time_us=time_at(columns, row),
        writable=bool(int(columns.number[row + 2]) & _WRITABLE) if columns.present[row + 2] else False,
        kind=_kind(type_name, held),
    )


def _kind(type_name: str, held: Any) -> str:
    if type_name == "Boolean" or (type_name and type_name not in _NUMBERS and isinstance(held, float)):
        return "state"  # an enumeration travels as its number
    return "text" if isinstance(held, str | dict | list) or type_name in ("String", "LocalizedText") else "gauge"


_NUMBERS = {
    "SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float", "Double", "Number", "Integer",
    "UInteger", "Duration", "Counter", "BaseDataType", "IntegerId", "Index", "Decimal",
}  # fmt: skip


async def _type_names(link: Link, types: list[Any]) -> list[str]:
    """Name data types: the standard's from its own table, the server's by their browse names, read once each."""
    names: dict[Any, str] = {}
    asked = []
    for data_type in types:
        if data_type is None or data_type in names:
            continue
        names[data_type] = ""
        if data_type.NamespaceIndex == 0 and data_type.Identifier in ua.ObjectIdNames:
            names[data_type] = ua.ObjectIdNames[data_type.Identifier]
        else:
            asked.append(data_type)
    found = await link.read([wire.read_value_id(t, ua.AttributeIds.BrowseName) for t in asked])
    for i, data_type in enumerate(asked):
        held = found.other.get(i)
        names[data_type] = str(held.Name) if isinstance(held, ua.QualifiedName) else ""
    return [names.get(t, "") for t in types]


async def _elements(link: Link, node: Any, path: str) -> list[Node]:
    """Offer the elements of an array and the members of a structure as addresses of their own."""
    columns = await link.read([wire.read_value_id(node)])
    held = value_at(columns, 0)
    if not isinstance(held, list | dict) and not hasattr(held, "__dataclass_fields__"):
        return []
    made: list[Node] = []
    _walk(held, (), made, path, int(columns.status[0]) >> 16, time_at(columns, 0))
    return made


def _walk(
    held: Any, way: tuple[str | int, ...], made: list[Node], path: str, quality: int, time_us: int | None
) -> None:
    if len(made) >= 10 * _ELEMENTS or len(way) > 6:
        return
    if isinstance(held, list):
        for i, item in enumerate(held[:_ELEMENTS]):
            _walk(item, (*way, i), made, path, quality, time_us)
        return
    if isinstance(held, dict):
        for name, item in held.items():
            _walk(item, (*way, name), made, path, quality, time_us)
        return
    if not way:
        return
    address = path + write_way(way)
    kind = "text" if isinstance(plain(held), str) else "state" if isinstance(held, bool) else "gauge"
    made.append(
        Node(
            path=address,
            title=write_way(way)[1:],
            address=address,
            type=type(held).__name__,
            value=plain(held),
            quality=quality,
            time_us=time_us,
            kind=kind,
        )
    )


async def every_variable(link: Link) -> list[Named]:
    """Walk the whole address space below Objects, without the server's diagnostics of itself."""
    made: list[Named] = []
    seen: set[Any] = {_SERVER}
    level: list[tuple[Any, tuple[str, ...]]] = [(ua.NodeId(ua.ObjectIds.ObjectsFolder), ())]
    while level and len(seen) < _MOST_NODES:
        following: list[tuple[Any, tuple[str, ...]]] = []
        lists = await references(link, [node for node, _ in level])
        for (_, folders), found in zip(level, lists, strict=True):
            for reference in found:
                if reference.node in seen:
                    continue
                seen.add(reference.node)
                if reference.type_definition.Identifier == _PROPERTY_TYPE:
                    continue
                if reference.node_class == _VARIABLE:
                    made.append(Named(reference, _path(link, reference), folders))
                following.append((reference.node, (*folders, reference.title)))
        level = following
    return made


async def search(link: Link, names: list[Named], text: str) -> list[Node]:
    """Find variables whose name, folders or address hold every word of ``text``; the first ones with live values."""
    words = text.casefold().split()
    if not words:
        return []
    hits = [name for name in names if _holds(name, words)][:_FOUND]
    nodes = await _details(link, [_Variable(hit.reference) for hit in hits], _FOUND_DETAILED)
    return [replace(node, folders=hit.folders) for node, hit in zip(nodes, hits, strict=True)]


def _holds(name: Named, words: list[str]) -> bool:
    text = " ".join((name.reference.title, name.address, *name.folders)).casefold()
    return all(word in text for word in words)


__all__ = ["Named", "children", "every_variable", "references", "search"]
