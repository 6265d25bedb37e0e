"""One tenant behind the front door: its sessions, subscriptions, retained messages, devices, and what waits to be
stored. Nothing in here can see another tenant.

What was read from sockets gathers in ``batch`` while the batch before it is being stored::

    sockets ─► batch (columns, acknowledgements, rows) ──linger──► sink.store(frame) ─► file.commit(rows)
                 ▲                                                                        │
                 └── too full: sockets are not read                     PUBACKs, PUBRECs, subscribers ◄┘

One batch at a time, so acknowledgements keep their order [MQTT-4.6.0-2].
"""

from __future__ import annotations

import asyncio
import logging
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from baigong.drivers.mqtt.columns import Columns
from baigong.drivers.mqtt.mapping import parse_mapping
from baigong.drivers.mqtt.payload import Book, numbering_of
from baigong.drivers.mqtt.topics import covers
from baigong.gateway.frontdoor.allowance import named_topics
from baigong.gateway.frontdoor.counts import Counts
from baigong.gateway.frontdoor.denials import Denials
from baigong.gateway.frontdoor.keep import Keep, Row
from baigong.gateway.frontdoor.options import Options, Sink
from baigong.gateway.frontdoor.session import Session
from baigong.gateway.frontdoor.tree import Tree
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater

if TYPE_CHECKING:
    from baigong.gateway.frontdoor.connection import Connection

log = logging.getLogger(__name__)
_DISSOLVE_S = 5.0


