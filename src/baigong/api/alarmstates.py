"""Alarms of one asset, as its type declares them, each with what the newest value says of it now.

Only that: whether a delay has run, how fast a value moves, who acknowledged, somebody who follows all values knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from baigong.api.assets import Shown
from baigong.api.points import newest_of
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.typerules import lacking, limit_of
from baigong.vocab.alarms import LEVELS, TypeAlarm, duration_s, in_unit
from baigong.vocab.assettypes import AssetType, TypePoint
from baigong.vocab.devices import PointSpec

# normal, or beyond its condition now; unknown: no good value; unjudged: one value does not say it;
# absent: the asset has no such point; off: switched off
State = Literal["normal", "active", "unknown", "unjudged", "absent", "off"]
_ORDER: tuple[State, ...] = ("active", "unknown", "unjudged", "normal", "off", "absent")
_PRIORITIES = ("critical", "high", "medium", "low")
_BAD = 0x8000  # OPC 10000-4 §7.39


class AlarmNow(Struct, frozen=True, kw_only=True):
    """``told``: the definition; ``limit`` and ``value``: in the unit of the asset's own point.

    ``needs_engine``: it has a delay, a deadband or a rate, of which one value says nothing. ``came``: the type that
    says it last.
    """

    alarm: str
    point: str
    told: TypeAlarm
    came: str
    limit: float | None
    unit: str
    state: State
    needs_engine: bool
    value: float | int | str | None
    word: str
    word_zh: str
    time_us: int | None
    quality: int | None
    why: str
    why_zh: str


class AlarmsAnswer(Struct, frozen=True, kw_only=True):
    """What needs somebody first: active, then by priority. ``now_us``: when they were judged."""

    now_us: int
    alarms: list[AlarmNow]


def operations(rooms: Rooms) -> list[Operation]:
    async def of_asset(call: Call) -> Any:
        name, now = Shown.of(rooms, call).require_open(call.part("name")), rooms.clock_us()
        found = rooms.registry.types.of_asset(call.tenant, name)
        if found is None or not found.whole.alarms:
            return AlarmsAnswer(now_us=now, alarms=[])
        rows = {row.spec.quantity: row for row in call.book.by_asset(call.tenant).get(name, ())}
        wanted = {alarm.point for alarm in found.whole.alarms.values()} & set(rows)
        newest = await newest_of(call.lake, call.tenant, [rows[one].number for one in wanted])
        points = {quantity: row.spec for quantity, row in rows.items()}
        latest = {quantity: newest.get(rows[quantity].number) for quantity in wanted}
        made = _judged(found.whole, found.came, points, latest, now)
        made.sort(key=lambda one: (_ORDER.index(one.state), _PRIORITIES.index(one.told.priority)))
        return AlarmsAnswer(now_us=now, alarms=made)

    return [
        Operation(
            "GET", "/assets/{name}/alarms", "Alarms of an asset, as the newest values judge them", of_asset,
            answer=AlarmsAnswer,
        ),
    ]  # fmt: skip


def _judged(
    whole: AssetType,
    came: Mapping[str, str],
    points: Mapping[str, PointSpec],
    latest: Mapping[str, dict[str, Any] | None],
    now_us: int,
) -> list[AlarmNow]:
    lacks = lacking(whole, points)
    made = []
    for key, alarm in whole.alarms.items():
        why, typed, own = lacks.get(f"alarms.{key}", ("", "")), whole.points[alarm.point], points.get(alarm.point)
        unit, limit = _measured(alarm, typed, own)
        newest = latest.get(alarm.point) or {}
        state: State = "off" if not alarm.enabled else "absent" if why[0] else state_now(alarm, limit, newest, now_us)
        code = _code(newest)
        made.append(
            AlarmNow(
                alarm=key,
                point=own.name if own else "",
                told=alarm,
                came=came.get(f"alarms.{key}", ""),
                limit=limit,
                unit=unit,
                state=state,
                needs_engine=alarm.needs_engine,
                value=newest.get("value"),
                word=typed.states.get(code, ""),
                word_zh=typed.states_zh.get(code, ""),
                time_us=newest.get("time_us"),
                quality=newest.get("quality"),
                why=why[0],
                why_zh=why[1],
            )
        )
    return made


def _measured(alarm: TypeAlarm, typed: TypePoint, own: PointSpec | None) -> tuple[str, float | None]:
    """Return the unit of the asset's point, and the limit in it."""
    limit, unit = limit_of(alarm, typed), own.unit if own and own.unit else typed.unit
    if limit is None or not typed.unit or unit == typed.unit:
        return unit, limit
    return unit, float(in_unit({"when": alarm.when, "limit": limit}, typed.unit, unit)["limit"])


def _code(newest: Mapping[str, Any]) -> str:
    value = newest.get("value")
    if value is None:
        return str(newest.get("text") or "")
    return f"{value:.15g}" if isinstance(value, float) else f"{value}"


def state_now(alarm: TypeAlarm, limit: float | None, newest: Mapping[str, Any], now_us: int) -> State:
    """Judge an alarm by the newest row of its point, {} where there is none; ``limit``: in that row's unit.

    A deadband counts for nothing here: it only keeps active what was.
    """
    if alarm.when == "stale":
        late = not newest or now_us - newest["time_us"] > duration_s(alarm.after, "after") * 1e6
        return "active" if late else "unknown" if newest["quality"] & _BAD else "normal"
    if not newest or newest["quality"] & _BAD:
        return "unknown"
    if alarm.when == "rate":
        return "unjudged"
    if alarm.when == "state":
        return "active" if _code(newest) in alarm.states else "normal"
    value = newest["value"]
    if limit is None or isinstance(value, str) or value is None or alarm.when not in LEVELS:
        return "unknown"
    beyond = value < limit if alarm.when in ("low", "low_low") else value > limit
    return "active" if beyond else "normal"
