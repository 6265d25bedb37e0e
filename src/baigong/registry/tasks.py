"""Tasks: given, taken, worked on, done, looked at; what came of them stays in the life of their asset.

Everything that is sent has a name its sender made: a phone that was without a network sends again until it is heard.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from baigong.registry.assets import Assets
from baigong.registry.book import PointBook
from baigong.registry.episodes import Episodes
from baigong.registry.events import Events
from baigong.registry.principal import Principal
from baigong.registry.rights import Rights, asset_ref
from baigong.registry.roles import ready_made
from baigong.registry.taskrules import Typed, check_may, outcome, progressed, typed_in
from baigong.security.tokens import new_token
from baigong.stores.records import Records, access
from baigong.stores.records.access import PersonRow
from baigong.stores.records.life import LifeRow, add_life, life_of
from baigong.stores.records.tasks import (
    ChangeRow,
    TaskRow,
    add_change,
    changes_of,
    find_task,
    list_tasks,
    next_number,
    open_like,
    put_task,
)
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Event
from baigong.vocab.tasks import TaskChange, TaskProgress, TaskSpec

Store = Callable[[Sequence[Typed]], Awaitable[None]]


class Tasks:
    """Lives on the event loop."""

    def __init__(
        self,
        records: Records,
        events: Events,
        assets: Assets,
        book: PointBook,
        episodes: Episodes,
        rights: Rights,
        person: Callable[[str], Awaitable[PersonRow | None]],
        clock_us: Callable[[], int],
    ) -> None:
        self._records, self._events, self._assets, self._book = records, events, assets, book
        self._episodes, self._rights, self._person, self._clock_us = episodes, rights, person, clock_us
        self._one_change = asyncio.Lock()

    async def find(self, tenant: str, **which: Any) -> list[TaskRow]:
        """Return tasks; see ``stores.records.tasks.list_tasks`` for what selects them."""
        return await self._records.read(lambda c: list_tasks(c, tenant, **which), tenant=tenant)

    def all_now(self, tenant: str) -> list[TaskRow]:
        """Return all of them. Blocking."""
        return self._records.read_now(lambda c: list_tasks(c, tenant, limit=1_000_000), tenant=tenant)

    async def get(self, tenant: str, id: str) -> TaskRow:
        """Raise http.not_found."""
        row = await self._records.read(lambda c: find_task(c, tenant, id), tenant=tenant)
        if row is None:
            raise FixConfiguration("http.not_found", f"there is no task {id!r}", place=id)
        return row

    async def changes(self, tenant: str, id: str) -> list[ChangeRow]:
        """Return what was done to a task, as we were told."""
        return await self._records.read(lambda c: changes_of(c, tenant, id), tenant=tenant)

    async def add(self, tenant: str, spec: TaskSpec, by: str, who: Principal | None = None, id: str = "") -> TaskRow:
        """Make a task. ``id``: sent before, it is the same task; ``who``: None for a plan.

        Raises task.already while another of the same alarm, plan or proposal is open, task.key, http.not_found.
        """
        spec = await self._checked(tenant, spec, who)
        async with self._one_change:
            held = await self._records.read(lambda c: find_task(c, tenant, id), tenant=tenant) if id else None
            if held is not None:
                if held.made_by != by or held.spec.title != spec.title:
                    raise FixConfiguration("task.key", f"{id!r} is the name of another task", place="id")
                return held
            now = self._clock_us()
            blank = TaskRow(tenant, id or new_token("t")[:14], 0, "open", spec, TaskProgress(), now, by, now)

            def work(connection: sa.Connection) -> TaskRow:
                access.ensure_tenant(connection, tenant, now)
                same = open_like(connection, tenant, spec) if spec.origin_ref else None
                if same is not None:
                    why = f"{spec.origin} {spec.origin_ref} has an open task"
                    raise FixConfiguration("task.already", why, place=same, task=same)
                row = dataclasses.replace(blank, number=next_number(connection, tenant))
                put_task(connection, row)
                return row

            made: list[TaskRow] = []
            await self._events.tell(
                [_event(blank, "task.opened", now, by)], with_work=lambda c: made.append(work(c))
            )  # fmt: skip
            return made[-1]

    async def _checked(self, tenant: str, spec: TaskSpec, who: Principal | None) -> TaskSpec:
        if spec.asset not in self._assets.tree(tenant):
            raise FixConfiguration("http.not_found", f"there is no asset {spec.asset!r}", place="asset")
        for check in spec.checklist:
            if check.point:
                self._book.find(tenant, check.point)
        if who is not None and not self.may_give(who, tenant, spec.asset):
            # whoever reports a problem may take it themselves; others are given work by those who plan it
            if spec.assignee not in ("", who.human or who.user):
                self._rights.require(who, "configure", asset_ref(tenant, spec.asset))
            spec = replace(spec, origin="person" if spec.origin == "plan" else spec.origin)
        await self._check_given(tenant, spec.assignee, spec.role)
        return spec

    async def _check_given(self, tenant: str, assignee: str, role: str) -> None:
        person = await self._person(assignee) if assignee else None
        if assignee and (person is None or person.tenant != tenant):
            raise FixConfiguration("http.not_found", f"there is nobody called {assignee!r} here", place="assignee")
        if role and role not in ready_made():
            raise FixConfiguration("config.invalid", f"{role!r} is none of {sorted(ready_made())}", place="role")

    def may_give(self, who: Principal, tenant: str, asset: str) -> bool:
        """Say whether somebody gives tasks on an asset to others, and says that they are well done."""
        return self._rights.decide(who, "configure", asset_ref(tenant, asset)).allowed

    async def change(
        self, tenant: str, id: str, change: TaskChange, who: Principal, store: Store, photo: str = ""
    ) -> TaskRow:
        """Do something to a task; the same change sent again does nothing. ``store``: keeps typed-in values.

        Raises task.state, task.incomplete, task.second_person, task.key, auth.denied, http.not_found.
        """
        async with self._one_change:
            row = await self.get(tenant, id)
            told = msgspec.to_builtins(change) | ({"photo": photo} if photo else {})
            held = {one.id: one for one in await self.changes(tenant, id)}
            if change.id in held:
                if held[change.id].told_by != who.user or (held[change.id].change != told and not photo):
                    raise FixConfiguration("task.key", f"{change.id!r} was another change", place="id")
                return row
            gives = self.may_give(who, tenant, row.spec.asset)
            check_may(row, change, who, gives)
            await self._check_given(tenant, change.assignee or "", change.role or "")
            now = self._clock_us()
            at = min(now, now if change.at_us is None else max(change.at_us, 0))
            fresh = progressed(row, change, who, at, now, photo)
            values = typed_in(row.spec, change, at, lambda name: self._book.find(tenant, name))
            if values:
                await store(values)
            await self._write(row, fresh, ChangeRow(tenant, id, change.id, at, now, who.user, told))
            return fresh

    async def _write(self, row: TaskRow, fresh: TaskRow, change: ChangeRow) -> None:
        now, tenant = change.seen_us, row.tenant
        became = "task.changed" if fresh.state == row.state else f"task.{fresh.state}"
        event = _event(fresh, became, now, change.told_by)
        done = fresh.state == "done" and row.state != "done"
        episode, note = outcome(fresh) if done else (None, None)

        def work(connection: sa.Connection) -> None:
            put_task(connection, fresh)
            add_change(connection, change)
            if note is not None:
                lives = life_of(connection, tenant, fresh.spec.asset)
                before = [one.id for one in lives if one.detail.get("task") == fresh.id]
                by, asset = fresh.progress.done_by, fresh.spec.asset
                told_us, detail = fresh.progress.done_us or now, note[1]
                id, corrects = new_token("l")[:14], before[-1] if before else ""
                add_life(connection, [LifeRow(tenant, id, asset, note[0], told_us, now, by, corrects, detail)])

        if episode is None:
            await self._events.tell([event], with_work=work)
        else:
            await self._episodes.put(tenant, [episode], change.told_by, also=work, told=[event])


def _event(row: TaskRow, kind: str, now: int, by: str) -> Event:
    detail = {"by": by, "task": row.id, "title": row.spec.title, "assignee": row.spec.assignee}
    return Event(kind=kind, time_us=now, tenant=row.tenant, subject=f"asset:{row.spec.asset}", detail=detail)
