"""What machines sign in with at the front door: a user name that finds tenant and device, and a secret."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import sha256

from baigong.security.passwords import hash_password, verify_password
from baigong.security.tokens import new_token, same
from baigong.stores.records.engine import Records
from baigong.stores.records.plant import CredentialRow, all_credentials, drop_credential, put_credential
from baigong.vocab.errors import FixConfiguration, Reauthenticate

_FAST = "sha256:"  # a secret that we made: 256 random bits need no slow hash


class Credentials:
    """Proofs are kept over the SHA-256 of the secret, so that the gateway need not send the secret itself."""

    def __init__(self, records: Records, clock_us: Callable[[], int]) -> None:
        self._records = records
        self._clock_us = clock_us
        self._rows: dict[str, CredentialRow] = {}
        self._hashing = asyncio.Semaphore(2)

    async def load(self) -> None:
        self._rows = {row.username: row for row in await self._records.read(all_credentials)}

    def of_tenant(self, tenant: str) -> list[CredentialRow]:
        return [row for row in self._rows.values() if row.tenant == tenant]

    def forget_device(self, tenant: str, device: str) -> None:
        """Follow the records after a device is gone."""
        self._rows = {u: r for u, r in self._rows.items() if (r.tenant, r.device) != (tenant, device)}

    async def put(self, tenant: str, device: str, username: str, password: str | None = None) -> str:
        """Write or replace a credential; returns the secret (made here when ``password`` is None)."""
        if not 1 <= len(username) <= 200 or not username.isprintable():
            raise FixConfiguration("config.invalid", "a user name has 1 to 200 printable characters", place="username")
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
        await self._records.write(lambda c: put_credential(c, row))
        self._rows[username] = row
        return secret

    async def drop(self, tenant: str, username: str) -> None:
        if not await self._records.write(lambda c: drop_credential(c, tenant, username)):
            raise FixConfiguration("http.not_found", f"there is no credential {username!r}", place=username)
        self._rows.pop(username, None)

    async def check(self, username: str, *, password: str = "", password_sha256: str = "") -> CredentialRow:
        """Return whose credential it is, or raise auth.required."""
        hashed = password_sha256.lower() or sha256(password.encode()).hexdigest()
        row = self._rows.get(username)
        if row is not None:
            if row.proof.startswith(_FAST):
                good = same(row.proof, _FAST + hashed)
            else:
                async with self._hashing:
                    good = await asyncio.to_thread(verify_password, row.proof, hashed)
            if good:
                return row
        raise Reauthenticate("auth.required", f"no machine {username!r} with this password", place="mqtt")
