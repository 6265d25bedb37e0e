"""The way from the drivers to the stream: through memory while the stream keeps up, over the disk when not."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from baigong.gateway.clock import Clock
from baigong.gateway.spool import Record, Spool
from baigong.vocab.burst import pieces
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater

Overflow = Literal["oldest", "newest"]
Store = Callable[[str, bytes], Awaitable[int]]  # (tenant, frame) -> sequence


@dataclass(slots=True, frozen=True)
class BufferOptions:
    """``window``: stores under way at once. ``overflow``: which polled frames go when the spool is full."""

    window: int = 64
    memory_bytes: int = 64 << 20
    spool_bytes: int = 2 << 30  # of each lane
    reserve_bytes: int = 256 << 20  # of the disk, never touched
    overflow: Overflow = "oldest"
    backoff_s: tuple[float, float] = (0.1, 5.0)


@dataclass(slots=True, frozen=True)
class Backlog:
    """What waits for the stream. ``eta_s``: until it is empty at the present rate; None when it is not shrinking."""

    frames: int = 0
    bytes: int = 0
    oldest_us: int | None = None
    drained_frames_s: float = 0.0
    eta_s: float | None = None


@dataclass(slots=True)
class _Item:
    order: int
    record: Record
    done: asyncio.Future[None]


class Lane:
    """One ordered way to the stream. Frames it cannot store go to the spool, and later frames queue behind them.

    ``droppable``: polled values, which are counted and dropped when the spool is full. Otherwise the frame is
    refused (storage.full) and its source has to hold it.
    """

    def __init__(
        self,
        store: Store,
        spool: Spool,
        clock: Clock,
        rng: random.Random,
        options: BufferOptions,
        dropped: Counter[str],
        *,
        droppable: bool,
    ) -> None:
        self._store = store
        self._spool = spool
        self._clock = clock
        self._rng = rng
        self._options = options
        self._dropped = dropped
        self._droppable = droppable
        self._pending: deque[_Item] = deque()
        self._pending_bytes = 0
        self._failed: list[_Item] = []
        self._flying: set[asyncio.Future[int]] = set()
        self._orders = 0
        self._spooling = spool.frames > 0
        self._some = asyncio.Event()
        self._changed = asyncio.Condition()
        self._drain_wanted = asyncio.Event()
        self._disk = asyncio.Lock()
        self._rate = 0.0
        self.stored_frames = 0
        self.stored_values = 0
        if self._spooling:
            self._drain_wanted.set()

    def put(self, record: Record) -> asyncio.Future[None]:
        """Queue a frame; the future is done once it is durable (stream or spool) and fails with storage.full."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.add_done_callback(_seen)
        self._orders += 1
        self._pending.append(_Item(self._orders, record, done))
        self._pending_bytes += len(record.payload)
        if self._pending_bytes > self._options.memory_bytes // 2:
            self._spooling = True  # the stream is too slow for memory
        self._some.set()
        return done

    async def room(self) -> None:
        """Wait until memory has room: what slows the sources down to the speed of the disk."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._pending_bytes < self._options.memory_bytes)

    async def run(self) -> None:
        """Serve until cancelled; what is then neither stored nor spooled goes to the spool."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._intake())
                group.create_task(self._drain())
        finally:
            await self._last_words()

    def backlog(self) -> Backlog:
        frames = self._spool.frames + len(self._pending) + len(self._failed)
        draining = self._rate > 0.1 and frames > 0
        return Backlog(
            frames=frames,
            bytes=self._spool.size + self._pending_bytes,
            oldest_us=self._spool.oldest_us or (self._pending[0].record.time_us if self._pending else None),
            drained_frames_s=self._rate if frames else 0.0,
            eta_s=frames / self._rate if draining else (None if frames else 0.0),
        )

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is under way."""
        return not (self._pending or self._failed or self._flying or self._spool.frames)

    async def _intake(self) -> None:
        while True:
            await self._some.wait()
            if self._spooling:
                await self._spool_pending()
            else:
                await self._send_pending()
            if not self._pending and not self._failed:
                self._some.clear()
            async with self._changed:
                self._changed.notify_all()

    async def _send_pending(self) -> None:
        while self._pending and not self._spooling:
            if len(self._flying) >= self._options.window:
                await asyncio.wait(self._flying, return_when=asyncio.FIRST_COMPLETED, timeout=0.2)
                continue
            item = self._take()
            task = asyncio.ensure_future(self._store(item.record.tenant, item.record.payload))
            self._flying.add(task)
            task.add_done_callback(partial(self._landed, item))

    def _take(self) -> _Item:
        item = self._pending.popleft()
        self._pending_bytes -= len(item.record.payload)
        return item

    def _landed(self, item: _Item, task: asyncio.Future[int]) -> None:
        """Whatever a store ended with, its frame is stored, waiting in the spool's queue, or counted as refused."""
        self._flying.discard(task)
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or (error is not None and not isinstance(error, FixConfiguration)):
            self._failed.append(item)
            self._spooling = True
            self._some.set()
        elif isinstance(error, FixConfiguration):
            self._refuse(item, error)
        else:
            self.stored_frames += 1
            self.stored_values += item.record.values
            if not item.done.done():
                item.done.set_result(None)

    def _refuse(self, item: _Item, error: BaigongError) -> None:
        if self._droppable:
            self._dropped[error.code] += item.record.values
            if not item.done.done():
                item.done.set_result(None)
        elif not item.done.done():
            item.done.set_exception(error)

    async def _spool_pending(self) -> None:
        if self._flying:
            await asyncio.wait(self._flying, timeout=1.0)  # so that failures reach the spool in order
        async with self._disk:
            if not self._spooling:
                self._requeue_failed()
                return
            items = sorted(self._failed, key=lambda item: item.order)
            self._failed = []
            while self._pending:
                items.append(self._take())
            refused = {item.order for item in await self._write(items)}
        for item in items:
            if item.order in refused:
                self._refuse(item, RetryLater("storage.full", "the stream cannot be reached and the spool is full"))
            elif not item.done.done():
                item.done.set_result(None)
        self._drain_wanted.set()

    def _requeue_failed(self) -> None:
        for item in sorted(self._failed, key=lambda item: item.order, reverse=True):
            self._pending.appendleft(item)
            self._pending_bytes += len(item.record.payload)
        self._failed = []

    async def _write(self, items: list[_Item]) -> list[_Item]:
        """Append to the spool what it takes, making room as the options say; returns what it does not take."""
        try:
            await asyncio.to_thread(self._spool.append, [item.record for item in items])
            return []
        except RetryLater:
            if len(items) > 1:
                half = len(items) // 2
                return await self._write(items[:half]) + await self._write(items[half:])
        if not self._droppable or self._options.overflow == "newest":
            return items
        while self._spool.frames:
            _, values = await asyncio.to_thread(self._spool.drop_oldest)
            self._dropped["spool.oldest"] += values
            try:
                await asyncio.to_thread(self._spool.append, [items[0].record])
                return []
            except RetryLater:
                continue
        return items

    async def _drain(self) -> None:
        backoff, longest = self._options.backoff_s
        while True:
            await self._drain_wanted.wait()
            async with self._disk:
                token, records = await asyncio.to_thread(self._spool.peek, self._options.window)
                if not records:  # also after a refusal: the next frame then tries the stream itself
                    self._drain_wanted.clear()
                    self._spooling = False
                    self._requeue_failed()
                    self._some.set()
                    self._rate = 0.0
            if not records:
                continue
            began = self._clock.monotonic()
            sent = await self._send_spooled(records)
            async with self._disk:
                await asyncio.to_thread(self._spool.acknowledge, token, sent)
            self._measure(sent, self._clock.monotonic() - began)
            if sent == len(records):
                backoff = self._options.backoff_s[0]
                continue
            await self._clock.sleep(backoff * self._rng.uniform(0.5, 1.0))
            backoff = min(backoff * 2, longest)

    async def _send_spooled(self, records: list[Record]) -> int:
        """Store a window of spooled frames; returns how many from the front are done with."""
        results: list[Any] = await asyncio.gather(
            *(self._store(record.tenant, record.payload) for record in records), return_exceptions=True
        )
        for count, (record, result) in enumerate(zip(records, results, strict=True)):
            if isinstance(result, FixConfiguration):
                self._dropped[result.code] += record.values  # it would never be taken, and holds up the rest
            elif isinstance(result, BaseException):
                return count
            else:
                self.stored_frames += 1
                self.stored_values += record.values
        return len(records)

    def _measure(self, sent: int, seconds: float) -> None:
        now = sent / max(seconds, 1e-6)
        self._rate = now if self._rate == 0 else 0.8 * self._rate + 0.2 * now

    async def _last_words(self) -> None:
        for task in list(self._flying):
            task.cancel()
        if self._flying:
            await asyncio.wait(self._flying, timeout=1.0)
        items = sorted([*self._failed, *self._pending], key=lambda item: item.order)
        self._failed, self._pending, self._pending_bytes = [], deque(), 0
        for item in await self._write(items) if items else []:
            self._refuse(item, RetryLater("storage.full", "the gateway is closing and the spool is full"))
        for item in items:
            if not item.done.done():
                item.done.set_result(None)
        self._spool.close()


