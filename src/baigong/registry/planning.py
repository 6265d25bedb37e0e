"""Recurring work: plans that make tasks when they are due, calendars that make shifts ahead, trees of reasons.

Made once, whatever happens: what is made has a name that follows from plan, asset and time, and how far a plan has
been followed is written after it. After the platform stood still, the newest occasion is made, the others are counted.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any, Literal, TypeVar

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.assets import Assets
from baigong.registry.book import PointBook
from baigong.registry.episodes import Episodes
from baigong.registry.events import Events
from baigong.registry.names import Names
from baigong.registry.tasks import Tasks
from baigong.registry.types import Types
from baigong.stores.records import ALL, Records, access
from baigong.stores.records.worktexts import WorkText, drop_work_text, put_state, put_work_text, work_texts_of
from baigong.vocab.assettypes import split_type
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.happenings import Event
from baigong.vocab.plans import Plan, occasions
from baigong.vocab.reasons import EVERYWHERE, ReasonTree
from baigong.vocab.shifts import Calendar, shifts_between
from baigong.vocab.tasks import TaskSpec

TextKind = Literal["plan", "calendar", "reasons"]
TYPES: dict[TextKind, type[Struct]] = {"plan": Plan, "calendar": Calendar, "reasons": ReasonTree}
BY = "plan"
_EVERY_S = 20.0
_DAY_US = 86_400_000_000
_MOST = 100_000
T = TypeVar("T", bound=Struct)
Newest = Callable[[str, Sequence[int]], dict[int, float]]  # tenant, points -> good values


class Followed(Struct, frozen=True, kw_only=True):
    """How far a text has been followed. ``missed``: occasions of which no task was made; ``trouble``: why not now.

    ``hours``: by asset, the reading at which the last task of a plan by running hours was made.
    """

    upto_us: int = 0
    made: int = 0
    missed: int = 0
    trouble: str = ""
    hours: dict[str, float] = {}


class Planning:
    """Lives on the event loop; ``run`` does what is due."""

    def __init__(
        self,
        records: Records,
        events: Events,
        assets: Assets,
        types: Types,
        book: PointBook,
        tasks: Tasks,
        episodes: Episodes,
        names: Names,
        clock_us: Callable[[], int],
    ) -> None:
        self._records, self._events, self._names, self._clock_us = records, events, names, clock_us
        self._assets, self._types, self._book, self._tasks, self._episodes = assets, types, book, tasks, episodes
        self._one_turn = asyncio.Lock()
        self._wake = asyncio.Event()

    async def texts(self, tenant: str, kind: TextKind) -> list[WorkText]:
        return await self._records.read(lambda c: work_texts_of(c, tenant, kind), tenant=tenant)

    def told(self, row: WorkText, kind: type[T]) -> T:
        """Read a text; the assets that it names are called what they are called today."""
        made = _read(row, kind)
        assets = [self._names.asset(row.tenant, asset) for asset in getattr(made, "assets", ())]
        return msgspec.structs.replace(made, assets=assets)

    async def put(self, tenant: str, kind: TextKind, name: str, told: Struct, by: str) -> WorkText:
        """Write a text. Raises http.not_found for assets, types and points that are not there."""
        self._check(tenant, told)
        async with self._one_turn:
            held = next((one for one in await self.texts(tenant, kind) if one.name == name), None)
            now = self._clock_us()
            fresh = Followed(upto_us=0 if kind == "calendar" else now)  # shifts are looked at again, tasks only go on
            state = held.state if held and kind == "plan" else msgspec.json.encode(fresh).decode()
            row = WorkText(tenant, kind, name, msgspec.json.encode(told).decode(), state, now, by)
            event = _event(tenant, f"{kind}.changed", name, now, by)

            def work(connection: sa.Connection) -> None:
                access.ensure_tenant(connection, tenant, now)
                put_work_text(connection, row)

            await self._events.tell([event], with_work=work)
        self._wake.set()
        return row

    def _check(self, tenant: str, told: Struct) -> None:
        tree = self._assets.tree(tenant)
        for asset in getattr(told, "assets", ()):
            if asset not in tree:
                raise FixConfiguration("http.not_found", f"there is no asset {asset!r}", place="assets")
        for name in (getattr(told, "type", ""), *getattr(told, "types", ())):
            if name and name not in self._types.names(tenant):
                raise FixConfiguration("http.not_found", f"there is no type {name!r}", place="type")

    async def drop(self, tenant: str, kind: TextKind, name: str, by: str) -> None:
        """Take a text away; shifts that have not begun go with their calendar, tasks stay. Raises http.not_found."""
        async with self._one_turn:
            event = _event(tenant, f"{kind}.removed", name, self._clock_us(), by)
            gone: list[int] = []
            await self._events.tell([event], with_work=lambda c: gone.append(drop_work_text(c, tenant, kind, name)))
            if not gone[-1]:
                raise FixConfiguration("http.not_found", f"there is no {kind} {name!r}", place=name)
            if kind == "calendar":
                await self._shifts(tenant, name, None)

    async def reasons(self, tenant: str, asset: str) -> ReasonTree:
        """Return the tree of reasons of an asset: of the nearest place, of its type, of all, or the shipped."""
        trees = [self.told(row, ReasonTree) for row in await self.texts(tenant, "reasons")]
        path = [*self._assets.tree(tenant).path(asset)] if asset in self._assets.tree(tenant) else [asset]
        for step in reversed(path):
            for tree in trees:
                if step in tree.assets:
                    return tree
        found = self._types.of_asset(tenant, asset)
        for name in found.chain if found else ():
            for tree in trees:
                if name in tree.types:
                    return tree
        return next((tree for tree in trees if not tree.assets and not tree.types), EVERYWHERE)

    async def run(self, newest: Newest) -> None:
        """Do what is due, again and again, until cancelled. ``newest``: values of points now; blocking."""
        while True:
            self._wake.clear()
            with suppress(BaigongError):  # a full disk must not end it: what was due is due at the next turn
                await self.turn(newest)
            try:
                async with asyncio.timeout(_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def turn(self, newest: Newest) -> None:
        """Do what is due now; what cannot be done is said with its text, and tried again."""
        async with self._one_turn:
            for row in await self._records.read(lambda c: work_texts_of(c, None, "plan"), tenant=ALL):
                await self._follow(row, newest)
            for row in await self._records.read(lambda c: work_texts_of(c, None, "calendar"), tenant=ALL):
                ahead_us = (_read(row, Calendar).days_ahead - 1) * _DAY_US
                if followed(row).upto_us <= self._clock_us() + ahead_us:
                    await self._keep(row, await self._ahead(row))

    async def _follow(self, row: WorkText, newest: Newest) -> None:
        plan, held = self.told(row, Plan), followed(row)
        now = self._clock_us()
        if not plan.enabled:
            await self._keep(row, msgspec.structs.replace(held, upto_us=now, trouble="")) if held.trouble else None
            return
        try:
            made = await (self._by_hours if plan.hours_of else self._by_calendar)(row, plan, held, now, newest)
        except BaigongError as error:
            made = msgspec.structs.replace(held, trouble=str(error))
        if made != held:
            await self._keep(row, made)

    async def _by_calendar(self, row: WorkText, plan: Plan, held: Followed, now: int, newest: Newest) -> Followed:
        due = occasions(plan, held.upto_us, now)
        if not due:
            return msgspec.structs.replace(held, trouble="")
        assets = self._of(row.tenant, plan)
        made = sum([await self._make(row, plan, asset, str(due[-1]), due[-1]) for asset in assets])
        missed = len(due) * len(assets) - made
        return msgspec.structs.replace(
            held, upto_us=due[-1], made=held.made + made, missed=held.missed + missed, trouble=""
        )

    async def _by_hours(self, row: WorkText, plan: Plan, held: Followed, now: int, newest: Newest) -> Followed:
        points = {asset: self._point(row.tenant, plan.hours_of, asset) for asset in self._of(row.tenant, plan)}
        values = await asyncio.to_thread(newest, row.tenant, [one for one in points.values() if one is not None])
        hours, made, missed = {self._names.asset(row.tenant, one): at for one, at in held.hours.items()}, 0, 0
        for asset, number in points.items():
            value = None if number is None else values.get(number)
            if value is None:
                continue
            since = value - hours.get(asset, value)
            if asset not in hours or since < 0:  # first seen, or another meter: its hours count from here
                hours[asset] = value
            elif since >= plan.every_hours:
                times = math.floor(since / plan.every_hours)
                hours[asset] += times * plan.every_hours
                fresh = await self._make(row, plan, asset, f"h{hours[asset]:.6g}", now)
                made, missed = made + fresh, missed + times - fresh
        return msgspec.structs.replace(
            held, hours=hours, made=held.made + made, missed=held.missed + missed, trouble=""
        )

    def _point(self, tenant: str, hours_of: str, asset: str) -> int | None:
        row = self._book.named(tenant, hours_of)
        if row is not None:
            return row.number
        own = self._book.by_asset(tenant).get(asset, ())
        return next((one.number for one in own if one.spec.quantity == hours_of), None)

    def _of(self, tenant: str, plan: Plan) -> list[str]:
        tree, rows = self._assets.tree(tenant), self._assets.rows(tenant)
        found = [asset for asset in plan.assets if asset in tree]
        if plan.type:
            for asset, one in rows.items():
                if one.retired_us is None and split_type(one.spec.type)[0] == plan.type and asset not in found:
                    found.append(asset)
        return [asset for asset in found if asset not in rows or rows[asset].retired_us is None]

    async def _make(self, row: WorkText, plan: Plan, asset: str, occasion: str, due_us: int) -> int:
        """Make the task of one occasion, under a name that follows from it; 0 while the one before is still open."""
        id = f"p-{sha256(f'{row.name}/{asset}/{occasion}'.encode()).hexdigest()[:24]}"
        spec = TaskSpec(
            asset=asset, kind=plan.kind, title=plan.title, title_zh=plan.title_zh, text=plan.text,
            priority=plan.priority, assignee=plan.assignee, role=plan.role, due_us=due_us + plan.within_us,
            origin="plan", origin_ref=row.name, checklist=plan.checklist,
        )  # fmt: skip
        try:
            await self._tasks.add(row.tenant, spec, BY, id=id)
        except FixConfiguration as error:
            if error.code != "task.already":
                raise
            return 0
        return 1

    async def _ahead(self, row: WorkText) -> Followed:
        calendar = _read(row, Calendar)  # its shifts keep the ids that they have, whatever assets are called
        try:
            until = await self._shifts(row.tenant, row.name, calendar)
        except BaigongError as error:
            return Followed(trouble=str(error))
        return Followed(upto_us=until)

    async def _shifts(self, tenant: str, name: str, calendar: Calendar | None) -> int:
        """Make the shifts from now on as a calendar says, and take away what it says no more; None: no calendar."""
        now = self._clock_us()
        until = now + (calendar.days_ahead if calendar else 0) * _DAY_US
        wanted = {} if calendar is None else {e.id: e for e in shifts_between(name, calendar, now - _DAY_US, until)}
        found = await self._episodes.list(tenant, kind="shift", start_us=now - 2 * _DAY_US, limit=_MOST)
        held = {one.id: one for one in found if one.id.startswith(f"shift/{name}/")}
        for id, one in held.items():
            if one.start_us > now and id not in wanted:
                await self._episodes.drop(tenant, id, BY)
        fresh = [one for id, one in wanted.items() if held.get(id) != one and (one.start_us > now or id not in held)]
        if fresh:
            await self._episodes.put(tenant, fresh, BY)
        return until

    async def _keep(self, row: WorkText, held: Followed) -> None:
        state = msgspec.json.encode(held).decode()
        await self._records.write(lambda c: put_state(c, row.tenant, row.kind, row.name, state), tenant=row.tenant)


def _read(row: WorkText, kind: type[T]) -> T:
    return msgspec.json.decode(row.text, type=kind)


def followed(row: WorkText) -> Followed:
    """Say how far a text was followed."""
    return msgspec.json.decode(row.state, type=Followed)


def _event(tenant: str, kind: str, name: str, now: int, by: str) -> Event:
    detail: dict[str, Any] = {"by": by, "name": name}
    return Event(kind=kind, time_us=now, tenant=tenant, subject=f"work:{name}", detail=detail)
