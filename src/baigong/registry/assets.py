"""The assets of the tenants: described one by one or in bulk, placed in a tree, found by any of their names.

What only points name (``pump1`` of ``pump1.flow``) is an asset too, until somebody says more about it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.book import PointBook
from baigong.registry.devices import Devices
from baigong.registry.events import Events
from baigong.registry.findable import Findable, words_of
from baigong.registry.names import Names
from baigong.registry.relations import changed_relations, incoming, with_relations, wrong_relations
from baigong.registry.resident import Resident
from baigong.registry.tree import Tree
from baigong.stores.records.assets import AssetRow, put_assets
from baigong.stores.records.life import keep_lives
from baigong.vocab.assets import EQUIPMENT, LEVELS_ZH, AssetSpec
from baigong.vocab.devices import AssetWords
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Event

_MOST = 200_000  # assets in memory at once
_FOUND = 50  # of what is wrong with a list, so much is said
_MOST_EVENTS = 200  # of one change; a larger one is one event


class Finding(Struct, frozen=True, kw_only=True):
    """What is wrong with one asset of a list: ``row`` from 1."""

    row: int
    asset: str
    field: str
    message: str
    message_zh: str


class Counts(NamedTuple):
    """Points of each asset: its own, and those of all its parts too."""

    own: Counter[str]
    all: Counter[str]


@dataclass(slots=True)
class _Shelf:
    rows: dict[str, AssetRow]
    version: int = 0
    # what follows from them, with the versions of points and of rows that it is of
    tree: tuple[tuple[int, int], Tree] | None = None
    words: tuple[tuple[int, int], dict[str, AssetWords]] | None = None
    counts: tuple[tuple[int, int], Counts] | None = None
    findable: tuple[tuple[int, int], Findable] | None = None
    incoming: tuple[int, dict[str, list[tuple[str, str]]]] | None = None


class Assets:
    """Lives on the event loop; reading is callable from threads. ``moved``: awaited when a tenant's tree changed."""

    def __init__(
        self,
        events: Events,
        book: PointBook,
        devices: Devices,
        clock_us: Callable[[], int],
        load: Callable[[str], Iterable[AssetRow]],
        most: int = _MOST,
        names: Names | None = None,
    ) -> None:
        self._names = names or Names(lambda tenant: ())
        self._events, self._book, self._devices, self._clock_us = events, book, devices, clock_us
        self._shelves: Resident[_Shelf] = Resident(
            lambda tenant: _Shelf({row.spec.asset: row for row in load(tenant)}), lambda shelf: len(shelf.rows), most
        )
        self.one_change = asyncio.Lock()
        self.moved: Callable[[str], Awaitable[None]] = _nobody

    def rows(self, tenant: str) -> Mapping[str, AssetRow]:
        """Return what was described, retired ones too, by name."""
        return self._shelves.get(tenant).rows

    def above(self, tenant: str, asset: str) -> str:
        """Return what an asset is a part of; empty: nothing but the company."""
        row = self._shelves.get(tenant).rows.get(asset)
        if row is None and (now := self._names.asset(tenant, asset)) != asset:
            return now  # a name that it had before is the asset itself, and opens and closes the same
        return row.spec.above if row is not None else Tree({}).above(asset)

    def tree(self, tenant: str) -> Tree:
        """Return what is a part of what, as it is now; do not change it."""
        shelf = self._shelves.get(tenant)
        key = (self._book.version(tenant), shelf.version)
        if shelf.tree is None or shelf.tree[0] != key:
            found = Tree({name: row.spec.above for name, row in shelf.rows.items()})
            found.name(row.spec.above for row in shelf.rows.values())
            found.name(self._book.by_asset(tenant))
            shelf.tree = (key, found)
        return shelf.tree[1]

    def counts(self, tenant: str) -> Counts:
        """Return how many points each asset has."""
        shelf = self._shelves.get(tenant)
        key = (self._book.version(tenant), shelf.version)
        if shelf.counts is None or shelf.counts[0] != key:
            shelf.counts = (key, counted(self.tree(tenant), self._book, tenant))
        return shelf.counts[1]

    def words(self, tenant: str) -> dict[str, AssetWords]:
        """Return what people call the assets, by name; a device's file speaks for those nobody described."""
        shelf = self._shelves.get(tenant)
        key = (self._book.version(tenant), shelf.version)
        if shelf.words is None or shelf.words[0] != key:
            words = dict(self._devices.assets(tenant))
            for name, row in shelf.rows.items():
                if row.spec.title or row.spec.title_zh:
                    words[name] = AssetWords(title=row.spec.title, title_zh=row.spec.title_zh)
            shelf.words = (key, words)
        return shelf.words[1]

    def incoming(self, tenant: str) -> Mapping[str, list[tuple[str, str]]]:
        """Return of each asset what others say of it: (kind of relation, who), in order."""
        shelf = self._shelves.get(tenant)
        if shelf.incoming is None or shelf.incoming[0] != shelf.version:
            shelf.incoming = (shelf.version, incoming(shelf.rows))
        return shelf.incoming[1]

    def resolved(self, tenant: str, spec: AssetSpec) -> AssetSpec:
        """Return an asset as it would be kept: with the relations it has, where it says nothing of them."""
        held = self.rows(tenant).get(spec.asset)
        return with_relations(spec, held.spec if held is not None else None)

    def searched(self, tenant: str, search: Iterable[str]) -> set[str]:
        """Return the assets in whose words every one of ``search``, which are folded, is found."""
        shelf = self._shelves.get(tenant)
        key = (self._book.version(tenant), shelf.version)
        if shelf.findable is None or shelf.findable[0] != key:
            shelf.findable = (key, Findable(self._findable(tenant)))
        return shelf.findable[1].found(search)

    def _findable(self, tenant: str) -> Iterator[tuple[str, str]]:
        rows, words = self.rows(tenant), self.words(tenant)
        for asset in self.tree(tenant):
            row, called = rows.get(asset), words.get(asset, AssetWords())
            if row is not None and (row.spec.title or row.spec.title_zh):
                yield asset, row.words
            else:
                yield asset, " ".join([row.words if row else "", words_of([asset, called.title, called.title_zh])])

    def check(self, tenant: str, specs: Sequence[AssetSpec]) -> list[Finding]:
        """Say what is wrong with these, taken together with those there are; nothing is changed."""
        held = self.rows(tenant)
        now = {name: row.spec for name, row in held.items() if row.retired_us is None}
        after = now | {spec.asset: spec for spec in specs}
        tree = Tree({name: spec.above for name, spec in after.items()})
        codes = Counter(spec.code for spec in after.values() if spec.code)
        twice = {name for name, count in Counter(s.asset for s in specs).items() if count > 1}
        known = self.tree(tenant)
        found: list[Finding] = []
        for number, spec in enumerate(specs, 1):

            def wrong(field: str, message: str, message_zh: str, number: int = number, asset: str = spec.asset) -> None:
                found.append(Finding(row=number, asset=asset, field=field, message=message, message_zh=message_zh))

            if (now_called := self._names.asset(tenant, spec.asset)) != spec.asset:
                wrong(
                    "asset",
                    f"{spec.asset} is an earlier name of {now_called}",
                    f"{spec.asset} 是 {now_called} 的曾用名",
                )
            if spec.asset in twice:
                wrong("asset", f"{spec.asset} is in the list twice", f"{spec.asset} 在列表中出现两次")
            if spec.code and codes[spec.code] > 1:
                other = next(n for n, s in after.items() if s.code == spec.code and n != spec.asset)
                wrong("code", f"code {spec.code!r} is that of {other} too", f"编码 {spec.code} 已属于 {other}")
            above = spec.above
            if above and above not in after and above not in known and not _is_named(above, after):
                wrong("parent", f"there is no asset {above!r}", f"没有资产 {above}")
            if _is_round(tree, spec.asset):
                wrong("parent", f"{spec.asset} would be a part of itself", f"{spec.asset} 会成为自身的一部分")
            elif (over := after.get(above)) is not None and _is_upside_down(spec, over):
                wrong(
                    "level",
                    f"a {spec.level} is no part of a {over.level} ({above})",
                    f"{LEVELS_ZH[spec.level]}不能属于{LEVELS_ZH[over.level]}({above})",
                )
            before = held.get(spec.asset)
            for one in wrong_relations(
                spec,
                before.spec if before else None,
                lambda one: one in after or one in known,
                lambda one: one in held and one not in after,
            ):
                wrong(*one)
            if len(found) >= _FOUND:
                break
        return found

    async def put(self, tenant: str, specs: Sequence[AssetSpec], by: str, *, revision: int | None = None) -> int:
        """Write assets, new ones and changed ones: all of them, or none. Returns how many were not so already.

        Raises config.invalid with the first thing that is wrong, config.conflict when ``revision`` is given and is
        not the present one (of the one asset).
        """
        async with self.one_change:
            if revision is not None and len(specs) == 1:
                row = self.rows(tenant).get(specs[0].asset)
                if revision != (row.revision if row else 0):
                    raise FixConfiguration(
                        "config.conflict", f"{specs[0].asset} was changed meanwhile", place=specs[0].asset
                    )
            return await self._put(tenant, specs, by)

    async def relate(self, tenant: str, asset: str, kind: str, other: str, by: str, *, drop: bool = False) -> None:
        """Add one relation to an asset, or drop it. Raises http.not_found, config.invalid for what cannot be."""
        async with self.one_change:
            row = self.rows(tenant).get(asset)
            if asset not in self.tree(tenant) or (row is not None and row.retired_us is not None):
                raise FixConfiguration("http.not_found", f"there is no asset {asset!r}", place=asset)
            spec = changed_relations(row.spec if row else AssetSpec(asset=asset), kind, other, drop)
            await self._put(tenant, [spec], by)

    async def _put(self, tenant: str, specs: Sequence[AssetSpec], by: str) -> int:
        held = self.rows(tenant)
        if found := self.check(tenant, specs):
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            first = found[0]
            raise FixConfiguration("config.invalid", f"{first.message}{more}", place=f"row {first.row}: {first.field}")
        now = self._clock_us()
        made = await asyncio.to_thread(self._made, tenant, specs, by, now)
        fresh = [row for row in made if (old := held.get(row.spec.asset)) is None or _differs(old, row)]
        await self._write(tenant, fresh, [
            event for row in fresh for event in _events(held.get(row.spec.asset), row, by)
        ])  # fmt: skip
        return len(fresh)

    async def retire(self, tenant: str, asset: str, by: str) -> None:
        """Take an asset out of the tree; its history stays. Raises http.not_found; config.conflict if it has parts."""
        async with self.one_change:
            row, tree = self.rows(tenant).get(asset), self.tree(tenant)
            if row is None or row.retired_us is not None:
                raise FixConfiguration("http.not_found", f"there is no asset {asset!r} that was described", place=asset)
            points = [point.name for point in self._book.by_asset(tenant).get(asset, ())]
            if points:
                raise FixConfiguration(
                    "config.conflict",
                    f"{len(points)} points are its own, like {points[0]}: remove them first",
                    place=asset,
                )
            parts = sorted(one for one in tree.children(asset) if self._stands(tenant, one))
            if parts:
                raise FixConfiguration(
                    "config.conflict",
                    f"{len(parts)} others are parts of it, like {parts[0]}: move them first",
                    place=asset,
                )
            now = self._clock_us()
            gone = AssetRow(tenant, row.spec, row.words, row.revision + 1, row.created_us, now, by, now)
            await self._write(tenant, [gone], _events(row, gone, by))

    def _stands(self, tenant: str, asset: str) -> bool:
        row = self.rows(tenant).get(asset)
        return row is None or row.retired_us is None

    def _made(self, tenant: str, specs: Sequence[AssetSpec], by: str, now: int) -> list[AssetRow]:
        held = self.rows(tenant)
        made = []
        for told in specs:
            spec, old = self.resolved(tenant, told), held.get(told.asset)
            words = words_of([spec.asset, spec.title, spec.title_zh, spec.code, spec.place])
            revision, created = (old.revision + 1, old.created_us) if old else (1, now)
            made.append(AssetRow(tenant, spec, words, revision, created, now, by))
        return made

    async def _write(self, tenant: str, rows: list[AssetRow], events: list[Event]) -> None:
        if not rows:
            return
        told = events
        if len(events) > _MOST_EVENTS:
            detail = {"by": events[0].detail["by"], "assets": len(rows)}
            events = [Event(
                kind="assets.changed", time_us=self._clock_us(), tenant=tenant, subject="plant:", detail=detail
            )]  # fmt: skip

        def work(connection: sa.Connection) -> None:
            put_assets(connection, tenant, rows)
            keep_lives(connection, told)

        await self._events.tell(events, with_work=work)
        with self._shelves.lock:
            shelf = self._shelves.get(tenant)
            moved = any((o := shelf.rows.get(r.spec.asset)) is None or o.spec.above != r.spec.above for r in rows)
            shelf.rows.update((row.spec.asset, row) for row in rows)
            shelf.version += 1
            self._shelves.grown(tenant)
        if moved:
            await self.moved(tenant)

    def renamed(self, tenant: str, gone: Iterable[str], rows: Iterable[AssetRow]) -> None:
        """Follow the records after a rename: these names are no more, these rows are new."""
        with self._shelves.lock:
            shelf = self._shelves.get(tenant)
            for name in gone:
                shelf.rows.pop(name, None)
            shelf.rows.update((row.spec.asset, row) for row in rows)
            shelf.version += 1
            self._shelves.grown(tenant)

    def forget(self, tenant: str) -> None:
        """Follow the records after a tenant is gone."""
        self._shelves.drop(tenant)


