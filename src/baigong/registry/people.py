"""Who may come in: people, their sessions, API tokens and the key file of the data folder."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from baigong.registry.files import write_atomically
from baigong.registry.principal import ADMIN, ADMIN_ROLES, From, Principal, SecondFactor
from baigong.registry.recognised import of_session, of_token
from baigong.registry.roles import still_given
from baigong.security.passwords import check_new_password, hash_password, one_time_secret, verify_password
from baigong.security.tokens import digest, new_token, same, sign
from baigong.stores.records import ALL, access, members
from baigong.stores.records.access import PersonRow, SessionRow, TokenRow
from baigong.stores.records.companies import want_set_up
from baigong.stores.records.engine import Records
from baigong.stores.records.tokengrants import add_token_grants, tokens_under
from baigong.vocab.errors import FixConfiguration, Reauthenticate

__all__ = ["ADMIN", "ADMIN_ROLES", "SESSION_US", "From", "People", "Principal", "session_name"]

SESSION_US = 30 * 86_400_000_000
_KEY_TITLE = "key file of the data folder"
_NOWHERE = From()
_HASHING = 2  # password proofs at once: each takes 64 MiB


class People:
    """Every proof that grants access is in memory, by digest, and in the records: revoked here, gone at once."""

    def __init__(
        self,
        records: Records,
        clock_us: Callable[[], int],
        factor: SecondFactor,
        roles_changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._records = records
        self._clock_us = clock_us
        self._factor = factor
        self._roles_changed = roles_changed
        self.locked: set[str] = set()
        self._under: dict[str, set[str]] = {}  # tokens, by the grants that they were made with
        self._known: dict[str, Principal] = {}  # digest -> who
        self.used_tokens: set[tuple[str, str]] = set()  # tenant, token: since ``Uses`` last looked
        self._hashing = asyncio.Semaphore(_HASHING)
        self._decoy = ""
        self._device_key = ""

    async def load(self) -> None:
        now = self._clock_us()
        tokens = await self._records.read(access.all_tokens, tenant=ALL)
        sessions = await self._records.read(partial(access.all_sessions, now_us=now), tenant=ALL)
        owners = {row.person for row in tokens if row.person}
        held = await self._records.read(lambda c: {name: access.person(c, name) for name in owners}, tenant=ALL)
        for grant, token in await self._records.read(tokens_under, tenant=ALL):
            self._under.setdefault(grant, set()).add(token)
        for row in tokens:
            self._known[row.digest] = of_token(row, held.get(row.person or ""))
        known = {p.name: p for p in await self._records.read(partial(members.signed_in_people, now_us=now), tenant=ALL)}
        for session in sessions:
            person = known.get(session.person)
            if person is not None:
                if session.factor is None:
                    session = replace(session, factor=self._factor.has(person.name))
                self._known[session.digest] = of_session(person, session)
        self.locked = await self._records.read(members.all_locks, tenant=ALL)
        self._device_key = await self._records.write(_device_key, tenant=ALL)

    async def first_secret(self, tenant: str) -> str | None:
        """Make sure there is an administrator; returns a fresh one-time secret until a password is set."""
        person = await self.find(ADMIN)
        if person is not None and not person.must_set_password:
            return None
        secret = one_time_secret()
        row = PersonRow(
            name=ADMIN,
            tenant=tenant,
            password_hash=await self.hashed(secret),
            must_set_password=True,
            role="admin",
            language="",
            created_us=self._clock_us(),
        )

        def work(connection: sa.Connection) -> None:
            access.ensure_tenant(connection, tenant, row.created_us)
            access.put_person(connection, row)
            if person is None:
                want_set_up(connection, tenant)

        await self._records.write(work, tenant=tenant)
        return secret

    async def sign_in(
        self,
        user: str,
        password: str,
        *,
        code: str = "",
        code_tried: Callable[[], None] = lambda: None,
        passkey: Callable[[str], Awaitable[object]] | None = None,
        come: From = _NOWHERE,
        allowed: Callable[[str], None] = lambda tenant: None,
    ) -> tuple[str, Principal]:
        """Return (cookie, who). An unknown user costs the same time as a wrong password.

        Raises auth.required, auth.code where a second factor is wanted too, auth.locked for somebody shut out.
        ``passkey``: raises auth.passkey unless the person has shown theirs; ``code_tried``: told before a code is
        looked at, raises for too many; ``allowed`` raises for a tenant that stands still.
        """
        person = await self.find(user)
        async with self._hashing:
            if not self._decoy:  # at the first sign-in of anybody: later all cost the same
                self._decoy = await asyncio.to_thread(hash_password, new_token())
            good = await asyncio.to_thread(verify_password, person.password_hash if person else self._decoy, password)
        if person is None or not good:
            raise Reauthenticate("auth.required", "user or password is wrong", place="password")
        self.require_open(person, allowed)  # told to nobody but who knows the password
        factor = self._factor.has(person.name)
        if factor and passkey is not None:
            await passkey(person.name)
        elif factor:
            if code:
                code_tried()
            if not await self._factor.check(person.name, code):
                said = "this code is wrong, or was used before" if code else "a second factor is wanted too"
                raise Reauthenticate("auth.code", said, place="code")
        return await self.open(person, "password", come, factor=factor)

    def require_open(self, person: PersonRow, allowed: Callable[[str], None]) -> None:
        """Raise auth.locked for somebody shut out; ``allowed`` raises for a tenant that stands still."""
        if person.name in self.locked:
            raise Reauthenticate("auth.locked", f"{person.name} is shut out by an administrator", place="user")
        allowed(person.tenant)

    async def open(
        self, person: PersonRow, how: str, come: From, *, what: str = "", factor: bool
    ) -> tuple[str, Principal]:
        """Begin a session of somebody who has proved who they are; returns (cookie, who)."""
        cookie, now = new_token("bgs"), self._clock_us()
        session = SessionRow(
            digest=digest(cookie),
            person=person.name,
            created_us=now,
            expires_us=now + SESSION_US,
            address=come.address[:100],
            browser=come.browser[:300],
            how=how,
            what=what,
            factor=factor,
        )
        await self._records.write(lambda c: access.add_session(c, session, now), tenant=ALL)
        who = of_session(person, session)
        self._known[session.digest] = who
        return cookie, who

    async def proved(self, who: Principal, *, factor: bool) -> None:
        """Note that the person of a session has just proved again who they are; ``factor``: with a second factor."""
        fresh = replace(who, proved_us=self._clock_us(), factor=who.factor or factor)
        if self._known.get(who.session) is None:
            return
        self._known[who.session] = fresh
        if fresh.factor != who.factor:
            await self._put_proof(fresh)

    async def no_factor(self, name: str) -> None:
        """Follow after somebody's last second factor is gone: what their sessions have shown counts no more."""
        for key, who in list(self._known.items()):
            if who.by == "cookie" and who.user == name and who.factor and who.how != "account":
                self._known[key] = replace(who, factor=False)
                await self._put_proof(self._known[key])

    async def _put_proof(self, who: Principal) -> None:
        row = SessionRow(who.session, who.user, 0, 0, how=who.how, what=who.what, factor=who.factor)
        await self._records.write(lambda c: access.put_proof(c, row), tenant=ALL)

    async def sign_out(self, who: Principal) -> None:
        if who.session:
            self._known.pop(who.session, None)
            await self._records.write(lambda c: access.drop_session(c, who.session), tenant=ALL)

    def recognise(self, secret: str) -> Principal | None:
        """Say whose cookie or token this is; microseconds."""
        who = self._known.get(digest(secret))
        if who is not None and (who.expires_us < self._clock_us() or who.human in self.locked):
            return None
        if who is not None and who.token:
            self.used_tokens.add((who.tenant, who.token))
        return who

    def held_token(self, token: str) -> Principal | None:
        """Return a token, by its public name, as it is now; None when it has ended or its person is shut out."""
        who = next((w for w in self._known.values() if w.token == token), None)
        ended = who is None or who.expires_us < self._clock_us() or who.human in self.locked
        return None if ended else who

    def stands(self, session: str, name: str) -> bool:
        """Say whether a session (its digest) is still somebody's."""
        who = self._known.get(session)
        return who is not None and who.user == name and who.expires_us >= self._clock_us() and name not in self.locked

    async def set_password(self, who: Principal, fresh: str, current: str | None) -> None:
        """Set a person's password and end their other sessions. Without ``current`` only after a one-time secret."""
        person = await self.find(who.user)
        if person is None or who.by != "cookie":
            raise Reauthenticate("auth.denied", "only a signed-in person has a password to set", place="password")
        async with self._hashing:
            held = await asyncio.to_thread(verify_password, person.password_hash, current or "")
            again = await asyncio.to_thread(verify_password, person.password_hash, fresh)
        if not person.must_set_password and not held:
            raise Reauthenticate("auth.denied", "the current password is wrong", place="current")
        check_new_password(fresh, person.name)
        if again:
            raise FixConfiguration("config.invalid", "choose a password that is not the present one", place="password")
        row = replace(person, password_hash=await self.hashed(fresh), must_set_password=False)

        def work(connection: sa.Connection) -> None:
            access.put_person(connection, row)
            access.drop_sessions_of(connection, row.name, keep=who.session)

        await self._records.write(work, tenant=ALL)
        for key, other in list(self._known.items()):
            if other.by == "cookie" and other.user == row.name:
                if key == who.session:
                    self._known[key] = replace(other, must_set_password=False)
                else:
                    del self._known[key]

    async def prove_password(self, who: Principal, password: str) -> None:
        """Raise auth.denied unless this is the password of the signed-in person."""
        person = await self.find(who.user) if who.by == "cookie" else None
        async with self._hashing:
            good = person is not None and await asyncio.to_thread(verify_password, person.password_hash, password)
        if not good:
            raise Reauthenticate("auth.denied", "the password is wrong", place="password")

    async def set_language(self, who: Principal, language: str) -> None:
        person = await self.find(who.user)
        if person is None:
            return
        row = replace(person, language=language)
        await self._records.write(lambda c: access.put_person(c, row), tenant=ALL)
        for key, other in list(self._known.items()):
            if other.by == "cookie" and other.user == row.name:
                self._known[key] = replace(other, language=language)

    async def tokens(self, tenant: str) -> list[TokenRow]:
        return await self._records.read(lambda c: access.all_tokens(c, tenant), tenant=tenant)

    async def add_token(
        self,
        tenant: str,
        title: str,
        *,
        person: str | None = None,
        role: str = "admin",
        expires_us: int | None = None,
        under: Collection[str] = (),
    ) -> str:
        """Make an API token; it is shown once and kept only as a digest.

        ``expires_us``: None for never; ``under``: the grants that let its maker: it ends when one of them does.
        """
        secret = new_token("bgt")
        now = self._clock_us()
        row = TokenRow(new_token("t")[:12], tenant, person, title, digest(secret), role, now, expires_us)

        def work(connection: sa.Connection) -> None:
            access.ensure_tenant(connection, tenant, row.created_us)
            access.add_token(connection, row)
            add_token_grants(connection, row.token, under)

        await self._records.write(work, tenant=tenant)
        for grant in under:
            self._under.setdefault(grant, set()).add(row.token)
        self._known[row.digest] = of_token(row, await self.find(person) if person else None)
        return secret

    async def drop_token(self, tenant: str, token: str) -> None:
        held = next((t for t in await self.tokens(tenant) if t.token == token), None)
        if held is None:
            raise FixConfiguration("http.not_found", f"there is no token {token!r}", place=token)
        await self._records.write(lambda c: access.drop_token(c, tenant, token), tenant=tenant)
        self._known.pop(held.digest, None)

    async def end_tokens(self, name: str) -> None:
        """End every API token of a person, in whichever company it is."""
        await self._records.write(lambda c: access.drop_tokens_of(c, name), tenant=ALL)
        self._known = {key: who for key, who in self._known.items() if not (who.token and who.person == name)}

    def grant_ended(self, grant: str) -> None:
        """Follow the records after a grant was revoked, with the tokens that were made with it."""
        ended = self._under.pop(grant, set())
        if ended:
            self._known = {key: who for key, who in self._known.items() if who.token not in ended}

    async def ensure_key(self, path: Path, tenant: str) -> str:
        """Return the token in the key file (mode 600), writing a new one when there is none that works."""
        held = await asyncio.to_thread(_read_key, path)
        if held and self.recognise(held) is not None:
            return held
        secret = await self.add_token(tenant, _KEY_TITLE)
        await asyncio.to_thread(write_atomically, path, secret + "\n")
        return secret

    async def find(self, name: str) -> PersonRow | None:
        return await self._records.read(lambda c: access.person(c, name), tenant=ALL)

    async def hashed(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(hash_password, password)

    def changed(self, row: PersonRow) -> None:
        """Follow the records after a person's roles have changed: sessions go on with the new ones, tokens within."""
        for key, who in list(self._known.items()):
            if who.by == "cookie" and who.user == row.name:
                self._known[key] = replace(who, role=row.role)
            elif who.token and who.person == row.name:
                self._known[key] = still_given(who, row.tenant, row.role)
        self._roles_changed()

    def forget(self, name: str) -> None:
        """Follow the records after a person is gone, with sessions and tokens."""
        self.locked.discard(name)
        self._known = {k: w for k, w in self._known.items() if w.human != name}
        self._roles_changed()

    def forget_tenant(self, tenant: str, names: Iterable[str]) -> None:
        """Follow the records after a company is gone, with these people, every session and token."""
        self.locked.difference_update(names)
        self._known = {k: w for k, w in self._known.items() if w.tenant != tenant}
        self._roles_changed()

    async def sessions(self, *, person: str = "", tenant: str = "") -> list[SessionRow]:
        """Return the sessions that have not run out, of one person or of a company's people, newest first."""
        now = self._clock_us()
        found = await self._records.read(
            lambda c: access.all_sessions(c, now, person=person, tenant=tenant), tenant=tenant or ALL
        )
        return sorted(found, key=lambda s: -s.created_us)

    async def end_sessions(
        self, name: str, *, only: str | None = None, keep: str = "", opened_by: tuple[str, str] | None = None
    ) -> None:
        """End somebody's sessions: all, all but ``keep`` (a digest), or ``only`` one, by its public name.

        ``opened_by``: how and with what, as a session has it: only those.
        """
        ended = [s for s in await self.sessions(person=name) if s.digest != keep]
        if opened_by is not None:
            ended = [s for s in ended if (s.how, s.what) == opened_by]
        if only is not None:
            ended = [s for s in ended if session_name(s.digest) == only]
            if not ended:
                raise FixConfiguration("http.not_found", f"there is no session {only!r}", place=only)

        def work(connection: sa.Connection) -> None:
            for session in ended:
                access.drop_session(connection, session.digest)

        await self._records.write(work, tenant=ALL)
        for session in ended:
            self._known.pop(session.digest, None)

    def device_cookie(self, user: str) -> str:
        """Mark a browser that has signed in as ``user``: strangers' failures do not slow it down."""
        nonce = new_token("d")
        return f"{nonce}.{sign(self._device_key, f'{user}.{nonce}')}"

    def knows_device(self, user: str, cookie: str) -> bool:
        nonce, _, proof = cookie.rpartition(".")
        return bool(nonce) and same(proof, sign(self._device_key, f"{user}.{nonce}"))


def session_name(digest: str) -> str:
    """Return what a session is called in lists; it opens nothing."""
    return digest[:16]


def _device_key(connection: sa.Connection) -> str:
    held = access.setting(connection, "device_key")
    if held is None:
        held = new_token()
        access.put_setting(connection, "device_key", held)
    return held


def _read_key(path: Path) -> str:
    return path.read_text("utf-8").strip() if path.is_file() else ""
