"""The companies of the demo: a mould maker, those it works with, a person each, and one grant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from baigong.registry.applications import Wish
from baigong.registry.opening import Registry
from baigong.registry.people import Principal
from baigong.registry.rights import asset_ref, policy_text
from baigong.registry.roles import TENANT_ADMIN
from baigong.registry.tenants import Company, Quotas
from baigong.security.scope import Ref
from baigong.stores.records.companies import RegionRow

HOME, REGION = "demo", "ningbo"
LOAN_DAYS = 30


@dataclass(slots=True, frozen=True)
class Partner:
    tenant: str
    title: str
    title_zh: str
    person: str


PARTNERS = (
    Partner(HOME, "Ninghai Mould (demo)", "宁海模具(演示)", "chen@demo"),
    Partner("customer", "Yongjiang Auto Parts (demo)", "甬江汽车零部件(演示)", "lin@customer"),
    Partner("supplier", "Dongqian Tool Steel (demo)", "东钱模具钢(演示)", "gao@supplier"),
    Partner("bank", "Sanjiang Bank (demo)", "三江银行(演示)", "zhou@bank"),
    Partner("park", "Meishan Industrial Park (demo)", "梅山产业园(演示)", "he@park"),
)

# invented companies; the credit codes fit their check characters and are nobody's that we know of
APPLICANTS = (
    Wish(
        credit_code="91330226MA2GX7K1XN", title="Xiangshan Castings (simulated)", title_zh="象山精密铸件(模拟)",
        region=REGION, contact="赵敏", phone="0574-0000 0001", wish="castings", package="first-steps",
    ),
    Wish(
        credit_code="91330212MA2H3R954N", title="Yinzhou Spring Works (simulated)", title_zh="鄞州弹簧厂(模拟)",
        region=REGION, contact="孙磊", email="sun@springs.example", wish="springs",
    ),
)  # fmt: skip


async def furnish_companies(registry: Registry, now: datetime | None = None) -> None:
    """Make, on the first start, companies, people without a known password, and the bank's look at press1."""
    if REGION in {r.region for r in registry.tenants.regions()}:
        return
    await registry.tenants.put_region(RegionRow(REGION, "Ningbo", "宁波"))
    for partner in PARTNERS:
        row, _ = await registry.members.first_admin(partner.tenant, partner.person)  # nobody has seen the password
        if partner.tenant == HOME:
            await registry.tenants.describe(HOME, partner.title, partner.title_zh, REGION, "", Quotas())
            await registry.members.add(_maker(HOME), HOME, partner.person, [TENANT_ADMIN])
        else:
            company = Company(tenant=partner.tenant, title=partner.title, title_zh=partner.title_zh, region=REGION)
            await registry.tenants.add(company, row)
    await registry.tenants.set_run_by(REGION, "park")
    await registry.applications.enter(APPLICANTS, "park/he@park", simulated=True)
    ends = (now or datetime.now(UTC)) + timedelta(days=LOAN_DAYS)
    text = policy_text(
        Ref("User", "zhou@bank"), ["see", "read"], asset_ref(HOME, "press1"), ends=ends.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    await registry.rights.grant(HOME, text, f"Loan on press 1: {LOAN_DAYS} days", "chen@demo")


async def one_time_passwords(registry: Registry) -> list[tuple[Partner, str]]:
    """Give every person of the demo a new one-time password."""
    return [(p, await registry.members.reset(_maker(p.tenant), p.tenant, p.person)) for p in PARTNERS]


def _maker(tenant: str) -> Principal:
    return Principal(tenant=tenant, user="demo", role=TENANT_ADMIN, by="")
