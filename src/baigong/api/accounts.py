"""Signing in with an account of one's own company, at the provider that the company chose (OpenID Connect)."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from baigong.api.opened import come_from, signed
from baigong.api.proof import origin_of, person_of, require_fresh, site_or_none
from baigong.api.rooms import Rooms
from baigong.api.wire import PREFIX, Call, Operation
from baigong.api.witness import tell
from baigong.registry.accounts import account_id, shown_factor
from baigong.registry.openid import BEGUN_US, Begun
from baigong.registry.people import Principal
from baigong.registry.providers import Provider
from baigong.stores.records.signing import IdentityRow
from baigong.vocab.errors import BaigongError, Reauthenticate

_COOKIE = "baigong_account"
_PATH = "/sign-in/{tenant_id}/{provider}"


class WhichCompany(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``company``: show this company's providers, also those that are on no list."""

    company: Annotated[str, Meta(max_length=64)] = ""


class ProviderButton(Struct, frozen=True, kw_only=True):
    tenant: str
    provider: str
    title: str
    title_zh: str


class SignInPage(Struct, frozen=True, kw_only=True):
    """What the sign-in page offers at this address."""

    passkeys: bool
    providers: list[ProviderButton]


class Away(Struct, frozen=True, kw_only=True):
    """Where the browser goes next."""

    url: str


class AccountLine(Struct, frozen=True, kw_only=True):
    """``account``: what people call it; ``made_here``: the person came by it, and has the roles that it says."""

    id: str
    provider: str
    account: str
    made_here: bool
    created_us: int
    used_us: int | None


class MyAccounts(Struct, frozen=True, kw_only=True):
    """``offered``: providers of my company."""

    accounts: list[AccountLine]
    offered: list[ProviderButton]


def operations(rooms: Rooms) -> list[Operation]:
    registry = rooms.registry

    async def offered(call: Call) -> Any:
        company = call.query.company
        found = await (registry.providers.of_tenant(company) if company else registry.providers.everywhere())
        shown = [f.provider for f in found if f.provider and (company or f.provider.spec.listed)]
        return SignInPage(passkeys=site_or_none(call.request) is not None, providers=_buttons(rooms, shown))

    async def begin(call: Call) -> Any:
        provider = await registry.providers.get(call.part("tenant_id"), call.part("provider"))
        registry.tenants.require_standing(provider.tenant)
        return await _away(rooms, call.request, provider)

    async def back(call: Call) -> Any:
        return await _back(rooms, call)

    return [
        Operation("GET", "/sign-in", "Ways to sign in", offered, query=WhichCompany, answer=SignInPage, everyone=True),
        Operation("POST", _PATH, "Begin to sign in with a company account", begin, answer=Away, everyone=True),
        Operation("GET", f"{_PATH}/callback", "Come back from the provider", back, gives=("text/html",), everyone=True),
        *_mine(rooms),
    ]


def _mine(rooms: Rooms) -> list[Operation]:
    registry = rooms.registry

    async def listed(call: Call) -> Any:
        found = [f.provider for f in await registry.providers.of_tenant(call.who.tenant) if f.provider]
        mine = registry.accounts.of(person_of(call.who))
        return MyAccounts(accounts=[line(row) for row in mine], offered=_buttons(rooms, found))

    async def link(call: Call) -> Any:
        name = require_fresh(rooms, call.who)
        provider = await registry.providers.get(call.who.tenant, call.part("provider"))
        return await _away(rooms, call.request, provider, session=call.who.session, person=name)

    async def drop(call: Call) -> Any:
        name = require_fresh(rooms, call.who)
        row = await registry.accounts.drop(name, call.part("id"), by_themselves=True)
        await tell(rooms, call.request, call.who, call.who.tenant, "sign-in", before=_told(row))

    return [
        Operation("GET", "/my/accounts", "Accounts elsewhere that open here", listed, answer=MyAccounts),
        Operation("POST", "/my/accounts/{provider}", "Link an account of mine", link, answer=Away),
        Operation("DELETE", "/my/accounts/{id}", "Unlink an account", drop),
    ]


