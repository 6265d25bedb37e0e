"""What use costs: tariffs as text, valid from a day to a day, and the arithmetic of a bill. Pure; decimals throughout.

::

    currency: CNY
    zone: Asia/Shanghai        # whose midnights begin a month
    from: 2026-01-01
    until: 2027-01-01          # that day is not in it; left out: open
    companies: [mould, park]   # left out: all that no other tariff names
    prices:
      flat: 100                # a month
      values: 0.0002           # per 1,000
      storage: 0.8             # per GB and month
      points: 0.05             # per point and month
      query_s: 0.001           # per second of CPU
    free:                      # a month
      values: 1000000
      points: 100
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.numbers import read_number
from baigong.vocab.texts import read_yaml

ITEMS = ("flat", "values", "storage", "points", "query_s")
UNITS = {"flat": "month", "values": "1,000", "storage": "GB·month", "points": "point·month", "query_s": "s"}
_DIGITS = Decimal("0.000001")
_CENTS = Decimal("0.01")
_FIELDS = ("name", "currency", "zone", "from", "until", "companies", "prices", "free")


class Tariff(Struct, frozen=True, kw_only=True):
    """``start``, ``end``: the days it holds, the end not in it. ``version``: every text that was ever put has one."""

    name: str = "standard"
    currency: str
    zone: str = "UTC"
    start: date
    end: date | None = None
    companies: tuple[str, ...] = ()
    prices: dict[str, Decimal]
    free: dict[str, Decimal] = {}
    version: int = 0


class Span(Struct, frozen=True, kw_only=True):
    """A part of a month under one tariff; microseconds, UTC."""

    start_us: int
    end_us: int
    tariff: Tariff


class Charge(Struct, frozen=True, kw_only=True):
    """One line. ``billed`` = ``quantity`` less ``free``, not below 0; ``amount`` = billed times price, 6 digits."""

    item: str
    unit: str
    start_us: int
    end_us: int
    tariff: str
    quantity: Decimal
    free: Decimal
    billed: Decimal
    price: Decimal
    amount: Decimal


def parse_tariff(text: str, *, stored: bool = False) -> Tariff:
    """Read a tariff's text. Raises tariff.invalid with the place; numbers are taken as they are written.

    ``stored``: a text that an earlier version took is read as it did, with 1,000.
    """
    told = read_yaml(text, "tariff", code="tariff.invalid", as_written=True)
    if not isinstance(told, dict):
        raise _wrong("tariff", "write 'currency:', 'from:' and 'prices:'")
    if unknown := next((name for name in told if name not in _FIELDS), ""):
        raise _wrong(unknown, f"there is no {unknown!r} in a tariff; there are {', '.join(_FIELDS)}")
    start, until = _day(told, "from"), told.get("until")
    end = _day(told, "until") if until else None
    if start is None or (end is not None and end <= start):
        raise _wrong("from", "a tariff needs 'from: YYYY-MM-DD', before its 'until'")
    zone = str(told.get("zone") or "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _wrong("zone", f"there is no time zone {zone!r}") from error
    companies = told.get("companies") or []
    if not isinstance(companies, list):
        raise _wrong("companies", "write them as a list: [mould, park]")
    currency = str(told.get("currency") or "")
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise _wrong("currency", "write the currency's three letters (ISO 4217): CNY")
    return Tariff(
        name=str(told.get("name") or "standard"), currency=currency, zone=zone, start=start, end=end,
        companies=tuple(map(str, companies)),
        prices=_numbers(told, "prices", stored), free=_numbers(told, "free", stored),
    )  # fmt: skip


def _wrong(place: str, sentence: str) -> FixConfiguration:
    return FixConfiguration("tariff.invalid", sentence, place=place)


def _day(told: Mapping[str, Any], name: str) -> date | None:
    try:
        return date.fromisoformat(str(told.get(name) or ""))
    except ValueError:
        raise _wrong(name, f"{name}: {told.get(name)!r} is no day: write 2026-01-01") from None


def _numbers(told: Mapping[str, Any], name: str, stored: bool) -> dict[str, Decimal]:
    given = told.get(name) or {}
    if not isinstance(given, dict) or (name == "prices" and not given):
        raise _wrong(name, f"{name}: write one 'item: number' a line")
    found = {}
    for item, number in given.items():
        if item not in ITEMS or (name == "free" and item == "flat"):
            raise _wrong(f"{name}.{item}", f"nothing called {item!r} is priced; there are {', '.join(ITEMS)}")
        try:
            plain = str(number).replace(",", "").replace("_", "") if stored else str(number)
            if not stored:
                read_number(plain)
            found[item] = Decimal(plain)
        except (InvalidOperation, ValueError):
            raise _wrong(f"{name}.{item}", f"{number!r} is no number: write plain digits, like 1000 or 0.35") from None
        if not found[item].is_finite() or found[item] < 0 or found[item] != found[item].quantize(_DIGITS):
            raise _wrong(f"{name}.{item}", f"{number}: a number from 0 on with at most 6 digits after the point")
    return found


def month_span(month: str, zone: str) -> tuple[int, int]:
    """Return the beginning of a month and of the next, in microseconds, UTC. Raises config.invalid.

    >>> month_span("2026-11", "Asia/Shanghai")[0] == 1_793_462_400_000_000
    True
    """
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=ZoneInfo(zone))
    except ValueError as error:
        raise FixConfiguration("config.invalid", f"{month!r} is no month: write 2026-11", place="month") from error
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return _us(first), _us(following)


def month_of(time_us: int, zone: str) -> str:
    """Return the month of a moment."""
    return datetime.fromtimestamp(time_us / 1e6, ZoneInfo(zone)).strftime("%Y-%m")


def chosen(tariffs: Sequence[Tariff], tenant: str) -> list[Tariff]:
    """Return a company's tariffs: those that name it, else those that name nobody; the newest version first."""
    mine = [t for t in tariffs if tenant in t.companies] or [t for t in tariffs if not t.companies]
    return sorted(mine, key=lambda t: -t.version)


