"""Letting others in: grants by form or as Cedar text; and why somebody may do something."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.times import read_time
from baigong.api.wire import Call, Operation
from baigong.registry.explain import ACTIONS, Abilities, Explained, abilities, explain
from baigong.registry.people import Principal
from baigong.registry.rights import (
    PLATFORM,
    Rights,
    asset_ref,
    device_ref,
    point_ref,
    policy_text,
    policy_time,
    tenant_ref,
)
from baigong.registry.visible import Window
from baigong.security.scope import Ref, parse
from baigong.stores.records.grants import GrantRow
from baigong.vocab.errors import FixConfiguration, Reauthenticate

_KINDS = {"person": "User", "token": "Token", "machine": "Machine", "flow": "Flow"}
Text = Annotated[str, Meta(max_length=300)]


class NewGrant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either a form or ``text``, one Cedar policy. Times: microseconds, ISO 8601, ``now``, ``+30d``; empty: no bound.

    ``principal``: a person's name, ``token:t_…``, ``machine:…``, ``flow:…`` or ``role:COMPANY/ROLE``. ``object``:
    ``tenant``, ``asset:line1``, ``point:line1.temperature`` or ``device:plc``. ``starts``–``ends``: when it holds;
    ``data_from``–``data_until``: which values it opens.
    """

    title: Annotated[str, Meta(max_length=200)] = ""
    principal: Text = ""
    actions: list[str] = []
    object: Text = ""
    starts: str = ""
    ends: str = ""
    data_from: str = ""
    data_until: str = ""
    text: Annotated[str, Meta(max_length=20_000)] = ""


class Grant(Struct, frozen=True, kw_only=True):
    id: str
    title: str
    text: str
    principal: str
    actions: tuple[str, ...]  # empty: all
    object: str
    permits: bool
    data_from_us: int | None
    data_until_us: int | None
    made_by: str
    made_us: int
    revoked_us: int | None
    revoked_by: str | None


class GrantsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``revoked``: those that are over, too."""

    revoked: bool = False


class ExplainQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    who: Text
    action: Text
    object: Text = "tenant"


class OfQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    who: Text


def operations(rooms: Rooms) -> list[Operation]:
    rights = rooms.registry.rights

    async def listed(call: Call) -> Any:
        rows = await rights.grants(call.tenant)
        return [_told(rights, row) for row in rows if call.query.revoked or row.revoked_us is None]

    async def add(call: Call) -> Any:
        asked: NewGrant = call.body
        text = asked.text or _written(rooms, call, asked)
        _check_share(rooms, call, text)
        times = [read_time(t, rooms.clock_us(), "data") if t else None for t in (asked.data_from, asked.data_until)]
        row = await rights.grant(call.tenant, text, asked.title, call.who.user, Window(*times))
        call.after = _told(rights, row)
        return call.after

    async def revoke(call: Call) -> Any:
        call.before = next(
            (_told(rights, r) for r in await rights.grants(call.tenant) if r.grant == call.part("id")), None
        )
        await rights.revoke(call.tenant, call.part("id"), call.who.user)

    return [
        Operation("GET", "/grants", "Whom this company lets in", listed, query=GrantsQuery, answer=list[Grant]),
        Operation("POST", "/grants", "Let somebody in", add, body=NewGrant, answer=Grant),
        Operation("DELETE", "/grants/{id}", "Revoke a grant", revoke),
        *_reasons(rooms),
    ]


def _reasons(rooms: Rooms) -> list[Operation]:
    rights = rooms.registry.rights

    async def why(call: Call) -> Any:
        query: ExplainQuery = call.query
        _check_actions([query.action])
        return explain(rights, await _somebody(rooms, call, query.who), query.action, _thing(call, query.object))

    async def of(call: Call) -> Any:
        who = await _somebody(rooms, call, call.query.who)
        if who.tenant != call.tenant:
            raise Reauthenticate("auth.denied", f"{call.query.who} is of another company", place="who")
        return abilities(rights, who)

    return [
        Operation("GET", "/rights/explain", "Why somebody may do it", why, query=ExplainQuery, answer=Explained),
        Operation("GET", "/rights/of", "What somebody may do", of, query=OfQuery, answer=Abilities),
    ]


def _written(rooms: Rooms, call: Call, asked: NewGrant) -> str:
    _check_actions(asked.actions)
    if not asked.principal or not asked.object:
        raise FixConfiguration("config.invalid", "say whom (principal) and what (object)", place="principal")
    now = rooms.clock_us()
    starts, ends = (policy_time(read_time(t, now, "ends")) if t else None for t in (asked.starts, asked.ends))
    thing, (kind, _, name) = _thing(call, asked.object), asked.principal.partition(":")
    if kind == "role":
        company, _, role = name.partition("/")
        if not company or not role:
            raise FixConfiguration("config.invalid", "a role is named role:COMPANY/ROLE", place="principal")
        return policy_text(Ref("Role", role), asked.actions, thing, starts=starts, ends=ends, company=company)
    principal = Ref(_KINDS[kind], name) if kind in _KINDS and name else Ref("User", asked.principal)
    return policy_text(principal, asked.actions, thing, starts=starts, ends=ends)


def _check_share(rooms: Rooms, call: Call, text: str) -> None:
    """Nobody gives what they do not have: all that a grant permits, its maker may do on that object."""
    for policy in parse(text, "grant"):
        if policy.effect != "permit":
            continue
        for action in policy.actions if policy.actions is not None else ACTIONS:
            rooms.registry.rights.require(call.who, action, policy.resource)


def _check_actions(actions: list[str]) -> None:
    unknown = [a for a in actions if a not in ACTIONS]
    if unknown or not actions:
        raise FixConfiguration("config.invalid", f"actions are of {', '.join(ACTIONS)}; not {unknown}", place="actions")


def _thing(call: Call, told: str) -> Ref:
    kind, _, name = told.partition(":")
    match kind:
        case "tenant":
            return tenant_ref(call.tenant)
        case "platform":
            return PLATFORM
        case "asset" if name:
            return asset_ref(call.tenant, name)
        case "device" if name:
            return device_ref(call.tenant, name)
        case "point" if name:
            return point_ref(call.tenant, call.book.find(call.tenant, name).number)
        case _:
            raise FixConfiguration(
                "config.invalid", f"say tenant, asset:…, point:… or device:…, not {told}", place="object"
            )


async def _somebody(rooms: Rooms, call: Call, told: str) -> Principal:
    """Find a person by name or a token (``token:…``, of this company) as the doors would meet them."""
    people = rooms.registry.people
    kind, _, name = told.partition(":")
    if kind == "token":
        for row in await people.tokens(call.tenant):
            if row.token == name:
                return Principal(tenant=row.tenant, user=row.title, role=row.role, by="token", token=row.token)
    elif (person := await people.find(told)) is not None:
        return Principal(tenant=person.tenant, user=person.name, role=person.role, by="cookie")
    raise FixConfiguration("http.not_found", f"there is nobody called {told!r}", place="who")


def _told(rights: Rights, row: GrantRow) -> Grant:
    policy = parse(rights.in_present_names(row.tenant, row.text), row.grant)[0]
    return Grant(
        id=row.grant,
        title=row.title,
        text=row.text,
        principal=str(policy.principal),
        actions=tuple(a for a in ACTIONS if policy.actions and a in policy.actions),
        object=str(policy.resource),
        permits=policy.effect == "permit",
        data_from_us=row.data_from_us,
        data_until_us=row.data_until_us,
        made_by=row.made_by,
        made_us=row.made_us,
        revoked_us=row.revoked_us,
        revoked_by=row.revoked_by,
    )
