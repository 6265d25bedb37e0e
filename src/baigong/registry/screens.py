"""Screens of the tenants: kept as one text each, with the texts before it, and their pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import sqlalchemy as sa

from baigong.registry.events import Events
from baigong.registry.resident import Resident
from baigong.stores.records.engine import Records
from baigong.stores.records.screens import (
    PictureRow,
    ScreenRow,
    drop_picture,
    drop_screen,
    last_revision,
    picture_of,
    pictures_of,
    put_picture,
    put_screen,
    texts_of,
)
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Event
from baigong.vocab.screens import Screen, parse_screen, written

KEPT = 50  # texts of one screen
_MOST_SCREENS = 2_000  # of one company
_MOST_PICTURES = 20  # of one screen
_MOST = 256 << 20  # characters in memory at once


@dataclass(slots=True)
class _Shelf:
    rows: dict[str, ScreenRow]
    pictures: dict[str, list[PictureRow]] = field(default_factory=dict)  # by screen


class Screens:
    """Lives on the event loop; reading is callable from threads."""

    def __init__(
        self,
        events: Events,
        records: Records,
        clock_us: Callable[[], int],
        load: Callable[[str], Iterable[ScreenRow]],
        most: int = _MOST,
    ) -> None:
        self._events, self._records, self._clock_us, self._load = events, records, clock_us, load
        self._shelves: Resident[_Shelf] = Resident(self._loaded, _size, most)
        self._one_change = asyncio.Lock()

    def _loaded(self, tenant: str) -> _Shelf:
        shelf = _Shelf({row.screen: row for row in self._load(tenant)})
        for one in self._records.read_now(lambda c: pictures_of(c, tenant), tenant=tenant):
            shelf.pictures.setdefault(one.screen, []).append(one)
        return shelf

    def rows(self, tenant: str) -> Mapping[str, ScreenRow]:
        """Return those of a tenant by name; do not change it."""
        return self._shelves.get(tenant).rows

    def row(self, tenant: str, name: str) -> ScreenRow:
        """Return one. Raises http.not_found."""
        found = self.rows(tenant).get(name)
        if found is None:
            raise FixConfiguration("http.not_found", f"there is no screen {name!r}", place=name)
        return found

    def pictures(self, tenant: str, name: str) -> list[PictureRow]:
        return list(self._shelves.get(tenant).pictures.get(name, ()))

    async def texts(self, tenant: str, name: str) -> list[ScreenRow]:
        """Return the texts of a screen that are kept, the newest first; also of one that was taken away."""
        return await self._records.read(lambda c: texts_of(c, tenant, name), tenant=tenant)

    async def put(self, tenant: str, screen: Screen, by: str, revision: int | None = None) -> ScreenRow:
        """Keep a screen; the same again changes nothing. Raises config.conflict where ``revision`` is not the present.

        ``revision``: the one that was looked at, 0 for a new screen.
        """
        name, text = screen.screen, written(screen)
        async with self._one_change:
            rows = self.rows(tenant)
            held = rows.get(name)
            if held is not None and held.text == text:
                return held
            now = held.revision if held else 0
            if revision is not None and revision != now:
                who = f" by {held.changed_by}" if held else ""
                raise FixConfiguration(
                    "config.conflict", f"{name} was changed meanwhile{who}: it is at revision {now}", place="revision"
                )
            if held is None and len(rows) >= _MOST_SCREENS:
                raise FixConfiguration("quota.full", f"a company has at most {_MOST_SCREENS:,} screens", place=name)
            made = await self._write(tenant, name, text, by, "screen.changed" if held else "screen.added")
        return made

    async def _write(self, tenant: str, name: str, text: str, by: str, kind: str) -> ScreenRow:
        now = self._clock_us()
        before = await self._records.read(lambda c: last_revision(c, tenant, name), tenant=tenant)
        row = ScreenRow(tenant, name, before + 1, text, now, by)
        detail = {"by": by, "revision": row.revision}
        event = Event(kind=kind, time_us=now, tenant=tenant, subject=f"screen:{name}", detail=detail)
        await self._events.tell([event], with_work=lambda c: put_screen(c, row, KEPT))
        with self._shelves.lock:
            self._shelves.get(tenant).rows[name] = row
            self._shelves.grown(tenant)
        return row

    async def drop(self, tenant: str, name: str, by: str) -> None:
        """Take one away with its pictures; its texts stay. Raises http.not_found."""
        async with self._one_change:
            self.row(tenant, name)
            now = self._clock_us()
            event = Event(
                kind="screen.removed", time_us=now, tenant=tenant, subject=f"screen:{name}", detail={"by": by}
            )
            await self._events.tell([event], with_work=lambda c: drop_screen(c, tenant, name))
            with self._shelves.lock:
                shelf = self._shelves.get(tenant)
                shelf.rows.pop(name, None)
                shelf.pictures.pop(name, None)
                self._shelves.grown(tenant)

    async def picture(self, tenant: str, name: str, file: str) -> tuple[str, bytes]:
        """Return (media type, bytes) of a picture. Raises http.not_found."""
        found = await self._records.read(lambda c: picture_of(c, tenant, name, file), tenant=tenant)
        if found is None:
            raise FixConfiguration("http.not_found", f"{name} has no picture {file!r}", place=file)
        return found

    async def put_picture(self, tenant: str, name: str, file: str, media: str, content: bytes) -> PictureRow:
        """Keep a picture of a screen that there is. Raises http.not_found, quota.full."""
        async with self._one_change:
            self.row(tenant, name)
            held = [one for one in self.pictures(tenant, name) if one.name != file]
            if len(held) >= _MOST_PICTURES:
                raise FixConfiguration(
                    "quota.full", f"a screen has at most {_MOST_PICTURES} pictures", place=file
                )  # fmt: skip
            now = self._clock_us()

            def work(connection: sa.Connection) -> None:
                put_picture(connection, tenant, name, file, media, content, now)

            await self._records.write(work, tenant=tenant)
            made = PictureRow(name, file, media, len(content), now)
            self._shelves.get(tenant).pictures[name] = [*held, made]
            return made

    async def drop_picture(self, tenant: str, name: str, file: str) -> None:
        """Take a picture away. Raises http.not_found."""
        async with self._one_change:
            held = self.pictures(tenant, name)
            if file not in [one.name for one in held]:
                raise FixConfiguration("http.not_found", f"{name} has no picture {file!r}", place=file)
            await self._records.write(lambda c: drop_picture(c, tenant, name, file), tenant=tenant)
            self._shelves.get(tenant).pictures[name] = [one for one in held if one.name != file]

    def forget(self, tenant: str) -> None:
        """Follow the records after a tenant is gone."""
        self._shelves.drop(tenant)


@lru_cache(_MOST_SCREENS)
def read_screen(row: ScreenRow) -> Screen:
    """Return what a row's text says; nobody changes what it returns."""
    return parse_screen(row.text, row.screen)


def _size(shelf: _Shelf) -> int:
    return sum(len(row.text) for row in shelf.rows.values()) + 1
