"""Which devices changed since when, so that a gateway applies only these."""

from __future__ import annotations

from array import array
from bisect import bisect_right
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
        self._at_start = 0
        self._first: dict[str, tuple[array[int], list[str]]] = {}  # gateway -> revisions, and tenant/device of each
        self._last: OrderedDict[Key, int] = OrderedDict()

    def begin(self, keys: Iterable[tuple[str, str, str]]) -> None:
        """Say what there is at the start: (tenant, device, gateway)."""
        for tenant, device, gateway in keys:
            self.revision += 1
            revisions, names = self._first.setdefault(gateway, (array("q"), []))
            revisions.append(self.revision)
            names.append(f"{tenant}/{device}")
        self._at_start = self.revision

    @property
    def gateways(self) -> set[str]:
        """Return those that had a device at the start."""
        return set(self._first)

    def note(self, keys: Iterable[Key]) -> None:
        """A device was made, changed or removed."""
        for key in keys:
            self.revision += 1
            self._last[key] = self.revision
            self._last.move_to_end(key)

    def since(self, revision: int, gateway: str = "local") -> Iterator[tuple[int, Key]]:
        """Yield (revision, device) of what changed after ``revision``, oldest first.

        Of what there was at the start only that of ``gateway``: nobody was told of the rest.
        """
        revisions, names = self._first.get(gateway, (array("q"), []))
        for at in range(bisect_right(revisions, revision), len(names)):
            tenant, _, device = names[at].partition("/")
            if (tenant, device) not in self._last:  # else it comes with its last change
                yield revisions[at], (tenant, device)
        missed = self.revision - max(revision, self._at_start)  # at most so many devices
        newest = islice(reversed(self._last.items()), max(missed, 0))
        found = [(at, key) for key, at in newest if at > revision]
        yield from reversed(found)
