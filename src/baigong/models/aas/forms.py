"""One door for all files: which form it is, reading it, writing it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from baigong.models.aas.aasx import read_aasx, write_aasx
from baigong.models.aas.checking import check
from baigong.models.aas.environment import Form, Package, Version
from baigong.models.aas.findings import errors, refusal
from baigong.models.aas.jsonform import read_json
from baigong.models.aas.limits import DEFAULT, Limits
from baigong.models.aas.xmlform import read_xml, write_xml
from baigong.vocab.errors import FixConfiguration

MEDIA: dict[Form, str] = {
    "json": "application/json",
    "xml": "application/xml",
    "aasx": "application/asset-administration-shell-package+xml",
}
_BLANK = b"\xef\xbb\xbf \t\r\n"


def read(source: Path | bytes, *, form: Form | None = None, place: str = "", limits: Limits = DEFAULT) -> Package:
    """Read a file of AAS 3.0 or 3.1: JSON, XML or AASX, told apart by what it begins with.

    Returns all it holds, also where rules are broken: `check` names them, `accept` refuses them.
    Raises aas.unreadable, aas.version, aas.structure, aas.package, aas.too_large: then nothing of it can be kept.
    """
    place = place or (source.name if isinstance(source, Path) else "")
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if size > limits.file:
        raise FixConfiguration("aas.too_large", f"{size:,} bytes, at most {limits.file:,}", place=place)
    content = source.read_bytes() if isinstance(source, Path) else source
    form = form or _form(content, place)
    if form == "aasx":
        return read_aasx(content, place, limits)
    if len(content) > limits.text:
        raise FixConfiguration("aas.too_large", f"more than {limits.text:,} bytes of text", place=place)
    environment, notes = (read_json if form == "json" else read_xml)(content, place)
    return Package(environment, {}, tuple(notes), form)


def accept(package: Package, version: Version | None = None) -> Package:
    """Return the package if no rule is broken; else aas.invalid with the findings."""
    wrong = errors(check(package, version))
    if wrong:
        raise refusal(wrong)
    return package


def write(package: Package, form: Form, version: Version = "3.1") -> bytes:
    """Write a package; in JSON and XML its files are left out. For 3.0 hand in what `as_3_0` returned."""
    if form == "aasx":
        return write_aasx(package, version)
    return package.environment.json() if form == "json" else write_xml(package.environment, version)


def form_of(name: str) -> Form:
    """Tell the form from a file's ending; aas.unreadable for another one."""
    ending = Path(name).suffix.lstrip(".").lower()
    for form in get_args(Form):
        if ending == form:
            return form  # type: ignore[no-any-return]
    raise FixConfiguration("aas.unreadable", f"the ending .{ending} is none of .json, .xml, .aasx", place=name)


def _form(content: bytes, place: str) -> Form:
    if content[:4] == b"PK\x03\x04" or content[:4] == b"PK\x05\x06":
        return "aasx"
    first = content[:64].lstrip(_BLANK)[:1]
    if first == b"<" or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "xml"
    if first in (b"{", b"["):
        return "json"
    raise FixConfiguration("aas.unreadable", "neither JSON nor XML nor an AASX package", place=place)
