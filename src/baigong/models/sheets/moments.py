"""Dates, clock times and durations as people write them into cells. Pure.

What a text alone cannot say is not guessed: 03/04/2026 needs an ``order``, and 3月4日 has no year.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Literal

Order = Literal["", "ymd", "dmy", "mdy"]
DAY_US = 86_400_000_000

_MONTHS = {
    name: at
    for at, names in enumerate(
        [
            "jan januar january",
            "feb februar february",
            "mar mär mrz march märz",
            "apr april",
            "may mai",
            "jun june juni",
            "jul july juli",
            "aug august",
            "sep sept september",
            "oct okt october oktober",
            "nov november",
            "dec dez december dezember",
        ],
        1,
    )
    for name in names.split()
}
_REST = r"(?:[\sT,]+(?P<rest>.+))?"
_YEAR_FIRST = re.compile(
    r"(?P<y>[12]\d{3})\s*(?:年|[-/.])\s*(?P<m>\d{1,2})\s*(?:月|[-/.])\s*(?P<d>\d{1,2})\s*日?(?:[\sT,]*(?P<rest>.+))?"
)
_YEAR_LAST = re.compile(r"(?P<a>\d{1,2})\s*(?P<s>[-/.])\s*(?P<b>\d{1,2})\s*(?P=s)\s*(?P<y>[12]\d{3}|\d{2})" + _REST)
_DAY_NAMED = re.compile(r"(?P<d>\d{1,2})\.?[\s-]*(?P<m>[A-Za-zä]{3,9})\.?[\s,-]+(?P<y>[12]\d{3}|\d{2})" + _REST)
_MONTH_NAMED = re.compile(r"(?P<m>[A-Za-zä]{3,9})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>[12]\d{3})" + _REST)
_COMPACT = re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?:[\sT_-]*(?P<rest>\d{4,6}|\d.*:.*))?")
_YEARLESS = re.compile(r"(\d{1,2})\s*月\s*(\d{1,2})\s*日|(\d{1,2})[/.](\d{1,2})")
_CLOCK = re.compile(
    r"(?P<before>上午|下午|凌晨|早上|中午|晚上|[AaPp]\.?[Mm]\.?)?\s*(?P<h>\d{1,2})\s*(?:[:：时点]\s*(?P<m>\d{1,2})?)\s*"
    r"(?:(?:[:：分]\s*)(?P<s>\d{1,2}(?:[.,]\d{1,9})?)?\s*秒?)?\s*(?P<after>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
_HOUR_WORD = re.compile(r"(?P<h>\d{1,2})\s*(?P<after>[AaPp]\.?[Mm]\.?)")
_DIGITS = re.compile(r"(\d{2})(\d{2})(\d{2})?")
_LATE = {"下午", "晚上", "p"}
_PARTS = re.compile(
    r"(?:(?P<d>\d+(?:\.\d+)?)\s*(?:d|days?|天|日))?\s*(?:(?P<h>\d+(?:\.\d+)?)\s*(?:h|hr|hrs|hours?|小时|时))?\s*"
    r"(?:(?P<m>\d+(?:\.\d+)?)\s*(?:m|min|mins|minutes?|分钟|分))?\s*(?:(?P<s>\d+(?:\.\d+)?)\s*(?:s|sec|seconds?|秒))?",
    re.I,
)
_LONG_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?")


class Unclear(ValueError):
    """A text that is a moment, and not which. ``why``: order | year."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def read_moment(text: str, order: Order = "") -> tuple[datetime, bool] | None:
    """Return (moment, whether it names a clock time) or None for no date; raises Unclear for what could be several.

    Without a zone where the text names none.

    >>> read_moment("2026年11月22日 8时30分")
    (datetime.datetime(2026, 11, 22, 8, 30), True)
    >>> read_moment("22.11.2026"), read_moment("11/22/26")
    ((datetime.datetime(2026, 11, 22, 0, 0), False), (datetime.datetime(2026, 11, 22, 0, 0), False))
    >>> read_moment("3/4/2026", "dmy")
    (datetime.datetime(2026, 4, 3, 0, 0), False)
    """
    text = text.strip()
    found = _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text)
    if found:
        return _put_together(found["y"], found["m"], found["d"], found["rest"])
    if found := (_DAY_NAMED.fullmatch(text) or _MONTH_NAMED.fullmatch(text)):
        month = _MONTHS.get(found["m"].lower())
        return _put_together(found["y"], str(month), found["d"], found["rest"]) if month else None
    if found := _YEAR_LAST.fullmatch(text):
        first, second = int(found["a"]), int(found["b"])
        which = _order_of(first, second, found["s"]) or order
        if which not in ("dmy", "mdy"):
            raise Unclear("order")
        day, month = (first, second) if which == "dmy" else (second, first)
        return _put_together(found["y"], str(month), str(day), found["rest"])
    if _YEARLESS.fullmatch(text) and "月" in text:
        raise Unclear("year")
    return None


