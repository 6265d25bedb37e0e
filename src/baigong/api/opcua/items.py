"""The monitored items of one subscription in columns: filters, sampling and queues of thousands at once.

OPC 10000-4 §5.13.1: each item samples its point, a filter says what is news, and a queue keeps it until it is
published. What is news here is what arrives: points report by exception, and their drivers have scanned them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from baigong.api.opcua import datavalues
from baigong.api.opcua.datavalues import OVERFLOW, Codes, Floats, Ints, Objects, Rows, Small

DISABLED, SAMPLING, REPORTING = 0, 1, 2  # MonitoringMode
STATUS_ONLY, STATUS_VALUE, STATUS_VALUE_TIME = 0, 1, 2  # DataChangeTrigger
_NEVER = -(1 << 62)


@dataclass(slots=True, frozen=True)
class Item:
    """What a client asked for of one point. ``queue``: values kept between two messages; ``sampling_us`` 0: all."""

    handle: int
    number: int
    type: int
    stamps: int
    sampling_us: int = 0
    queue: int = 1
    discards_oldest: bool = True
    trigger: int = STATUS_VALUE
    deadband: float = 0.0
    mode: int = REPORTING


@dataclass(slots=True)
class Batch:
    """Rows that arrived, with the place of each one's item and when it arrived."""

    spots: Ints
    arrived: Ints
    rows: Rows

    def __len__(self) -> int:
        return len(self.spots)

    def take(self, which: Any) -> Batch:
        return Batch(self.spots[which], self.arrived[which], self.rows.take(which))


