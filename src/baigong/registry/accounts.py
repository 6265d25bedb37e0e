"""Whose account elsewhere is whose here: linked by the person, or made with the person where a company wishes so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from baigong.registry.members import Members
from baigong.registry.openid import refused
from baigong.registry.people import People
from baigong.registry.providers import Provider, ProviderSpec
from baigong.stores.records import ALL, Records, signing
from baigong.stores.records.access import PersonRow
from baigong.stores.records.signing import IdentityRow
from baigong.vocab.errors import FixConfiguration


class Accounts:
    """Every link in memory. Claims come from registry/openid.py, proven."""

    def __init__(self, records: Records, people: People, members: Members, clock_us: Callable[[], int]) -> None:
        self._records = records
        self._people = people
        self._members = members
        self._clock_us = clock_us
        self._rows: dict[tuple[str, str, str, str], IdentityRow] = {}
        members.gone.append(self.forget)

    async def load(self) -> None:
        self._rows = {row.key: row for row in await self._records.read(signing.all_identities, tenant=ALL)}

    def of(self, person: str) -> list[IdentityRow]:
        return [row for row in self._rows.values() if row.person == person]

    async def enter(self, provider: Provider, claims: dict[str, Any]) -> PersonRow:
        """Say who comes in by this account. Raises auth.stranger for one that is nobody's here, and may not become so.

        A person who came by it has the roles that its claims say now.
        """
        _check_domain(provider, claims)
        held = self._rows.get(_key(provider, claims))
        if held is None:
            return await self._make(provider, claims)
        person = await self._people.find(held.person)
        if person is None or person.tenant != provider.tenant:
            self._rows.pop(held.key, None)
            raise refused(f"{held.person} is nobody here any more", provider.id)
        used = replace(held, used_us=self._clock_us(), account=account_name(claims))
        await self._records.write(lambda c: signing.use_identity(c, used), tenant=ALL)
        self._rows[held.key] = used
        if held.made_here:
            person = await self._members.follow(person, _roles(provider, claims))
        return person

    async def link(self, provider: Provider, claims: dict[str, Any], person: str) -> IdentityRow:
        """Make an account a way in of somebody. Raises config.conflict for one that is somebody's already."""
        _check_domain(provider, claims)
        return await self._link(provider, claims, person)

    async def link_subject(self, provider: Provider, subject: str, person: str) -> IdentityRow:
        """Do the same on an administrator's word."""
        return await self._link(provider, {"sub": subject}, person)

    async def _link(self, provider: Provider, claims: dict[str, Any], person: str) -> IdentityRow:
        row = await self._people.find(person)
        if row is None or row.tenant != provider.tenant:
            raise refused(f"{person} is nobody of {provider.tenant}", provider.id)
        made = self._row(provider, claims, person, made_here=False)
        held = self._rows.get(made.key)
        if held is not None and held.person != person:
            raise FixConfiguration("config.conflict", f"this account is {held.person}'s already", place=provider.id)
        if held is None:
            await self._records.write(lambda c: signing.add_identity(c, made), tenant=ALL)
            self._rows[made.key] = made
        return self._rows[made.key]

    async def drop(self, person: str, account: str, *, by_themselves: bool) -> IdentityRow:
        """Take a link away by its public name; the account is asked for no more, and its sessions end."""
        row = next((r for r in self.of(person) if account_id(r) == account), None)
        if row is None:
            raise FixConfiguration("http.not_found", f"there is no account {account!r}", place=account)
        if row.made_here and by_themselves:
            raise FixConfiguration(
                "config.conflict", "this account is how you come in: ask an administrator", place=account
            )
        await self._records.write(lambda c: signing.drop_identity(c, row), tenant=ALL)
        self._rows.pop(row.key, None)
        await self._people.end_sessions(person, opened_by=("account", row.provider))
        return row

    def forget(self, person: str) -> None:
        """Follow the records after a person is gone."""
        self._rows = {k: row for k, row in self._rows.items() if row.person != person}

    def forget_tenant(self, tenant: str) -> None:
        """Follow the records after a company is gone."""
        self._rows = {k: row for k, row in self._rows.items() if k[0] != tenant}

    async def _make(self, provider: Provider, claims: dict[str, Any]) -> PersonRow:
        name, rule = account_name(claims), provider.spec.people
        if not rule.make:
            raise refused(f"the account {name} is linked to nobody here", provider.id)
        person = _text(claims.get(rule.name))
        if not person or (rule.name == "email" and not _checked(provider.spec, claims)):
            raise refused(f"the account {name} has no {rule.name} that was checked", provider.id)
        made = self._row(provider, claims, person, made_here=True)

        def link(connection: sa.Connection) -> None:
            signing.add_identity(connection, made)

        row = await self._members.come(provider.tenant, person, _roles(provider, claims), link)
        self._rows[made.key] = made
        return row

    def _row(self, provider: Provider, claims: dict[str, Any], person: str, *, made_here: bool) -> IdentityRow:
        return IdentityRow(*_key(provider, claims), person, account_name(claims), made_here, self._clock_us())


def account_id(row: IdentityRow) -> str:
    """Return what a link is called in lists and paths."""
    return f"{row.provider}-{sha256(f'{row.issuer} {row.subject}'.encode()).hexdigest()[:12]}"


def account_name(claims: dict[str, Any]) -> str:
    """Return what people call an account."""
    return next((t for c in ("email", "preferred_username", "name", "sub") if (t := _text(claims.get(c)))), "?")[:200]


def shown_factor(spec: ProviderSpec, claims: dict[str, Any]) -> bool:
    """Say whether the provider vouches for a second factor in this sign-in."""
    amr, acr = claims.get("amr"), claims.get("acr")
    ways = amr if isinstance(amr, list) else []
    return any(way in spec.second_factor.amr for way in ways) or acr in spec.second_factor.acr


def claim(claims: dict[str, Any], path: str) -> list[str]:
    """Return a claim's values, of a text or a list of texts, by its dotted name.

    >>> claim({"realm_access": {"roles": ["it", 7]}}, "realm_access.roles")
    ['it']
    """
    found: Any = claims
    whole = claims.get(path)  # a name may have dots itself: https://plant.example/groups
    if whole is None:
        for step in path.split("."):
            found = found.get(step) if isinstance(found, dict) else None
    else:
        found = whole
    values = found if isinstance(found, list) else [found]
    return [value for value in values if isinstance(value, str)]


def _roles(provider: Provider, claims: dict[str, Any]) -> list[str]:
    rule = provider.spec.roles
    given = sorted({role for value in claim(claims, rule.claim) for role in rule.map.get(value, [])})
    roles = given or rule.default
    if not roles:
        raise refused(f"the account {account_name(claims)} has no role here", provider.id)
    return roles


def _key(provider: Provider, claims: dict[str, Any]) -> tuple[str, str, str, str]:
    return (provider.tenant, provider.name, provider.spec.issuer, str(claims["sub"]))


def _check_domain(provider: Provider, claims: dict[str, Any]) -> None:
    allowed = [d.casefold().lstrip("@") for d in provider.spec.domains]
    if not allowed:
        return
    domain = _text(claims.get("email")).rpartition("@")[2].casefold()
    if domain not in allowed or not _checked(provider.spec, claims):
        raise refused(f"the account {account_name(claims)} has no checked e-mail address of {allowed}", provider.id)


def _checked(spec: ProviderSpec, claims: dict[str, Any]) -> bool:
    return claims.get("email_verified") in (True, "true") or spec.emails_are_checked_there


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
