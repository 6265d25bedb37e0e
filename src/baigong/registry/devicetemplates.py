"""Device templates of the tenants: text in versions, and those that come with the platform.

What is shipped (registry/starter/devicetemplates, ``name@version.yaml``) is never changed: a company keeps its own
under another name; where it has one of a name that is shipped later, its own holds.
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files as resources

from baigong.drivers.manifest import manifest
from baigong.registry.devices import Devices
from baigong.registry.events import Events
from baigong.registry.textversions import SHIPPER, HeldVersions, pick, require_base
from baigong.stores.records.textversions import TextVersion, device_templates
from baigong.vocab.assettypes import split_type
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.devicetemplates import DeviceTemplate, Wanted, made_device, parse_device_template
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.happenings import Event
from baigong.vocab.typelines import with_line

_MOST = 5_000  # versions in memory at once


@dataclass(slots=True, frozen=True)
class Version:
    """One version of a template, read."""

    row: TextVersion
    whole: DeviceTemplate

    @property
    def ref(self) -> str:
        return f"{self.row.name}@{self.row.version}"


class DeviceTemplates:
    """Lives on the event loop; reading is callable from threads."""

    def __init__(
        self,
        events: Events,
        devices: Devices,
        clock_us: Callable[[], int],
        load: Callable[[str], Iterable[TextVersion]],
    ) -> None:
        self._events, self._devices, self._clock_us = events, devices, clock_us
        self._held = HeldVersions(load, _MOST)
        self._one_change = asyncio.Lock()

    def names(self, tenant: str) -> list[str]:
        return sorted({*self._held.of(tenant), *shipped()})

    def versions(self, tenant: str, name: str) -> list[TextVersion]:
        """Return the versions of a template, the first first."""
        return self._held.of(tenant).get(name) or [
            TextVersion(tenant, name, version, text, 0, SHIPPER)
            for version, text in sorted(shipped().get(name, {}).items())
        ]

    def is_shipped(self, tenant: str, name: str) -> bool:
        return name not in self._held.of(tenant) and name in shipped()

    def get(self, tenant: str, ref: str) -> Version:
        """Return a version (``sdm630@2``), or the newest. Raises http.not_found, config.invalid."""
        versions = self.versions(tenant, split_type(ref)[0])
        row = pick(ref, versions, lambda: self.names(tenant), "device template")
        return Version(row, _parsed(row.text, row.name))

    def check(self, text: str, name: str) -> DeviceTemplate:
        """Read what would be a template; its driver looks at options and addresses. Raises with the line."""
        made = parse_device_template(text, name)
        try:
            check_with_driver(made)
        except FixConfiguration as error:
            raise with_line(error, text, name) from error
        return made

    async def put(self, tenant: str, name: str, text: str, by: str, base: int | None = None) -> Version:
        """Write a template's next version; the same text again makes none.

        Raises what ``check`` does; config.conflict for a name that is shipped, and where ``base`` is given and is not
        the present version.
        """
        async with self._one_change:
            made = await asyncio.to_thread(self.check, text, name)
            if self.is_shipped(tenant, name):
                raise FixConfiguration(
                    "config.conflict", f"{name} comes with the platform: give yours another name", place=name
                )
            held = self._held.of(tenant).get(name, [])
            if base is not None:
                require_base(held, base, name)
            if held and held[-1].text == text:
                return Version(held[-1], made)
            version = held[-1].version + 1 if held else 1
            row = TextVersion(tenant, name, version, text, self._clock_us(), by)
            kind = "template.changed" if held else "template.added"
            detail = {"by": by, "version": row.version, "points": len(made.points)}
            await self._events.tell(
                [self._event(tenant, name, kind, detail)], with_work=lambda c: device_templates.add(c, [row])
            )
            self._held.written(tenant, [row])
            return Version(row, made)

    async def drop(self, tenant: str, name: str, by: str) -> None:
        """Take a template away with all its versions. Raises http.not_found, config.conflict while devices use it."""
        async with self._one_change:
            if name not in self._held.of(tenant):
                raise FixConfiguration("http.not_found", f"{tenant} has no template {name!r} of its own", place=name)
            users = self.users(tenant).get(name, {})
            if users:
                raise FixConfiguration(
                    "config.conflict", f"{len(users)} devices use it, like {next(iter(users))}", place=name
                )
            detail = {"by": by, "text": self.versions(tenant, name)[-1].text}
            event = self._event(tenant, name, "template.removed", detail)
            await self._events.tell([event], with_work=lambda c: device_templates.drop(c, tenant, name))
            self._held.dropped(tenant, name)

    def users(self, tenant: str) -> dict[str, dict[str, int]]:
        """Name the devices made of each template, and of which version."""
        found: dict[str, dict[str, int]] = {}
        for row in self._devices.of_tenant(tenant):
            if row.spec.template:
                name, version = split_type(row.spec.template)
                found.setdefault(name, {})[row.spec.device] = version or 0
        return found

    def forget(self, tenant: str) -> None:
        """Follow the records after a tenant is gone."""
        self._held.forget(tenant)

    def _event(self, tenant: str, name: str, kind: str, detail: Mapping[str, object]) -> Event:
        return Event(
            kind=kind, time_us=self._clock_us(), tenant=tenant, subject=f"template:{name}", detail=dict(detail)
        )


def check_with_driver(made: DeviceTemplate) -> None:
    """Raise driver.unknown, driver.option or driver.address for what the driver could never do."""
    name = made.template
    try:
        told = manifest(made.driver)
    except FixConfiguration as error:
        raise FixConfiguration(error.code, error.message, place=f"{name}.driver") from error
    spec = sample_device(made)
    known = {option.name: option for option in told.options}
    for option in made.options:
        if option not in known:
            near = difflib.get_close_matches(option, known, 1)
            said = f"; perhaps {near[0]}" if near else f"; it knows {', '.join(known)}"
            raise FixConfiguration(
                "driver.option", f"{made.driver} has no option {option!r}{said}", place=f"{name}.options.{option}"
            )
        if known[option].type == "secret":
            sentence = f"{option} is a secret: each device says its own"
            raise FixConfiguration("driver.option", sentence, place=f"{name}.options.{option}")
        if sentence := known[option].wrong(spec.options[option]):
            raise FixConfiguration("driver.option", sentence, place=f"{name}.options.{option}")
    for key, point in zip(made.points, spec.points, strict=True):
        addresses = {"address": point.address} | (
            {"write.address": point.write.address} if point.write and point.write.address else {}
        )
        for field, address in addresses.items():
            try:
                told.check_address(address, spec.options)
            except BaigongError as error:
                place = f"{name}.points.{key}.{field}"
                raise FixConfiguration("driver.address", f"{key}: {error.message}", place=place) from error


def sample_device(made: DeviceTemplate) -> DeviceSpec:
    """Make one device of it, with what parameters are when nobody says them: enough to look at addresses."""
    told = {
        name: (one.choices[0] if one.choices else 1 if one.kind == "number" else "1")
        for name, one in made.parameters.items()
        if one.default is None
    }
    try:
        return made_device(made, made.template, Wanted("device", parameters=told))
    except FixConfiguration as error:
        raise FixConfiguration(error.code, error.message, place=f"{made.template}.{error.place}") from error


_parsed = lru_cache(500)(parse_device_template)  # nobody changes what it returns


@cache
def shipped() -> Mapping[str, Mapping[int, str]]:
    """Return the texts of the templates that come with the platform: name -> version -> text."""
    folder = resources("baigong.registry") / "starter" / "devicetemplates"
    made: dict[str, dict[int, str]] = {}
    for one in folder.iterdir():
        name, at, version = one.name.removesuffix(".yaml").partition("@")
        if one.name.endswith(".yaml") and at:
            made.setdefault(name, {})[int(version)] = one.read_text("utf-8")
    return made
