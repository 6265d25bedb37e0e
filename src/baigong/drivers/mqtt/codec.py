"""MQTT 3.1.1 on the wire: bytes in, packets out, and how many bytes were used.

::

    bit     7  6  5  4   3   2 1  0          byte 1
           packet type  DUP  QoS  RETAIN     the flags of PUBLISH; fixed for all others (§2.2.2)
           remaining length, 1 to 4 bytes of 7 bits, least first (§2.2.3)
           variable header, payload          "remaining length" bytes

Pure: no clock, no socket. Two ways in: ``decode`` makes one packet, ``scan`` takes all PUBLISH packets that lie
one behind the other in one read of a socket and makes columns of them. Whatever is not MQTT raises mqtt.malformed
with the number of the conformance statement; less than a packet is not an error, it uses 0 bytes.

Only the CONNECT of MQTT 5 is understood, with its properties left as bytes: enough to refuse it politely. The
place where each packet would take its properties is ``_Reader.properties``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from baigong.drivers.mqtt.encoding import MAX_REMAINING, encode, encode_length, encode_publish, too_large
from baigong.drivers.mqtt.packets import (
    CONNACK,
    CONNECT,
    DISCONNECT,
    PINGREQ,
    PINGRESP,
    PUBACK,
    PUBCOMP,
    PUBLISH,
    PUBREC,
    PUBREL,
    REFUSED,
    SUBACK,
    SUBSCRIBE,
    UNSUBACK,
    UNSUBSCRIBE,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Will,
)
from baigong.drivers.mqtt.topics import malformed, text, topic_filter, topic_name
from baigong.vocab.errors import FixConfiguration

__all__ = ["Published", "decode", "encode", "encode_length", "encode_publish", "frame_size", "scan", "too_large"]

_FLAGS = {PUBREL: 2, SUBSCRIBE: 2, UNSUBSCRIBE: 2}  # all others 0, §2.2.2 table 2.2
_NAMES_KEPT = 16_384  # topics a scanner remembers as already checked
_NAME_KEPT = 512  # bytes: longer ones are checked every time


class _Reader:
    """Walks over one packet's body; running past its end is malformed."""

    __slots__ = ("at", "end", "raw")

    def __init__(self, raw: bytes, at: int, end: int) -> None:
        self.raw, self.at, self.end = raw, at, end

    def byte(self) -> int:
        return self.take(1)[0]

    def word(self) -> int:
        high, low = self.take(2)
        return high << 8 | low

    def take(self, count: int) -> bytes:
        start = self.at
        self.at = start + count
        if self.at > self.end:
            raise malformed("MQTT-2.2.3", "a field runs past the end of its packet")
        return bytes(self.raw[start : self.at])

    def binary(self) -> bytes:
        return self.take(self.word())

    def packet_id(self) -> int:
        made = self.word()
        if not made:
            raise malformed("MQTT-2.3.1-1", "a packet identifier is 0")
        return made

    def properties(self, level: int) -> bytes:
        """Take the property block of MQTT 5 (5.0 §2.2.2) as it is; 3.1.1 has none."""
        if level < 5:
            return b""
        used, length = remaining_length(self.raw, self.at, self.end)
        if not used:
            raise malformed("MQTT-2.2.3", "a property length runs past the end of its packet")
        self.at += used
        return self.take(length)

    def done(self) -> None:
        if self.at != self.end:
            raise malformed("MQTT-2.2.3", f"{self.end - self.at} bytes too many in a packet")


def remaining_length(raw: bytes, at: int, end: int) -> tuple[int, int]:
    """Read a length of up to four bytes: (bytes used, length), (0, 0) while it is incomplete."""
    length = 0
    for index in range(4):
        if at + index >= end:
            return 0, 0
        digit = raw[at + index]
        length |= (digit & 0x7F) << 7 * index
        if digit < 0x80:
            return index + 1, length
    raise malformed("MQTT-2.2.3", "a remaining length is longer than four bytes")


def frame_size(raw: bytes, at: int, end: int) -> int:
    """Return the size in bytes of the packet that begins at ``at``; 0 while its length has not arrived."""
    used, length = remaining_length(raw, at + 1, end)
    return 1 + used + length if used else 0


