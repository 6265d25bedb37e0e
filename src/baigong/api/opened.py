"""A session that has begun: its answer and its cookies, whichever way somebody came in."""

from __future__ import annotations

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from baigong.api.rooms import Rooms
from baigong.api.wire import COOKIE, JSON
from baigong.api.witness import tell
from baigong.registry.explain import may
from baigong.registry.people import SESSION_US, From, Principal
from baigong.vocab.errors import FixConfiguration

BROWSER_COOKIE = "baigong_browser"
_YEAR_S = 365 * 86_400


class Session(Struct, frozen=True, kw_only=True):
    """``company``: its title, empty for none yet; ``how``: password, passkey or account.

    ``must_set_factor``: a role asks for a second factor, and there is none; ``must_show_factor``: there is one, and
    this session has not shown it; ``set_up``: the company is to be named.
    """

    user: str
    tenant: str
    company: str
    company_zh: str
    region: str
    language: str
    role: str
    how: str
    must_set_password: bool
    must_set_factor: bool
    must_show_factor: bool
    set_up: bool
    demo: bool  # whether this platform runs the demo plant
    may: May


class May(Struct, frozen=True, kw_only=True):
    """Actions on all of one's own company, or of the one that was asked about (``?tenant=``), and on the installation.

    What they are: security/policies/schema.cedarschema.
    """

    company: list[str]
    platform: list[str]


async def session_of(who: Principal, rooms: Rooms, tenant: str = "") -> Session:
    if not who.user:
        raise FixConfiguration("http.not_found", "no such session")
    registry = rooms.registry
    company, platform = may(registry.rights, who, tenant)
    named = registry.tenants.get(who.tenant)
    owes, has = registry.factors.owes(who), registry.factors.has(who.user)
    return Session(
        user=who.user,
        tenant=who.tenant,
        company=named.title,
        company_zh=named.title_zh,
        region=named.region,
        language=who.language,
        role=who.role,
        how=who.how,
        must_set_password=who.must_set_password,
        must_set_factor=owes and not has,
        must_show_factor=owes and has,
        set_up=rooms.demo is None
        and tenant in ("", who.tenant)
        and "people" in company
        and await registry.set_up.wanted(who.tenant),
        demo=rooms.demo is not None,
        may=May(company=company, platform=platform),
    )


async def opened(rooms: Rooms, request: Request, cookie: str, who: Principal) -> Response:
    """Answer with the session, and write down that it began."""
    body = msgspec.json.encode(await session_of(who, rooms))
    return await signed(rooms, request, cookie, who, Response(body, media_type=JSON))


async def signed(rooms: Rooms, request: Request, cookie: str, who: Principal, response: Response) -> Response:
    """Put the cookies of a session that has begun on any answer."""
    await tell(rooms, request, who, who.tenant, "sign-in", after={"how": who.how, "with": who.what})
    secure = request.url.scheme == "https"
    set_cookie(response, COOKIE, cookie, SESSION_US // 1_000_000, secure)
    set_cookie(response, BROWSER_COOKIE, rooms.registry.people.device_cookie(who.user), _YEAR_S, secure)
    return response


def come_from(request: Request) -> From:
    return From(request.client.host if request.client else "", request.headers.get("user-agent", ""))


def set_cookie(response: Response, name: str, value: str, age_s: int, secure: bool) -> None:
    response.set_cookie(name, value, max_age=age_s, path="/", httponly=True, samesite="strict", secure=secure)
