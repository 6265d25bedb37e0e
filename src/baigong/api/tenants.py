"""The companies on this platform and their regions: made, suspended and resumed by the platform's operator."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.tenants import ACTIVE, SUSPENDED, Company, Quotas
from baigong.stores.records.companies import RegionRow
from baigong.vocab.errors import FixConfiguration

Title = Annotated[str, Meta(max_length=200)]


class TenantsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``search``: a part of id, title or credit code."""

    search: str = ""
    region: str = ""
    state: str = ""


class NewTenant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``admin``: the name of its first administrator; left out: the id with ``-admin``."""

    tenant: Annotated[str, Meta(max_length=64)]
    title: Title = ""
    title_zh: Title = ""
    region: str = ""
    credit_code: Annotated[str, Meta(max_length=40)] = ""
    quotas: Quotas = Quotas()
    admin: Annotated[str, Meta(max_length=100)] = ""


class MadeTenant(Struct, frozen=True, kw_only=True):
    """``password``: the first administrator's one-time password, shown this once."""

    tenant: str
    admin: str
    password: str


class Description(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Title = ""
    title_zh: Title = ""
    region: str = ""
    credit_code: Annotated[str, Meta(max_length=40)] = ""
    quotas: Quotas | None = None


class Region(Struct, frozen=True, kw_only=True):
    """``run_by``: the company that runs it (a park's), which sees what the others there use; null: as it is."""

    region: str
    title: Title = ""
    title_zh: Title = ""
    run_by: str | None = None


def operations(rooms: Rooms) -> list[Operation]:
    tenants, members = rooms.registry.tenants, rooms.registry.members

    async def listed(call: Call) -> Any:
        asked: TenantsQuery = call.query
        return await tenants.search(asked.search, asked.region, asked.state)

    async def add(call: Call) -> Any:
        asked: NewTenant = call.body
        name = asked.admin or f"{asked.tenant}-admin"
        row, secret = await members.first_admin(asked.tenant, name)
        company = Company(
            tenant=asked.tenant,
            title=asked.title,
            title_zh=asked.title_zh,
            region=asked.region,
            credit_code=asked.credit_code,
            quotas=asked.quotas,
        )
        rooms.registry.quotas.check_company(company, asked.quotas)
        made = await tenants.add(company, row)
        call.after = made
        rooms.registry.came(made.tenant)
        return MadeTenant(tenant=made.tenant, admin=name, password=secret)

    async def describe(call: Call) -> Any:
        asked: Description = call.body
        held = call.before = tenants.get(call.part("id"))
        quotas = held.quotas if asked.quotas is None else asked.quotas
        rooms.registry.quotas.check_company(msgspec.structs.replace(held, region=asked.region), quotas)
        made = await tenants.describe(
            call.part("id"), asked.title, asked.title_zh, asked.region, asked.credit_code, quotas
        )
        call.after = made
        rooms.registry.quotas.changed()
        rooms.registry.rights.changed()
        return made

    async def suspend(call: Call) -> Any:
        if call.part("id") == call.who.tenant:
            raise FixConfiguration("config.conflict", "nobody suspends their own company", place=call.who.tenant)
        return await _stand(rooms, call, SUSPENDED)

    async def resume(call: Call) -> Any:
        return await _stand(rooms, call, ACTIVE)

    return [
        Operation("GET", "/tenants", "Companies", listed, query=TenantsQuery, answer=list[Company]),
        Operation("POST", "/tenants", "Make a company", add, body=NewTenant, answer=MadeTenant),
        Operation("PUT", "/tenants/{id}", "Describe a company", describe, body=Description, answer=Company),
        Operation("POST", "/tenants/{id}/suspend", "Let a company stand still", suspend, answer=Company),
        Operation("POST", "/tenants/{id}/resume", "Let a company work again", resume, answer=Company),
        *_regions(rooms),
    ]


async def _stand(rooms: Rooms, call: Call, state: str) -> Company:
    registry = rooms.registry
    call.before = registry.tenants.get(call.part("id")).state
    made = await registry.tenants.set_state(call.part("id"), state)
    call.after = made.state
    registry.rights.changed()
    if state == SUSPENDED:
        await registry.credentials.throw_out(made.tenant, by=call.who.user)
        registry.certificates.throw_out(made.tenant)
    return made


def _regions(rooms: Rooms) -> list[Operation]:
    tenants = rooms.registry.tenants

    async def listed(call: Call) -> Any:
        return [
            Region(region=r.region, title=r.title, title_zh=r.title_zh, run_by=tenants.run_by(r.region))
            for r in tenants.regions()
        ]

    async def put(call: Call) -> Any:
        asked: Region = call.body
        await tenants.put_region(RegionRow(asked.region, asked.title, asked.title_zh))
        if asked.run_by is not None:
            await tenants.set_run_by(asked.region, asked.run_by)
            rooms.registry.rights.changed()
        return asked

    return [
        Operation("GET", "/regions", "Regions", listed, answer=list[Region]),
        Operation("POST", "/regions", "Make or rename a region", put, body=Region, answer=Region),
    ]
