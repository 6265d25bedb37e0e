"""What machines sign in with at the front door: a user name that finds tenant and device, and a secret."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import sqlalchemy as sa

from baigong.registry.events import Events
from baigong.registry.standing import Standing
from baigong.registry.topics import MachineTopics, Topics, check_topics
from baigong.registry.uses import Unwritten, write_in_rounds
from baigong.security.passwords import hash_password, verify_password
from baigong.security.tokens import new_token, same
from baigong.stores.records import ALL
from baigong.stores.records.access import ensure_tenant
from baigong.stores.records.engine import Records
from baigong.stores.records.plant import CredentialRow, all_credentials, drop_credential, put_credential, put_uses
from baigong.vocab.errors import FixConfiguration, Reauthenticate
from baigong.vocab.happenings import Event

_FAST = "sha256:"  # a secret that we made: 256 random bits need no slow hash
_WRITE_S = 20.0  # a killed platform forgets so much of when credentials were last used


class Credentials:
    """Proofs are kept over the SHA-256 of the secret, so that the gateway need not send the secret itself."""

    def __init__(
        self,
        records: Records,
        events: Events,
        clock_us: Callable[[], int],
        may_work: Callable[[str], None] = lambda tenant: None,
        standing: Standing | None = None,
    ) -> None:
        self._records = records
        self._may_work = may_work  # raises for a tenant that stands still
        self._standing = standing or Standing()
        self.topics = MachineTopics(records, events, self._standing, clock_us)
        self._events = events
        self._clock_us = clock_us
        self._rows: dict[str, CredentialRow] = {}
        self._used = Unwritten(records, put_uses)
        self._hashing = asyncio.Semaphore(2)
        self._one_change = asyncio.Lock()

    async def load(self) -> None:
        self._rows = {row.username: row for row in await self._records.read(all_credentials, tenant=ALL)}
        await self.topics.load()

    def of_tenant(self, tenant: str, device: str = "") -> list[CredentialRow]:
        rows = (row for row in self._rows.values() if row.tenant == tenant and device in ("", row.device))
        return sorted(rows, key=lambda row: row.username)

    def get(self, tenant: str, username: str) -> CredentialRow:
        row = self._rows.get(username)
        if row is None or row.tenant != tenant:
            raise FixConfiguration("http.not_found", f"there is no credential {username!r}", place=username)
        return row

    def forget_device(self, tenant: str, device: str) -> None:
        """Follow the records after a device is gone: its connections end."""
        for row in self.of_tenant(tenant, device):
            self._standing.note(row.tenant, "user", row.username)
            self.topics.forget("user", row.username)
        self._rows = {u: r for u, r in self._rows.items() if (r.tenant, r.device) != (tenant, device)}

    def forget_tenant(self, tenant: str) -> None:
        """Follow the records after a company is gone."""
        for row in self.of_tenant(tenant):
            self._standing.note(row.tenant, "user", row.username)
            self._used.times.pop(row.username, None)
            del self._rows[row.username]
        self.topics.forget_tenant(tenant)

    async def put(
        self,
        tenant: str,
        device: str,
        username: str,
        password: str | None = None,
        *,
        by: str = "",
        instead: bool = True,
        topics: Topics | None = None,
    ) -> str:
        """Write a credential; returns the secret (made here when ``password`` is None).

        ``instead``: of one with this user name, whose machine has to sign in anew. Else that is config.conflict.
        ``topics``: what it may beside its device's own; None: what it had, where it was of the same device.
        """
        _check_name(username)
        secret = new_token("bgd") if password is None else password
        if len(secret) < 8:
            raise FixConfiguration("config.invalid", "a password has at least 8 characters", place="password")
        hashed = sha256(secret.encode()).hexdigest()
        if password is None:
            proof = _FAST + hashed
        else:
            async with self._hashing:
                proof = await asyncio.to_thread(hash_password, hashed)
        row = CredentialRow(username, tenant, device, proof, self._clock_us())

        given = check_topics(topics or Topics())

        def work(connection: sa.Connection) -> None:
            ensure_tenant(connection, tenant, row.created_us)
            put_credential(connection, row)
            self.topics.write(connection, tenant, ("user", username), given)

        async with self._one_change:
            held = self._rows.get(username)
            if held is not None and (not instead or held.tenant != tenant):
                raise FixConfiguration("config.conflict", f"the user name {username!r} is taken", place="username")
            if topics is None and held is not None and held.device == device:
                given = self.topics.of("user", username)
            await self._events.tell([self._event(row, "replaced" if held else "made", by)], with_work=work)
            self._rows[username] = row
            self.topics.take(tenant, ("user", username), given)
            self._used.times.pop(username, None)
            if held is not None:
                self._standing.note(tenant, "user", username)
        return secret

    async def drop(self, tenant: str, username: str, *, by: str = "") -> None:
        """Revoke one: gateways throw out whoever is signed in with it."""

        def work(connection: sa.Connection) -> None:
            drop_credential(connection, tenant, username)

        async with self._one_change:
            row = self.get(tenant, username)
            await self._events.tell([self._event(row, "revoked", by)], with_work=work)
            self._rows.pop(username, None)
            self.topics.forget("user", username)
            self._used.times.pop(username, None)
            self._standing.note(tenant, "user", username)

    async def throw_out(self, tenant: str, *, by: str = "") -> None:
        """Let gateways end every connection of a tenant's machines; their secrets stay."""
        held = self.of_tenant(tenant)
        if held:
            await self._events.tell([self._event(row, "suspended", by) for row in held])
        for row in held:
            self._standing.note(row.tenant, "user", row.username)

    def stands(self, username: str, made_us: int, serves: Callable[[str], bool]) -> bool:
        """Tell whether a connection may stay that was let in with the secret made then, by who ``serves`` companies."""
        row = self._rows.get(username)
        if row is None or row.created_us != made_us or not serves(row.tenant):
            return False
        try:
            self._may_work(row.tenant)
        except Reauthenticate:
            return False
        return True

    async def check(self, username: str, *, password: str = "", password_sha256: str = "") -> CredentialRow:
        """Return whose credential it is, and remember that it was used, or raise auth.required."""
        hashed = password_sha256.lower() or sha256(password.encode()).hexdigest()
        row = self._rows.get(username)
        if row is not None:
            if row.proof.startswith(_FAST):
                good = same(row.proof, _FAST + hashed)
            else:
                async with self._hashing:
                    good = await asyncio.to_thread(verify_password, row.proof, hashed)
            if good and self._rows.get(username) is row:  # not revoked meanwhile
                self._may_work(row.tenant)
                self._used.times[username] = now = self._clock_us()
                used = self._rows[username] = replace(row, used_us=now)
                return used
        raise Reauthenticate("auth.required", f"no machine {username!r} with this password", place="mqtt")

    async def remember(self) -> None:
        """Write down from time to time what was used when, until cancelled, and then once more."""
        await write_in_rounds(_WRITE_S, self._used.write)

    def _event(self, row: CredentialRow, what: str, by: str) -> Event:
        return Event(
            kind=f"credential.{what}",
            time_us=self._clock_us(),
            tenant=row.tenant,
            subject=f"device:{row.device}",
            detail={"by": by, "username": row.username, "device": row.device},
        )


def _check_name(username: str) -> None:
    if not 1 <= len(username) <= 200 or not username.isprintable() or "/" in username:
        raise FixConfiguration(
            "config.invalid", "a user name has 1 to 200 printable characters and no slash", place="username"
        )
