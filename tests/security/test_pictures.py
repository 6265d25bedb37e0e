"""Pictures of strangers: what is harmless comes through, everything else is refused or left behind."""

from __future__ import annotations

import random
import struct
import zlib

import pytest

from baigong.security.pictures import clean_picture, clean_png, clean_svg
from baigong.vocab.errors import BaigongError


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int = 4, height: int = 3, extra: bytes = b"", pixels: bytes | None = None) -> bytes:
    """Draw a small picture in RGBA."""
    lines = b"".join(b"\x00" + bytes(range(4 * width)) for _ in range(height)) if pixels is None else pixels
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def test_a_png_keeps_its_picture_and_loses_the_rest() -> None:
    dirty = png(extra=chunk(b"tEXt", b"Comment\0<script>alert(1)</script>")) + b"<script>also after the end</script>"
    clean, media = clean_picture(dirty)
    assert media == "image/png" and b"script" not in clean
    assert clean_png(clean) == clean == clean_png(png())


@pytest.mark.parametrize(
    "raw",
    [
        png(width=5000, height=1, pixels=b"\x00"),
        png(pixels=b"\x00" * 2),
        png(pixels=b"\x00" * 10_000_000),  # a bomb
        png(pixels=b"\x07" + bytes(16) + (b"\x00" + bytes(16)) * 2),  # no such filter
        png()[:-20],
        png().replace(b"IDAT", b"JDAT"),
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_a_png_that_lies_is_refused(raw: bytes) -> None:
    with pytest.raises(BaigongError):
        clean_picture(raw)


def test_any_damage_ends_in_a_picture_or_a_clear_refusal() -> None:
    rng, whole = random.Random(7), png()
    for _ in range(500):
        raw = bytearray(whole)
        raw[rng.randrange(8, len(raw))] ^= 1 << rng.randrange(8)
        try:
            clean_picture(bytes(raw[: rng.randrange(8, len(raw) + 1)]))
        except BaigongError as error:
            assert error.code in ("config.invalid", "payload.too_large")


def test_an_svg_of_shapes_is_rebuilt() -> None:
    raw = (
        '<?xml version="1.0"?><!-- made by hand --><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
        '<defs><linearGradient id="a"><stop offset="0" stop-color="#f00"/></linearGradient></defs>'
        '<title>Meishan &amp; co</title><path d="M3 3h18v18z" fill="url(#a)"/></svg>'
    )
    clean, media = clean_picture(raw.encode())
    assert media == "image/svg+xml" and clean_svg(clean) == clean
    assert b"made by hand" not in clean and b'fill="url(#a)"' in clean and b"Meishan &amp; co" in clean


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<path onload="alert(1)" d="M0 0"/>',
        '<a href="javascript:alert(1)"><path d="M0 0"/></a>',
        '<image href="https://evil.example/x.png"/>',
        '<path xmlns:x="http://www.w3.org/1999/xlink" x:href="#a" d="M0 0"/>',
        '<path style="background:url(https://evil.example)" d="M0 0"/>',
        '<path fill="url(https://evil.example/#a)" d="M0 0"/>',
        '<foreignObject><div xmlns="http://www.w3.org/1999/xhtml">x</div></foreignObject>',
        '<use href="#a"/>',
        "<style>@import 'https://evil.example/x.css'</style>",
        '<animate attributeName="href" to="javascript:alert(1)"/>',
        "<?php x ?>",
        "plain words",
        "<g>" * 40 + "</g>" * 40,
        "<g/>" * 3000,
        '<html xmlns="http://www.w3.org/1999/xhtml"/>',
    ],
)
def test_an_svg_that_could_do_something_is_refused(inside: str) -> None:
    with pytest.raises(BaigongError) as caught:
        clean_picture(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>'.encode())
    assert caught.value.code == "config.invalid"


@pytest.mark.parametrize(
    "raw",
    [
        b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg"/>',
        b'<!DOCTYPE svg SYSTEM "file:///etc/passwd"><svg xmlns="http://www.w3.org/2000/svg"/>',
        b"<html><body>hello</body></html>",
        b"GIF89a",
        b"",
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_picture_is_refused(raw: bytes) -> None:
    with pytest.raises(BaigongError):
        clean_picture(raw)
