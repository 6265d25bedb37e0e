"""Quotas as text: read by those they bound, written by the operator (of sites: by the company itself)."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.quotaline import Level, Line
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.quotas import Quotas

Text = Annotated[str, Meta(max_length=10_000)]


class QuotaText(Struct, frozen=True, kw_only=True):
    """``text``: one ``name: number`` a line; ``quotas``: the same, read. ``place``: the region, company or asset."""

    level: Level
    place: str
    text: Text
    quotas: Quotas


class QuotasOf(Struct, frozen=True, kw_only=True):
    """``lines``: what applies, the fullest first; ``texts``: what was said, from the widest to the nearest."""

    tenant: str
    lines: list[Line]
    texts: list[QuotaText]


class PutText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text: Text


def operations(rooms: Rooms) -> list[Operation]:
    book, tenants = rooms.registry.quotas, rooms.registry.tenants

    def told(level: Level, place: str) -> QuotaText:
        return QuotaText(level=level, place=place, text=book.text(level, place), quotas=book.said(level, place))

    async def put(call: Call, level: Level, place: str) -> QuotaText:
        call.before = book.text(level, place)
        await book.put(level, place, call.body.text)
        call.after = call.body.text
        await rooms.bus.publish("quota.changed", b"{}")
        return told(level, place)

    async def own(call: Call) -> Any:
        region = tenants.get(call.tenant).region
        texts = [told("platform", ""), *([told("region", region)] if region else []), told("company", call.tenant)]
        texts += [told("site", place) for place in book.sites(call.tenant)]
        return QuotasOf(tenant=call.tenant, lines=book.lines(call.tenant), texts=texts)

    async def get_platform(call: Call) -> Any:
        return told("platform", "")

    async def put_platform(call: Call) -> Any:
        return await put(call, "platform", "")

    async def get_region(call: Call) -> Any:
        return told("region", call.part("id"))

    async def put_region(call: Call) -> Any:
        return await put(call, "region", call.part("id"))

    async def put_company(call: Call) -> Any:
        return await put(call, "company", call.part("id"))

    async def put_site(call: Call) -> Any:
        asset = call.part("id")
        if not asset or "/" in asset:
            raise FixConfiguration("config.invalid", "name an asset: line1", place="site")
        return await put(call, "site", f"{call.tenant}/{asset}")

    def setting(method: str, path: str, summary: str, handle: Any) -> Operation:
        body = PutText if method == "PUT" else None
        return Operation(method, path, summary, handle, body=body, answer=QuotaText)

    return [
        Operation("GET", "/quotas", "Quotas of a company and how far they are used", own, answer=QuotasOf),
        setting("GET", "/quotas/platform", "The platform's default quotas", get_platform),
        setting("PUT", "/quotas/platform", "Set the default quotas", put_platform),
        setting("GET", "/quotas/regions/{id}", "What a region's companies may use together", get_region),
        setting("PUT", "/quotas/regions/{id}", "Set a region's quotas", put_region),
        setting("PUT", "/quotas/companies/{id}", "Set a company's quotas", put_company),
        setting("PUT", "/quotas/sites/{id}", "Set how many points a site of one's own may have", put_site),
    ]
