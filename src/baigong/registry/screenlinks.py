"""Links that show one screen to those without an account: off unless somebody makes one, until a day, revocable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec

from baigong.security.tokens import digest, new_token
from baigong.stores.records import ALL
from baigong.stores.records.engine import Records
from baigong.stores.records.screens import LinkRow, add_link, all_links, revoke_link
from baigong.vocab.errors import FixConfiguration

_MOST = 200  # of one company at a time
_LONGEST_US = 366 * 86_400_000_000


class ScreenLinks:
    """Lives on the event loop, everything in memory."""

    def __init__(self, records: Records, clock_us: Callable[[], int]) -> None:
        self._records, self._clock_us = records, clock_us
        self._held: dict[str, LinkRow] = {}  # by digest

    async def load(self) -> None:
        self._held = {row.digest: row for row in await self._records.read(all_links, tenant=ALL)}

    def of(self, tenant: str, screen: str) -> list[LinkRow]:
        """Return those of a screen that are in force, the newest first."""
        found = [row for row in self._in_force(tenant) if row.screen == screen]
        return sorted(found, key=lambda row: -row.made_us)

    def _in_force(self, tenant: str) -> list[LinkRow]:
        now = self._clock_us()
        return [r for r in self._held.values() if r.tenant == tenant and r.revoked_us is None and r.ends_us > now]

    async def make(
        self, tenant: str, screen: str, chosen: dict[str, str], title: str, ends_us: int, by: str
    ) -> tuple[LinkRow, str]:
        """Make one; returns it with its secret, which is told once. Raises config.invalid, quota.full."""
        now = self._clock_us()
        if not now < ends_us <= now + _LONGEST_US:
            raise FixConfiguration("config.invalid", "a link ends within a year from now", place="ends_us")
        if len(self._in_force(tenant)) >= _MOST:
            raise FixConfiguration("quota.full", f"a company has at most {_MOST} links at a time", place="links")
        secret = new_token("bgv")
        row = LinkRow(
            link=new_token("v")[:14],
            tenant=tenant,
            screen=screen,
            chosen=msgspec.json.encode(chosen).decode(),
            title=title,
            digest=digest(secret),
            made_by=by,
            made_us=now,
            ends_us=ends_us,
        )
        await self._records.write(lambda c: add_link(c, row), tenant=tenant)
        self._held[row.digest] = row
        return row, secret

    async def revoke(self, tenant: str, link: str, by: str) -> LinkRow:
        """End one now. Raises http.not_found."""
        row = next((r for r in self._in_force(tenant) if r.link == link), None)
        if row is None:
            raise FixConfiguration("http.not_found", f"there is no link {link!r}", place=link)
        now = self._clock_us()
        await self._records.write(lambda c: revoke_link(c, tenant, link, by, now), tenant=tenant)
        self._held[row.digest] = replace(row, revoked_us=now, revoked_by=by)
        return row

    def opened(self, secret: str) -> LinkRow:
        """Return what a secret opens. Raises link.ended for one that did, or was ended; else link.unknown."""
        row = self._held.get(digest(secret))
        if row is None:
            raise FixConfiguration("link.unknown", "there is no such link", place="token")
        if row.revoked_us is not None or row.ends_us <= self._clock_us():
            raise FixConfiguration("link.ended", "this link has ended", place="token")
        return row

    def forget(self, tenant: str) -> None:
        """Follow the records after a tenant is gone."""
        self._held = {key: row for key, row in self._held.items() if row.tenant != tenant}
