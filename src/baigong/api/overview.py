"""The overview page in one answer: what needs attention, every asset's state, the platform's pulse."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from baigong.api.attention import Attention, attention
from baigong.api.device_state import lines
from baigong.api.lines import Line, read_lines
from baigong.api.points import newest_of
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.book import PointBook
from baigong.registry.why import scan_period_s
from baigong.stores.records.plant import PointRow
from baigong.vocab import quality as q
from baigong.vocab.devices import AssetWords

_SPARK_US = 3_600_000_000
_SPARK_WIDTH = 30  # pixel columns
_SPARKS = 60  # assets that get one
_HEADLINE = 4  # values under an asset's name
_FRESH_S = 5.0  # how long an answer serves others who ask the same
_STALE_S = 30.0
_SWITCH_WORDS = 2  # states with more words tell what a machine is doing
AssetState = Literal["good", "uncertain", "bad", "stale"]


class Spark(Struct, frozen=True, kw_only=True):
    point: str
    unit: str
    title: str
    title_zh: str
    times_us: list[int]
    values: list[float | None]


class Headline(Struct, frozen=True, kw_only=True):
    point: str
    title: str
    title_zh: str
    unit: str
    kind: str
    states: dict[str, str]
    states_zh: dict[str, str]
    value: float | int | str | None
    time_us: int
    quality: int


class AssetTile(Struct, frozen=True, kw_only=True):
    asset: str
    title: str
    title_zh: str
    state: AssetState
    points: int
    bad: int
    spark: Spark | None
    headline: list[Headline]


class PulseNumbers(Struct, frozen=True, kw_only=True):
    accepted_values_s: float
    visible_values_s: float
    latency_ms_p99: float | None
    backlog_frames: int
    backlog_eta_s: float
    points: int
    devices_ok: int
    devices: int


class Overview(Struct, frozen=True, kw_only=True):
    assets: list[AssetTile]
    attention: list[Attention]
    pulse: PulseNumbers
    demo: bool


def operations(rooms: Rooms) -> list[Operation]:
    kept: dict[str, tuple[int, int, dict[str, Line]]] = {}  # tenant -> (when, version of its points, sparks)

    grouped: dict[str, tuple[int, dict[str, list[PointRow]]]] = {}  # tenant -> (version of its points, by asset)

    def assets(call: Call) -> dict[str, list[PointRow]]:
        tenant, version = call.tenant, call.book.version(call.tenant)
        if call.only is not None:
            return _by_asset(rooms, tenant, call.book)
        held = grouped.get(tenant)
        if held is None or held[0] != version:
            held = grouped[tenant] = (version, _by_asset(rooms, tenant, call.book))
        return held[1]

    async def sparks(call: Call, points: list[PointRow]) -> dict[str, Line]:
        tenant, now, version = call.tenant, rooms.clock_us(), call.book.version(call.tenant)
        shared = call.lake is rooms.lake and call.only is None
        held = kept.get(tenant) if shared else None
        if held is not None and now - held[0] < _FRESH_S * 1e6 and held[1] == version:
            return held[2]
        made = await asyncio.to_thread(read_lines, call.lake, tenant, points, now - _SPARK_US, now, _SPARK_WIDTH)
        found = {line.point.spec.asset: line for line in made if len(line.times)}
        if shared:
            kept[tenant] = (now, version, found)
        return found

    async def overview(call: Call) -> Any:
        by_asset = assets(call)
        numbers = [p.number for points in by_asset.values() for p in points]
        newest = await newest_of(call.lake, call.tenant, numbers)
        drawn = [_leading(points) for points in list(by_asset.values())[:_SPARKS]]
        drawing = await sparks(call, [p for p in drawn if p is not None])
        now = rooms.clock_us()
        tiles = [_tile(rooms, asset, points, newest, drawing.get(asset), now) for asset, points in by_asset.items()]
        return Overview(
            assets=tiles,
            attention=[] if call.only else await attention(rooms, call.tenant),
            pulse=_guests_pulse(len(numbers)) if call.only else _pulse(rooms, call.tenant, len(numbers)),
            demo=rooms.demo is not None and call.only is None,
        )

    return [Operation("GET", "/overview", "The plant at a glance", overview, answer=Overview)]


def _by_asset(rooms: Rooms, tenant: str, book: PointBook) -> dict[str, list[PointRow]]:
    """Assets by name, the points of each by what they tell."""
    place, found = _places(rooms, tenant), defaultdict[str, list[PointRow]](list)
    for point in sorted(book.active(tenant), key=lambda p: (p.spec.asset, *_rank(p, place))):
        found[point.spec.asset].append(point)
    return dict(found)


def _places(rooms: Rooms, tenant: str) -> dict[str, int]:
    """Name -> place in its device's text: whoever wrote that put first what matters."""
    return {
        point.name: place
        for row in rooms.registry.devices.of_tenant(tenant)
        for place, point in enumerate(row.spec.points)
    }


