"""Composes *why*: how a value came to be what it is, now or at a past moment, step by step.

Now: the gateway tells the way from the register to the point, the lake what arrived. Then (``at``): the
stored events of device, point and gateway, and the rows around that time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal

import msgspec
from msgspec import Struct

from baigong.bus.contract import Bus
from baigong.registry.events import Events
from baigong.stores.lake.contract import LakeReader
from baigong.stores.records.plant import PointRow
from baigong.vocab import quality as q
from baigong.vocab.devices import seconds
from baigong.vocab.errors import BaigongError
from baigong.vocab.happenings import Event

State = Literal["good", "uncertain", "bad", "unknown"]
_AROUND_US = 3_600_000_000  # how far from the moment rows are looked for
_BACK_US = 7 * 86_400_000_000  # and events
_BREAKS = ("link.lost",)
_MENDS = ("link.connected",)


class Action(Struct, frozen=True, kw_only=True):
    label: str
    link: str
    label_zh: str = ""


class Step(Struct, frozen=True, kw_only=True):
    """One step of the chain; ``step`` is register, device, driver, scaling, point, stream or lake."""

    step: str
    title: str
    title_zh: str = ""
    state: State
    detail: str = ""
    detail_zh: str = ""
    time_us: int | None = None
    error: dict[str, Any] | None = None
    action: Action | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    state: State
    sentence: str
    sentence_zh: str


class Why(Struct, frozen=True, kw_only=True):
    point: str
    at_us: int
    verdict: Verdict
    last_good_us: int | None
    chain: list[Step]
    events: list[Event]


class _GatewayPart(Struct, frozen=True, kw_only=True):
    """What the gateway answers to its ``why`` verb; fields we do not know are tolerated."""

    chain: list[Step] = []
    last_good_us: int | None = None


async def explain(
    point: PointRow,
    at_us: int | None,
    *,
    gateway: str | None,
    period_s: float,
    bus: Bus,
    lake: LakeReader,
    events: Events,
    clock_us: Callable[[], int],
) -> Why:
    """Answer why ``point`` is as it is (``at_us`` None) or was. ``gateway`` None: no device reads it (ingested)."""
    now = clock_us()
    moment = now if at_us is None else at_us
    told = await _told(events, point, gateway, moment)
    rows = await asyncio.to_thread(_rows, lake, point, moment, now, at_us is None)
    chain: list[Step] = []
    last_good = _last_good(rows, moment)
    if at_us is not None:
        chain += _past_steps(point, told, gateway)
    elif gateway is None:
        chain.append(_ingested(point))
    else:
        part = await _ask_gateway(bus, gateway, point)
        chain += part.chain
        last_good = max(last_good or 0, part.last_good_us or 0) or None
    chain += _arrived(point, rows, moment, period_s, told_already=any(step.step == "point" for step in chain))
    return Why(
        point=point.name,
        at_us=moment,
        verdict=_verdict(point, chain, last_good, moment),
        last_good_us=last_good,
        chain=chain,
        events=told,
    )


async def _told(events: Events, point: PointRow, gateway: str | None, moment: int) -> list[Event]:
    return await events.recent(
        point.tenant,
        subjects=[f"device:{point.device}", f"point:{point.number}", f"gateway:{gateway or 'local'}"],
        start_us=moment - _BACK_US,
        end_us=moment + 1,
        limit=50,
    )


def _rows(lake: LakeReader, point: PointRow, moment: int, now: int, current: bool) -> list[dict[str, Any]]:
    """Return the rows about the moment, by time, as (time, quality, value, text)."""
    if current:
        table = lake.latest(point.tenant, [point.number])
        if len(table) and table.column("time").cast("int64")[0].as_py() < now - _AROUND_US:
            return _plain(table)
    table = lake.series(point.tenant, [point.number], moment - _AROUND_US, moment + _AROUND_US)
    return _plain(table.slice(max(0, len(table) - 200_000)))


def _plain(table: Any) -> list[dict[str, Any]]:
    times = table.column("time").cast("int64").to_pylist()
    qualities = table.column("quality").to_pylist()
    return [{"time": t, "quality": quality} for t, quality in zip(times, qualities, strict=True)]


def _last_good(rows: list[dict[str, Any]], moment: int) -> int | None:
    good = [r["time"] for r in rows if r["time"] <= moment and q.severity(r["quality"]) == "good"]
    return max(good, default=None)


async def _ask_gateway(bus: Bus, gateway: str, point: PointRow) -> _GatewayPart:
    payload = msgspec.json.encode({"tenant": point.tenant, "number": point.number})
    try:
        raw = await bus.request(f"gateway.{gateway}.why", payload, timeout_s=2.0)
        return msgspec.json.decode(raw, type=_GatewayPart)
    except BaigongError as error:
        problem = error.problem()
    except msgspec.MsgspecError as error:
        problem = {"code": "internal.error", "title": str(error), "status": 500}
    return _GatewayPart(
        chain=[
            Step(
                step="driver",
                title=f"gateway {gateway}",
                state="bad",
                detail=str(problem["title"]),
                error=problem,
                action=Action(label="system", link="/system"),
            )
        ]
    )


def _ingested(point: PointRow) -> Step:
    return Step(
        step="device",
        title=point.device,
        state="good",
        detail="values are sent to us by a program; nothing is asked of a machine",
        detail_zh="数值由程序发来,不向设备询问",
    )


def _past_steps(point: PointRow, told: list[Event], gateway: str | None) -> list[Step]:
    """Tell the state of device and point at the moment from the last events before it (newest first)."""
    device = [e for e in told if e.subject == f"device:{point.device}"]
    steps = [_link_then(point, device)]
    changed = next((e for e in device if e.kind.startswith("device.")), None)
    if changed is not None:
        steps.append(
            Step(step="scaling", title="configuration", state="good", detail=_say(changed), time_us=changed.time_us)
        )
    gone = next((e for e in told if e.subject == f"gateway:{gateway or 'local'}"), None)
    if gone is not None:
        down = gone.kind.endswith((".stopped", ".lost", ".down"))
        steps.append(
            Step(
                step="driver",
                title=f"gateway {gateway}",
                state="bad" if down else "good",
                detail=_say(gone),
                time_us=gone.time_us,
            )
        )
    silent = next((e for e in device if e.kind in ("point.stale", "point.recovered") and _names(e, point)), None)
    if silent is not None and silent.kind == "point.stale":
        steps.append(
            Step(
                step="register",
                title=point.spec.address,
                state="bad",
                detail="the device answered, but told nothing new of this point",
                detail_zh="设备有响应,但该测点没有新值",
                time_us=silent.time_us,
            )
        )
    return steps


def _link_then(point: PointRow, device: list[Event]) -> Step:
    last = next((e for e in device if e.kind in _BREAKS or e.kind in _MENDS), None)
    return Step(
        step="device",
        title=point.device,
        state="unknown" if last is None else "bad" if last.kind in _BREAKS else "good",
        detail="no news of the link in the week before" if last is None else _say(last),
        detail_zh="此前一周内没有连接记录" if last is None else "",
        time_us=last.time_us if last else None,
        error=_problem_in(last),
        action=Action(label="device", label_zh="采集连接", link=f"/connect/{point.device}"),
    )


def _names(event: Event, point: PointRow) -> bool:
    """Tell whether an event about some points of a device is about this one."""
    return str(point.number) in map(str, event.detail.get("points") or [])


def _problem_in(event: Event | None) -> dict[str, Any] | None:
    if event is None:
        return None
    error = event.detail.get("error") or event.detail.get("problem")
    return error if isinstance(error, dict) else None


def _say(event: Event) -> str:
    facts = ", ".join(f"{k} {v}" for k, v in event.detail.items() if isinstance(v, str | int | float) and k != "yaml")
    return f"{event.kind}: {facts}" if facts else event.kind


def _arrived(
    point: PointRow, rows: list[dict[str, Any]], moment: int, period_s: float, told_already: bool
) -> list[Step]:
    """Tell what the lake holds at the moment: the row that was true then, and whether it was fresh."""
    before = [r for r in rows if r["time"] <= moment]
    if not before:
        nothing, nothing_zh = "nothing stored for this point in the hour before", "此前一小时内没有存储该测点的值"
        lake = Step(step="lake", title="lake", title_zh="数据湖", state="unknown", detail=nothing, detail_zh=nothing_zh)
        missing = Step(step="point", title=point.name, state="bad", detail="no value", detail_zh="无值")
        return [lake] if told_already else [missing, lake]
    row = before[-1]
    age_s = (moment - row["time"]) / 1e6
    # What comes when it changes may be old and right; what is polled may not.
    stale = period_s > 0 and age_s > max(3 * period_s, 3.0) and point.spec.kind not in ("text", "state", "setpoint")
    severity: State = q.severity(row["quality"])  # type: ignore[assignment]
    stored = f"newest value is {age_s:.0f} s old" if stale else "stored"
    stored_zh = f"最新值已有 {age_s:.0f} 秒" if stale else "已存储"
    steps = [
        Step(
            step="lake",
            title="lake",
            title_zh="数据湖",
            state="uncertain" if stale and told_already else "good",
            detail=stored,
            detail_zh=stored_zh,
            time_us=row["time"],
        )
    ]
    if not told_already:
        shown = Step(
            step="point",
            title=point.name,
            state="bad" if stale and severity == "good" else severity,
            detail=q.describe(row["quality"]) + (f"; stale: {age_s:.0f} s old" if stale else ""),
            detail_zh=f"质量{_STATE_ZH[severity]}" + (f";已陈旧 {age_s:.0f} 秒" if stale else ""),
            time_us=row["time"],
        )
        steps.insert(0, shown)
    return steps


_WORST: dict[str, int] = {"good": 0, "unknown": 1, "uncertain": 2, "bad": 3}
_STEP_ZH = {
    "register": "寄存器",
    "device": "采集连接",
    "driver": "驱动",
    "scaling": "换算",
    "point": "测点",
    "stream": "数据流",
    "lake": "数据湖",
}


def _verdict(point: PointRow, chain: list[Step], last_good: int | None, moment: int) -> Verdict:
    state: State = next((s.state for s in reversed(chain) if s.step == "point"), "unknown")
    if state == "good":
        return Verdict(state=state, sentence=f"{point.name} is good.", sentence_zh=f"{point.name} 正常。")
    culprit = max(chain, key=lambda s: (_WORST[s.state] if s.state != "unknown" else 0, s.step != "point"))
    ago, ago_zh = "", ""
    if last_good is not None:
        gone_s = max(0, (moment - last_good) // 1_000_000)
        ago, ago_zh = f" Last good value {_span(gone_s)} before.", f" 最后一次良好值在此前 {_span(gone_s)}。"
    detail = culprit.detail or culprit.title
    return Verdict(
        state=state,
        sentence=f"{point.name} is {state}: {culprit.step} {culprit.title}: {detail}.{ago}",
        sentence_zh=f"{point.name} {_STATE_ZH[state]}:{_STEP_ZH.get(culprit.step, culprit.step)}"
        f" {culprit.title_zh or culprit.title}:{culprit.detail_zh or detail}。{ago_zh}",
    )


_STATE_ZH = {"good": "良好", "uncertain": "不确定", "bad": "坏", "unknown": "未知"}


def _span(span_s: int) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if span_s >= 2 * size:
            return f"{span_s // size} {unit}"
    return f"{span_s} s"


def scan_period_s(scan: dict[str, str], name: str) -> float:
    """Return a scan class's period; 0 when the device decides by itself."""
    text = scan.get(name or "default", scan.get("default", ""))
    return seconds(text) if text else 1.0
