"""Another name for an asset with all its parts, or for one point: what follows is written at once, or nothing is.

Numbers stay, so history stays; the name that was given up goes on meaning the same thing (``names.py``). A rename is
no move: an asset stays a part of what it was a part of, so nobody gains or loses a right by it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.assets import Assets
from baigong.registry.book import PointBook
from baigong.registry.deviceplans import Beside
from baigong.registry.devices import Devices
from baigong.registry.events import Events
from baigong.registry.findable import words_of
from baigong.registry.names import Earlier, Names
from baigong.registry.rights import Rights
from baigong.registry.screens import Screens
from baigong.registry.stops import Stops
from baigong.stores.records.assets import AssetRow, drop_assets, put_assets
from baigong.stores.records.renaming import Kind, NameRow, drop_names, moved, put_names, rename_assets
from baigong.vocab.assets import AssetSpec, named_above
from baigong.vocab.devices import NAME_STEP
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Event

_LONGEST = 200  # letters of a name


class Renamed(Struct, frozen=True, kw_only=True):
    """What a rename changes, by present names. ``points`` and ``assets``: [now, then]; ``devices``: whose files change.

    ``stays``: what the asset is and stays a part of. ``grants`` and ``stops`` follow; ``screens``, and rules of
    ``interlocks``, go on saying the earlier name, which still means the same.
    """

    kind: Kind
    was: str
    name: str
    stays: str
    assets: list[tuple[str, str]]
    points: list[tuple[str, str]]
    devices: list[str]
    grants: list[str]
    stops: list[str]
    screens: list[str]
    interlocks: list[str]


@dataclass(slots=True, frozen=True)
class Follow:
    """What reads its rows again after a rename."""

    moved: Callable[[str], Awaitable[None]]  # the tree of a tenant is another one
    episodes: Callable[[str], None]
    quotas: Callable[[], Awaitable[None]]


class Renaming:
    """Lives on the event loop."""

    def __init__(
        self,
        events: Events,
        names: Names,
        book: PointBook,
        devices: Devices,
        assets: Assets,
        rights: Rights,
        stops: Stops,
        screens: Screens,
        follow: Follow,
        clock_us: Callable[[], int],
    ) -> None:
        self._events, self._names, self._book, self._devices = events, names, book, devices
        self._assets, self._rights, self._stops, self._screens = assets, rights, stops, screens
        self._follow, self._clock_us = follow, clock_us

    def plan(self, tenant: str, kind: Kind, old: str, new: str) -> Renamed:
        """Say what a rename would change. Raises http.not_found, config.invalid, config.conflict."""
        self._check(tenant, kind, old, new)
        names = self._points(tenant, kind, old, new)
        assets = self._assets_of(tenant, old, new) if kind == "asset" else {}

        def asset(name: str) -> str:
            return moved(name, old, new) if kind == "asset" else name

        said = {*names, *assets, old}
        return Renamed(
            kind=kind,
            was=old,
            name=new,
            stays=self._assets.above(tenant, old) if kind == "asset" else "",
            assets=sorted(assets.items()),
            points=sorted(names.items()),
            devices=[spec.device for spec in self._devices.saying(tenant, names, asset)],
            grants=sorted(row.title or row.grant for row in self._rights.naming(tenant, asset)),
            stops=sorted(row.asset for row in self._stops.of_tenant(tenant) if asset(row.asset) != row.asset),
            screens=[n for n, row in self._screens.rows(tenant).items() if any(one in row.text for one in said)],
            interlocks=sorted(
                point.name
                for point in self._book.active(tenant)
                if point.spec.write is not None and any(one in point.spec.write.interlock for one in names)
            ),
        )

    async def rename(self, tenant: str, kind: Kind, old: str, new: str, by: str) -> Renamed:
        """Give another name. Raises what ``plan`` raises; nothing is changed then."""
        async with self._assets.one_change:
            made = self.plan(tenant, kind, old, new)
            await self._write(tenant, made, by)
        await self._follow.quotas()
        self._follow.episodes(tenant)
        self._rights.renamed(tenant)
        await self._follow.moved(tenant)
        return made

    async def _write(self, tenant: str, made: Renamed, by: str) -> None:
        old, new, now = made.was, made.name, self._clock_us()
        is_asset = made.kind == "asset"

        def asset(name: str) -> str:
            return moved(name, old, new) if is_asset else name

        rows = self._asset_rows(tenant, made, by, now) if is_asset else []
        gone = [name for name, _ in made.assets]
        back, fresh = self._names_after(tenant, made, by, now)

        def work(connection: sa.Connection) -> None:
            if is_asset:
                drop_assets(connection, tenant, gone)
                put_assets(connection, tenant, rows)
                rename_assets(connection, tenant, old, new)
            for kind, name in back:
                drop_names(connection, tenant, kind, [name])
            put_names(connection, tenant, fresh)

        def then() -> None:
            self._names.take(tenant, fresh, back)
            if is_asset:
                self._assets.renamed(tenant, gone, rows)

        detail = {"by": by, "from": old, "to": new, "points": len(made.points)}
        subject = f"asset:{new}" if is_asset else f"point:{self._book.find(tenant, old).number}"
        told = Event(kind=f"{made.kind}.renamed", time_us=now, tenant=tenant, subject=subject, detail=detail)
        if is_asset:
            await self._stops.foretell(tenant, old, new)
        await self._devices.rename(
            tenant, dict(made.points), asset, by, Beside(told=[told], work=work, then=then, names=())
        )

    async def release(self, tenant: str, kind: Kind, name: str, by: str) -> None:
        """Let a name that was given up be given again: who still says it means nothing.

        Raises http.not_found, config.conflict while a grant or an emergency switch stands on it.
        """
        if name not in self._names.of(tenant).of_kind(kind):
            raise FixConfiguration("http.not_found", f"{name!r} is no earlier name", place=name)
        self._require_unsaid(tenant, kind, name)
        now = self._clock_us()
        event = Event(kind="name.released", time_us=now, tenant=tenant, subject=f"{kind}:{name}", detail={"by": by})
        await self._events.tell([event], with_work=lambda c: drop_names(c, tenant, kind, [name]))
        self._names.take(tenant, [], [(kind, name)])
        self._rights.changed()

    def _require_unsaid(self, tenant: str, kind: Kind, name: str) -> None:
        """Grants and switches protect: they are never left standing on a name that means nothing, or something else."""

        def other(one: str) -> str:
            return moved(one, name, f"{name}~")

        if kind == "point":
            return
        said = [f"grant {row.title or row.grant}" for row in self._rights.naming(tenant, other)]
        said += [f"the emergency switch of {one}" for one in self._stops.named(tenant) if other(one) != one]
        if said:
            raise FixConfiguration("config.conflict", f"{said[0]} names it", place=name)

    def _check(self, tenant: str, kind: Kind, old: str, new: str) -> None:
        place = "to"
        if kind == "point":
            row = self._book.named(tenant, old)
            there = row is not None and row.name == old
        else:
            there = old in self._assets.tree(tenant) or old in self._assets.rows(tenant)
        if not there:
            raise FixConfiguration("http.not_found", f"there is no {kind} {old!r}", place=old)
        if not NAME_STEP.fullmatch(new) or (kind == "point" and "." not in new):
            like = "asset.quantity, like pump1.flow" if kind == "point" else "a name like pump1"
            raise FixConfiguration("config.invalid", f"{new!r} is no name: write {like}, without blanks", place=place)
        if new == old or new.startswith(f"{old}.") or old.startswith(f"{new}."):
            raise FixConfiguration("config.invalid", f"{new} is {old} itself, or lies in it or around it", place=place)
        taken = self._taken(tenant, kind, new)
        if taken:
            raise FixConfiguration("config.conflict", f"the name {new!r} is taken: {taken}", place=place)
        longest = max([new, *self._points(tenant, kind, old, new).values()], key=len)
        if len(longest) > _LONGEST:
            raise FixConfiguration("config.invalid", f"{longest!r} has more than {_LONGEST} letters", place=place)
        self._check_earlier(tenant, kind, old, new)

    def _taken(self, tenant: str, kind: Kind, new: str) -> str:
        """Say what has a name, or lies below it; what is retired, too."""
        if kind == "asset" and (new in self._assets.tree(tenant) or new in self._assets.rows(tenant)):
            return "there is such an asset"
        known = self._book.known(tenant).by_name
        if new in known:
            return f"point {known[new].number} has it"
        if kind == "point":
            return "it is an asset" if new in self._assets.tree(tenant) else ""
        return next((f"{name} lies below it" for name in known if name.startswith(f"{new}.")), "")

    def _check_earlier(self, tenant: str, kind: Kind, old: str, new: str) -> None:
        """Refuse what something else was called before; what this was called before, it may be called again."""
        earlier = self._names.of(tenant)
        after = Earlier(dict(earlier.assets), dict(earlier.points))
        if new in after.of_kind(kind) and _present(earlier, kind, new) == old:
            del after.of_kind(kind)[new]
        names = {**self._points(tenant, kind, old, new)}
        wrong = next(((one, after.point(one)) for one in names.values() if after.point(one) != one), None)
        if wrong is None and _present(after, kind, new) != new:
            wrong = (new, _present(after, kind, new))
        if wrong is not None:
            raise FixConfiguration(
                "config.conflict",
                f"{wrong[0]} is an earlier name of {wrong[1]}; to give it again, release it first",
                place="to",
            )

    def _points(self, tenant: str, kind: Kind, old: str, new: str) -> dict[str, str]:
        """Return present name -> new one of every point that it changes, of retired ones too."""
        if kind == "point":
            return {old: new}
        front = f"{old}."
        return {n: new + n[len(old) :] for n in self._book.known(tenant).by_name if n.startswith(front)}

    def _assets_of(self, tenant: str, old: str, new: str) -> dict[str, str]:
        named = {*self._assets.tree(tenant), *self._assets.rows(tenant)}
        return {name: moved(name, old, new) for name in named if moved(name, old, new) != name}

    def _asset_rows(self, tenant: str, made: Renamed, by: str, now: int) -> list[AssetRow]:
        """Return the rows to write: those with other names, those that name them, and one that holds the place."""
        rows: list[AssetRow] = []
        for name, row in self._assets.rows(tenant).items():
            spec = _renamed_spec(row.spec, made)
            if name == made.was and row.spec.parent is None and spec.above != made.stays:
                spec = msgspec.structs.replace(spec, parent=made.stays)
            if spec != row.spec:
                words = words_of([spec.asset, spec.title, spec.title_zh, spec.code, spec.place])
                fresh = replace(row, spec=spec, words=words, revision=row.revision + 1, changed_us=now, changed_by=by)
                rows.append(fresh)
        if made.was not in self._assets.rows(tenant) and named_above(made.name) != made.stays:
            spec = AssetSpec(asset=made.name, parent=made.stays)
            rows.append(AssetRow(tenant, spec, words_of([made.name]), 1, now, now, by))
        return rows

    def _names_after(
        self, tenant: str, made: Renamed, by: str, now: int
    ) -> tuple[list[tuple[str, str]], list[NameRow]]:
        """Return (names that are in use again, names that are given up)."""
        held = self._names.of(tenant).of_kind(made.kind)
        fresh = [NameRow(tenant, made.kind, made.was, made.name, now, by)]
        if made.name not in held:
            return [], fresh
        if made.kind == "asset":  # what its parts were called while it had the other name, they were called below this
            for row in held.values():
                name = moved(row.name, made.was, made.name)
                if name != row.name and name not in held:
                    fresh.append(replace(row, name=name, became=moved(row.became, made.was, made.name)))
        return [(made.kind, made.name)], fresh


def _present(earlier: Earlier, kind: Kind, name: str) -> str:
    return earlier.asset(name) if kind == "asset" else earlier.point(name)


def _renamed_spec(spec: AssetSpec, made: Renamed) -> AssetSpec:
    def fresh(name: str) -> str:
        return moved(name, made.was, made.name)

    changes: dict[str, Any] = {"asset": fresh(spec.asset)}
    if spec.parent is not None:
        changes["parent"] = fresh(spec.parent)
    relations: Mapping[str, list[str]] | None = spec.relations
    if relations:
        changes["relations"] = {kind: sorted(fresh(one) for one in others) for kind, others in relations.items()}
    return msgspec.structs.replace(spec, **changes)
