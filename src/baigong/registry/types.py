"""Asset types of the tenants: text in versions, inheritance, and which assets are what their type says.

What is shipped (registry/starter/types) holds where a company says nothing of that name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files as resources
from typing import Any

from baigong.registry.assets import Assets
from baigong.registry.book import PointBook
from baigong.registry.events import Events
from baigong.registry.textversions import SHIPPER, HeldVersions, pick, require_base
from baigong.registry.typegaps import Gap as Gap
from baigong.registry.typegaps import gaps_between, is_of, lost_of
from baigong.registry.typerules import check_rules
from baigong.stores.records.textversions import TextVersion, asset_types
from baigong.vocab.assets import AssetSpec
from baigong.vocab.assettypes import FIELDS, AssetType, TypePoint, merged, parse_type, split_type
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Event
from baigong.vocab.typelines import with_line
from baigong.vocab.units import is_unit, meant

_DEEP = 16  # types that extend each other
_MOST = 20_000  # versions in memory at once


@dataclass(slots=True, frozen=True)
class Resolved:
    """A type with all that it has from others. ``chain``: what it extends, the first first, itself last."""

    whole: AssetType
    chain: tuple[str, ...]
    came: Mapping[str, str]  # "points.flow" -> the type that says it last


class Types:
    """Lives on the event loop; reading is callable from threads."""

    def __init__(
        self,
        events: Events,
        assets: Assets,
        book: PointBook,
        clock_us: Callable[[], int],
        load: Callable[[str], Iterable[TextVersion]],
    ) -> None:
        self._events, self._assets, self._book, self._clock_us = events, assets, book, clock_us
        self._held = HeldVersions(load, _MOST)
        self._resolved: dict[tuple[str, str], Resolved] = {}  # until any type of anybody changes
        self._one_change = asyncio.Lock()

    def versions(self, tenant: str, type: str) -> list[TextVersion]:
        """Return the versions of a type, the first first; those shipped count as one of nobody's."""
        found = self._held.of(tenant).get(type)
        if found is None and type in shipped():
            found = [TextVersion(tenant, type, 1, shipped()[type], 0, SHIPPER)]
        return found or []

    def names(self, tenant: str) -> list[str]:
        return sorted({*self._held.of(tenant), *shipped()})

    def find(self, tenant: str, ref: str) -> Resolved | None:
        """Return a type with all it extends; None: there is none, or it can no longer be read."""
        try:
            return self.get(tenant, ref)
        except FixConfiguration:
            return None

    def get(self, tenant: str, ref: str) -> Resolved:
        """Return a type with all it extends. Raises http.not_found, or config.invalid for one in a ring."""
        held = self._resolved  # a change meanwhile puts another in its place
        found = held.get((tenant, ref))
        if found is None:
            found = held[tenant, ref] = self._resolve(tenant, ref, {})
        return found

    def of_asset(self, tenant: str, asset: str) -> Resolved | None:
        """Return the type of an asset; None: it has none, or one that ``find`` does not."""
        row = self._assets.rows(tenant).get(asset)
        return self.find(tenant, row.spec.type) if row is not None and row.spec.type else None

    def _text(self, tenant: str, ref: str) -> str:
        return pick(ref, self.versions(tenant, split_type(ref)[0]), lambda: self.names(tenant), "type").text

    def _resolve(self, tenant: str, ref: str, instead: Mapping[str, str]) -> Resolved:
        """``instead``: texts that count for types as if they were there already."""
        chain: list[dict[str, Any]] = []
        names: list[str] = []
        while ref or not names:  # also a type without a name is read, and refused
            name, pinned = split_type(ref)
            if name in names:
                ring = " → ".join([*names[names.index(name) :], name])
                raise FixConfiguration("config.invalid", f"types extend each other in a ring: {ring}", place="extends")
            if len(names) >= _DEEP:
                raise FixConfiguration("config.invalid", f"more than {_DEEP} types extend each other", place="extends")
            is_new = pinned is None and name in instead
            made, raw = _parsed(instead[name] if is_new else self._text(tenant, ref), name)
            names.append(name)
            chain.append(raw)
            ref = made.extends
        chain.reverse()
        came = {f"{field}.{key}": raw["type"] for raw in chain for field in FIELDS for key in raw.get(field) or {}}
        return Resolved(merged(chain), tuple(reversed(names)), came)

    def check(self, tenant: str, texts: Mapping[str, str]) -> tuple[dict[str, Resolved], list[Gap]]:
        """Say what texts would make of types, by name, and what no longer fits then that fits now.

        They may extend each other. Raises config.invalid, with the field ``line`` where it is about something in a
        text; also for a type that extends one of these and could no longer be read then.
        """
        made: dict[str, Resolved] = {}
        for name, text in texts.items():
            try:
                made[name] = self._resolve(tenant, name, texts)
                _check_units(name, made[name])
                _check_screen(name, made[name].whole)
                check_rules(name, made[name].whole)
            except FixConfiguration as error:
                raise with_line(error, text, name) from error
        for other in self.names(tenant):
            if other not in texts and self._extends_any(tenant, other, texts):
                check_rules(other, self._resolve(tenant, other, texts).whole)
        rows = self._assets.rows(tenant)
        touched = {row.spec.type for row in rows.values() if row.spec.type and row.retired_us is None}
        broken: list[Gap] = []
        for ref in sorted(touched):
            base, pinned = split_type(ref)
            uses = pinned is None if base in texts else self._extends_any(tenant, ref, texts)
            if not uses:
                continue
            before, after = self.find(tenant, ref), self._resolve(tenant, ref, texts)
            new = set(self._gaps(tenant, ref, after))
            old = set(self._gaps(tenant, ref, before)) if before is not None else set()
            broken += sorted((new - old) | (self._lost(tenant, ref, before, after) if before is not None else set()))
        return made, broken

    def _extends_any(self, tenant: str, ref: str, names: Collection[str]) -> bool:
        found = self.find(tenant, ref)
        return found is not None and any(name in names for name in found.chain)

    async def put(
        self, tenant: str, texts: Mapping[str, str], by: str, confirm: int, base: int | None = None
    ) -> tuple[dict[str, Resolved], list[Gap]]:
        """Write the next versions of types, all or none; the same text again makes none. Returns what ``check`` says.

        Raises what ``check`` does; config.conflict where ``base`` is given and is not the present version (of the one
        type), and where it breaks assets that fit now, and ``confirm`` does not say how many.
        """
        async with self._one_change:
            made, broken = await asyncio.to_thread(self.check, tenant, texts)  # hundreds take a second
            own = self._held.of(tenant)
            fresh = {name: text for name, text in texts.items() if name not in own or own[name][-1].text != text}
            if fresh:
                if base is not None and len(texts) == 1:
                    (name,) = texts
                    require_base(self.versions(tenant, name), base, name)
                _require_confirmed(broken, confirm)
                await self._write(tenant, fresh, by)
            return made, broken

    async def _write(self, tenant: str, texts: Mapping[str, str], by: str) -> None:
        now, rows, events = self._clock_us(), [], []
        for name, text in texts.items():
            held = self.versions(tenant, name)
            row = TextVersion(tenant, name, held[-1].version + 1 if held else 1, text, now, by)
            rows.append(row)
            kind, detail = "type.changed" if held else "type.added", {"by": by, "version": row.version}
            events.append(Event(kind=kind, time_us=now, tenant=tenant, subject=f"type:{name}", detail=detail))
        await self._events.tell(events, with_work=lambda c: asset_types.add(c, rows))
        self._held.written(tenant, rows)
        self._resolved = {}

    async def drop(self, tenant: str, name: str, by: str) -> None:
        """Take a type away with all its versions. Raises http.not_found, config.conflict while something uses it."""
        async with self._one_change:
            if name not in self._held.of(tenant):
                raise FixConfiguration("http.not_found", f"{tenant} has no type {name!r} of its own", place=name)
            if name not in shipped():
                users = self.used(tenant, name)
                if users:
                    raise FixConfiguration("config.conflict", f"{len(users)} use it, like {users[0]}", place=name)
            now = self._clock_us()
            event = Event(
                kind="type.removed",
                time_us=now,
                tenant=tenant,
                subject=f"type:{name}",
                detail={"by": by, "text": self.versions(tenant, name)[-1].text},
            )
            await self._events.tell([event], with_work=lambda c: asset_types.drop(c, tenant, name))
            self._held.dropped(tenant, name)
            self._resolved = {}

    def used(self, tenant: str, name: str) -> list[str]:
        """Name the assets of a type, and the types that extend it."""
        return sorted(self.assets(tenant).get(name, ())) + self.extending(tenant, name)

    def assets(self, tenant: str) -> dict[str, list[str]]:
        """Name the assets of each type that has any, whichever version they are of."""
        found: dict[str, list[str]] = {}
        for row in self._assets.rows(tenant).values():
            if row.spec.type and row.retired_us is None:
                found.setdefault(split_type(row.spec.type)[0], []).append(row.spec.asset)
        return found

    def extending(self, tenant: str, name: str) -> list[str]:
        """Name the types that extend one, also through others."""
        return [n for n in self.names(tenant) if n != name and (t := self.find(tenant, n)) and name in t.chain]

    def point(self, tenant: str, asset: str, quantity: str) -> TypePoint | None:
        """Return what its type says of an asset's point."""
        found = self.of_asset(tenant, asset)
        return found.whole.points.get(quantity) if found else None

    def gaps(self, tenant: str, name: str) -> list[Gap]:
        """Say in what the assets of a type are not what it says."""
        refs = {r.spec.type for r in self._assets.rows(tenant).values() if split_type(r.spec.type)[0] == name}
        return sorted(gap for ref in refs for gap in self._gaps(tenant, ref, self.find(tenant, ref)))

    def gaps_of(self, tenant: str, asset: str) -> list[Gap]:
        """Say in what one asset is not what its type says."""
        row = self._assets.rows(tenant).get(asset)
        if row is None or not row.spec.type:
            return []
        return sorted(self._gaps_in(tenant, row.spec, self.find(tenant, row.spec.type)))

    def _gaps(self, tenant: str, ref: str, found: Resolved | None) -> Iterable[Gap]:
        for row in self._assets.rows(tenant).values():
            if row.spec.type == ref and row.retired_us is None:
                yield from self._gaps_in(tenant, row.spec, found)

    def _gaps_in(self, tenant: str, spec: AssetSpec, found: Resolved | None) -> Iterable[Gap]:
        points = self._book.by_asset(tenant).get(spec.asset, ())
        return gaps_between(spec, found.whole if found else None, {point.spec.quantity: point.spec for point in points})

    def _lost(self, tenant: str, ref: str, before: Resolved, after: Resolved) -> set[Gap]:
        """Say which alarms and KPIs work on an asset now and would not then."""
        if not before.whole.alarms and not before.whole.kpis:
            return set()
        points, found = self._book.by_asset(tenant), set[Gap]()
        for row in self._assets.rows(tenant).values():
            if row.spec.type == ref and row.retired_us is None:
                held = {point.spec.quantity: point.spec for point in points.get(row.spec.asset, ())}
                found.update(lost_of(row.spec.asset, held, before.whole, after.whole))
        return found

    def forget(self, tenant: str) -> None:
        """Follow the records after a tenant is gone."""
        self._held.forget(tenant)
        self._resolved = {}


