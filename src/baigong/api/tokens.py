"""API tokens: what programs come in with. Each has roles, never more than its maker's, and may end by itself."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.times import read_time
from baigong.api.wire import Call, Operation
from baigong.registry.rights import PLATFORM, tenant_ref
from baigong.registry.roles import check_roles, ready_made
from baigong.security.tokens import digest
from baigong.vocab.errors import FixConfiguration

_NEVER = 1 << 62


class NewToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``role``: one of GET /roles, or several with commas; left out: the maker's own. ``ends``: ``+90d``, ISO 8601."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    role: Annotated[str, Meta(max_length=300)] = ""
    ends: Annotated[str, Meta(max_length=40)] = ""


class MadeToken(Struct, frozen=True, kw_only=True):
    """``id``: what it is called in lists, grants and the audit log. ``token`` is shown this once."""

    id: str
    token: str


class Token(Struct, frozen=True, kw_only=True):
    """``expires_us``: null for never."""

    id: str
    title: str
    person: str | None
    role: str
    created_us: int
    expires_us: int | None


def operations(rooms: Rooms) -> list[Operation]:
    people = rooms.registry.people

    async def tokens(call: Call) -> Any:
        return [
            Token(
                id=t.token,
                title=t.title,
                person=t.person,
                role=t.role,
                created_us=t.created_us,
                expires_us=t.expires_us,
            )
            for t in await people.tokens(call.tenant)
        ]

    async def add(call: Call) -> Any:
        asked: NewToken = call.body
        role, until_us, under = _role(rooms, call, asked.role)
        expires_us = _end(rooms, call, asked.ends, until_us)
        person = call.who.user if call.who.by == "cookie" else call.who.person or None
        made = await people.add_token(
            call.tenant, asked.title, person=person, role=role, expires_us=expires_us, under=under
        )
        call.after = {"title": asked.title, "role": role, "expires_us": expires_us}
        held = await people.tokens(call.tenant)
        return MadeToken(id=next(t.token for t in held if t.digest == digest(made)), token=made)

    async def drop(call: Call) -> Any:
        await people.drop_token(call.tenant, call.part("id"))

    return [
        Operation("GET", "/tokens", "API tokens", tokens, answer=list[Token]),
        Operation("POST", "/tokens", "Make an API token", add, body=NewToken, answer=MadeToken),
        Operation("DELETE", "/tokens/{id}", "Revoke an API token", drop),
    ]


def _role(rooms: Rooms, call: Call, asked: str) -> tuple[str, int, set[str]]:
    """Return the token's roles, each action of which its maker has here, until when, and by which grants."""
    names = [name.strip() for name in asked.split(",") if name.strip()]
    if call.tenant == call.who.tenant:
        return (check_roles(call.who, names) if names else call.who.role), _NEVER, set()
    if not names:
        raise FixConfiguration("config.invalid", "say which role a token of another company has", place="role")
    until_us, under, rights = _NEVER, set[str](), rooms.registry.rights
    for name in names:  # one's own roles count at home only
        known = ready_made().get(name)
        if known is None:
            raise FixConfiguration("config.invalid", f"there is no role {name!r}", place="role")
        for action in known.actions:
            place = PLATFORM if known.platform else tenant_ref(call.tenant)
            decision = rights.require(call.who, action, place)
            until_us = min(until_us, decision.until_us)
            under.update(id for id in decision.because if rights.held(id) is not None)
    return ",".join(sorted(set(names))), until_us, under


def _end(rooms: Rooms, call: Call, asked: str, until_us: int) -> int | None:
    """Return when it ends: never later than the token it is made with, nor than the grant that let its maker."""
    now = rooms.clock_us()
    ends = min(until_us, call.who.expires_us if call.who.by == "token" else _NEVER)
    own = ends if ends < _NEVER else None
    if not asked:
        return own
    end = read_time(asked, now, "ends")
    if end <= now:
        raise FixConfiguration("config.invalid", "the end of a token lies in the future", place="ends")
    return end if own is None else min(end, own)
