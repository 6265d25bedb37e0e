"""What people wrote down of recurring work: plans, calendars of shifts, trees of reasons; how far each is followed."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.planning import Followed, TextKind, followed
from baigong.registry.rights import asset_ref
from baigong.stores.records.worktexts import WorkText
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.plans import Plan
from baigong.vocab.reasons import ReasonTree
from baigong.vocab.shifts import Calendar

_NAME = re.compile(r"[\w-]{1,60}")
_BAD = 0x8000


class PlanLine(Struct, frozen=True, kw_only=True):
    """A plan, and how far it was followed."""

    name: str
    told: Plan
    followed: Followed
    changed_us: int
    changed_by: str


class CalendarLine(Struct, frozen=True, kw_only=True):
    """``followed.upto_us``: until when its shifts are made."""

    name: str
    told: Calendar
    followed: Followed
    changed_us: int
    changed_by: str


class ReasonsLine(Struct, frozen=True, kw_only=True):
    """A tree of reasons."""

    name: str
    told: ReasonTree
    changed_us: int
    changed_by: str


def operations(rooms: Rooms) -> list[Operation]:
    return [
        *_texts(rooms, "plan", "/plans", "plans of recurring work", Plan, PlanLine),
        *_texts(rooms, "calendar", "/calendars", "calendars of shifts", Calendar, CalendarLine),
        *_texts(rooms, "reasons", "/reasons", "trees of reasons", ReasonTree, ReasonsLine),
        _of_asset(rooms),
    ]


def _texts(
    rooms: Rooms, kind: TextKind, path: str, words: str, told: type[Struct], line: type[Struct]
) -> list[Operation]:
    planning = rooms.registry.planning

    def shown(row: WorkText) -> Any:
        made: dict[str, Any] = {
            "name": row.name,
            "told": planning.told(row, told),
            "changed_us": row.changed_us,
            "changed_by": row.changed_by,
        }
        return line(**made) if line is ReasonsLine else line(**made, followed=followed(row))

    async def listed(call: Call) -> Any:
        return [shown(row) for row in await planning.texts(call.tenant, kind)]

    async def put(call: Call) -> Any:
        name = call.part("name")
        if not _NAME.fullmatch(name):
            raise FixConfiguration("config.invalid", f"{name!r} is no name: letters, digits, - and _", place="name")
        held = next((row for row in await planning.texts(call.tenant, kind) if row.name == name), None)
        call.before = held and shown(held)
        call.after = shown(await planning.put(call.tenant, kind, name, call.body, call.who.user))
        return call.after

    async def drop(call: Call) -> Any:
        await planning.drop(call.tenant, kind, call.part("name"), call.who.user)

    return [
        Operation("GET", path, f"List {words}", listed, answer=list[line]),  # type: ignore[valid-type]
        Operation("PUT", f"{path}/{{name}}", f"Write one of the {words}", put, body=told, answer=line),
        Operation("DELETE", f"{path}/{{name}}", f"Take away one of the {words}", drop),
    ]


def _of_asset(rooms: Rooms) -> Operation:
    async def reasons(call: Call) -> Any:
        name = call.part("name")
        if name not in rooms.registry.assets.tree(call.tenant) or call.seen.of(asset_ref(call.tenant, name)) is None:
            raise FixConfiguration("http.not_found", f"there is no asset {name!r}", place=name)
        return await rooms.registry.planning.reasons(call.tenant, name)

    return Operation("GET", "/assets/{name}/reasons", "Why this asset may stand", reasons, answer=ReasonTree)


async def follow_plans(rooms: Rooms) -> None:
    """Do what plans and calendars say, until cancelled."""

    def newest(tenant: str, points: Any) -> dict[int, float]:
        rows = rooms.lake.latest(tenant, list(points)).to_pylist() if points else []
        good = (row for row in rows if not row["quality"] & _BAD and row["value"] is not None)
        return {row["point"]: row["value"] for row in good}

    await rooms.registry.planning.run(newest)
