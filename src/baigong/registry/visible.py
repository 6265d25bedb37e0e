"""What of a tenant is open to somebody: points, of each the values between two times, and what happened to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from baigong.registry.book import PointBook
from baigong.security.scope import Ref
from baigong.stores.lake.contract import LakeReader
from baigong.stores.lake.part import LATEST_US, Part, PartReader

EXCHANGED = "meter_exchange"  # the kind of episode that remembers one: "meter_exchange/<number of its point>/<time>"


class Window(NamedTuple):
    """Which of a point's values are open: from–to in µs, None: no bound."""

    from_us: int | None = None
    until_us: int | None = None

    def holds(self, time_us: int) -> bool:
        return (self.from_us is None or time_us >= self.from_us) and (self.until_us is None or time_us < self.until_us)

    def touches(self, start_us: int, end_us: int | None) -> bool:
        """Say whether something of [start, end) lies inside; an end of None: it goes on."""
        ended = self.from_us is not None and end_us is not None and end_us < self.from_us
        return not ended and (self.until_us is None or start_us < self.until_us)


OPEN = Window()


def last_window(windows: Iterable[Window]) -> Window:
    """Join windows that meet; of what then lies apart return the one that ends last: a gap is never opened.

    >>> last_window([Window(0, 10), Window(5, 20), Window(30, 40)]), last_window([Window(0, 10), Window(10, None)])
    (Window(from_us=30, until_us=40), Window(from_us=0, until_us=None))
    """
    ends_first = sorted(windows, key=lambda w: LATEST_US if w.until_us is None else w.until_us)
    found = ends_first.pop()
    for window in reversed(ends_first):  # all of these end before
        begin, end = found.from_us, window.until_us
        if begin is None:
            break
        if end is None or end >= begin:
            found = Window(None if window.from_us is None else min(begin, window.from_us), found.until_us)
    return found


@dataclass(slots=True, frozen=True)
class Visible:
    """What of one tenant somebody may see or read: everything, or these points only. ``book`` knows no others.

    ``key``: another one for every answer about a part, 0 for everything. ``of``: the window of an asset or device.
    """

    everything: bool
    points: Mapping[int, Window]
    book: PointBook
    part: Part
    key: int = 0
    of: Callable[[Ref], Window | None] = lambda ref: OPEN

    def __contains__(self, number: int) -> bool:
        return self.everything or number in self.points

    def window(self, number: int) -> Window | None:
        """Return which values of a point are open; None: the point is not."""
        return OPEN if self.everything else self.points.get(number)

    def holds(self, other: Visible) -> bool:
        """Say whether everything that ``other`` shows is open here too."""
        return self.everything or (
            not other.everything and all(self.points.get(n) == window for n, window in other.points.items())
        )

    def lake(self, lake: LakeReader) -> LakeReader:
        """Return a reader that gives only what is open."""
        return lake if self.everything else PartReader(lake, self.part)

    def episode(self, tenant: str, id: str, asset: str, kind: str, start_us: int, end_us: int | None) -> bool:
        """Say whether an episode is open: its asset is, or the point whose meter was exchanged."""
        if self.everything:
            return True
        if kind == EXCHANGED:
            number = id.split("/")[1:2]
            window = self.window(int(number[0])) if number and number[0].isdecimal() else None
        else:
            window = self.of(Ref("Asset", f"{tenant}/{asset}")) if asset else None
        return window is not None and window.touches(start_us, end_us)


def open_episodes(table: pa.Table, tenant: str, only: Visible) -> pa.Table:
    """Cut a table of episodes (as SQL has it) down to those that are open."""
    times = [table.column(name).cast(pa.int64()).to_pylist() for name in ("start_time", "end_time")]
    words = [table.column(name).to_pylist() for name in ("id", "asset", "kind")]
    rows = zip(*words, *times, strict=True)
    return table.filter(pa.array([only.episode(tenant, *row) for row in rows], pa.bool_()))
