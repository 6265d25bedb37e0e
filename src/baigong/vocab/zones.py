"""Time zones, as people name them."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from baigong.vocab.errors import FixConfiguration


def zone_of(name: str, place: str) -> ZoneInfo:
    """Return a zone by its name in the tz database, like Asia/Shanghai. Raises config.invalid, at ``place``.

    >>> zone_of("Asia/Shanghai", "zone").key
    'Asia/Shanghai'
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones, or too long a name
        raise FixConfiguration("config.invalid", f"there is no time zone {name!r}", place=place) from error
