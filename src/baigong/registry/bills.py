"""Monthly bills: computed from the usage points in the lake, as often as anybody likes; issued once, then corrected.

An issued bill is kept word for word. When the lake says something else later (figures were corrected, a tariff was
put too late), a note over the difference is made; bill and notes together are again what the lake says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec
import pyarrow as pa
import sqlalchemy as sa
from msgspec import Struct

from baigong.registry import tariff as t
from baigong.registry.tenants import Tenants
from baigong.registry.usage import Reading, before, number_of
from baigong.stores.lake.contract import LakeReader
from baigong.stores.records import ALL, Records
from baigong.stores.records import bills as rows
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.usage import CORRECTED, PLATFORM

Kind = Literal["draft", "bill", "note"]
_COUNTERS, _GAUGES = ("values", "query_s"), {"storage": "storage_bytes", "points": "points"}
_GB = 1_000_000_000


class Bill(Struct, frozen=True, kw_only=True):
    """``total``: with 6 digits; ``payable``: with 2. ``until_us``: up to when is counted, the month's end when over.

    ``number``: empty for a draft. A note (``corrects`` names the first bill) holds differences; below 0 is a credit.
    """

    kind: Kind
    tenant: str
    title: str
    title_zh: str
    month: str
    currency: str
    zone: str
    lines: list[t.Charge]
    total: Decimal
    payable: Decimal
    until_us: int
    number: str = ""
    corrects: str = ""
    reason: str = ""
    issued_us: int | None = None
    issued_by: str = ""


class Bills:
    """Tariffs and issued bills in memory; the lake is read for every draft."""

    def __init__(self, records: Records, tenants: Tenants, clock_us: Callable[[], int]) -> None:
        self._records = records
        self._tenants = tenants
        self._clock_us = clock_us
        self._tariffs: list[t.Tariff] = []
        self._texts: dict[int, str] = {}
        self._issued: dict[str, list[Bill]] = {}
        self._one_change = asyncio.Lock()

    async def load(self) -> None:
        self._texts, bills = await self._records.read(lambda c: (rows.all_tariffs(c), rows.all_bills(c)), tenant=ALL)
        self._tariffs = [_versioned(v, t.parse_tariff(text, stored=True)) for v, text in sorted(self._texts.items())]
        self._issued = {}
        for bill in (msgspec.json.decode(text, type=Bill) for text in bills):
            self._issued.setdefault(bill.tenant, []).append(bill)

    # -- tariffs -------------------------------------------------------------------------------------------------

    def tariffs(self) -> list[tuple[t.Tariff, str]]:
        """Return every version with its text, the newest first."""
        return [(held, self._texts[held.version]) for held in reversed(self._tariffs)]

    async def put_tariff(self, text: str) -> t.Tariff:
        """Add a version; what was put before stays, and holds where this one does not."""
        async with self._one_change:
            version = max(self._texts, default=0) + 1
            made = _versioned(version, t.parse_tariff(text))
            await self._records.write(lambda c: rows.put_tariff(c, version, text), tenant=ALL)
            self._tariffs.append(made)
            self._texts[version] = text
        return made

    def zone(self, tenant: str) -> str:
        """Return whose midnights begin this company's months."""
        return next((x.zone for x in t.chosen(self._tariffs, tenant)), "UTC")

    # -- bills ---------------------------------------------------------------------------------------------------

    def issued(self, tenant: str, month: str = "") -> list[Bill]:
        """Return what was issued to a company, oldest first."""
        return [b for b in self._issued.get(tenant, ()) if month in ("", b.month)]

    def forget(self, tenant: str) -> None:
        """Follow the records after a company is gone."""
        self._issued.pop(tenant, None)

    def draft(self, lake: LakeReader, tenant: str, month: str) -> Bill:
        """Compute a month from the lake as it is now. Blocking; raises tariff.missing."""
        company, held = self._tenants.get(tenant), t.chosen(self._tariffs, tenant)
        zone = self.zone(tenant)
        start, end = t.month_span(month, zone)
        upto = min(end, self._clock_us())
        first = max(start, company.created_us)
        lines: list[t.Charge] = []
        found = t.spans(held, first, upto) if first < upto else []
        used = Rows(lake, tenant, start, upto).used
        for span in found:
            lines += t.charges(span, end - start, used(span.start_us, span.end_us, end - start))
        total = sum((line.amount for line in lines), Decimal(0)).quantize(Decimal("0.000001"))
        currencies = {span.tariff.currency for span in found}
        if len(currencies) > 1:
            raise FixConfiguration("tariff.invalid", f"{month} has tariffs in {sorted(currencies)}", place="currency")
        return Bill(
            kind="draft", tenant=tenant, title=company.title, title_zh=company.title_zh, month=month,
            currency=next(iter(currencies), held[0].currency if held else ""), zone=zone, lines=lines, total=total,
            payable=t.payable(total), until_us=upto,
        )  # fmt: skip

    async def issue(self, lake: LakeReader, tenant: str, month: str, by: str) -> Bill:
        """Make the month's bill final. Raises bill.open, bill.issued."""
        async with self._one_change:
            if self.issued(tenant, month):
                raise FixConfiguration("bill.issued", f"{month} of {tenant} was billed", place=month)
            self._require_over(tenant, month)
            made = await asyncio.to_thread(self.draft, lake, tenant, month)
            return await self._keep(msgspec.structs.replace(made, kind="bill"), by)

    async def correct(self, lake: LakeReader, tenant: str, month: str, by: str, reason: str) -> Bill | None:
        """Make a note over what the lake says now less what was issued; None where that is nothing."""
        async with self._one_change:
            issued = self.issued(tenant, month)
            if not issued:
                raise FixConfiguration("http.not_found", f"no bill was issued to {tenant} for {month}", place=month)
            now = await asyncio.to_thread(self.draft, lake, tenant, month)
            note = _difference(now, issued, reason)
            return await self._keep(note, by) if note.lines else None

    async def check(self, lake: LakeReader, tenant: str, month: str) -> Bill:
        """Recompute; returns the note that ``correct`` would make now, without lines where all is well."""
        now = await asyncio.to_thread(self.draft, lake, tenant, month)
        return _difference(now, self.issued(tenant, month), "")

    def _require_over(self, tenant: str, month: str) -> None:
        if self._clock_us() < t.month_span(month, self.zone(tenant))[1]:
            raise FixConfiguration("bill.open", f"{month} is not over", place=month)

    async def _keep(self, bill: Bill, by: str) -> Bill:
        count = len(self.issued(bill.tenant, bill.month)) + 1
        number = f"{bill.month}-{bill.tenant}-{count}"
        now_us = self._clock_us()
        made = msgspec.structs.replace(bill, number=number, issued_us=now_us, issued_by=by)
        text = msgspec.json.encode(made).decode()  # decimals as strings

        def work(connection: sa.Connection) -> None:
            if rows.has_bill(connection, number):
                raise FixConfiguration("bill.issued", f"{number} exists", place=number)
            rows.put_bill(connection, rows.BillRow(number, bill.tenant, bill.month, now_us, text))

        await self._records.write(work, tenant=bill.tenant)
        self._issued.setdefault(bill.tenant, []).append(made)
        return made


