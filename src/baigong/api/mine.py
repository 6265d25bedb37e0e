"""What is mine: where I am signed in, and my second factor."""

from __future__ import annotations

import io
from typing import Annotated, Any

import segno
from msgspec import Meta, Struct

from baigong.api.people import SessionLine, lines
from baigong.api.proof import person_of, require_fresh
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.security.totp import totp_uri
from baigong.vocab.errors import FixConfiguration

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


def operations(rooms: Rooms) -> list[Operation]:
    people = rooms.registry.people

    async def sessions(call: Call) -> Any:
        name = person_of(call.who)
        return lines(await people.sessions(person=name), call)

    async def end_others(call: Call) -> Any:
        await people.end_sessions(person_of(call.who), keep=call.who.session)

    async def end_one(call: Call) -> Any:
        await people.end_sessions(person_of(call.who), only=call.part("id"))

    return [
        Operation("GET", "/my/sessions", "Where I am signed in", sessions, answer=list[SessionLine]),
        Operation("DELETE", "/my/sessions", "Sign me out everywhere else", end_others),
        Operation("DELETE", "/my/sessions/{id}", "End one of my sessions", end_one),
        *_factor(rooms),
    ]


def _factor(rooms: Rooms) -> list[Operation]:
    factors, people = rooms.registry.factors, rooms.registry.people

    async def state(call: Call) -> Any:
        name = person_of(call.who)
        required = not factors.required(call.who.tenant).isdisjoint(call.who.roles)
        return Factor(confirmed=factors.has_phone(name), required=required, codes_left=await factors.codes_left(name))

    async def begin(call: Call) -> Any:
        name = require_fresh(rooms, call.who)
        secret = await factors.begin(name)
        uri = totp_uri(secret, name, _ISSUER)
        return NewFactor(secret=secret, uri=uri, picture=_qr(uri))

    async def confirm(call: Call) -> Any:
        codes = await factors.confirm(require_fresh(rooms, call.who), call.body.code)
        await people.proved(call.who, factor=True)
        return RecoveryCodes(codes=codes)

    async def new_codes(call: Call) -> Any:
        name = require_fresh(rooms, call.who)
        if not factors.has(name):
            raise FixConfiguration("config.conflict", "set up a second factor first", place="second_factor")
        return RecoveryCodes(codes=await factors.new_codes(name))

    async def drop(call: Call) -> Any:
        name = require_fresh(rooms, call.who)
        await factors.drop(name)
        if not factors.has(name):
            await people.no_factor(name)

    path, early = "/my/second-factor", True
    return [
        Operation("GET", path, "My second factor", state, answer=Factor, before_factor=early),
        Operation("POST", path, "Begin to set up a second factor", begin, answer=NewFactor, before_factor=early),
        Operation(
            "PUT", path, "Put it in force with a code", confirm, body=Code, answer=RecoveryCodes, before_factor=early
        ),
        Operation("DELETE", path, "Take my phone away", drop),
        Operation("POST", path + "/codes", "New recovery codes", new_codes, answer=RecoveryCodes),
    ]


def _qr(text: str) -> str:
    drawn = io.BytesIO()
    segno.make(text, error="m").save(drawn, kind="svg", scale=4, border=4, xmldecl=False, light="#fff")
    return drawn.getvalue().decode()
