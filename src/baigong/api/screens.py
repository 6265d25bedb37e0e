"""Screens: those that people keep, and those that follow the plant; pictures of them, and their earlier texts."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any

from msgspec import Meta, Struct
from starlette.responses import Response

from baigong.api.rooms import Rooms
from baigong.api.screenwire import ScreenAnswer, ScreenQuery, Shower, read_chosen
from baigong.api.wire import Call, Operation, read_body
from baigong.registry.screenmade import Made, ScreenMaker
from baigong.registry.screens import read_screen
from baigong.security.photos import MOST_BYTES, clean_photo
from baigong.stores.records.screens import PictureRow, ScreenRow
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.screens import Screen, as_screen, parse_screen

_DRAWN = 60  # items of a small picture
_FILE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
_STILL = "default-src 'none'; style-src 'unsafe-inline'; sandbox"  # a picture runs nothing


class ScreenLine(Struct, frozen=True, kw_only=True):
    """One screen of a list. ``missing``: how many of its points are not there; ``symbols``: what is drawn, at most 60
    (kind, x, y, width, height in parts of the sheet), for a small picture of it.
    """

    screen: str
    title: str
    title_zh: str
    of: str
    size: list[float]
    items: int
    points: int
    missing: int
    variables: int
    photo: str
    symbols: list[tuple[str, float, float, float, float]]
    revision: int
    changed_us: int
    changed_by: str


class ScreenChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``text`` (YAML) or ``screen`` (the same as JSON). ``check``: only say what it would show.

    ``revision``: the one that was looked at, 0 for a new one; another one meanwhile: config.conflict.
    """

    text: str | None = None
    screen: dict[str, Any] | None = None
    check: bool = False
    revision: Annotated[int, Meta(ge=0)] | None = None


class ScreenText(Struct, frozen=True, kw_only=True):
    revision: int
    text: str
    changed_us: int
    changed_by: str


class Picture(Struct, frozen=True, kw_only=True):
    name: str
    media: str
    size: int
    changed_us: int


class OverviewQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``under``: only what stands there."""

    under: str = ""


def partly(call: Call) -> bool:
    """Say whether who asks may know of only some points."""
    return call.only is not None


def operations(rooms: Rooms) -> list[Operation]:
    return [*_kept(rooms), *_pictures(rooms), *_made(rooms)]


def _kept(rooms: Rooms) -> list[Operation]:
    screens = rooms.registry.screens

    async def listed(call: Call) -> Any:
        shower = Shower(rooms, call.tenant, call.book, partly(call))
        rows = [row for _, row in sorted(screens.rows(call.tenant).items())]
        await asyncio.to_thread(lambda: [read_screen(row) for row in rows])  # the first time it is long work
        return [_line(shower, row) for row in rows if shower.is_open(read_screen(row))]

    async def one(call: Call) -> Any:
        name, row = call.part("name"), None
        shower = Shower(rooms, call.tenant, call.book, partly(call))
        if partly(call):  # of earlier texts they are told none
            shower.require_open(read_screen(screens.row(call.tenant, name)))
        elif call.query.revision is not None:  # also of a screen that was taken away
            texts = await screens.texts(call.tenant, name)
            row = next((text for text in texts if text.revision == call.query.revision), None)
            if row is None:
                raise FixConfiguration("http.not_found", f"{name} has no revision {call.query.revision}", place=name)
        row = row or screens.row(call.tenant, name)
        return shower.show(
            read_screen(row),
            read_chosen(call.query.chosen),
            text=row.text,
            revision=row.revision,
            changed_us=row.changed_us,
            changed_by=row.changed_by,
        )

    async def put(call: Call) -> Any:
        told: ScreenChange = call.body
        name, shower = call.part("name"), Shower(rooms, call.tenant, call.book)
        screen = _told(told, name)
        held = screens.rows(call.tenant).get(name)
        if told.check:
            return shower.show(screen, {}, revision=held.revision if held else 0)
        row = await screens.put(call.tenant, screen, call.who.user, told.revision)
        call.before, call.after = held and held.text, row.text
        return shower.show(
            screen, {}, text=row.text, revision=row.revision, changed_us=row.changed_us, changed_by=row.changed_by
        )

    async def drop(call: Call) -> Any:
        call.before = screens.row(call.tenant, call.part("name")).text
        await screens.drop(call.tenant, call.part("name"), call.who.user)

    async def texts(call: Call) -> Any:
        found = await screens.texts(call.tenant, call.part("name"))
        if not found:
            screens.row(call.tenant, call.part("name"))  # of one that never was, there are none
        return [
            ScreenText(revision=one.revision, text=one.text, changed_us=one.changed_us, changed_by=one.changed_by)
            for one in found
        ]

    return [
        Operation("GET", "/screens", "Screens that are kept", listed, answer=list[ScreenLine]),
        Operation("GET", "/screens/{name}", "One screen", one, query=ScreenQuery, answer=ScreenAnswer),
        Operation("PUT", "/screens/{name}", "Keep a screen, or see what it would show", put, body=ScreenChange,
                  answer=ScreenAnswer),
        Operation("DELETE", "/screens/{name}", "Take a screen away", drop),
        Operation("GET", "/screens/{name}/texts", "Its texts, the newest first", texts, answer=list[ScreenText]),
    ]  # fmt: skip


def _line(shower: Shower, row: ScreenRow) -> ScreenLine:
    screen = read_screen(row)
    wide, high = screen.size
    places = [(item.what, item.at) for item in screen.items if item.at is not None]
    places.sort(key=lambda one: -one[1][2] * one[1][3])
    return ScreenLine(
        screen=row.screen,
        title=screen.title,
        title_zh=screen.title_zh,
        of=screen.of,
        size=screen.size,
        items=len(screen.items),
        points=len(shower.rows(screen, {})),
        missing=shower.missing(screen),
        variables=len(screen.variables),
        photo=screen.photo,
        symbols=[(w, at[0] / wide, at[1] / high, at[2] / wide, at[3] / high) for w, at in places[:_DRAWN]],
        revision=row.revision,
        changed_us=row.changed_us,
        changed_by=shower.said_by(row.changed_by),
    )


def _told(told: ScreenChange, name: str) -> Screen:
    if (told.text is None) == (told.screen is None):
        raise FixConfiguration("config.invalid", "send `text` or `screen`, one of the two", place="body")
    return parse_screen(told.text, name) if told.text is not None else as_screen(told.screen or {}, name)


def _pictures(rooms: Rooms) -> list[Operation]:
    screens = rooms.registry.screens

    async def listed(call: Call) -> Any:
        screens.row(call.tenant, call.part("name"))
        found = screens.pictures(call.tenant, call.part("name"))
        return [_picture(one) for one in found]

    async def one(call: Call) -> Response:
        held = screens.row(call.tenant, call.part("name"))
        Shower(rooms, call.tenant, call.book, partly(call)).require_open(read_screen(held))
        media, content = await screens.picture(call.tenant, call.part("name"), call.part("file"))
        return Response(content, media_type=media, headers={"Content-Security-Policy": _STILL})

    async def put(call: Call) -> Any:
        file = call.part("file")
        if not _FILE.fullmatch(file):
            raise FixConfiguration("config.invalid", f"{file!r} is no name of a picture: hall.jpg", place="file")
        content, media = clean_photo(await read_body(call.request, MOST_BYTES))
        rooms.registry.quotas.check(call.tenant, "storage", len(content))
        made = await screens.put_picture(call.tenant, call.part("name"), file, media, content)
        call.after = {"file": file, "bytes": len(content)}
        return _picture(made)

    async def drop(call: Call) -> Any:
        await screens.drop_picture(call.tenant, call.part("name"), call.part("file"))

    takes = ("image/jpeg", "image/png", "image/svg+xml")
    return [
        Operation("GET", "/screens/{name}/files", "Its pictures", listed, answer=list[Picture]),
        Operation("GET", "/screens/{name}/files/{file}", "A picture", one, gives=takes),
        Operation("PUT", "/screens/{name}/files/{file}", "Keep a picture", put, answer=Picture, takes=takes),
        Operation("DELETE", "/screens/{name}/files/{file}", "Take a picture away", drop),
    ]


def _picture(row: PictureRow) -> Picture:
    return Picture(name=row.name, media=row.media, size=row.size, changed_us=row.changed_us)


def _made(rooms: Rooms) -> list[Operation]:
    registry = rooms.registry

    def maker(call: Call) -> ScreenMaker:
        return ScreenMaker(registry.assets, registry.types, call.book)

    def shown(call: Call, made: Made) -> ScreenAnswer:
        return Shower(rooms, call.tenant, call.book, partly(call)).show(
            made.screen, made.chosen, made=True, came=made.came, left_out=made.left_out
        )

    async def of_asset(call: Call) -> Any:
        name = call.part("name")
        _require_asset(rooms, call, name)
        return shown(call, maker(call).of_asset(call.tenant, name))

    async def of_area(call: Call) -> Any:
        name = call.part("name")
        _require_asset(rooms, call, name)
        return shown(call, maker(call).of_parts(call.tenant, name))

    async def of_type(call: Call) -> Any:
        made = maker(call).of_type(call.tenant, call.part("name"))
        return Shower(rooms, call.tenant, call.book).show(
            made.screen, read_chosen(call.query.chosen), made=True, came=made.came
        )

    async def of_users(call: Call) -> Any:
        return shown(call, maker(call).of_users(call.tenant, call.part("name"), call.query.under))

    return [
        Operation("GET", "/assets/{name}/screen", "How an asset is drawn", of_asset, answer=ScreenAnswer),
        Operation("GET", "/assets/{name}/overview", "All that stands there, drawn small", of_area,
                  answer=ScreenAnswer),
        Operation("GET", "/types/{name}/screen", "How assets of a type are drawn", of_type, query=ScreenQuery,
                  answer=ScreenAnswer),
        Operation("GET", "/types/{name}/overview", "All assets of a type, drawn small", of_users,
                  query=OverviewQuery, answer=ScreenAnswer),
    ]  # fmt: skip


def _require_asset(rooms: Rooms, call: Call, name: str) -> None:
    tree = rooms.registry.assets.tree(call.tenant)
    known = name in tree if call.only is None else any(
        tree.covers(name, asset) for asset in call.book.by_asset(call.tenant)
    )  # fmt: skip
    if not known:
        raise FixConfiguration("http.not_found", f"there is no asset {name!r}", place=name)
