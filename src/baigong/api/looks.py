"""Name, logo and colour of a region: shown to everybody who comes to its door, changed by the platform's operator."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

from msgspec import Meta, Struct
from starlette.responses import Response

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation, read_body
from baigong.registry.looks import Logo, Look
from baigong.security.pictures import MOST_BYTES
from baigong.vocab.errors import FixConfiguration

_PICTURES = ("image/png", "image/svg+xml")
# A picture is no page: nothing in it runs, nothing is fetched by it, also when it is opened by itself.
_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


class LooksQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``region``: left out, the one that is met under this host name."""

    region: Annotated[str, Meta(max_length=64)] = ""


class Looks(Struct, frozen=True, kw_only=True):
    """Empty: as the platform looks. ``logo``: its address."""

    region: str
    title: str
    title_zh: str
    accent: str
    accent_dark: str
    logo: str


class LookOf(Struct, frozen=True, kw_only=True):
    """``wrong``: why its files cannot be used."""

    region: str
    look: Look
    logo: str
    wrong: str


def operations(rooms: Rooms) -> list[Operation]:
    looks, tenants = rooms.registry.looks, rooms.registry.tenants

    def known(region: str) -> str:
        if region not in {row.region for row in tenants.regions()}:
            raise FixConfiguration("http.not_found", f"there is no region {region!r}", place=region)
        return region

    async def shown(call: Call) -> Any:
        host = urlsplit(f"//{call.request.headers.get('host', '')}").hostname or ""
        region = call.query.region or await looks.met_at(host)
        look, logo = await looks.of(region)
        return Looks(
            region=region, title=look.title, title_zh=look.title_zh, accent=look.accent,
            accent_dark=look.accent_dark, logo=_address(region, logo),
        )  # fmt: skip

    async def get(call: Call) -> Any:
        return await told(known(call.part("id")))

    async def told(region: str) -> LookOf:
        look, logo = await looks.of(region)
        return LookOf(region=region, look=look, logo=_address(region, logo), wrong=looks.wrong.get(region, ""))

    async def put(call: Call) -> Any:
        region = known(call.part("id"))
        call.before, call.after = (await looks.of(region))[0], call.body
        await looks.put(region, call.body)
        return await told(region)

    async def logo(call: Call) -> Any:
        _, held = await looks.of(call.part("id"))
        if held is None:
            raise FixConfiguration("http.not_found", "this region has no logo", place="logo")
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "public, max-age=3600"}
        return Response(held.picture, media_type=held.media, headers=headers)

    async def put_logo(call: Call) -> Any:
        region = known(call.part("id"))
        held = await looks.put_logo(region, await read_body(call.request, MOST_BYTES))
        call.after = {"logo": held.digest}
        return await told(region)

    async def drop_logo(call: Call) -> Any:
        await looks.drop_logo(known(call.part("id")))

    path = "/regions/{id}"
    return [
        Operation("GET", "/looks", "How this door looks", shown, query=LooksQuery, answer=Looks, everyone=True),
        Operation("GET", path + "/look", "How a region looks", get, answer=LookOf),
        Operation("PUT", path + "/look", "Name and colour of a region", put, body=Look, answer=LookOf),
        Operation("GET", path + "/logo", "A region's logo", logo, gives=_PICTURES, everyone=True),
        Operation("PUT", path + "/logo", "Give a region a logo", put_logo, takes=_PICTURES, answer=LookOf),
        Operation("DELETE", path + "/logo", "Take a region's logo away", drop_logo),
    ]


def _address(region: str, logo: Logo | None) -> str:
    return f"/api/v1/regions/{region}/logo?v={logo.digest}" if logo else ""
