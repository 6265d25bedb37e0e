"""Reads the times that people write in URLs."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from baigong.vocab.devices import seconds
from baigong.vocab.errors import FixConfiguration

_MICROSECONDS = re.compile(r"-?[0-9]{1,20}")
_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_800_000_000  # years 1 to 9999


def read_time(text: str, now_us: int, place: str) -> int:
    """Read microseconds since the epoch, ISO 8601 (UTC when it names no zone), ``now``, ``-30d`` or ``now-30d``.

    >>> read_time("now-1h", 3_600_000_000, "start"), read_time("1970-01-01T00:00:01+00:00", 0, "start")
    (0, 1000000)
    """
    plain = text.strip()
    made = _read(plain, now_us)
    if made is None or not _FIRST <= made < _LAST:
        raise FixConfiguration(
            "config.invalid",
            f"{text!r} is no time: write microseconds, ISO 8601, now, or something like -30d",
            place=place,
        )
    return made


def _read(plain: str, now_us: int) -> int | None:
    try:
        if _MICROSECONDS.fullmatch(plain):
            return int(plain)
        if plain == "now":
            return now_us
        back = plain.removeprefix("now")
        if back[:1] in "+-" and not back[1:2].isspace():
            away = round(seconds(back[1:]) * 1e6)
            return now_us - away if back[0] == "-" else now_us + away
        # A "+" in a query string arrives as a blank unless it was escaped.
        moment = datetime.fromisoformat(plain.replace(" ", "+") if "T" in plain else plain)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    away_from_epoch = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (away_from_epoch.days * 86_400 + away_from_epoch.seconds) * 1_000_000 + away_from_epoch.microseconds