def decode(raw: bytes, at: int = 0, *, limit: int = MAX_REMAINING + 5) -> tuple[Packet | None, int]:
    """Read the packet that begins at ``at``: (packet, bytes used), or (None, 0) while it is incomplete.

    Raises payload.too_large as soon as a packet says it is longer than ``limit``, mqtt.malformed otherwise.
    """
    end = len(raw)
    if at >= end:
        return None, 0
    kind, flags = raw[at] >> 4, raw[at] & 0x0F
    if kind not in _READ:
        raise malformed("MQTT-2.2.1", f"there is no packet type {kind}")
    if kind != PUBLISH and flags != _FLAGS.get(kind, 0):
        raise malformed("MQTT-2.2.2-2", f"packet type {kind} with flags {flags:04b}")
    used, length = remaining_length(raw, at + 1, end)
    if not used:
        return None, 0
    start = at + 1 + used
    if start - at + length > limit:
        raise too_large(start - at + length, limit)
    if start + length > end:
        return None, 0
    reader = _Reader(raw, start, start + length)
    packet = _READ[kind](reader, flags)
    reader.done()
    return packet, start + length - at


@dataclass(slots=True)
class Published:
    """All PUBLISH packets of one read, as parallel lists.

    ``flags``: DUP 8, QoS 2 and 4, RETAIN 1 as on the wire. ``ids``: packet identifiers, 0 for QoS 0.
    ``used``: bytes from where the scan began to where it stopped.
    """

    topics: list[str] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    used: int = 0


def scan(raw: bytes, at: int, names: dict[bytes, str], *, limit: int = MAX_REMAINING + 5) -> Published:
    """Take the PUBLISH packets from ``at`` on, up to another packet type, an incomplete one or the end.

    ``names`` remembers which topics were found good, so that each is checked and decoded once; the caller keeps
    it as long as it likes. About 0.6 us for a packet (one core of 2.5 GHz). Raises like ``decode``.
    """
    made = Published()
    topics, payloads, ids, marks = made.topics, made.payloads, made.ids, made.flags
    start, end, known = at, len(raw), names.get
    while at + 1 < end and raw[at] & 0xF0 == 0x30:
        flags, length, body = raw[at] & 0x0F, raw[at + 1], at + 2
        if length > 0x7F:
            used, length = remaining_length(raw, at + 1, end)
            if not used:
                break
            body = at + 1 + used
        stop = body + length
        if stop - at > limit:
            raise too_large(stop - at, limit)
        if stop > end:
            break
        rest = colon = body + 2 + (raw[body] << 8 | raw[body + 1]) if length >= 2 else stop + 1
        packet_id = 0
        if flags & 6:
            rest = colon + 2
            if rest <= stop:
                packet_id = raw[colon] << 8 | raw[colon + 1]
        if rest > stop or flags & 6 == 6 or flags & 14 == 8 or (flags & 6 and not packet_id):
            raise _bad_publish(raw, at)
        name = raw[body + 2 : colon]
        topics.append(known(name) or _learn(names, name))
        payloads.append(raw[rest:stop])
        ids.append(packet_id)
        marks.append(flags)
        at = stop
    made.used = at - start
    return made


def _learn(names: dict[bytes, str], raw: bytes) -> str:
    if len(names) >= _NAMES_KEPT:
        names.clear()
    name = topic_name(raw)
    if len(raw) <= _NAME_KEPT:
        names[raw] = name
    return name


def _bad_publish(raw: bytes, at: int) -> FixConfiguration:
    try:
        decode(raw, at)
    except FixConfiguration as error:
        return error
    return malformed("MQTT-3.3", "a PUBLISH that cannot be read")


