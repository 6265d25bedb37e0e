"""What needs somebody: worst first, each with advice and the page that helps."""

from __future__ import annotations

import shutil
from typing import Literal

from msgspec import Struct

from baigong.api.device_state import DeviceLine, lines
from baigong.api.rooms import Rooms

Severity = Literal["high", "medium", "low"]
_ORDER: dict[str, int] = {"high": 0, "medium": 1, "low": 2}
_BACKLOG_S = 10.0


class Attention(Struct, frozen=True, kw_only=True):
    """``kind`` is stable, for translation; ``title`` and ``detail`` are English."""

    severity: Severity
    kind: str
    title: str
    detail: str
    advice: str
    link: str
    time_us: int


async def attention(rooms: Rooms, tenant: str) -> list[Attention]:
    found = [
        *_gateways(rooms, tenant),
        *_devices(rooms, tenant),
        *_files(rooms, tenant),
        *_disk(rooms),
        *_backlog(rooms),
    ]
    return sorted(found, key=lambda item: (_ORDER[item.severity], -item.time_us))


def _gateways(rooms: Rooms, tenant: str) -> list[Attention]:
    wanted = {row.spec.gateway for row in rooms.registry.devices.of_tenant(tenant) if row.spec.enabled}
    return [
        Attention(
            severity="high",
            kind="gateway.silent",
            title=f"Gateway {gateway} is silent",
            detail="no heartbeat for five seconds; its devices are not read",
            advice="See System: it is restarted by itself, or its machine is off.",
            link="/system",
            time_us=rooms.clock_us(),
        )
        for gateway in sorted(wanted)
        if not rooms.pulse.alive(gateway)
    ]


def _devices(rooms: Rooms, tenant: str) -> list[Attention]:
    return [
        _device(rooms, line) for line in lines(rooms, tenant) if line.state == "down" or (line.bad and line.enabled)
    ]


def _device(rooms: Rooms, line: DeviceLine) -> Attention:
    error = line.error or {}
    down = line.state == "down"
    return Attention(
        severity="high" if down else "medium",
        kind="device.down" if down else "device.bad_points",
        title=f"{line.title or line.device} is down" if down else f"{line.title or line.device}: {line.bad} bad points",
        detail=str(error.get("title", "")),
        advice=str(error.get("advice", "Open the device to see why.")),
        link=f"/connect/{line.device}",
        time_us=line.since_us or rooms.clock_us(),
    )


def _files(rooms: Rooms, tenant: str) -> list[Attention]:
    return [
        Attention(
            severity="medium",
            kind="device.file_rejected",
            title=f"{r.device}.yaml cannot be used",
            detail=f"{r.error.message} ({r.error.place})" if r.error.place else r.error.message,
            advice=r.error.advice,
            link=f"/connect/{r.device}",
            time_us=r.time_us,
        )
        for r in rooms.registry.watch.rejected.values()
        if r.tenant == tenant
    ]


def _disk(rooms: Rooms) -> list[Attention]:
    free = shutil.disk_usage(rooms.registry.data).free
    reserve = rooms.settings.reserve_bytes
    if free > 2 * reserve:
        return []
    return [
        Attention(
            severity="high" if free < reserve else "medium",
            kind="disk.low",
            title="The disk is nearly full" if free >= reserve else "The disk is full: nothing new is accepted",
            detail=f"{free / 1e9:.1f} GB are free, {reserve / 1e9:.1f} GB are the reserve",
            advice="Free space; acceptance resumes by itself.",
            link="/system",
            time_us=rooms.clock_us(),
        )
    ]


def _backlog(rooms: Rooms) -> list[Attention]:
    backlog = rooms.pulse.backlog()
    if not backlog["frames"] or backlog["eta_s"] < _BACKLOG_S:
        return []
    return [
        Attention(
            severity="low",
            kind="gateway.backlog",
            title=f"{int(backlog['frames'])} frames wait at the gateway",
            detail=f"caught up in about {backlog['eta_s']:.0f} s",
            advice="Nothing is lost; wait.",
            link="/system",
            time_us=int(backlog["oldest_us"]) or rooms.clock_us(),
        )
    ]