class Rows:
    """The usage points that are billed, from before a month's beginning to its end."""

    def __init__(self, lake: LakeReader, tenant: str, start_us: int, end_us: int) -> None:
        names = [*_COUNTERS, *_GAUGES.values(), *(f"{name}_correction" for name in CORRECTED)]
        self._numbers = {name: number_of(tenant, name) for name in names}
        wanted = sorted(self._numbers.values())
        columns = ("point", "time", "value", "whole")
        held: dict[int, Reading] = before(lake, wanted, start_us)
        table = lake.series(PLATFORM, wanted, start_us, end_us, columns)
        self._start = start_us
        self._held = held
        self._rows: dict[int, list[tuple[int, Reading]]] = {}
        times = table.column("time").cast(pa.int64()).to_pylist()
        for point, time_us, value, whole in zip(
            table.column("point").to_pylist(), times, *(table.column(c).to_pylist() for c in columns[2:]), strict=True
        ):
            if value is not None or whole is not None:
                self._rows.setdefault(point, []).append((time_us, whole if whole is not None else value))

    def used(self, start_us: int, end_us: int, month_us: int) -> Mapping[str, Decimal]:
        """Return what is priced, in its units, of a part of the month."""
        found: dict[str, Decimal] = {}
        for name in _COUNTERS:
            number = self._numbers[name]
            found[name] = max(Decimal(0), _exact(self._at(number, end_us)) - _exact(self._at(number, start_us)))
        for item, name in _GAUGES.items():
            held = self._integral(self._numbers[name], start_us, end_us) / Decimal(month_us)
            found[item] = held / _GB if item == "storage" else held
        for item in CORRECTED:
            rows = self._rows.get(self._numbers[f"{item}_correction"], ())
            found[item] += sum((_exact(v) for at, v in rows if start_us <= at < end_us), Decimal(0))
        return found

    def _at(self, number: int, time_us: int) -> Reading:
        """Return a counter as it stood just before a moment."""
        value: Reading = self._held.get(number, 0)
        for at, reading in self._rows.get(number, ()):
            if at >= time_us:
                break
            value = reading
        return value

    def _integral(self, number: int, start_us: int, end_us: int) -> Decimal:
        """Add up value times microseconds; a value holds until the next."""
        total, held, since = 0, self._held.get(number, 0), self._start
        for at, reading in [*self._rows.get(number, ()), (end_us, 0)]:
            a, b = max(since, start_us), min(at, end_us)
            if b > a:
                total += round(held) * (b - a)
            held, since = reading, at
        return Decimal(total)


def corrected_row(tenant: str, item: str, start_us: int, end_us: int, now_us: int) -> tuple[int, int]:
    """Return number and time of a correction that belongs to a month: in it, and at a time of its own."""
    return number_of(tenant, f"{item}_correction"), start_us + now_us % (end_us - start_us)


def _difference(now: Bill, issued: Sequence[Bill], reason: str) -> Bill:
    """Compare item by item, tariff by tariff."""
    was: dict[tuple[str, int, str], tuple[Decimal, Decimal, t.Charge]] = {}
    for bill, sign in [*((b, -1) for b in issued), (now, 1)]:
        for line in bill.lines:
            key = (line.item, line.start_us, line.tariff)
            quantity, amount, _ = was.get(key, (Decimal(0), Decimal(0), line))
            was[key] = (quantity + sign * line.quantity, amount + sign * line.amount, line)
    lines = [
        msgspec.structs.replace(line, quantity=quantity, free=Decimal(0), billed=quantity, amount=amount)
        for quantity, amount, line in was.values()
        if amount
    ]
    total = sum((line.amount for line in lines), Decimal(0)).quantize(Decimal("0.000001"))
    return msgspec.structs.replace(
        now, kind="note", lines=lines, total=total, payable=t.payable(total), reason=reason,
        corrects=issued[0].number if issued else "",
    )  # fmt: skip


def _versioned(version: int, tariff: t.Tariff) -> t.Tariff:
    return msgspec.structs.replace(tariff, version=version)


def _exact(reading: Reading) -> Decimal:
    return Decimal(reading) if isinstance(reading, int) else Decimal(repr(float(reading))).quantize(Decimal("0.000001"))
