"""Who may do what: the grants in force, the ready-made roles, and the one call that every door asks.

Policies see the platform as a tree: platform ⊃ region ⊃ tenant ⊃ asset ⊃ … ⊃ point. Ids begin with the tenant
("mould/press1"); where an asset stands, the assets say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count

import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.book import PointBook
from baigong.registry.people import Principal
from baigong.registry.visible import Visible, Window, last_window
from baigong.security.policy import Decision, Entity, Policies, Remembered
from baigong.security.scope import EVERYONE, Policy, Ref, parse, renamed_assets, role_policies
from baigong.security.tokens import new_token
from baigong.stores.lake.part import Part
from baigong.stores.records import ALL, Records
from baigong.stores.records.grants import GrantRow, add_grant, all_grants, grants_of, revoke_grant
from baigong.vocab.assets import named_above
from baigong.vocab.errors import FixConfiguration, Reauthenticate

PLATFORM = Ref("Platform", "platform")
_KEPT = frozenset({"share", "audit", "usage", "tenants", "review", "operate"})  # no grant takes these from a company
_IDENTIFIER = re.compile(r"^[^\x00-\x1f\"\\]{1,300}$")


def tenant_ref(tenant: str) -> Ref:
    return Ref("Tenant", tenant)


def region_ref(region: str) -> Ref:
    return Ref("Region", region)


def asset_ref(tenant: str, asset: str) -> Ref:
    return Ref("Asset", f"{tenant}/{asset}")


def point_ref(tenant: str, number: int) -> Ref:
    return Ref("Point", f"{tenant}/{number}")


def device_ref(tenant: str, device: str) -> Ref:
    return Ref("Device", f"{tenant}/{device}")


def principal_ref(who: Principal) -> Ref:
    return Ref("Token", who.token) if who.token else Ref("User", who.user)


class Place(Struct, frozen=True, kw_only=True):
    """What policies know of a tenant: the region it is in, and whether it may work."""

    region: str = ""
    suspended: bool = False
    runs: str = ""  # the region that this company runs: it sees what others there use


class Rights:
    """Decides; remembers what it decided until a grant, a role or the tree changes."""

    def __init__(
        self,
        records: Records,
        book: PointBook,
        place_of: Callable[[str], Place | None],
        clock_us: Callable[[], int],
    ) -> None:
        self._records = records
        self._book = book
        self._place_of = place_of
        self._clock_us = clock_us
        self._roles = role_policies()
        self._grants: dict[str, tuple[GrantRow, list[Policy]]] = {}
        self._asking: dict[Ref, tuple[str, tuple[str, ...]]] = {}  # who asked: tenant and roles
        self._remembered = Remembered(Policies(self._roles), self._entity, clock_us)
        self.everything = Visible(everything=True, points={}, book=book, part=Part({}))
        self._visible: dict[tuple[Ref, str, str], tuple[int, int, Visible]] = {}  # until when, version of the points
        self._keys = count(1)
        self.asset: Callable[[str, str], str] = lambda tenant, asset: asset  # what one is called today
        self.above: Callable[[str, str], str] = lambda tenant, asset: named_above(asset)  # what an asset is a part of
        self.ended: Callable[[str], None] = lambda grant: None  # told of each grant that is no more in force
        self.decided: set[str] = set()  # ids of policies, since ``Uses`` last looked

    async def load(self) -> None:
        rows = await self._records.read(all_grants, tenant=ALL)
        for gone in self._grants.keys() - {row.grant for row in rows}:
            self.ended(gone)
        self._grants = {row.grant: (row, self._read(row)) for row in rows}
        self.changed()

    def changed(self) -> None:
        """Forget what was decided: a grant, a role, a tenant's place or its being suspended has changed."""
        granted = [policy for _, policies in self._grants.values() for policy in policies]
        self._remembered.replace(Policies([*self._roles, *granted]))
        self._visible = {}
        self._asking = {}

    def decide(self, who: Principal, action: str, resource: Ref) -> Decision:
        """Say whether ``who`` may; a microsecond when it was asked before."""
        ref, told = principal_ref(who), (who.tenant, who.roles)
        known = self._asking.get(ref)
        if known != told:
            if known is not None:  # the same name with other roles: nothing decided for the old ones holds
                self.changed()
            self._asking[ref] = told
        decision = self._remembered.decide(ref, action, resource)
        self.decided.update(decision.because)
        return decision

    def require(self, who: Principal, action: str, resource: Ref) -> Decision:
        """Raise auth.denied unless ``who`` may. The refusal names no more than what was asked."""
        decision = self.decide(who, action, resource)
        if not decision.allowed:
            raise Reauthenticate("auth.denied", f"{who.user} may not {action} {resource.id}", place=resource.id)
        return decision

    def visible(self, who: Principal, action: str, tenant: str) -> Visible:
        """Return which points of ``tenant`` somebody may ``see`` or ``read``. Raises auth.denied when none at all."""
        found = self.part(who, action, tenant)
        if not found.everything and not found.points:
            raise Reauthenticate("auth.denied", f"{who.user} may not {action} anything of {tenant}", place=tenant)
        return found

    def part(self, who: Principal, action: str, tenant: str) -> Visible:
        """Return the same, and nothing where there is nothing."""
        whole = self.decide(who, action, tenant_ref(tenant))
        if whole.allowed and not all(self._is_bounded(id) for id in whole.because):
            return self.everything
        key, version = (principal_ref(who), action, tenant), self._book.version(tenant)
        held = self._visible.get(key)
        if held is None or self._clock_us() >= held[0] or held[1] != version:
            until, made = self._granted(who, action, tenant)
            held = self._visible[key] = (min(until, whole.until_us), version, made)
        return held[2]

    async def grant(
        self,
        tenant: str,
        text: str,
        title: str,
        by: str,
        window: Window | None = None,
        also: Callable[[sa.Connection, str], object] = lambda connection, grant: None,
    ) -> GrantRow:
        """Add a policy about objects of ``tenant``. Raises policy.invalid for one that reaches further.

        ``also``: written with it or not at all; told the grant's id.
        """
        id = new_token("g")[:14]
        policies = parse(self.in_present_names(tenant, _named(text, id)))
        if len(policies) != 1:
            raise FixConfiguration("policy.invalid", "a grant is exactly one policy", place="text")
        _check_reach(policies[0], tenant)
        open_values = window or Window()
        row = GrantRow(
            grant=id,
            tenant=tenant,
            title=title,
            text=_named(text, id),
            data_from_us=open_values.from_us,
            data_until_us=open_values.until_us,
            made_by=by,
            made_us=self._clock_us(),
        )

        def work(connection: sa.Connection) -> None:
            add_grant(connection, row)
            also(connection, id)

        await self._records.write(work, tenant=tenant)
        self._grants[id] = (row, self._read(row))  # anew: an asset may have been renamed meanwhile
        self.changed()
        return row

    def in_present_names(self, tenant: str, text: str) -> str:
        """Return a policy with the names that assets have today; those that they had before mean the same."""
        return renamed_assets(text, tenant, lambda asset: self.asset(tenant, asset)) or text

    def renamed(self, tenant: str) -> None:
        """Follow when assets of a tenant have other names."""
        for row, _ in list(self._grants.values()):
            if row.tenant == tenant:
                self._grants[row.grant] = (row, self._read(row))
        self.changed()

    def naming(self, tenant: str, asset: Callable[[str], str]) -> list[GrantRow]:
        """Return the grants in force whose texts name assets that ``asset`` calls otherwise."""
        rows = [row for row, _ in self._grants.values() if row.tenant == tenant]
        return [row for row in rows if renamed_assets(row.text, tenant, asset) is not None]

    def _read(self, row: GrantRow) -> list[Policy]:
        return parse(self.in_present_names(row.tenant, row.text), row.grant)

    async def revoke(self, tenant: str, grant: str, by: str) -> None:
        now = self._clock_us()
        if not await self._records.write(lambda c: revoke_grant(c, tenant, grant, by, now), tenant=tenant):
            raise FixConfiguration("http.not_found", f"there is no grant {grant!r} in force", place=grant)
        self.forget(grant)

    def forget(self, grant: str) -> None:
        """Follow after a grant was revoked in the records."""
        self._grants.pop(grant, None)
        self.ended(grant)
        self.changed()

    async def grants(self, tenant: str) -> list[GrantRow]:
        return await self._records.read(lambda c: grants_of(c, tenant), tenant=tenant)

    def held(self, id: str) -> GrantRow | None:
        """Return a grant in force."""
        return self._grants[id][0] if id in self._grants else None

    def policy(self, id: str) -> Policy | None:
        return self._remembered.policies.get(id)

    def about(self, who: Principal) -> list[Policy]:
        """Return what may open or close something to somebody: "what can this token do?"."""
        return self._remembered.policies.about([principal_ref(who), *(Ref("Role", r) for r in who.roles)])

    def _granted(self, who: Principal, action: str, tenant: str) -> tuple[int, Visible]:
        until = 1 << 62
        points: dict[int, Window] = {}
        by_asset: dict[str, Decision] = {}
        single = {p.resource for p in self.about(who) if p.resource.kind == "Point"}
        for row in self._book.active(tenant):
            ref = point_ref(tenant, row.number)
            if ref in single or not row.spec.asset:
                decision = self.decide(who, action, ref)
            elif row.spec.asset in by_asset:
                decision = by_asset[row.spec.asset]
            else:
                decision = by_asset[row.spec.asset] = self.decide(who, action, asset_ref(tenant, row.spec.asset))
            until = min(until, decision.until_us)
            if decision.allowed:
                points[row.number] = self._window(decision.because)

        def of(ref: Ref) -> Window | None:
            decision = self.decide(who, action, ref)
            return self._window(decision.because) if decision.allowed else None

        book = self._book.only(tenant, points)
        return until, Visible(
            everything=False, points=points, book=book, part=Part(points), key=next(self._keys), of=of
        )

    def _is_bounded(self, id: str) -> bool:
        held = self._grants.get(id)
        return held is not None and (held[0].data_from_us is not None or held[0].data_until_us is not None)

    def _window(self, because: Iterable[str]) -> Window:
        """Return what the deciding grants open together; of windows with a gap between them the one that ends last."""
        ids = list(because)
        found = [self._grants[id][0] for id in ids if id in self._grants]
        if len(found) < len(ids) or not found:
            return Window()
        return last_window(Window(g.data_from_us, g.data_until_us) for g in found)

    def _entity(self, ref: Ref) -> Entity | None:
        if ref in self._asking:
            tenant, roles = self._asking[ref]
            return Entity(ref, tuple(Ref("Role", r) for r in roles), {"tenant": tenant_ref(tenant)})
        match ref.kind:
            case "Platform":
                return Entity(ref)
            case "Region":
                return Entity(ref, (PLATFORM,))
            case "Tenant":
                place = self._place_of(ref.id)
                if place is None:
                    return None
                above = Ref("Region", place.region) if place.region else PLATFORM
                runs = {"runs": region_ref(place.runs)} if place.runs else {}
                return Entity(ref, (above,), {"suspended": place.suspended, **runs})
            case "Asset" | "Device" | "Point":
                return self._object(ref)
            case _:
                return None

    def _object(self, ref: Ref) -> Entity | None:
        tenant, _, name = ref.id.partition("/")
        if ref.kind == "Point":
            row = self._book.by_number(tenant, int(name)) if name.isdecimal() else None
            if row is None:
                return None
            return Entity(ref, (asset_ref(tenant, row.spec.asset) if row.spec.asset else tenant_ref(tenant),))
        above = self.above(tenant, name) if ref.kind == "Asset" else ""
        return Entity(ref, (asset_ref(tenant, above) if above else tenant_ref(tenant),))


