"""How much each company may use: four levels of text, one answer, asked at every door.

=========  =======================================================================================================
platform   the default: what a company has of which nothing else is said
region     a pool that its companies share; their own quotas may not add up to more, unless it says ``overcommit``
company    in the place of the default
site       of a company's own making: the points below an asset
=========  =======================================================================================================

The tightest applies. A company that shares a region's rate without a quota of its own gets an even part of what is
not promised to others, so that none can take it all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from baigong.registry.book import PointBook
from baigong.registry.quotaline import FULL, UNBOUNDED, Level, Line, full, line_of, merged, name_of
from baigong.registry.tenants import Company, Tenants
from baigong.registry.tree import Tree
from baigong.registry.usage import Usage
from baigong.stores.records import ALL, Records, access
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.quotas import BURST_S, KINDS, Pace, Quotas, parse_quotas
from baigong.vocab.usage import PLATFORM

_DAY_US = 86_400_000_000
_REFUSED_S = 120.0  # for so long after a refusal a company counts as over its rate
_STORAGE_WAIT_S = 300
_MANY, _SUM_S = 50, 1.0  # companies from which on a region's sums are not made for every question
_PREFIX = "quotas/"
_GAUGES = {"storage": "storage_bytes", "people": "people", "flows": "flows", "apps": "apps"}


class QuotaBook:
    """Lives on the event loop, everything in memory."""

    def __init__(
        self,
        records: Records,
        tenants: Tenants,
        book: PointBook,
        usage: Usage,
        clock_us: Callable[[], int],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._records = records
        self._tenants = tenants
        self._book = book
        self._usage = usage
        self._clock_us = clock_us
        self._clock_s = clock_s
        self._texts: dict[str, str] = {}  # "platform", "region/ningbo", "site/mould/line1"
        self._read: dict[str, Quotas] = {}
        self._paces: dict[str, Pace] = {}
        self._running: dict[str, int] = {}  # queries at once
        self._day = (0, dict[str, float]())  # queries counted when it began
        self._refused: dict[tuple[str, str], float] = {}  # (tenant, what) -> when last
        self.count_devices: Callable[[str], int] = lambda tenant: 0
        self.tree: Callable[[str], Tree] = lambda tenant: Tree({})  # of a tenant's assets
        self._sums: dict[tuple[str, str], tuple[float, float]] = {}  # (region, what) -> when, sum
        self._parts: dict[str, int] = {}  # region -> the even part of its rate
        self.marks: dict[str, str] = {}  # what is near or full, as a header says it
        self.version = 0

    async def load(self) -> None:
        def work(connection: sa.Connection) -> dict[str, str]:
            return access.settings_of(connection, _PREFIX)

        found = await self._records.read(work, tenant=ALL)
        self._texts = {name.removeprefix(_PREFIX): text for name, text in found.items()}
        self._read = {name: parse_quotas(text, stored=True) for name, text in self._texts.items()}
        self.changed()

    # -- what was said -------------------------------------------------------------------------------------------

    def text(self, level: Level, place: str) -> str:
        """Return the text of a level. ``place``: of a site "company/asset"; empty for the platform."""
        if level == "company":
            return self._tenants.get(place).quota_text
        if level == "region":
            self._check_region(place)
        return self._texts.get(name_of(level, place), "")

    def said(self, level: Level, place: str = "") -> Quotas:
        if level == "company":
            return self._tenants.quotas(place)
        return self._read.get(name_of(level, place), UNBOUNDED)

    async def put(self, level: Level, place: str, text: str) -> Quotas:
        """Set a level's text. Raises config.invalid, http.not_found, quota.promised."""
        told = parse_quotas(text)
        if level == "company":
            company = self._tenants.get(place)
            self.check_company(company, told)
            await self._tenants.put_quotas(place, text)
        else:
            self._check_level(level, place, told)
            name = name_of(level, place)
            await self._records.write(lambda c: access.put_setting(c, _PREFIX + name, text), tenant=ALL)
            self._texts[name], self._read[name] = text, told
        self.changed()
        return told

    def _check_level(self, level: Level, place: str, told: Quotas) -> None:
        if level == "region":
            self._check_region(place)
            self._check_sum(place, told, self._own_in(place))
        elif level == "platform":
            for region in self._tenants.regions():
                own = {c.tenant: merged(c.quotas, told) for c in self._tenants.of_region(region.region)}
                self._check_sum(region.region, self.said("region", region.region), own)
        elif any(told.of(what) is not None for what in KINDS if what != "points"):
            raise FixConfiguration("config.invalid", "a site bounds points; all else is the company's", place=place)
        elif told.overcommit:
            raise FixConfiguration("config.invalid", "overcommit is a word of regions", place="overcommit")

    def _check_region(self, region: str) -> None:
        if region not in {r.region for r in self._tenants.regions()}:
            raise FixConfiguration("http.not_found", f"there is no region {region!r}", place=region)

    def check_company(self, company: Company, told: Quotas) -> None:
        """Raise quota.promised when a company with these would have its region promise more than it has."""
        if company.region:
            own = self._own_in(company.region) | {company.tenant: merged(told, self.said("platform"))}
            self._check_sum(company.region, self.said("region", company.region), own)

    def _own_in(self, region: str) -> dict[str, Quotas]:
        default = self.said("platform")
        return {c.tenant: merged(c.quotas, default) for c in self._tenants.of_region(region)}

    def _check_sum(self, region: str, pool: Quotas, own: dict[str, Quotas]) -> None:
        for what in KINDS if not pool.overcommit else ():
            most, promised = pool.of(what), sum(q.of(what) or 0 for q in own.values())
            if most is not None and promised > most:
                raise FixConfiguration(
                    "quota.promised",
                    f"{what}: the companies of {region} would have {promised}, the region has {most}",
                    place=what,
                )

    # -- what applies --------------------------------------------------------------------------------------------

    def own(self, tenant: str) -> Quotas:
        """Return a company's quotas: its own, and the platform's default where it has none."""
        return merged(self._tenants.quotas(tenant), self.said("platform"))

    def line(self, tenant: str, what: str) -> Line | None:
        """Return the tightest bound of a company; None where there is none."""
        return max(self._bounds(tenant, what), key=lambda line: (line.part, line.used - line.limit), default=None)

    def lines(self, tenant: str) -> list[Line]:
        """Return every bound of a company, the fullest first; of sites each."""
        if not self._read and self._tenants.quotas(tenant) == UNBOUNDED:
            return []
        found = [line for what in KINDS if (line := self.line(tenant, what)) is not None]
        return sorted([*found, *self._sites(tenant)], key=lambda line: -line.part)

    def _bounds(self, tenant: str, what: str) -> Iterator[Line]:
        if tenant == PLATFORM:
            return
        mine = self._tenants.quotas(tenant).of(what)
        limit = self.said("platform").of(what) if mine is None else mine
        region = self._tenants.region_of(tenant)
        pool = self.said("region", region).of(what) if region else None
        if limit is None and pool is None:
            return  # most companies: nothing is looked at
        used = self.used(tenant, what)
        if limit is not None:
            yield line_of(what, limit, used, "platform" if mine is None else "company", "" if mine is None else tenant)
        if pool is not None:
            if what == "values_s" and limit is None:
                yield line_of(what, self._even_part(region, pool), used, "region", region)
            else:
                yield line_of(what, pool, self._together(region, what), "region", region)

    def _together(self, region: str, what: str) -> float:
        """Return what a region's companies use; of many, as it was a moment ago."""
        at, found = self._sums.get((region, what), (-_SUM_S, 0.0))
        if self._clock_s() - at >= _SUM_S:
            companies = self._tenants.of_region(region)
            found = sum(self.used(c.tenant, what) for c in companies)
            if len(companies) > _MANY:
                self._sums[region, what] = (self._clock_s(), found)
        return found

    def _even_part(self, region: str, pool: int) -> int:
        if region not in self._parts:
            self._parts[region] = self._part(region, pool)
        return self._parts[region]

    def _part(self, region: str, pool: int) -> int:
        own = [q.of("values_s") for q in self._own_in(region).values()]
        promised, others = sum(o for o in own if o is not None), sum(o is None for o in own)
        return max(1, (pool - promised) // max(1, others))

    def _sites(self, tenant: str) -> Iterator[Line]:
        for name, told in self._read.items():
            level, _, place = name.partition("/")
            owner, _, asset = place.partition("/")
            if level == "site" and owner == tenant and told.points is not None:
                used = sum(self.tree(tenant).covers(asset, p.spec.asset) for p in self._book.active(tenant))
                yield line_of("points", told.points, used, "site", asset)

    def sites(self, tenant: str) -> list[str]:
        """Name a company's sites that are bounded, as ``company/asset``."""
        return [place for name in self._read if (place := name.removeprefix("site/")).split("/")[0] == tenant != name]

    def used(self, tenant: str, what: str) -> float:
        """Return how much of something a company uses now."""
        if what == "points":
            return len(self._book.active(tenant))
        if what == "devices":
            return self.count_devices(tenant)
        if what == "queries":
            return self._running.get(tenant, 0)
        if what == "queries_day":
            return self._queries_today(tenant)
        if what == "values_s":
            return self._usage.of(tenant).rate
        return self._usage.reading(tenant, _GAUGES[what]) or 0

    def check(self, tenant: str, what: str, more: int, used: float | None = None) -> None:
        """Raise quota.full when ``more`` of something that is kept (points, devices, people…) do not fit.

        ``used``: where the caller counts better than we do. The error's ``room`` says how many would fit.
        """
        for line in self._bounds(tenant, what) if more > 0 else ():
            have = line.used if used is None or line.level == "region" else used
            if have + more > line.limit:
                self._note(tenant, what)
                raise full(what, line, have, more)

    def check_plant(self, tenant: str, devices: int, assets: Sequence[str]) -> None:
        """The same for so many more devices, and one more point of each of these ``assets``."""
        self.check(tenant, "devices", devices)
        self.check(tenant, "points", len(assets))
        for line in self._sites(tenant) if assets else ():
            more = sum(self.tree(tenant).covers(line.place, asset) for asset in assets)
            if more and line.used + more > line.limit:
                self._note(tenant, "points")
                raise full("points", line, line.used, more)

    def admit(self, tenant: str, values: int) -> Callable[[], None]:
        """Let values in by HTTP. Raises quota.exceeded with ``retry_after_s``.

        Returns what undoes it, for values that could not be stored.
        """
        self.check_pace(tenant)
        now, paces = self._clock_s(), self._usage.of(tenant).paces
        for pace in paces:
            pace.take_ahead(values, now)

        def undo() -> None:
            for pace in paces:
                pace.give_back(values)

        return undo

    def check_pace(self, tenant: str) -> None:
        """Raise what ``admit`` raises, and take nothing."""
        self._check_storage(tenant)
        now = self._clock_s()
        wait_s = max((pace.wait_s(now) for pace in self._usage.of(tenant).paces), default=0.0)
        if wait_s > 0:
            self._usage.add(tenant, "slowed")
            self._note(tenant, "values_s")
            raise RetryLater(
                "quota.exceeded",
                f"more values a second than {tenant} may send: nothing of this request was taken",
                place="values_s",
                retry_after_s=max(1, round(wait_s)),
            )

    def rate_limit(self, tenant: str) -> dict[str, str]:
        """Return headers that say how much may come now (draft-ietf-httpapi-ratelimit-headers-10), where bounded."""
        paces = self._usage.of(tenant).paces
        if not paces:
            return {}
        tight, now = min(paces, key=lambda pace: pace.left), self._clock_s()
        wait_s = tight.wait_s(now)
        return {
            "RateLimit-Policy": f'"values";q={tight.rate * BURST_S:.0f};w={BURST_S:.0f}',
            "RateLimit": f'"values";r={max(0, tight.left):.0f};t={max(1, round(wait_s))}',
        }

    def _check_storage(self, tenant: str) -> None:
        line = self.line(tenant, "storage")
        if line is not None and line.part >= FULL:
            self._note(tenant, "storage")
            raise RetryLater(
                "quota.exceeded",
                f"the storage of {tenant} is full: {line.used:.0f} of {line.limit} bytes",
                place="storage",
                retry_after_s=_STORAGE_WAIT_S,
            )

    @contextmanager
    def query(self, tenant: str) -> Iterator[None]:
        """Run a query inside. Raises quota.exceeded at once: waiting for a slot is the pool's."""
        today, at_once = self.line(tenant, "queries_day"), self.line(tenant, "queries")
        if today is not None and today.used + 1 > today.limit:
            self._note(tenant, "queries_day")
            left_s = (_DAY_US - self._clock_us() % _DAY_US) // 1_000_000 + 1
            raise RetryLater(
                "quota.exceeded", f"{tenant} has run its {today.limit} queries of this day (UTC)",
                place="queries_day", retry_after_s=left_s,
            )  # fmt: skip
        if at_once is not None and at_once.used + 1 > at_once.limit:
            self._note(tenant, "queries")
            raise RetryLater(
                "quota.exceeded", f"{at_once.limit} queries at once run already", place="queries", retry_after_s=1
            )
        self._running[tenant] = self._running.get(tenant, 0) + 1
        try:
            yield
        finally:
            self._running[tenant] -= 1

    def was_refused(self, tenant: str, what: str) -> bool:
        """Say whether something was refused lately."""
        return self._clock_s() - self._refused.get((tenant, what), -_REFUSED_S) < _REFUSED_S

    def refused_lately(self) -> set[str]:
        return {tenant for tenant, what in self._refused if self.was_refused(tenant, what)}

    def slowed(self, tenant: str) -> None:
        """Note that a gateway holds a company's machines back."""
        self._note(tenant, "values_s")

    def _note(self, tenant: str, what: str) -> None:
        self._refused[tenant, what] = self._clock_s()

    def forget(self, tenant: str) -> None:
        """Follow the records after a company is gone."""
        for name in [name for name in self._texts if name.startswith(f"site/{tenant}/")]:
            del self._texts[name], self._read[name]
        for key in [key for key in self._refused if key[0] == tenant]:
            del self._refused[key]
        self.marks.pop(tenant, None)
        self.changed()

    def _queries_today(self, tenant: str) -> float:
        day = self._clock_us() // _DAY_US
        if day != self._day[0]:
            self._day = (day, {t: self._usage.of(t).counts["queries"] for t in self._usage.tenants()})
        return self._usage.of(tenant).counts["queries"] - self._day[1].get(tenant, 0)

    def begin_day(self, queries: dict[str, float]) -> None:
        """Take how many queries were counted when this day began."""
        self._day = (self._clock_us() // _DAY_US, queries)

    # -- rates ---------------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Follow what was said: make the paces anew where a rate is another."""
        self.version += 1
        self._parts, self._sums = {}, {}
        wanted: dict[str, float] = {}
        members: dict[str, list[str]] = {}
        for tenant in self._tenants.ids():
            for name, rate in self._pools(tenant):
                wanted[name] = rate
                members.setdefault(tenant, []).append(name)
        now = self._clock_s()
        kept = {name: held for name, held in self._paces.items() if wanted.get(name) == held.rate}
        self._paces = {name: kept.get(name) or Pace(rate, now) for name, rate in wanted.items()}
        for tenant in {*self._usage.tenants(), *members}:
            self._usage.of(tenant).paces = tuple(self._paces[name] for name in members.get(tenant, ()))

    def pools(self) -> tuple[dict[str, float], dict[str, list[str]]]:
        """Return the rates that bound machines, and which of them bound whom; a full storage is a rate of 0."""
        rates: dict[str, float] = {}
        members: dict[str, list[str]] = {}
        for tenant in self._tenants.ids():
            found = dict(self._pools(tenant))
            storage = self.line(tenant, "storage")
            if storage is not None and storage.part >= FULL:
                found[f"storage/{tenant}"] = 0.0
            if found:
                rates |= found
                members[tenant] = list(found)
        return rates, members

    def _pools(self, tenant: str) -> Iterator[tuple[str, float]]:
        region = self._tenants.region_of(tenant)
        pool = self.said("region", region).values_s if region else None
        own = self.own(tenant).values_s
        if own is not None:
            yield f"company/{tenant}", own
            if pool is not None:
                yield f"region/{region}", pool
        elif pool is not None:
            yield f"company/{tenant}", self._even_part(region, pool)
