"""The people of a tenant: made, given roles, locked, sent away; and their sessions ended."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import replace

import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.factors import Factors
from baigong.registry.people import ADMIN_ROLES, People, Principal
from baigong.registry.roles import TENANT_ADMIN, check_roles, may_give
from baigong.security.passwords import one_time_secret
from baigong.security.tokens import new_token
from baigong.stores.records import ALL, Records, members
from baigong.stores.records.access import PersonRow, SessionRow, ensure_tenant, put_person
from baigong.vocab.errors import FixConfiguration, Reauthenticate

_NAME = re.compile(r"[\w.@+-]{1,100}")  # letters of any script: 王伟 is a good name
_WITH_OTHERS = frozenset(  # whose letters do not look Latin
    {"CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO"}
)


class Member(Struct, frozen=True, kw_only=True):
    """``must_set_password``: has a one-time password only; ``sessions``: how many browsers are signed in."""

    name: str
    roles: tuple[str, ...]
    locked: bool
    must_set_password: bool
    second_factor: bool
    sessions: int
    signed_in_us: int | None  # when the newest of the sessions began
    created_us: int


class Members:
    """Changes who somebody is. ``maker`` reaches nobody who may do more than they, and the last admin stays.

    ``bound``: raises quota.full when a tenant that has so many people may have no more.
    """

    def __init__(
        self,
        records: Records,
        people: People,
        factors: Factors,
        clock_us: Callable[[], int],
        bound: Callable[[str, int], None] = lambda tenant, people: None,
    ) -> None:
        self._records = records
        self._people = people
        self._factors = factors
        self._clock_us = clock_us
        self._bound = bound
        self.gone: list[Callable[[str], None]] = []  # told the name of whoever is deleted
        self._one_change = asyncio.Lock()

    async def of_tenant(self, tenant: str) -> list[Member]:
        sessions = await self._people.sessions(tenant=tenant)
        return [
            self._told(row, [s for s in sessions if s.person == row.name])
            for row in await self._records.read(lambda c: members.people_of(c, tenant), tenant=tenant)
        ]

    async def get(self, tenant: str, name: str) -> PersonRow:
        row = await self._people.find(name)
        if row is None or row.tenant != tenant:
            raise FixConfiguration("http.not_found", f"there is nobody called {name!r} here", place=name)
        return row

    async def fresh(self, maker: Principal, tenant: str, name: str, roles: Iterable[str]) -> tuple[PersonRow, str]:
        """Return a row that is not written yet, and its one-time password. Raises config.conflict for a taken name."""
        _check_name(name)
        _check_look(name)
        taken = await self._records.read(lambda c: members.called(c, name), tenant=ALL)
        if taken is not None:
            raise FixConfiguration(
                "config.conflict", f"the name {name!r} is taken; an e-mail address is a good one", place="name"
            )
        _check_home(maker, tenant)
        secret, given = one_time_secret(), check_roles(maker, roles)
        row = PersonRow(name, tenant, await self._people.hashed(secret), True, given, "", self._clock_us())
        return row, secret

    async def first_admin(self, tenant: str, name: str) -> tuple[PersonRow, str]:
        """Return the first administrator of a company that is about to be made, and the one-time password."""
        return await self.fresh(
            Principal(tenant=tenant, user="", role=TENANT_ADMIN, by=""), tenant, name, [TENANT_ADMIN]
        )

    async def add(self, maker: Principal, tenant: str, name: str, roles: Iterable[str]) -> str:
        """Make a person; returns the one-time password, shown this once."""
        async with self._one_change:
            row, secret = await self.fresh(maker, tenant, name, roles)
            self._bound(tenant, len(await self._records.read(lambda c: members.people_of(c, tenant), tenant=tenant)))

            def work(connection: sa.Connection) -> None:
                ensure_tenant(connection, tenant, row.created_us)
                members.add_person(connection, row)

            await self._records.write(work, tenant=tenant)
        return secret

    async def come(
        self, tenant: str, name: str, roles: Iterable[str], link: Callable[[sa.Connection], None]
    ) -> PersonRow:
        """Make a person who signs in by an account elsewhere; ``link`` is written with them. They have no password."""
        async with self._one_change:
            _check_name(name)
            if await self._people.find(name) is not None:
                raise Reauthenticate(
                    "auth.stranger", f"somebody is called {name} already: link the account", place=name
                )
            self._bound(tenant, len(await self._records.read(lambda c: members.people_of(c, tenant), tenant=tenant)))
            nobodys = await self._people.hashed(new_token())
            row = PersonRow(name, tenant, nobodys, False, ",".join(sorted(set(roles))), "", self._clock_us())

            def work(connection: sa.Connection) -> None:
                members.add_person(connection, row)
                link(connection)

            await self._records.write(work, tenant=tenant)
        return row

    async def follow(self, row: PersonRow, roles: Iterable[str]) -> PersonRow:
        """Give a person the roles their account says; the last administrator stays one."""
        fresh = replace(row, role=",".join(sorted(set(roles))))
        if fresh.role == row.role:
            return row
        async with self._one_change:
            if TENANT_ADMIN not in roles_of(fresh) and await self._is_last(row):
                return row
            await self._records.write(lambda c: put_person(c, fresh), tenant=ALL)
            self._people.changed(fresh)
        return fresh

    async def set_roles(self, maker: Principal, tenant: str, name: str, roles: Iterable[str]) -> None:
        """Give a person these roles and no others; sessions go on with them at once."""
        async with self._one_change:
            row = await self.within_reach(maker, tenant, name)
            fresh = replace(row, role=check_roles(maker, roles))
            if TENANT_ADMIN not in roles_of(fresh):
                await self._keep_one(row)
            await self._records.write(lambda c: put_person(c, fresh), tenant=tenant)
            self._people.changed(fresh)

    async def lock(self, maker: Principal, tenant: str, name: str, locked: bool) -> None:
        """Shut somebody out, with every session and token of theirs, or let them in again."""
        async with self._one_change:
            row, now = await self.within_reach(maker, tenant, name), self._clock_us()
            if locked:
                await self._keep_one(row)
                await self._records.write(lambda c: members.put_lock(c, name, maker.user, now), tenant=tenant)
                self._people.locked.add(name)
                await self._people.end_sessions(name)
            else:
                await self._records.write(lambda c: members.drop_lock(c, name), tenant=tenant)
                self._people.locked.discard(name)

    async def reset(
        self, maker: Principal, tenant: str, name: str, *, second_factor: bool = False, tokens: bool = False
    ) -> str:
        """Return a new one-time password; the old one and every session are gone, if asked second factor and tokens."""
        async with self._one_change:
            row = await self.within_reach(maker, tenant, name)
            secret = one_time_secret()
            fresh = replace(row, password_hash=await self._people.hashed(secret), must_set_password=True)
            await self._records.write(lambda c: put_person(c, fresh), tenant=tenant)
            if second_factor:
                await self._factors.drop_all(name)
            await self._people.end_sessions(name)
            if tokens:
                await self._people.end_tokens(name)
        return secret

    async def drop(self, maker: Principal, tenant: str, name: str) -> None:
        """Delete somebody with their sessions and tokens. What they did stays in the audit log."""
        async with self._one_change:
            row = await self.within_reach(maker, tenant, name)
            if maker.by == "cookie" and maker.user == name:
                raise FixConfiguration(
                    "config.conflict", "nobody deletes themselves: ask another administrator", place=name
                )
            await self._keep_one(row)
            await self._records.write(lambda c: members.drop_person(c, name), tenant=tenant)
            self._people.forget(name)
            self._factors.forget(name)
            for follow in self.gone:
                follow(name)

    async def sessions(self, tenant: str, name: str) -> list[SessionRow]:
        await self.get(tenant, name)
        return await self._people.sessions(person=name)

    async def end_sessions(self, maker: Principal, tenant: str, name: str, session: str | None = None) -> None:
        """End one session (by its public name) or, with None, every one."""
        await self.within_reach(maker, tenant, name)
        await self._people.end_sessions(name, only=session)

    async def within_reach(self, maker: Principal, tenant: str, name: str) -> PersonRow:
        """Return somebody whom ``maker`` may change. Raises auth.denied for others."""
        _check_home(maker, tenant)
        row = await self.get(tenant, name)
        beyond = [role for role in roles_of(row) if not may_give(maker, role)]
        if beyond:
            raise Reauthenticate("auth.denied", f"{name} is {beyond[0]}, which {maker.user} may not change", place=name)
        return row

    async def _keep_one(self, leaving: PersonRow) -> None:
        """Raise people.last_admin when nobody else could administer the tenant."""
        if await self._is_last(leaving):
            raise FixConfiguration(
                "people.last_admin", f"{leaving.name} is the last administrator of {leaving.tenant}", place=leaving.name
            )

    async def _is_last(self, leaving: PersonRow) -> bool:
        if TENANT_ADMIN not in roles_of(leaving) or leaving.name in self._people.locked:
            return False
        others = [
            row
            for row in await self._records.read(lambda c: members.people_of(c, leaving.tenant), tenant=leaving.tenant)
            if row.name != leaving.name and row.name not in self._people.locked
        ]
        return not any(TENANT_ADMIN in roles_of(row) for row in others)

    def _told(self, row: PersonRow, sessions: list[SessionRow]) -> Member:
        return Member(
            name=row.name,
            roles=roles_of(row),
            locked=row.name in self._people.locked,
            must_set_password=row.must_set_password,
            second_factor=self._factors.has(row.name),
            sessions=len(sessions),
            signed_in_us=max((s.created_us for s in sessions), default=None),
            created_us=row.created_us,
        )


def roles_of(row: PersonRow) -> tuple[str, ...]:
    """Return a person's roles; "admin" is the first person of an installation."""
    return ADMIN_ROLES if row.role == "admin" else tuple(r for r in row.role.split(",") if r)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise FixConfiguration(
            "config.invalid", "a name has 1 to 100 letters, digits or . _ - + @, without spaces", place="name"
        )


def _check_look(name: str) -> None:
    """Refuse what reads like another name: full-width letters, and letters of two scripts, as in аdmin."""
    if unicodedata.normalize("NFKC", name) != name:
        plain = unicodedata.normalize("NFKC", name)
        raise FixConfiguration("config.invalid", f"write this name with usual letters: {plain}", place="name")
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in name if letter.isalpha()} - _WITH_OTHERS
    if len(scripts) > 1:
        mixed = ", ".join(sorted(scripts)).lower()
        raise FixConfiguration("config.invalid", f"a name has letters of one script, not of {mixed}", place="name")


def _check_home(maker: Principal, tenant: str) -> None:
    """Roles count at home only: whom a grant lets manage people could else make themselves an administrator here."""
    if maker.tenant != tenant:
        raise Reauthenticate("auth.denied", f"people of {tenant} are changed by their own administrators", place=tenant)
