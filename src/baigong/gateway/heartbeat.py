"""Which devices a heartbeat tells of: all of them while they are few, else what changed, and all others in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Key = tuple[str, str]  # tenant, device
Row = dict[str, Any]
_FEW = 300  # of so many, every heartbeat tells all
_CHANGED = 700  # told at once: a heartbeat must stay below the bus's 1 MiB
_IN_TURN = 200  # told of anew in every heartbeat, whatever happens


class Turns:
    """Call ``rows`` once for each heartbeat."""

    def __init__(self, keys: Callable[[], list[Key]], status: Callable[[Key], Row | None]) -> None:
        self._keys = keys
        self._status = status
        self._changed: dict[Key, None] = {}
        self._round: Iterator[Key] = iter(())
        self._many = False

    def rows(self, changed: set[Key], total: int) -> dict[str, Any]:
        """Return the heartbeat's fields about devices; ``total``: how many there are at least."""
        if total <= _FEW and len(keys := self._keys()) <= _FEW:
            self._changed.clear()
            return {"devices": [row for key in keys if (row := self._status(key)) is not None]}
        self._changed |= dict.fromkeys(changed)
        told: dict[Key, Row | None] = {}
        for key in list(self._changed)[:_CHANGED]:
            del self._changed[key]
            told[key] = self._status(key)
        begun_anew, enough = False, max(_IN_TURN, len(told))
        while len(told) < enough:
            key = next(self._round, ("", ""))
            if key != ("", ""):
                told.setdefault(key, self._status(key))
            elif begun_anew:
                break
            else:
                self._round, begun_anew = iter(self._keys()), True
        return {
            "devices": [row for row in told.values() if row is not None],
            "devices_gone": [key for key, row in told.items() if row is None],
            "devices_in_part": True,
        }
