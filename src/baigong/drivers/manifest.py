"""Reads ``driver.toml`` without importing the driver, and opens a driver by id."""

from __future__ import annotations

import logging
import math
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from baigong.drivers.contract import Driver
from baigong.vocab.errors import FixConfiguration

Capability = Literal["read", "watch", "browse", "search", "history", "events", "discover", "write"]


class Words(Struct, frozen=True):
    """One text in both languages."""

    en: str
    zh: str


class Option(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One connection option, enough to draw its form field."""

    name: str
    type: Literal["string", "integer", "number", "boolean", "secret", "choice", "text"]
    label: Words
    required: bool = False
    default: Any = None
    choices: list[str] = []
    help: Words | None = None
    advanced: bool = False
    minimum: float | None = None  # of numbers, both included
    maximum: float | None = None
    file: bool = False  # names a file of the company's own folder on the gateway, never a path
    reach: bool = False  # decides who gets the secrets, or who may listen: changed, they are to be entered again

    def check(self, value: Any) -> None:
        """Raise driver.option for what this option cannot have; true and false are no numbers."""
        if self.type in ("integer", "number"):
            kinds = int if self.type == "integer" else (int, float)
            low, high = (-math.inf if self.minimum is None else self.minimum), self.maximum
            high = math.inf if high is None else high
            if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
                raise wrong_option(self.name, f"{value!r} is not a number from {low:g} to {high:g}")
        elif self.type == "boolean":
            if not isinstance(value, bool):
                raise wrong_option(self.name, f"{value!r} is not true or false")
        elif not isinstance(value, str):
            raise wrong_option(self.name, f"{value!r} is not text")
        elif self.type == "choice" and value not in self.choices:
            raise wrong_option(self.name, f"{value!r} is none of {', '.join(self.choices)}")


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``driver.toml``: everything the product must know before it imports the driver."""

    id: str
    title: Words
    summary: Words
    standard: str
    entry: str  # "module:Class", below the driver's package; empty where the device connects to us
    capabilities: list[Capability]
    tier: Literal["gold", "silver", "bronze"]
    extra: str = ""  # pip extra that brings its library
    address_help: Words
    address_examples: list[str] = []
    connects_to: bool = False  # takes the option ``connect_to`` that only a gateway gives: judged addresses
    address_check: str = ""  # "module:function" taking (address, options); imports nothing heavy
    options: list[Option] = []
    package: str = ""  # filled in on reading

    def open(self, options: dict[str, Any], addresses: Sequence[str] = ()) -> Driver:
        """Construct the driver: unknown or missing options raise driver.option; nothing is connected yet.

        ``addresses``: what the name in the options was resolved to and may be connected to, in this order; a driver
        that does not know ``connect_to`` gets the first in place of the name.
        """
        if not self.entry:
            raise FixConfiguration("driver.unsupported", f"{self.id}: the device connects to us, not we to it")
        self._require_known(options)
        for option in self.options:
            if option.required and options.get(option.name) in (None, ""):
                raise FixConfiguration(
                    "driver.option", f"{self.id} needs the option {option.name!r}", place=option.name
                )
        filled = {o.name: o.default for o in self.options if o.default is not None} | options
        if addresses and self.connects_to:
            filled["connect_to"] = list(addresses)
        elif addresses:
            filled = with_address(filled, addresses[0])
        module, _, name = self.entry.partition(":")
        try:
            made = getattr(import_module(f"{self.package}.{module}"), name)(filled)
        except ModuleNotFoundError as error:
            advice = f'pip install "baigong[{self.extra}]"' if self.extra else "reinstall baigong"
            raise FixConfiguration("driver.unsupported", f"{self.id} needs {error.name}: {advice}") from error
        return made  # type: ignore[no-any-return]

    def check_options(self, options: dict[str, Any]) -> None:
        """Raise driver.option for the first one that is unknown or cannot be so; ``connect_to`` is a gateway's."""
        given = {name: value for name, value in options.items() if name != "connect_to" or not self.connects_to}
        self._require_known(given)
        for option in self.options:
            if option.name in given:
                option.check(given[option.name])

    def _require_known(self, options: dict[str, Any]) -> None:
        known = sorted(option.name for option in self.options)
        for name in options:
            if name not in known:
                told = f"{self.id} has no option {name!r}; it knows {known}"
                raise FixConfiguration("driver.option", told, place=name)

    def check_address(self, address: str, options: dict[str, Any]) -> None:
        """Raise driver.address for an address that this driver could never read; without a check, anything goes."""
        if self.address_check:
            module, _, name = self.address_check.partition(":")
            getattr(import_module(f"{self.package}.{module}"), name)(address, options)


def wrong_option(name: str, why: str) -> FixConfiguration:
    return FixConfiguration("driver.option", f"{name}: {why}", place=name)


def with_address(options: dict[str, Any], address: str) -> dict[str, Any]:
    """Put an address in place of the name that options lead to.

    >>> with_address({"url": "http://press:81/x"}, "fd00::5"), with_address({"host": "press"}, "10.0.0.5")
    ({'url': 'http://[fd00::5]:81/x'}, {'host': '10.0.0.5'})
    """
    for name in ("url", "endpoint"):
        text = options.get(name)
        if isinstance(text, str) and text.strip():
            parts = urlsplit(text if "://" in text else f"//{text}")
            host = f"[{address}]" if ":" in address else address
            place = host if parts.port is None else f"{host}:{parts.port}"
            return options | {name: parts._replace(netloc=place).geturl()}
    return options | {"host": address}


BUILT_IN = ("sim", "modbus", "s7", "opcua", "mqtt")
LISTENING = ("frontdoor",)  # the device comes to us: a manifest for forms and checks, no driver to open


@cache
def manifests() -> dict[str, Manifest]:
    """Read every driver's manifest: ours, then the entry points ``baigong.drivers`` (name = id, value = package)."""
    known = {name: read_manifest(name, f"baigong.drivers.{name}") for name in (*BUILT_IN, *LISTENING)}
    for entry in entry_points(group="baigong.drivers"):
        try:
            known[entry.name] = read_manifest(entry.name, entry.value)
        except (FixConfiguration, ImportError, OSError, ValueError, msgspec.MsgspecError) as error:
            # a stranger's broken package must not take the other drivers along
            logging.getLogger(__name__).warning("driver %s of %s is left out: %s", entry.name, entry.value, error)
    return known


def read_manifest(name: str, package: str) -> Manifest:
    text = files(package).joinpath("driver.toml").read_bytes()
    made = msgspec.convert(tomllib.loads(text.decode()), Manifest)
    if made.id != name:
        raise FixConfiguration("config.invalid", f"driver.toml says id {made.id!r}", place=package)
    return msgspec.structs.replace(made, package=package)


def manifest(driver: str) -> Manifest:
    try:
        return manifests()[driver]
    except KeyError:
        raise FixConfiguration(
            "driver.unknown", f"there is no driver {driver!r}; there are {sorted(manifests())}"
        ) from None
