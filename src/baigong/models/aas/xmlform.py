"""AAS environments as XML: read in one pass, without DTD, entities or anything of the network."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from baigong.models.aas.checking import judge, unfit, wrong_base64
from baigong.models.aas.engine import NAMESPACES, engine
from baigong.models.aas.environment import LISTS, Environment, Jsonable, Version
from baigong.models.aas.findings import Finding, finding, refusal
from baigong.models.aas.limits import DEPTH, MOST_THINGS
from baigong.models.aas.places import json_path, xml_steps
from baigong.models.xmlguard import opened
from baigong.vocab.errors import FixConfiguration

Event = tuple[str, ElementTree.Element]
_SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}"  # schemaLocation and nil: any XML document may carry them
_READ_AS = "https://admin-shell.io/aas/3/1"
_OLD = re.compile(r"admin-shell\.io/(?:aas|schema)/(?:\w+/)?(\d)/(\d)")
_CHUNK = 1 << 16
_UNREADABLE = "aas.unreadable"


def read_xml(content: bytes, place: str = "") -> tuple[Environment, list[Finding]]:
    """Return (environment, notes). aas.unreadable, aas.version, aas.structure."""
    namespace, alone = _opening(content, place)
    rules = engine("3.1").xmlization
    try:
        events = _events(content, place)
        thing = getattr(rules, f"{alone or 'environment'}_from_iterparse")(events)
        for _ in events:  # whatever follows the root is XML, too
            pass
    except rules.DeserializationException as error:
        path = json_path(xml_steps(error.path.segments))
        raise refusal([finding("structure", path, _told(error.cause))]) from error
    except ElementTree.ParseError as error:
        raise FixConfiguration(
            _UNREADABLE, f"not XML: {expat.ErrorString(error.code)}", place=f"{place} line {error.position[0]}".strip()
        ) from error
    document = engine("3.1").jsonization.to_jsonable(thing)
    if alone:
        document = {_LONE[alone]: [document]}
    environment, notes = _kept(document)
    version = NAMESPACES[namespace]
    return Environment(environment.shells, environment.submodels, environment.concepts, version), notes


def _kept(document: Jsonable) -> tuple[Environment, list[Finding]]:
    """Keep what the engine has understood and put into canonical form already."""
    notes = [finding("empty-list", f"$.{n}", f"{n} is an empty list") for n, _ in LISTS if document.get(n) == []]
    found = unfit(document)
    if found:
        raise refusal(found)
    shells, submodels, concepts = (document.get(name, []) for name, _ in LISTS)
    return Environment(shells, submodels, concepts), notes


def write_xml(environment: Environment, version: Version = "3.1") -> bytes:
    """Write UTF-8 XML in the namespace of a version; aas.unwritable where XML cannot hold a character."""
    rules = engine("3.1")
    thing = rules.jsonization.environment_from_jsonable(environment.jsonable())
    text = io.StringIO()
    rules.xmlization.write(thing, text)
    # a reader turns a bare carriage return into a line feed (XML 1.0, 2.11); the writer never adds one of its own
    body = text.getvalue().replace("\r", "&#13;")
    bad = _NOT_XML.search(body)
    if bad:
        found = (one for p, kind, value in environment.identifiables() for one in judge(kind, value, "3.1", p)[1])
        where = next((one.path for one in found if one.code == "AASd-130"), "")
        raise FixConfiguration("aas.unwritable", f"XML cannot hold the character U+{ord(bad[0]):04X}", place=where)
    body = body.replace(f'"{_READ_AS}"', f'"https://admin-shell.io/aas/{version.replace(".", "/")}"', 1)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode()


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONE = {
    "asset_administration_shell": LISTS[0][0],
    "submodel": LISTS[1][0],
    "concept_description": LISTS[2][0],
}
_ROOTS = {
    "environment": "",
    "assetAdministrationShell": "asset_administration_shell",
    "submodel": "submodel",
    "conceptDescription": "concept_description",
}


def _opening(content: bytes, place: str) -> tuple[str, str]:
    """Return (namespace, which identifiable the root is, if it is one alone); nothing of a DTD is ever expanded."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise FixConfiguration(_UNREADABLE, "the XML is UTF-16", place=place)

    def declared(encoding: str | None) -> None:
        if encoding and encoding.lower() not in ("utf-8", "utf8", "us-ascii"):
            raise FixConfiguration(_UNREADABLE, f"the XML is {encoding}, not UTF-8", place=place)

    try:
        root = opened(content, lambda told: FixConfiguration(_UNREADABLE, told, place=place), declared=declared)
    except expat.ExpatError as error:
        raise FixConfiguration(
            _UNREADABLE, f"not XML: {expat.ErrorString(error.code)}", place=f"{place} line {error.lineno}".strip()
        ) from error
    return _known(root, place)


