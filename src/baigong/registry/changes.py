"""Which devices changed since when, so that a gateway applies only these."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from itertools import islice

from baigong.security.tokens import new_token

Key = tuple[str, str]  # tenant, device


class Changes:
    """Every device that is or was, in the order of its last change.

    ``revision`` counts changes within one ``run`` of the registry; whoever knows another run asks from 0.
    """

    def __init__(self) -> None:
        self.run = new_token("run")
        self.revision = 0
        self._last: OrderedDict[Key, int] = OrderedDict()

    def note(self, keys: Iterable[Key]) -> None:
        """A device was made, changed or removed."""
        for key in keys:
            self.revision += 1
            self._last[key] = self.revision
            self._last.move_to_end(key)

    def since(self, revision: int) -> list[tuple[int, Key]]:
        """Return (revision, device) of what changed after ``revision``, oldest first."""
        missed = self.revision - revision  # at most so many devices
        newest = islice(reversed(self._last.items()), max(missed, 0))
        found = [(at, key) for key, at in newest if at > revision]
        found.reverse()
        return found
