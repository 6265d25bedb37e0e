"""The second factor: one-time passwords of a phone, passkeys, recovery codes on paper; which roles must have one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

from baigong.registry.passkeys import Passkeys
from baigong.registry.people import Principal
from baigong.security.envelope import Key, close, is_closed_with, open_envelope
from baigong.security.passwords import one_time_secret
from baigong.security.tokens import digest
from baigong.security.totp import new_totp_secret, step_of
from baigong.stores.records import ALL, Records, members
from baigong.stores.records.access import put_setting, settings_of
from baigong.stores.records.members import FactorRow
from baigong.vocab.errors import FixConfiguration, Reauthenticate

_CODES = 10
_REQUIRED = "second_factor:"


class Factors:
    """Secrets lie in envelopes in the records (``registry.sealing``). A code is never good twice."""

    def __init__(self, records: Records, key: Key, clock_us: Callable[[], int], passkeys: Passkeys) -> None:
        self._records = records
        self._key = key
        self._clock_us = clock_us
        self._passkeys = passkeys
        self._rows: dict[str, FactorRow] = {}
        self._required: dict[str, frozenset[str]] = {}
        self._one_check = asyncio.Lock()

    async def load(self) -> None:
        self._rows = {row.person: row for row in await self._records.read(members.all_factors, tenant=ALL)}
        said = await self._records.read(lambda c: settings_of(c, _REQUIRED), tenant=ALL)
        self._required = {name.removeprefix(_REQUIRED): frozenset(v.split(",")) for name, v in said.items() if v}
        for row in [row for row in self._rows.values() if not is_closed_with(row.secret, self._key)]:
            secret = open_envelope(row.secret, self._key, _purpose(row.person))
            await self._put(replace(row, secret=close(secret, self._key, _purpose(row.person))))

    def has(self, person: str) -> bool:
        """Say whether a password alone does not open: there is a phone, or a passkey."""
        return self.has_phone(person) or self._passkeys.has(person)

    def has_phone(self, person: str) -> bool:
        row = self._rows.get(person)
        return row is not None and row.confirmed_us is not None

    def required(self, tenant: str) -> frozenset[str]:
        """Return the roles of a tenant that must have a second factor."""
        return self._required.get(tenant, frozenset())

    async def require(self, tenant: str, roles: Iterable[str]) -> None:
        chosen = frozenset(roles)
        await self._records.write(lambda c: put_setting(c, _name(tenant), ",".join(sorted(chosen))), tenant=tenant)
        self._required[tenant] = chosen

    def asks(self, who: Principal) -> bool:
        """Say whether a role of somebody must have a second factor."""
        return not self.required(who.tenant).isdisjoint(who.roles)

    def owes(self, who: Principal) -> bool:
        """Say whether somebody has to set up a second factor, or to show the one they have, before anything else."""
        return who.by == "cookie" and not who.factor and self.asks(who)

    async def begin(self, person: str) -> str:
        """Make a new secret for a phone; not in force until ``confirm``. One in force stays until it is taken away."""
        if self.has_phone(person):
            raise FixConfiguration("config.conflict", "there is a phone: take it away first", place="totp")
        secret = new_totp_secret()
        await self._put(FactorRow(person, close(secret, self._key, _purpose(person)), -1, None))
        return secret

    async def confirm(self, person: str, code: str) -> list[str]:
        """Put it in force when the phone shows the right code; returns recovery codes, shown this once."""
        async with self._one_check:
            row = self._rows.get(person)
            if row is None or row.confirmed_us is not None:
                raise FixConfiguration("config.conflict", "begin to set up a second factor first", place="totp")
            step = self._step(row, code)
            if step is None:
                raise Reauthenticate(
                    "auth.code", "this is not the code of now: is the phone's clock right?", place="code"
                )
            await self._put(replace(row, last_step=step, confirmed_us=self._clock_us()))
            return await self.new_codes(person)

    async def new_codes(self, person: str) -> list[str]:
        """Make recovery codes, shown this once; the old ones open nothing any more."""
        codes = [one_time_secret() for _ in range(_CODES)]
        kept = [digest(c) for c in codes]
        await self._records.write(lambda c: members.put_recovery_codes(c, person, kept), tenant=ALL)
        return codes

    async def check(self, person: str, code: str) -> bool:
        """Say whether a code of the phone or a recovery code is good, and use it up."""
        async with self._one_check:
            row = self._rows.get(person)
            if not code:
                return False
            step = None if row is None or row.confirmed_us is None else self._step(row, code)
            if row is None or step is None:
                used = digest("".join(code.lower().split()))
                return await self._records.write(lambda c: members.use_recovery_code(c, person, used), tenant=ALL)
            self._rows[person] = replace(row, last_step=step)
            return await self._records.write(lambda c: members.use_step(c, person, step), tenant=ALL)

    async def codes_left(self, person: str) -> int:
        return await self._records.read(lambda c: members.count_recovery_codes(c, person), tenant=ALL)

    async def drop(self, person: str) -> None:
        """Take the phone away, and the recovery codes with it unless a passkey still needs them."""
        codes_too = not self._passkeys.has(person)
        await self._records.write(lambda c: members.drop_factor(c, person, codes_too), tenant=ALL)
        self._rows.pop(person, None)

    async def drop_all(self, person: str) -> None:
        """Take phone, passkeys and recovery codes away."""
        await self._passkeys.drop_all(person)
        await self.drop(person)

    def forget(self, person: str) -> None:
        """Follow the records after a person is gone."""
        self._rows.pop(person, None)
        self._passkeys.forget(person)

    def forget_tenant(self, tenant: str, names: Iterable[str]) -> None:
        """Follow the records after a company is gone, with these people."""
        for name in names:
            self._rows.pop(name, None)
        self._required.pop(tenant, None)
        self._passkeys.forget_tenant(tenant)

    def _step(self, row: FactorRow, code: str) -> int | None:
        secret = open_envelope(row.secret, self._key, _purpose(row.person))
        return step_of(secret, code, self._clock_us() / 1e6, after=row.last_step)

    async def _put(self, row: FactorRow) -> None:
        await self._records.write(lambda c: members.put_factor(c, row), tenant=ALL)
        self._rows[row.person] = row


def _purpose(person: str) -> str:
    return f"person/{person}/totp"


def _name(tenant: str) -> str:
    return _REQUIRED + tenant
