"""Use: what a company used this month, and all companies in one table, those that need somebody first."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.bills import corrected_row
from baigong.registry.quotaline import FULL, NEAR, Line
from baigong.registry.rights import PLATFORM as INSTALLATION
from baigong.registry.rights import region_ref
from baigong.registry.tariff import month_of, month_span, payable
from baigong.registry.tenants import Company
from baigong.registry.usage import Reading, before, number_of
from baigong.vocab import frame
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.usage import CORRECTED, COUNTERS, MEASURES, PLATFORM

_DAY_US = 86_400_000_000
SILENT_US = 7 * _DAY_US
_SPARK_PARTS, _SPARK_US = 28, 7 * _DAY_US
_HOUR_US, _TEN_MINUTES_US = 3_600_000_000, 600_000_000
_FAILING, _FAILING_PART = 3, 0.05  # so many failures within the last hour, and so large a part of all
_KEPT = 8  # moments whose counters are remembered
_SHOWN_COUNTERS = ("values", "queries", "query_s", "slowed", "calls", "calls_failed", "queries_failed")
Trouble = Literal["over", "failing", "silent", "near"]
_WEIGHT: dict[str, int] = {"over": 8, "failing": 4, "silent": 2, "near": 1}


class UsageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``month``: like 2026-11; left out: this one."""

    month: str = ""


class Figure(Struct, frozen=True, kw_only=True):
    """``value``: of a counter what was counted in the month, of a gauge what it is now; null: nobody measured it."""

    measure: str
    kind: Literal["counter", "gauge"]
    unit: str
    title: str
    title_zh: str
    value: float | None
    point: str


class Use(Struct, frozen=True, kw_only=True):
    """``quotas``: the fullest first; ``spark``: values in each quarter of the last seven days, oldest first."""

    tenant: str
    title: str
    title_zh: str
    region: str
    month: str
    start_us: int
    until_us: int
    last_us: int
    figures: list[Figure]
    quotas: list[Line]
    spark: list[float]


class CompaniesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    search: str = ""
    region: str = ""
    trouble: Literal["", "over", "failing", "silent", "near"] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class CompanyUse(Struct, frozen=True, kw_only=True):
    """``worst``: the fullest of its quotas; ``cost``: month to date, null where no tariff holds."""

    tenant: str
    title: str
    title_zh: str
    region: str
    state: str
    troubles: list[Trouble]
    worst: Line | None
    last_us: int
    counters: dict[str, float]
    levels: dict[str, float]
    spark: list[float]
    cost: str | None
    currency: str


class CompaniesUse(Struct, frozen=True, kw_only=True):
    """``total``: how many there are, ``troubled``: how many of each trouble; ``companies``: the first of them."""

    month: str
    total: int
    troubled: dict[str, int]
    companies: list[CompanyUse]


class Correction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``amount``: is added to what was counted; below 0 takes away. Storage in GB-months, points in point-months."""

    month: str
    measure: Literal["values", "query_s", "storage", "points"]
    amount: float
    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class _Moments:
    """Counters as they were at some moments, read once."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._held: OrderedDict[int, dict[int, Reading]] = OrderedDict()

    async def at(self, time_us: int) -> dict[int, Reading]:
        """Return the counters of all companies just before a moment, by number of the point."""
        if time_us not in self._held:
            book = self._rooms.registry.book
            made = await asyncio.to_thread(before, self._rooms.lake, self._numbers(book, time_us), time_us)
            self._held[time_us] = made
            while len(self._held) > _KEPT:
                self._held.popitem(last=False)
        return self._held[time_us]

    def _numbers(self, book: Any, time_us: int) -> list[int]:
        wanted = (number_of(t, m) for t in self._rooms.registry.usage.tenants() for m in COUNTERS)
        rows = ((number, book.by_number(PLATFORM, number)) for number in wanted)
        return [number for number, row in rows if row is not None and row.created_us < time_us]


def operations(rooms: Rooms) -> list[Operation]:
    moments = _Moments(rooms)

    async def own(call: Call) -> Any:
        return await use(rooms, call.tenant, call.query.month)

    async def companies(call: Call) -> Any:
        asked: CompaniesQuery = call.query
        return await _companies(rooms, moments, asked, _open_to(rooms, call, asked.region))

    async def correct(call: Call) -> Any:
        asked: Correction = call.body
        await _correct(rooms, call.tenant, asked)
        call.after = asked

    return [
        Operation("GET", "/usage", "What a company used, and its quotas", own, query=UsageQuery, answer=Use),
        Operation(
            "GET", "/usage/companies", "All companies, those that need somebody first", companies,
            query=CompaniesQuery, answer=CompaniesUse,
        ),
        Operation("POST", "/usage/corrections", "Correct what was counted in a month", correct, body=Correction),
    ]  # fmt: skip


