"""The platform's own health: for people (system page), probes (health) and Prometheus (metrics)."""

from __future__ import annotations

import asyncio
import shutil
from typing import Any, Literal

from msgspec import Struct
from starlette.responses import Response

from baigong.api.attention import Attention, attention
from baigong.api.device_state import lines
from baigong.api.rooms import OpcUaState, Rooms
from baigong.api.wire import Call, Operation
from baigong.vocab.errors import BaigongError

TileState = Literal["good", "uncertain", "bad"]
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Health(Struct, frozen=True, kw_only=True):
    status: Literal["ok", "starting", "degraded"]
    version: str
    uptime_s: float


class Tile(Struct, frozen=True, kw_only=True):
    tile: Literal["network", "platform", "data", "security"]
    state: TileState
    detail: str
    detail_zh: str
    advice: str
    advice_zh: str


class System(Struct, frozen=True, kw_only=True):
    health: list[Tile]
    throughput: dict[str, Any]
    backlog: dict[str, Any]
    disk: dict[str, Any]
    processes: list[dict[str, Any]]
    dropped: list[dict[str, Any]]
    lake: dict[str, Any]
    bus: dict[str, Any]
    mqtt: dict[str, Any]
    opcua: OpcUaState | None  # null where no OPC UA server was asked for
    gateways: dict[str, dict[str, Any]]  # those that live: {"storage": null, or why nothing more can be spooled}


def operations(rooms: Rooms) -> list[Operation]:
    async def health(call: Call) -> Any:
        stream = await _stream(rooms)
        alive = any(rooms.pulse.alive(gateway) for gateway in rooms.pulse.health)
        uptime_s = (rooms.clock_us() - rooms.started_us) / 1e6
        full = any(told.get("storage") for _, told in _living(rooms))
        status: Literal["ok", "starting", "degraded"] = "ok" if alive and stream and not full else "degraded"
        if status == "degraded" and uptime_s < 15:
            status = "starting"
        return Health(status=status, version=rooms.settings.version, uptime_s=round(uptime_s, 1))

    async def metrics(call: Call) -> Any:
        return Response(await asyncio.to_thread(rooms.metrics.text), headers={"Content-Type": _PROMETHEUS})

    async def system(call: Call) -> Any:
        return await _system(rooms, call.tenant)

    return [
        Operation("GET", "/health", "Is it up", health, answer=Health, everyone=True),
        Operation("GET", "/metrics", "Numbers for Prometheus", metrics, gives=("text/plain",)),
        Operation("GET", "/system", "How the platform is", system, answer=System),
    ]


async def _system(rooms: Rooms, tenant: str) -> System:
    stats = rooms.lake.stats()
    stream = await _stream(rooms)
    disk = shutil.disk_usage(rooms.registry.data)
    return System(
        health=await _tiles(rooms, tenant, stream),
        throughput={
            "accepted_values_s": rooms.pulse.total("values_s"),
            "accepted_frames_s": rooms.pulse.total("frames_s"),
            "visible_values_s": stats.get("visible_values_s"),
            "latency_ms_p99": stats.get("latency_ms_p99"),
        },
        backlog=rooms.pulse.backlog(),
        disk={
            "free": disk.free,
            "total": disk.total,
            "reserve": rooms.settings.reserve_bytes,
            "lake_bytes": stats.get("bytes"),
            "stream_bytes": stream.get("bytes"),
        },
        processes=await asyncio.to_thread(rooms.facts.processes),
        dropped=_dropped(rooms),
        lake=stats,
        bus=stream,
        mqtt=_first(rooms, "mqtt"),
        opcua=rooms.settings.opcua(),
        gateways={name: {"storage": told.get("storage")} for name, told in _living(rooms)},
    )


async def _stream(rooms: Rooms) -> dict[str, Any]:
    try:
        state = await rooms.bus.stream_state(rooms.settings.partition)
    except BaigongError:
        return {}
    if state is None:
        return {}
    names = ("epoch", "first_seq", "last_seq", "messages", "bytes", "max_bytes")
    return {name: getattr(state, name) for name in names}


def _living(rooms: Rooms) -> list[tuple[str, dict[str, Any]]]:
    return [(name, told) for name, told in rooms.pulse.health.items() if rooms.pulse.alive(name)]


