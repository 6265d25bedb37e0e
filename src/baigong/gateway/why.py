"""Why is this value what it is? The gateway's part of the answer: register → device → driver → scaling → point."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from baigong.gateway.supervisor import Supervisor
from baigong.vocab import quality as q
from baigong.vocab.errors import BaigongError

Verdict = Literal["good", "uncertain", "bad", "unknown"]


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
) -> dict[str, Any]:
    return {
        "step": step,
        "title": title,
        "state": state,
        "detail": detail,
        "time_us": time_us,
        "error": _problem(error),
        "action": action,
    }


def _register(supervisor: Supervisor, row: int) -> dict[str, Any]:
    table = supervisor.station.table
    address, quality = table.specs[row].address, int(table.quality[row])
    raw = table.raw[row]
    shown = table.text.get(row, "") if np.isnan(raw) else f"{raw:.12g}"
    if supervisor.state != "connected":
        return _step("register", address, "unknown", f"cannot be asked now; last raw value {shown or 'none'}")
    state = _severity(supervisor, row)
    detail = f"raw value {shown}" if shown else "no value"
    if state != "good":
        detail += f"; {q.describe(quality)}"
    refused = quality & 0xFFFF in (q.BAD_NODE_ID_UNKNOWN, q.BAD_CONFIGURATION, q.BAD_TYPE_MISMATCH)
    action = _link(supervisor, "correct the address") if refused else None
    return _step("register", address, state, detail, _moment(int(table.time_us[row])), action=action)


def _device(supervisor: Supervisor) -> dict[str, Any]:
    station = supervisor.station
    title = station.spec.title or station.spec.device
    if supervisor.state == "connected":
        if station.skew is not None:
            detail = f"its clock is {station.skew.seconds:+.0f} s off; values are stored at the time they arrived"
            return _step("device", title, "uncertain", detail, supervisor.since_us)
        return _step("device", title, "good", "answers", supervisor.since_us)
    if supervisor.state == "disabled":
        return _step(
            "device", title, "bad", "switched off here", supervisor.since_us, action=_link(supervisor, "switch on")
        )
    if supervisor.error is None:
        return _step("device", title, "unknown", "not yet reached", supervisor.since_us)
    detail = supervisor.error.message
    action = _link(supervisor, "test the connection")
    return _step("device", title, "bad", detail, supervisor.since_us, supervisor.error, action)


def _driver(supervisor: Supervisor) -> dict[str, Any]:
    station, session = supervisor.station, supervisor.session
    title = station.manifest.title.en
    if session is None:
        wait = f"tries again within {supervisor.backoff_s:.1f} s, attempt {supervisor.attempts + 1}"
        disabled = supervisor.state == "disabled"
        return _step(
            "driver", title, "unknown" if disabled else "bad", "not running" if disabled else wait, supervisor.since_us
        )
    if session.watching:
        how = "subscribed"
    else:
        late = sum(scan.overruns for scan in session.classes)
        how = ", ".join(f"every {scan.period_s:g} s in {scan.last_ms:.0f} ms" for scan in session.classes)
        how += f"; {late} ticks missed" if late else ""
    failing = any(scan.failures for scan in session.classes)
    error = station.last_error if failing else None
    return _step("driver", title, "bad" if failing else "good", how, supervisor.since_us, error)


def _scaling(supervisor: Supervisor, row: int) -> dict[str, Any]:
    table = supervisor.station.table
    spec, raw, value = table.specs[row], table.raw[row], table.value[row]
    if not table.linear[row]:
        return _step("scaling", "scaling", "good", "none")
    rule = f"x {spec.scale:g} {'+' if spec.offset >= 0 else '-'} {abs(spec.offset):g}"
    state: Verdict = "unknown" if np.isnan(raw) else "good"
    return _step(
        "scaling", rule, state, "" if np.isnan(raw) else f"{raw:.12g} becomes {value:.12g} {spec.unit}".strip()
    )


def _point(supervisor: Supervisor, row: int) -> dict[str, Any]:
    table = supervisor.station.table
    value, text = table.value[row], table.text.get(row)
    shown = text if text is not None else ("none" if np.isnan(value) else f"{value:.12g}")
    detail = f"{shown} {table.specs[row].unit}".strip() + f", {q.describe(int(table.quality[row]))}"
    return _step("point", table.specs[row].name, _severity(supervisor, row), detail, _moment(int(table.time_us[row])))


def _severity(supervisor: Supervisor, row: int) -> Verdict:
    table = supervisor.station.table
    if not table.time_us[row]:
        return "unknown"
    return q.severity(int(table.quality[row]))  # type: ignore[return-value]


def _link(supervisor: Supervisor, label: str) -> dict[str, str]:
    return {"label": label, "link": f"/connect/{supervisor.station.spec.device}"}


def _moment(time_us: int) -> int | None:
    return time_us or None


def _problem(error: BaigongError | None) -> dict[str, Any] | None:
    return error.problem() if error else None
