"""Plans of recurring work (inspection 点检, lubrication, calibration): when it is due, and what is to be done. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct

from baigong.vocab.devices import seconds
from baigong.vocab.tasks import Check, Kind, Priority

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_Word = Annotated[str, Meta(max_length=200)]
_MOST = 10_000  # occasions that are counted at once: 27 years of every day


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Work that comes again, on ``assets`` or on every asset of a ``type``.

    By the calendar of ``zone``: ``every`` day, week (``days``: 1 is Monday) or month (``days`` of it), at each of
    ``at``.
    By running hours: each time ``hours_of`` (a point, or a quantity of the asset) has grown by ``every_hours``.
    ``within``: for how long it may be done, like 8h. What is due while one is still open is counted, not made.
    """

    assets: Annotated[list[_Word], Meta(max_length=1000)] = []
    type: _Word = ""
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    title_zh: _Word = ""
    text: Annotated[str, Meta(max_length=4000)] = ""
    kind: Kind = "inspection"
    priority: Priority = "medium"
    assignee: _Word = ""
    role: _Word = ""
    checklist: Annotated[list[Check], Meta(max_length=200)] = []
    zone: str = "Asia/Shanghai"
    every: Literal["day", "week", "month"] = "day"
    days: Annotated[list[Annotated[int, Meta(ge=1, le=31)]], Meta(max_length=31)] = []
    at: Annotated[list[str], Meta(max_length=24)] = []
    hours_of: _Word = ""
    every_hours: Annotated[float, Meta(ge=0)] = 0.0
    within: str = "8h"
    enabled: bool = True

    def __post_init__(self) -> None:
        check_zone(self.zone)
        for one in self.at:
            check_clock(one)
        if self.every != "day" and not self.days:
            raise ValueError(f"days: say on which days of the {self.every}")
        if self.every == "week" and max(self.days, default=1) > 7:
            raise ValueError("days: 1 is Monday, 7 is Sunday")
        if bool(self.at) == bool(self.hours_of and self.every_hours):
            raise ValueError("say either at which times, or after how many hours of which point")
        if not self.assets and not self.type:
            raise ValueError("say for which assets, or for which type")
        seconds(self.within)

    @property
    def within_us(self) -> int:
        return round(seconds(self.within) * 1e6)


def check_zone(zone: str) -> None:
    """Raise ValueError for what is no time zone."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"zone: {zone!r} is no time zone: write one like Asia/Shanghai") from error


def check_clock(told: str) -> None:
    """Raise ValueError for what is no time of day."""
    if not _CLOCK.fullmatch(told):
        raise ValueError(f"{told!r} is no time of day: write 08:00")


def local_us(day: date, clock: str, zone: ZoneInfo) -> int:
    """Return a local time in µs since the epoch. One that clocks skip is as long after midnight; of two, the first.

    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> [local_us(date(2026, 3, d), "02:30", berlin) // 3_600_000_000 for d in (28, 29, 30)]
    [492961, 492985, 493008]
    """
    moment = datetime.combine(day, time.fromisoformat(clock), zone)
    return round(moment.astimezone(UTC).timestamp() * 1e6)


def occasions(plan: Plan, after_us: int, until_us: int) -> list[int]:
    """Return when it was due in (after, until], in µs since the epoch, ascending; the last ones where they are many."""
    zone = ZoneInfo(plan.zone)
    first = datetime.fromtimestamp(after_us / 1e6, zone).date() - timedelta(days=1)
    last = datetime.fromtimestamp(until_us / 1e6, zone).date()
    first = max(first, last - timedelta(days=_MOST))
    found = (local_us(day, clock, zone) for day in _days(plan, first, last) for clock in plan.at)
    return sorted({moment for moment in found if after_us < moment <= until_us})


def _days(plan: Plan, first: date, last: date) -> Iterator[date]:
    for ahead in range((last - first).days + 1):
        day = first + timedelta(days=ahead)
        if plan.every == "day" or (day.isoweekday() if plan.every == "week" else day.day) in plan.days:
            yield day
