"""The one owner of a partition: follows the stream in order, commits to the lake, serves what readers see."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.bus.contract import Bus, Stored
from baigong.bus.subjects import tenant_of
from baigong.historian.bursts import BurstKeeper
from baigong.historian.flush import write_frames
from baigong.historian.forgetting import Forgotten, drop, erase
from baigong.historian.hold import Held, Holds, serve_holds
from baigong.historian.hot import HotFrame, HotWindow, Seal
from baigong.historian.latest import Latest
from baigong.historian.memory import load_latest, save_latest
from baigong.historian.merge import Merger
from baigong.historian.pace import Pace
from baigong.historian.reading import Reading
from baigong.historian.resume import Known, resume, seq_in
from baigong.historian.settings import OnFrame, OnTaken, Sloped
from baigong.historian.settings import OwnerSettings as OwnerSettings
from baigong.historian.shelf import Shelf, keep_everything
from baigong.historian.thinning import Thinner
from baigong.historian.view import View
from baigong.stores.lake.reader import FileCache, SnapshotReader
from baigong.stores.lake.table import PartitionTable, Succeeded, position, split_position
from baigong.vocab.burst import decode, is_burst
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater

_FAR = 1 << 62  # microseconds; after any time there is
_BURST_BYTES = 64 << 20  # hot ones from which on they are flushed; at four times as many, reading waits


class PartitionOwner(Reading):
    """See DESIGN §2. ``run()`` for ever; the reading methods are thread-safe."""

    def __init__(
        self,
        bus: Bus,
        root: Path,
        partition: str,
        settings: OwnerSettings | None = None,
        *,
        on_frame: OnFrame = lambda tenant, batch, seen_us: None,
        on_taken: OnTaken = lambda tenant, at, rows: None,
        sloped: Sloped = lambda tenant, points: np.ones(len(points), bool),
        told: Callable[[str], None] = lambda sentence: None,
        seal: Seal | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self._bus = bus
        self._root = root
        self._partition = partition
        self._settings = settings or OwnerSettings()
        self._on_frame = on_frame
        self._on_taken = on_taken
        self._told = told
        self._seal = seal
        self._hot = HotWindow(seal)
        self._bursts = BurstKeeper(root, partition)
        self._shelf = shelf or Shelf(root, keep_everything, Thinner(root))
        self._latest: dict[str, Latest] = {}
        self._durable: dict[str, Latest] = {}
        self._overlaps: dict[str, dict[str, int]] = {}
        self._view = View()
        self._cache = FileCache()
        self._reader = SnapshotReader(self._cache)
        self._commit_lock = threading.Lock()
        self._flush_lock = asyncio.Lock()
        self._room = asyncio.Event()
        self._due = asyncio.Event()
        self._seen_us = 0
        self._epoch = 0
        self._at = 0  # position read up to
        self._at_us = 0  # when the stream stored the message there
        self._flushed_us = 0  # the same of the watermark
        self.holds: dict[str, int] = {}  # who -> position below which the stream must not be trimmed
        self.backups = Holds()  # while one lasts: no merging, no trimming
        self._readers = Holds()  # while one lasts: replaced files stay
        self._served = False
        self.has_left: Callable[[str], bool] = lambda tenant: False  # of whom nothing is kept any more
        self.counters = dict.fromkeys(
            ("frames", "rows_taken", "invalid_frames", "left_rows", "flushes", "merges", "trimmed_to"), 0
        )
        self.state = "starting"
        self.ready = asyncio.Event()
        self._table: PartitionTable | None = None
        self._merger = Merger(sloped)
        self._pace = Pace()

    # -- the life of the owner -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Own the partition until cancelled; raises Succeeded when another owner has taken over.

        It may be run again: what the lake does not have then is read from the stream once more.
        """
        self._at, self._hot, self._overlaps = 0, HotWindow(self._seal), {}
        self._table = await asyncio.to_thread(PartitionTable, self._root, self._partition)
        await asyncio.to_thread(self._bursts.open)
        self._overlaps = self._table.overlaps()
        # the clock may have been set back since
        self._seen_us = max(self._seen_us, self._table.seen_us, self._bursts.table.seen_us)
        watermark = self._table.last_position()
        self._at_us = self._flushed_us = self._table.last_stored_us()
        self._durable = await asyncio.to_thread(load_latest, self._root, self._table, watermark)
        self._latest = await asyncio.to_thread(load_latest, self._root, self._table, watermark)
        self._swap(watermark)
        if not self._served:  # run() may begin again on the same bus
            await serve_holds(self._bus, self._partition, self.backups, self._held)
            self._served = True
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow())
                tasks.create_task(self._flush_on_time())
                tasks.create_task(self._tend())
        except* Succeeded:
            self.state = "succeeded"
            raise

    async def close(self) -> None:
        """Flush what is hot and remember the newest values, so that the next start is quick."""
        if self._table is not None and self.state != "succeeded":
            try:
                await self.flush()
                await asyncio.to_thread(save_latest, self._root, self._durable, self._view.watermark)
            except Succeeded:
                pass  # who took over has the stream, and all that is in it
            except (OSError, BaigongError) as error:  # a full disk: the stream has it all, the next start takes longer
                self._told(f"historian of {self._partition}, stopping: {error}")

    async def _follow(self) -> None:
        wait_s = 0.1
        while True:
            try:
                start = await self._resume()
                self.state = "following"
                self.ready.set()
                async for batch in self._bus.read(self._partition, start):
                    wait_s = 0.1
                    for stored in batch:
                        self._take(stored)
                    if self._hot.rows >= self._settings.flush_rows or self._bursts.bytes >= _BURST_BYTES:
                        self._due.set()
                    while self._full():
                        self._room.clear()
                        self._due.set()
                        await self._room.wait()
            except BaigongError as error:
                self.state = str(error)
                self._told(f"historian of {self._partition}: {error}")
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, 5.0)

    def _full(self) -> bool:
        return self._hot.rows >= self._settings.hot_rows_limit or self._bursts.bytes >= 4 * _BURST_BYTES

    async def _resume(self) -> int:
        """Return the sequence to go on from."""
        table, bursts = self._opened(), self._bursts.table
        epoch, seq = split_position(max(self._at, self._view.watermark))
        known = Known(
            epoch=epoch,
            seq=seq,
            stored_us=self._at_us,
            bursts=seq_in(epoch, bursts.at),
            highest=max(table.highest_epoch(), bursts.highest_epoch(), epoch),
        )
        self._epoch, start = await resume(self._bus, self._partition, known, self._settings.stream_bytes, self._told)
        return start

    def _take(self, stored: Stored) -> None:
        at = position(self._epoch, stored.seq)
        self._seen_us = seen_us = max(self._seen_us, stored.time_us)
        self._at, self._at_us = at, stored.time_us
        self.counters["frames"] += 1
        try:
            batch = decode(stored.payload)
        except FixConfiguration as error:
            # stored by a stranger, since our gateway encodes what it sends: counted, shown, passed over
            self.counters["invalid_frames"] += 1
            self._told(f"frame {stored.seq} of {self._partition} passed over: {error}")
            return
        if not len(batch):
            return
        tenant = tenant_of(stored.subject)
        if self.has_left(tenant):  # from a gateway that was away when they left
            self.counters["left_rows"] += len(batch)
            return
        self._on_taken(tenant, at, len(batch))
        if is_burst(batch):
            self._bursts.append(tenant, at, seen_us, batch)
            return
        taken = self._latest.setdefault(tenant, Latest()).absorb(batch, seen_us, at)
        for day in taken.days:
            self._overlaps.setdefault(tenant, {})[day] = at
        self._hot.append(tenant, HotFrame(at, seen_us, taken.batch, taken.codes, taken.late))
        self.counters["rows_taken"] += len(batch)
        self._pace.note(len(batch), time.time_ns() // 1000 - stored.time_us)
        self._on_frame(tenant, batch, seen_us)

    # -- committing ------------------------------------------------------------------------------------------

    async def _flush_on_time(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._settings.flush_s):
                    await self._due.wait()
            except TimeoutError:
                pass
            self._due.clear()
            try:
                await self.flush()
            except (OSError, pa.ArrowException, BaigongError) as error:
                self.state = f"cannot write the lake: {error}"
                self._told(self.state)  # the stream keeps everything; the disk may have room again later
                await asyncio.sleep(1)

    async def flush(self) -> None:
        """Commit everything read so far; what comes meanwhile stays hot."""
        async with self._flush_lock:
            table = self._table
            upto, upto_us = self._at, self._at_us
            self._hot.cut(upto)
            work = {
                tenant: (self._hot.frames(tenant), self._latest[tenant].points.copy()) for tenant in self._hot.tenants()
            }
            if table is None or not (work or self._bursts.waits):
                return
            overlaps = {tenant: dict(days) for tenant, days in self._overlaps.items()}
            await asyncio.to_thread(self._flush_now, table, work, upto, upto_us, overlaps)
            self._flushed_us = upto_us
            self._bursts.settle()
            self._swap(upto)
            self._hot.trim(upto)
            self.counters["flushes"] += 1
            self._room.set()

    def _flush_now(
        self, table: PartitionTable, work: Any, upto: int, upto_us: int, overlaps: dict[str, dict[str, int]]
    ) -> None:
        self._bursts.flush(upto)  # before the position counts
        written = []
        for tenant, (frames, points) in work.items():
            files, newest = write_frames(table, tenant, frames, points, upto)
            written += files
            self._durable.setdefault(tenant, Latest()).restore(newest)
        seen_us = max((frame.seen_us for frames, _ in work.values() for frame in frames), default=0)
        epoch = split_position(upto)[0]
        with self._commit_lock:
            table.commit(written, [], at=upto, epoch=epoch, overlaps=overlaps, at_us=upto_us, seen_us=seen_us)
        pa.default_memory_pool().release_unused()

    def _swap(self, watermark: int) -> None:
        self._view = View.of(self._opened(), watermark)

    async def _tend(self) -> None:
        """Trim the stream, merge files, forget what nobody needs."""
        last_vacuum = last_saved = time.monotonic()
        while True:
            await asyncio.sleep(self._settings.merge_s)
            if self.backups.active or self._table is None:
                continue
            try:
                await self._trim()
                await self._merge_once(self._table)
                await self._merge_bursts()
                if time.monotonic() - last_saved > 120:
                    await asyncio.to_thread(save_latest, self._root, self._durable, self._view.watermark)
                    last_saved = time.monotonic()
                is_due = time.monotonic() - last_vacuum > self._settings.keep_replaced_s / 4
                if is_due and not self._readers.active:
                    await asyncio.to_thread(self._table.vacuum, self._settings.keep_replaced_s)
                    await asyncio.to_thread(self._bursts.vacuum, self._settings.keep_replaced_s)
                    await asyncio.to_thread(self._shelf.sweep, self._view.files, self._settings.keep_replaced_s)
                    last_vacuum = time.monotonic()
            except BaigongError as error:
                self._told(f"tending {self._partition}: {error}")
            except (OSError, pa.ArrowException) as error:
                self._told(f"tending {self._partition}: {error}")

    async def _trim(self) -> None:
        bound = min([self._view.watermark, *self.holds.values()])
        epoch, seq = split_position(bound)
        if epoch == self._epoch and seq and bound > self.counters["trimmed_to"]:
            state = await self._bus.stream_state(self._partition)
            if state is None or state.epoch != epoch:
                return  # made anew while we were away: these are not the messages we know
            await self._bus.purge(self._partition, seq + 1)
            self.counters["trimmed_to"] = bound

    async def _merge_once(self, table: PartitionTable) -> None:
        async with self._flush_lock:
            days = self._shelf.raw_days(list(self._view.files))
            job = self._merger.plan(table, self._overlaps, self._view.watermark, days)
        await asyncio.to_thread(self._shelf.tidy, self._view.files, self._overlaps)
        if job is None or not await asyncio.to_thread(self._shelf.set_aside, job, self._overlaps.get(job.tenant, {})):
            return
        written = await asyncio.to_thread(self._merger.write, table, job)
        async with self._flush_lock:
            if not table.holds(job.files):  # their tenant was forgotten meanwhile
                drop(written)
                return
            cleared = job.clears_overlap and self._overlaps.get(job.tenant, {}).get(job.day, _FAR) <= job.upto
            overlaps = {tenant: dict(days) for tenant, days in self._overlaps.items() if days}
            if cleared:
                del overlaps[job.tenant][job.day]

            def commit() -> None:
                if job.clears_overlap:  # retractions end with it: what is remembered has to know of them before
                    save_latest(self._root, self._durable, self._view.watermark)
                with self._commit_lock:
                    table.commit(
                        written, job.files, at=None, epoch=self._epoch, overlaps=overlaps, at_us=self._flushed_us
                    )

            await asyncio.to_thread(commit)
            self._swap(self._view.watermark)
            if cleared and self._overlaps[job.tenant][job.day] <= job.upto:  # none has come meanwhile
                del self._overlaps[job.tenant][job.day]
            self.counters["merges"] += 1

    async def _merge_bursts(self) -> None:
        job = await asyncio.to_thread(self._bursts.prepare, self._shelf.raw_days(list(self._bursts.view.files)))
        if job is not None:
            async with self._flush_lock:
                await asyncio.to_thread(self._bursts.finish, job, self._epoch)
                self._bursts.settle()

    async def forget(self, tenant: str) -> Forgotten:
        """Delete all that the lake holds of a tenant whose doors are shut; nobody gets it back.

        Raises tenant.receiving while values of it still come in, or a backup is being taken.
        """
        if self.backups.active:
            raise RetryLater("tenant.receiving", "a backup is being taken: nothing is deleted meanwhile", place=tenant)
        await self.flush()
        async with self._flush_lock:
            if self._hot.frames(tenant) or self._bursts.hot(tenant):
                raise RetryLater("tenant.receiving", f"values of {tenant} still come in", place=tenant)
            self._overlaps.pop(tenant, None)
            gone = await asyncio.to_thread(self._forget_now, tenant)
            self._latest.pop(tenant, None)
            self._durable.pop(tenant, None)
            self._bursts.settle()
            self._swap(self._view.watermark)
        await self._trim()  # the stream still had its newest values
        return gone

    def _forget_now(self, tenant: str) -> Forgotten:
        with self._commit_lock:
            note = {"at": None, "epoch": self._epoch, "overlaps": self._overlaps, "at_us": self._flushed_us}
            rows = self._opened().take_out(tenant, **note)
            recordings = self._bursts.forget(tenant, self._epoch)
        self._shelf.forget(tenant)
        return erase(self._root, tenant, rows=rows, recordings=recordings)

    def _opened(self) -> PartitionTable:
        assert self._table is not None  # noqa: S101 - run() opened it
        return self._table

    def _held(self) -> Held:
        view, waves = self._view, self._bursts.view.version
        return Held(partition=self._partition, version=view.version, position=view.watermark, bursts=waves)

    # -- telling ----------------------------------------------------------------------------------------------

    def stats(self) -> dict[str, Any]:
        view = self._view
        return {
            "partition": self._partition,
            "state": self.state,
            "epoch": self._epoch,
            "position": seq_in(self._epoch, max(self._at, view.watermark)),
            "watermark": split_position(view.watermark)[1],
            "version": view.version,
            **view.facts(),
            "rows": sum(f.rows for group in view.files.values() for f in group) + self._hot.rows,
            "hot_rows": self._hot.rows,
            "hot_bytes": self._hot.bytes,
            "visible_values_s": round(self._pace.rows_per_second(), 1),
            "latency_ms_p99": self._pace.waited_ms_p99(),
            "bursts": self._bursts.taken,
            "hot_burst_bytes": self._bursts.bytes,
            "overlapping_days": sum(len(days) for days in self._overlaps.values()),
            "merging_rows": self._merger.rows,
            **self.counters,
        }
