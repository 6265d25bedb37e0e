"""AASX packages (IDTA-01005): an environment as XML or JSON, the files beside it, and how they belong together."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from typing import Literal

from baigong.models.aas import relations as opc
from baigong.models.aas.environment import Attachment, Environment, Package, Version
from baigong.models.aas.findings import Finding, finding
from baigong.models.aas.jsonform import read_json
from baigong.models.aas.limits import DEFAULT, Limits
from baigong.models.aas.paths import files_named
from baigong.models.aas.xmlform import read_xml, write_xml
from baigong.models.aas.zipped import parts
from baigong.vocab.errors import FixConfiguration

_ORIGIN_PART = "/aasx/aasx-origin"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # a zip needs a time: always the same, so equal packages are equal bytes
_ROLES = {
    opc.SUPPLEMENTARY: "supplementary", opc.THUMBNAIL: "thumbnail", opc.CORE_PROPERTIES: "core-properties",
}  # fmt: skip
_PACKAGE = "aas.package"


def read_aasx(content: bytes, place: str = "", limits: Limits = DEFAULT) -> Package:
    """Read a package; aas.package where a relationship that is needed is missing, aas.too_large, and all of its parts'.

    Relationships that lead nowhere and files that none leads to are notes: the files are kept all the same.
    """
    held = parts(content, limits, place)
    media = opc.media_types(held)
    root = opc.relations(held, "/", limits)
    origin = _one(held, opc.targets(root, opc.ORIGIN), "aasx-origin", opc.relations_part("/"), place)
    found = opc.relations(held, origin, limits)
    specs = list(dict.fromkeys(opc.targets(found, opc.SPEC)))
    if not specs:
        raise FixConfiguration(_PACKAGE, "no relationship aas-spec: the package does not say where its shells are",
                               place=f"{place} {opc.relations_part(origin)}".strip())  # fmt: skip
    notes: list[Finding] = []
    environments = []
    for spec in specs:
        environment, more = _spec(held, spec, place, limits)
        environments.append(environment)
        notes += more
    related = {(one.target, one.type) for one in root if not one.external}
    for spec in specs:
        related |= {(one.target, one.type) for one in opc.relations(held, spec, limits) if not one.external}
    own = {origin, *specs, opc.TYPES_PART, *(name for name in held if name.endswith(".rels"))}
    roles: dict[str, set[str]] = {}
    for target, type_ in related:
        if type_ in _ROLES:
            roles.setdefault(target, set()).add(_ROLES[type_])
    files = {
        name: Attachment(data, media[name], frozenset(roles.get(name, ())))
        for name, data in held.items()
        if name not in own
    }
    notes += _loose(related, files, held)
    notes += _left_out(held, {opc.relations_part(source) for source in ("/", origin, *specs)}, related)
    environment = _merged(environments)
    notes += _missing(environment, files, specs[0])
    if opc.TYPES_PART not in held:
        notes.append(finding("package", opc.TYPES_PART, "[Content_Types].xml is missing", level="warning"))
    return Package(environment, files, tuple(notes), "aasx", specs[0])


def write_aasx(package: Package, version: Version = "3.1", text: Literal["xml", "json"] = "xml") -> bytes:
    """Write a package with its files and their relationships; equal packages are equal bytes."""
    spec = _free(package, posixpath.splitext(package.spec or "/aasx/data")[0], f".{text}")
    origin = _free(package, _ORIGIN_PART, "")
    environment = package.environment
    body = environment.json() if text == "json" else write_xml(environment, version)
    at_root = [opc.Relation(opc.ORIGIN, origin)]
    beside: list[opc.Relation] = []
    for name, file in sorted(package.files.items()):
        for type_, role in _ROLES.items():
            if role in file.roles:
                (beside if role == "supplementary" else at_root).append(opc.Relation(type_, name))
    written = {
        opc.relations_part("/"): opc.write_relations(at_root),
        origin: b"Intentionally empty.",
        opc.relations_part(origin): opc.write_relations([opc.Relation(opc.SPEC, spec)]),
        spec: body,
    }
    if beside:
        written[opc.relations_part(spec)] = opc.write_relations(beside)
    media = {origin: "text/plain", spec: "application/json" if text == "json" else "text/xml"}
    media |= {name: file.media for name, file in sorted(package.files.items())}
    written = {opc.TYPES_PART: opc.write_types(media)} | written
    written |= {name: file.content for name, file in sorted(package.files.items())}
    return _zipped(written)


def _free(package: Package, stem: str, ending: str) -> str:
    """Choose a name that no file of the package has."""
    return next(n for i in range(len(package.files) + 1) if (n := f"{stem}{i or ''}{ending}") not in package.files)


def _zipped(written: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in written.items():
            entry = zipfile.ZipInfo(name.removeprefix("/"), _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            package.writestr(entry, content)
    return made.getvalue()


def _one(held: Mapping[str, bytes], found: Iterator[str], name: str, where: str, place: str) -> str:
    target = next(found, "")
    if not target:
        raise FixConfiguration(
            _PACKAGE, f"no relationship {name}: this zip is no AASX package", place=f"{place} {where}".strip()
        )
    return target


def _spec(held: Mapping[str, bytes], spec: str, place: str, limits: Limits) -> tuple[Environment, list[Finding]]:
    where = f"{place} {spec}".strip()
    if spec not in held:
        raise FixConfiguration(_PACKAGE, "the relationship aas-spec leads to a part that is not there", place=where)
    content = held[spec]
    if len(content) > limits.text:
        raise FixConfiguration("aas.too_large", f"more than {limits.text:,} bytes of text", place=where)
    if spec.lower().endswith(".json") or content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return read_json(content, where)
    return read_xml(content, where)


def _merged(found: list[Environment]) -> Environment:
    if len(found) == 1:
        return found[0]
    versions = {one.version for one in found}
    return Environment(
        [v for one in found for v in one.shells], [v for one in found for v in one.submodels],
        [v for one in found for v in one.concepts], versions.pop() if len(versions) == 1 else "",
    )  # fmt: skip


def _loose(
    related: set[tuple[str, str]], files: Mapping[str, Attachment], held: Mapping[str, bytes]
) -> Iterator[Finding]:
    for target, type_ in sorted(related):
        if type_ in _ROLES and target not in held:
            yield finding("dangling", target, f"the relationship {_ROLES[type_]} leads to a part that is not there")
    for name, file in sorted(files.items()):
        if not file.roles:
            yield finding("unrelated", name, "no relationship leads to this file", level="warning")


def _left_out(held: Mapping[str, bytes], read: set[str], related: set[tuple[str, str]]) -> Iterator[Finding]:
    """Name the relationships that an export will not have: those of other types, and those of supplementary files."""
    for name in sorted(held):
        if name.endswith(".rels") and name not in read:
            yield finding("relationship", name, "the relationships of this part are not kept", level="warning")
    for target, type_ in sorted(related):
        if type_ not in _ROLES and type_ != opc.ORIGIN:
            yield finding("relationship", target, f"a relationship of type {type_} is not kept", level="warning")


def _missing(environment: Environment, files: Mapping[str, Attachment], spec: str) -> Iterator[Finding]:
    for path, at, name in files_named(environment, spec):
        if name not in files:
            yield finding("missing-file", path, f"{name} is not in the package", at=at, level="warning")