def line(row: IdentityRow) -> AccountLine:
    return AccountLine(
        id=account_id(row),
        provider=row.provider,
        account=row.account,
        made_here=row.made_here,
        created_us=row.created_us,
        used_us=row.used_us,
    )


def callback_of(request: Request, provider: Provider) -> str:
    """Return the redirect_uri that the provider has to know: at the address that people use."""
    origin = provider.spec.address.rstrip("/") or origin_of(request)
    return f"{origin}{PREFIX}/sign-in/{provider.tenant}/{provider.name}/callback"


async def _away(rooms: Rooms, request: Request, provider: Provider, **whose: str) -> Response:
    url, sealed = await rooms.registry.openid.begin(provider, callback_of(request, provider), **whose)
    response = Response(msgspec.json.encode(Away(url=url)), media_type="application/json")
    response.set_cookie(
        _COOKIE,
        sealed,
        max_age=BEGUN_US // 1_000_000,
        path=_cookie_path(provider),
        httponly=True,
        samesite="lax",  # it has to come along when the provider sends the browser back
        secure=request.url.scheme == "https",
    )
    return response


async def _back(rooms: Rooms, call: Call) -> Response:
    """End in a page of the console either way: a browser stands here, not a program."""
    provider: Provider | None = None
    try:
        provider = await rooms.registry.providers.get(call.part("tenant_id"), call.part("provider"))
        begun = rooms.registry.openid.opened(provider, call.request.cookies.get(_COOKIE, ""))
        claims = await rooms.registry.openid.finish(provider, begun, dict(call.request.query_params))
        response = await _came(rooms, call.request, provider, begun, claims)
    except BaigongError as error:
        rooms.metrics.refuse(error.code, rooms.clock_us())
        if provider is not None:
            rooms.registry.openid.note_failure(provider, error)
        response = _to(f"/?refused={quote(error.code)}")
    if provider is not None:
        response.delete_cookie(_COOKIE, path=_cookie_path(provider), httponly=True, samesite="lax")
    return response


async def _came(rooms: Rooms, request: Request, provider: Provider, begun: Begun, claims: dict[str, Any]) -> Response:
    registry = rooms.registry
    account = Principal(tenant=provider.tenant, user=f"{provider.name}:{claims['sub']}"[:100], role="", by="account")
    try:
        if begun.person:
            if not registry.people.stands(begun.session, begun.person):
                raise Reauthenticate("auth.required", "the session that wanted this account has ended")
            row = await registry.accounts.link(provider, claims, begun.person)
            who = Principal(tenant=provider.tenant, user=begun.person, role="", by="cookie")
            await tell(rooms, request, who, provider.tenant, "sign-in", after=_told(row))
            return _to("/me")
        registry.tenants.require_standing(provider.tenant)
        person = await registry.accounts.enter(provider, claims)
        registry.people.require_open(person, registry.tenants.require_standing)
    except BaigongError as error:  # whoever it is has proved it to the provider: worth a line of the audit log
        await tell(
            rooms, request, account, provider.tenant, "sign-in", refused=error.code, after={"why": error.message}
        )
        raise
    factor = shown_factor(provider.spec, claims)
    cookie, who = await registry.people.open(person, "account", come_from(request), what=provider.name, factor=factor)
    return await signed(rooms, request, cookie, who, _to("/"))


def _to(path: str) -> Response:
    return Response(status_code=303, headers={"location": path})


def _buttons(rooms: Rooms, providers: list[Provider]) -> list[ProviderButton]:
    return [
        ProviderButton(
            tenant=p.tenant,
            provider=p.name,
            title=p.spec.title or p.spec.title_zh or p.name,
            title_zh=p.spec.title_zh or p.spec.title or p.name,
        )
        for p in providers
        if not rooms.registry.tenants.suspended(p.tenant)
    ]


def _told(row: IdentityRow) -> dict[str, str]:
    return {"provider": row.provider, "account": row.account}


def _cookie_path(provider: Provider) -> str:
    return f"{PREFIX}/sign-in/{provider.tenant}/{provider.name}"
