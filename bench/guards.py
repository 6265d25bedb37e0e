"""Row 13: what it costs that somebody is asked at the door, and that a query sees only what its asker may read."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias

from baigong.api.doors import DOORS, enter, readable
from baigong.api.wire import authorise, require_factor
from baigong.bus.memory import MemoryBus
from baigong.registry.opening import open_registry
from bench.data import Body, walks
from bench.ingest import ARROW, begin_us, register, until_seen
from bench.processes import Baigong, Used
from bench.report import Line, ms
from bench.wire import Http

_POINTS, _SECONDS, _SMALL, _GATE = 1_000, 200, 100, 0.05
_ASKED, _ROUNDS = 40, 6
_BATCH, _BATCHES = 20, 10  # queries of each side in turn: what others do on the machine meets both sides alike
_STARTS = 5  # two processes of one program differ by up to 8 % for as long as they live, so each side has five
Spent: TypeAlias = tuple[float, float]
_SQL = "select name, count(*) as n, min(value) as least, max(value) as most from telemetry group by name order by name"


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    door_s = asyncio.run(_door(folder / "rooms"))
    spent: dict[str, list[Spent]] = {}
    for start in range(1 if short else _STARTS):
        with Baigong(folder / f"platform{start}") as server:
            numbers = register(server, _POINTS)
            for what, found in _in_turns(server, numbers, 5 if short else _BATCHES).items():
                spent.setdefault(what, []).extend(found)
            if start:
                continue
            http, walked = server.http(), walks(_POINTS, 10)
            small = Body(numbers[:_SMALL], walked.values(slice(0, 1), slice(0, _SMALL)))
            large = Body(numbers, walked.values(slice(0, 10)))
            asked = _ASKED * (2 if short else _ROUNDS)
            lines = [
                _ingest(server, http, f"an ingest request of {body.rows:,} values", body, door_s, asked)
                for body in (small, large)
            ]
    return [*lines, *(_rights(what, found) for what, found in spent.items())]


def _in_turns(server: Baigong, numbers: Any, batches: int) -> dict[str, list[Spent]]:
    http = server.http()
    guest, half = _guest(server, "guest"), _guest(server, "half", every=2)
    walked = walks(_POINTS, _SECONDS)
    http.post("/api/v1/ingest", Body(numbers, walked.values(slice(0, _SECONDS))).at(begin_us() + 1_000_000), ARROW)
    until_seen(server.count, _POINTS * (_SECONDS + 1))
    found = {"just come: rights to each machine": _queries(server, http, guest, batches)}  # before more is written
    until_seen(lambda: server.lake()["rows"] - server.lake()["hot_rows"], _POINTS * (_SECONDS + 1))
    found["in files: rights to each machine"] = _queries(server, http, guest, batches)
    found["in files: rights to every second machine"] = _queries(server, http, half, batches)
    return found


def _guest(server: Baigong, title: str, every: int = 1) -> Http:
    """Return a way in for a program of the company that may read each machine (or every so manyth) by a grant of its
    own, and no more.
    """
    http = server.http()
    made = http.json("/api/v1/tokens", {"title": title, "role": "regulator"})
    (token,) = [row for row in http.json("/api/v1/tokens") if row["title"] == title]
    for asset in sorted({row["asset"] for row in _rows(http, "select distinct asset from points")})[::every]:
        asked = {"principal": f"token:{token['id']}", "actions": ["see", "read"], "object": f"asset:{asset}"}
        http.json("/api/v1/grants", {"title": f"{title} {asset}", **asked, "ends": "+30d"})
    http.close()
    return Http(server.port, {"Authorization": f"Bearer {made['token']}"})


def _rows(http: Http, sql: str) -> list[dict[str, Any]]:
    answer = http.json("/api/v1/sql", {"sql": sql})
    names = [c["name"] if isinstance(c, dict) else c for c in answer["columns"]]
    return [dict(zip(names, row, strict=True)) for row in answer["rows"]]


async def _door(folder: Path, asked: int = 20_000) -> float:
    """Return the CPU seconds from a request's header until it is let in, for a program that writes."""
    bus = MemoryBus()
    await bus.ensure_stream("p0", epoch=1, max_bytes=1 << 20)
    async with open_registry(folder, bus, tenant="main", clock_us=lambda: time.time_ns() // 1000) as registry:
        token = await registry.people.add_token("main", "writer", role="ingester")
        rooms: Any = SimpleNamespace(registry=registry, lake=None)
        request: Any = SimpleNamespace(headers={"authorization": f"Bearer {token}"}, cookies={})
        door = DOORS["POST /ingest"]
        began = time.process_time()
        for _ in range(asked):
            who = authorise(rooms, request, "POST")
            require_factor(rooms, who)
            enter(rooms, door, who, "main")
            readable(rooms, door, who, "main")
        return (time.process_time() - began) / asked


def _ingest(server: Baigong, http: Http, what: str, body: Body, door_s: float, asked: int) -> Line:
    at = begin_us() + 3_600_000_000
    with Used(server) as used:
        for turn in range(asked):
            http.post("/api/v1/ingest", body.at(at + turn * body.seconds * 1_000_000), ARROW)
    each = used.cpu_s / asked
    return _line(f"{what}: the part of authentication and rights", f"{ms(door_s)} of {ms(each)}", door_s / each)


def _queries(server: Baigong, http: Http, guest: Http, batches: int) -> list[Spent]:
    """Compare who may read the whole company with who may read it, or half of it, machine by machine.

    Returns CPU seconds of a query, (whole, granted), of two batches next to each other: batches take turns (A B, B A).
    """
    open_to = {row["name"] for row in _rows(guest, "select name from points")}
    if _rows(guest, _SQL) != [row for row in _rows(http, _SQL) if row["name"] in open_to]:
        raise AssertionError("the guest sees other rows")
    sides = {"whole": http, "granted": guest}
    spent: dict[str, list[float]] = {side: [] for side in sides}
    for turn in range(batches):
        for side in sorted(sides, reverse=bool(turn % 2)):
            with Used(server) as used:
                for _ in range(_BATCH):
                    sides[side].json("/api/v1/sql", {"sql": _SQL})
            spent[side].append(used.cpu_s / _BATCH)
    return list(zip(spent["whole"], spent["granted"], strict=True))


def _rights(what: str, spent: list[Spent]) -> Line:
    """Take the median of what each two batches say, so that one somebody disturbed counts for nothing."""
    whole, granted = (statistics.median(side) for side in zip(*spent, strict=True))
    more = statistics.median(g / w for w, g in spent) - 1
    asked = f"SQL over {_POINTS * _SECONDS:,} rows {what} by a grant, against the whole company"
    return _line(asked, f"{ms(granted)} against {ms(whole)}", more)


def _line(what: str, said: str, part: float) -> Line:
    return Line(13, f"{what} (CPU)", f"{100 * part:.1f} %: {said}", gate="5 %", durability="", passed=part <= _GATE)
