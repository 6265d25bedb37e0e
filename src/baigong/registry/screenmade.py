"""Screens that follow the plant: how an asset looks by its type or its points, and overviews of many assets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from baigong.registry.assets import Assets
from baigong.registry.book import PointBook
from baigong.registry.faceplates import Cell, FacePoint, faceplate, marks, overview
from baigong.registry.types import Resolved, Types
from baigong.stores.records.plant import PointRow
from baigong.vocab.assettypes import TypePoint, split_type
from baigong.vocab.devices import AssetWords
from baigong.vocab.screens import OWN, SYMBOLS, Item, Screen, resolved

MOST_CELLS = 400  # assets of one overview


@dataclass(slots=True, frozen=True)
class Made:
    """A screen that nobody keeps. ``came``: the type that drew it; empty: made from points."""

    screen: Screen
    came: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)
    left_out: int = 0  # assets that an overview has no room for


@dataclass(slots=True, frozen=True)
class ScreenMaker:
    """``book``: the points that whoever asks may know of."""

    assets: Assets
    types: Types
    book: PointBook

    def of_asset(self, tenant: str, asset: str) -> Made:
        """Draw one asset: as its type says, from its points, or, of one that has only parts, an overview of these."""
        found = self.types.of_asset(tenant, asset)
        if found is not None and found.whole.screen is not None:
            chosen = {OWN: asset}
            drawn = self._fitting(tenant, asset, found, type_screen(found))
            return Made(drawn, _drawn_by(self.types, tenant, found), chosen)
        points = self.book.by_asset(tenant).get(asset, ())
        if not points:
            return self.of_parts(tenant, asset)
        words = self._words(tenant, asset)
        types = found.chain if found is not None else ()
        face = [self._face(point, found) for point in points]
        return Made(faceplate(asset, words.title or asset, words.title_zh, types, face))

    def of_type(self, tenant: str, name: str) -> Made:
        """Draw any asset of a type. Raises http.not_found for a type that there is not."""
        found = self.types.get(tenant, name)
        if found.whole.screen is not None:
            screen = type_screen(found)
            drawn = msgspec.structs.replace(screen, items=[_limited(item, found, {}) for item in screen.items])
            return Made(drawn, _drawn_by(self.types, tenant, found))
        whole = found.whole
        face = [_face_of(f"~{quantity}", quantity, told) for quantity, told in whole.points.items()]
        made = faceplate(split_type(name)[0], whole.title or name, whole.title_zh, found.chain, face)
        return Made(msgspec.structs.replace(made, of=split_type(name)[0]))

    def of_parts(self, tenant: str, asset: str) -> Made:
        """Draw all that stands below an asset."""
        below = [one for one in self.assets.tree(tenant).below(asset) if one != asset]
        return self.of_many(tenant, asset, self._words(tenant, asset), below)

    def of_many(self, tenant: str, name: str, words: AssetWords, assets: Iterable[str]) -> Made:
        """Draw those of these assets that have points, as people order them."""
        places = self.assets.tree(tenant).places()
        held, rows = self.book.by_asset(tenant), self.assets.rows(tenant)
        found = [a for a in assets if a in held and not ((row := rows.get(a)) is not None and row.retired_us)]
        found.sort(key=lambda one: places.get(one, len(places)))
        cells = [self._cell(tenant, asset, held[asset]) for asset in found[:MOST_CELLS]]
        made = overview(name, words.title or name, words.title_zh, cells)
        return Made(made, left_out=max(0, len(found) - MOST_CELLS))

    def of_users(self, tenant: str, type: str, under: str = "") -> Made:
        """Draw all assets of a type, and of those that extend it. Raises http.not_found."""
        whole, tree = self.types.get(tenant, type).whole, self.assets.tree(tenant)
        used = self.types.assets(tenant)
        names = [type, *self.types.extending(tenant, type)]
        assets = [one for name in names for one in used.get(name, ()) if tree.covers(under, one)]
        return self.of_many(tenant, type, AssetWords(title=whole.title, title_zh=whole.title_zh), assets)

    def _words(self, tenant: str, asset: str) -> AssetWords:
        return self.assets.words(tenant).get(asset, AssetWords())

    def _cell(self, tenant: str, asset: str, points: Sequence[PointRow]) -> Cell:
        found, words = self.types.of_asset(tenant, asset), self._words(tenant, asset)
        face = [self._face(point, found) for point in points]
        return Cell(asset, words.title, words.title_zh, found.chain if found else (), face)

    def _face(self, point: PointRow, found: Resolved | None) -> FacePoint:
        spec = point.spec
        told = found.whole.points.get(spec.quantity) if found is not None else None
        return FacePoint(
            ref=spec.name,
            quantity=spec.quantity,
            title=spec.title or (told.title if told else ""),
            title_zh=spec.title_zh or (told.title_zh if told else ""),
            unit=spec.unit,
            kind=spec.kind,
            states=spec.states or (told.states if told else {}),
            needed=told is not None and told.required,
            limits=told.limits.measured(told.unit, spec.unit) if told is not None and told.limits else None,
        )

    def _fitting(self, tenant: str, asset: str, found: Resolved, screen: Screen) -> Screen:
        """Leave out what shows only quantities that an asset need not have, and this one has not."""
        points = self.book.by_asset(tenant).get(asset, ())
        held = {point.name for point in points}

        def lacks(ref: str) -> bool:
            told = found.whole.points.get(ref[1:]) if ref.startswith("~") else None
            return told is not None and not told.required and resolved(ref, {OWN: asset}) not in held

        units = {point.spec.quantity: point.spec.unit for point in points}
        items = [_limited(one, found, units) for item in screen.items for one in _without(item, lacks)]
        return msgspec.structs.replace(screen, items=items)


def _without(item: Item, lacks: Callable[[str], bool]) -> Iterable[Item]:
    refs = [ref for _, ref in item.references()]
    if not refs or not any(map(lacks, refs)):
        yield item
    elif item.what in (*SYMBOLS, "pipe") or not all(
        map(lacks, refs)
    ):  # a pump that does not say whether it runs is one
        shows = {slot: ref for slot, ref in item.shows.items() if not lacks(ref)}
        yield msgspec.structs.replace(item, shows=shows, lines=[ref for ref in item.lines if not lacks(ref)])


def _limited(item: Item, found: Resolved, units: Mapping[str, str]) -> Item:
    """Give an item that says no limits those that the type says of the one point it shows, in that point's unit."""
    refs = {ref for slot, ref in item.shows.items() if slot in ("value", "level")} | set(item.lines)
    ref = refs.pop() if len(refs) == 1 and item.limits is None else ""
    told = found.whole.points.get(ref[1:]) if ref.startswith("~") else None
    if told is None or told.limits is None:
        return item
    limits = told.limits.measured(told.unit, units.get(ref[1:], told.unit))
    return msgspec.structs.replace(item, limits=marks(limits) if item.what == "trend" else limits)


def type_screen(found: Resolved) -> Screen:
    """Return the screen that a type has or inherits, under its name."""
    whole, screen = found.whole, found.whole.screen or Screen()
    return msgspec.structs.replace(
        screen,
        screen=whole.type,
        of=whole.type,
        title=screen.title or whole.title,
        title_zh=screen.title_zh or whole.title_zh,
    )


def _drawn_by(types: Types, tenant: str, found: Resolved) -> str:
    """Name the type of the chain whose screen it is: the last that has the same."""
    name = found.whole.type
    for other in reversed(found.chain[:-1]):
        above = types.find(tenant, other)
        if above is None or above.whole.screen != found.whole.screen:
            break
        name = other
    return name


def _face_of(ref: str, quantity: str, told: TypePoint) -> FacePoint:
    return FacePoint(
        ref, quantity, told.title, told.title_zh, told.unit, told.kind, states=told.states, needed=told.required,
        limits=told.limits,
    )  # fmt: skip