def _order_of(first: int, second: int, sign: str) -> Order:
    """Say the order that a date shows by itself: a day beyond 12, or the points of German and Chinese habit."""
    if first > 12 and second > 12:
        return ""
    if first > 12:
        return "dmy"
    if second > 12:
        return "mdy"
    return "dmy" if sign == "." else ""


def order_of(texts: Iterable[str]) -> Order:
    """Say which order the dates of a column show together; empty where none of them tells, or they disagree.

    >>> order_of(["03/04/2026", "22/04/2026"]), order_of(["03/04/2026"])
    ('dmy', '')
    """
    shown: set[Order] = set()
    for text in texts:
        if found := _YEAR_LAST.fullmatch(text.strip()):
            shown.add(_order_of(int(found["a"]), int(found["b"]), found["s"]))
    shown.discard("")
    return shown.pop() if len(shown) == 1 else ""


def _put_together(year: str, month: str, day: str, rest: str | None) -> tuple[datetime, bool] | None:
    number = int(year)
    number += 0 if number > 99 else 2000 if number < 70 else 1900  # POSIX strptime %y
    try:
        moment = datetime(number, int(month), int(day))  # noqa: DTZ001 - a sheet knows no zone
    except ValueError:
        return None
    if not rest:
        return moment, False
    clock = read_clock(rest)
    if clock is None:
        return None
    us, zone = clock
    moment += timedelta(microseconds=us)
    return (moment.replace(tzinfo=timezone(timedelta(minutes=zone))) if zone is not None else moment), True


def read_clock(text: str) -> tuple[int, int | None] | None:
    """Return (microseconds after midnight, minutes east of Greenwich or None), or None for what is no clock time.

    >>> read_clock("8:30 PM"), read_clock("下午3点"), read_clock("23时05分"), read_clock("24:00"), read_clock("8.5")
    ((73800000000, None), (54000000000, None), (83100000000, None), (86400000000, None), None)
    """
    text = text.strip()
    if found := _DIGITS.fullmatch(text):
        return _clock(int(found[1]), int(found[2]), float(found[3] or 0), "", None)
    if found := _HOUR_WORD.fullmatch(text):
        return _clock(int(found["h"]), 0, 0.0, found["after"], None)
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    seconds = float((found["s"] or "0").replace(",", "."))
    half = found["before"] or found["after"] or ""
    return _clock(int(found["h"]), int(found["m"] or 0), seconds, half, found["zone"])


def _clock(hour: int, minute: int, second: float, half: str, zone: str | None) -> tuple[int, int | None] | None:
    half = half[:1].lower() if half[:1].isascii() else half
    if half in _LATE and hour < 12:
        hour += 12
    if half in {"a", "凌晨"} and hour == 12:
        hour = 0
    if hour > 24 or minute > 59 or second >= 60 or (hour == 24 and (minute or second)):
        return None
    east = None
    if zone:
        digits = zone.replace(":", "")
        east = 0 if zone == "Z" else (int(digits[1:3]) * 60 + int(digits[3:5])) * (-1 if zone[0] == "-" else 1)
        if abs(east) >= 24 * 60:
            return None
    return (hour * 3600 + minute * 60) * 1_000_000 + round(second * 1e6), east


def read_duration(text: str) -> int | None:
    """Return microseconds, or None for what is no duration.

    >>> read_duration("1h30m"), read_duration("2小时15分"), read_duration("26:30"), read_duration("90")
    (5400000000, 8100000000, 95400000000, None)
    """
    text = text.strip()
    if found := _LONG_CLOCK.fullmatch(text):
        return round((int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3] or 0)) * 1e6)
    found = _PARTS.fullmatch(text)
    if not text or found is None or not any(found.groupdict().values()):
        return None
    sizes = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
    return round(sum(float(found[name] or 0) * size for name, size in sizes.items()) * 1e6)
