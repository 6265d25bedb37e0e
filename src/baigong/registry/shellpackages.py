"""AASX packages of the tenants, kept whole as they were handed in: looked into once, bounded together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import sqlalchemy as sa

from baigong.models.aas import errors, read
from baigong.models.aas.findings import refusal
from baigong.registry.quotas import QuotaBook
from baigong.stores.records import Records
from baigong.stores.records.access import ensure_tenant
from baigong.stores.records.shellpackages import (
    PackageRow,
    drop_package,
    package_of,
    packages_of,
    put_package,
)
from baigong.vocab.errors import FixConfiguration

MOST_BYTES = 1 << 30  # of one tenant's packages together
_MOST = 1_000  # packages of one tenant
_LONGEST = 2_000  # characters of an id, as the metamodel has it


class ShellPackages:
    """Lives on the event loop."""

    def __init__(
        self, records: Records, quotas: QuotaBook, clock_us: Callable[[], int], most: int = MOST_BYTES
    ) -> None:
        self._records, self._quotas, self._clock_us, self._most = records, quotas, clock_us, most
        self._one_change = asyncio.Lock()

    async def rows(self, tenant: str) -> list[PackageRow]:
        """Return all without their contents, by id."""
        return await self._records.read(lambda c: packages_of(c, tenant), tenant=tenant)

    async def get(self, tenant: str, id: str) -> tuple[PackageRow, bytes]:
        """Raise aas.unknown."""
        found = await self._records.read(lambda c: package_of(c, tenant, id), tenant=tenant)
        if found is None:
            raise _unknown(id)
        return found

    async def put(self, tenant: str, id: str, file: str, content: bytes, by: str) -> tuple[PackageRow, bool]:
        """Keep one, new or in place of another; says whether it is new. Rules of the metamodel are not judged.

        Raises what reading a package does, aas.package for relationships that lead nowhere, aas.full, quota.full.
        """
        if not 0 < len(id) <= _LONGEST:
            raise FixConfiguration("aas.identifier", f"an id has 1 to {_LONGEST:,} characters", place=id[:100])
        shells = await asyncio.to_thread(_looked, content, file)
        async with self._one_change:
            held = {row.id: row for row in await self.rows(tenant)}
            old = held.get(id)
            grows = len(content) - (old.size if old else 0)
            if sum(row.size for row in held.values()) + grows > self._most or (old is None and len(held) >= _MOST):
                raise FixConfiguration(
                    "aas.full", f"packages have at most {self._most:,} bytes together, and are at most {_MOST:,}",
                    place=id,
                )  # fmt: skip
            if grows > 0:
                self._quotas.check(tenant, "storage", grows)
            now = self._clock_us()
            row = PackageRow(tenant, id, file, msgspec.json.encode(shells).decode(), len(content), now, by)

            def work(connection: sa.Connection) -> None:
                ensure_tenant(connection, tenant, now)
                put_package(connection, row, content)

            await self._records.write(work, tenant=tenant)
        return row, old is None

    async def drop(self, tenant: str, id: str) -> None:
        """Raise aas.unknown."""
        async with self._one_change:
            if not await self._records.write(lambda c: drop_package(c, tenant, id), tenant=tenant):
                raise _unknown(id)


def _looked(content: bytes, file: str) -> list[str]:
    """Return the ids of the shells in a package. Raises what is wrong with it as a package."""
    package = read(content, form="aasx", place=file)
    wrong = errors(package.notes)
    if wrong:
        raise refusal(wrong)
    return [shell["id"] for shell in package.environment.shells]


def _unknown(id: str) -> FixConfiguration:
    return FixConfiguration("aas.unknown", f"there is no package {id!r}", place=id[:100])
