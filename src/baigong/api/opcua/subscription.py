"""One subscription: its items, what of them is news, and the messages that tell it (OPC 10000-4 §5.14)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary

from baigong.api.opcua.datavalues import Ints, Rows, encoded
from baigong.api.opcua.feed import Feed
from baigong.api.opcua.items import Batch, Items, joined
from baigong.api.opcua.notices import data_change, message, status_change
from baigong.stores.lake.part import Part

if TYPE_CHECKING:
    from baigong.api.opcua.session import Session

_KEPT = 200  # messages not acknowledged yet that a client may ask for again
_KEPT_BYTES = 8 << 20
_MOST_ROWS = 200_000  # that may wait to be sifted
_MOST_IN_MESSAGE = 10_000
Reading = Callable[[ua.ReadValueId], ua.DataValue]


@dataclass(slots=True)
class Sampled:
    """An item that is no point's value: read at each turn, told when it is another."""

    handle: int
    what: ua.ReadValueId
    stamps: ua.TimestampsToReturn
    reports: bool = True
    last: object = None


@dataclass(slots=True)
class Pace:
    """Times in cycles of ``interval_s``."""

    interval_s: float
    keep_alive: int
    lifetime: int
    most: int  # notifications in a message
    enabled: bool = True


@dataclass(slots=True)
class Sent:
    """Counts of a whole server."""

    values: int = 0
    messages: int = 0
    overflown: int = 0
    bytes: int = 0


class Subscription:
    """Lives on the event loop; only ``wants`` and ``take`` come from elsewhere, under the lock of the feed.

    ``answer``: gives a message to a Publish request that waits; False: there is none. ``read``: for other items.
    """

    def __init__(
        self,
        id: int,
        pace: Pace,
        feed: Feed,
        sent: Sent,
        clock_us: Callable[[], int],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.id, self.pace, self.items = id, pace, Items()
        self.others: dict[int, Sampled] = {}
        self.part: Part | None = None
        self._feed, self._sent, self._clock_us, self._loop = feed, sent, clock_us, loop
        self._arrived: list[Batch] = []
        self._rows = 0
        self._waits: Batch | None = None  # for its next sampling
        self._ready: Batch | None = None  # for a Publish request
        self._notices: list[bytes] = []
        self._sequence = 0
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._kept_bytes = 0
        self._quiet = pace.keep_alive  # so that the first message comes with the first cycle
        self._unheard = 0
        self.late = False
        self.ended = False
        self.owner: Session | None = None  # the session that hears it; None: its session went, and it waits for another

    def wants(self, points: Ints) -> tuple[Ints, Ints]:
        return self.items.spots_of(points)

    def take(self, spots: Ints, rows: Rows, arrived_us: int) -> None:
        if not len(spots):
            return
        self._arrived.append(Batch(spots, np.full(len(spots), arrived_us, np.int64), rows))
        self._rows += len(spots)
        if self._rows > _MOST_ROWS:
            self._rows = 0
            self._loop.call_soon_threadsafe(self.sift)

    def put(self, spots: Ints, rows: Rows) -> None:
        """Take rows that were read, not heard."""
        with self._feed.lock:
            self.take(spots, rows, self._clock_us())

    def drop(self, ids: Sequence[int]) -> None:
        """Forget items, and what of them waits."""
        self.purge([id for id in ids if id in self.items.held])
        with self._feed.lock:
            self.items.drop(ids)
        for id in ids:
            self.others.pop(id, None)

    def purge(self, ids: Sequence[int]) -> None:
        """Forget values of items that wait to be told."""
        self.sift()
        spots = [self.items.spot(id) for id in ids]
        if self._ready is not None:
            self._ready = self._ready.take(~np.isin(self._ready.spots, spots))
        if self._waits is not None:
            self._waits = self._waits.take(~np.isin(self._waits.spots, spots))

    def sift(self) -> None:
        """Find out what of all that arrived is news, and queue it."""
        with self._feed.lock:
            arrived, self._arrived, self._rows = self._arrived, [], 0
        if self._waits is not None and len(self._waits):
            arrived.insert(0, self._waits)
        if not arrived:
            return
        before = self.items.overflown
        news, self._waits = self.items.sift(joined(arrived), self._clock_us())
        if len(news):
            self._ready = self.items.queued(self._ready, news)
        self._sent.overflown += self.items.overflown - before

    def sample(self, read: Reading) -> None:
        """Read the items that are no point's value."""
        fresh = []
        for one in self.others.values():
            if one.reports and (told := read(one.what)) is not None:
                seen = (told.Value, told.StatusCode)
                if seen != one.last:
                    one.last = seen
                    fresh.append(struct_to_binary(ua.MonitoredItemNotification(one.handle, told)))
        if fresh:
            self._notices.append(data_change(len(fresh), b"".join(fresh)))

    def end(self, code: int) -> None:
        """Tell the client that nothing more will come, not even what waits, and why."""
        self.purge(list(self.items.held))
        self._notices.append(status_change(code))
        self.ended = True

    def cycle(self) -> bool:
        """Count a publishing cycle; False: nobody has asked for so long that the subscription is over."""
        self.sift()
        self._quiet += 1
        self._unheard += 1
        self.late = self.has_news or self._quiet >= self.pace.keep_alive
        return self._unheard <= self.pace.lifetime

    @property
    def has_news(self) -> bool:
        return bool(self._notices) or (self.pace.enabled and self._ready is not None and len(self._ready) > 0)

    def heard(self) -> None:
        """Note that the client is there."""
        self._unheard = 0

    def next_number(self) -> int:
        self._sequence = self._sequence % 0xFFFFFFFF + 1
        return self._sequence

    def next_message(self) -> bytes:
        """Encode the next message, and keep it until it is acknowledged; without news, one that says so."""
        now = self._clock_us()
        self._quiet = 0
        notices, self._notices = self._notices, []
        ready = self._ready
        if self.pace.enabled and ready is not None and len(ready):
            most = min(self.pace.most or _MOST_IN_MESSAGE, _MOST_IN_MESSAGE)
            part, self._ready = ready.take(slice(0, most)), ready.take(slice(most, None))
            notices.append(self._told(part, now))
        if not notices:
            return message(self._sequence + 1, now, [])
        made = message(self.next_number(), now, notices)
        self._kept[self._sequence] = made
        self._kept_bytes += len(made)
        while len(self._kept) > _KEPT or (self._kept_bytes > _KEPT_BYTES and len(self._kept) > 1):
            self._kept_bytes -= len(self._kept.popitem(last=False)[1])
        self._sent.messages += 1
        self._sent.bytes += len(made)
        return made

    def _told(self, part: Batch, now_us: int) -> bytes:
        items = self.items
        body = encoded(part.rows, items.types[part.spots], items.stamps[part.spots], now_us, items.handles[part.spots])
        self._sent.values += len(part)
        return data_change(len(part), body)

    def renew(self) -> None:
        """Forget what was told, so that the newest values are news again."""
        self.sift()
        self.items.renew()

    @property
    def available(self) -> list[int]:
        return list(self._kept)

    def acknowledge(self, sequence: int) -> bool:
        made = self._kept.pop(sequence, None)
        if made is not None:
            self._kept_bytes -= len(made)
        return made is not None

    def again(self, sequence: int) -> bytes | None:
        """Return a message that is not acknowledged yet."""
        return self._kept.get(sequence)
