"""What is mine: where I am signed in, and my second factor."""

from __future__ import annotations

import io
from typing import Annotated, Any

import segno
from msgspec import Meta, Struct

from baigong.api.people import SessionLine, lines
from baigong.api.rooms import Rooms
from baigong.api.throttle import Throttle
from baigong.api.wire import Call, Operation
from baigong.security.totp import totp_uri
from baigong.vocab.errors import Reauthenticate

_ISSUER = "Baigong 百工"


class Factor(Struct, frozen=True, kw_only=True):
    """``required``: by a role of mine; ``codes_left``: recovery codes not used yet."""

    confirmed: bool
    required: bool
    codes_left: int


class NewFactor(Struct, frozen=True, kw_only=True):
    """What an authenticator app reads. ``picture``: a QR code (SVG); ``secret``: the same, for typing."""

    secret: str
    uri: str
    picture: str


class Code(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(max_length=32)]


class RecoveryCodes(Struct, frozen=True, kw_only=True):
    """Each opens once, in place of the phone's code. Shown this once."""

    codes: list[str]


class Password(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    password: Annotated[str, Meta(max_length=1024)]


def operations(rooms: Rooms, throttle: Throttle) -> list[Operation]:
    people = rooms.registry.people

    async def sessions(call: Call) -> Any:
        name = _person(call)
        return lines([s for s in await people.sessions() if s.person == name], call)

    async def end_others(call: Call) -> Any:
        await people.end_sessions(_person(call), keep=call.who.session)

    async def end_one(call: Call) -> Any:
        await people.end_sessions(_person(call), only=call.part("id"))

    return [
        Operation("GET", "/my/sessions", "Where I am signed in", sessions, answer=list[SessionLine]),
        Operation("DELETE", "/my/sessions", "Sign me out everywhere else", end_others),
        Operation("DELETE", "/my/sessions/{id}", "End one of my sessions", end_one),
        *_factor(rooms, throttle),
    ]


def _factor(rooms: Rooms, throttle: Throttle) -> list[Operation]:
    factors, people = rooms.registry.factors, rooms.registry.people

    async def state(call: Call) -> Any:
        name = _person(call)
        required = not factors.required(call.who.tenant).isdisjoint(call.who.roles)
        return Factor(confirmed=factors.has(name), required=required, codes_left=await factors.codes_left(name))

    async def begin(call: Call) -> Any:
        name = _person(call)
        secret = await factors.begin(name)
        uri = totp_uri(secret, name, _ISSUER)
        return NewFactor(secret=secret, uri=uri, picture=_qr(uri))

    async def confirm(call: Call) -> Any:
        return RecoveryCodes(codes=await factors.confirm(_person(call), call.body.code))

    async def drop(call: Call) -> Any:
        name = _person(call)
        key = ("password", name)  # only who is signed in as them comes here: nobody else is slowed down by it
        throttle.check(key)
        throttle.failed(key)
        await people.prove_password(call.who, call.body.password)
        throttle.succeeded(key)
        await factors.drop(name)

    path, early = "/my/second-factor", True
    return [
        Operation("GET", path, "My second factor", state, answer=Factor, before_factor=early),
        Operation("POST", path, "Begin to set up a second factor", begin, answer=NewFactor, before_factor=early),
        Operation(
            "PUT", path, "Put it in force with a code", confirm, body=Code, answer=RecoveryCodes, before_factor=early
        ),
        Operation("DELETE", path, "Take my second factor away", drop, body=Password),
    ]


def _person(call: Call) -> str:
    if call.who.by != "cookie":
        raise Reauthenticate("auth.denied", "only a signed-in person has sessions and a second factor")
    return call.who.user


def _qr(text: str) -> str:
    drawn = io.BytesIO()
    segno.make(text, error="m").save(drawn, kind="svg", scale=4, border=4, xmldecl=False, light="#fff")
    return drawn.getvalue().decode()
