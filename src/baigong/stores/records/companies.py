"""Rows of companies and regions; every function is work on one connection."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from baigong.stores.records.tables import companies, regions, settings, tenants


@dataclass(slots=True, frozen=True)
class CompanyRow:
    """What is known of a tenant as a company. ``quotas``: JSON text; ``state``: pending | active | suspended."""

    tenant: str
    title: str
    title_zh: str
    region: str
    credit_code: str
    state: str
    quotas: str
    created_us: int


@dataclass(slots=True, frozen=True)
class RegionRow:
    region: str
    title: str
    title_zh: str


def all_companies(connection: sa.Connection) -> list[CompanyRow]:
    """Return every tenant; one that nobody has described yet is an active company without a title."""
    told = sa.select(tenants.c.tenant, tenants.c.created_us.label("since_us"), companies).outerjoin(
        companies, companies.c.tenant == tenants.c.tenant
    )
    return [
        CompanyRow(r[0], r.title, r.title_zh, r.region, r.credit_code, r.state, r.quotas, r.created_us)
        if r.state is not None
        else CompanyRow(r[0], "", "", "", "", "active", "{}", r.since_us)
        for r in connection.execute(told.order_by(tenants.c.tenant))
    ]


def put_company(connection: sa.Connection, row: CompanyRow) -> None:
    connection.execute(companies.delete().where(companies.c.tenant == row.tenant))
    connection.execute(companies.insert().values({n: getattr(row, n) for n in CompanyRow.__slots__}))


def has_tenant(connection: sa.Connection, tenant: str) -> bool:
    return connection.execute(sa.select(tenants.c.tenant).where(tenants.c.tenant == tenant)).scalar() is not None


def all_regions(connection: sa.Connection) -> list[RegionRow]:
    rows = connection.execute(sa.select(regions).order_by(regions.c.region))
    return [RegionRow(r.region, r.title, r.title_zh) for r in rows]


def put_region(connection: sa.Connection, row: RegionRow) -> None:
    connection.execute(regions.delete().where(regions.c.region == row.region))
    connection.execute(regions.insert().values({n: getattr(row, n) for n in RegionRow.__slots__}))


def want_set_up(connection: sa.Connection, tenant: str) -> None:
    """Remember that nobody has told us yet what a company is called."""
    if not wants_set_up(connection, tenant):
        connection.execute(settings.insert().values(name=_set_up(tenant), value="wanted"))


def wants_set_up(connection: sa.Connection, tenant: str) -> bool:
    asked = sa.select(settings.c.name).where(settings.c.name == _set_up(tenant))
    return connection.execute(asked).scalar() is not None


def end_set_up(connection: sa.Connection, tenant: str) -> None:
    connection.execute(settings.delete().where(settings.c.name == _set_up(tenant)))


def _set_up(tenant: str) -> str:
    return f"set_up:{tenant}"
