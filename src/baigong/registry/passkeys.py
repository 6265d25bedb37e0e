"""The passkeys of people: made, shown, named, taken away. One whose counter ran back opens nothing any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from baigong.security.passkeys import (
    CHALLENGE_US,
    Site,
    challenge_of,
    check_creation,
    check_request,
    creation_options,
    new_challenge,
    new_handle,
    refused,
    request_options,
)
from baigong.security.tokens import new_token, same
from baigong.stores.records import ALL, Records, signing
from baigong.stores.records.access import put_setting, setting
from baigong.stores.records.signing import PasskeyRow
from baigong.vocab.errors import FixConfiguration

_MOST = 20  # passkeys of one person
_TITLE = "Baigong 百工"


class Passkeys:
    """Every passkey in memory. ``purpose`` of a challenge: "add:NAME", "sign-in", "second:NAME"."""

    def __init__(self, records: Records, clock_us: Callable[[], int]) -> None:
        self._records = records
        self._clock_us = clock_us
        self._rows: dict[str, PasskeyRow] = {}
        self._used: dict[str, int] = {}  # challenges that have opened something -> when they run out
        self._key = ""

    async def load(self) -> None:
        self._rows = {row.credential: row for row in await self._records.read(signing.all_passkeys, tenant=ALL)}
        self._key = await self._records.write(_challenge_key, tenant=ALL)

    def of(self, person: str) -> list[PasskeyRow]:
        return [row for row in self._rows.values() if row.person == person]

    def has(self, person: str) -> bool:
        """Say whether somebody has a passkey that opens."""
        return any(row.copied_us is None for row in self.of(person))

    def get(self, person: str, passkey: str) -> PasskeyRow:
        """Return one by its public name."""
        found = next((row for row in self.of(person) if passkey_name(row.credential) == passkey), None)
        if found is None:
            raise FixConfiguration("http.not_found", f"there is no passkey {passkey!r}", place=passkey)
        return found

    def begin(self, person: str, site: Site) -> dict[str, Any]:
        """Return what a browser needs to make a new one."""
        held = self.of(person)
        if len(held) >= _MOST:
            raise FixConfiguration("config.conflict", f"{_MOST} passkeys are the most: take one away first")
        handle = held[0].handle if held else new_handle()
        challenge = new_challenge(self._key, _adding(person, handle), site, self._clock_us())
        return creation_options(
            site, _TITLE, person, handle, challenge, [row.credential for row in held if row.site == site.name]
        )

    async def add(
        self, tenant: str, person: str, site: Site, title: str, handle: str, response: dict[str, Any]
    ) -> PasskeyRow:
        """Keep a new one. ``handle``: the user id of the options. Raises auth.passkey, config.conflict."""
        now = self._clock_us()
        challenge = challenge_of(response, self._key, _adding(person, handle), site, now)
        self._check_fresh(challenge)
        made = check_creation(response, challenge, site)
        if made.credential in self._rows:
            raise FixConfiguration("config.conflict", "this passkey is known already", place="passkey")
        row = PasskeyRow(
            credential=made.credential,
            tenant=tenant,
            person=person,
            handle=handle,
            site=site.name,
            title=_titled(title),
            public_key=made.public_key,
            sign_count=made.sign_count,
            synced=made.synced,
            created_us=now,
        )
        self._use(challenge, now)
        await self._records.write(lambda c: signing.put_passkey(c, row), tenant=tenant)
        self._rows[row.credential] = row
        return row

    def ask(self, site: Site, person: str = "") -> dict[str, Any]:
        """Return what a browser needs to show one: of ``person``, beside a password, or of whoever comes."""
        allowed = [row.credential for row in self.of(person) if row.site == site.name and row.copied_us is None]
        challenge = new_challenge(self._key, _showing(person), site, self._clock_us())
        return request_options(site, challenge, allowed, verified=not person)

    def usable(self, person: str, site: Site | None) -> bool:
        return site is not None and any(r.site == site.name and r.copied_us is None for r in self.of(person))

    async def show(self, site: Site, response: dict[str, Any], person: str = "") -> PasskeyRow:
        """Check a passkey that is shown and use it up. ``person``: whose it has to be; empty: say whose it is.

        Raises auth.passkey: for an unknown one, another's, a wrong signature, a used challenge, all the same; and for
        a copy: its counter is not beyond the last, so that two hold the same key.
        """
        now = self._clock_us()
        challenge = challenge_of(response, self._key, _showing(person), site, now)
        self._check_fresh(challenge)
        row = self._rows.get(str(response.get("id", "")))
        if row is None or row.site != site.name or row.copied_us is not None or person not in ("", row.person):
            raise refused("it opens nothing here")
        shown = check_request(response, challenge, site, row.public_key, verified=not person)
        handle = (response.get("response") or {}).get("userHandle") or ""
        if (handle or not person) and not same(str(handle).rstrip("="), row.handle):
            raise refused("it opens nothing here")
        self._use(challenge, now)
        if (shown.sign_count or row.sign_count) and shown.sign_count <= row.sign_count:
            await self._change(replace(row, copied_us=now))
            raise refused("its counter ran back, so there is a copy of it; it opens nothing any more")
        await self._change(replace(row, sign_count=shown.sign_count, synced=shown.synced, used_us=now))
        return self._rows[row.credential]

    async def rename(self, person: str, passkey: str, title: str) -> None:
        await self._change(replace(self.get(person, passkey), title=_titled(title)))

    async def drop(self, person: str, passkey: str) -> PasskeyRow:
        row = self.get(person, passkey)
        await self._records.write(lambda c: signing.drop_passkey(c, row.credential), tenant=ALL)
        self._rows.pop(row.credential, None)
        return row

    async def drop_all(self, person: str) -> None:
        await self._records.write(lambda c: signing.drop_passkeys_of(c, person), tenant=ALL)
        self.forget(person)

    def forget(self, person: str) -> None:
        """Follow the records after a person is gone."""
        self._rows = {k: row for k, row in self._rows.items() if row.person != person}

    def forget_tenant(self, tenant: str) -> None:
        """Follow the records after a company is gone."""
        self._rows = {k: row for k, row in self._rows.items() if row.tenant != tenant}

    async def _change(self, row: PasskeyRow) -> None:
        self._rows[row.credential] = row  # first: a second answer that comes meanwhile is compared with this one
        await self._records.write(lambda c: signing.change_passkey(c, row), tenant=ALL)

    def _check_fresh(self, challenge: str) -> None:
        if challenge in self._used:
            raise refused("it was shown before")

    def _use(self, challenge: str, now_us: int) -> None:
        self._used = {k: until for k, until in self._used.items() if until >= now_us}
        self._used[challenge] = now_us + CHALLENGE_US


def passkey_name(credential: str) -> str:
    """Return what a passkey is called in lists and paths."""
    return credential[:16]


def _adding(person: str, handle: str) -> str:
    return f"add:{person}:{handle}"


def _showing(person: str) -> str:
    return f"second:{person}" if person else "sign-in"


def _titled(title: str) -> str:
    told = " ".join(title.split())
    if not 0 < len(told) <= 60:
        raise FixConfiguration("config.invalid", "a passkey's name has 1 to 60 characters", place="title")
    return told


def _challenge_key(connection: sa.Connection) -> str:
    held = setting(connection, "challenge_key")
    if held is None:
        held = new_token()
        put_setting(connection, "challenge_key", held)
    return held
