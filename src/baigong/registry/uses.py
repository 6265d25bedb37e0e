"""Remembers when tokens and grants were last of use, so that what nobody needs can be named and taken away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

import sqlalchemy as sa

from baigong.stores.records import ALL, Records
from baigong.stores.records.access import put_setting, setting
from baigong.stores.records.grants import GrantRow
from baigong.stores.records.uses import Use, all_uses, put_uses
from baigong.vocab.errors import BaigongError

_SINCE = "uses_since"
_WRITE_S = 60.0
_FRESH_US = 3_600_000_000  # what was written down less than an hour ago is not written again


K = TypeVar("K")


class Unwritten(Generic[K]):
    """When things were last of use, until the next round writes it down; a killed platform forgets so much."""

    def __init__(self, records: Records, put: Callable[[sa.Connection, Mapping[K, int]], None]) -> None:
        self._records = records
        self._put = put
        self.times: dict[K, int] = {}

    async def write(self) -> None:
        fresh, self.times = self.times, {}
        if not fresh:
            return
        try:
            await self._records.write(lambda c: self._put(c, fresh), tenant=ALL)
        except BaigongError:  # a full disk: the next round writes it
            self.times = fresh | self.times


async def write_in_rounds(every_s: float, write: Callable[[], Awaitable[None]]) -> None:
    """Write down from time to time, until cancelled, and then once more."""
    try:
        while True:
            await asyncio.sleep(every_s)
            await write()
    finally:
        await write()


class Uses:
    """``tokens`` (tenant, token) and ``policies`` (ids of what decided) are added to at every use, by who knows."""

    def __init__(
        self,
        records: Records,
        clock_us: Callable[[], int],
        granted: Callable[[str], GrantRow | None],
        tokens: set[tuple[str, str]],
        policies: set[str],
    ) -> None:
        self._records = records
        self._clock_us = clock_us
        self._granted = granted
        self._tokens, self._policies = tokens, policies
        self._last: dict[Use, int] = {}
        self._unwritten = Unwritten(records, put_uses)
        self.since_us = clock_us()  # what was of use before that, nobody wrote down

    async def load(self) -> None:
        self._last = await self._records.read(all_uses, tenant=ALL)
        self.since_us = await self._records.write(lambda c: _since(c, self._clock_us()), tenant=ALL)

    def last(self, tenant: str, kind: str, name: str) -> int:
        """Return when it was last of use; 0 where that never was, since this is written down."""
        self._take()
        return self._last.get((tenant, kind, name), 0)

    async def run(self) -> None:
        await write_in_rounds(_WRITE_S, self._write)

    async def _write(self) -> None:
        self._take()
        await self._unwritten.write()

    def _take(self) -> None:
        now = self._clock_us()
        found = [(tenant, "token", token) for tenant, token in self._tokens]
        found += [(row.tenant, "grant", row.grant) for id in self._policies if (row := self._granted(id)) is not None]
        self._tokens.clear()
        self._policies.clear()
        fresh = {use: now for use in found if now - self._last.get(use, 0) > _FRESH_US}
        self._last |= fresh
        self._unwritten.times |= fresh


def _since(connection: sa.Connection, now_us: int) -> int:
    held = setting(connection, _SINCE)
    if held is None:
        put_setting(connection, _SINCE, str(now_us))
        return now_us
    return int(held)