@dataclass(slots=True)
class Batch:
    """What one frame, one commit and one round of acknowledgements will settle.

    ``words``: per connection the four bytes of each PUBACK, PUBREC, PUBREL, PUBCOMP, as numbers, in order.
    ``entered``: QoS 2 identifiers noted in this batch; ``touched``: sessions with messages to send afterwards.
    """

    columns: Columns = field(default_factory=Columns)
    words: dict[Connection, list[int]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    entered: list[tuple[Session, int]] = field(default_factory=list)
    touched: set[Session] = field(default_factory=set)
    bytes: int = 0

    def __bool__(self) -> bool:
        return bool(self.words or self.rows or self.touched or len(self.columns))


class Room:
    """See the module. ``wake()`` is called after anything was added to ``batch``."""

    def __init__(
        self,
        tenant: str,
        options: Options,
        sink: Sink,
        keep: Keep,
        counts: Counts,
        outward: Callable[..., None] | None = None,
    ) -> None:
        self.outward = outward  # where live messages go that other gateways shall hear
        self.tenant, self.options, self.counts = tenant, options, counts
        self._sink, self._keep = sink, keep
        self.batch = Batch()
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.present: dict[str, set[Connection]] = {}  # by device
        self.came_or_went: set[str] = set()  # devices, since somebody asked
        self.held: set[Connection] = set()  # not read until the batch in hand is stored
        self.tree: Tree[Session] = Tree()
        self.retained: dict[str, tuple[bytes, int]] = {}
        self.retained_bytes = 0
        self.books: dict[str, Book] = {}
        self.named: dict[str, frozenset[str]] = {}  # topics that a device's file names
        self.denials: dict[str, Denials] = {}
        self.disabled: set[str] = set()
        self.waiting: RetryLater | None = None  # why the batch in hand is not stored yet
        self.storing = 0  # rows of the batch in hand
        self.messages = self.slowed = 0  # since the start
        self._task: asyncio.Task[None] | None = None

    # devices

    def configure(self, device: str, spec: DeviceSpec | None) -> None:
        """Take a device's mapping and points; None goes back to looking at payloads."""
        rules = parse_mapping(spec.options.get("mapping")) if spec else ()
        self.books[device] = Book(
            numbering_of(self.tenant, device),
            rules,
            spec.points if spec else None,
            max_points=self.options.points_per_device,
        )
        self.named[device] = named_topics(spec)
        self.disabled.discard(device)
        if spec is not None and not spec.enabled:
            self.disabled.add(device)
        for connection in list(self.present.get(device, ())):
            connection.configure(self.books[device], self.named[device])
            if device in self.disabled:
                connection.close("device is disabled")

    def enter(self, connection: Connection) -> None:
        self.connections.add(connection)
        self.present.setdefault(connection.device, set()).add(connection)
        self.came_or_went.add(connection.device)

    def leave(self, connection: Connection) -> None:
        self.connections.discard(connection)
        self.held.discard(connection)
        there = self.present.get(connection.device)
        if there is not None:
            there.discard(connection)
            if not there:
                del self.present[connection.device]
            self.came_or_went.add(connection.device)

    def book(self, device: str) -> Book:
        if device not in self.books:
            self.configure(device, None)
        return self.books[device]

    def describe(self, device: str) -> dict[str, Any]:
        """Tell how a device does: connections, last message, points, errors."""
        book = self.books[device]
        readers = list(book.readers.values())
        return {
            "tenant": self.tenant,
            "device": device,
            "connections": len(self.present.get(device, ())),
            "enabled": device not in self.disabled,
            "messages": sum(r.messages for r in readers),
            "last_us": max((r.last_us for r in readers), default=0),
            "topics": len(readers),
            "points": len(book.points),
            "refused_points": book.refused,
            "refused_topics": self.denials[device].count if device in self.denials else 0,
            "denied": self.denials[device].problem() if device in self.denials else None,
        }

    def why(self, number: int) -> dict[str, Any] | None:
        for device, book in self.books.items():
            point = book.by_number.get(number)
            if point is None:
                continue
            reader = point.reader
            clients = [c.client_id for c in self.present.get(device, ())]
            return {
                "device": device,
                "address": point.address,
                "topic": reader.topic,
                "clients": clients[:10],
                "connected": bool(clients),
                "enabled": device not in self.disabled,
                "messages": reader.messages,
                "last_us": reader.last_us,
                "error": reader.error.problem() if reader.error else None,
                "error_us": reader.error_us,
                "waiting": self.waiting.problem() if self.waiting else None,
            }
        return None

    def expire(self, before_us: int) -> None:
        """Forget sessions whose client was not seen since."""
        for client_id, session in list(self.sessions.items()):
            if session.seen_us < before_us and session.connection is None:
                session.forget()
                del self.sessions[client_id]
        if self.batch:
            self.wake()

    async def dissolve(self) -> None:
        """Hang up on everybody, and delete all that is kept of this tenant, in memory and on disk."""
        for connection in list(self.connections):
            connection.will = None
            connection.close("the company has left", flush=False)
        async with asyncio.timeout(_DISSOLVE_S):
            while self.connections:  # noqa: ASYNC110 - each goes by itself, within moments
                await asyncio.sleep(0.01)
        await self.settle()
        self.stop()
        self.sessions, self.retained, self.retained_bytes, self.tree = {}, {}, 0, Tree()
        await self._keep.commit([("dissolve", self.tenant)])
        await self._keep.scrub()

    # messages

    def publish(self, book: Book, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        """Take one message that came by another way than a socket read: a will, or from inside."""
        self.counts.messages += 1
        self.messages += 1
        try:
            if payload:
                values = book.reader(topic).take(payload, self.batch.columns, time.time_ns() // 1000)
                self.counts.values += values
        except FixConfiguration as error:
            self.counts.dropped[error.code] += 1
        self.pass_on(topic, payload, qos, retain=retain)
        if self.outward is not None:
            self.outward(self.tenant, topic, payload, qos, retain=retain)
        self.wake()

    def send_retained(self, session: Session, filters: list[tuple[str, int]]) -> None:
        """Give a new subscription the retained messages it matches [MQTT-3.3.1-6]."""
        for wanted, granted in filters:
            exact = "+" not in wanted and "#" not in wanted
            topics = [wanted] if exact and wanted in self.retained else [] if exact else list(self.retained)
            for topic in topics:
                if covers(wanted, topic):
                    payload, qos = self.retained[topic]
                    session.push(topic, payload, min(qos, granted), retain=True)

    def pass_on(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        """Retain a message where it asks for it, and give it to all subscribers."""
        if retain:
            self.retain(topic, payload, qos)
        if self.tree:
            for session, wanted in self.tree.match(topic).items():
                session.push(topic, payload, min(qos, wanted), retain=False)  # [MQTT-3.3.1-9]

    def retain(self, topic: str, payload: bytes, qos: int) -> None:
        """Keep a topic's last message for later subscribers; an empty one only forgets [MQTT-3.3.1-10]."""
        before = self.retained.pop(topic, None)
        if before is not None:
            self.retained_bytes -= len(topic) + len(before[0])
        size = len(topic) + len(payload)
        has_room = (
            len(self.retained) < self.options.retained_per_tenant
            and self.retained_bytes + size <= self.options.retained_bytes_per_tenant
        )
        if payload and has_room:
            self.retained[topic] = (payload, qos)
            self.retained_bytes += size
            self.batch.rows.append(("retain", self.tenant, topic, payload, qos))
            return
        if payload:
            self.counts.dropped["too many retained messages"] += 1
        if before is not None:
            self.batch.rows.append(("unretain", self.tenant, topic))

    def answer(self, connection: Connection, word: int) -> None:
        """Queue an acknowledgement behind what was read before it."""
        self.batch.words.setdefault(connection, []).append(word)
        self.wake()

    # storing

    @property
    def is_full(self) -> bool:
        batch = self.batch
        return len(batch.columns) >= self.options.batch_rows or batch.bytes >= self.options.batch_bytes

    def wake(self) -> None:
        if self.batch and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._run(), name=f"front door {self.tenant}")

    async def settle(self) -> None:
        """Wait until everything read so far is stored and answered."""
        while self._task is not None and not self._task.done():
            await asyncio.wait({self._task})

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        batch = self.batch
        try:
            while self.batch:
                if len(self.batch.columns) and self.options.linger_s and not self.is_full:
                    await asyncio.sleep(self.options.linger_s)
                batch, self.batch = self.batch, Batch()
                held, self.held = self.held, set()
                for connection in held:
                    connection.resume("backlog")
                await self._store(batch)
                await self._until_done(partial(self._keep.commit, batch.rows))
                self._acknowledge(batch)
        except BaseException as error:
            # Unknown whether it is stored: everybody in it must send it again, so nobody is answered.
            self._abandon(batch)
            self.storing, self.waiting = 0, None
            if not isinstance(error, Exception):
                raise
            log.exception("front door of %s: batch abandoned, its clients disconnected", self.tenant)

    async def _store(self, batch: Batch) -> None:
        rows = len(batch.columns)
        if not rows:
            return
        self.storing = rows
        for frame in (batch.columns.frame(), batch.columns.bursts()):
            if frame is not None and len(frame):
                await self._store_frame(frame)
        self.counts.skewed += batch.columns.skewed
        self.storing = 0
        self.counts.batches += 1

    async def _store_frame(self, frame: pa.RecordBatch) -> None:
        try:
            await self._until_done(lambda: self._sink.store(self.options.partition, self.tenant, frame))
            self.counts.accepted += len(frame)
        except BaigongError as error:  # will never be stored: to send it again would not help
            self.counts.dropped[error.code] += len(frame)
            log.error("front door of %s: %d values refused: %s", self.tenant, len(frame), error)

    async def _until_done(self, act: Callable[[], Awaitable[object]]) -> None:
        pause_s = self.options.retry_s
        while True:
            try:
                await act()
            except RetryLater as error:
                self.waiting = error
                self.counts.retries += 1
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, self.options.retry_max_s)
            else:
                self.waiting = None
                return

    def _acknowledge(self, batch: Batch) -> None:
        for connection, words in batch.words.items():
            connection.send(struct.pack(f">{len(words)}I", *words))
        for session in batch.touched:
            session.pump()

    def _abandon(self, batch: Batch) -> None:
        for session, packet_id in batch.entered:
            session.received.discard(packet_id)
        for connection in list(batch.words):
            connection.close("batch abandoned")
