"""Why is this value what it is? The gateway's part of the answer: register → device → driver → scaling → point."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from baigong.gateway.supervisor import Supervisor
from baigong.vocab import quality as q
from baigong.vocab.errors import BaigongError

Verdict = Literal["good", "uncertain", "bad", "unknown"]
_QUALITY_ZH: dict[Verdict, str] = {
    "good": "质量良好",
    "uncertain": "质量不确定",
    "bad": "质量差",
    "unknown": "尚无数据",
}


def explain(supervisor: Supervisor, number: int, gateway: str) -> dict[str, Any] | None:
    """Answer for one point and now; None when the device does not have it."""
    table = supervisor.station.table
    row = table.row(number)
    if row is None:
        return None
    spec = table.specs[row]
    return {
        "number": str(number),
        "point": spec.name,
        "device": supervisor.station.spec.device,
        "gateway": gateway,
        "at_us": supervisor.station.around.clock.now_us(),
        "state": _severity(supervisor, row),
        "last_good_us": _moment(int(table.good_us[row])),
        "last_error": _problem(supervisor.station.last_error),
        "last_error_us": _moment(supervisor.station.last_error_us),
        "chain": [
            _register(supervisor, row),
            _device(supervisor),
            _driver(supervisor),
            _scaling(supervisor, row),
            _point(supervisor, row),
        ],
    }


def _step(
    step: str,
    title: str,
    state: Verdict,
    detail: str,
    time_us: int | None = None,
    error: BaigongError | None = None,
    action: dict[str, str] | None = None,
    *,
    zh: str = "",
    title_zh: str = "",
) -> dict[str, Any]:
    """``zh``: the detail in Chinese; left empty where the detail is the device's own words."""
    return {
        "step": step,
        "title": title,
        "title_zh": title_zh,
        "state": state,
        "detail": detail,
        "detail_zh": zh,
        "time_us": time_us,
        "error": _problem(error),
        "action": action,
    }


def _register(supervisor: Supervisor, row: int) -> dict[str, Any]:
    table = supervisor.station.table
    address, quality = table.specs[row].address, int(table.quality[row])
    raw = table.raw[row]
    shown = table.text.get(row, "") if np.isnan(raw) else _number(raw)
    if supervisor.state != "connected":
        detail, zh = (
            f"cannot be asked now; last raw value {shown or 'none'}",
            f"目前无法读取;最后原始值 {shown or '无'}",
        )
        return _step("register", address, "unknown", detail, zh=zh)
    state = _severity(supervisor, row)
    detail, zh = (f"raw value {shown}", f"原始值 {shown}") if shown else ("no value", "无值")
    if state != "good":
        detail, zh = f"{detail}; {q.describe(quality)}", f"{zh};{_QUALITY_ZH[state]}({q.describe(quality)})"
    refused = quality & 0xFFFF in (q.BAD_NODE_ID_UNKNOWN, q.BAD_CONFIGURATION, q.BAD_TYPE_MISMATCH)
    action = _link(supervisor, "correct the address", "更正地址") if refused else None
    return _step("register", address, state, detail, _moment(int(table.time_us[row])), action=action, zh=zh)


def _device(supervisor: Supervisor) -> dict[str, Any]:
    station = supervisor.station
    title, title_zh = station.spec.title or station.spec.device, station.spec.title_zh
    if supervisor.state == "connected":
        if station.skew is not None:
            detail = f"its clock is {station.skew.seconds:+.0f} s off; values are stored at the time they arrived"
            zh = f"其时钟偏差 {station.skew.seconds:+.0f} 秒;数值按到达时间存储"
            return _step("device", title, "uncertain", detail, supervisor.since_us, zh=zh, title_zh=title_zh)
        return _step("device", title, "good", "answers", supervisor.since_us, zh="有响应", title_zh=title_zh)
    if supervisor.state == "disabled":
        action = _link(supervisor, "switch on", "启用")
        return _step(
            "device",
            title,
            "bad",
            "switched off here",
            supervisor.since_us,
            action=action,
            zh="已在此停用",
            title_zh=title_zh,
        )
    if supervisor.error is None:
        return _step(
            "device", title, "unknown", "not yet reached", supervisor.since_us, zh="尚未连接上", title_zh=title_zh
        )
    detail = supervisor.error.message
    action = _link(supervisor, "test the connection", "测试连接")
    return _step("device", title, "bad", detail, supervisor.since_us, supervisor.error, action, title_zh=title_zh)


