"""Reads a zip of a stranger: bounded, in memory, never onto a disk."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable

from baigong.models.aas.limits import Limits
from baigong.vocab.errors import FixConfiguration

_STORED_OR_DEFLATED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # all that OPC allows (ECMA-376-2, annex B)
_ENCRYPTED = 0x1
_ENTRY = b"PK\x01\x02"  # begins a central directory entry; zips inside, stored as they are, have some of their own
_SLACK = 16
_TOO_LARGE = "aas.too_large"
_PACKAGE = "aas.package"


def parts(content: bytes, limits: Limits, place: str = "") -> dict[str, bytes]:
    """Return part name -> bytes, names as in OPC (``/aasx/data.xml``); aas.package, aas.too_large.

    What an entry says of its size is not believed: reading ends at the bound. A zip inside stays bytes.
    """
    if content.count(_ENTRY) > _SLACK * limits.parts:  # the zip module would make an object of each before we see one
        raise FixConfiguration(_TOO_LARGE, f"more than {_SLACK * limits.parts:,} entries", place=place)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            infos = [info for info in package.infolist() if not info.is_dir()]
            if len(infos) > limits.parts:
                raise FixConfiguration(_TOO_LARGE, f"{len(infos):,} parts, at most {limits.parts:,}", place=place)
            _checked(infos, place)
            read: dict[str, bytes] = {}
            left = limits.package
            for info in infos:
                read["/" + info.filename] = held = _part(package, info, limits.part, left, place)
                left -= len(held)
            return read
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise FixConfiguration(_PACKAGE, f"the zip is broken: {error}", place=place) from error


def _part(package: zipfile.ZipFile, info: zipfile.ZipInfo, most: int, left: int, place: str) -> bytes:
    bound = min(most, left)
    if info.file_size <= bound:
        with package.open(info) as source:
            held = source.read(bound + 1)
        if len(held) <= bound:
            return held
    told = f"{most:,} bytes" if most <= left else "what is left of the bound of the whole package"
    raise FixConfiguration(
        _TOO_LARGE, f"the part unpacks to more than {told}", place=f"{place} {info.filename}".strip()
    )


def _checked(infos: Iterable[zipfile.ZipInfo], place: str) -> None:
    seen: set[str] = set()
    for info in infos:
        where = f"{place} {info.filename!r}".strip()
        wrong = _wrong_name(info.filename)
        if wrong:
            raise FixConfiguration(_PACKAGE, f"the name of a part {wrong}", place=where)
        if info.filename.lower() in seen:  # ECMA-376-2, 6.2.2.3: names that differ in case only are the same
            raise FixConfiguration(_PACKAGE, "two parts have the same name", place=where)
        seen.add(info.filename.lower())
        if info.flag_bits & _ENCRYPTED:
            raise FixConfiguration(_PACKAGE, "the part is encrypted", place=where)
        if info.compress_type not in _STORED_OR_DEFLATED:
            raise FixConfiguration(_PACKAGE, "the part is packed in a way that OPC does not know", place=where)


def _wrong_name(name: str) -> str:
    segments = name.split("/")
    if name.startswith("/") or "\\" in name or (len(segments[0]) > 1 and segments[0][1] == ":"):
        return "is no relative path"
    if any(segment in ("", ".", "..") for segment in segments):
        return "leads out of its folder"
    return "holds a control character" if any(ord(letter) < 32 for letter in name) else ""
