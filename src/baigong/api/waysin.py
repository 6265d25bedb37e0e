"""For administrators: the ways in of a person, and the providers of the company."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.accounts import AccountLine, callback_of, line
from baigong.api.passkeys import PasskeyLine
from baigong.api.passkeys import line as passkey_line
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.passkeys import passkey_name
from baigong.registry.providercheck import Finding, check

_PERSON = "/people/{name}"


class WaysIn(Struct, frozen=True, kw_only=True):
    """``phone``: an authenticator app is set up."""

    phone: bool
    codes_left: int
    passkeys: list[PasskeyLine]
    accounts: list[AccountLine]


class NewLink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``subject``: the claim sub of the account."""

    provider: Annotated[str, Meta(max_length=40)]
    subject: Annotated[str, Meta(min_length=1, max_length=255)]


class ProviderLine(Struct, frozen=True, kw_only=True):
    """``error``: what is wrong with the file; ``failed``: why the newest sign-in that failed did, at ``failed_us``."""

    provider: str
    title: str
    issuer: str
    client_id: str
    make_people: bool
    domains: list[str]
    redirect_uri: str
    error: str = ""
    failed: str = ""
    failed_us: int | None = None


def operations(rooms: Rooms) -> list[Operation]:
    registry = rooms.registry

    async def ways(call: Call) -> Any:
        row = await registry.members.get(call.tenant, call.part("name"))
        return WaysIn(
            phone=registry.factors.has_phone(row.name),
            codes_left=await registry.factors.codes_left(row.name),
            passkeys=[passkey_line(key) for key in registry.passkeys.of(row.name)],
            accounts=[line(account) for account in registry.accounts.of(row.name)],
        )

    async def drop_passkey(call: Call) -> Any:
        row = await registry.members.within_reach(call.who, call.tenant, call.part("name"))
        gone = await registry.passkeys.drop(row.name, call.part("id"))
        call.before = {"passkey": gone.title}
        await registry.people.end_sessions(row.name, opened_by=("passkey", passkey_name(gone.credential)))
        if not registry.factors.has(row.name):
            await registry.people.no_factor(row.name)

    async def link(call: Call) -> Any:
        row = await registry.members.within_reach(call.who, call.tenant, call.part("name"))
        provider = await registry.providers.get(call.tenant, call.body.provider)
        call.after = call.body
        return line(await registry.accounts.link_subject(provider, call.body.subject, row.name))

    async def unlink(call: Call) -> Any:
        row = await registry.members.within_reach(call.who, call.tenant, call.part("name"))
        gone = await registry.accounts.drop(row.name, call.part("id"), by_themselves=False)
        call.before = {"provider": gone.provider, "account": gone.account}

    path = _PERSON + "/passkeys/{id}"
    return [
        Operation("GET", _PERSON + "/ways-in", "How a person comes in", ways, answer=WaysIn),
        Operation("DELETE", path, "Take a person's passkey away", drop_passkey),
        Operation("POST", _PERSON + "/accounts", "Link an account to a person", link, body=NewLink, answer=AccountLine),
        Operation("DELETE", _PERSON + "/accounts/{id}", "Unlink a person's account", unlink),
        *_providers(rooms),
    ]


def _providers(rooms: Rooms) -> list[Operation]:
    registry = rooms.registry

    async def listed(call: Call) -> Any:
        found = await registry.providers.of_tenant(call.tenant)
        lines = []
        for one in found:
            spec = one.provider.spec if one.provider else None
            failed_us, failed = registry.openid.failure(f"{one.tenant}/{one.name}")
            lines.append(
                ProviderLine(
                    provider=one.name,
                    title=(spec.title or spec.title_zh) if spec else "",
                    issuer=spec.issuer if spec else "",
                    client_id=spec.client_id if spec else "",
                    make_people=spec.people.make if spec else False,
                    domains=spec.domains if spec else [],
                    redirect_uri=callback_of(call.request, one.provider) if one.provider else "",
                    error=one.error.message if one.error else "",
                    failed=failed,
                    failed_us=failed_us,
                )
            )
        return lines

    async def tried(call: Call) -> Any:
        provider = await registry.providers.get(call.tenant, call.part("provider"))
        return await check(registry.providers, registry.openid, provider, callback_of(call.request, provider))

    path = "/providers"
    return [
        Operation("GET", path, "Providers whose accounts open here", listed, answer=list[ProviderLine]),
        Operation("POST", path + "/{provider}/check", "Try a provider's settings", tried, answer=list[Finding]),
    ]
