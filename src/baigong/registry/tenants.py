"""The companies on this platform, the regions they are in, and whether they may work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.rights import Place
from baigong.registry.strangers import Strangers
from baigong.stores.records import ALL, Records
from baigong.stores.records.access import (
    GONE,
    LEAVING,
    PersonRow,
    count_tenants,
    ensure_tenant,
    put_setting,
    settings_of,
)
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
from baigong.vocab.quotas import Quotas as Quotas
from baigong.vocab.quotas import parse_quotas, quotas_text
from baigong.vocab.usage import PLATFORM

_RUN_BY = "run_by/"
PENDING, ACTIVE, SUSPENDED = "pending", "active", "suspended"
_STILL = (SUSPENDED, LEAVING, GONE)  # nothing of it works
_FIRST = (LEAVING, SUSPENDED, PENDING, ACTIVE, GONE)  # in lists


class Company(Struct, frozen=True, kw_only=True):
    """``state``: pending until its first person has set a password, then active, or suspended by the operator.

    ``leaving`` while all of it is deleted, then ``gone``: nothing is left but the id, which is never given again.

    ``quota_text``: its quotas as they were written; ``quotas``: the same, read.
    """

    tenant: str
    title: str = ""
    title_zh: str = ""
    region: str = ""
    credit_code: str = ""
    state: str = ACTIVE
    quotas: Quotas = Quotas()
    quota_text: str = ""
    created_us: int = 0


class Tenants:
    """Every company in memory: asked at each door."""

    def __init__(self, records: Records, clock_us: Callable[[], int]) -> None:
        self._records = records
        self._clock_us = clock_us
        self._known: dict[str, Company] = {}
        self._regions: dict[str, RegionRow] = {}
        self._run_by: dict[str, str] = {}  # region -> the company that runs it
        self._members: dict[str, list[Company]] = {}  # by region
        self._texts: dict[str, tuple[Company, str]] = {}  # what is searched
        self._counted = (0, 0)
        self._one_change = asyncio.Lock()
        self._strangers = Strangers(records)

    async def load(self) -> None:
        self._counted = await self._records.read(count_tenants, tenant=ALL)  # before: what comes meanwhile is new
        self._known = {row.tenant: _told(row) for row in await self._records.read(all_companies, tenant=ALL)}
        self._regions = {row.region: row for row in await self._records.read(all_regions, tenant=ALL)}
        self._run_by = await self._records.read(lambda c: settings_of(c, _RUN_BY), tenant=ALL)
        self._run_by = {name.removeprefix(_RUN_BY): by for name, by in self._run_by.items() if by}
        self._members = {}

    def ids(self) -> list[str]:
        return [tenant for tenant, held in self._known.items() if tenant != PLATFORM and held.state != GONE]

    def quotas(self, tenant: str) -> Quotas:
        """Return what is said of this company alone."""
        held = self._known.get(tenant)
        return held.quotas if held is not None else Quotas()

    def region_of(self, tenant: str) -> str:
        held = self._known.get(tenant)
        return held.region if held is not None else ""

    def of_region(self, region: str) -> list[Company]:
        if region not in self._members:
            self._members[region] = [c for c in self._known.values() if c.region == region and c.tenant != PLATFORM]
        return self._members[region]

    def place(self, tenant: str) -> Place | None:
        """Say where a tenant stands, for policies; None for an unknown one."""
        company = self._find(tenant)
        if company is None:
            return None
        runs = next((region for region, by in self._run_by.items() if by == tenant), "")
        return Place(region=company.region, suspended=company.state in _STILL, runs=runs)

    def suspended(self, tenant: str) -> bool:
        held = self._known.get(tenant)
        return held is not None and held.state in _STILL

    def has_left(self, tenant: str) -> bool:
        """Say whether a company has gone, or is being deleted: what still comes of it is dropped."""
        held = self._known.get(tenant)
        return held is not None and held.state in (LEAVING, GONE)

    def forget(self, tenant: str, state: str) -> None:
        """Follow the records: a company is leaving, or gone."""
        held = self._known.get(tenant, Company(tenant=tenant))
        gone = Company(tenant=tenant, state=GONE, created_us=held.created_us)
        self._keep(gone if state == GONE else msgspec.structs.replace(held, state=state))
        if state == GONE:
            self._run_by = {region: by for region, by in self._run_by.items() if by != tenant}

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
        """Find companies by a part of id, title or credit code; those that stand still first, then by id.

        Those that are gone are listed where they are asked for.
        """
        # Devices, tokens and episodes make their tenant when they are the first of it.
        if await self._records.read(count_tenants, tenant=ALL) != self._counted:
            await self.load()
        wanted = text.casefold().strip()
        found = [
            c
            for c in self._known.values()
            if c.tenant != PLATFORM
            and (not wanted or wanted in self._text_of(c))
            and region in ("", c.region)
            and (state == c.state or (not state and c.state != GONE))
        ]
        return sorted(found, key=lambda c: (_FIRST.index(c.state), c.tenant))

    def _text_of(self, company: Company) -> str:
        held = self._texts.get(company.tenant)
        if held is None or held[0] is not company:
            said = (company.tenant, company.title, company.title_zh, company.credit_code)
            held = self._texts[company.tenant] = (company, "\n".join(said).casefold())
        return held[1]

    def everyone(self) -> list[Company]:
        """Return every company that is known here, also those that stand still or have gone."""
        return [company for tenant, company in self._known.items() if tenant != PLATFORM]

    async def add(
        self,
        company: Company,
        admin: PersonRow | None = None,
        also: Callable[[sa.Connection], object] = lambda connection: None,
    ) -> Company:
        """Make a company and its first person, both or neither. Raises config.conflict for one that exists.

        ``also``: written with them, or not at all.
        """
        if company.tenant == PLATFORM:
            raise FixConfiguration("config.conflict", f"{PLATFORM} is the platform's own name", place="tenant")
        made = msgspec.structs.replace(
            company,
            tenant=tenant_id(company.tenant),
            quota_text=company.quota_text or quotas_text(company.quotas),
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
            also(connection)

        async with self._one_change:
            await self._records.write(work, tenant=ALL)
            self._keep(made)
        return made

    async def describe(
        self, tenant: str, title: str, title_zh: str, region: str, code: str, quotas: Quotas | None = None
    ) -> Company:
        """Correct what is known of a company. ``quotas`` None: they stay."""
        async with self._one_change:
            held = self._here(tenant)
            kept = quotas is None or quotas == held.quotas
            made = msgspec.structs.replace(
                held,
                title=title,
                title_zh=title_zh,
                region=region,
                credit_code=credit_code(code) if code else "",
                quotas=held.quotas if kept else quotas,
                quota_text=held.quota_text if kept else quotas_text(quotas or Quotas()),
            )
            self._check(made)
            await self._put(made)
        return made

    async def put_quotas(self, tenant: str, text: str) -> Company:
        """Keep a company's quotas, as they were written."""
        async with self._one_change:
            made = msgspec.structs.replace(self._here(tenant), quotas=parse_quotas(text), quota_text=text)
            await self._put(made)
        return made

    async def set_state(self, tenant: str, state: str) -> Company:
        async with self._one_change:
            made = msgspec.structs.replace(self._here(tenant), state=state)
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
        await self._records.write(lambda c: put_region(c, row), tenant=ALL)
        self._regions[row.region] = row

    def run_by(self, region: str) -> str:
        """Name the company that runs a region: it sees what the others there use. Empty: none."""
        return self._run_by.get(region, "")

    async def set_run_by(self, region: str, tenant: str) -> None:
        if tenant:
            self.get(tenant)
        await self._records.write(lambda c: put_setting(c, _RUN_BY + region, tenant), tenant=tenant)
        self._run_by[region] = tenant

    def _here(self, tenant: str) -> Company:
        """Return one that may be changed. Raises http.not_found, tenant.gone."""
        held = self.get(tenant)
        if held.state in (LEAVING, GONE):
            raise FixConfiguration("tenant.gone", f"{tenant} has left, or is leaving", place=tenant)
        return held

    def _find(self, tenant: str) -> Company | None:
        held = self._known.get(tenant)
        if held is None and self._strangers.exists(tenant):
            held = Company(tenant=tenant, created_us=self._clock_us())
            self._keep(held)
        return held

    async def _put(self, company: Company) -> None:
        await self._records.write(lambda c: put_company(c, _row(company)), tenant=ALL)
        self._keep(company)

    def _keep(self, company: Company) -> None:
        self._known[company.tenant] = company
        self._members = {}

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
        quotas=parse_quotas(row.quotas, stored=True),
        quota_text="" if row.quotas == "{}" else row.quotas,
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
        quotas=company.quota_text or "{}",
        created_us=company.created_us,
    )
