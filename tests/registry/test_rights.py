"""Rights over a small plant: what a role reaches, what a grant opens and for how long, what a token can do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from baigong.registry.book import PointBook
from baigong.registry.people import Principal
from baigong.registry.rights import Place, Rights, Window, asset_ref, point_ref, policy_text, tenant_ref
from baigong.security.scope import Ref
from baigong.stores.records import Records, open_records
from baigong.stores.records.access import ensure_tenant
from baigong.stores.records.plant import PointRow
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import BaigongError
from tests.postgres import place_of

BOTH_DATABASES = True

LI = Principal(tenant="mould", user="li", role="operator", by="cookie")
WANG = Principal(tenant="bank", user="wang", role="viewer", by="cookie")
TOKEN = Principal(tenant="mould", user="li", role="ingester", by="token", token="t_1")
WANG_REF = Ref("User", "wang")


def point(number: int, asset: str) -> PointRow:
    spec = PointSpec(name=f"{asset}.q{number}", address=str(number))
    return PointRow("mould", number, "plc", spec, "plc", str(number), discovered=False, created_us=0)


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    held = open_records(place_of(tmp_path))
    for tenant in ("mould", "bank"):
        await held.write(lambda c, t=tenant: ensure_tenant(c, t, 0))  # type: ignore[misc]
    yield held
    await held.close()


class Plant:
    def __init__(self, records: Records) -> None:
        self.now_us = 1_000_000
        self.places = {"mould": Place(region="ningbo"), "bank": Place()}
        self.book = PointBook()
        self.book.take([point(1, "press1"), point(2, "press1.spindle"), point(3, "press2"), point(4, "press10")])
        self.rights = Rights(records, self.book, self.places.get, lambda: self.now_us)


@pytest.fixture
async def plant(records: Records) -> Plant:
    made = Plant(records)
    await made.rights.load()
    return made


def read_press1(*, ends: str | None = None) -> str:
    return policy_text(WANG_REF, ["see", "read"], asset_ref("mould", "press1"), ends=ends)


def test_a_role_reaches_its_tenant(plant: Plant) -> None:
    assert plant.rights.visible(LI, "read", "mould").everything
    plant.rights.require(LI, "command", point_ref("mould", 4))
    for action, place in (("read", tenant_ref("bank")), ("configure", tenant_ref("mould"))):
        with pytest.raises(BaigongError) as caught:
            plant.rights.require(LI, action, place)
        assert caught.value.code == "auth.denied"


async def test_a_grant_opens_an_asset_and_what_is_below_it_and_no_more(plant: Plant) -> None:
    with pytest.raises(BaigongError, match="anything of mould"):
        plant.rights.visible(WANG, "read", "mould")
    await plant.rights.grant("mould", read_press1(), "loan", "li", Window(from_us=5, until_us=9))
    seen = plant.rights.visible(WANG, "read", "mould")
    assert dict(seen.points) == {1: Window(5, 9), 2: Window(5, 9)}
    assert 3 not in seen
    with pytest.raises(BaigongError):
        plant.rights.require(WANG, "command", point_ref("mould", 1))


async def test_a_new_point_of_a_granted_asset_is_seen(plant: Plant) -> None:
    await plant.rights.grant("mould", read_press1(), "loan", "li")
    assert set(plant.rights.visible(WANG, "read", "mould").points) == {1, 2}
    plant.book.take([point(9, "press1")])
    assert set(plant.rights.visible(WANG, "read", "mould").points) == {1, 2, 9}


async def test_a_grant_ends_by_itself(plant: Plant) -> None:
    await plant.rights.grant("mould", read_press1(ends="1970-01-01T00:00:10Z"), "short", "li")
    assert 1 in plant.rights.visible(WANG, "read", "mould")
    plant.now_us = 11_000_000
    with pytest.raises(BaigongError):
        plant.rights.visible(WANG, "read", "mould")


async def test_a_revoked_grant_is_closed_at_once_and_stays_so(plant: Plant, records: Records) -> None:
    row = await plant.rights.grant("mould", read_press1(), "loan", "li")
    assert 1 in plant.rights.visible(WANG, "read", "mould")
    with pytest.raises(BaigongError):
        await plant.rights.revoke("bank", row.grant, "wang")
    await plant.rights.revoke("mould", row.grant, "li")
    again = Rights(records, plant.book, plant.places.get, lambda: 0)
    await again.load()
    for rights in (plant.rights, again):
        with pytest.raises(BaigongError):
            rights.visible(WANG, "read", "mould")
    assert [(g.grant, g.revoked_by) for g in await again.grants("mould")] == [(row.grant, "li")]


async def test_grants_come_back_after_a_restart(plant: Plant, records: Records) -> None:
    row = await plant.rights.grant("mould", read_press1(), "loan", "li")
    again = Rights(records, plant.book, plant.places.get, lambda: 0)
    await again.load()
    assert again.decide(WANG, "read", point_ref("mould", 2)).because == (row.grant,)


@pytest.mark.parametrize(
    "text",
    [
        'permit (principal == User::"wang", action, resource in Asset::"bank/vault");',
        'permit (principal == User::"wang", action, resource);',
        'permit (principal == User::"wang", action, resource in Platform::"platform");',
        "permit (principal, action, resource in Asset::\"mould/press1\");",
        'permit (principal == User::"wang", action, resource in Asset::"mould/x"); '
        'permit (principal == User::"wang", action, resource);',
        '@id("role.viewer") permit (principal == User::"wang", action, resource in Tenant::"bank");',
        'permit (principal in Role::"viewer", action == Action::"see", resource in Tenant::"mould");',  # everybody's
        'forbid (principal, action, resource in Tenant::"mould");',  # nobody could take it back
        'forbid (principal == User::"root", action == Action::"usage", resource in Tenant::"mould");',
    ],
)  # fmt: skip
async def test_a_tenant_grants_only_what_is_its_own(plant: Plant, text: str) -> None:
    with pytest.raises(BaigongError) as caught:
        await plant.rights.grant("mould", text, "too much", "li")
    assert caught.value.code == "policy.invalid"
    assert await plant.rights.grants("mould") == []


@pytest.mark.parametrize("name", ['wang" || true', "wang\\", "a\nb", ""])
def test_a_name_cannot_break_out_of_its_policy(name: str) -> None:
    with pytest.raises(BaigongError):
        policy_text(Ref("User", name), ["read"], asset_ref("mould", "press1"))


def test_a_suspended_tenant_stands_still(plant: Plant) -> None:
    assert plant.rights.decide(LI, "see", tenant_ref("mould")).allowed
    plant.places["mould"] = Place(suspended=True)
    plant.rights.changed()
    assert not plant.rights.decide(LI, "see", tenant_ref("mould")).allowed


def test_a_person_whose_roles_changed_is_decided_anew(plant: Plant) -> None:
    assert not plant.rights.decide(LI, "people", tenant_ref("mould")).allowed
    promoted = Principal(tenant="mould", user="li", role="operator,tenant_admin", by="cookie")
    assert plant.rights.decide(promoted, "people", tenant_ref("mould")).allowed
    assert not plant.rights.decide(LI, "people", tenant_ref("mould")).allowed


def test_a_token_can_do_what_it_was_made_for(plant: Plant) -> None:
    assert plant.rights.decide(TOKEN, "ingest", tenant_ref("mould")).allowed
    assert not plant.rights.decide(TOKEN, "read", tenant_ref("mould")).allowed
    assert {p.id for p in plant.rights.about(TOKEN)} == {"role.ingester", "wall.suspended"}