def _driver(supervisor: Supervisor) -> dict[str, Any]:
    station, session = supervisor.station, supervisor.session
    title = station.manifest.title.en
    if session is None:
        if supervisor.state == "disabled":
            return _step("driver", title, "unknown", "not running", supervisor.since_us, zh="未运行")
        wait = f"tries again within {supervisor.backoff_s:.1f} s, attempt {supervisor.attempts + 1}"
        zh = f"将在 {supervisor.backoff_s:.1f} 秒内重试,第 {supervisor.attempts + 1} 次"
        return _step("driver", title, "bad", wait, supervisor.since_us, zh=zh)
    how, zh = "subscribed", "已订阅"
    if not session.watching:
        late = sum(scan.overruns for scan in session.classes)
        how = ", ".join(f"every {scan.period_s:g} s in {scan.last_ms:.0f} ms" for scan in session.classes)
        zh = "、".join(f"每 {scan.period_s:g} 秒,用时 {scan.last_ms:.0f} 毫秒" for scan in session.classes)
        if late:
            how, zh = f"{how}; {late} ticks missed", f"{zh};错过 {late} 次"
    failing = any(scan.failures for scan in session.classes)
    error = station.last_error if failing else None
    return _step("driver", title, "bad" if failing else "good", how, supervisor.since_us, error, zh=zh)


def _scaling(supervisor: Supervisor, row: int) -> dict[str, Any]:
    table = supervisor.station.table
    spec, raw, value = table.specs[row], table.raw[row], table.value[row]
    if not table.linear[row]:
        return _step("scaling", "as read", "good", "the raw value is the value", zh="原始值即数值", title_zh="不换算")
    rule = f"x {spec.scale:g} {'+' if spec.offset >= 0 else '-'} {abs(spec.offset):g}"
    state: Verdict = "unknown" if np.isnan(raw) else "good"
    if np.isnan(raw):
        return _step("scaling", rule, state, "")
    before, after = _number(raw), f"{_number(value)} {spec.unit}".strip()
    return _step("scaling", rule, state, f"{before} becomes {after}", zh=f"{before} 换算为 {after}")


def _point(supervisor: Supervisor, row: int) -> dict[str, Any]:
    table = supervisor.station.table
    value, text = table.value[row], table.text.get(row)
    shown = text if text is not None else ("none" if np.isnan(value) else _number(value))
    state, unit = _severity(supervisor, row), table.specs[row].unit
    detail = f"{shown} {unit}".strip() + f", {q.describe(int(table.quality[row]))}"
    zh = f"{'无值' if shown == 'none' else shown} {unit}".strip() + f",{_QUALITY_ZH[state]}"
    return _step("point", table.specs[row].name, state, detail, _moment(int(table.time_us[row])), zh=zh)


def _number(value: float) -> str:
    """Write a float32 as its own digits: 28.76, not 28.7600002289."""
    text, short = f"{value:.12g}", f"{value:.7g}"
    return short if float(np.float32(value)) == value and np.float32(short) == np.float32(value) else text


def _severity(supervisor: Supervisor, row: int) -> Verdict:
    table = supervisor.station.table
    if not table.time_us[row]:
        return "unknown"
    return q.severity(int(table.quality[row]))  # type: ignore[return-value]


def _link(supervisor: Supervisor, label: str, label_zh: str) -> dict[str, str]:
    return {"label": label, "label_zh": label_zh, "link": f"/connect/{supervisor.station.spec.device}"}


def _moment(time_us: int) -> int | None:
    return time_us or None


def _problem(error: BaigongError | None) -> dict[str, Any] | None:
    return error.problem() if error else None
