"""Tasks: the list for whoever plans and for whoever works, one with all that was done to it, and its pictures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from baigong.api.manual import store_typed
from baigong.api.rooms import Rooms
from baigong.api.times import read_time
from baigong.api.wire import Call, Operation, read_body
from baigong.registry.roles import ready_made
from baigong.registry.tasktable import is_open
from baigong.security.photos import MOST_BYTES, clean_photo
from baigong.stores.records.tasks import ChangeRow, TaskRow
from baigong.vocab.documents import DocumentSpec
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.tasks import NEXT, OPEN, Id, State, TaskChange, TaskProgress, TaskSpec, missing

_PICTURES = {"image/jpeg": "jpg", "image/png": "png"}


class TasksQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``mine``: given to me, or free for my roles. ``asset``: also what lies below it. ``since``: changed since.

    ``state``: one of them; ``open``: whatever is still to be done; ``late``: of those, what should be done already.
    """

    mine: bool = False
    assignee: str = ""
    asset: str = ""
    state: Literal["", "open", "late", "new", "accepted", "in_progress", "done", "verified", "refused", "cancelled"] = (
        ""
    )
    origin: str = ""
    origin_ref: str = ""
    since: str = ""
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 500


class NewTask(TaskSpec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``id``: made by whoever sends it; sent twice, it is one task."""

    id: Id | None = None


class PhotoQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``change``: made by whoever sends it, like that of every change; ``at_us``: when it was taken."""

    change: Id
    at_us: int | None = None


class TaskLine(Struct, frozen=True, kw_only=True):
    """One task. ``number``: what people call it by; ``late``: it should be done already. Times: µs since the epoch.

    ``next``: the states it may go into; ``missing``: lines of the checklist that have to be filled in before.
    """

    id: str
    number: int
    state: State
    spec: TaskSpec
    asset_title: str
    asset_title_zh: str
    progress: TaskProgress
    late: bool
    next: list[State]
    missing: list[str]
    made_us: int
    made_by: str
    changed_us: int


class TaskStep(Struct, frozen=True, kw_only=True):
    """One change. ``at_us``: when it was so; ``seen_us``: when we were told."""

    id: str
    at_us: int
    seen_us: int
    by: str
    change: dict[str, Any]


class TaskPage(TaskLine, frozen=True, kw_only=True):
    """``gives``: who asks may give it to others; ``mine``: it is theirs, or free for them to take."""

    steps: list[TaskStep]
    gives: bool
    mine: bool


class TasksAnswer(Struct, frozen=True, kw_only=True):
    """Due first, first. ``now_us``: what counted as late."""

    now_us: int
    tasks: list[TaskLine]


class Worker(Struct, frozen=True, kw_only=True):
    """Somebody who may be given tasks."""

    name: str
    roles: list[str]


class WorkersAnswer(Struct, frozen=True, kw_only=True):
    """``roles``: role -> [English, Chinese]."""

    people: list[Worker]
    roles: dict[str, list[str]]


def operations(rooms: Rooms) -> list[Operation]:
    return [*_reading(rooms), *_working(rooms)]


def _reading(rooms: Rooms) -> list[Operation]:
    tasks = rooms.registry.tasks

    async def listed(call: Call) -> Any:
        query: TasksQuery = call.query
        now, me = rooms.clock_us(), call.who.human or call.who.user
        tree = rooms.registry.assets.tree(call.tenant)
        rows = await tasks.find(
            call.tenant,
            states=_states(query.state),
            assets=list(dict.fromkeys([query.asset, *tree.below(query.asset)])) if query.asset else None,
            assignee=me if query.mine else query.assignee,
            roles=call.who.roles or ("",) if query.mine else (),
            origin=query.origin,
            origin_ref=query.origin_ref,
            since_us=read_time(query.since, now, "since") if query.since else None,
            limit=query.limit if call.only is None else 10_000,
        )
        if query.state == "late":
            rows = [row for row in rows if _is_late(row, now)]
        shown = [row for row in rows if _is_open(call, row)][: query.limit]
        return TasksAnswer(now_us=now, tasks=[_line(rooms, row, now) for row in shown])

    async def one(call: Call) -> Any:
        row = await tasks.get(call.tenant, call.part("id"))
        if not _is_open(call, row):
            raise FixConfiguration("http.not_found", f"there is no task {row.id!r}", place=row.id)
        return await _page(rooms, call, row)

    async def workers(call: Call) -> Any:
        found = await rooms.registry.members.of_tenant(call.tenant)
        people = [Worker(name=one.name, roles=list(one.roles)) for one in found if not one.locked]
        roles = {name: [role.title, role.title_zh] for name, role in ready_made().items() if not role.platform}
        return WorkersAnswer(people=people, roles=roles)

    return [
        Operation("GET", "/tasks", "Tasks: what is to be done, by whom", listed, query=TasksQuery, answer=TasksAnswer),
        Operation("GET", "/tasks/{id}", "One task, with what was done to it", one, answer=TaskPage),
        Operation("GET", "/workers", "Who may be given tasks", workers, answer=WorkersAnswer),
    ]


def _working(rooms: Rooms) -> list[Operation]:
    tasks = rooms.registry.tasks

    async def add(call: Call) -> Any:
        told: NewTask = call.body
        spec = TaskSpec(**{name: getattr(told, name) for name in TaskSpec.__struct_fields__})
        spec = msgspec.structs.replace(spec, asset=call.asset(spec.asset))
        row = await tasks.add(call.tenant, spec, call.who.human or call.who.user, call.who, told.id or "")
        call.after = _line(rooms, row, rooms.clock_us())
        return call.after

    async def change(call: Call) -> Any:
        told: TaskChange = call.body
        store = partial(store_typed, rooms, call.tenant)
        row = await tasks.change(call.tenant, call.part("id"), told, call.who, store)
        call.after = {"task": row.id, "state": row.state, "change": told}
        return await _page(rooms, call, row)

    async def photo(call: Call) -> Any:
        query: PhotoQuery = call.query
        row = await tasks.get(call.tenant, call.part("id"))
        told = TaskChange(id=query.change, at_us=query.at_us)
        store = partial(store_typed, rooms, call.tenant)
        known = {one.id for one in await tasks.changes(call.tenant, row.id)}
        if told.id not in known:
            kept = await _keep(rooms, call, row)
            row = await tasks.change(call.tenant, row.id, told, call.who, store, kept)
        call.after = {"task": row.id, "photos": len(row.progress.photos)}
        return await _page(rooms, call, row)

    path = "/tasks/{id}"
    return [
        Operation("POST", "/tasks", "Make a task", add, body=NewTask, answer=TaskLine),
        Operation("POST", f"{path}/changes", "Work on a task", change, body=TaskChange, answer=TaskPage),
        Operation(
            "POST", f"{path}/photos", "Add a picture to a task", photo, query=PhotoQuery, takes=tuple(_PICTURES),
            answer=TaskPage,
        ),
    ]  # fmt: skip


async def _keep(rooms: Rooms, call: Call, row: TaskRow) -> str:
    """Keep a picture as a document, without what it says of the phone that took it; returns its id."""
    raw = await read_body(call.request, MOST_BYTES)
    content, media = await asyncio.to_thread(clean_photo, raw)
    if media not in _PICTURES:
        raise FixConfiguration("config.invalid", "send a picture as JPEG or PNG", place="body")
    at = len(row.progress.photos) + 1
    spec = DocumentSpec(title=f"#{row.number} {row.spec.title}"[:200], title_zh="", kind="03-04")

    async def pieces() -> AsyncIterator[bytes]:
        yield content

    name = f"task-{row.number}-{at}.{_PICTURES[media]}"
    made = await rooms.registry.documents.add(
        call.tenant, f"task:{row.id}", spec, name, pieces(), call.who.user, size=len(content)
    )
    return made.id


def _states(told: str) -> Sequence[str]:
    if told == "new":
        return ("open",)
    return OPEN if told in ("open", "late") else (told,) if told else ()


def _is_open(call: Call, row: TaskRow) -> bool:
    return call.only is None or is_open(call.seen, row)


def _is_late(row: TaskRow, now_us: int) -> bool:
    return row.state in OPEN and row.spec.due_us is not None and row.spec.due_us < now_us


def _facts(rooms: Rooms, row: TaskRow, now_us: int) -> dict[str, Any]:
    called = rooms.registry.assets.words(row.tenant).get(row.spec.asset)
    return {
        "id": row.id,
        "number": row.number,
        "state": row.state,
        "spec": row.spec,
        "asset_title": called.title if called else "",
        "asset_title_zh": called.title_zh if called else "",
        "progress": row.progress,
        "late": _is_late(row, now_us),
        "next": list(NEXT[row.state]),  # type: ignore[index]
        "missing": missing(row.spec.checklist, row.progress.results),
        "made_us": row.made_us,
        "made_by": row.made_by,
        "changed_us": row.changed_us,
    }


def _line(rooms: Rooms, row: TaskRow, now_us: int) -> TaskLine:
    return TaskLine(**_facts(rooms, row, now_us))


async def _page(rooms: Rooms, call: Call, row: TaskRow) -> TaskPage:
    steps = await rooms.registry.tasks.changes(call.tenant, row.id)
    me, spec = call.who.human or call.who.user, row.spec
    return TaskPage(
        **_facts(rooms, row, rooms.clock_us()),
        steps=[_step(one) for one in steps],
        gives=rooms.registry.tasks.may_give(call.who, call.tenant, spec.asset),
        mine=spec.assignee == me or (not spec.assignee and spec.role in ("", *call.who.roles)),
    )


def _step(one: ChangeRow) -> TaskStep:
    told = {name: value for name, value in one.change.items() if name not in ("id", "at_us")}
    return TaskStep(id=one.id, at_us=one.at_us, seen_us=one.seen_us, by=one.told_by, change=told)