def _rank(point: PointRow, place: dict[str, int]) -> tuple[int, int, str]:
    """What tells most about an asset comes first: what it is doing, what it measures, switches and totals last."""
    spec = point.spec
    if spec.kind == "state":
        rank = 0 if len(spec.states) > _SWITCH_WORDS else 5
    else:
        rank = {"gauge": 1 if spec.unit else 2, "setpoint": 3, "counter": 4}.get(spec.kind, 6)
    return rank, place.get(spec.name, len(place)), spec.name


def _leading(points: Sequence[PointRow]) -> PointRow | None:
    """Choose the point whose curve stands for the asset: the first that is measured, else what can be drawn."""
    drawable = [p for p in points if p.spec.kind in ("gauge", "counter", "setpoint", "state")]
    return next((p for p in drawable if p.spec.kind == "gauge"), drawable[0] if drawable else None)


def _tile(
    rooms: Rooms,
    asset: str,
    points: list[PointRow],
    newest: dict[int, dict[str, Any]],
    spark: Line | None,
    now: int,
) -> AssetTile:
    bad = sum(1 for p in points if p.number in newest and q.severity(newest[p.number]["quality"]) == "bad")
    shown = [p for p in points if p.number in newest and p.spec.kind != "text"][:_HEADLINE]
    called = rooms.registry.devices.assets(points[0].tenant).get(asset, AssetWords())
    return AssetTile(
        asset=asset,
        title=called.title or called.title_zh or asset.rpartition(".")[2],
        title_zh=called.title_zh,
        state=_state(rooms, points, newest, now),
        points=len(points),
        bad=bad,
        spark=None if spark is None else _spark(spark),
        headline=[_headline(p, newest[p.number]) for p in shown],
    )


def _state(rooms: Rooms, points: list[PointRow], newest: dict[int, dict[str, Any]], now: int) -> AssetState:
    """The worst of its points; stale when none of them has had news for three periods (30 s at least)."""
    held = [(p, newest[p.number]) for p in points if p.number in newest]
    if not held:
        return "stale"
    worst = max((("good", "uncertain", "bad").index(q.severity(v["quality"])) for _, v in held), default=0)
    latest = max(v["time_us"] for _, v in held)
    device = rooms.registry.devices.find(points[0].tenant, points[0].device)
    period = scan_period_s(device.spec.scan, points[0].spec.scan) if device else 0.0
    if device is not None and worst < 2 and now - latest > max(3 * period, _STALE_S) * 1e6:
        return "stale"
    return ("good", "uncertain", "bad")[worst]


def _spark(line: Line) -> Spark:
    spec = line.point.spec
    return Spark(
        point=spec.name,
        unit=spec.unit,
        title=spec.title,
        title_zh=spec.title_zh,
        times_us=line.times.tolist(),
        values=line.values.tolist(),
    )


def _headline(point: PointRow, newest: dict[str, Any]) -> Headline:
    spec = point.spec
    return Headline(
        point=spec.name,
        title=spec.title or spec.quantity,
        title_zh=spec.title_zh,
        unit=spec.unit,
        kind=spec.kind,
        states=spec.states,
        states_zh=spec.states_zh,
        value=newest["text"] if newest["value"] is None else newest["value"],
        time_us=newest["time_us"],
        quality=newest["quality"],
    )


def _guests_pulse(points: int) -> PulseNumbers:
    """Tell a guest of a part of the plant nothing about the others, nor about the platform."""
    return PulseNumbers(
        accepted_values_s=0.0,
        visible_values_s=0.0,
        latency_ms_p99=None,
        backlog_frames=0,
        backlog_eta_s=0.0,
        points=points,
        devices_ok=0,
        devices=0,
    )


def _pulse(rooms: Rooms, tenant: str, points: int) -> PulseNumbers:
    stats = rooms.lake.stats()
    backlog = rooms.pulse.backlog()
    devices = [line for line in lines(rooms, tenant) if line.enabled]
    return PulseNumbers(
        accepted_values_s=rooms.pulse.total("values_s"),
        visible_values_s=float(stats.get("visible_values_s") or 0.0),
        latency_ms_p99=stats.get("latency_ms_p99"),
        backlog_frames=int(backlog["frames"]),
        backlog_eta_s=float(backlog["eta_s"]),
        points=points,
        devices_ok=sum(1 for line in devices if line.state == "connected"),
        devices=len(devices),
    )
