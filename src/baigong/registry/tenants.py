"""The companies on this platform, the regions they are in, and whether they may work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.rights import Place
from baigong.stores.records import Records
from baigong.stores.records.access import PersonRow, ensure_tenant
from baigong.stores.records.companies import (
    CompanyRow,
    RegionRow,
    all_companies,
    all_regions,
    has_tenant,
    put_company,
    put_region,
)
from baigong.stores.records.members import add_person
from baigong.vocab.credit_code import credit_code
from baigong.vocab.errors import FixConfiguration, Reauthenticate
from baigong.vocab.ids import tenant_id

PENDING, ACTIVE, SUSPENDED = "pending", "active", "suspended"


class Quotas(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a company may use at most; None: no bound. Kept and shown here."""

    points: int | None = None
    devices: int | None = None
    people: int | None = None
    values_per_day: int | None = None


class Company(Struct, frozen=True, kw_only=True):
    """``state``: pending until its first person has set a password, then active, or suspended by the operator."""

    tenant: str
    title: str = ""
    title_zh: str = ""
    region: str = ""
    credit_code: str = ""
    state: str = ACTIVE
    quotas: Quotas = Quotas()
    created_us: int = 0


class Tenants:
    """Every company in memory: asked at each door."""

    def __init__(self, records: Records, clock_us: Callable[[], int]) -> None:
        self._records = records
        self._clock_us = clock_us
        self._known: dict[str, Company] = {}
        self._regions: dict[str, RegionRow] = {}
        self._one_change = asyncio.Lock()

    async def load(self) -> None:
        self._known = {row.tenant: _told(row) for row in await self._records.read(all_companies)}
        self._regions = {row.region: row for row in await self._records.read(all_regions)}

    def place(self, tenant: str) -> Place | None:
        """Say where a tenant stands, for policies; None for an unknown one."""
        company = self._find(tenant)
        return None if company is None else Place(region=company.region, suspended=company.state == SUSPENDED)

    def suspended(self, tenant: str) -> bool:
        held = self._known.get(tenant)
        return held is not None and held.state == SUSPENDED

    def require_standing(self, tenant: str) -> None:
        """Raise tenant.suspended for a company that stands still."""
        if self.suspended(tenant):
            raise Reauthenticate("tenant.suspended", f"the company {tenant} is suspended", place=tenant)

    def get(self, tenant: str) -> Company:
        company = self._find(tenant)
        if company is None:
            raise FixConfiguration("http.not_found", f"there is no company {tenant!r}", place=tenant)
        return company

    async def search(self, text: str = "", region: str = "", state: str = "") -> list[Company]:
        """Find companies by a part of id, title or credit code; those that stand still first, then by id."""
        await self.load()
        wanted = text.casefold().strip()
        found = [
            c
            for c in self._known.values()
            if wanted in "\n".join((c.tenant, c.title, c.title_zh, c.credit_code)).casefold()
            and region in ("", c.region)
            and state in ("", c.state)
        ]
        return sorted(found, key=lambda c: ((SUSPENDED, PENDING, ACTIVE).index(c.state), c.tenant))

    async def add(self, company: Company, admin: PersonRow | None = None) -> Company:
        """Make a company and its first person, both or neither. Raises config.conflict for one that exists."""
        made = msgspec.structs.replace(
            company,
            tenant=tenant_id(company.tenant),
            credit_code=credit_code(company.credit_code) if company.credit_code else "",
            state=PENDING if admin else ACTIVE,
            created_us=self._clock_us(),
        )
        self._check(made)

        def work(connection: sa.Connection) -> None:
            if has_tenant(connection, made.tenant):
                raise FixConfiguration("config.conflict", f"the company {made.tenant} exists", place="tenant")
            ensure_tenant(connection, made.tenant, made.created_us)
            put_company(connection, _row(made))
            if admin is not None:
                add_person(connection, admin)

        async with self._one_change:
            await self._records.write(work)
            self._known[made.tenant] = made
        return made

    async def describe(self, tenant: str, title: str, title_zh: str, region: str, code: str, quotas: Quotas) -> Company:
        """Correct what is known of a company."""
        async with self._one_change:
            held = self.get(tenant)
            made = msgspec.structs.replace(
                held, title=title, title_zh=title_zh, region=region, quotas=quotas,
                credit_code=credit_code(code) if code else "",
            )  # fmt: skip
            self._check(made)
            await self._put(made)
        return made

    async def set_state(self, tenant: str, state: str) -> Company:
        async with self._one_change:
            made = msgspec.structs.replace(self.get(tenant), state=state)
            await self._put(made)
        return made

    async def begun(self, tenant: str) -> None:
        """A person of it has set a password: what was pending is active."""
        held = self._known.get(tenant)
        if held is not None and held.state == PENDING:
            await self.set_state(tenant, ACTIVE)

    def regions(self) -> list[RegionRow]:
        return sorted(self._regions.values(), key=lambda r: r.region)

    async def put_region(self, region: RegionRow) -> None:
        row = replace(region, region=tenant_id(region.region))
        await self._records.write(lambda c: put_region(c, row))
        self._regions[row.region] = row

    def _find(self, tenant: str) -> Company | None:
        held = self._known.get(tenant)
        # Devices, tokens and episodes make their tenant when they are the first of it: one small read finds it.
        if held is None and self._records.read_now(lambda c: has_tenant(c, tenant)):
            held = self._known[tenant] = Company(tenant=tenant, created_us=self._clock_us())
        return held

    async def _put(self, company: Company) -> None:
        await self._records.write(lambda c: put_company(c, _row(company)))
        self._known[company.tenant] = company

    def _check(self, company: Company) -> None:
        if company.region and company.region not in self._regions:
            raise FixConfiguration("config.invalid", f"there is no region {company.region!r}", place="region")
        code = company.credit_code
        twin = next(
            (c for c in self._known.values() if code and c.credit_code == code and c.tenant != company.tenant), None
        )
        if twin is not None:
            raise FixConfiguration("config.conflict", f"{twin.tenant} has this credit code", place="credit_code")


def _told(row: CompanyRow) -> Company:
    return Company(
        tenant=row.tenant,
        title=row.title,
        title_zh=row.title_zh,
        region=row.region,
        credit_code=row.credit_code,
        state=row.state,
        quotas=msgspec.json.decode(row.quotas, type=Quotas),
        created_us=row.created_us,
    )


def _row(company: Company) -> CompanyRow:
    return CompanyRow(
        tenant=company.tenant,
        title=company.title,
        title_zh=company.title_zh,
        region=company.region,
        credit_code=company.credit_code,
        state=company.state,
        quotas=msgspec.json.encode(company.quotas).decode(),
        created_us=company.created_us,
    )
