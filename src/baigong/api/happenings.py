"""Episodes, events, and the switches of the demo plant."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.rooms import DemoControl, Rooms
from baigong.api.times import read_time
from baigong.api.wire import Call, Operation
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Episode, Event


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
        return await rooms.registry.episodes.list(
            call.tenant,
            asset=query.asset or None,
            kind=query.kind or None,
            start_us=when(query.start, "start"),
            end_us=when(query.end, "end"),
            limit=query.limit,
        )

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
