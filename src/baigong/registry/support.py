"""Support access: the platform's people come into a company only when it consents, with an end, and in its audit log.

A consent is a grant like any other (registry/rights.py): it ends by itself, also for whoever is listening, and the
company ends it at once by revoking it. Machines are never commanded this way: that stays with the company's people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.audit import Entry
from baigong.registry.people import Principal
from baigong.registry.rights import Rights, policy_text, policy_time, principal_ref, tenant_ref
from baigong.registry.tenants import Tenants
from baigong.security.scope import Ref
from baigong.security.tokens import new_token
from baigong.stores.records import ALL, Records
from baigong.stores.records.grants import revoke_grant
from baigong.stores.records.support import (
    SupportRow,
    add_request,
    change_request,
    list_requests,
    live_requests,
    request,
)
from baigong.vocab.errors import FixConfiguration, Reauthenticate

LONGEST_HOURS = 7 * 24.0
LEVELS: dict[str, tuple[str, ...]] = {
    "look": ("see",),
    "read": ("see", "read"),
    "operate": ("see", "read", "annotate", "configure", "stop"),
}
_LIVE = ("asked", "open")
_HOUR_US = 3_600_000_000
_WAITS_US = 7 * 24 * _HOUR_US  # a request that nobody answered is over then


class SupportAccess(Struct, frozen=True, kw_only=True):
    """``state``: asked, open, refused, or over (ended, lapsed, its grant revoked). ``asker``: company/name."""

    id: str
    tenant: str
    asker: str
    reason: str
    level: str
    actions: tuple[str, ...]
    hours: float
    asked_us: int
    state: str
    decided_by: str
    decided_us: int | None
    ends_us: int | None
    ended_by: str
    ended_us: int | None


class Support:
    """What is asked and open in memory, for each line of the audit log about another company; the rest in records."""

    def __init__(self, records: Records, rights: Rights, tenants: Tenants, clock_us: Callable[[], int]) -> None:
        self._records = records
        self._rights = rights
        self._tenants = tenants
        self._clock_us = clock_us
        self._rows: dict[str, SupportRow] = {}
        self._one_change = asyncio.Lock()

    async def load(self) -> None:
        now = self._clock_us()
        found = await self._records.read(lambda c: live_requests(c, now - _WAITS_US, now), tenant=ALL)
        self._rows = {row.id: row for row in found}

    def forget(self, tenant: str) -> None:
        """Let go of what was asked of a company that has left."""
        self._rows = {key: row for key, row in self._rows.items() if row.tenant != tenant}

    def live(self, tenant: str) -> list[SupportAccess]:
        """Return what waits for a company's answer, and what is open; newest first."""
        told = [self._told(row) for row in self._rows.values() if row.tenant == tenant]
        return sorted((one for one in told if one.state in _LIVE), key=lambda one: -one.asked_us)

    async def listed(self, tenant: str = "", before_us: int | None = None, limit: int = 200) -> list[SupportAccess]:
        """Return a page of what was asked of a company, or of all; newest first."""
        rows = await self._records.read(lambda c: list_requests(c, tenant, before_us, limit), tenant=tenant or ALL)
        return [self._told(row) for row in rows]

    def mark(self, entry: Entry) -> Entry:
        """Mark a line of the audit log that somebody wrote under a consent, with its reason."""
        if entry.who.split("/")[0] == entry.tenant:
            return entry
        for row in self._rows.values():
            if (row.asker, row.tenant) == (entry.who, entry.tenant) and self._state(row) == "open":
                return msgspec.structs.replace(entry, support=f"{row.id}: {row.reason}")
        return entry

    async def ask(self, who: Principal, tenant: str, reason: str, level: str, hours: float) -> SupportAccess:
        """Ask a company to let ``who`` in. Raises config.conflict for what they asked before, or for their own."""
        self._tenants.get(tenant)
        asker, reason = who.full_name, reason.strip()
        if level not in LEVELS:
            raise FixConfiguration("config.invalid", f"a level is of {', '.join(LEVELS)}", place="level")
        if len(reason) < 3 or not 0 < hours <= LONGEST_HOURS:
            raise FixConfiguration(
                "config.invalid", f"say why, and for how long: at most {LONGEST_HOURS:g} hours", place="reason"
            )
        if who.tenant == tenant:
            raise FixConfiguration(
                "config.conflict", "nobody asks their own company for support access", place="tenant"
            )
        async with self._one_change:
            held = [r for r in self._rows.values() if (r.asker, r.tenant) == (asker, tenant)]
            if any(self._state(row) in _LIVE for row in held):
                raise FixConfiguration("config.conflict", f"{tenant} was asked already: see the list", place="tenant")
            row = SupportRow(
                id=new_token("s")[:14], tenant=tenant, asker=asker, asker_kind=principal_ref(who).kind, reason=reason,
                level=level, hours=hours, asked_us=self._clock_us(),
            )  # fmt: skip
            await self._records.write(lambda c: add_request(c, row), tenant=tenant)
            self._rows = {key: one for key, one in self._rows.items() if self._state(one) in _LIVE} | {row.id: row}
        return self._told(row)

    async def allow(self, who: Principal, tenant: str, id: str, hours: float | None = None) -> SupportAccess:
        """Consent, for as long as was asked or less. Only the company's own people may, for what they may themselves.

        Raises http.not_found, config.conflict for what is decided already, auth.denied.
        """
        _check_home(who, tenant)
        async with self._one_change:
            row = await self._waiting(tenant, id)
            for action in LEVELS[row.level]:
                self._rights.require(who, action, tenant_ref(tenant))
            lasts = min(row.hours, hours) if hours else row.hours
            now = self._clock_us()
            ends = (now + round(lasts * _HOUR_US)) // 1_000_000 * 1_000_000
            company, _, name = row.asker.partition("/")
            who_asked, until = Ref(row.asker_kind, name), policy_time(ends)
            text = policy_text(who_asked, LEVELS[row.level], tenant_ref(tenant), ends=until, company=company)
            fresh = replace(row, state="allowed", decided_by=who.user, decided_us=now, ends_us=ends)

            def also(connection: sa.Connection, grant: str) -> None:
                changes = {n: getattr(fresh, n) for n in ("state", "decided_by", "decided_us", "ends_us")}
                change_request(connection, id, "asked", changes | {"grant": grant})

            made = await self._rights.grant(tenant, text, f"support: {row.reason}"[:200], who.user, also=also)
            self._rows[id] = replace(fresh, grant=made.grant)
        return self._told(self._rows[id])

    async def refuse(self, who: Principal, tenant: str, id: str) -> SupportAccess:
        _check_home(who, tenant)
        async with self._one_change:
            return await self._close(await self._waiting(tenant, id), "refused", decided_by=who.user)

    async def end(self, who: Principal, tenant: str, id: str) -> SupportAccess:
        """End it at once, or take back what was asked: the company, or who asked. Raises http.not_found."""
        async with self._one_change:
            row = await self._find(tenant, id)
            if who.tenant != tenant and row.asker != who.full_name:
                raise Reauthenticate("auth.denied", "ended by the company or by who asked", place=id)
            if self._state(row) not in _LIVE:
                raise FixConfiguration("config.conflict", "it is over already", place=id)
            return await self._close(row, "ended", ended_by=f"{who.tenant}/{who.user}")

    async def _close(self, row: SupportRow, state: str, decided_by: str = "", ended_by: str = "") -> SupportAccess:
        now = self._clock_us()
        fresh = replace(row, state=state, ended_by=ended_by, ended_us=now if ended_by else None)
        if decided_by:
            fresh = replace(fresh, decided_by=decided_by, decided_us=now)
        changes = {n: getattr(fresh, n) for n in ("state", "decided_by", "decided_us", "ended_by", "ended_us")}

        def work(connection: sa.Connection) -> None:
            change_request(connection, row.id, row.state, changes)
            if row.grant:
                revoke_grant(connection, row.tenant, row.grant, ended_by, now)

        await self._records.write(work, tenant=row.tenant)
        self._rows.pop(row.id, None)
        if row.grant:
            self._rights.forget(row.grant)
        return self._told(fresh)

    async def _find(self, tenant: str, id: str) -> SupportRow:
        row = self._rows.get(id) or await self._records.read(lambda c: request(c, id), tenant=tenant)
        if row is None or row.tenant != tenant:
            raise FixConfiguration("http.not_found", f"nobody asked {tenant} for {id!r}", place=id)
        return row

    async def _waiting(self, tenant: str, id: str) -> SupportRow:
        row = await self._find(tenant, id)
        if self._state(row) != "asked":
            raise FixConfiguration("config.conflict", f"this is {self._state(row)} already", place=id)
        return row

    def _state(self, row: SupportRow) -> str:
        now = self._clock_us()
        if row.state == "asked":
            return "asked" if now < row.asked_us + _WAITS_US else "over"
        if row.state == "allowed":
            held = self._rights.held(row.grant) is not None and now < (row.ends_us or 0)
            return "open" if held else "over"
        return "refused" if row.state == "refused" else "over"

    def _told(self, row: SupportRow) -> SupportAccess:
        return SupportAccess(
            id=row.id, tenant=row.tenant, asker=row.asker, reason=row.reason, level=row.level,
            actions=LEVELS[row.level], hours=row.hours, asked_us=row.asked_us, state=self._state(row),
            decided_by=row.decided_by, decided_us=row.decided_us, ends_us=row.ends_us, ended_by=row.ended_by,
            ended_us=row.ended_us,
        )  # fmt: skip


def _check_home(who: Principal, tenant: str) -> None:
    if who.tenant != tenant:
        raise Reauthenticate("auth.denied", f"only people of {tenant} consent to this", place=tenant)
