"""One client's socket: bytes to packets, packets to the tenant's room. No task and no future per message."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from baigong.drivers.mqtt import packets as p
from baigong.drivers.mqtt.codec import Published, decode, encode, frame_size, scan
from baigong.drivers.mqtt.payload import Book, Reader
from baigong.gateway.frontdoor.allowance import Allowance
from baigong.gateway.frontdoor.options import Machine
from baigong.gateway.frontdoor.refusals import handshake_refused
from baigong.gateway.frontdoor.session import PUBREL, Session
from baigong.vocab.errors import BaigongError, FixConfiguration

if TYPE_CHECKING:
    from baigong.gateway.frontdoor.door import FrontDoor
    from baigong.gateway.frontdoor.room import Room

_LOOK_S = 2.0  # a company that waits is looked at anew: its quota may be another
PUBACK, PUBREC, PUBCOMP = 0x4002_0000, 0x5002_0000, 0x7002_0000


class Connection(asyncio.Protocol):
    """``device`` and ``room`` are known once the client has signed in; before, only a CONNECT is read."""

    def __init__(self, door: FrontDoor) -> None:
        self.door, self.options, self.counts = door, door.options, door.counts
        self.session: Session | None = None
        self.room: Room = cast("Room", None)
        self.book: Book = cast("Book", None)
        self.device = self.client_id = ""
        self.certificate: bytes | None = None  # DER, proven by the handshake
        self.key = ("", "")  # what it signed in with: ("user", its name) or ("certificate", SHA-256)
        self.until_us = 0  # when that ends; 0: never
        self.keep_alive_s = 0.0
        self.will: p.Will | None = None
        self.write_paused = False
        self.began = self.heard = self.write_paused_since = 0.0
        self.partial_since = 0.0  # when the first byte of an incomplete packet came; 0: there is none
        self.is_signing_in = False
        self.is_in_line = False  # behind others of its network (see ``doorstep``)
        self.network = ""
        self.is_closed = False
        self.messages = 0
        self._holds: set[str] = set()  # why the socket is not read
        self._tail = bytearray()
        self._need = 0
        self._names: dict[bytes, str] = {}
        self.who: Machine = cast("Machine", None)
        self.allowance: Allowance = cast("Allowance", None)
        self._readers: dict[str, Reader] = {}  # of topics that it may publish to
        self._allow = (door.options.messages_s, door.options.bytes_s)
        self._allowed_at = 0.0

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=1 << 20)
        self.began = self.heard = self._allowed_at = time.monotonic()
        self.door.entered(self)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.counts.closed["connection lost" if self.session else "left before signing in"] += 1
        self.door.left(self)

    def pause_writing(self) -> None:
        self.write_paused, self.write_paused_since = True, time.monotonic()

    def resume_writing(self) -> None:
        self.write_paused = False
        if self.session:
            self.session.pump()

    def data_received(self, raw: bytes) -> None:
        if self.is_closed:
            return
        if self._tail or self.is_signing_in or self.is_in_line:
            self._tail += raw
            if self.is_signing_in or self.is_in_line:
                if len(self._tail) > self.options.max_packet:
                    self.close("payload.too_large")
                return
            if len(self._tail) < self._need:
                return
            raw = bytes(self._tail)
            self._tail = bytearray()
        self._feed(raw)

    def configure(self, book: Book, named: frozenset[str]) -> None:
        """Take the device's points and topics as they are now."""
        self.book, self._readers = book, {}
        self.allowance = Allowance(self.device, named, self.who.publish, self.who.subscribe)
        if self.session is not None:
            self.session.keep_to(self.allowance)

    # reading

    def go_in(self) -> None:
        """Be read, after those before in line."""
        self.is_in_line, self.began = False, time.monotonic()
        self.resume("line")
        self.go_on()

    def go_on(self) -> None:
        """Read what came while the client was signing in."""
        self.is_signing_in = False
        if self._tail and not self.is_closed:
            raw, self._tail = bytes(self._tail), bytearray()
            self._feed(raw)

    def _feed(self, raw: bytes) -> None:
        at, end, limit, others, before = 0, len(raw), self.options.max_packet, 0, self.messages
        try:
            while at < end and not self.is_closed and not self.is_signing_in:
                if raw[at] & 0xF0 == 0x30 and self.session is not None:
                    burst = scan(raw, at, self._names, limit=limit)
                    if not burst.used:
                        break
                    at += burst.used
                    self._take(burst)
                    continue
                packet, used = decode(raw, at, limit=limit)
                if packet is None:
                    break
                at += used
                others += 1
                self._packet(packet)
        except FixConfiguration as error:
            self.close(error.code, error)
            return
        now = time.monotonic()
        if at:
            self.heard, self.partial_since = now, 0.0
            self._spend(self.messages - before + others, at, now)
        if at < end and not self.is_closed:
            self._tail = bytearray(raw[at:])
            self._need = frame_size(raw, at, end) or end - at + 1
            if not self.is_signing_in:
                self.partial_since = self.partial_since or now

    def _take(self, burst: Published) -> None:
        """Read many messages into the room's batch, then see whether that was too much at once."""
        room, counts = self.room, self.counts
        values = self._read(burst)
        counts.values += values
        messages = len(burst.ids)
        self.messages += messages
        counts.messages += messages
        room.messages += messages
        counts.bytes_in += burst.used
        room.batch.bytes += burst.used
        if self.book.fresh:
            self.door.announce(room, self.device, self.book)
        room.wake()
        if room.is_full:
            self.hold("backlog")
            room.held.add(self)
        self._pay(values)

    def _read(self, burst: Published) -> int:
        """Append the values to the batch's columns, and note what is to be acknowledged; return how many values."""
        room, session = self.room, cast(Session, self.session)
        batch, readers, wanted, outward = room.batch, self._readers, room.tree, room.outward
        words: list[int] = []
        now_us, values = time.time_ns() // 1000, 0
        for topic, payload, packet_id, flags in zip(burst.topics, burst.payloads, burst.ids, burst.flags, strict=True):
            reader = readers.get(topic)
            if reader is None:
                if not self._may_publish(topic):
                    return values
                reader = self._reader(topic)
            if flags & 4:
                words.append(PUBREC | packet_id)
                if not session.receive(packet_id):
                    self.counts.duplicates += 1
                    continue
            elif flags & 2:
                words.append(PUBACK | packet_id)
            if payload:
                try:
                    values += reader.take(payload, batch.columns, now_us)
                except FixConfiguration as error:
                    self.counts.dropped[error.code] += 1
            if flags & 1 or wanted:
                room.pass_on(topic, payload, flags >> 1 & 3, retain=bool(flags & 1))
            if outward is not None:
                outward(room.tenant, topic, payload, flags >> 1 & 3, retain=bool(flags & 1))
        if words:
            batch.words.setdefault(self, []).extend(words)
        return values

    def _may_publish(self, topic: str) -> bool:
        """A denied publish ends the connection: MQTT 3.1.1 has no other way to say no [MQTT-3.3.5-2]."""
        if self.allowance.may("publish", topic):
            return True
        self.close("mqtt.topic_denied", self.door.deny(self, "publish", topic))
        return False

    def _reader(self, topic: str) -> Reader:
        """Find the reader of a topic that was looked at, and remember that it was where that has a bound."""
        reader = self.book.reader(topic)
        if self.book.readers.get(topic) is reader:
            self._readers[topic] = reader
        return reader

    def _spend(self, messages: int, size: int, now: float) -> None:
        """Take from the client's allowance; when it is used up, do not read until it has grown again."""
        rate, bytes_s = self.options.messages_s, self.options.bytes_s
        since, self._allowed_at = now - self._allowed_at, now
        left, left_bytes = self._allow
        left = min(rate, left + since * rate) - messages
        left_bytes = min(bytes_s, left_bytes + since * bytes_s) - size
        self._allow = (left, left_bytes)
        wait_s = max(-left / rate if rate else 0.0, -left_bytes / bytes_s if bytes_s else 0.0)
        if wait_s > 0.001 and self.session is not None and not self.is_closed:
            self.counts.slowed += 1
            self.hold("quota")
            self.door.tell_slowed(self)
            asyncio.get_running_loop().call_later(wait_s, self.resume, "quota")

    def _pay(self, values: int) -> None:
        """Take from the company's allowance; what was read is stored and answered, the next is not read before."""
        wait_s = self.door.pay(self.room.tenant, values)
        if wait_s > 0.001 and not self.is_closed:
            self.counts.slowed += 1
            self.room.slowed += 1
            self.hold("company's quota")
            asyncio.get_running_loop().call_later(min(wait_s, _LOOK_S), self._paid)

    def _paid(self) -> None:
        wait_s = self.door.pay(self.room.tenant, 0)
        if wait_s > 0.001 and not self.is_closed:
            asyncio.get_running_loop().call_later(min(wait_s, _LOOK_S), self._paid)
        else:
            self.resume("company's quota")

    def hold(self, reason: str) -> None:
        """Do not read the socket while a reason stands."""
        if not self._holds and not self.is_closed:
            self._transport.pause_reading()
        self._holds.add(reason)

    def resume(self, reason: str) -> None:
        if reason in self._holds:
            self._holds.discard(reason)
            self.heard = time.monotonic()
            if not self._holds and not self.is_closed:
                self._transport.resume_reading()

    @property
    def peer(self) -> str:
        """The client's network address."""
        return str((self._transport.get_extra_info("peername") or ("",))[0])

    @property
    def is_held(self) -> bool:
        return bool(self._holds)

    # writing

    def send(self, raw: bytes) -> None:
        if not self.is_closed:
            self._transport.write(raw)

    def refuse_handshake(self, error: ssl.SSLError) -> None:
        """End what did not become TLS, or showed a certificate that is none of ours."""
        why = handshake_refused(error)
        self.door.entrance.turn_away(self.peer, why, None)
        self.close(f"refused: {why}")

    def close(self, reason: str, error: BaigongError | None = None, *, flush: bool = True) -> None:
        """End the connection and count why; the will is published unless the client said DISCONNECT."""
        if self.is_closed:
            return
        self.is_closed = True
        self.counts.closed[reason] += 1
        self.door.tell_closed(self, reason, error)
        if flush:
            self._transport.close()
        else:
            self._transport.abort()

    def abort_if_lingering(self) -> None:
        self._transport.abort()

    # packets

    def _packet(self, packet: p.Packet) -> None:
        session = self.session
        if isinstance(packet, p.Connect):
            if session is not None:  # [MQTT-3.1.0-2]
                self.close("second CONNECT")
                return
            self.is_signing_in = True
            self.door.sign_in(self, packet)
            return
        if session is None:  # [MQTT-3.1.0-1]
            self.close("first packet is not CONNECT")
            return
        handle = _HANDLERS.get(type(packet))
        if handle is None:
            self.close("packet only a server sends")
        else:
            handle(self, session, packet)

    def _puback(self, session: Session, packet: p.Puback) -> None:
        session.puback(packet.packet_id)

    def _pubrec(self, session: Session, packet: p.Pubrec) -> None:
        if session.pubrec(packet.packet_id):
            self.send((PUBREL | packet.packet_id).to_bytes(4, "big"))
        else:
            self.room.answer(self, PUBREL | packet.packet_id)

    def _pubrel(self, session: Session, packet: p.Pubrel) -> None:
        session.release(packet.packet_id)
        self.room.answer(self, PUBCOMP | packet.packet_id)

    def _pubcomp(self, session: Session, packet: p.Pubcomp) -> None:
        session.pubcomp(packet.packet_id)

    def _pingreq(self, session: Session, packet: p.Pingreq) -> None:
        self.send(encode(p.Pingresp()))

    def _disconnect(self, session: Session, packet: p.Disconnect) -> None:
        self.will = None  # [MQTT-3.14.4-3]
        self.close("disconnect")

    def _unsubscribe(self, session: Session, packet: p.Unsubscribe) -> None:
        for wanted in packet.filters:
            session.unsubscribe(wanted)
        self.send(encode(p.Unsuback(packet.packet_id)))
        self.room.wake()

    def _subscribe(self, session: Session, packet: p.Subscribe) -> None:
        codes, new = [], []
        for wanted, qos in packet.filters:
            room_left = len(session.subscriptions) < self.options.subscriptions_per_client
            allowed = self.allowance.may("subscribe", wanted)
            if not allowed:
                self.door.deny(self, "subscribe", wanted)
            if not allowed or not (room_left or wanted in session.subscriptions):
                codes.append(p.REFUSED)
                self.counts.refused["subscription"] += 1
                continue
            session.subscribe(wanted, qos)
            codes.append(qos)
            new.append((wanted, qos))
        self.send(encode(p.Suback(packet.packet_id, tuple(codes))))
        self.room.send_retained(session, new)
        self.room.wake()


_HANDLERS: dict[type, Callable[..., None]] = {
    p.Puback: Connection._puback,
    p.Pubrec: Connection._pubrec,
    p.Pubrel: Connection._pubrel,
    p.Pubcomp: Connection._pubcomp,
    p.Subscribe: Connection._subscribe,
    p.Unsubscribe: Connection._unsubscribe,
    p.Pingreq: Connection._pingreq,
    p.Disconnect: Connection._disconnect,
}
