"""Starter packages: what a company has from its first minute, as text that the operator keeps.

One file each, ``<data>/config/packages.d/<name>.yaml`` (no company can be called that). What is shipped
(registry/starter) holds where no file says otherwise.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from importlib.resources import files as resources
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from baigong.registry.files import write_atomically
from baigong.vocab.devices import DeviceSpec, parse_device
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.keep import Keep
from baigong.vocab.quotas import Quotas, parse_quotas
from baigong.vocab.texts import read_yaml

FIRST = "first-steps"
_NAME = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")
_LONGEST = 200_000
Line = Annotated[str, Meta(max_length=500)]


class Package(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``devices``: as in device files; ``offered``: shown to those who apply. A tariff names its companies itself."""

    title: Line = ""
    title_zh: Line = ""
    text: Line = ""
    text_zh: Line = ""
    offered: bool = True
    quotas: dict[str, int | str | bool] = {}
    retention: Keep = Keep()
    devices: list[dict[str, Any]] = []

    @property
    def quota_text(self) -> str:
        return "".join(
            f"{name}: {str(value).lower() if value is True else value}\n" for name, value in self.quotas.items()
        )

    def limits(self) -> Quotas:
        return parse_quotas(self.quota_text)

    def specs(self) -> list[DeviceSpec]:
        return [parse_device(one) for one in self.devices]


class Held(Struct, frozen=True, kw_only=True):
    """``error``: why the text cannot be used; ``shipped``: no file says otherwise."""

    name: str
    text: str
    shipped: bool
    package: Package | None
    error: str = ""


class Packages:
    """Reads the files when they are asked for: what is written counts from then on, without a restart."""

    def __init__(self, config: Path, check: Callable[[DeviceSpec], None]) -> None:
        self._folder = config / "packages.d"
        self._check = check

    async def listed(self) -> list[Held]:
        return await asyncio.to_thread(lambda: [self._held(name) for name in self._names()])

    async def held(self, name: str) -> Held:
        """Raise http.not_found."""
        if not _NAME.fullmatch(name) or name not in await asyncio.to_thread(self._names):
            raise FixConfiguration("http.not_found", f"there is no starter package {name!r}", place="package")
        return await asyncio.to_thread(self._held, name)

    async def get(self, name: str) -> Package:
        """Raise http.not_found, or config.invalid for one that cannot be used."""
        return self.parse(name, (await self.held(name)).text)

    async def put(self, name: str, text: str) -> Package:
        """Keep a text, as it was written. Raises config.invalid and what devices raise, and keeps nothing."""
        if not _NAME.fullmatch(name):
            raise FixConfiguration(
                "config.invalid", "a package's name has small letters, digits and -", place="package"
            )
        made = self.parse(name, text)

        def write() -> None:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._folder / f"{name}.yaml", text if text.endswith("\n") else text + "\n")

        await asyncio.to_thread(write)
        return made

    async def drop(self, name: str) -> None:
        """Delete a text; a shipped package comes back as it was."""
        path = self._folder / f"{name}.yaml"
        if not _NAME.fullmatch(name) or not await asyncio.to_thread(path.is_file):
            raise FixConfiguration("http.not_found", f"no file says anything about {name!r}", place="package")
        await asyncio.to_thread(path.unlink)

    def parse(self, name: str, text: str) -> Package:
        """Read a text, and everything in it. Raises config.invalid, driver.option …, naming the place."""
        if len(text) > _LONGEST:
            raise FixConfiguration("payload.too_large", f"a package has at most {_LONGEST} characters", place=name)
        try:
            made = msgspec.convert(read_yaml(text, f"packages.{name}") or {}, Package)
        except msgspec.ValidationError as error:
            raise FixConfiguration("config.invalid", str(error), place=f"packages.{name}") from error
        limits, points = made.limits(), 0
        names: set[str] = set()
        for spec in made.specs():
            self._check(spec)
            if spec.device in names:
                raise FixConfiguration("config.invalid", f"device {spec.device!r} is in it twice", place=spec.device)
            names.add(spec.device)
            points += len(spec.points)
        for what, have in (("devices", len(names)), ("points", points)):
            most = limits.of(what)
            if most is not None and have > most:
                raise FixConfiguration("config.invalid", f"it has {have} {what} and lets {most} be had", place=what)
        return made

    def _names(self) -> list[str]:
        own = [path.stem for path in self._folder.glob("*.yaml") if _NAME.fullmatch(path.stem)]
        return sorted({FIRST, *own}, key=lambda name: (name != FIRST, name))

    def _held(self, name: str) -> Held:
        path = self._folder / f"{name}.yaml"
        shipped = not path.is_file()
        text = ""
        try:
            where = resources("baigong.registry") / "starter" / f"{name}.yaml" if shipped else path
            text = where.read_text("utf-8")
            return Held(name=name, text=text, shipped=shipped, package=self.parse(name, text))
        except BaigongError as error:
            return Held(name=name, text=text, shipped=shipped, package=None, error=f"{error.message} ({error.place})")
        except (OSError, UnicodeDecodeError) as error:
            return Held(name=name, text=text, shipped=shipped, package=None, error=str(error))
