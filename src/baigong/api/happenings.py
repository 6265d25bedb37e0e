"""Episodes, events, and the switches of the demo plant."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.rooms import DemoControl, Rooms
from baigong.api.times import read_time
from baigong.api.wire import Call, Operation
from baigong.registry.rights import asset_ref, device_ref
from baigong.registry.tree import Tree
from baigong.registry.visible import Visible, Window
from baigong.stores.records.plant import PointRow
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Episode, Event

_MOST_EPISODES = 100_000
_SUBJECTS = 10_000  # named in one question to the records


class EpisodesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Those that touch [start, end); ``asset`` covers what lies below it."""

    asset: str = ""
    kind: str = ""
    start: str = ""
    end: str = ""
    limit: Annotated[int, Meta(ge=1, le=100_000)] = 10_000


class AllEventsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    subject: str = ""
    start: str = ""
    end: str = ""
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 200


class Fault(Struct, frozen=True, kw_only=True):
    id: str
    title: str = ""
    title_zh: str = ""
    asset: str = ""
    active: bool = False
    since_us: int | None = None
    description: str = ""
    description_zh: str = ""


class Demo(Struct, frozen=True, kw_only=True):
    faults: list[Fault]
    tour: list[Any]


class FaultSwitch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    active: bool


def operations(rooms: Rooms) -> list[Operation]:
    def when(text: str, place: str) -> int | None:
        return read_time(text, rooms.clock_us(), place) if text else None

    async def episodes(call: Call) -> Any:
        query: EpisodesQuery = call.query
        found = await rooms.registry.episodes.list(
            call.tenant,
            assets=_below(rooms, call.tenant, query.asset) if query.asset else None,
            kind=query.kind or None,
            start_us=when(query.start, "start"),
            end_us=when(query.end, "end"),
            limit=query.limit if call.only is None else _MOST_EPISODES,
        )
        if query.asset:
            tree = rooms.registry.assets.tree(call.tenant)
            found = [e for e in found if tree.covers(query.asset, e.asset)]
        if call.only is None:
            return found
        shown = [e for e in found if call.only.episode(call.tenant, e.id, e.asset, e.kind, e.start_us, e.end_us)]
        return shown[: query.limit]

    async def put_episode(call: Call) -> Any:
        episode: Episode = call.body
        if episode.id != call.part("id"):
            raise FixConfiguration("config.invalid", f"the body describes episode {episode.id!r}", place="id")
        await rooms.registry.episodes.put(call.tenant, [episode], call.who.user)
        return episode

    async def drop_episode(call: Call) -> Any:
        await rooms.registry.episodes.drop(call.tenant, call.part("id"), call.who.user)

    async def events(call: Call) -> Any:
        query: AllEventsQuery = call.query
        if call.only is not None:
            return await _guests_events(rooms, call, call.only, when(query.start, "start"), when(query.end, "end"))
        return await rooms.registry.events.recent(
            call.tenant,
            subjects=[query.subject] if query.subject else None,
            start_us=when(query.start, "start"),
            end_us=when(query.end, "end"),
            limit=query.limit,
        )

    return [
        Operation("GET", "/episodes", "Intervals on assets", episodes, query=EpisodesQuery, answer=list[Episode]),
        Operation("PUT", "/episodes/{id}", "Write or correct an episode", put_episode, body=Episode, answer=Episode),
        Operation("DELETE", "/episodes/{id}", "Take an episode away", drop_episode),
        Operation("GET", "/events", "What happened", events, query=AllEventsQuery, answer=list[Event]),
        *_switches(rooms),
    ]


async def _guests_events(
    rooms: Rooms, call: Call, only: Visible, start_us: int | None, end_us: int | None
) -> list[Event]:
    """Read events of what is open; the newest of each kind of subject first, as for everybody."""

    def window(subject: str) -> Window | None:
        kind, _, name = subject.partition(":")
        if kind == "point":
            return only.window(int(name)) if name.isdecimal() else None
        refs = {"asset": asset_ref, "device": device_ref}
        return only.of(refs[kind](call.tenant, name)) if kind in refs and name else None

    rows = [only.book.by_number(call.tenant, number) for number in only.points]
    known = [f"point:{number}" for number in only.points]
    tree = rooms.registry.assets.tree(call.tenant)
    known += sorted({f"{kind}:{name}" for row in rows if row for kind, name in _around(row, tree)})
    asked = [call.query.subject] if call.query.subject else known
    open_to = [subject for subject in asked if window(subject) is not None]
    found: list[Event] = []
    for at in range(0, len(open_to), _SUBJECTS):
        found += await rooms.registry.events.recent(
            call.tenant,
            subjects=open_to[at : at + _SUBJECTS],
            start_us=start_us,
            end_us=end_us,
            limit=call.query.limit,
        )
    inside = [e for e in found if (w := window(e.subject)) is not None and w.holds(e.time_us)]
    return sorted(inside, key=lambda e: -e.time_us)[: call.query.limit]


def _around(row: PointRow, tree: Tree) -> list[tuple[str, str]]:
    """Name what a point belongs to: its device, its asset and all above."""
    return [("device", row.device), *(("asset", one) for one in (tree.path(row.spec.asset) if row.spec.asset else ()))]


def _below(rooms: Rooms, tenant: str, asset: str) -> list[str]:
    return list(dict.fromkeys([asset, *rooms.registry.assets.tree(tenant).below(asset)]))


def _switches(rooms: Rooms) -> list[Operation]:
    async def demo(call: Call) -> Any:
        return await _demo(rooms).state()

    async def switch(call: Call) -> Any:
        return await _demo(rooms).set_fault(call.part("id"), call.body.active)

    return [
        Operation("GET", "/demo", "The demo plant's faults", demo, answer=Demo),
        Operation("PUT", "/demo/faults/{id}", "Switch a fault", switch, body=FaultSwitch, answer=Fault),
    ]


def _demo(rooms: Rooms) -> DemoControl:
    if rooms.demo is None:
        raise FixConfiguration("http.not_found", "this is no demo plant", place="demo")
    return rooms.demo
