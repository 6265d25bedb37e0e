"""Reads ``driver.toml`` without importing the driver, and opens a driver by id."""

from __future__ import annotations

import logging
import math
import tomllib
from collections.abc import Iterator, Sequence
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

Capability = Literal["read", "watch", "browse", "search", "history", "events", "discover", "write", "records", "keep"]


_TYPES: dict[str, type | tuple[type, ...]] = {"integer": int, "number": (int, float), "boolean": bool}


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

    def wrong(self, value: Any) -> str:
        """Say what is wrong with a value; empty: nothing. True and false are no numbers."""
        wanted = _TYPES.get(self.type, str)
        if not isinstance(value, wanted) or isinstance(value, bool) != (wanted is bool):
            return f"{self.name} is a {self.type}; {value!r} is none"
        if self.choices and value not in self.choices:
            return f"{self.name} is one of {self.choices}, not {value!r}"
        low, high = self.minimum, self.maximum
        if isinstance(value, int | float) and not isinstance(value, bool):
            if not math.isfinite(value):
                return f"{self.name} is {value}: no number to work with"
            if (low is not None and value < low) or (high is not None and value > high):
                return f"{self.name} is {value}: it lies from {_bound(low)} to {_bound(high)}"
        return ""


def _bound(bound: float | None) -> str:
    return "anything" if bound is None else f"{bound:g}"


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
    calls: str = ""  # the option that names a device which calls us; it takes ``caller``, which only a gateway gives
    instead: str = ""  # the option whose file of the company is read in place of a host
    address_check: str = ""  # "module:function" taking (address, options); imports nothing heavy
    options: list[Option] = []
    package: str = ""  # filled in on reading

    def open(self, options: dict[str, Any], addresses: Sequence[str] = (), caller: Any = None) -> Driver:
        """Construct the driver: unknown or missing options raise driver.option; nothing is connected yet.

        ``addresses``: what the name in the options was resolved to and may be connected to, in this order; a driver
        that does not know ``connect_to`` gets the first in place of the name. ``caller``: the line of a device that
        calls us (``drivers.calls.Caller``).
        """
        if not self.entry:
            raise FixConfiguration("driver.unsupported", f"{self.id}: the device connects to us, not we to it")
        for problem in self.problems(options, blank=True):
            raise problem
        filled = {o.name: o.default for o in self.options if o.default is not None} | options
        if addresses and self.connects_to:
            filled["connect_to"] = list(addresses)
        elif addresses:
            filled = with_address(filled, addresses[0])
        if caller is not None:
            filled["caller"] = caller
        module, _, name = self.entry.partition(":")
        try:
            made = getattr(import_module(f"{self.package}.{module}"), name)(filled)
        except ModuleNotFoundError as error:
            advice = f'pip install "baigong[{self.extra}]"' if self.extra else "reinstall baigong"
            raise FixConfiguration("driver.unsupported", f"{self.id} needs {error.name}: {advice}") from error
        return made  # type: ignore[no-any-return]

    def problems(self, options: dict[str, Any], *, blank: bool = False) -> Iterator[FixConfiguration]:
        """Give what is wrong with options: unknown ones, values that cannot be, required ones that are missing.

        ``blank``: nothing, or an empty choice, stands for the default.
        """
        known = {option.name: option for option in self.options}
        for name, value in options.items():
            if name not in known:
                yield wrong_option(name, f"{self.id} has no option {name!r}; it knows {sorted(known)}")
            elif blank and (value is None or (value == "" and known[name].choices)):
                continue
            elif sentence := known[name].wrong(value):
                yield wrong_option(name, sentence)
        for option in self.options:
            if option.required and options.get(option.name) in (None, ""):
                yield wrong_option(option.name, f"{self.id} needs the option {option.name!r}")

    def check_options(self, options: dict[str, Any]) -> None:
        """Raise the first of ``problems`` with what a driver is constructed with, but for what a gateway adds."""
        added = {"connect_to"} if self.connects_to else set()
        added |= {"caller"} if self.calls else set()
        given = {name: value for name, value in options.items() if name not in added}
        for problem in self.problems(given):
            raise problem

    def check_address(self, address: str, options: dict[str, Any]) -> None:
        """Raise driver.address for an address that this driver could never read; without a check, anything goes."""
        if self.address_check:
            module, _, name = self.address_check.partition(":")
            getattr(import_module(f"{self.package}.{module}"), name)(address, options)


def wrong_option(name: str, sentence: str) -> FixConfiguration:
    return FixConfiguration("driver.option", sentence, place=name)


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


BUILT_IN = (
    "sim",
    "modbus",
    "s7",
    "mc",
    "fins",
    "dlt645",
    "opcua",
    "mqtt",
    "sparkplug",
    "hj212",
    "mtconnect",
    "sql",
)
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
