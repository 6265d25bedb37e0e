"""Relationships and content types of an Open Packaging Conventions package (ECMA-376-2)."""

from __future__ import annotations

import mimetypes
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from baigong.models.aas.limits import Limits
from baigong.models.xmlguard import opened
from baigong.vocab.errors import FixConfiguration

_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
TYPES_PART = "/[Content_Types].xml"
ORIGIN, SPEC, SUPPLEMENTARY = (
    f"http://admin-shell.io/aasx/relationships/{n}" for n in ("aasx-origin", "aas-spec", "aas-suppl")
)
THUMBNAIL = f"{_RELATIONS}/metadata/thumbnail"
CORE_PROPERTIES = f"{_RELATIONS}/metadata/core-properties"
_PACKAGE = "aas.package"
_MOST = 4 << 20  # bytes of one part of relationships: 20,000 of them
_UNKNOWN = "application/octet-stream"
_MEDIA = {"json": "application/json", "xml": "text/xml", "aasx": "application/asset-administration-shell-package+xml"}


@dataclass(slots=True, frozen=True)
class Relation:
    """One relationship: of which type, to which part; ``external`` leads out of the package and is never followed."""

    type: str
    target: str
    external: bool = False


def relations_part(source: str) -> str:
    """Name the part that holds the relationships of another; of the package itself where the source is ``/``.

    >>> relations_part("/"), relations_part("/aasx/data.xml")
    ('/_rels/.rels', '/aasx/_rels/data.xml.rels')
    """
    folder, name = posixpath.split(source)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def relations(parts: Mapping[str, bytes], source: str, limits: Limits) -> list[Relation]:
    """Return the relationships of a part; none where it has no such file; aas.package where that is broken."""
    name = relations_part(source)
    if name not in parts:
        return []
    root = _parsed(parts[name], name)
    found = [
        Relation(_new(one.get("Type", "")), _target(source, one.get("Target", "")), one.get("TargetMode") == "External")
        for one in root.iter(f"{{{_RELATIONS}}}Relationship")
    ]
    if len(found) > limits.relationships:
        raise FixConfiguration("aas.too_large", f"{len(found):,} relationships in one part", place=name)
    return found


def write_relations(found: Sequence[Relation]) -> bytes:
    """Write the part that holds relationships."""
    rows = (
        f'<Relationship Type={quoteattr(r.type)} Target={quoteattr(r.target)} Id="R{i}"/>'
        for i, r in enumerate(found, 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_RELATIONS}">{"".join(rows)}</Relationships>'.encode()


def media_types(parts: Mapping[str, bytes]) -> dict[str, str]:
    """Return part name -> media type, by override, extension or what the name looks like."""
    defaults: dict[str, str] = {}
    overrides: dict[str, str] = {}
    if TYPES_PART in parts:
        for one in _parsed(parts[TYPES_PART], TYPES_PART):
            if one.get("PartName"):
                overrides[one.get("PartName", "").lower()] = one.get("ContentType", "")
            else:
                defaults[one.get("Extension", "").lower()] = one.get("ContentType", "")
    return {name: overrides.get(name.lower()) or defaults.get(_extension(name)) or guessed(name) for name in parts}


def write_types(media: Mapping[str, str]) -> bytes:
    """Write ``[Content_Types].xml``: an override for each part, so that nothing depends on an extension."""
    rows = "".join(
        f"<Override PartName={quoteattr(name)} ContentType={quoteattr(kind)}/>" for name, kind in media.items()
    )
    rels = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    return f'{_HEAD}<Types xmlns="{_TYPES}">{rels}{rows}</Types>'.encode()


def guessed(name: str) -> str:
    """Guess a media type from a name; the same on every machine."""
    extension = _extension(name)
    return _MEDIA.get(extension) or mimetypes.types_map.get(f".{extension}") or _UNKNOWN


def _extension(name: str) -> str:
    return posixpath.splitext(name)[1].lstrip(".").lower()


def _new(type_: str) -> str:
    """Packages made before 2023 write their types with www."""
    return type_.replace("http://www.admin-shell.io/", "http://admin-shell.io/", 1)


def _target(source: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), unquote(target)))


def _parsed(content: bytes, name: str) -> ElementTree.Element:
    if len(content) > _MOST:
        raise FixConfiguration("aas.too_large", f"{len(content):,} bytes of relationships or types", place=name)
    try:
        opened(content, lambda told: FixConfiguration(_PACKAGE, told, place=name))
        return ElementTree.fromstring(content)  # noqa: S314 - it has no DTD, as just seen
    except (expat.ExpatError, ElementTree.ParseError, LookupError, ValueError) as error:
        raise FixConfiguration(_PACKAGE, f"the part is not XML: {error}", place=name) from error


def targets(found: Sequence[Relation], type_: str) -> Iterator[str]:
    """Yield where relationships of one type lead, inside the package."""
    return (one.target for one in found if one.type == type_ and not one.external)
