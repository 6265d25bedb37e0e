"""KPIs that types declare, computed over any span: of one asset, of all of a type, of a list, or of a text that is
only tried.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from msgspec import Struct

from baigong.api.assets import Shown
from baigong.api.kpisql import bucket_us
from baigong.api.kpivalues import Asked, Found, Question
from baigong.api.rooms import Rooms
from baigong.api.series import span
from baigong.api.tables import FORMATS, answer
from baigong.api.wire import Call, Operation, offered
from baigong.registry.types import Resolved
from baigong.vocab.assets import AssetSpec
from baigong.vocab.assettypes import AssetType
from baigong.vocab.errors import FixConfiguration

_MOST = 2000  # assets in one answer
_TRIED = 20  # assets that a text is tried on

TABLE = pa.schema(
    [
        pa.field("asset", pa.string(), nullable=False),
        pa.field("type", pa.string()),
        pa.field("kpi", pa.string(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("unit", pa.string()),
        pa.field("target", pa.float64()),
        pa.field("met", pa.bool_()),
        pa.field("good", pa.float64()),
        pa.field("why", pa.string()),
    ]
)


class KpiQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``start``/``end``: microseconds, ISO 8601, ``now``, ``-30d``; rounded outwards to minutes, of more than two days
    to hours.
    """

    start: str = "-24h"
    end: str = "now"
    format: str = ""
    bom: bool = False