def _known(root: str, place: str) -> tuple[str, str]:
    namespace, _, name = root.rpartition("}")
    if namespace not in NAMESPACES:
        old = _OLD.search(namespace)
        if old:
            raise FixConfiguration("aas.version", f"this is AAS metamodel {old[1]}.{old[2]} ({namespace})", place=place)
        told = f"in the namespace {namespace!r}" if namespace else "without a namespace"
        raise FixConfiguration(_UNREADABLE, f"the root element {name!r} {told} is no AAS", place=place)
    if name not in _ROOTS:
        raise FixConfiguration(_UNREADABLE, f"the root element is {name!r}, not an environment", place=place)
    return namespace, _ROOTS[name]


def _events(content: bytes, place: str) -> Iterator[Event]:
    """Yield what the engine reads, guarded: bounded depth, no element twice, all in one namespace.

    The engine takes the last of two equal elements and drops the first, drops letters that are no Base64, and reads no
    empty Blob.
    """
    seen: list[tuple[str, set[str]]] = []
    count = 0
    for event, element in _parsed(content, place):
        if event == "start":
            count += 1
            if count > MOST_THINGS:
                raise FixConfiguration("aas.too_large", f"more than {MOST_THINGS:,} elements", place=place)
            name = element.tag.rpartition("}")[2]
            if element.tag.startswith("{https://admin-shell.io/aas/3/0}"):
                element.tag = f"{{{_READ_AS}}}{name}"
            for attribute in [a for a in element.attrib if a.startswith(_SCHEMA)]:
                del element.attrib[attribute]
            if seen:
                _no_second(seen, name)
                _blob(seen, element)
            seen.append((name, set()))
            if len(seen) > DEPTH:
                raise FixConfiguration(_UNREADABLE, f"nested deeper than {DEPTH} levels", place=place)
        else:
            seen.pop()
            if seen and _blob(seen, element):
                element.text = element.text or ""
        yield event, element
        element.clear()


def _blob(seen: list[tuple[str, set[str]]], element: ElementTree.Element) -> bool:
    """Say whether an element is the content of a Blob; its text is there at its start, or only at its end."""
    if seen[-1][0] != "blob" or element.tag != f"{{{_READ_AS}}}value":
        return False
    wrong = wrong_base64(element.text or "")
    if wrong:
        raise refusal([finding("structure", json_path([step for step, _ in seen[1:]]), wrong)])
    return True


def _no_second(seen: list[tuple[str, set[str]]], name: str) -> None:
    holder, names = seen[-1]
    if name in names and name not in _ITEMS:
        path = json_path([step for step, _ in seen[1:]])
        raise refusal([finding("structure", path, f"the element {name!r} stands twice in one {holder!r}")])
    names.add(name)


def _parsed(content: bytes, place: str) -> Iterator[Event]:
    parser: Any = ElementTree.XMLPullParser(("start", "end"))
    for start in range(0, len(content), _CHUNK):
        parser.feed(content[start : start + _CHUNK])
        yield from parser.read_events()
    parser.close()
    yield from parser.read_events()


def _told(cause: str) -> str:
    return cause.replace(f"{{{_READ_AS}}}", "")


_ITEMS = frozenset(
    {
        "annotatedRelationshipElement",
        "assetAdministrationShell",
        "basicEventElement",
        "blob",
        "capability",
        "conceptDescription",
        "embeddedDataSpecification",
        "entity",
        "extension",
        "file",
        "key",
        "langStringDefinitionTypeIec61360",
        "langStringNameType",
        "langStringPreferredNameTypeIec61360",
        "langStringShortNameTypeIec61360",
        "langStringTextType",
        "multiLanguageProperty",
        "operation",
        "operationVariable",
        "property",
        "qualifier",
        "range",
        "reference",
        "referenceElement",
        "relationshipElement",
        "specificAssetId",
        "submodel",
        "submodelElementCollection",
        "submodelElementList",
        "valueReferencePair",
    }
)  # fmt: skip - what stands in lists; every other element stands once
