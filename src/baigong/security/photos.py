"""Takes from photographs what nobody needs to see them: where and when they were taken, by whom, with what. Pure.

JPEG (ITU-T T.81, annex B): the segments that a decoder needs stay as they are, others go. PNG: the same with chunks.
The picture itself is not decoded; a browser does that, and shows nothing for one that is damaged.
"""

from __future__ import annotations

import struct
import zlib

from baigong.security.pictures import clean_svg
from baigong.vocab.errors import FixConfiguration

MOST_BYTES = 8 << 20
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_NEEDED = {0xC4, 0xDB, 0xDD, 0xDA, *(m for m in range(0xC0, 0xD0) if m not in (0xC4, 0xC8, 0xCC))}
_JFIF, _ADOBE = b"JFIF\x00", b"Adobe"  # APP0 and APP14 say how colours are meant
_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"sRGB", b"gAMA")


def clean_photo(raw: bytes) -> tuple[bytes, str]:
    """Return (clean bytes, media type) of a JPEG, PNG or SVG. Raises config.invalid."""
    if raw.startswith(_JPEG):
        return clean_jpeg(raw), "image/jpeg"
    if raw.startswith(_PNG):
        return _clean_png(raw), "image/png"
    return clean_svg(raw), "image/svg+xml"


def clean_jpeg(raw: bytes) -> bytes:
    """Keep what a decoder needs of a JPEG."""
    kept, at, has_frame = [raw[:2]], 2, False
    while at + 4 <= len(raw):
        if raw[at] != 0xFF:
            raise _damaged()
        marker = raw[at + 1]
        if marker == 0xFF:  # fill
            at += 1
            continue
        (size,) = struct.unpack(">H", raw[at + 2 : at + 4])
        segment = raw[at : at + 2 + size]
        if size < 2 or len(segment) != size + 2:
            raise _damaged()
        has_frame |= marker in (0xC0, 0xC1, 0xC2)
        means_colour = (marker == 0xE0 and segment[4:9] == _JFIF) or (marker == 0xEE and segment[4:9] == _ADOBE)
        if marker in _NEEDED or means_colour:
            kept.append(segment)
        at += 2 + size
        if marker == 0xDA:
            end = _scan_end(raw, at)
            kept.append(raw[at:end])
            at = end
            if raw[at : at + 2] == b"\xff\xd9":
                if not has_frame:
                    break
                return b"".join([*kept, b"\xff\xd9"])  # what stands behind the end is left behind
    raise _damaged()


def _scan_end(raw: bytes, at: int) -> int:
    """Return where the coded data ends: at the first marker that is neither a restart nor a stuffed byte."""
    while True:
        at = raw.find(b"\xff", at)
        if at < 0 or at + 1 >= len(raw):
            raise _damaged()
        if raw[at + 1] == 0 or 0xD0 <= raw[at + 1] <= 0xD7:
            at += 2
        elif raw[at + 1] == 0xFF:
            at += 1
        else:
            return at


def _clean_png(raw: bytes) -> bytes:
    kept, at = [_PNG], len(_PNG)
    while at + 12 <= len(raw):
        (size,), name = struct.unpack(">I", raw[at : at + 4]), raw[at + 4 : at + 8]
        body = raw[at + 8 : at + 8 + size]
        if len(body) != size or raw[at + 8 + size : at + 12 + size] != struct.pack(">I", zlib.crc32(name + body)):
            raise _damaged()
        if name in _CHUNKS:
            kept.append(raw[at : at + 12 + size])
        at += 12 + size
        if name == b"IEND" and len(kept) > 3:
            return b"".join(kept)
    raise _damaged()


def _damaged() -> FixConfiguration:
    return FixConfiguration("config.invalid", "the picture is damaged, or not what it says", place="file")