class TypeKpiQuery(KpiQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``under``: only assets below this one."""

    under: str = ""


class KpisQuery(KpiQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``assets``: names, with commas between."""

    assets: str = ""


class KpiTry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``text``: of the type, as if it were written already; nothing is."""

    text: str
    start: str = "-24h"
    end: str = "now"


class KpiValue(Struct, frozen=True, kw_only=True):
    """One KPI of one asset. ``good``: the share of the span in which all its points had good values, 0 to 1.

    ``value`` null: it cannot be computed, and ``why`` says why. ``met``: whether the target is; null without one.
    """

    asset: str
    type: str
    kpi: str
    title: str
    title_zh: str
    expression: str
    value: float | None
    unit: str
    better: Literal["higher", "lower"] | None
    target: float | None
    met: bool | None
    good: float
    why: str
    why_zh: str


class KpiAnswer(Struct, frozen=True, kw_only=True):
    """``left_out``: assets that there was no room for."""

    start_us: int
    end_us: int
    kpis: list[KpiValue]
    left_out: int = 0


def operations(rooms: Rooms) -> list[Operation]:
    types = rooms.registry.types

    async def of_asset(call: Call) -> Any:
        return await _answered(rooms, call, [Shown.of(rooms, call).require_open(call.part("name"))], call.query)

    async def of_type(call: Call) -> Any:
        name, shown = call.part("name"), Shown.of(rooms, call)
        types.get(call.tenant, name)
        used = types.assets(call.tenant)
        names = [one for type in (name, *types.extending(call.tenant, name)) for one in used.get(type, ())]
        open_ = [one for one in names if one in shown.open and shown.tree.covers(call.query.under, one)]
        return await _answered(rooms, call, open_[:_MOST], call.query, left_out=max(0, len(open_) - _MOST))

    async def of_list(call: Call) -> Any:
        shown = Shown.of(rooms, call)
        names = dict.fromkeys(map(call.asset, filter(None, map(str.strip, call.query.assets.split(",")))))
        if not 1 <= len(names) <= _MOST:
            raise FixConfiguration("config.invalid", f"name 1 to {_MOST} assets, not {len(names)}", place="assets")
        return await _answered(rooms, call, [shown.require_open(one) for one in names], call.query)

    async def tried(call: Call) -> Any:
        name = call.part("name")
        made, _ = await asyncio.to_thread(types.check, call.tenant, {name: call.body.text})
        assets = types.assets(call.tenant).get(name, [])
        whole = made[name].whole
        return await _answered(rooms, call, assets[:_TRIED], call.body, whole, max(0, len(assets) - _TRIED))

    gives = tuple(FORMATS.values())
    return [
        Operation(
            "GET", "/assets/{name}/kpis", "KPIs of an asset over a span", of_asset, query=KpiQuery, answer=KpiAnswer,
            gives=gives,
        ),
        Operation(
            "GET", "/types/{name}/kpis", "KPIs of all assets of a type, and of those that extend it", of_type,
            query=TypeKpiQuery, answer=KpiAnswer, gives=gives,
        ),
        Operation(
            "POST", "/types/{name}/kpis", "KPIs that a text of a type would have, on up to 20 of its assets", tried,
            body=KpiTry, answer=KpiAnswer,
        ),
        Operation("GET", "/kpis", "KPIs of some assets", of_list, query=KpisQuery, answer=KpiAnswer, gives=gives),
    ]  # fmt: skip


async def _answered(
    rooms: Rooms, call: Call, assets: Sequence[str], told: Any, whole: AssetType | None = None, left_out: int = 0
) -> Any:
    form = offered(call.request, FORMATS, call.query.format) if call.query is not None else "json"
    start, end = span(rooms, told.start, told.end)
    bucket, now = bucket_us(end - start), rooms.clock_us()
    start, until = start // bucket * bucket, -(-end // bucket) * bucket
    end = max(min(until, now), start + 1)
    question = Question.of(_groups(rooms, call, assets, whole))
    table = pa.table({"name": pa.nulls(0, pa.string())})
    if question.names:
        sql, within_s = question.sql(start, until, bucket), rooms.settings.sql_timeout_s
        table = await rooms.sql.query(call.tenant, sql, limit=None, timeout_s=within_s, only=call.only)
    found = await asyncio.to_thread(question.answers, table, (end - start) / 1e6)
    values = [value for group, kpis in zip(question.groups, found, strict=True) for value in _values(group, kpis)]
    if form == "json":
        return KpiAnswer(start_us=start, end_us=end, kpis=values, left_out=left_out)
    columns = [[getattr(value, name) for value in values] for name in TABLE.names]
    made = pa.table([pa.array(c, f.type) for c, f in zip(columns, TABLE, strict=True)], schema=TABLE)
    bom = call.query.bom
    return answer(form, TABLE, iter([made]), name="kpis", bom=bom)


def _groups(rooms: Rooms, call: Call, assets: Iterable[str], whole: AssetType | None) -> list[Asked]:
    """Sort assets by their type. ``whole``: it counts for all of them."""
    rows, points = rooms.registry.assets.rows(call.tenant), call.book.by_asset(call.tenant)
    found: dict[str, list[AssetSpec]] = {}
    for asset in assets:
        row = rows.get(asset)
        if row is not None and row.spec.type:
            found.setdefault(row.spec.type if whole is None else "", []).append(row.spec)
    made = []
    for ref, specs in found.items():
        resolved: Resolved | None = rooms.registry.types.find(call.tenant, ref) if whole is None else None
        told = whole or (resolved.whole if resolved else None)
        if told is not None and told.kpis:
            held = [{p.spec.quantity: p.spec for p in points.get(spec.asset, ())} for spec in specs]
            made.append(Asked(told, specs, held))
    return made


def _values(group: Asked, kpis: Sequence[Found]) -> Iterable[KpiValue]:
    for at, spec in enumerate(group.assets):
        for one in kpis:
            value = float(one.values[at])
            known = None if np.isnan(value) else value
            yield KpiValue(
                asset=spec.asset,
                type=spec.type,
                kpi=one.kpi,
                title=one.told.title,
                title_zh=one.told.title_zh,
                expression=one.told.expression,
                value=known,
                unit=one.told.unit,
                better=one.told.better,
                target=one.told.target,
                met=_met(known, one.told.target, one.told.better),
                good=round(float(one.good[at]), 6),
                why=one.why[at][0],
                why_zh=one.why[at][1],
            )


def _met(value: float | None, target: float | None, better: str | None) -> bool | None:
    if value is None or target is None or better is None:
        return None
    return value >= target if better == "higher" else value <= target
