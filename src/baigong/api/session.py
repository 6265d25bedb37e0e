"""Signing in and out, passwords, API tokens."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from starlette.responses import Response

from baigong.api.rooms import Rooms
from baigong.api.throttle import Throttle
from baigong.api.wire import COOKIE, JSON, Call, Operation
from baigong.registry.explain import may
from baigong.registry.people import SESSION_US, Principal
from baigong.vocab.errors import FixConfiguration

_DEVICE_COOKIE = "baigong_browser"
_YEAR_S = 365 * 86_400
Text = Annotated[str, Meta(max_length=1024)]


class SignIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``code``: of the phone, or a recovery code; wanted after auth.code."""

    user: Annotated[str, Meta(max_length=200)]
    password: Text
    code: Annotated[str, Meta(max_length=64)] = ""


class Session(Struct, frozen=True, kw_only=True):
    user: str
    tenant: str
    language: str
    role: str
    must_set_password: bool
    must_set_factor: bool
    demo: bool  # whether this platform runs the demo plant
    may: May


class May(Struct, frozen=True, kw_only=True):
    """Actions on all of one's own company, and on the installation (security/policies/schema.cedarschema)."""

    company: list[str]
    platform: list[str]


class NewPassword(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``current`` is not asked for after signing in with the one-time secret."""

    password: Text
    current: Text | None = None


class Language(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    language: Annotated[str, Meta(pattern="^(zh|en|)$")]


def operations(rooms: Rooms, throttle: Throttle) -> list[Operation]:
    people = rooms.registry.people

    async def sign_in(call: Call) -> Any:
        asked: SignIn = call.body
        request = call.request
        browser = request.cookies.get(_DEVICE_COOKIE, "")
        if browser and people.knows_device(asked.user, browser):
            key: tuple[str, ...] = ("browser", asked.user, browser)
        else:
            key = ("address", asked.user, request.client.host if request.client else "")
        throttle.check(key)
        throttle.failed(key)  # counted before the proof, or many at once would all be free
        cookie, who = await people.sign_in(
            asked.user,
            asked.password,
            code=asked.code,
            address=request.client.host if request.client else "",
            browser=request.headers.get("user-agent", ""),
            allowed=rooms.registry.tenants.require_standing,
        )
        throttle.succeeded(key)
        response = Response(msgspec.json.encode(_session(who, rooms)), media_type=JSON)
        secure = request.url.scheme == "https"
        _set_cookie(response, COOKIE, cookie, SESSION_US // 1_000_000, secure)
        _set_cookie(response, _DEVICE_COOKIE, people.device_cookie(who.user), _YEAR_S, secure)
        return response

    async def whoami(call: Call) -> Any:
        return _session(call.who, rooms)

    async def sign_out(call: Call) -> Any:
        await people.sign_out(call.who)
        response = Response(status_code=204)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return response

    return [
        Operation("POST", "/session", "Sign in", sign_in, body=SignIn, answer=Session, everyone=True),
        Operation("GET", "/session", "Who is signed in", whoami, answer=Session, before_password=True),
        Operation("DELETE", "/session", "Sign out", sign_out, before_password=True),
        *_mine(rooms),
    ]


def _mine(rooms: Rooms) -> list[Operation]:
    people = rooms.registry.people

    async def set_password(call: Call) -> Any:
        await people.set_password(call.who, call.body.password, call.body.current)
        await rooms.registry.tenants.begun(call.who.tenant)

    async def set_language(call: Call) -> Any:
        await people.set_language(call.who, call.body.language)

    return [
        Operation("POST", "/password", "Set my password", set_password, body=NewPassword, before_password=True),
        Operation("PUT", "/language", "Choose my language", set_language, body=Language, before_password=True),
    ]


def _session(who: Principal, rooms: Rooms) -> Session:
    if not who.user:
        raise FixConfiguration("http.not_found", "no such session")
    company, platform = may(rooms.registry.rights, who)
    return Session(
        user=who.user,
        tenant=who.tenant,
        language=who.language,
        role=who.role,
        must_set_password=who.must_set_password,
        must_set_factor=rooms.registry.factors.owes(who),
        demo=rooms.demo is not None,
        may=May(company=company, platform=platform),
    )


def _set_cookie(response: Response, name: str, value: str, age_s: int, secure: bool) -> None:
    response.set_cookie(name, value, max_age=age_s, path="/", httponly=True, samesite="strict", secure=secure)
