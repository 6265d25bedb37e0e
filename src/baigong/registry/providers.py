"""Which accounts elsewhere open here: one text file per provider, ``<data>/config/<company>/sign-in/<id>.yaml``."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from baigong.registry.roles import ready_made
from baigong.vocab.addresses import is_safe_address
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.texts import read_yaml

_ID = re.compile(r"^[a-z0-9][a-z0-9-]{0,39}$")
_LONGEST = 64 * 1024
_LOOK_S = 5.0  # so long a listing of every company's files is good


class PeopleRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``make``: whoever has an account there and a role by ``roles`` becomes a person here; ``name``: the claim."""

    make: bool = False
    name: str = "email"


class RoleRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``claim``: its name, with dots for what is inside ("realm_access.roles"); ``map``: its values -> roles here."""

    claim: str = "groups"
    map: dict[str, list[str]] = {}
    default: list[str] = []


class FactorRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What says that a second factor was shown there: any of RFC 8176's ``amr``, or one of ``acr``."""

    amr: tuple[str, ...] = ("mfa",)
    acr: tuple[str, ...] = ()


class ProviderSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``client_secret``: where it is, "file:PATH" or "env:NAME", never itself; ``domains``: of e-mail addresses."""

    issuer: str
    client_id: Annotated[str, Meta(min_length=1)]
    client_secret: str = ""
    title: str = ""
    title_zh: str = ""
    ca: str = ""  # PEM of who signed the provider's certificate, where that is nobody the system knows
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    domains: list[str] = []
    emails_are_checked_there: bool = False  # take addresses without the claim email_verified
    people: PeopleRule = PeopleRule()
    roles: RoleRule = RoleRule()
    second_factor: FactorRule = FactorRule()
    address: str = ""  # the console's, as people use it; default: the one they come by
    listed: bool = True  # a button on everybody's sign-in page; else only at /?company=…


@dataclass(slots=True, frozen=True)
class Provider:
    tenant: str
    name: str
    spec: ProviderSpec

    @property
    def id(self) -> str:
        return f"{self.tenant}/{self.name}"


@dataclass(slots=True, frozen=True)
class Found:
    """A file, and the provider in it or what is wrong with it."""

    tenant: str
    name: str
    provider: Provider | None
    error: BaigongError | None = None


class Providers:
    """Reads the files when they are asked for: what is written counts from then on, without a restart."""

    def __init__(self, config: Path, data: Path, environment: Mapping[str, str] = os.environ) -> None:
        self._config = config
        self._data = data
        self._environment = environment
        self._listing: tuple[float, list[Found]] = (-_LOOK_S, [])

    async def of_tenant(self, tenant: str) -> list[Found]:
        return await asyncio.to_thread(self._read_tenant, tenant)

    async def everywhere(self) -> list[Found]:
        """List the providers of every company; at most some seconds old."""
        read, held = self._listing
        if time.monotonic() - read > _LOOK_S:
            held = await asyncio.to_thread(
                lambda: [
                    f
                    for folder in sorted(self._config.glob("*/sign-in"))
                    for f in self._read_tenant(folder.parent.name)
                ]
            )
            self._listing = (time.monotonic(), held)
        return held

    async def get(self, tenant: str, name: str) -> Provider:
        """Raise http.not_found, or config.invalid for a file that cannot be used."""
        path = self._config / tenant / "sign-in" / f"{name}.yaml"
        if not _ID.fullmatch(name) or not _ID.fullmatch(tenant) or not await asyncio.to_thread(path.is_file):
            raise FixConfiguration("http.not_found", f"there is no provider {tenant}/{name}", place=name)
        return await asyncio.to_thread(_read, tenant, name, path)

    def forget_listing(self) -> None:
        """Read every company's files again at the next listing."""
        self._listing = (-_LOOK_S, [])

    async def secret(self, provider: Provider) -> str:
        """Return the client's secret. Raises config.invalid where it is not to be found."""
        return await asyncio.to_thread(self._secret, provider)

    def _secret(self, provider: Provider) -> str:
        kind, _, where = provider.spec.client_secret.partition(":")
        if not kind:
            return ""
        if kind == "env":
            held = self._environment.get(where, "")
        else:
            try:
                held = (self._data / where).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise _wrong(provider.id, "client_secret", f"the file {where} cannot be read") from error
        if not held:
            raise _wrong(provider.id, "client_secret", f"{provider.spec.client_secret} is empty")
        return held

    def _read_tenant(self, tenant: str) -> list[Found]:
        found = []
        for path in sorted((self._config / tenant / "sign-in").glob("*.yaml")):
            try:
                found.append(Found(tenant, path.stem, _read(tenant, path.stem, path)))
            except BaigongError as error:
                found.append(Found(tenant, path.stem, None, error))
        return found


def _read(tenant: str, name: str, path: Path) -> Provider:
    try:
        text = path.read_bytes()[:_LONGEST].decode()
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(f"{tenant}/{name}", "", f"the file cannot be read: {error}") from error
    return parse_provider(tenant, name, read_yaml(text, f"{tenant}/{name}"))


def parse_provider(tenant: str, name: str, told: Any) -> Provider:
    """Read what a file says. Raises config.invalid, naming the field."""
    id = f"{tenant}/{name}"
    if not _ID.fullmatch(name):
        raise _wrong(id, "", "a file's name has small letters, digits and -, and ends in .yaml")
    try:
        spec = msgspec.convert(told, ProviderSpec)
    except msgspec.ValidationError as error:
        raise _wrong(id, "", str(error)) from error
    if not is_safe_address(spec.issuer) or "?" in spec.issuer or "#" in spec.issuer:
        raise _wrong(id, "issuer", "an issuer is an https address (http on loopback only) without ? and #")
    if spec.address and (not is_safe_address(spec.address) or spec.address.rstrip("/").count("/") != 2):
        raise _wrong(id, "address", "an address is https://HOST, nothing behind it")
    if spec.client_secret and not spec.client_secret.startswith(("file:", "env:")):
        raise _wrong(id, "client_secret", "say where the secret is, file:PATH or env:NAME; it does not belong in here")
    if "openid" not in spec.scopes:
        raise _wrong(id, "scopes", "openid is missing: without it there is no ID token")
    if spec.people.make and not spec.domains and not spec.roles.map:
        raise _wrong(id, "people.make", "say who comes in: give domains, roles.map, or both")
    for role in [*spec.roles.default, *(r for given in spec.roles.map.values() for r in given)]:
        known = ready_made().get(role)
        if known is None or known.platform:
            raise _wrong(id, "roles", f"{role!r} is no role of a company; there are {[*_givable()]}")
    return Provider(tenant, name, spec)


def _givable() -> list[str]:
    return [name for name, role in ready_made().items() if not role.platform]


def _wrong(id: str, field: str, why: str) -> FixConfiguration:
    return FixConfiguration("config.invalid", f"sign-in {id}: {why}", place=f"{id}:{field}" if field else id)
