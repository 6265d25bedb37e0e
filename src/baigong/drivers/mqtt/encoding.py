"""Writes MQTT packets; the reading half and the picture of the bytes are in ``codec``."""

from __future__ import annotations

import struct

from baigong.drivers.mqtt.packets import (
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
)
from baigong.drivers.mqtt.topics import malformed
from baigong.vocab.errors import FixConfiguration

MAX_REMAINING = 268_435_455  # bytes, §2.2.3 table 2.4
_BY_ID = {Puback: 0x40, Pubrec: 0x50, Pubrel: 0x62, Pubcomp: 0x70, Unsuback: 0xB0}
_BARE = {Pingreq: b"\xc0\x00", Pingresp: b"\xd0\x00", Disconnect: b"\xe0\x00"}


def encode(packet: Packet) -> bytes:
    """Write a packet. A topic, filter or flag the standard forbids raises mqtt.malformed, as when reading."""
    kind = type(packet)
    if kind in _BY_ID:
        return struct.pack(">BBH", _BY_ID[kind], 2, packet.packet_id)  # type: ignore[union-attr]
    if kind in _BARE:
        return _BARE[kind]
    match packet:
        case Publish():
            return encode_publish(
                packet.topic, packet.payload, packet.qos, packet.packet_id, retain=packet.retain, dup=packet.dup
            )
        case Connack():
            return bytes((0x20, 2, packet.session_present, packet.code))
        case Suback():
            return _framed(0x90, struct.pack(">H", packet.packet_id) + bytes(packet.codes))
        case Subscribe():
            asked = b"".join(_short(wanted.encode()) + bytes((qos,)) for wanted, qos in packet.filters)
            return _framed(0x82, struct.pack(">H", packet.packet_id) + asked)
        case Unsubscribe():
            left = b"".join(_short(wanted.encode()) for wanted in packet.filters)
            return _framed(0xA2, struct.pack(">H", packet.packet_id) + left)
        case Connect():
            return _framed(0x10, _connect_body(packet))
    raise TypeError(f"{packet!r} is not an MQTT packet")


def encode_publish(
    topic: str, payload: bytes, qos: int = 0, packet_id: int = 0, *, retain: bool = False, dup: bool = False
) -> bytes:
    """Write a PUBLISH without making a ``Publish`` first."""
    head = 0x30 | dup << 3 | qos << 1 | retain
    identifier = struct.pack(">H", packet_id) if qos else b""
    return _framed(head, _short(topic.encode()) + identifier + payload)


def too_large(size: int, limit: int) -> FixConfiguration:
    return FixConfiguration("payload.too_large", f"an MQTT packet of {size} bytes is more than {limit}")


def encode_length(length: int) -> bytes:
    r"""Write a remaining length (§2.2.3).

    >>> encode_length(0), encode_length(321)
    (b'\x00', b'\xc1\x02')
    """
    if length > MAX_REMAINING:
        raise too_large(length, MAX_REMAINING)
    made = bytearray()
    while True:
        length, digit = length >> 7, length & 0x7F
        made.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(made)


def _framed(head: int, body: bytes) -> bytes:
    return bytes((head,)) + encode_length(len(body)) + body


def _short(raw: bytes) -> bytes:
    if len(raw) > 0xFFFF:
        raise malformed("MQTT-1.5.3", f"a string of {len(raw)} bytes is longer than 65535")
    return struct.pack(">H", len(raw)) + raw


def _connect_body(packet: Connect) -> bytes:
    will = packet.will
    bits = packet.clean << 1
    tail = _short(packet.client_id.encode())
    five = packet.level >= 5
    if will:
        bits |= 4 | will.qos << 3 | will.retain << 5
        tail += _block(packet.will_properties) if five else b""
        tail += _short(will.topic.encode()) + _short(will.payload)
    if packet.username is not None:
        bits |= 0x80
        tail += _short(packet.username.encode())
    if packet.password is not None:
        bits |= 0x40
        tail += _short(packet.password)
    head = b"\x00\x04MQTT" + struct.pack(">BBH", packet.level, bits, packet.keep_alive_s)
    return head + (_block(packet.properties) if five else b"") + tail


def _block(properties: bytes) -> bytes:
    return encode_length(len(properties)) + properties
