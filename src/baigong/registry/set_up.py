"""The first minutes of a company on this installation: what it is called, and where it stands."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.tenants import Tenants
from baigong.stores.records import Records
from baigong.stores.records.access import put_setting, setting
from baigong.stores.records.companies import end_set_up, wants_set_up
from baigong.vocab.errors import FixConfiguration

_LONGEST = 200


class Named(Struct, frozen=True, kw_only=True):
    """``title``: the company, as its people call it; ``site``: the plant, ISA-95's site."""

    title: str
    site: str


class SetUp:
    """Asked for once, of the first administrator after the first start."""

    def __init__(self, records: Records, tenants: Tenants) -> None:
        self._records = records
        self._tenants = tenants

    async def wanted(self, tenant: str) -> bool:
        return await self._records.read(lambda c: wants_set_up(c, tenant), tenant=tenant)

    async def named(self, tenant: str) -> Named:
        company = self._tenants.get(tenant)
        site = await self._records.read(lambda c: setting(c, _site(tenant)), tenant=tenant)
        return Named(title=company.title or company.title_zh, site=site or "")

    async def name(self, tenant: str, title: str, site: str) -> None:
        """Name company and site; empty leaves what there is. It is not asked again."""
        title, site = title.strip(), site.strip()
        if max(len(title), len(site)) > _LONGEST:
            raise FixConfiguration("config.invalid", f"a name has at most {_LONGEST} characters", place="title")
        held = self._tenants.get(tenant)
        if title:
            await self._tenants.describe(tenant, title, title, held.region, held.credit_code, held.quotas)

        def work(connection: sa.Connection) -> None:
            if site:
                put_setting(connection, _site(tenant), site)
            end_set_up(connection, tenant)

        await self._records.write(work, tenant=tenant)


def _site(tenant: str) -> str:
    return f"site:{tenant}"