def _check_reach(policy: Policy, tenant: str) -> None:
    if policy.resource == EVERYONE or policy.resource.id.split("/")[0] != tenant:
        raise FixConfiguration(
            "policy.invalid", f"a grant of {tenant} names one of its own objects, not {policy.resource.id}",
            place="resource",
        )  # fmt: skip
    if policy.resource.kind not in ("Tenant", "Asset", "Point", "Device"):
        raise FixConfiguration("policy.invalid", f"a {policy.resource.kind} is not {tenant}'s", place="resource")
    if policy.effect == "permit" and policy.principal == EVERYONE:
        raise FixConfiguration("policy.invalid", "a permit for everyone is no grant: name whom", place="principal")
    if policy.effect == "permit" and policy.principal.kind == "Role" and "principal.tenant" not in policy.text:
        raise FixConfiguration(
            "policy.invalid", 'other companies have this role too: add when { principal.tenant == Tenant::"…" }',
            place="principal",
        )  # fmt: skip
    if policy.effect == "forbid" and policy.resource.kind == "Tenant" and not _undone(policy):
        raise FixConfiguration(
            "policy.invalid", f"what forbids on all of {tenant} names its actions, and none of {sorted(_KEPT)}: "
            "nobody could take it back, or the platform could not count and look any more", place="action",
        )  # fmt: skip


