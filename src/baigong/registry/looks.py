"""How a region looks to the people of its companies: name, logo, accent colour; under which host names it is met.

Text and file that git can keep: ``<data>/config/regions.d/<region>.yaml`` and ``<region>.png`` or ``.svg`` beside it.
Whatever lies there is made harmless before it is served (security/pictures.py).
"""

from __future__ import annotations

import asyncio
import re
import time
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec
import yaml
from msgspec import Meta, Struct

from baigong.registry.files import write_atomically
from baigong.security.pictures import MOST_BYTES, clean_picture
from baigong.stores.durable import replace_file
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.ids import tenant_id
from baigong.vocab.texts import read_yaml

_LOOK_S = 2.0
_ENDINGS = {"image/png": "png", "image/svg+xml": "svg"}
_LEAST_CONTRAST = 4.5  # WCAG 2.1, 1.4.3
_LIGHT, _DARK = "#ffffff", "#14191d"  # what buttons and links stand on, in the two themes
Colour = Annotated[str, Meta(pattern="^(#[0-9a-fA-F]{6})?$")]
Host = Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]


class Look(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """``accent``, ``accent_dark``: #rrggbb, for the light and the dark theme; ``hosts``: names it is met under."""

    title: Annotated[str, Meta(max_length=80)] = ""
    title_zh: Annotated[str, Meta(max_length=40)] = ""
    accent: Colour = ""
    accent_dark: Colour = ""
    hosts: Annotated[list[Host], Meta(max_length=20)] = []


class Logo(Struct, frozen=True, kw_only=True):
    """``digest``: the same as long as the picture is."""

    picture: bytes
    media: str
    digest: str


class Looks:
    """Reads the files when they are asked for, at most every other second: the sign-in page asks without a password."""

    def __init__(self, config: Path) -> None:
        self._folder = config / "regions.d"
        self._read_at = -_LOOK_S
        self._looks: dict[str, Look] = {}
        self._logos: dict[str, Logo] = {}
        self.wrong: dict[str, str] = {}  # region -> why its text or logo cannot be used

    async def of(self, region: str) -> tuple[Look, Logo | None]:
        """Return how a region looks; one of which nothing is said looks like the platform."""
        await self._fresh()
        return self._looks.get(region, Look()), self._logos.get(region)

    async def met_at(self, host: str) -> str:
        """Return which region is met under a host name; empty for none."""
        await self._fresh()
        return next((region for region, look in self._looks.items() if host in look.hosts), "")

    async def put(self, region: str, look: Look) -> None:
        """Keep it. Raises config.invalid for an accent that cannot be read, config.conflict for another's host."""
        name = tenant_id(region)
        for colour, ground in ((look.accent, _LIGHT), (look.accent_dark, _DARK)):
            if colour and contrast(colour, ground) < _LEAST_CONTRAST:
                raise FixConfiguration(
                    "config.invalid", f"{colour} cannot be read on {ground}: contrast {contrast(colour, ground):.1f}, "
                    f"{_LEAST_CONTRAST} is wanted", place="accent",
                )  # fmt: skip
        await self._fresh()
        for other, held in self._looks.items():
            taken = set(held.hosts) & set(look.hosts)
            if other != region and taken:
                raise FixConfiguration("config.conflict", f"{taken.pop()} is met by {other}", place="hosts")
        text = yaml.safe_dump(msgspec.to_builtins(look), sort_keys=False, allow_unicode=True)

        def write() -> None:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._folder / f"{name}.yaml", text)

        await asyncio.to_thread(write)
        self._read_at = -_LOOK_S

    async def put_logo(self, region: str, raw: bytes) -> Logo:
        """Keep a logo, made harmless. Raises config.invalid, payload.too_large."""
        name = tenant_id(region)
        picture, media = await asyncio.to_thread(clean_picture, raw)

        def write() -> None:
            self._folder.mkdir(parents=True, exist_ok=True)
            for ending in _ENDINGS.values():
                if ending != _ENDINGS[media]:
                    (self._folder / f"{name}.{ending}").unlink(missing_ok=True)
            replace_file(self._folder / f"{name}.{_ENDINGS[media]}", picture)

        await asyncio.to_thread(write)
        self._read_at = -_LOOK_S
        return _logo(picture, media)

    async def drop_logo(self, region: str) -> None:
        name = tenant_id(region)
        for ending in _ENDINGS.values():
            await asyncio.to_thread((self._folder / f"{name}.{ending}").unlink, missing_ok=True)
        self._read_at = -_LOOK_S

    async def _fresh(self) -> None:
        now = time.monotonic()
        if now - self._read_at >= _LOOK_S:
            self._read_at = now
            self._looks, self._logos, self.wrong = await asyncio.to_thread(self._read)

    def _read(self) -> tuple[dict[str, Look], dict[str, Logo], dict[str, str]]:
        looks: dict[str, Look] = {}
        logos: dict[str, Logo] = {}
        wrong: dict[str, str] = {}
        for path in sorted(self._folder.glob("*.*")):
            try:
                if path.suffix == ".yaml":
                    looks[path.stem] = msgspec.convert(read_yaml(path.read_text("utf-8"), path.name) or {}, Look)
                elif path.suffix in (".png", ".svg") and path.stat().st_size <= MOST_BYTES:
                    logos[path.stem] = _logo(*clean_picture(path.read_bytes()))
            except (BaigongError, OSError, UnicodeDecodeError, msgspec.ValidationError) as error:
                wrong[path.stem] = str(error)
        return looks, logos, wrong


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21: WCAG 2.1, contrast ratio.

    >>> round(contrast("#000000", "#ffffff")), round(contrast("#17688a", "#ffffff"), 1)
    (21, 6.2)
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(m, 16) / 255 for m in re.findall("[0-9a-fA-F]{2}", colour))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _logo(picture: bytes, media: str) -> Logo:
    return Logo(picture=picture, media=media, digest=sha256(picture).hexdigest()[:16])