def spans(tariffs: Sequence[Tariff], start_us: int, end_us: int) -> list[Span]:
    """Cut a time into parts of one tariff each; of two that hold, the newer version. Raises tariff.missing."""
    bounds = {(t.version): (_midnight(t.start, t.zone), _midnight(t.end, t.zone) if t.end else None) for t in tariffs}
    cuts = {start_us, end_us}
    cuts |= {c for pair in bounds.values() for c in pair if c is not None and start_us < c < end_us}
    found: list[Span] = []
    for a, b in pairwise(sorted(cuts)):
        held = next((t for t in tariffs if _holds(bounds[t.version], a)), None)
        if held is None:
            raise FixConfiguration("tariff.missing", f"no tariff holds on {_when(a)}", place=_when(a))
        if found and found[-1].tariff == held:
            found[-1] = Span(start_us=found[-1].start_us, end_us=b, tariff=held)
        else:
            found.append(Span(start_us=a, end_us=b, tariff=held))
    return found


def charges(span: Span, month_us: int, used: Mapping[str, Decimal]) -> list[Charge]:
    """Price what was used in a part of a month. ``month_us``: the whole month; ``used``: storage and points in
    GB and points, times the part of the month.

    >>> t = parse_tariff("{currency: CNY, from: 2026-01-01, prices: {values: 0.2, flat: 10}, free: {values: 1000}}")
    >>> half = Span(start_us=0, end_us=5, tariff=t)
    >>> [str(c.amount) for c in charges(half, 10, {"values": Decimal(2500)})]
    ['5.000000', '0.400000']
    """
    share = Decimal(span.end_us - span.start_us) / Decimal(month_us)
    made = []
    for item in ITEMS:
        price = span.tariff.prices.get(item)
        if price is None:
            continue
        quantity = _rounded(share if item == "flat" else used.get(item, Decimal(0)))
        free = _rounded(span.tariff.free.get(item, Decimal(0)) * share)
        billed = max(Decimal(0), quantity - free).quantize(_DIGITS)
        amount = _rounded(billed * price / (1000 if item == "values" else 1))
        made.append(
            Charge(
                item=item, unit=UNITS[item], start_us=span.start_us, end_us=span.end_us,
                tariff=f"{span.tariff.name} v{span.tariff.version}", quantity=quantity, free=free, billed=billed,
                price=price, amount=amount,
            )
        )  # fmt: skip
    return made


def payable(amount: Decimal) -> Decimal:
    """Round to what can be paid."""
    return amount.quantize(_CENTS, ROUND_HALF_EVEN)


def _rounded(number: Decimal) -> Decimal:
    return number.quantize(_DIGITS, ROUND_HALF_EVEN)


def _holds(bounds: tuple[int, int | None], at_us: int) -> bool:
    return bounds[0] <= at_us and (bounds[1] is None or at_us < bounds[1])


def _midnight(day: date, zone: str) -> int:
    return _us(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)))


def _us(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


def _when(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%MZ")
