"""Lets a company in: one approval makes it, with its first administrator, its quotas and its starter package.

Company, administrator and quotas are one transaction; devices and retention follow, and are finished at the next
approval or start where something came between.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from baigong.registry.applications import Application, Applications
from baigong.registry.devices import Devices
from baigong.registry.members import Members
from baigong.registry.packages import FIRST, Package, Packages
from baigong.registry.people import Principal
from baigong.registry.quotas import QuotaBook
from baigong.registry.retention import Retention
from baigong.registry.roles import TENANT_ADMIN
from baigong.registry.tenants import PENDING, Company, Tenants
from baigong.stores.records.applications import ApplicationRow, put_application
from baigong.vocab.errors import BaigongError, FixConfiguration, Reauthenticate
from baigong.vocab.keep import Keep


class Unpacking:
    """Gives a company what its starter package says, as far as it has not got it."""

    def __init__(self, packages: Packages, devices: Devices, retention: Retention) -> None:
        self.packages = packages
        self._devices = devices
        self._retention = retention

    async def unpack(self, tenant: str, name: str) -> None:
        package: Package = await self.packages.get(name)
        missing = [s for s in package.specs() if self._devices.find(tenant, s.device) is None]
        if missing:
            await self._devices.put_many(tenant, missing, f"package {name}")
        if package.retention != Keep() and self._retention.of(tenant) == Keep():
            await self._retention.put(tenant, package.retention, f"package {name}")


class Onboarding:
    """``made``: told the id of a company that has just been made."""

    def __init__(
        self,
        queue: Applications,
        tenants: Tenants,
        members: Members,
        quotas: QuotaBook,
        unpacking: Unpacking,
        made: Callable[[str], None],
    ) -> None:
        self._queue = queue
        self._tenants = tenants
        self._members = members
        self._quotas = quotas
        self._unpacking = unpacking
        self._made = made

    async def approve(
        self, id: str, by: str, tenant: str = "", admin: str = "", package: str = "", region: str = ""
    ) -> tuple[Application, str]:
        """Make the company; returns it and its first administrator's one-time password, shown this once.

        Asked again for one that was approved: what is missing of its package is finished, and the password is empty.
        Raises application.second_person, config.conflict for an id or credit code that is taken, quota.promised.
        """
        async with self._queue.one_change:
            row = self._queue.find(id, region)
            if row.state == "approved":
                return self._queue.told(await self._finish(row), region), ""
            row = self._queue.waiting(id, region)
            if self._queue.rules.two_persons and row.entered_by == by:
                raise Reauthenticate("application.second_person", f"{by} entered it", place=id)
            if any(d.what == "credit_code" and not d.name for d in self._queue.told(row, region).doubles):
                raise FixConfiguration(
                    "config.conflict", "a company of another region has this credit code", place="credit_code"
                )
            wanted = tenant or row.wish
            if not wanted:
                raise FixConfiguration("config.invalid", "choose an id for the company", place="tenant")
            name = package or row.package or FIRST
            chosen = await self._unpacking.packages.get(name)
            person, secret = await self._members.first_admin(wanted, admin or f"{wanted}-admin")
            company = Company(
                tenant=wanted, title=row.title, title_zh=row.title_zh, region=row.region, credit_code=row.credit_code,
                quotas=chosen.limits(), quota_text=chosen.quota_text,
            )  # fmt: skip
            self._quotas.check_company(company, company.quotas)
            done = self._queue.stepped(
                replace(row, state="approved", tenant=wanted, package=name, admin=person.name, reviewer=by), by,
                "approved", wanted,
            )  # fmt: skip
            await self._tenants.add(company, person, also=lambda c: put_application(c, done))
            self._queue.follow(done)
            self._made(wanted)
            with suppress(BaigongError):  # the company is made: who approves again is told what is missing
                done = await self._finish(done)
            return self._queue.told(done, region), secret

    async def fresh_secret(self, id: str, region: str = "") -> tuple[str, str]:
        """Return (name, new one-time password) of a first administrator who has never come in."""
        row = self._queue.find(id, region)
        if row.tenant is None or self._tenants.get(row.tenant).state != PENDING:
            raise FixConfiguration("config.conflict", "only before the first sign-in", place=id)
        maker = Principal(tenant=row.tenant, user="", role=TENANT_ADMIN, by="")
        return row.admin, await self._members.reset(maker, row.tenant, row.admin)

    async def finish_all(self) -> None:
        """Finish what an earlier run left; what cannot be finished stays in the queue as that."""
        for row in self._queue.unfinished():
            with suppress(BaigongError):  # its package was changed meanwhile: whoever approves again is told
                await self._finish(row)

    async def _finish(self, row: ApplicationRow) -> ApplicationRow:
        if row.finished or row.tenant is None:
            return row
        await self._unpacking.unpack(row.tenant, row.package)
        done = replace(row, finished=True)
        await self._queue.put([done])
        return done
