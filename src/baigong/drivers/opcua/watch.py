"""Subscriptions: many monitored items over several subscriptions, one frame per publish response.

A notification is acknowledged to the server only after the frame was accepted. While the reader is slow, no
Publish request is sent: the server queues, and says so by the overflow bit when its queue was too short.
"""

from __future__ import annotations

import asyncio
import math
import struct
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from asyncua import ua

from baigong.drivers.contract import Delivery, Wanted
from baigong.drivers.opcua import wire
from baigong.drivers.opcua.codec import Columns, Reader
from baigong.drivers.opcua.faults import is_gone, translated
from baigong.drivers.opcua.link import Link
from baigong.drivers.opcua.plan import Plan
from baigong.drivers.opcua.values import bad_rows
from baigong.vocab.errors import BaigongError, RetryLater

_FRAMES_AHEAD = 8  # frames decoded but not yet taken by the reader
_KEEP_ALIVE_S = 2.0  # the server says "nothing new" at least so often
_LIFETIME_S = 120.0  # how long the server keeps a subscription nobody asks for
_AGAIN_S = 0.5  # pause before a refused frame is offered again
_SHORTEST_S = 0.05
_DATA_CHANGE = ua.ObjectIds.DataChangeNotification_Encoding_DefaultBinary
_STATUS_CHANGE = ua.ObjectIds.StatusChangeNotification_Encoding_DefaultBinary
_OVERFLOW = 0x0480  # InfoType DataValue and the Overflow bit, OPC 10000-4 §7.39.1
_WITHOUT_FILTER = {
    ua.StatusCodes.BadFilterNotAllowed,
    ua.StatusCodes.BadMonitoredItemFilterUnsupported,
    ua.StatusCodes.BadMonitoredItemFilterInvalid,
}


def _now_us() -> int:
    return time.time_ns() // 1000


@dataclass(slots=True)
class _Notice:
    """One publish response on its way to the reader."""

    frame: pa.RecordBatch
    acknowledge: tuple[int, int] | None


