"""One connection's life: reading or watching, noticing silence, filling the hole before it, until it breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar, cast

import numpy as np
import pyarrow as pa

from baigong.drivers.contract import Delivery, Discovering, Driver, Health, Keeping, Wanted
from baigong.gateway.bounded import bounded
from baigong.gateway.holes import fill
from baigong.gateway.kept import FileNotebook, kept_file
from baigong.gateway.points import Mask
from baigong.gateway.scan import Beat, ScanClass, phase_s, scan_classes
from baigong.gateway.station import Station
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration, ReportBug, RetryLater
from baigong.vocab.ids import point_number

T = TypeVar("T")
_WATCH_WINDOW = 32  # deliveries under way between driver and stream
_LOOK_S = 1.0  # how often silence is looked for
_HEALTH_S = 10.0
_STALE_PERIODS = 3
_FIRST_NEWS_S = 30.0  # a subscription that has not told a point's value by then is waiting for it
_BUGS = 3  # failed polls in a row of the kind that should not exist, before a new connection is tried
_REFUSED_S = (0.2, 5.0)


class Session:
    """Made for one opened driver; ``run`` ends by raising what broke it.

    ``connected`` is called once the device has answered: that a port accepts connections says nothing yet.
    """

    def __init__(self, station: Station, driver: Driver, connected: Callable[[], None]) -> None:
        self._station = station
        self._connected = connected
        self._answered = asyncio.Event()
        self._reporting = asyncio.Event()  # the subscription has told something: from here on nothing is missed
        self._driver = driver
        self._clock = station.around.clock
        self._turn = asyncio.Lock()
        self._began = self._clock.monotonic()
        self._stale: Mask = np.zeros(len(station.table), bool)
        self._finds = self._discovering()
        self.watching = "watch" in station.manifest.capabilities and (
            len(station.table) > 0 or self._finds is not None or "records" in station.manifest.capabilities
        )
        if station.around.kept is not None and "keep" in station.manifest.capabilities:
            file = kept_file(station.around.kept, station.tenant, station.spec.device)
            cast(Keeping, driver).keep_in(FileNotebook(file))
        self.classes = scan_classes(station.table)
        self.driver_health = Health(True)
        self.good = False  # something was heard: the back-off may begin anew

    def _discovering(self) -> Discovering | None:
        """Ask the driver to report what nobody configured, if it can and there is somebody to tell."""
        station = self._station
        if station.around.found is None or "discover" not in station.manifest.capabilities:
            return None
        driver = cast(Discovering, self._driver)
        tenant, device = station.tenant, station.spec.device
        return driver if driver.discover(lambda address: point_number(tenant, device, address)) else None

    def _tell_found(self) -> None:
        found = self._finds.take_found() if self._finds is not None else []
        if found and self._station.around.found is not None:
            self._station.around.found(self._station.tenant, self._station.spec.device, found)

    async def call(self, work: Awaitable[T], what: str, timeout_s: float | None = None) -> T:
        """Make one call to the driver, within the device's time limit."""
        return await bounded(work, timeout_s or self._station.spec.timeout_s, what, self._station.around.abandoned)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Driver]:
        """Borrow the connection between two polls, for browse and preview."""
        async with self._turn:
            yield self._driver

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look())
            group.create_task(self._check_health())
            group.create_task(self._stay_allowed())
            group.create_task(self._fill())
            if self.watching or not self.classes:
                self._answer()  # opening such a driver takes answers of the device
            if self.watching:
                group.create_task(self._watch_or_poll(group))
            else:
                self._poll_all(group)

    async def _stay_allowed(self) -> None:
        """End when the operator closes the network in which the device is."""
        while True:
            await self._clock.sleep(_LOOK_S)
            self._station.way.require()

    def _answer(self) -> None:
        if not self._answered.is_set():
            self._answered.set()
            self._connected()

    async def _fill(self) -> None:
        await self._answered.wait()
        if self.watching and self._station.hole is not None:
            # what happens between the end of the history asked for and the first report would be in neither
            with suppress(TimeoutError):
                async with asyncio.timeout(self._station.spec.timeout_s):
                    await self._reporting.wait()
        await fill(self._station, self._driver)

    def _poll_all(self, group: asyncio.TaskGroup) -> None:
        for scan in self.classes:
            group.create_task(self._poll(scan))

    async def _poll(self, scan: ScanClass) -> None:
        """Read a scan class at every tick. Only a broken link ends it."""
        who = f"{self._station.tenant}/{self._station.spec.device}"
        beat = Beat(scan.period_s, self._clock, phase_s(who, scan.period_s))
        while True:
            try:
                async with self._turn:
                    began = self._clock.monotonic()  # the wait for other classes is not the device's fault
                    scan.begun(began - beat.due)
                    batch = await self.call(self._driver.read(scan.wanted), "reading")
                scan.reads, scan.last_ms = scan.reads + 1, (self._clock.monotonic() - began) * 1e3
                self._answer()
                await self._take(batch)
                scan.failures = 0
            except (FixConfiguration, ReportBug) as error:
                scan.failures += 1
                self._station.note(error)
                if isinstance(error, ReportBug) and scan.failures >= _BUGS:
                    raise
                self._answer()
                if scan.failures == 1:
                    quality = q.BAD_CONFIGURATION if isinstance(error, FixConfiguration) else q.BAD_UNEXPECTED
                    await self._station.mark(quality, self._rows(scan.wanted))
            scan.overruns += await beat.tick()

    def _rows(self, wanted: Sequence[Wanted]) -> Any:
        return self._station.table.find(np.array([w.number for w in wanted], np.int64))

    async def _take(self, batch: pa.RecordBatch) -> None:
        made = self._station.receive(batch)
        publisher, tenant = self._station.around.publisher, self._station.tenant
        await publisher.poll(tenant, made.frame)
        if made.held is not None:
            await publisher.poll(tenant, made.held)
        self.good = self.good or made.rows_in > 0

    async def _watch_or_poll(self, group: asyncio.TaskGroup) -> None:
        try:
            await self._watch()
        except FixConfiguration as error:
            if error.code != "driver.unsupported" or "read" not in self._station.manifest.capabilities:
                raise
            self._station.note(error)
            self.watching = False
            self._reporting.set()
            self._poll_all(group)

    async def _watch(self) -> None:
        """Consume what the device reports: transform, store, and only then accept."""
        under_way: asyncio.Queue[tuple[Delivery, pa.RecordBatch, list[asyncio.Future[None]]]] = asyncio.Queue(
            _WATCH_WINDOW
        )
        stream = self._driver.watch(self._station.table.wanted())
        settling = asyncio.create_task(self._settle(under_way))
        try:
            while (delivery := await self._next(stream, settling)) is not None:
                self._reporting.set()
                self._tell_found()
                made = self._station.receive(delivery.frame)
                waves = None if delivery.bursts is None else self._station.receive_bursts(delivery.bursts)
                self.good = self.good or made.rows_in > 0 or waves is not None
                publisher, tenant = self._station.around.publisher, self._station.tenant
                await publisher.held.room()
                stored = publisher.offer(tenant, made.frame)
                if made.held is not None:
                    stored += publisher.offer(tenant, made.held)
                if waves is not None:
                    stored += publisher.offer(tenant, waves)
                if delivery.records is not None and (tell := self._station.around.tell_records) is not None:
                    stored.append(asyncio.ensure_future(tell(tenant, self._station.spec.device, *delivery.records)))
                await under_way.put((delivery, made.frame, stored))
            raise RetryLater("driver.unreachable", "the device ended the subscription")
        finally:
            settling.cancel()
            await asyncio.wait({settling}, timeout=1.0)
            close = getattr(stream, "aclose", None)
            if close is not None:
                closing = asyncio.ensure_future(close())
                await asyncio.wait({closing}, timeout=1.0)
                if not closing.done():
                    self._station.around.abandoned.add(closing)
                elif not closing.cancelled():
                    closing.exception()  # noticed; the stream is gone either way

    async def _next(self, stream: AsyncIterator[Delivery], settling: asyncio.Task[None]) -> Delivery | None:
        """Wait for the next delivery; a settling that died must not go unnoticed meanwhile."""

        async def one() -> Delivery | None:
            async for delivery in stream:
                return delivery
            return None

        if settling.done():
            settling.result()
        return await bounded(one(), None, "watching", self._station.around.abandoned)

    async def _settle(
        self, under_way: asyncio.Queue[tuple[Delivery, pa.RecordBatch, list[asyncio.Future[None]]]]
    ) -> None:
        """Accept deliveries in order once they are stored; refuse, and slow down, when they cannot be."""
        pause_s = _REFUSED_S[0]
        while True:
            delivery, batch, stored = await under_way.get()
            try:
                await asyncio.gather(*stored)
            except (RetryLater, FixConfiguration) as error:
                self._station.transform.forget(batch)
                self._station.counters["refused"] += len(batch)
                self._station.note(error)
                await self.call(delivery.refuse(error.code), "refusing")
                await self._clock.sleep(pause_s)
                pause_s = min(pause_s * 2, _REFUSED_S[1])
            else:
                pause_s = _REFUSED_S[0]
                await self.call(delivery.accept(), "accepting")

    async def _look(self) -> None:
        """Mark points that have gone silent while the link is up: once, until there is news of them."""
        table, spec = self._station.table, self._station.spec
        if not len(table):
            return
        periods = table.period_s[:-1]
        # what reports by itself may have nothing to report: its silence counts only when somebody said so
        patience = np.maximum(_STALE_PERIODS * periods, 1.0) if not self.watching else np.full(len(table), np.inf)
        if spec.stale_after_s:
            patience = np.full(len(table), spec.stale_after_s)
        first = np.minimum(patience, np.maximum(_FIRST_NEWS_S, _STALE_PERIODS * periods))
        while True:
            await self._clock.sleep(_LOOK_S)
            now = self._clock.monotonic()
            heard = table.news[:-1] >= self._began
            silent = np.where(heard, now - table.news[:-1] > patience, now - self._began > first)
            await self._mark_silent(silent & ~self._stale, heard)
            self._tell("point.recovered", self._stale & ~silent)
            self._stale = silent

    async def _mark_silent(self, fresh: Mask, heard: Mask) -> None:
        table = self._station.table
        ever = table.good_us[:-1] > 0
        bad_already = ((table.quality[:-1] & 0x8000) != 0) & heard
        aged = np.flatnonzero(fresh & ever & ~bad_already)
        waiting = np.flatnonzero(fresh & ~ever & ~bad_already)
        await self._station.mark(q.UNCERTAIN_LAST_USABLE, aged)
        await self._station.mark(q.BAD_WAITING_FOR_INITIAL_DATA, waiting)
        self._tell("point.stale", fresh & ~bad_already)

    def _tell(self, kind: str, which: Mask) -> None:
        if which.any():
            numbers = [str(n) for n in self._station.table.numbers[which]]
            self._station.tell(kind, count=len(numbers), points=numbers[:1000])

    async def _check_health(self) -> None:
        """Ask the driver how it is; twice unwell in a row means the link is broken though nobody noticed."""
        unwell = 0
        while True:
            self.driver_health = await self.call(self._driver.health(), "asking for health")
            unwell = 0 if self.driver_health.ok else unwell + 1
            if unwell > 1:
                raise RetryLater("driver.unreachable", self.driver_health.detail or "the driver says it is not well")
            await self._clock.sleep(_HEALTH_S)