def _undone(policy: Policy) -> bool:
    return policy.actions is not None and not policy.actions & _KEPT


def _named(text: str, id: str) -> str:
    """Give a policy its ``@id``; one that its author wrote is not trusted to be unique."""
    return f'@id("{id}")\n' + re.sub(r'@id\s*\(\s*"[^"]*"\s*\)', "", text)


def policy_time(time_us: int) -> str:
    """Write a time as policies do: UTC, to the second.

    >>> policy_time(1_780_272_000_000_000)
    '2026-06-01T00:00:00Z'
    """
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)).strftime("%Y-%m-%dT%H:%M:%SZ")


def policy_text(
    principal: Ref,
    actions: Iterable[str],
    resource: Ref,
    *,
    starts: str | None = None,
    ends: str | None = None,
    company: str = "",
) -> str:
    """Write the policy of a grant from a form: who may do what on which object (and all below it), from when to when.

    ``company``: only people of this one, for a role, which others have too.

    >>> print(policy_text(Ref("User", "wang"), ["read"], Ref("Asset", "mould/press1"), ends="2026-12-01T00:00:00Z"))
    permit (principal == User::"wang", action in [Action::"read"], resource in Asset::"mould/press1")
    when { context.now < datetime("2026-12-01T00:00:00Z") };
    """
    for ref in (principal, resource, tenant_ref(company or "-")):
        if not _IDENTIFIER.fullmatch(ref.id):
            raise FixConfiguration("policy.invalid", f"{ref.id!r} cannot stand in a policy", place=ref.kind)
    relation = "in" if principal.kind == "Role" else "=="
    named = ", ".join(str(Ref("Action", a)) for a in actions)
    head = f"permit (principal {relation} {principal}, action in [{named}], resource in {resource})"
    bounds = [f'context.now >= datetime("{starts}")'] if starts else []
    bounds += [f'context.now < datetime("{ends}")'] if ends else []
    bounds += [f"principal.tenant == {tenant_ref(company)}"] if company else []
    return head + (f"\nwhen {{ {' && '.join(bounds)} }};" if bounds else ";")
