"""Which devices changed since when, so that a gateway applies only these."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
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
        self._first: list[str] = []  # tenant/device of those there were at the start: revisions 1, 2, …
        self._last: OrderedDict[Key, int] = OrderedDict()

    def begin(self, keys: Iterable[Key]) -> None:
        """Say what there is at the start."""
        self._first = [f"{tenant}/{device}" for tenant, device in keys]
        self.revision = len(self._first)

    def note(self, keys: Iterable[Key]) -> None:
        """A device was made, changed or removed."""
        for key in keys:
            self.revision += 1
            self._last[key] = self.revision
            self._last.move_to_end(key)

    def since(self, revision: int) -> Iterator[tuple[int, Key]]:
        """Yield (revision, device) of what changed after ``revision``, oldest first."""
        for at in range(revision, len(self._first)):
            tenant, _, device = self._first[at].partition("/")
            if (tenant, device) not in self._last:  # else it comes with its last change
                yield at + 1, (tenant, device)
        missed = self.revision - max(revision, len(self._first))  # at most so many devices
        newest = islice(reversed(self._last.items()), max(missed, 0))
        found = [(at, key) for key, at in newest if at > revision]
        yield from reversed(found)
