"""``baigong asset kpis`` and ``alarms``, ``baigong type kpis``: what a type declares, computed and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json

Start = Annotated[str, typer.Option(help="from when: -24h, 2026-01-31, …")]
End = Annotated[str, typer.Option(help="until when")]
_STATES = {
    "normal": ("normal", "正常"), "active": ("ACTIVE", "报警"), "unknown": ("no good value", "无良好数据"),
    "unjudged": ("not judged by one value", "单个数值无法判定"), "absent": ("no such point", "无此测点"),
    "off": ("switched off", "已停用"),
}  # fmt: skip


def kpis_of_asset(
    name: Annotated[str, typer.Argument(help="asset, like pump1")],
    start: Start = "-24h",
    end: End = "now",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Compute the KPIs that an asset's type declares, over a span; with the share of good data."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", f"/assets/{quote(name, safe='')}/kpis", params={"start": start, "end": end})
    _kpis(found, as_json, many=False)


def kpis_of_type(
    name: Annotated[str, typer.Argument(help="asset type, like pump")],
    start: Start = "-24h",
    end: End = "now",
    under: Annotated[str, typer.Option(help="only assets below this one")] = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Compute the KPIs of all assets of a type, and of those that extend it, over a span."""
    with reach(data, url, token, tenant) as link:
        params = {"start": start, "end": end, "under": under}
        found = link.json("GET", f"/types/{quote(name, safe='')}/kpis", params=params)
    _kpis(found, as_json, many=True)


def _kpis(found: dict[str, Any], as_json: bool, *, many: bool) -> None:
    if as_json:
        show.json(found)
        return
    chinese = show.language() == "zh"
    rows = [
        (
            one["asset"], show.title(one) or one["kpi"], _shown(one["value"]), one["unit"], _target(one, chinese),
            f"{one['good']:.1%}", show.said(one, "why"),
        )
        for one in found["kpis"]
    ]  # fmt: skip
    heads = ("asset", "KPI", "value", "unit", "target", "good data", "")
    show.table(heads if many else heads[1:], [row if many else row[1:] for row in rows], right=("value", "good data"))
    show.tell(f"{show.when(found['start_us'])} to {show.when(found['end_us'])}")
    if found["left_out"]:
        show.tell(f"{found['left_out']:,} more assets; --under shows some of them")


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _target(one: Mapping[str, Any], chinese: bool) -> str:
    if one["target"] is None:
        return ""
    sign = {"higher": "≥ ", "lower": "≤ "}.get(one["better"] or "", "")
    said = {True: ("met", "达标"), False: ("missed", "未达标")}.get(one["met"])
    return f"{sign}{one['target']:g}" + (f" ({said[chinese]})" if said else "")


def alarms_of_asset(
    name: Annotated[str, typer.Argument(help="asset, like pump1")],
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """List the alarms that an asset's type declares, and what the newest values say of each now."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", f"/assets/{quote(name, safe='')}/alarms")
    if as_json:
        show.json(found)
        return
    chinese = show.language() == "zh"
    rows = [
        (
            _STATES[one["state"]][chinese], one["told"].get("priority", "medium"),
            show.title(one["told"]) or one["alarm"],
            condition(one["told"], one["limit"], one["unit"]), _value(one, chinese), show.when(one["time_us"]),
            one["told"].get("response_zh" if chinese else "response") or one["told"].get("response", ""),
        )
        for one in found["alarms"]
    ]  # fmt: skip
    show.table(("state", "priority", "alarm", "when", "value", "at", "what to do"), rows)
    if any(one["needs_engine"] for one in found["alarms"]):
        show.tell("judged by the newest values alone: delays, deadbands and rates need somebody who follows them all")


def condition(told: Mapping[str, Any], limit: float | None, unit: str) -> str:
    """Say in short when an alarm is active."""
    when, point = told.get("when", "high"), told["point"]
    if when == "stale":
        said = f"{point} silent > {told['after']}"
    elif when == "state":
        said = f"{point} in {', '.join(told['states'])}"
    elif when == "rate":
        said = f"{point} moves {told['limit']:+g} {unit} in {told['per']}"
    else:
        shown = "" if limit is None else f"{limit:g} {unit}".rstrip()
        said = f"{point} {'<' if when.startswith('low') else '>'} {shown} ({when})"
    return said + (f" for {told['on_delay']}" if told.get("on_delay") else "")


def _value(one: Mapping[str, Any], chinese: bool) -> str:
    word = one["word_zh"] if chinese and one["word_zh"] else one["word"]
    value = one["value"]
    shown = f"{value:.6g}" if isinstance(value, float) else show.number(value)
    return f"{shown} {word or one['unit']}".rstrip() if shown else ""


def rules_of_type(whole: Mapping[str, Any], came: Mapping[str, str]) -> Sequence[tuple[tuple[str, ...], list[Any]]]:
    """Return the tables of a type's alarms and KPIs, those that it has."""
    alarms = [
        (
            key, show.title(one), one.get("priority", "medium"), condition(one, _limit(one, whole), _unit(one, whole)),
            "" if one.get("enabled", True) else "off", came.get(f"alarms.{key}"),
        )
        for key, one in whole.get("alarms", {}).items()
    ]  # fmt: skip
    kpis = [
        (key, show.title(one), one["expression"], one.get("unit", ""), one.get("target", ""), came.get(f"kpis.{key}"))
        for key, one in whole.get("kpis", {}).items()
    ]
    made = [
        (("alarm", "title", "priority", "when", "", "from"), alarms),
        (("KPI", "title", "is", "unit", "target", "from"), kpis),
    ]
    return [one for one in made if one[1]]


def _limit(alarm: Mapping[str, Any], whole: Mapping[str, Any]) -> float | None:
    told = alarm.get("limit")
    if told is not None:
        return float(told)
    found = (whole.get("points", {}).get(alarm["point"], {}).get("limits") or {}).get(alarm.get("when", "high"))
    return None if found is None else float(found)


def _unit(alarm: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    return str(whole.get("points", {}).get(alarm["point"], {}).get("unit", ""))