class Publisher:
    """Stores frames for every source: ``poll`` for values nobody holds, ``hold`` for sources that wait."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        clock: Clock,
        rng: random.Random,
        options: BufferOptions | None = None,
        spool: Callable[[Path], Spool] | None = None,
    ) -> None:
        chosen = options or BufferOptions()

        def on_disk(path: Path) -> Spool:
            return Spool(path, max_bytes=chosen.spool_bytes, reserve_bytes=chosen.reserve_bytes)

        make = spool or on_disk
        self._clock = clock
        self.on_poll: Callable[[str, int], object] = lambda tenant, values: None  # polled values count, and never wait
        self.dropped: Counter[str] = Counter()
        self.polled, self.held = (
            Lane(store, make(folder / name), clock, rng, chosen, self.dropped, droppable=name == "polled")
            for name in ("polled", "held")
        )

    async def poll(self, tenant: str, batch: pa.RecordBatch) -> None:
        """Queue polled values; waits only while memory is full. They are dropped, and counted, when all is full."""
        if not len(batch):
            return
        await self.polled.room()
        self.on_poll(tenant, len(batch))
        for record in self._records(tenant, batch):
            self.polled.put(record)

    def offer(self, tenant: str, batch: pa.RecordBatch) -> list[asyncio.Future[None]]:
        """Queue values whose source waits for acceptance: one future per piece the frame was cut into."""
        return [self.held.put(record) for record in self._records(tenant, batch)] if len(batch) else []

    async def hold(self, tenant: str, batch: pa.RecordBatch) -> None:
        """Return once the values are durable; raises storage.full when they are not, and the source must keep them."""
        await self.held.room()
        await asyncio.gather(*self.offer(tenant, batch))

    async def store(self, partition: str, tenant: str, batch: pa.RecordBatch) -> None:
        """Serve as the sink of the MQTT front door; there is one partition."""
        await self.hold(tenant, batch)

    async def run(self) -> None:
        """Serve both lanes until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.polled.run())
            group.create_task(self.held.run())

    def backlog(self) -> Backlog:
        """Both lanes together."""
        a, b = self.polled.backlog(), self.held.backlog()
        oldest = [t for t in (a.oldest_us, b.oldest_us) if t is not None]
        stuck = any(lane.frames and lane.eta_s is None for lane in (a, b))
        return Backlog(
            frames=a.frames + b.frames,
            bytes=a.bytes + b.bytes,
            oldest_us=min(oldest, default=None),
            drained_frames_s=a.drained_frames_s + b.drained_frames_s,
            eta_s=None if stuck else max(a.eta_s or 0.0, b.eta_s or 0.0),
        )

    @property
    def idle(self) -> bool:
        return self.polled.idle and self.held.idle

    @property
    def stored(self) -> tuple[int, int]:
        """(frames, values) the stream has acknowledged since the start."""
        lanes = (self.polled, self.held)
        return sum(lane.stored_frames for lane in lanes), sum(lane.stored_values for lane in lanes)

    def _records(self, tenant: str, batch: pa.RecordBatch) -> list[Record]:
        now = self._clock.now_us()
        return [Record(tenant, now, values, raw) for values, raw in pieces(batch)]


def _seen(done: asyncio.Future[None]) -> None:
    """Take notice of the outcome, so that asyncio does not complain that nobody did."""
    if not done.cancelled():
        done.exception()