@dataclass(slots=True)
class Watch:
    """One call of ``watch``: its subscriptions, the tasks that publish, and the queue between."""

    link: Link
    plan: Plan
    periods: list[float]  # sampling per node
    queue: asyncio.Queue[_Notice | BaseException] = field(init=False)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    subscriptions: list[int] = field(default_factory=list)
    acknowledged: list[tuple[int, int]] = field(default_factory=list)
    expected: dict[int, int] = field(default_factory=dict)
    heard: float = 0.0
    keep_alive_s: float = _KEEP_ALIVE_S

    def __post_init__(self) -> None:
        self.queue = asyncio.Queue(_FRAMES_AHEAD)

    async def deliveries(self) -> AsyncIterator[Delivery]:
        """Yield frames until the connection breaks; always closes what it opened on the server if it can."""
        try:
            refused = await self._subscribe()
            self.heard = time.monotonic()
            if refused is not None:
                await self.queue.put(_Notice(refused, None))
            # One request per subscription may be held by the server for its keep-alive; two more keep the line full.
            for _ in range(min(len(self.subscriptions) + 2, 10) if self.subscriptions else 0):
                self.tasks.append(asyncio.create_task(self._publish()))
            self.tasks.append(asyncio.create_task(self._guard()))
            while True:
                notice = await self.queue.get()
                if isinstance(notice, BaseException):
                    raise notice
                yield self._delivery(notice)
        finally:
            await self.close()

    def _delivery(self, notice: _Notice) -> Delivery:
        async def accept() -> None:
            if notice.acknowledge is not None:
                self.acknowledged.append(notice.acknowledge)

        async def refuse(reason: str = "") -> None:
            again = asyncio.create_task(self._offer_again(notice))
            self.tasks.append(again)
            again.add_done_callback(lambda done: self.tasks.remove(done) if done in self.tasks else None)

        return Delivery(notice.frame, accept, refuse)

    async def _offer_again(self, notice: _Notice) -> None:
        await asyncio.sleep(_AGAIN_S)
        await self.queue.put(notice)

    async def close(self) -> None:
        """Stop the tasks and delete the subscriptions, if the server still listens."""
        tasks, self.tasks = self.tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        gone, self.subscriptions = self.subscriptions, []
        if gone and self.link.client.uaclient.has_transport:
            try:
                async with asyncio.timeout(1.0):
                    body = struct.pack("<i", len(gone)) + b"".join(struct.pack("<I", s) for s in gone)
                    await self.link.request(wire.DELETE_SUBSCRIPTIONS, body, "deleting subscriptions")
            except (BaigongError, TimeoutError):
                return  # they end with the session

    # --- subscribing ---

    async def _subscribe(self) -> pa.RecordBatch | None:
        """Create subscriptions and items; returns the rows of points the server refuses."""
        refused: list[tuple[int, int]] = list(self.plan.refused)
        by_period: dict[float, list[int]] = {}
        for handle in range(len(self.plan.nodes)):
            by_period.setdefault(self.periods[handle], []).append(handle)
        for period, handles in sorted(by_period.items()):
            for at in range(0, len(handles), self.link.limits.items):
                subscription = await self._create(period)
                refused += await self._monitor(subscription, period, handles[at : at + self.link.limits.items])
        if not refused:
            return None
        self.link.counters["bad_values"] += len(refused)
        return bad_rows([number for number, _ in refused], [quality for _, quality in refused], _now_us())

    async def _create(self, period: float) -> int:
        settings = self.link.settings
        publishing = settings.publishing_s or max(min(period, 1.0), _SHORTEST_S)
        keep_alive = max(1, math.ceil(_KEEP_ALIVE_S / publishing))
        lifetime = max(3 * keep_alive, math.ceil(_LIFETIME_S / publishing))  # OPC 10000-4 §5.13.2.2
        with translated(settings.place, "creating a subscription"):
            made = await self.link.client.uaclient.session._send_request(
                ua.CreateSubscriptionRequest(
                    Parameters=ua.CreateSubscriptionParameters(
                        RequestedPublishingInterval=publishing * 1000,
                        RequestedLifetimeCount=lifetime,
                        RequestedMaxKeepAliveCount=keep_alive,
                        MaxNotificationsPerPublish=0,
                        PublishingEnabled=True,
                        Priority=0,
                    )
                )
            )
            result = ua.ua_binary.struct_from_binary(ua.CreateSubscriptionResponse, made)
            result.ResponseHeader.ServiceResult.check()
            revised = result.Parameters
        self.keep_alive_s = max(
            self.keep_alive_s, revised.RevisedPublishingInterval * revised.RevisedMaxKeepAliveCount / 1000
        )
        number = int(revised.SubscriptionId)
        self.subscriptions.append(number)
        self.expected[number] = 0
        return number

    async def _monitor(self, subscription: int, period: float, handles: list[int]) -> list[tuple[int, int]]:
        """Add items; those whose filter the server does not know are asked for again without."""
        filtered = self.link.settings.trigger == "timestamp"
        bad: list[tuple[int, int]] = []
        codes = await self._items(subscription, period, handles, filtered=filtered)
        again = [h for h, code in zip(handles, codes, strict=True) if filtered and code in _WITHOUT_FILTER]
        second = dict(zip(again, await self._items(subscription, period, again, filtered=False), strict=True))
        for handle, code in zip(handles, codes, strict=True):
            final = second.get(handle, code)
            if final >> 30:
                bad += [(number, (final >> 16) & 0xFFFF) for number, _ in self.plan.targets.of(handle)]
        return bad

    async def _items(self, subscription: int, period: float, handles: list[int], *, filtered: bool) -> list[int]:
        queue = self.link.settings.queue_size

        async def send(piece: list[int]) -> list[int]:
            body = struct.pack("<Iii", subscription, ua.TimestampsToReturn.Both.value, len(piece))
            for handle in piece:
                body += wire.monitored_item(self.plan.ids[handle], handle, period * 1000, queue, filtered=filtered)
            reader = await self.link.request(wire.CREATE_ITEMS, body, "creating monitored items")
            with translated(self.link.settings.place, "decoding monitored items"):
                count = reader.count()
                if count != len(piece):
                    raise ua.UaError(f"{count} results for {len(piece)} items")
                return [reader.monitored_item_status() for _ in range(count)]

        return await self.link.batched(handles, "monitor", send)

    # --- publishing ---

    async def _publish(self) -> None:
        """Ask, decode, hand on; for ever. A failure travels through the queue to the reader."""
        try:
            while True:
                acknowledged, self.acknowledged = self.acknowledged, []
                try:
                    reader = await self.link.request(
                        wire.PUBLISH, wire.publish_body(acknowledged), "waiting for changes", patient=True
                    )
                except BaigongError as error:
                    if self._harmless(error):
                        if isinstance(error.__cause__, ua.uaerrors.BadTooManyPublishRequests):
                            return  # the others go on
                        await asyncio.sleep(_SHORTEST_S)
                        continue
                    raise
                await self._notice(reader)
        except BaigongError as error:
            await self.queue.put(error)

    @staticmethod
    def _harmless(error: BaigongError) -> bool:
        return isinstance(error.__cause__, ua.uaerrors.BadTooManyPublishRequests | ua.uaerrors.BadTimeout)

    async def _notice(self, reader: Reader) -> None:
        """Decode one PublishResponse (OPC 10000-4 §5.13.5) and queue its frame."""
        self.heard = time.monotonic()
        place = self.link.settings.place
        with translated(place, "decoding a notification"):
            subscription = reader.u32()
            for _ in range(reader.count()):
                reader.u32()  # sequence numbers that could be sent again
            reader.byte()  # more notifications: the next request brings them
            sequence = reader.u32()
            reader.at += 8  # publish time
            bodies = []
            for _ in range(reader.count()):
                kind = reader.node_id().Identifier
                bodies.append((kind, reader.extension_body()))
        if not bodies:
            return  # keep-alive: its sequence number is the next one's
        self._count_gap(subscription, sequence)
        frames = []
        for kind, body in bodies:
            if kind == _STATUS_CHANGE:
                self._lost(struct.unpack_from("<I", body)[0])
            elif kind == _DATA_CHANGE:
                frames.append(await self._frame(body))
        frames = [f for f in frames if len(f)]
        mark = (subscription, sequence)
        if not frames:
            self.acknowledged.append(mark)
            return
        for made in frames[:-1]:
            await self.queue.put(_Notice(made, None))
        await self.queue.put(_Notice(frames[-1], mark))

    def _count_gap(self, subscription: int, sequence: int) -> None:
        expected = self.expected.get(subscription, 0)
        if expected and sequence != expected:
            self.link.counters["sequence_gaps"] += 1
        self.expected[subscription] = sequence + 1 if sequence < 0xFFFFFFFF else 1

    def _lost(self, code: int) -> None:
        name = ua.StatusCode(code).name
        if is_gone(code) or code >> 30:
            raise RetryLater(
                "driver.unreachable", f"the server ended the subscription: {name}", place=self.link.settings.place
            )

    async def _frame(self, body: bytes) -> pa.RecordBatch:
        columns = self._decode(body)
        if columns.unknown_types and await self.link.learn(columns):
            columns = self._decode(body)
        counters = self.link.counters
        counters["notifications"] += 1
        counters["values"] += columns.n
        counters["queue_overflows"] += int(((columns.status & _OVERFLOW) == _OVERFLOW).sum())
        counters["bad_values"] += int((columns.status >> 31).sum())
        return self.plan.targets.frame(columns, _now_us())

    def _decode(self, body: bytes) -> Columns:
        with translated(self.link.settings.place, "decoding changes"):
            reader = Reader(body, 0, self.link.structures.decoder)
            return reader.data_values(reader.count(), handled=True)

    async def _guard(self) -> None:
        """Notice a link that is dead without saying so: keep-alives missing, or no answer to a question."""
        patience = self.keep_alive_s * 2 + self.link.settings.timeout_s
        try:
            while True:
                await asyncio.sleep(1.0)
                if self.queue.full():
                    self.heard = time.monotonic()  # it is us who do not ask
                    continue
                quiet = time.monotonic() - self.heard
                if self.subscriptions and quiet > patience:
                    raise RetryLater(
                        "driver.timeout", f"no sign of life for {quiet:.0f} s", place=self.link.settings.place
                    )
                if quiet > _KEEP_ALIVE_S / 2:
                    await self.link.ping()
        except BaigongError as error:
            if error.code == "driver.timeout":
                error = RetryLater("driver.unreachable", error.message, place=error.place)
            await self.queue.put(error)


def start(link: Link, plan: Plan, points: Sequence[Wanted]) -> Watch:
    """Prepare a watch; sampling is the option, or the fastest period any point of the node asks for."""
    periods = [math.inf] * len(plan.nodes)
    for position, wanted in enumerate(points):
        handle = plan.handles[position]
        if handle is not None:
            periods[handle] = min(periods[handle], link.settings.sampling_s or wanted.scan_s)
    return Watch(link, plan, periods)