def _first(rooms: Rooms, field: str) -> dict[str, Any]:
    for gateway, told in rooms.pulse.health.items():
        if rooms.pulse.alive(gateway) and isinstance(told.get(field), dict):
            return dict(told[field])
    return {}


def _dropped(rooms: Rooms) -> list[dict[str, Any]]:
    """Everything that was not kept, wherever it was counted."""
    found = list(rooms.facts.dropped())
    for gateway, told in rooms.pulse.health.items():
        reasons = told.get("dropped") or {}
        found += [
            {"what": what, "where": f"gateway {gateway}", "count": n, "last_us": rooms.pulse.grown_us(gateway, what)}
            for what, n in reasons.items()
        ]
    found += _at_the_door(rooms)
    found += [
        {"what": code, "where": "api", "count": count, "last_us": rooms.metrics.refused_us.get(code)}
        for code, count in rooms.metrics.refused_by_code().items()
        if not code.startswith("auth.")
    ]
    if unreadable := rooms.lake.stats().get("invalid_frames"):
        found.append({"what": "frame.invalid", "where": "stream", "count": unreadable, "last_us": None})
    if left := rooms.lake.stats().get("left_rows"):
        found.append({"what": "tenant.gone", "where": "stream", "count": left, "last_us": None})
    if rooms.registry.events.dropped:
        lost = rooms.registry.events.dropped
        found.append({"what": "events", "where": "registry", "count": lost, "last_us": None})
    return [row for row in found if row["count"]]


def _at_the_door(rooms: Rooms) -> list[dict[str, Any]]:
    """What the MQTT front doors did not keep, did not let in, and whom they showed the door."""
    found: list[dict[str, Any]] = []
    for gateway, told in rooms.pulse.health.items():
        door = told.get("mqtt") or {}
        # connections end for many good reasons; those that broke a rule carry an error code
        ended = {why: n for why, n in (door.get("closed") or {}).items() if "." in why}
        for counted in (door.get("dropped") or {}, door.get("refused") or {}, ended):
            where = f"MQTT {gateway}"
            found += [
                {"what": what, "where": where, "count": n, "last_us": rooms.pulse.grown_us(gateway, what)}
                for what, n in counted.items()
            ]
    return found


async def _tiles(rooms: Rooms, tenant: str, stream: dict[str, Any]) -> list[Tile]:
    items = await attention(rooms, tenant)
    devices = [line for line in lines(rooms, tenant) if line.enabled]
    down = [line.device for line in devices if line.state == "down"]
    disk = [item for item in items if item.kind == "disk.low"]
    network = Tile(
        tile="network",
        state="bad" if down and len(down) == len(devices) else "uncertain" if down else "good",
        detail=f"{len(devices) - len(down)} of {len(devices)} devices answer",
        detail_zh=f"{len(devices)} 个采集连接中 {len(devices) - len(down)} 个有响应",
        advice=f"Not answering: {', '.join(down[:5])}" if down else "",
        advice_zh=f"无响应:{'、'.join(down[:5])}" if down else "",
    )
    full = bool(disk) and disk[0].severity == "high"
    data = Tile(
        tile="data",
        state="bad" if full else "uncertain" if disk else "good",
        detail=disk[0].detail if disk else "accepted values are stored and readable",
        detail_zh=disk[0].detail_zh if disk else "已接收的数据均已存储且可查询",
        advice=disk[0].advice if disk else "",
        advice_zh=disk[0].advice_zh if disk else "",
    )
    slowed = rooms.metrics.refused_by_code().get("auth.throttled", 0)
    security = Tile(
        tile="security",
        state="good",
        detail=f"{slowed} sign-ins were slowed down",
        detail_zh=f"{slowed} 次登录被限速",
        advice="",
        advice_zh="",
    )
    return [network, _platform(items, stream), data, security]


def _platform(items: list[Attention], stream: dict[str, Any]) -> Tile:
    silent = [item for item in items if item.kind == "gateway.silent"]
    stopped = not stream or bool(silent)
    return Tile(
        tile="platform",
        state="bad" if stopped else "good",
        detail="the bus is down" if not stream else silent[0].title if silent else "every process runs",
        detail_zh="消息总线已中断" if not stream else silent[0].title_zh if silent else "所有进程运行正常",
        advice="It restarts by itself; see the processes below." if stopped else "",
        advice_zh="系统会自动重启;见下方进程列表。" if stopped else "",
    )