def _connect(r: _Reader, flags: int) -> Packet:
    name, level = r.binary(), r.byte()
    if name == b"MQIsdp" or (name == b"MQTT" and level not in (4, 5)):
        r.at = r.end  # another version's body means something else: the server answers 0x01 [MQTT-3.1.2-2]
        return Connect("", level=level)
    if name != b"MQTT":
        raise malformed("MQTT-3.1.2-1", f"the protocol is called {name[:20]!r}, not MQTT")
    bits, keep_alive_s = r.byte(), r.word()
    will_qos = bits >> 3 & 3
    if bits & 1:
        raise malformed("MQTT-3.1.2-3", "the reserved flag of CONNECT is set")
    if will_qos == 3 or (not bits & 4 and bits & 0x38):
        raise malformed("MQTT-3.1.2-14" if will_qos == 3 else "MQTT-3.1.2-11", "the will flags contradict each other")
    if bits & 0x40 and not bits & 0x80 and level < 5:
        raise malformed("MQTT-3.1.2-22", "a password without a user name")
    properties = r.properties(level)
    client_id = text(r.binary())
    will, will_properties = None, b""
    if bits & 4:
        will_properties = r.properties(level)
        will = Will(topic_name(r.binary()), r.binary(), will_qos, bool(bits & 0x20))
    username = text(r.binary()) if bits & 0x80 else None
    password = r.binary() if bits & 0x40 else None
    return Connect(
        client_id, bool(bits & 2), keep_alive_s, username, password, will, level, properties, will_properties
    )


def _connack(r: _Reader, flags: int) -> Packet:
    bits, code = r.byte(), r.byte()
    if bits & 0xFE:
        raise malformed("MQTT-3.2.2-1", "reserved flags of CONNACK are set")
    if code > 5:
        raise malformed("MQTT-3.2.2.3", f"CONNACK with the reserved return code {code}")
    if bits and code:
        raise malformed("MQTT-3.2.2-4", "CONNACK refuses and yet has a session")
    return Connack(code, bool(bits))


def _publish(r: _Reader, flags: int) -> Packet:
    qos = flags >> 1 & 3
    if qos == 3:
        raise malformed("MQTT-3.3.1-4", "PUBLISH with QoS 3")
    if flags & 8 and not qos:
        raise malformed("MQTT-3.3.1-2", "PUBLISH with QoS 0 and DUP")
    topic = topic_name(r.binary())
    packet_id = r.packet_id() if qos else 0
    return Publish(topic, r.take(r.end - r.at), qos, packet_id, bool(flags & 1), bool(flags & 8))


def _subscribe(r: _Reader, flags: int) -> Packet:
    packet_id = r.packet_id()
    filters = []
    while r.at < r.end:
        wanted, qos = topic_filter(r.binary()), r.byte()
        if qos > 2:
            raise malformed("MQTT-3.8.3-4", f"SUBSCRIBE asks for QoS {qos}")
        filters.append((wanted, qos))
    if not filters:
        raise malformed("MQTT-3.8.3-3", "SUBSCRIBE without a filter")
    return Subscribe(packet_id, tuple(filters))


def _suback(r: _Reader, flags: int) -> Packet:
    packet_id, codes = r.packet_id(), tuple(r.take(r.end - r.at))
    if not codes or not set(codes) <= {0, 1, 2, REFUSED}:
        raise malformed("MQTT-3.9.3-2", f"SUBACK with return codes {codes[:8]}")
    return Suback(packet_id, codes)


def _unsubscribe(r: _Reader, flags: int) -> Packet:
    packet_id = r.packet_id()
    filters = []
    while r.at < r.end:
        filters.append(topic_filter(r.binary()))
    if not filters:
        raise malformed("MQTT-3.10.3-2", "UNSUBSCRIBE without a filter")
    return Unsubscribe(packet_id, tuple(filters))


_READ: dict[int, Callable[[_Reader, int], Packet]] = {
    CONNECT: _connect,
    CONNACK: _connack,
    PUBLISH: _publish,
    PUBACK: lambda r, flags: Puback(r.packet_id()),
    PUBREC: lambda r, flags: Pubrec(r.packet_id()),
    PUBREL: lambda r, flags: Pubrel(r.packet_id()),
    PUBCOMP: lambda r, flags: Pubcomp(r.packet_id()),
    SUBSCRIBE: _subscribe,
    SUBACK: _suback,
    UNSUBSCRIBE: _unsubscribe,
    UNSUBACK: lambda r, flags: Unsuback(r.packet_id()),
    PINGREQ: lambda r, flags: Pingreq(),
    PINGRESP: lambda r, flags: Pingresp(),
    DISCONNECT: lambda r, flags: Disconnect(),
}
