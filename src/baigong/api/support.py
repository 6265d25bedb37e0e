"""Support access: the platform asks a company, the company consents, refuses and ends."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.support import LONGEST_HOURS, SupportAccess

Hours = Annotated[float, Meta(gt=0, le=LONGEST_HOURS)]


class AskSupport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which company is asked says ``?tenant=``. ``level``: look (no values), read, operate (never command)."""

    reason: Annotated[str, Meta(min_length=3, max_length=500)]
    level: Literal["look", "read", "operate"] = "read"
    hours: Hours = 8.0


class Consent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``hours``: less than was asked for; null: as asked."""

    hours: Hours | None = None


class SupportPage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``before``: what was asked before this time, in microseconds: the last ``asked_us`` of the page before."""

    before: int | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 200


def operations(rooms: Rooms) -> list[Operation]:
    support = rooms.registry.support

    async def listed(call: Call) -> Any:
        page: SupportPage = call.query
        return await support.listed(call.tenant, page.before, page.limit)

    async def allow(call: Call) -> Any:
        call.after = await support.allow(call.who, call.tenant, call.part("id"), call.body.hours)
        return call.after

    async def refuse(call: Call) -> Any:
        call.after = await support.refuse(call.who, call.tenant, call.part("id"))
        return call.after

    async def end(call: Call) -> Any:
        call.after = await support.end(call.who, call.tenant, call.part("id"))
        return call.after

    async def asked(call: Call) -> Any:
        page: SupportPage = call.query
        return await support.listed("", page.before, page.limit)

    async def ask(call: Call) -> Any:
        wish: AskSupport = call.body
        call.after = await support.ask(call.who, call.tenant, wish.reason, wish.level, wish.hours)
        return call.after

    many, one, paged = list[SupportAccess], SupportAccess, SupportPage
    return [
        Operation("GET", "/support", "Who of the platform asked to come in here", listed, query=paged, answer=many),
        Operation("POST", "/support/{id}/allow", "Consent to support access", allow, body=Consent, answer=one),
        Operation("POST", "/support/{id}/refuse", "Refuse support access", refuse, answer=one),
        Operation("POST", "/support/{id}/end", "End support access at once", end, answer=one),
        Operation("GET", "/support/asked", "What the platform asked of companies", asked, query=paged, answer=many),
        Operation("POST", "/support/asked", "Ask a company for support access", ask, body=AskSupport, answer=one),
        Operation("POST", "/support/asked/{id}/end", "Take back or end what one asked for", end, answer=one),
    ]
