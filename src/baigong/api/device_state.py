"""How devices are, as their gateway last told it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from baigong.api.rooms import Rooms
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import BaigongError
from baigong.vocab.units import is_unit, meant

DeviceState = Literal["connected", "connecting", "down", "disabled", "unknown"]
_STATES = ("connected", "connecting", "down", "disabled", "unknown")


class DeviceLine(Struct, frozen=True, kw_only=True):
    device: str
    driver: str
    title: str
    title_zh: str
    enabled: bool
    gateway: str
    state: DeviceState
    since_us: int | None
    error: dict[str, Any] | None
    points: int
    good: int
    bad: int
    values_s: float


class ScanClass(Struct, frozen=True, kw_only=True):
    """``class`` is a word of Python: the field is renamed on the wire."""

    name: str = msgspec.field(name="class", default="default")
    period_s: float = 0.0
    last_ms: float | None = None
    overruns: int = 0
    late_p99_ms: float | None = None


class DeviceStatus(DeviceLine, frozen=True, kw_only=True):
    counters: dict[str, int | float] = {}
    session: dict[str, Any] = {}
    scan: list[ScanClass] = []
    backoff_s: float | None = None


class DeviceWarning(Struct, frozen=True, kw_only=True):
    """What was saved and may not be meant. ``suggestion``: what to write at ``place`` instead; "" where unknown."""

    place: str
    title: str
    title_zh: str
    suggestion: str = ""


class DeviceDetail(Struct, frozen=True, kw_only=True):
    spec: DeviceSpec
    yaml: str
    revision: int
    status: DeviceStatus
    warnings: list[DeviceWarning] = []


def warnings_of(spec: DeviceSpec) -> list[DeviceWarning]:
    """Find units that are no UCUM code: they are kept and shown as they are written."""
    return [
        _unit_warning(f"device.points[{at}].unit", point.name, point.unit)
        for at, point in enumerate(spec.points)
        if not is_unit(point.unit)
    ]


def _unit_warning(place: str, name: str, unit: str) -> DeviceWarning:
    near = meant(unit)
    ask, ask_zh = (f": perhaps {near}", f",是否为 {near}") if near else ("", "")
    return DeviceWarning(
        place=place,
        title=f"{name}: the unit {unit} is no UCUM code we know{ask}",
        title_zh=f"{name}:单位 {unit} 不是已知的 UCUM 代码{ask_zh}",
        suggestion=near,
    )


def lines(rooms: Rooms, tenant: str) -> list[DeviceLine]:
    told = rooms.pulse.devices(tenant)
    return [
        DeviceLine(**_facts(rooms, tenant, row.spec, told.get(row.spec.device, {})))
        for row in rooms.registry.devices.of_tenant(tenant)
    ]


async def detail(rooms: Rooms, tenant: str, spec: DeviceSpec) -> DeviceStatus:
    """Ask the gateway; when it does not answer, tell what its last heartbeat said."""
    told = rooms.pulse.device(spec.gateway, tenant, spec.device)
    if rooms.pulse.alive(spec.gateway):
        told = told | await _asked(rooms, tenant, spec)
    facts = _facts(rooms, tenant, spec, told)
    more = {name: told[name] for name in ("counters", "session", "scan", "backoff_s") if told.get(name) is not None}
    try:
        return msgspec.convert(facts | more, DeviceStatus, strict=False)
    except msgspec.ValidationError:  # a gateway of another version: tell what we understand
        return DeviceStatus(**facts)


async def _asked(rooms: Rooms, tenant: str, spec: DeviceSpec) -> dict[str, Any]:
    try:
        payload = msgspec.json.encode({"tenant": tenant, "device": spec.device})
        raw = await rooms.bus.request(f"gateway.{spec.gateway}.status", payload, timeout_s=1.0)
        listed = msgspec.json.decode(raw, type=list[dict[str, Any]])
    except (BaigongError, msgspec.MsgspecError):
        return {}
    for status in listed:
        if status.get("device") == spec.device and status.get("tenant", tenant) == tenant:
            return status
    return {}


def _facts(rooms: Rooms, tenant: str, spec: DeviceSpec, told: dict[str, Any]) -> dict[str, Any]:
    state = told.get("state", "unknown")
    if not spec.enabled:
        state = "disabled"
    held = [p for p in rooms.registry.book.of_device(tenant, spec.device) if p.retired_us is None]
    return {
        "device": spec.device,
        "driver": spec.driver,
        "title": spec.title,
        "title_zh": spec.title_zh,
        "enabled": spec.enabled,
        "gateway": spec.gateway,
        "state": state if state in _STATES else "unknown",
        "since_us": told.get("since_us"),
        "error": told.get("error"),
        "points": len(held),
        "good": int(told.get("good") or 0),
        "bad": int(told.get("bad") or 0),
        "values_s": float(told.get("values_s") or 0.0),
    }
