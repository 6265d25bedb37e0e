"""Makes pictures of strangers harmless: PNG is decoded and written anew, SVG is rebuilt from what may stand in it.

Pure. PNG: ISO/IEC 15948 (chunks, CRC, zlib); everything but the picture itself (text, time, profiles) is left behind.
SVG: no scripts, no styles, no references out of the file, no document type.
"""

from __future__ import annotations

import re
import struct
import xml.parsers.expat
import zlib
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from baigong.vocab.errors import FixConfiguration

MOST_BYTES = 256 * 1024
_MOST_PIXELS = 1024  # on a side
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_DEPTHS = {0: (1, 2, 4, 8), 2: (8,), 3: (1, 2, 4, 8), 4: (8,), 6: (8,)}
_MOST_ELEMENTS, _MOST_DEPTH = 2000, 32
_SVG = "http://www.w3.org/2000/svg"
_ELEMENTS = frozenset(
    [
        "svg",
        "g",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "title",
        "desc",
        "defs",
        "linearGradient",
        "radialGradient",
        "stop",
        "clipPath",
    ]
)
_ATTRIBUTES = frozenset(
    [
        "id",
        "version",
        "viewBox",
        "width",
        "height",
        "x",
        "y",
        "x1",
        "y1",
        "x2",
        "y2",
        "cx",
        "cy",
        "r",
        "rx",
        "ry",
        "fx",
        "fy",
        "d",
        "points",
        "transform",
        "fill",
        "fill-rule",
        "fill-opacity",
        "clip-rule",
        "clip-path",
        "stroke",
        "stroke-width",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
        "stroke-dasharray",
        "stroke-dashoffset",
        "stroke-opacity",
        "opacity",
        "offset",
        "stop-color",
        "stop-opacity",
        "gradientUnits",
        "gradientTransform",
        "spreadMethod",
        "clipPathUnits",
        "preserveAspectRatio",
        "color",
    ]
)
_VALUE = re.compile(r"^(?:url\(#[\w.-]{1,100}\)|(?!.*(?:url\(|:|&|<|\\))[^\x00-\x08\x0e-\x1f]*)$", re.DOTALL)


def clean_picture(raw: bytes) -> tuple[bytes, str]:
    """Return (clean bytes, media type). Raises config.invalid, payload.too_large."""
    if len(raw) > MOST_BYTES:
        raise FixConfiguration("payload.too_large", f"a logo has at most {MOST_BYTES // 1024} KiB", place="logo")
    if raw.startswith(_SIGNATURE):
        return clean_png(raw), "image/png"
    return clean_svg(raw), "image/svg+xml"


def clean_png(raw: bytes) -> bytes:
    """Write a PNG anew. Refused: over 1024 pixels a side, interlaced, 16 bits a channel, animated, damaged."""
    chunks = list(_chunks(raw))
    if [name for name, _ in chunks[:1]] != [b"IHDR"] or chunks[-1][0] != b"IEND" or len(chunks[0][1]) != 13:
        raise _wrong("the PNG does not begin and end as one")
    width, height, depth, colour, packing, filters, interlace = struct.unpack(">IIBBBBB", chunks[0][1])
    if not 0 < width <= _MOST_PIXELS or not 0 < height <= _MOST_PIXELS:
        raise _wrong(f"a logo has at most {_MOST_PIXELS} × {_MOST_PIXELS} pixels, not {width} × {height}")
    if depth not in _DEPTHS.get(colour, ()) or (packing, filters, interlace) != (0, 0, 0):
        raise _wrong("save the PNG with 8 bits a channel, not interlaced")
    palette = b"".join(body for name, body in chunks if name == b"PLTE")
    if (colour == 3 and not palette) or len(palette) % 3 or len(palette) > 768:
        raise _wrong("the palette of the PNG is damaged")
    line = 1 + (width * depth * _CHANNELS[colour] + 7) // 8
    unpacker = zlib.decompressobj()
    try:
        pixels = unpacker.decompress(b"".join(body for name, body in chunks if name == b"IDAT"), line * height + 1)
    except zlib.error as error:
        raise _wrong("the pixels of the PNG are damaged") from error
    if len(pixels) != line * height or any(pixels[at] > 4 for at in range(0, len(pixels), line)):
        raise _wrong("the PNG has other pixels than it says")
    kept = [(b"IHDR", chunks[0][1])]
    kept += [(b"PLTE", palette)] if palette else []
    kept += [(name, body[:256]) for name, body in chunks if name == b"tRNS"][:1]
    kept += [(b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b"")]
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in kept
    )


def _chunks(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(raw):
        if at + 12 > len(raw):
            raise _wrong("the PNG ends too early")
        (size,), name = struct.unpack(">I", raw[at : at + 4]), raw[at + 4 : at + 8]
        body = raw[at + 8 : at + 8 + size]
        found = raw[at + 8 + size : at + 12 + size]
        if len(body) != size or len(found) != 4 or struct.unpack(">I", found)[0] != zlib.crc32(name + body):
            raise _wrong("the PNG is damaged")
        yield name, body
        at += 12 + size
        if name == b"IEND":
            return


def clean_svg(raw: bytes) -> bytes:
    """Rebuild an SVG from what may stand in it. Refused, with its name: everything else."""
    written: list[str] = []
    open_elements: list[str] = []
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        space, _, local = name.rpartition(" ")
        if space != _SVG or local not in _ELEMENTS or (not open_elements and local != "svg"):
            raise _wrong(f"<{local}> may not stand in a logo")
        if count > _MOST_ELEMENTS or len(open_elements) >= _MOST_DEPTH:
            raise _wrong("the SVG has too many elements")
        told = [f' xmlns="{_SVG}"'] if not open_elements else []
        for key, value in attributes.items():
            if key not in _ATTRIBUTES or not _VALUE.match(value):
                raise _wrong(f"{key.rpartition(' ')[2]}={value[:40]!r} may not stand in a logo: save it as plain SVG")
            told.append(f" {key}={quoteattr(value)}")
        open_elements.append(local)
        written.append(f"<{local}{''.join(told)}>")

    def end(name: str) -> None:
        written.append(f"</{open_elements.pop()}>")

    def text(words: str) -> None:
        if open_elements and open_elements[-1] in ("title", "desc"):
            written.append(escape(words))
        elif words.strip():
            raise _wrong("text may not stand in a logo: turn it into paths")

    def refuse(*_: object) -> int:
        raise _wrong("a document type or processing instruction may not stand in a logo")

    parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.ProcessingInstructionHandler = parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(raw, True)
    except xml.parsers.expat.ExpatError as error:
        raise _wrong(f"this is neither PNG nor SVG: {error}") from error
    return "".join(written).encode()


def _wrong(why: str) -> FixConfiguration:
    return FixConfiguration("config.invalid", why, place="logo")
