"""Calendars of shifts: patterns like 3×8 with four crews (四班三运转), holidays, exceptions; as episodes. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from baigong.vocab.happenings import Episode
from baigong.vocab.plans import check_clock, check_zone, local_us

_Word = Annotated[str, Meta(max_length=200)]
_Name = Annotated[str, Meta(pattern=r"^[\w-]{1,60}$")]


class Shift(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One shift of a day. ``begins``, ``ends``: local times; one that ends before it begins ends the next day."""

    begins: str
    ends: str
    title: _Word = ""
    title_zh: _Word = ""

    def __post_init__(self) -> None:
        check_clock(self.begins)
        check_clock(self.ends)
        if self.begins == self.ends:
            raise ValueError(f"a shift from {self.begins} to {self.ends} has no length; write two of half a day")


class Calendar(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who works when, on ``assets`` and all below them.

    ``cycle``: day by day, again and again from ``starts`` on: shift -> crew. ``exceptions``: a day -> shift -> crew
    instead; none: nobody works that day.
    """

    assets: Annotated[list[_Word], Meta(min_length=1, max_length=100)]
    title: _Word = ""
    title_zh: _Word = ""
    zone: str = "Asia/Shanghai"
    starts: date
    shifts: Annotated[dict[_Name, Shift], Meta(min_length=1, max_length=12)]
    cycle: Annotated[list[dict[str, str]], Meta(min_length=1, max_length=366)]
    exceptions: Annotated[dict[str, dict[str, str]], Meta(max_length=2000)] = {}  # by ISO date
    days_ahead: Annotated[int, Meta(ge=1, le=366)] = 14

    def __post_init__(self) -> None:
        check_zone(self.zone)
        for told in self.exceptions:
            if date.fromisoformat(told).isoformat() != told:
                raise ValueError(f"exceptions: {told!r} is no day: write 2026-10-01")
        for place, day in (*enumerate(self.cycle, 1), *self.exceptions.items()):
            unknown = sorted(set(day) - set(self.shifts))
            if unknown:
                raise ValueError(f"cycle, {place}: there is no shift {unknown[0]!r}, there are {sorted(self.shifts)}")

    def on(self, day: date) -> dict[str, str]:
        """Say which shifts are worked on a day, and by which crew."""
        if day.isoformat() in self.exceptions:
            return self.exceptions[day.isoformat()]
        return self.cycle[(day - self.starts).days % len(self.cycle)] if day >= self.starts else {}


def shifts_between(name: str, calendar: Calendar, start_us: int, end_us: int) -> Iterator[Episode]:
    """Yield the shifts that begin in [start, end), as episodes whose ids are the same whenever they are made.

    >>> four = [{"early": "A", "late": "B", "night": "C"}, {"early": "A", "late": "B", "night": "C"}]
    >>> shifts = {"early": Shift(begins="08:00", ends="16:00"), "late": Shift(begins="16:00", ends="00:00"),
    ...           "night": Shift(begins="00:00", ends="08:00")}
    >>> made = Calendar(assets=["hall"], starts=date(2026, 1, 1), shifts=shifts, cycle=four)
    >>> [one.id for one in shifts_between("four", made, 1767196800000000, 1767225600000000 + 1)]
    ['shift/four/hall/2026-01-01/night', 'shift/four/hall/2026-01-01/early']
    """
    zone = ZoneInfo(calendar.zone)
    first = datetime.fromtimestamp(start_us / 1e6, zone).date() - timedelta(days=1)
    last = datetime.fromtimestamp(end_us / 1e6, zone).date()
    for ahead in range((last - first).days + 1):
        day = first + timedelta(days=ahead)
        worked = calendar.on(day)
        for key, shift in sorted(calendar.shifts.items(), key=lambda item: item[1].begins):
            begins = local_us(day, shift.begins, zone)
            if key not in worked or not start_us <= begins < end_us:
                continue
            ends = local_us(day + timedelta(days=shift.ends <= shift.begins), shift.ends, zone)
            for asset in calendar.assets:
                yield Episode(
                    id=f"shift/{name}/{asset}/{day}/{key}",
                    asset=asset,
                    kind="shift",
                    start_us=begins,
                    end_us=ends,
                    title=shift.title or key,
                    title_zh=shift.title_zh,
                    attributes={"calendar": name, "shift": key, "crew": worked[key]},
                )
