"""One bound of a company: what was said where, how much of it is used, and the error when it is not enough."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.quotas import KINDS, Quotas

Level = Literal["platform", "region", "company", "site"]
NEAR, FULL = 0.8, 1.0
UNBOUNDED = Quotas()


class Line(Struct, frozen=True, kw_only=True):
    """One bound as it stands. ``part``: used / limit; ``level``: where the tightest limit was said."""

    what: str
    limit: int
    used: float
    part: float
    level: Level
    place: str = ""


def name_of(level: Level, place: str) -> str:
    return f"{level}/{place}" if place else level


def merged(own: Quotas, default: Quotas) -> Quotas:
    if default == UNBOUNDED:  # most platforms
        return own
    missing = {what: default.of(what) for what in KINDS if own.of(what) is None}
    return msgspec.structs.replace(own, **missing)


def line_of(what: str, limit: int, used: float, level: Level, place: str) -> Line:
    part = used / limit if limit else (1.0 if not used else 10.0)
    return Line(what=what, limit=limit, used=used, part=round(part, 4), level=level, place=place)


def full(what: str, line: Line, used: float, more: int) -> FixConfiguration:
    place = f" of {line.level} {line.place}".rstrip()
    error = FixConfiguration(
        "quota.full", f"{what}: {used:.0f} of {line.limit}{place} are taken, {more} more do not fit", place=what
    )
    error.fields["room"] = max(0, int(line.limit - used))
    return error
