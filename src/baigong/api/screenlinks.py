"""Links to one screen for those without an account: made and revoked by who may share, opened by who has one."""

from __future__ import annotations

import base64
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from starlette.responses import Response

from baigong.api.points import Newest, newest_of
from baigong.api.rooms import Rooms
from baigong.api.screenwire import ScreenAnswer, Shower
from baigong.api.series import drawn
from baigong.api.tables import ARROW
from baigong.api.wire import Call, Operation
from baigong.registry.audit import Entry
from baigong.registry.screens import read_screen
from baigong.registry.seldom import Seldom
from baigong.stores.records.screens import LinkRow, ScreenRow
from baigong.vocab.errors import FixConfiguration

_SPAN = "1h"  # of a trend that says none
_BETWEEN_S = 60.0  # an opening is written down at most once a minute a link


class LinkWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``ends_us``: until when, within a year; ``chosen``: for the screen's variables, and no others are shown."""

    ends_us: int
    title: Annotated[str, Meta(max_length=200)] = ""
    chosen: dict[str, str] = {}


class LinkLine(Struct, frozen=True, kw_only=True):
    link: str
    title: str
    chosen: dict[str, str]
    made_by: str
    made_us: int
    ends_us: int


class LinkMade(Struct, frozen=True, kw_only=True):
    """``token`` is told once; behind ``#`` in ``path`` it reaches no log of any server."""

    line: LinkLine
    token: str
    path: str


class Opening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``whole``: with the drawing and its pictures; without, the values alone."""

    token: Annotated[str, Meta(max_length=100)]
    whole: bool = False


class PastOpening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``item``: a trend of the screen; its points over its own span are told, and no others. ``width``: pixels."""

    token: Annotated[str, Meta(max_length=100)]
    item: Annotated[str, Meta(max_length=64)]
    width: Annotated[int, Meta(ge=1, le=4_000)] = 600


class Opened(Struct, frozen=True, kw_only=True):
    """``values``: the newest of every point of the screen, by name. ``pictures``: data URLs, by file."""

    values: dict[str, Newest]
    ends_us: int
    answer: ScreenAnswer | None = None
    pictures: dict[str, str] = {}


def operations(rooms: Rooms) -> list[Operation]:
    return [*_kept(rooms), *_opening(rooms)]


def _kept(rooms: Rooms) -> list[Operation]:
    screens, links = rooms.registry.screens, rooms.registry.screen_links

    async def listed(call: Call) -> Any:
        screens.row(call.tenant, call.part("name"))
        return [_line(row) for row in links.of(call.tenant, call.part("name"))]

    async def make(call: Call) -> Any:
        wish: LinkWish = call.body
        name = screens.row(call.tenant, call.part("name")).screen
        row, secret = await links.make(call.tenant, name, wish.chosen, wish.title, wish.ends_us, call.who.user)
        call.after = _line(row)
        return LinkMade(line=_line(row), token=secret, path=f"/shown#{secret}")

    async def revoke(call: Call) -> Any:
        found = [row for row in links.of(call.tenant, call.part("name")) if row.link == call.part("id")]
        if not found:
            raise FixConfiguration("http.not_found", f"there is no link {call.part('id')!r}", place=call.part("id"))
        call.before = _line(await links.revoke(call.tenant, call.part("id"), call.who.user))

    return [
        Operation("GET", "/screens/{name}/links", "Links that show it to strangers", listed, answer=list[LinkLine]),
        Operation("POST", "/screens/{name}/links", "Make a link to a screen", make, body=LinkWish, answer=LinkMade),
        Operation("DELETE", "/screens/{name}/links/{id}", "End a link", revoke),
    ]


def _opening(rooms: Rooms) -> list[Operation]:
    registry = rooms.registry
    screens = registry.screens
    seldom = Seldom(_BETWEEN_S)

    async def opened(call: Call) -> Any:
        asked: Opening = call.body
        link, held = opened_by(asked.token)
        screen, shower = read_screen(held), Shower(rooms, link.tenant, registry.book)
        chosen = msgspec.json.decode(link.chosen, type=dict[str, str])
        rows = shower.rows(screen, chosen)
        newest = await newest_of(rooms.lake, link.tenant, list({row.number for row in rows.values()}))
        values = {name: _newest(newest[row.number]) for name, row in rows.items() if row.number in newest}
        if not asked.whole:
            return Opened(values=values, ends_us=link.ends_us)
        await write_down(call, link)
        shown = shower.show(screen, chosen, text=held.text)
        answer = msgspec.structs.replace(shown, text="", changed_by="", choices={}, findings=[])
        return Opened(values=values, ends_us=link.ends_us, answer=answer, pictures=await pictures(link))

    async def past(call: Call) -> Response:
        asked: PastOpening = call.body
        link, held = opened_by(asked.token)
        screen = read_screen(held)
        item = next((one for one in screen.items if one.id == asked.item and one.what == "trend"), None)
        if item is None:
            raise FixConfiguration("http.not_found", f"the screen has no trend {asked.item!r}", place="item")
        shower = Shower(rooms, link.tenant, registry.book)
        only = msgspec.structs.replace(screen, items=[item])
        rows = shower.rows(only, msgspec.json.decode(link.chosen, type=dict[str, str]))
        return await drawn(
            rooms,
            rooms.lake,
            link.tenant,
            list({r.number: r for r in rows.values()}.values()),
            f"-{item.span or _SPAN}",
            asked.width,
        )

    def opened_by(token: str) -> tuple[LinkRow, ScreenRow]:
        link = registry.screen_links.opened(token)
        registry.tenants.require_standing(link.tenant)
        held = screens.rows(link.tenant).get(link.screen)
        if held is None:
            raise FixConfiguration("link.ended", "the screen of this link is gone", place="token")
        return link, held

    async def pictures(link: LinkRow) -> dict[str, str]:
        found = {}
        for one in screens.pictures(link.tenant, link.screen):
            media, content = await screens.picture(link.tenant, link.screen, one.name)
            found[one.name] = f"data:{media};base64,{base64.b64encode(content).decode()}"
        return found

    async def write_down(call: Call, link: LinkRow) -> None:
        if seldom.is_due(link.link) is None:
            return
        client = call.request.client.host if call.request.client else ""
        entry = Entry(
            time_us=rooms.clock_us(), tenant=link.tenant, who=f"link:{link.link}", action="read",
            object=f"screen:{link.screen}", allowed=True, origin=client, because=(), reason="", before=None, after=None,
        )  # fmt: skip
        await registry.audit.note(entry)

    return [
        Operation("POST", "/shown", "What a link shows", opened, body=Opening, answer=Opened, everyone=True),
        Operation("POST", "/shown/past", "What a trend of it shows", past, body=PastOpening, gives=(ARROW,),
                  everyone=True),
    ]  # fmt: skip


def _newest(row: dict[str, Any]) -> Newest:
    value = row["text"] if row["value"] is None and row["text"] else row["value"]
    return Newest(value=value, time_us=row["time_us"], quality=row["quality"])


def _line(row: LinkRow) -> LinkLine:
    return LinkLine(
        link=row.link,
        title=row.title,
        chosen=msgspec.json.decode(row.chosen, type=dict[str, str]),
        made_by=row.made_by,
        made_us=row.made_us,
        ends_us=row.ends_us,
    )
