"""Intervals that counters are summed over: so many minutes, or days, weeks, months, years of a place's calendar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from baigong.vocab.devices import seconds
from baigong.vocab.errors import FixConfiguration

_DAY_S = 86_400
_CALENDAR = re.compile(r"([1-9][0-9]?)(mo|y)")
_MONTH_S = 2_629_746  # a twelfth of the Gregorian calendar's mean year


@dataclass(slots=True, frozen=True)
class Interval:
    """``seconds``: how long, of months on average. ``months``: 0, or how many of the calendar."""

    seconds: int
    months: int = 0
    zone: str = "UTC"

    def table(self, start_us: int, end_us: int) -> str:
        """Name the finest table that such intervals need: hours are those of UTC, and not every zone has whole ones."""
        known = (min(max(us, 0), 1 << 57) for us in (start_us, end_us))  # a calendar ends with its year 9999
        moments = [datetime.fromtimestamp(us / 1e6, UTC).astimezone(ZoneInfo(self.zone)) for us in known]
        offsets = [moment.utcoffset() for moment in moments]
        whole = all(offset is not None and offset.total_seconds() % 3600 == 0 for offset in offsets)
        return (
            "consumption_1h"
            if whole and self.seconds % 3600 in (0, _MONTH_S * self.months % 3600)
            else "consumption_1m"
        )

    def begin(self) -> str:
        """Write the SQL of the start of the interval that ``time`` falls into, microseconds since the epoch."""
        us, local = self.seconds * 1_000_000, f"(time at time zone '{self.zone}')"
        if self.months:
            start = f"time_bucket(interval '{self.months} months', {local})"
        elif self.seconds % _DAY_S == 0:
            # days since the epoch; weeks begin on Monday (ISO 8601), and the epoch was a Thursday
            first = "date '1970-01-05'" if self.seconds % (7 * _DAY_S) == 0 else "date '1970-01-01'"
            days = self.seconds // _DAY_S
            start = f"({first} + (floor(({local}::date - {first}) / {days}) * {days})::integer)::timestamp"
        elif self.zone == "UTC":
            return f"epoch_us(time) // {us} * {us}"
        else:  # within a day; all hours of a day that the clock is changed on stay apart
            day = f"epoch_us(date_trunc('day', {local}) at time zone '{self.zone}')"
            return f"{day} + (epoch_us(time) - {day}) // {us} * {us}"
        return f"epoch_us({start} at time zone '{self.zone}')"

    def length_s(self) -> str:
        """Write the SQL of how many seconds the interval has that begins at ``start`` (timestamptz)."""
        if not self.months and (self.seconds % _DAY_S or self.zone == "UTC"):
            return str(self.seconds)
        step = f"{self.months} months" if self.months else f"{self.seconds // _DAY_S} days"
        end = f"((start at time zone '{self.zone}') + interval '{step}') at time zone '{self.zone}'"
        return f"((epoch_us({end}) - epoch_us(start)) / 1e6)"


def read_interval(text: str, zone: str = "UTC") -> Interval:
    """Read whole minutes like ``15min``, ``1d``, ``1w``, or months and years of the calendar, ``1mo``, ``1y``."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise FixConfiguration(
            "config.invalid", f"{zone[:60]!r} is no time zone: write one like Asia/Shanghai", place="tz"
        ) from error
    if found := _CALENDAR.fullmatch(text.strip()):
        months = int(found[1]) * (12 if found[2] == "y" else 1)
        return Interval(months * _MONTH_S, months, zone)
    try:
        every_s = seconds(text)
    except ValueError as error:
        raise FixConfiguration("config.invalid", str(error), place="every") from error
    if every_s < 60 or every_s % 60:
        raise FixConfiguration("config.invalid", f"{text!r} is not a number of whole minutes", place="every")
    return Interval(int(every_s), 0, zone)
