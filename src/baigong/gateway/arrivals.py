"""Last values of all points that come through the front door, in shared columns: a batch is noted without a loop
over the devices it may be from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from baigong.gateway.points import Ints, PointTable
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.frame import times_us

_COLUMNS: dict[str, Any] = {
    "raw": np.float64,
    "value": np.float64,
    "quality": np.int32,
    "time_us": np.int64,
    "good_us": np.int64,
    "news": np.float64,
    "mark_us": np.int64,
}
_FIRST = 1024  # rows


class Arrivals:
    """The points of one tenant's devices. Each device's ``PointTable`` has its rows in here: what one writes, the
    other reads.
    """

    def __init__(self) -> None:
        self._columns = {name: np.zeros(_FIRST, kind) for name, kind in _COLUMNS.items()}
        self._owner = np.full(_FIRST, -1, np.int64)  # number of the table whose row it is
        self._tables: dict[int, tuple[PointTable, slice]] = {}
        self._numbers: Ints = np.empty(0, np.int64)  # ascending, with the row of each beside it
        self._rows: Ints = np.empty(0, np.int64)
        self._used = 0
        self._next = 0

    def add(self, tenant: str, spec: DeviceSpec) -> tuple[int, PointTable]:
        """Make a device's table; the number it gets is what ``note`` returns for its values."""
        table = PointTable(tenant, spec)
        number, self._next = self._next, self._next + 1
        place = self._take(len(table) + 1)
        for name in _COLUMNS:
            self._columns[name][place] = getattr(table, name)
        self._owner[place] = number
        self._tables[number] = (table, place)
        self._bind(table, place)
        at = np.searchsorted(self._numbers, table.numbers)
        self._numbers = np.insert(self._numbers, at, table.numbers)
        self._rows = np.insert(self._rows, at, place.start + np.arange(len(table)))
        return number, table

    def drop(self, number: int) -> None:
        table, place = self._tables.pop(number)
        gone = (self._rows >= place.start) & (self._rows < place.stop)
        self._numbers, self._rows = self._numbers[~gone], self._rows[~gone]
        self._owner[place] = -1
        for name in _COLUMNS:  # whoever still holds the table keeps what it knew
            setattr(table, name, self._columns[name][place].copy())

    def note(self, batch: pa.RecordBatch, arrival_us: int, monotonic: float) -> tuple[Ints, Ints]:
        """Remember a batch; returns the numbers of the tables it had values for, and how many for each."""
        if not len(self._numbers):
            return self._numbers, self._numbers
        points = batch.column("point").to_numpy()
        at = np.minimum(np.searchsorted(self._numbers, points), len(self._numbers) - 1)
        mine = self._numbers[at] == points
        if not mine.all():
            if not mine.any():
                return self._numbers[:0], self._numbers[:0]
            at, batch = at[mine], batch.filter(pa.array(mine))
        rows = self._rows[at]
        columns = self._columns
        values = batch.column("value").to_numpy(zero_copy_only=False)
        qualities = batch.column("quality").to_numpy()
        columns["raw"][rows] = columns["value"][rows] = values
        columns["quality"][rows], columns["time_us"][rows] = qualities, times_us(batch)
        columns["news"][rows] = monotonic
        columns["good_us"][rows[(qualities & 0xC000) == 0]] = arrival_us
        self._note_texts(rows, batch.column("text"))
        owners, counts = np.unique(self._owner[rows], return_counts=True)
        return owners, counts

    def find(self, number: int) -> tuple[int, int] | None:
        """Return (table, row in it) of a point."""
        at = int(np.searchsorted(self._numbers, number))
        if at == len(self._numbers) or self._numbers[at] != number:
            return None
        row = int(self._rows[at])
        owner = int(self._owner[row])
        return owner, row - self._tables[owner][1].start

    def _note_texts(self, rows: Ints, texts: pa.Array) -> None:
        if texts.null_count == len(texts):
            return
        for at in np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False)):
            table, place = self._tables[int(self._owner[rows[at]])]
            table.text[int(rows[at]) - place.start] = texts[int(at)].as_py()

    def _take(self, rows: int) -> slice:
        """Find room for so many rows: behind the last, in twice as large columns where these are full."""
        if self._used + rows > len(self._owner):
            self._pack(rows)
        place = slice(self._used, self._used + rows)
        self._used += rows
        return place

    def _pack(self, rows: int) -> None:
        """Move everything together, which also takes the room of what was dropped."""
        held = sum(place.stop - place.start for _, place in self._tables.values())
        size = max(2 * (held + rows), _FIRST)
        old, old_owner = self._columns, self._owner
        self._columns = {name: np.zeros(size, kind) for name, kind in _COLUMNS.items()}
        self._owner = np.full(size, -1, np.int64)
        moved = np.full(len(old_owner), -1, np.int64)
        at = 0
        for number, (table, place) in self._tables.items():
            to = slice(at, at + place.stop - place.start)
            for name in _COLUMNS:
                self._columns[name][to] = old[name][place]
            self._owner[to] = number
            moved[place] = np.arange(to.start, to.stop)
            self._tables[number] = (table, to)
            self._bind(table, to)
            at = to.stop
        self._rows = moved[self._rows]
        self._used = at

    def _bind(self, table: PointTable, place: slice) -> None:
        for name in _COLUMNS:
            setattr(table, name, self._columns[name][place])
