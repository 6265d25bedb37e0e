"""Reads addresses: ``meters.kwh``, a feed and what of it."""

from __future__ import annotations

from typing import Any

from baigong.vocab.errors import FixConfiguration


def split(address: str) -> tuple[str, str]:
    """Return (feed, column; or name, where a column of the feed names the points). Raises driver.address.

    >>> split("meters.kwh"), split("press.oven 3.temperature")
    (('meters', 'kwh'), ('press', 'oven 3.temperature'))
    """
    feed, _, what = address.strip().partition(".")
    if not feed or not what:
        raise FixConfiguration(
            "driver.address", f"{address!r}: write a feed and what of it, like meters.kwh", place=address
        )
    return feed, what


def check(address: str, options: dict[str, Any]) -> None:
    """Raise driver.address for what no feed can have; which feeds there are, the driver says when it asks."""
    split(address)