_parsed = lru_cache(1000)(parse_type)  # what others extend is read once; nobody changes what it returns


def _check_units(name: str, made: Resolved) -> None:
    for field, held in (("points", made.whole.points), ("properties", made.whole.properties)):
        for key, told in held.items():
            if not is_unit(told.unit):
                near = meant(told.unit)
                raise FixConfiguration(
                    "config.invalid",
                    f"{told.unit!r} is no UCUM unit" + (f"; perhaps {near}" if near else ""),
                    place=f"{name}.{field}.{key}.unit",
                )
    for key, said in made.whole.properties.items():
        if said.default is not None and not is_of(said.default, said.kind):
            raise FixConfiguration(
                "config.invalid", f"{said.default!r} is no {said.kind}", place=f"{name}.properties.{key}.default"
            )


def _check_screen(name: str, whole: AssetType) -> None:
    for item in whole.screen.items if whole.screen is not None else ():
        for field, ref in item.references():
            if ref.startswith("~") and "." not in ref and ref[1:] not in whole.points:
                raise FixConfiguration(
                    "config.invalid",
                    f"{whole.type} has no point {ref[1:]!r}",
                    place=f"{name}.screen.items.{item.id}.{field}",
                )


def _require_confirmed(broken: list[Gap], confirm: int) -> None:
    many = len({gap.asset for gap in broken})
    if many > confirm:
        first = broken[0]
        raise FixConfiguration(
            "config.conflict",
            f"{many} assets would no longer be what the type says, like {first.asset} "
            f"({first.what}: {first.message}): look, then send confirm {many}",
            place="confirm",
        )


@cache
def shipped() -> dict[str, str]:
    """Return the texts of the types that come with the platform."""
    folder = resources("baigong.registry") / "starter" / "types"
    found = [one for one in folder.iterdir() if one.name.endswith(".yaml")]
    return {one.name.removesuffix(".yaml"): one.read_text("utf-8") for one in sorted(found, key=lambda o: o.name)}
