"""The people of a company: who they are, what they may do, and where they are signed in."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.members import Member
from baigong.registry.people import session_name
from baigong.registry.roles import Role, may_give, ready_made
from baigong.stores.records.access import SessionRow

RoleName = Annotated[str, Meta(max_length=64)]


class NewPerson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=100)]
    roles: list[RoleName]


class OneTimePassword(Struct, frozen=True, kw_only=True):
    """``password`` is shown this once; whoever signs in with it has to choose their own first."""

    name: str
    password: str


class Roles(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    roles: list[RoleName]


class Lock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    locked: bool


class Reset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``second_factor``: take that away too, for somebody who has lost the phone. ``tokens``: their API tokens too."""

    second_factor: bool = False
    tokens: bool = False


class RoleLine(Struct, frozen=True, kw_only=True):
    """``mine``: whether the asker may give it."""

    role: str
    title: str
    title_zh: str
    actions: tuple[str, ...]
    platform: bool
    mine: bool


class SessionLine(Struct, frozen=True, kw_only=True):
    """One browser that is signed in. ``browser``: what it says of itself; ``here``: the one that asks.

    ``how``: password, passkey or account; ``what``: the passkey's or the provider's id; ``factor``: whether a second
    factor was shown too.
    """

    id: str
    created_us: int
    expires_us: int
    address: str
    browser: str
    here: bool
    how: str
    what: str
    factor: bool


def operations(rooms: Rooms) -> list[Operation]:
    members = rooms.registry.members

    async def listed(call: Call) -> Any:
        return await members.of_tenant(call.tenant)

    async def add(call: Call) -> Any:
        asked: NewPerson = call.body
        call.after = {"person": asked.name, "roles": asked.roles}
        secret = await members.add(call.who, call.tenant, asked.name, asked.roles)
        return OneTimePassword(name=asked.name, password=secret)

    async def set_roles(call: Call) -> Any:
        name = call.part("name")
        call.before = (await members.get(call.tenant, name)).role
        call.after = call.body.roles
        await members.set_roles(call.who, call.tenant, name, call.body.roles)

    async def lock(call: Call) -> Any:
        call.after = {"locked": call.body.locked}
        await members.lock(call.who, call.tenant, call.part("name"), call.body.locked)

    async def reset(call: Call) -> Any:
        name, asked = call.part("name"), call.body
        call.after = {"second_factor": asked.second_factor, "tokens": asked.tokens}
        secret = await members.reset(
            call.who, call.tenant, name, second_factor=asked.second_factor, tokens=asked.tokens
        )
        return OneTimePassword(name=name, password=secret)

    async def drop(call: Call) -> Any:
        call.before = (await members.get(call.tenant, call.part("name"))).role
        await members.drop(call.who, call.tenant, call.part("name"))

    return [
        Operation("GET", "/people", "People of the company", listed, answer=list[Member]),
        Operation("POST", "/people", "Add a person", add, body=NewPerson, answer=OneTimePassword),
        Operation("PUT", "/people/{name}/roles", "Give a person roles", set_roles, body=Roles),
        Operation("PUT", "/people/{name}/lock", "Shut a person out, or let them in again", lock, body=Lock),
        Operation("POST", "/people/{name}/reset", "New one-time password", reset, body=Reset, answer=OneTimePassword),
        Operation("DELETE", "/people/{name}", "Delete a person", drop),
        *_sessions(rooms),
        *_rules(rooms),
    ]


def _sessions(rooms: Rooms) -> list[Operation]:
    members = rooms.registry.members

    async def sessions(call: Call) -> Any:
        return lines(await members.sessions(call.tenant, call.part("name")), call)

    async def end_all(call: Call) -> Any:
        await members.end_sessions(call.who, call.tenant, call.part("name"))

    async def end_one(call: Call) -> Any:
        await members.end_sessions(call.who, call.tenant, call.part("name"), call.part("id"))

    path = "/people/{name}/sessions"
    return [
        Operation("GET", path, "Where a person is signed in", sessions, answer=list[SessionLine]),
        Operation("DELETE", path, "Sign a person out everywhere", end_all),
        Operation("DELETE", path + "/{id}", "End one session of a person", end_one),
    ]


def _rules(rooms: Rooms) -> list[Operation]:
    factors = rooms.registry.factors

    async def roles(call: Call) -> Any:
        return [_role(role, call) for role in ready_made().values()]

    async def required(call: Call) -> Any:
        return Roles(roles=sorted(factors.required(call.tenant)))

    async def require(call: Call) -> Any:
        call.before, call.after = sorted(factors.required(call.tenant)), call.body.roles
        await factors.require(call.tenant, call.body.roles)

    return [
        Operation("GET", "/roles", "The ready-made roles", roles, answer=list[RoleLine]),
        Operation("GET", "/second-factor", "Roles that must have a second factor", required, answer=Roles),
        Operation("PUT", "/second-factor", "Choose roles that must have a second factor", require, body=Roles),
    ]


def lines(rows: list[SessionRow], call: Call) -> list[SessionLine]:
    return [
        SessionLine(
            id=session_name(row.digest),
            created_us=row.created_us,
            expires_us=row.expires_us,
            address=row.address,
            browser=row.browser,
            here=row.digest == call.who.session,
            how=row.how,
            what=row.what,
            factor=bool(row.factor),
        )
        for row in rows
    ]


def _role(role: Role, call: Call) -> RoleLine:
    return RoleLine(
        role=role.role,
        title=role.title,
        title_zh=role.title_zh,
        actions=role.actions,
        platform=role.platform,
        mine=may_give(call.who, role.role),
    )