async def use(rooms: Rooms, tenant: str, month: str = "") -> Use:
    registry, now = rooms.registry, rooms.clock_us()
    company, zone = registry.tenants.get(tenant), registry.bills.zone(tenant)
    wanted = month or month_of(now, zone)
    start, end = month_span(wanted, zone)
    numbers = {m: number_of(tenant, m) for m in COUNTERS}

    def read() -> tuple[dict[int, Reading], dict[int, Reading]]:
        listed = list(numbers.values())
        return before(rooms.lake, listed, start), before(rooms.lake, listed, end) if end < now else {}

    first, last = await asyncio.to_thread(read)
    figures = []
    for measure in MEASURES:
        if measure.name.endswith("_correction"):
            continue
        value = registry.usage.reading(tenant, measure.name)
        if measure.name in numbers:
            number = numbers[measure.name]
            value = (value or 0) if end > now else last.get(number, 0)
            value = max(0, value - first.get(number, 0))
        figures.append(
            Figure(
                measure=measure.name, kind=measure.kind, unit=measure.unit, title=measure.title,
                title_zh=measure.title_zh, value=value, point=f"company.{tenant}.usage.{measure.name}",
            )
        )  # fmt: skip
    return Use(
        tenant=tenant, title=company.title, title_zh=company.title_zh, region=company.region, month=wanted,
        start_us=start, until_us=min(end, now), last_us=registry.usage.of(tenant).last_us, figures=figures,
        quotas=registry.quotas.lines(tenant), spark=(await asyncio.to_thread(_sparks, rooms, [tenant], now))[tenant],
    )  # fmt: skip


def _open_to(rooms: Rooms, call: Call, region: str) -> list[Company]:
    """Return the companies whose use somebody may see: all, those of the region their company runs, or their own."""
    registry = rooms.registry
    known = [registry.tenants.get(tenant) for tenant in registry.tenants.ids()]
    if region:
        known = [c for c in known if c.region == region]
    if registry.rights.decide(call.who, "usage", INSTALLATION).allowed:
        return known
    run = {c.region for c in known if c.region}
    run = {name for name in run if registry.rights.decide(call.who, "usage", region_ref(name)).allowed}
    return [c for c in known if c.region in run or c.tenant == call.who.tenant]


