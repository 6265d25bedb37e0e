"""Reads addresses: ``Xact`` (a data item's id), ``pos#x``, ``vars#R12``, ``offsets#G54.X``, ``temp#message``."""

from __future__ import annotations

from typing import Any

from baigong.vocab.errors import FixConfiguration

_LONGEST = 200


def split(address: str) -> tuple[str, str]:
    """Return (id of the data item, what of it; empty: its value). Raises driver.address.

    >>> split("pos#x"), split("Xact")
    (('pos', 'x'), ('Xact', ''))
    """
    item, mark, part = address.strip().partition("#")
    if not item or (mark and not part) or len(address) > _LONGEST or any(c.isspace() or ord(c) < 32 for c in item):
        raise FixConfiguration("driver.address", f"{address!r}: write the id of a data item, like Xact", place=address)
    return item, part


def canonical(address: str) -> str:
    """Write an address in the one way that numbers its point; ids differ by upper and lower case."""
    item, part = split(address)
    return f"{item}#{part}" if part else item


def check(address: str, options: dict[str, Any]) -> None:
    """Raise driver.address for what no agent can have."""
    split(address)
