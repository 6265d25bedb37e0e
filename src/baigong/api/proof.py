"""Who proves again that it is them: before ways in are changed, and where a role asks for a second factor."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct
from starlette.requests import Request

from baigong.api.rooms import Rooms
from baigong.api.throttle import Throttle
from baigong.api.wire import Call, Operation
from baigong.registry.people import Principal
from baigong.security.passkeys import Site, site_of
from baigong.vocab.errors import BaigongError, Reauthenticate

_FRESH_US = 15 * 60_000_000  # so long a sign-in is good for changing ways in
_PATH = "/my/proof"


class Ways(Struct, frozen=True, kw_only=True):
    """``ways``: password, code, passkey, account; ``passkey``: what navigator.credentials.get wants, null for none."""

    ways: list[str]
    passkey: dict[str, Any] | None = None


class Proof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the ways."""

    password: Annotated[str, Meta(max_length=1024)] = ""
    code: Annotated[str, Meta(max_length=64)] = ""
    passkey: dict[str, Any] | None = None


def operations(rooms: Rooms, throttle: Throttle) -> list[Operation]:
    factors, people, passkeys = rooms.registry.factors, rooms.registry.people, rooms.registry.passkeys

    async def ask(call: Call) -> Any:
        return await ways(rooms, call.request, person_of(call.who), call.who.how)

    async def prove(call: Call) -> Any:
        name, shown = person_of(call.who), call.body
        key = ("password", name)  # only who is signed in as them comes here: nobody else is slowed down by it
        throttle.check(key)
        throttle.failed(key)
        if shown.passkey is not None:
            await passkeys.show(site(call.request), shown.passkey, name)
        elif factors.has(name):
            if not await factors.check(name, shown.code):
                raise Reauthenticate("auth.code", "this code is wrong, or was used before", place="code")
        else:
            await people.prove_password(call.who, shown.password)
        throttle.succeeded(key)
        await people.proved(call.who, factor=factors.has(name))

    return [
        Operation("GET", _PATH, "How I can prove again that it is me", ask, answer=Ways, before_factor=True),
        Operation("POST", _PATH, "Prove again that it is me", prove, body=Proof, before_factor=True),
    ]


async def ways(rooms: Rooms, request: Request, person: str, how: str) -> Ways:
    """Say how somebody can prove that it is them, at the address they use."""
    registry = rooms.registry
    if not registry.factors.has(person):
        return Ways(ways=["account" if how == "account" else "password"])
    here, found = site_or_none(request), []
    if registry.passkeys.usable(person, here):
        found.append("passkey")
    if registry.factors.has_phone(person) or await registry.factors.codes_left(person):
        found.append("code")
    return Ways(ways=found, passkey=registry.passkeys.ask(here, person) if here and "passkey" in found else None)


def require_fresh(rooms: Rooms, who: Principal) -> str:
    """Return the person's name. Raises auth.again unless they have proved of late who they are, with what they have."""
    name = person_of(who)
    if rooms.registry.factors.has(name) and not who.factor:
        raise Reauthenticate("auth.again", "show the second factor that you have first", place="proof")
    if rooms.clock_us() - who.proved_us > _FRESH_US:
        raise Reauthenticate("auth.again", "it is a while since you proved that it is you", place="proof")
    return name


def person_of(who: Principal) -> str:
    if who.by != "cookie":
        raise Reauthenticate("auth.denied", "only a signed-in person has ways in to change")
    return who.user


def site(request: Request) -> Site:
    """Say at which site somebody is; raises auth.address where there are no passkeys."""
    host = request.headers.get("host", "")
    return site_of(host, request.headers.get("origin", "") or f"{request.url.scheme}://{host}")


def origin_of(request: Request) -> str:
    """Return the address of the console as this browser uses it, also behind a proxy that speaks TLS for us."""
    host, said = request.headers.get("host", ""), request.headers.get("origin", "")
    return said if said in (f"https://{host}", f"http://{host}") else f"{request.url.scheme}://{host}"


def site_or_none(request: Request) -> Site | None:
    try:
        return site(request)
    except BaigongError:
        return None
