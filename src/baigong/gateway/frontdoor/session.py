"""What the server remembers of a client between two connections (MQTT 3.1.1 §4.1, §4.4)."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from baigong.drivers.mqtt.codec import encode_publish

if TYPE_CHECKING:
    from baigong.gateway.frontdoor.allowance import Allowance
    from baigong.gateway.frontdoor.connection import Connection
    from baigong.gateway.frontdoor.room import Room

PUBREL = 0x6202_0000


@dataclass(slots=True)
class Outgoing:
    """A QoS 1 or 2 message on its way to a subscriber. ``released``: PUBREC came, PUBREL is due."""

    packet_id: int
    topic: str
    payload: bytes
    qos: int
    retain: bool
    sent: bool = False
    released: bool = False

    @property
    def size(self) -> int:
        return len(self.topic) + len(self.payload)


class Session:
    """One client id of one tenant: subscriptions, messages under way, and the QoS 2 messages already received.

    What must outlive a restart is written as rows into the room's current batch, and committed before the packet
    that promises it leaves: so a message for a persistent session is sent by ``pump`` after the commit.
    """

    def __init__(self, room: Room, client_id: str, device: str, *, persistent: bool) -> None:
        self.room, self.client_id, self.device, self.persistent = room, client_id, device, persistent
        self.connection: Connection | None = None
        self.subscriptions: dict[str, int] = {}
        self.received: set[int] = set()
        self.waiting: deque[Outgoing] = deque()
        self.flight: dict[int, Outgoing] = {}
        self.seen_us = 0
        self._last_id = 0
        self._ids: set[int] = set()
        self._bytes = 0  # of the messages in ``waiting`` and ``flight``

    def open(self, connection: Connection) -> None:
        self.connection = connection
        self._seen()

    def leave(self) -> None:
        """Note that the client is gone; what is due to it waits."""
        self.connection = None
        self._seen()

    def _seen(self) -> None:
        self.seen_us = time.time_ns() // 1000
        self._write("open", self.device, self.seen_us)

    def subscribe(self, wanted: str, qos: int) -> None:
        self.subscriptions[wanted] = qos
        self.room.tree.add(wanted, self, qos)
        self._write("subscribe", wanted, qos)

    def unsubscribe(self, wanted: str) -> None:
        if self.subscriptions.pop(wanted, None) is not None:
            self.room.tree.remove(wanted, self)
            self._write("unsubscribe", wanted)

    def keep_to(self, allowance: Allowance) -> bool:
        """Drop subscriptions that are not allowed any more; tell whether there were any."""
        gone = [wanted for wanted in self.subscriptions if not allowance.may("subscribe", wanted)]
        for wanted in gone:
            self.unsubscribe(wanted)
        return bool(gone)

    def forget(self) -> None:
        """Drop everything, as at the end of a clean session."""
        for wanted in self.subscriptions:
            self.room.tree.remove(wanted, self)
        self.subscriptions.clear()
        self.waiting.clear()
        self.flight.clear()
        self.received.clear()
        self._write("forget")

    def restore(self, message: Outgoing) -> None:
        """Take back a message from the file; whether it was sent before the restart is not known."""
        self._ids.add(message.packet_id)
        self._bytes += message.size
        message.sent = True
        self.flight[message.packet_id] = message

    # messages to the subscriber

    def push(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        """Send or queue a message; what finds no room is counted."""
        counts = self.room.counts
        if qos == 0:
            if self.connection is None:
                return
            if self.connection.write_paused:
                counts.dropped["subscriber is slow"] += 1
                return
            counts.delivered += 1
            self.connection.send(encode_publish(topic, payload, retain=retain))
            return
        options = self.room.options
        if len(self._ids) >= options.queue or self._bytes + len(payload) > options.queue_bytes:
            counts.dropped["subscriber's queue is full"] += 1
            return
        message = Outgoing(self._next_id(), topic, payload, qos, retain)
        self.waiting.append(message)
        self._bytes += message.size
        if self.persistent:
            self._write("send", message.packet_id, qos, topic, payload, retain)
            self.room.batch.touched.add(self)
            self.room.wake()
        else:
            self.pump()

    def pump(self) -> None:
        """Send what waits, as far as window and socket allow."""
        connection = self.connection
        while connection and self.waiting and not connection.write_paused:
            if len(self.flight) >= self.room.options.window:
                return
            message = self.waiting.popleft()
            self.flight[message.packet_id] = message
            message.sent = True
            self.room.counts.delivered += 1
            connection.send(
                encode_publish(message.topic, message.payload, message.qos, message.packet_id, retain=message.retain)
            )

    def resume(self) -> None:
        """Send again, in the old order, what was not acknowledged before the reconnect [MQTT-4.4.0-1]."""
        if self.connection is None:
            return
        for message in self.flight.values():
            if message.released:
                self.connection.send((PUBREL | message.packet_id).to_bytes(4, "big"))
            else:
                self.connection.send(
                    encode_publish(
                        message.topic, message.payload, message.qos, message.packet_id, retain=message.retain, dup=True
                    )
                )
        self.pump()

    def puback(self, packet_id: int) -> None:
        message = self.flight.get(packet_id)
        if message is not None and message.qos == 1:
            self._finish(packet_id)

    def pubrec(self, packet_id: int) -> bool:
        """Note a PUBREC; tell whether a PUBREL may leave at once, without waiting for the commit."""
        message = self.flight.get(packet_id)
        if message is None or message.qos != 2 or message.released:
            return True
        message.released = True
        self._write("release", packet_id)
        return not self.persistent

    def pubcomp(self, packet_id: int) -> None:
        message = self.flight.get(packet_id)
        if message is not None and message.released:
            self._finish(packet_id)

    def _finish(self, packet_id: int) -> None:
        self._bytes -= self.flight.pop(packet_id).size
        self._ids.discard(packet_id)
        self._write("sent", packet_id)
        self.pump()

    def _next_id(self) -> int:
        made = self._last_id
        while True:
            made = made % 65_535 + 1
            if made not in self._ids:
                break
        self._last_id = made
        self._ids.add(made)
        return made

    # QoS 2 messages from the client

    def receive(self, packet_id: int) -> bool:
        """Note a QoS 2 identifier; False when it is known already, and the message a repetition."""
        if packet_id in self.received:
            return False
        self.received.add(packet_id)
        self.room.batch.entered.append((self, packet_id))
        self._write("receive", packet_id)
        return True

    def release(self, packet_id: int) -> None:
        self.received.discard(packet_id)
        self._write("complete", packet_id)

    def _write(self, *row: object) -> None:
        if self.persistent:
            self.room.batch.rows.append((row[0], self.room.tenant, self.client_id, *row[1:]))