def counted(tree: Tree, book: PointBook, tenant: str) -> Counts:
    """Count the points that ``book`` knows, by where they are in the tree."""
    own = Counter({asset: len(points) for asset, points in book.by_asset(tenant).items()})
    all_: Counter[str] = Counter()
    for asset, count in own.items():
        for step in tree.path(asset) if asset else ():
            all_[step] += count
    return Counts(own, all_)


async def _nobody(tenant: str) -> None:
    """Nobody follows a tree of a test."""


def _is_named(asset: str, after: Mapping[str, AssetSpec]) -> bool:
    """Say whether the name of another one says that this is above it."""
    return any(name.startswith(f"{asset}.") for name in after)


def _is_round(tree: Tree, asset: str) -> bool:
    seen, one = set[str](), asset
    while (one := tree.above(one)) and one not in seen:
        if one == asset:
            return True
        seen.add(one)
    return False


def _is_upside_down(spec: AssetSpec, above: AssetSpec) -> bool:
    """ISA-95: a site has areas, an area lines, a line units, a unit parts; steps may be left out, and nested."""
    if spec.level not in EQUIPMENT or above.level not in EQUIPMENT:
        return False
    return EQUIPMENT.index(spec.level) < EQUIPMENT.index(above.level)


def _differs(old: AssetRow, new: AssetRow) -> bool:
    return old.spec != new.spec or old.words != new.words or old.retired_us != new.retired_us


def _told(spec: AssetSpec) -> str:
    return "; ".join(f"{kind} {', '.join(others)}" for kind, others in (spec.relations or {}).items())


def _events(old: AssetRow | None, new: AssetRow, by: str) -> list[Event]:
    """Say what happened to an asset; one change may be several things."""
    kinds: list[tuple[str, dict[str, str]]] = []
    if old is None:
        kinds.append(("asset.added", {}))
    elif new.retired_us is not None:
        kinds.append(("asset.retired", {}))
    elif old.retired_us is not None:
        kinds.append(("asset.returned", {}))
    else:
        was, now = old.spec, new.spec
        for kind, before, after in (
            ("asset.moved", was.above, now.above),
            ("asset.retyped", was.type, now.type),
            ("asset.state_changed", was.state, now.state),
        ):
            if before != after:
                kinds.append((kind, {"from": before, "to": after}))
        if was.relations != now.relations:
            kinds.append(("asset.related", {"from": _told(was), "to": _told(now)}))
    return [
        Event(
            kind=kind, time_us=new.changed_us, tenant=new.tenant, subject=f"asset:{new.spec.asset}",
            detail={"by": by, **detail},
        )
        for kind, detail in kinds or [("asset.changed", {})]
    ]  # fmt: skip
