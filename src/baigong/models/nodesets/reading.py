"""UANodeSet files (OPC 10000-6, annex F): bytes in, nodes out, with node ids that mean the same in every file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from baigong.models.xmlguard import opened
from baigong.vocab.errors import FixConfiguration

CORE = "http://opcfoundation.org/UA/"
_SPACE = "http://opcfoundation.org/UA/2011/03/UANodeSet.xsd"
_N = f"{{{_SPACE}}}"
_T = "{http://opcfoundation.org/UA/2008/02/Types.xsd}"
_CLASSES = frozenset(
    _N + name
    for name in (
        "UAObject",
        "UAVariable",
        "UAMethod",
        "UAObjectType",
        "UAVariableType",
        "UADataType",
        "UAReferenceType",
    )
)
_IDENTIFIER = re.compile(r"i=[0-9]{1,10}|[sgb]=.+", re.DOTALL)
_MOST = 64 << 20  # bytes; the core of OPC UA has 4 MB
_DEEP = 200


@dataclass(slots=True, frozen=True)
class Reference:
    type: str
    target: str
    forward: bool


@dataclass(slots=True)
class Node:
    """One node. ``id``: ``nsu=URI;i=1``. ``titles``, ``notes``: by locale. Of its value ``unit``: (UNECE id, shown)."""

    id: str
    kind: str  # UAVariable, UAObjectType, …
    name: str  # BrowseName without its namespace
    titles: dict[str, str]
    notes: dict[str, str]
    references: list[Reference]
    data_type: str = ""
    rank: int = -1
    unit: tuple[int, str] | None = None
    words: list[tuple[int, str]] = field(default_factory=list)  # enumeration: value, word


@dataclass(slots=True, frozen=True)
class Document:
    """``requires``: models whose nodes this one builds on, by URI."""

    place: str
    models: tuple[str, ...]
    requires: tuple[str, ...]
    nodes: list[Node]


def read_nodeset(content: bytes, place: str = "") -> Document:
    """Read a file. Raises config.invalid with file and line or node; nothing of a DTD is ever read."""
    root = _parsed(content, place)
    if root.tag != f"{_N}UANodeSet":
        raise FixConfiguration("config.invalid", f"{root.tag!r} is no UANodeSet", place=place)
    uris = [CORE, *(uri.text or "" for uri in root.iterfind(f"{_N}NamespaceUris/{_N}Uri"))]
    models = root.findall(f"{_N}Models/{_N}Model")
    names = tuple(model.get("ModelUri", "") for model in models) or tuple(uris[1:2])
    requires = {one.get("ModelUri", ""): None for model in models for one in model.iterfind(f"{_N}RequiredModel")}
    ids = _Ids(place, uris, {})
    for alias in root.iterfind(f"{_N}Aliases/{_N}Alias"):
        ids.aliases[alias.get("Alias", "")] = ids.of(alias.text or "", "Aliases")
    nodes = [_node(element, ids) for element in root if element.tag in _CLASSES]
    return Document(place, names, tuple(uri for uri in requires if uri not in names), nodes)


def models_of(content: bytes) -> tuple[str, ...]:
    """Name the models of a file from its beginning, without reading it all; empty when it is none."""
    found: list[str] = []
    parser = expat.ParserCreate(namespace_separator="}")

    def started(name: str, attributes: dict[str, str]) -> None:
        if name == f"{_SPACE}}}Model":
            found.append(attributes.get("ModelUri", ""))

    def doctype(*_: object) -> None:
        raise _SeenEnoughError

    parser.StartElementHandler, parser.StartDoctypeDeclHandler = started, doctype
    try:
        parser.Parse(content, False)
    except (expat.ExpatError, _SeenEnoughError):
        return ()
    return tuple(found)


class _SeenEnoughError(Exception):
    """What follows need not be read."""


def _parsed(content: bytes, place: str) -> ElementTree.Element:
    if len(content) > _MOST:
        raise FixConfiguration("payload.too_large", f"a NodeSet has at most {_MOST >> 20} MB", place=place)
    try:
        opened(content, lambda told: FixConfiguration("config.invalid", told, place=place))
    except expat.ExpatError as error:
        raise FixConfiguration(
            "config.invalid", f"not XML: {expat.ErrorString(error.code)}", place=f"{place} line {error.lineno}"
        ) from error
    pull: Any = ElementTree.XMLPullParser(("start", "end"))
    depth = 0
    root: ElementTree.Element | None = None
    try:
        for at in range(0, len(content), 1 << 20):
            pull.feed(content[at : at + (1 << 20)])
            for event, element in pull.read_events():
                root = element  # the last that ends
                depth += 1 if event == "start" else -1
                if depth > _DEEP:
                    raise FixConfiguration("config.invalid", f"nested deeper than {_DEEP} elements", place=place)
        pull.close()
    except ElementTree.ParseError as error:
        raise FixConfiguration(
            "config.invalid", f"not XML: {error}", place=f"{place} line {error.position[0]}"
        ) from error
    if root is None:
        raise FixConfiguration("config.invalid", "not XML: the file is empty", place=place)
    return root


@dataclass(slots=True)
class _Ids:
    place: str
    uris: list[str]
    aliases: dict[str, str]

    def of(self, text: str, where: str) -> str:
        text = text.strip()
        if text in self.aliases:
            return self.aliases[text]
        if text.startswith("nsu="):
            return text
        index, ident = 0, text
        if text.startswith("ns="):
            number, _, ident = text[3:].partition(";")
            index = int(number) if number.isascii() and number.isdecimal() else -1
        if not _IDENTIFIER.fullmatch(ident) or not 0 <= index < len(self.uris):
            raise FixConfiguration("config.invalid", f"{text!r} is no node id, and no alias", place=self._at(where))
        return f"nsu={self.uris[index]};{ident}"

    def _at(self, where: str) -> str:
        return f"{self.place} {where}".strip()


def _node(element: ElementTree.Element, ids: _Ids) -> Node:
    written = element.get("NodeId", "")
    node = Node(
        id=ids.of(written, f"<{element.tag.rpartition('}')[2]}>"),
        kind=element.tag.rpartition("}")[2],
        name=_unqualified(element.get("BrowseName", "")),
        titles=_texts(element.iterfind(f"{_N}DisplayName")),
        notes=_texts(element.iterfind(f"{_N}Description")),
        references=[
            Reference(
                ids.of(one.get("ReferenceType", ""), written), ids.of(one.text or "", written),
                one.get("IsForward", "true") not in ("false", "0"),
            )
            for one in element.iterfind(f"{_N}References/{_N}Reference")
        ],
    )  # fmt: skip
    if node.kind == "UAVariable":
        node.data_type = ids.of(element.get("DataType", "i=24"), written)
        node.rank = _whole(element.get("ValueRank", "-1"), -1)
        value = element.find(f"{_N}Value")
        if value is not None:
            node.unit, node.words = _unit(value), _words(value)
    elif node.kind == "UADataType":
        fields = element.iterfind(f"{_N}Definition/{_N}Field")
        node.words = [(_whole(one.get("Value", ""), -1), one.get("Name", "")) for one in fields if one.get("Value")]
    return node


def _unqualified(name: str) -> str:
    before, colon, after = name.partition(":")
    return after if colon and before.isdecimal() else name


def _texts(elements: Iterator[ElementTree.Element]) -> dict[str, str]:
    return {(one.get("Locale") or "").casefold(): (one.text or "").strip() for one in elements if one.text}


def _whole(text: str, otherwise: int) -> int:
    try:
        return int(text)
    except ValueError:
        return otherwise


def _unit(value: ElementTree.Element) -> tuple[int, str] | None:
    """OPC 10000-8, 5.6.3: EUInformation."""
    found = next(value.iter(f"{_T}EUInformation"), None)
    if found is None:
        return None
    return _whole(found.findtext(f"{_T}UnitId", "0"), 0), (found.findtext(f"{_T}DisplayName/{_T}Text") or "").strip()


def _words(value: ElementTree.Element) -> list[tuple[int, str]]:
    """Of EnumValues, EnumStrings, TrueState and FalseState: numbers and words."""
    named = [
        (_whole(one.findtext(f"{_T}Value", ""), -1), (one.findtext(f"{_T}DisplayName/{_T}Text") or "").strip())
        for one in value.iter(f"{_T}EnumValueType")
    ]
    return named or [
        (at, (one.findtext(f"{_T}Text") or "").strip()) for at, one in enumerate(value.iter(f"{_T}LocalizedText"))
    ]