class Items:
    """Lives on the event loop. Places of items that were deleted are used again only by ``put``."""

    def __init__(self) -> None:
        self.held: dict[int, Item] = {}  # by the id that the client knows
        self._spots: dict[int, int] = {}
        self._ids: list[int] = []
        self._columns()
        self.last_value: Floats = np.empty(0)
        self.last_status: Codes = np.empty(0, np.uint32)
        self.last_time: Ints = np.empty(0, np.int64)
        self.last_slot: Ints = np.empty(0, np.int64)
        self.last_text: Objects = np.empty(0, object)
        self.overflown = 0

    def __len__(self) -> int:
        return len(self.held)

    def put(self, made: Iterable[tuple[int, Item]]) -> None:
        """Add items, or change those of the same id."""
        for id, item in made:
            if id not in self._spots:
                self._spots[id] = len(self._ids)
                self._ids.append(id)
            self.held[id] = item
        more = len(self._ids) - len(self.last_value)
        self.last_value = np.append(self.last_value, np.full(more, np.nan))
        self.last_status = np.append(self.last_status, np.full(more, 0xFFFFFFFF, np.uint32))
        self.last_time = np.append(self.last_time, np.full(more, _NEVER, np.int64))
        self.last_slot = np.append(self.last_slot, np.full(more, _NEVER, np.int64))
        self.last_text = np.append(self.last_text, np.full(more, None, object))
        self._columns()

    def drop(self, ids: Iterable[int]) -> None:
        """Forget items; the places of the others stay, so that rows under way still find them."""
        for id in ids:
            self.held.pop(id, None)
        self._columns()

    def mode(self, id: int, mode: int) -> None:
        self.held[id] = replace(self.held[id], mode=mode)

    def lose(self, id: int) -> None:
        """Let an item hear of its point no more, but stay."""
        self.held[id] = replace(self.held[id], number=-1)

    def renew(self) -> None:
        """Forget what of every item was reported last."""
        self.last_status[:] = 0xFFFFFFFF
        self.last_time[:] = _NEVER
        self.last_slot[:] = _NEVER

    def changed(self) -> None:
        """Follow ``mode`` and ``lose``."""
        self._columns()

    def _columns(self) -> None:
        kept = [self.held.get(id) for id in self._ids]
        none = Item(0, 0, 0, 0, mode=DISABLED)
        items = [none if item is None else item for item in kept]

        def column(name: str, kind: Any) -> Any:
            return np.array([getattr(item, name) for item in items], kind)

        self.handles: Codes = column("handle", np.uint32)
        self.types: Small = column("type", np.uint8)
        self.stamps: Small = column("stamps", np.uint8)
        self._sampling: Ints = column("sampling_us", np.int64)
        self._queue: Ints = column("queue", np.int64)
        self._oldest = column("discards_oldest", bool)
        self._trigger: Small = column("trigger", np.uint8)
        self._deadband: Floats = column("deadband", np.float64)
        self._modes: Small = column("mode", np.uint8)
        live = np.flatnonzero(self._modes != DISABLED)
        numbers = column("number", np.int64)[live]
        order = np.argsort(numbers, kind="stable")
        self.numbers: Ints = numbers[order]  # sorted, for whoever looks for their rows
        self._by_number: Ints = live[order]

    def spots_of(self, points: Ints) -> tuple[Ints, Ints]:
        """Return (index into ``points``, place of an item) of each pair; several items may watch one point."""
        left, right = np.searchsorted(self.numbers, points, "left"), np.searchsorted(self.numbers, points, "right")
        counts = right - left
        rows = np.repeat(np.arange(len(points)), counts)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        return rows, self._by_number[np.repeat(left, counts) + within]

    def spot(self, id: int) -> int:
        return self._spots[id]

    def sift(self, batch: Batch, now_us: int) -> tuple[Batch, Batch]:
        """Return (what is news, in order of item and time; what waits for its item's next sampling)."""
        batch = batch.take(self._modes[batch.spots] != DISABLED)
        batch = batch.take(np.lexsort((batch.arrived, batch.rows.times, batch.spots)))
        batch = batch.take(batch.rows.times >= self.last_time[batch.spots])  # news of the past is history's
        batch, waiting = self._sampled(batch, now_us)
        if len(batch):
            batch = self._news(batch)
        return batch, waiting

    def _sampled(self, batch: Batch, now_us: int) -> tuple[Batch, Batch]:
        none = batch.take(slice(0, 0))
        every = self._sampling[batch.spots]
        if not every.any():
            return batch, none
        at_once = every == 0
        every = np.where(at_once, 1, every)
        # an interval that had its sample leaves what comes later in it to the next one: one value an interval
        slots = np.maximum(batch.arrived // every, self.last_slot[batch.spots] + 1)
        slots[at_once] = np.flatnonzero(at_once)  # each its own
        last = np.ones(len(batch), bool)
        last[:-1] = (batch.spots[1:] != batch.spots[:-1]) | (slots[1:] != slots[:-1])
        ripe = at_once | (slots <= now_us // every)
        taken = last & ripe
        sampled = taken & ~at_once
        np.maximum.at(self.last_slot, batch.spots[sampled], slots[sampled])
        return batch.take(taken), batch.take(last & ~ripe)

    def _news(self, batch: Batch) -> Batch:
        spots, rows = batch.spots, batch.rows
        first = np.ones(len(batch), bool)
        first[1:] = spots[1:] != spots[:-1]
        before = _before(rows.values, first, self.last_value[spots])
        other = (rows.values != before) & ~(np.isnan(rows.values) & np.isnan(before))
        if rows.texts is not None:
            other |= rows.texts != _before(rows.texts, first, self.last_text[spots])
        status = rows.statuses != _before(rows.statuses, first, self.last_status[spots])
        moved = rows.times != _before(rows.times, first, self.last_time[spots])
        trigger = self._trigger[spots]
        news = status | (other & (trigger >= STATUS_VALUE)) | (moved & (trigger == STATUS_VALUE_TIME))
        banded = self._deadband[spots] > 0
        reported = rows.values
        if banded.any():
            news, reported = self._banded(batch, first, banded, news, status)
        last = np.append(first[1:], True)
        ends = spots[last]
        self.last_value[ends], self.last_status[ends] = reported[last], rows.statuses[last]
        self.last_time[ends] = rows.times[last]
        if rows.texts is not None:
            self.last_text[ends] = rows.texts[last]
        return batch.take(news)

    def _banded(self, batch: Batch, first: Any, banded: Any, news: Any, status: Any) -> tuple[Any, Floats]:
        """Judge rows of items with a deadband one by one: each is compared with what was last reported."""
        reported = batch.rows.values.copy()
        held = 0.0
        for at in np.flatnonzero(banded).tolist():
            spot, value = batch.spots[at], batch.rows.values[at]
            if first[at]:
                held = self.last_value[spot]
            told = bool(status[at]) or not abs(value - held) <= self._deadband[spot]
            told = told and not (np.isnan(value) and np.isnan(held) and not status[at])
            news[at] = told
            held = value if told else held
            reported[at] = held
        return news, reported

    def queued(self, held: Batch | None, fresh: Batch) -> Batch:
        """Put news behind what waits to be published; of each item as many as its queue holds."""
        if held is not None and len(held):
            fresh = joined([held, fresh])
        order = np.argsort(fresh.spots, kind="stable")
        spots = fresh.spots[order]
        alive = self._modes[spots] == REPORTING
        order, spots = order[alive], spots[alive]
        if not len(spots):
            return fresh.take(order)
        edges = np.flatnonzero(np.append(True, spots[1:] != spots[:-1]))
        counts = np.diff(np.append(edges, len(spots)))
        rank = np.arange(len(spots)) - np.repeat(edges, counts)  # from the oldest, 0
        size, count = self._queue[spots], np.repeat(counts, counts)
        excess = count - size
        keeps_new = rank >= excess
        keeps_old = (rank < size - 1) | (rank == count - 1)
        kept = np.where(self._oldest[spots], keeps_new, keeps_old)
        marked = (excess > 0) & (size > 1) & np.where(self._oldest[spots], rank == excess, rank == count - 1)
        if marked.any():
            fresh.rows.statuses = fresh.rows.statuses.copy()
            fresh.rows.statuses[order[marked]] |= np.uint32(OVERFLOW)
        self.overflown += int(((~kept) & (size > 1)).sum())
        return fresh.take(order[kept])


def joined(batches: list[Batch]) -> Batch:
    """Put batches behind each other."""
    spots, arrived = np.concatenate([b.spots for b in batches]), np.concatenate([b.arrived for b in batches])
    return Batch(spots, arrived, datavalues.joined([b.rows for b in batches]))


def _before(column: Any, first: Any, held: Any) -> Any:
    """Return of each row what stood before it: the row before, or what its item had last."""
    made = np.empty_like(column)
    made[1:] = column[:-1]
    made[first] = held[first]
    return made
