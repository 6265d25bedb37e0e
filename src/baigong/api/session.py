"""Signing in by password and out; my password, my language."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from baigong.api.opened import BROWSER_COOKIE, Session, come_from, opened, session_of
from baigong.api.proof import origin_of, site, ways
from baigong.api.rooms import Rooms
from baigong.api.throttle import Queue, Throttle
from baigong.api.wire import COOKIE, JSON, Call, Operation
from baigong.vocab.addresses import network_of
from baigong.vocab.errors import BaigongError, FixConfiguration, Reauthenticate

Text = Annotated[str, Meta(max_length=1024)]


class SignIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``code``: of the phone, or a recovery code; ``passkey``: in its place. One is wanted after auth.code."""

    user: Annotated[str, Meta(max_length=200)]
    password: Text
    code: Annotated[str, Meta(max_length=64)] = ""
    passkey: dict[str, Any] | None = None


class SignedOut(Struct, frozen=True, kw_only=True):
    """``url``: where the session at the company's provider ends too; empty for none."""

    url: str = ""


class NewPassword(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``current`` is not asked for after signing in with the one-time secret. ``tokens``: end my API tokens as well."""

    password: Text
    current: Text | None = None
    tokens: bool = False


class Language(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    language: Annotated[str, Meta(pattern="^(zh|en|)$")]


def operations(rooms: Rooms, throttle: Throttle) -> list[Operation]:
    people, queue = rooms.registry.people, Queue()

    async def sign_in(call: Call) -> Any:
        asked: SignIn = call.body
        request = call.request
        browser = request.cookies.get(BROWSER_COOKIE, "")
        address = network_of(request.client.host if request.client else "")
        known = bool(browser) and people.knows_device(asked.user, browser)
        key = ("browser", asked.user, browser) if known else ("address", asked.user, address)
        codes = ("codes", asked.user, browser if known else "")  # of all strangers who know the password

        def code_tried() -> None:
            throttle.check(codes)
            throttle.failed(codes)

        throttle.check(key)
        try:
            with queue.place(browser if known else address):  # a flood that finds no place is not worth remembering
                throttle.failed(key)  # counted before the proof, or many at once would all be free
                cookie, who = await people.sign_in(
                    asked.user,
                    asked.password,
                    code=asked.code,
                    code_tried=code_tried,
                    passkey=_showing(rooms, request, asked.passkey),
                    come=come_from(request),
                    allowed=rooms.registry.tenants.require_standing,
                )
        except Reauthenticate as error:
            if error.code != "auth.code":
                raise
            way = await ways(rooms, request, asked.user, "password")
            raise Reauthenticate(
                "auth.code", error.message, place=error.place, ways=way.ways, passkey=way.passkey
            ) from error
        throttle.succeeded(key)
        if asked.code:
            throttle.succeeded(codes)
        return await opened(rooms, request, cookie, who)

    async def whoami(call: Call) -> Any:
        return await session_of(call.who, rooms, call.tenant)

    async def sign_out(call: Call) -> Any:
        end = await _end_url(rooms, call)
        await people.sign_out(call.who)
        response = Response(msgspec.json.encode(SignedOut(url=end)), media_type=JSON)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return response

    return [
        Operation("POST", "/session", "Sign in", sign_in, body=SignIn, answer=Session, everyone=True),
        Operation("GET", "/session", "Who is signed in", whoami, answer=Session, before_password=True),
        Operation("DELETE", "/session", "Sign out", sign_out, answer=SignedOut, before_password=True),
        *_mine(rooms, throttle, queue),
    ]


def _mine(rooms: Rooms, throttle: Throttle, queue: Queue) -> list[Operation]:
    people = rooms.registry.people

    async def set_password(call: Call) -> Any:
        key = ("password", call.who.user)  # as in proof.py: a stolen session does not find the password out
        throttle.check(key)
        with queue.place(call.who.user):
            throttle.failed(key)
            try:
                await people.set_password(call.who, call.body.password, call.body.current)
                if call.body.tokens:
                    await people.end_tokens(call.who.user)
            except FixConfiguration:  # too weak a choice of somebody who has shown the present one
                throttle.succeeded(key)
                raise
        throttle.succeeded(key)
        await rooms.registry.tenants.begun(call.who.tenant)

    async def set_language(call: Call) -> Any:
        await people.set_language(call.who, call.body.language)

    return [
        Operation("POST", "/password", "Set my password", set_password, body=NewPassword, before_password=True),
        Operation("PUT", "/language", "Choose my language", set_language, body=Language, before_password=True),
    ]


async def _end_url(rooms: Rooms, call: Call) -> str:
    if call.who.how != "account":
        return ""
    registry = rooms.registry
    try:
        provider = await registry.providers.get(call.who.tenant, call.who.what)
    except BaigongError:  # taken away meanwhile
        return ""
    return registry.openid.end_url(provider, origin_of(call.request) + "/")


def _showing(
    rooms: Rooms, request: Request, passkey: dict[str, Any] | None
) -> Callable[[str], Awaitable[object]] | None:
    if passkey is None:
        return None
    return lambda name: rooms.registry.passkeys.show(site(request), passkey, name)
