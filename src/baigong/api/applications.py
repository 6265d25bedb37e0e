"""The reviewers' side of applications: queue, questions, refusals, approvals. A region's own see their region only."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from baigong.api.doors import scope
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.applications import Application, Rules, Wish
from baigong.vocab.errors import FixConfiguration, Reauthenticate

_MOST_AT_ONCE = 2000
Text = Annotated[str, Meta(min_length=1, max_length=2000)]


class QueueQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    state: Literal["", "new", "taken", "asked", "refused", "approved"] = ""


class Enter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All are entered, or none. ``imported``: they come from a file."""

    companies: Annotated[list[Wish], Meta(min_length=1, max_length=_MOST_AT_ONCE)]
    imported: bool = False


class Say(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text: Text


class Approve(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Empty: as it was applied for; ``admin``: the id with ``-admin``."""

    tenant: Annotated[str, Meta(max_length=64)] = ""
    admin: Annotated[str, Meta(max_length=100)] = ""
    package: Annotated[str, Meta(max_length=40)] = ""


class Approved(Struct, frozen=True, kw_only=True):
    """``password``: the first administrator's one-time password, to hand over; shown this once, else empty."""

    application: Application
    password: str


class HandOver(Struct, frozen=True, kw_only=True):
    admin: str
    password: str


class RulesHere(Struct, frozen=True, kw_only=True):
    """``region``: the only one whose queue I review; empty for all."""

    open: bool
    two_persons: bool
    region: str


def operations(rooms: Rooms) -> list[Operation]:
    registry = rooms.registry
    queue, onboarding = registry.applications, registry.onboarding

    def region(call: Call) -> str:
        return scope(rooms, call.who, "review")

    async def listed(call: Call) -> Any:
        return queue.listed(region(call), call.query.state)

    async def get(call: Call) -> Any:
        return queue.get(call.part("id"), region(call))

    async def enter(call: Call) -> Any:
        own, asked = region(call), call.body
        wishes = [_in_region(wish, own) for wish in asked.companies]
        made = await queue.enter(wishes, _by(call), "imported" if asked.imported else "entered", region=own)
        call.after = {"applications": [one.id for one in made]}
        return made

    async def rules(call: Call) -> Any:
        return RulesHere(open=queue.rules.open, two_persons=queue.rules.two_persons, region=region(call))

    async def put_rules(call: Call) -> Any:
        call.before, call.after = queue.rules, call.body
        await queue.put_rules(call.body)
        return call.body

    async def take(call: Call) -> Any:
        return await queue.take(call.part("id"), _by(call), region(call))

    async def ask(call: Call) -> Any:
        call.after = call.body
        return await queue.ask(call.part("id"), _by(call), call.body.text, region(call))

    async def refuse(call: Call) -> Any:
        call.after = call.body
        return await queue.refuse(call.part("id"), _by(call), call.body.text, region(call))

    async def approve(call: Call) -> Any:
        wanted: Approve = call.body
        _check_second(call, queue.rules.two_persons)
        made, secret = await onboarding.approve(
            call.part("id"), _by(call), wanted.tenant, wanted.admin, wanted.package, region(call)
        )
        call.after = made
        return Approved(application=made, password=secret)

    async def secret(call: Call) -> Any:
        name, password = await onboarding.fresh_secret(call.part("id"), region(call))
        call.after = {"admin": name}
        return HandOver(admin=name, password=password)

    one, path = Application, "/applications/{id}"
    return [
        Operation(
            "GET", "/applications", "Companies that want to come", listed, query=QueueQuery, answer=list[Application]
        ),
        Operation("POST", "/applications", "Enter companies", enter, body=Enter, answer=list[Application]),
        Operation("GET", "/applications/rules", "Who may apply, and who approves", rules, answer=RulesHere),
        Operation("PUT", "/applications/rules", "Open or close applications", put_rules, body=Rules, answer=Rules),
        Operation("GET", path, "One application", get, answer=one),
        Operation("POST", path + "/take", "Take one to review", take, answer=one),
        Operation("POST", path + "/ask", "Send it back with a question", ask, body=Say, answer=one),
        Operation("POST", path + "/refuse", "Refuse it, with a reason", refuse, body=Say, answer=one),
        Operation("POST", path + "/approve", "Let it in", approve, body=Approve, answer=Approved),
        Operation("POST", path + "/secret", "A new first password, before the first sign-in", secret, answer=HandOver),
    ]


def _check_second(call: Call, two_persons: bool) -> None:
    """A program that is nobody's is no second person."""
    if two_persons and not call.who.human:
        raise Reauthenticate("application.second_person", f"{call.who.user} is no person", place=call.part("id"))


def _by(call: Call) -> str:
    return f"{call.who.tenant}/{call.who.human or call.who.token}"


def _in_region(wish: Wish, region: str) -> Wish:
    if region and wish.region not in ("", region):
        raise FixConfiguration("config.invalid", f"your region is {region}, not {wish.region}", place="region")
    return msgspec.structs.replace(wish, region=region) if region else wish
