"""Walls, roles, grants and their ends, as a pure function; and what it costs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from baigong.security.policy import Entity, Policies, Remembered
from baigong.security.scope import Ref, parse, role_policies
from baigong.vocab.errors import BaigongError

NOW = round(datetime(2026, 11, 20, tzinfo=UTC).timestamp() * 1e6)
MONTH = 30 * 86_400_000_000
MOULD, BANK, REGION, PLATFORM = (
    Ref("Tenant", "mould"), Ref("Tenant", "bank"), Ref("Region", "ningbo"), Ref("Platform", "platform"),
)  # fmt: skip
PRESS, SPINDLE, FLOW = Ref("Asset", "mould/press1"), Ref("Asset", "mould/press1/spindle"), Ref("Point", "mould/7")
WANG = Ref("User", "bank/wang")


def user(name: str, tenant: Ref, *roles: str) -> Entity:
    return Entity(Ref("User", name), tuple(Ref("Role", r) for r in roles), {"tenant": tenant})


def plant(*people: Entity, suspended: bool = False) -> dict[Ref, Entity]:
    all_of_it = [
        Entity(PLATFORM),
        Entity(REGION, (PLATFORM,)),
        Entity(MOULD, (REGION,), {"suspended": suspended}),
        Entity(BANK, (REGION,), {"suspended": False}),
        Entity(PRESS, (MOULD,)),
        Entity(SPINDLE, (PRESS,)),
        Entity(FLOW, (SPINDLE,)),
        *people,
    ]
    return {e.ref: e for e in all_of_it}


GRANT = """
@id("grant.1") @title("loan 2026-17")
permit (principal == User::"bank/wang", action in [Action::"see", Action::"read"], resource in Asset::"mould/press1")
when { context.now >= datetime("2026-11-01T00:00:00Z") && context.now < datetime("2026-12-01T00:00:00Z") };
"""


def test_a_role_reaches_its_own_tenant_and_nothing_else() -> None:
    policies = Policies(role_policies())
    li = user("mould/li", MOULD, "operator")
    entities = plant(li)
    for place in (MOULD, PRESS, FLOW):
        assert policies.decide(li.ref, "read", place, entities.get, NOW).because == ("role.operator",)
    for place in (BANK, REGION, PLATFORM):
        assert not policies.decide(li.ref, "read", place, entities.get, NOW).allowed
    assert not policies.decide(li.ref, "configure", PRESS, entities.get, NOW).allowed


@pytest.mark.parametrize("role", ["viewer", "auditor", "operator", "tenant_admin", "platform_operator", "regulator"])
def test_nobody_reads_a_foreign_tenant_by_role(role: str) -> None:
    stranger = user("bank/x", BANK, role)
    entities = plant(stranger)
    decision = Policies(role_policies()).decide(stranger.ref, "read", FLOW, entities.get, NOW)
    assert not decision.allowed


def test_a_grant_opens_one_asset_for_a_time() -> None:
    policies = Policies([*role_policies(), *parse(GRANT)])
    entities = plant(user("bank/wang", BANK, "viewer"))
    within = policies.decide(WANG, "read", FLOW, entities.get, NOW)
    assert within.allowed
    assert within.because == ("grant.1",)
    assert datetime.fromtimestamp(within.until_us / 1e6, UTC) == datetime(2026, 12, 1, tzinfo=UTC)
    assert not policies.decide(WANG, "read", FLOW, entities.get, NOW + MONTH).allowed
    assert not policies.decide(WANG, "read", FLOW, entities.get, NOW - MONTH).allowed
    assert not policies.decide(WANG, "read", MOULD, entities.get, NOW).allowed
    assert not policies.decide(WANG, "command", FLOW, entities.get, NOW).allowed


def test_a_suspended_tenant_can_do_nothing() -> None:
    admin = user("mould/admin", MOULD, "tenant_admin")
    decision = Policies(role_policies()).decide(admin.ref, "see", MOULD, plant(admin, suspended=True).get, NOW)
    assert not decision.allowed
    assert decision.because == ("wall.suspended",)


def test_whoever_is_not_known_is_refused() -> None:
    policies, entities = Policies(role_policies()), plant(user("mould/li", MOULD, "operator"))
    assert not policies.decide(Ref("User", "nobody"), "see", MOULD, entities.get, NOW).allowed
    assert not policies.decide(Ref("User", "mould/li"), "see", Ref("Asset", "mould/none"), entities.get, NOW).allowed


def test_what_was_decided_is_remembered_until_it_ends_or_policies_change() -> None:
    now = [NOW]
    entities = plant(user("bank/wang", BANK, "viewer"))
    remembered = Remembered(Policies([*role_policies(), *parse(GRANT)]), entities.get, lambda: now[0])
    first = remembered.decide(WANG, "read", FLOW)
    assert first.allowed
    assert remembered.decide(WANG, "read", FLOW) is first
    now[0] = NOW + MONTH
    assert not remembered.decide(WANG, "read", FLOW).allowed
    now[0] = NOW
    remembered.replace(Policies(role_policies()))
    assert not remembered.decide(WANG, "read", FLOW).allowed


def test_time_used_otherwise_is_not_remembered_for_long() -> None:
    night = parse(
        '@id("night") permit (principal == User::"bank/wang", action, resource in Asset::"mould/press1") '
        'when { context.now.toTime() < duration("6h") };'
    )
    assert night[0].changes_us is None
    decision = Policies(night).decide(WANG, "read", FLOW, plant(user("bank/wang", BANK)).get, NOW)
    assert decision.allowed
    assert decision.until_us == NOW + 1_000_000


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("permit (principal, action", "unexpected end of input"),
        ('permit (principal == Usr::"x", action, resource);', "Usr"),
        ('permit (principal, action == Action::"fly", resource);', "fly"),
        ('permit (principal, action, resource) when { context.place == "x" };', "place"),
        ("permit (principal == ?principal, action, resource);", "template"),
    ],
)
def test_a_policy_that_says_nothing_sensible_is_refused(text: str, why: str) -> None:
    with pytest.raises(BaigongError, match=why) as caught:
        parse(text)
    assert caught.value.code == "policy.invalid"


def test_ten_thousand_grants_are_sliced_to_a_few() -> None:
    grants = [
        *parse(GRANT),
        *(
            p
            for i in range(2_000)
            for p in parse(
                f'@id("g{i}") permit (principal == User::"bank/u{i % 97}", action == Action::"read", '
                f'resource in Asset::"mould/m{i}");'
            )
        ),
    ]
    policies = Policies([*role_policies(), *grants])
    assert len(policies.about([WANG, Ref("Role", "viewer")])) <= 100
    assert policies.decide(WANG, "read", FLOW, plant(user("bank/wang", BANK)).get, NOW).allowed


@pytest.mark.parametrize(
    "condition", ["(" * 3000 + "true" + ")" * 3000, "true" + " && true" * 1400, "1" + "+1" * 200_000 + " == 1"]
)
def test_a_policy_nested_too_deeply_is_refused_and_ends_nothing(condition: str) -> None:
    with pytest.raises(BaigongError) as caught:
        parse(f'permit (principal == User::"li", action, resource in Tenant::"mould") when {{ {condition} }};')
    assert caught.value.code == "policy.invalid"