async def _companies(rooms: Rooms, moments: _Moments, asked: CompaniesQuery, known: Sequence[Company]) -> CompaniesUse:
    now = rooms.clock_us()
    month = month_of(now, rooms.registry.bills.zone(""))
    start = month_span(month, rooms.registry.bills.zone(""))[0]
    first, hour = await moments.at(start), await moments.at((now - _HOUR_US) // _TEN_MINUTES_US * _TEN_MINUTES_US)
    wanted = asked.search.casefold().strip()
    found = [c for c in known if wanted in f"{c.tenant}\n{c.title}\n{c.title_zh}".casefold()]
    ranked: list[tuple[int, float, Company, list[Trouble]]] = []
    troubled: dict[str, int] = dict.fromkeys(_WEIGHT, 0)
    for company in found:
        troubles = _troubles(rooms, company, hour, now)
        for trouble in troubles:
            troubled[trouble] += 1
        if asked.trouble in ("", *troubles):
            weight = sum(_WEIGHT[trouble] for trouble in troubles)
            ranked.append((-weight, -_since(rooms, company.tenant, "values", first), company, troubles))
    ranked.sort(key=lambda row: (row[0], row[1], row[2].tenant))
    shown = ranked[: asked.limit]
    sparks = await asyncio.to_thread(_sparks, rooms, [c.tenant for _, _, c, _ in shown], now)
    costs = await asyncio.to_thread(_costs, rooms, [c.tenant for _, _, c, _ in shown], month)
    companies = [
        CompanyUse(
            tenant=c.tenant, title=c.title, title_zh=c.title_zh, region=c.region, state=c.state, troubles=troubles,
            worst=next(iter(rooms.registry.quotas.lines(c.tenant)), None),
            last_us=rooms.registry.usage.of(c.tenant).last_us,
            counters={m: _since(rooms, c.tenant, m, first) for m in _SHOWN_COUNTERS},
            levels=dict(rooms.registry.usage.of(c.tenant).levels), spark=sparks[c.tenant],
            cost=costs[c.tenant][0], currency=costs[c.tenant][1],
        )
        for _, _, c, troubles in shown
    ]  # fmt: skip
    return CompaniesUse(month=month, total=len(found), troubled=troubled, companies=companies)


def _since(rooms: Rooms, tenant: str, measure: str, then: dict[int, Reading]) -> float:
    return max(0, rooms.registry.usage.of(tenant).counts[measure] - then.get(number_of(tenant, measure), 0))


def _troubles(rooms: Rooms, company: Company, hour: dict[int, Reading], now_us: int) -> list[Trouble]:
    quotas, tally = rooms.registry.quotas, rooms.registry.usage.of(company.tenant)
    lines = quotas.lines(company.tenant)
    found: list[Trouble] = []
    if any(line.part >= FULL or quotas.was_refused(company.tenant, line.what) for line in lines):
        found.append("over")
    elif any(line.part >= NEAR for line in lines):
        found.append("near")
    failed = sum(_since(rooms, company.tenant, m, hour) for m in ("calls_failed", "queries_failed"))
    asked = sum(_since(rooms, company.tenant, m, hour) for m in ("calls", "queries"))
    if failed >= _FAILING and failed >= _FAILING_PART * asked:
        found.append("failing")
    if now_us - max(tally.last_us, company.created_us) > SILENT_US:
        found.append("silent")
    return sorted(found, key=lambda trouble: -_WEIGHT[trouble])


def _sparks(rooms: Rooms, tenants: Iterable[str], now_us: int) -> dict[str, list[float]]:
    """Count the values of each part of the last days. Blocking."""
    by_number = {number_of(tenant, "values"): tenant for tenant in tenants}
    if not by_number:
        return {}
    start = now_us - _SPARK_US
    rows = rooms.lake.series(PLATFORM, sorted(by_number), start, now_us, ("point", "time", "value"))
    points = rows.column("point").to_numpy()
    times = rows.column("time").cast("int64").to_numpy()
    values = rows.column("value").to_numpy()
    edges = start + np.arange(_SPARK_PARTS + 1) * (_SPARK_US // _SPARK_PARTS)
    found = {}
    for number, tenant in by_number.items():
        a, b = np.searchsorted(points, number, "left"), np.searchsorted(points, number, "right")
        if a == b:
            found[tenant] = [0.0] * _SPARK_PARTS
            continue
        at = np.searchsorted(times[a:b], edges, "left")
        row = rooms.registry.book.by_number(PLATFORM, number)
        first = 0.0 if row is not None and row.created_us >= start else values[a]
        reading = np.where(at > 0, values[a:b][np.maximum(at - 1, 0)], first)
        found[tenant] = np.maximum(np.diff(reading), 0).round().tolist()
    return found


def _costs(rooms: Rooms, tenants: Iterable[str], month: str) -> dict[str, tuple[str | None, str]]:
    """Price the month so far; nothing where no tariff holds. Blocking."""
    found: dict[str, tuple[str | None, str]] = {}
    for tenant in tenants:
        try:
            bill = rooms.registry.bills.draft(rooms.lake, tenant, month)
            found[tenant] = (str(payable(bill.total)), bill.currency)
        except BaigongError:
            found[tenant] = (None, "")
    return found


async def _correct(rooms: Rooms, tenant: str, asked: Correction) -> None:
    registry = rooms.registry
    if asked.measure not in CORRECTED or not np.isfinite(asked.amount):
        raise FixConfiguration("config.invalid", "an amount is a number", place="amount")
    registry.tenants.get(tenant)
    start, end = month_span(asked.month, registry.bills.zone(tenant))
    number, time_us = corrected_row(tenant, asked.measure, start, end, rooms.clock_us())
    if registry.book.by_number(PLATFORM, number) is None:
        raise FixConfiguration("http.not_found", f"nothing of {tenant} was counted yet", place=tenant)
    batch = frame.frame([number], [time_us], [asked.amount])
    await rooms.bus.store(rooms.settings.partition, PLATFORM, frame.encode(batch))
