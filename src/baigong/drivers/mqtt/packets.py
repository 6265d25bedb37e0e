"""The fourteen packets of MQTT 3.1.1 (OASIS, 29 October 2014) as values.

Passwords, will messages and payloads are bytes: only topics, client ids and user names are text by the standard.
"""

from __future__ import annotations

from dataclasses import dataclass

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = range(1, 8)
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = range(8, 15)

ACCEPTED, BAD_LEVEL, BAD_CLIENT_ID, UNAVAILABLE, BAD_CREDENTIALS, NOT_AUTHORIZED = range(6)  # §3.2.2.3
REFUSED = 0x80  # return code of one filter in a SUBACK, §3.9.3


@dataclass(slots=True, frozen=True)
class Will:
    """What the server publishes for a client that vanished."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


@dataclass(slots=True, frozen=True)
class Connect:
    """``level`` 4 is MQTT 3.1.1. Of other levels than 4 and 5 only the level is known.

    ``properties``: the undecoded property block of MQTT 5, empty in 3.1.1.
    """

    client_id: str
    clean: bool = True
    keep_alive_s: int = 0
    username: str | None = None
    password: bytes | None = None
    will: Will | None = None
    level: int = 4
    properties: bytes = b""
    will_properties: bytes = b""


@dataclass(slots=True, frozen=True)
class Connack:
    code: int = ACCEPTED
    session_present: bool = False


@dataclass(slots=True, frozen=True)
class Publish:
    """``packet_id`` is 0 when ``qos`` is 0."""

    topic: str
    payload: bytes
    qos: int = 0
    packet_id: int = 0
    retain: bool = False
    dup: bool = False


@dataclass(slots=True, frozen=True)
class Puback:
    packet_id: int


@dataclass(slots=True, frozen=True)
class Pubrec:
    packet_id: int


@dataclass(slots=True, frozen=True)
class Pubrel:
    packet_id: int


@dataclass(slots=True, frozen=True)
class Pubcomp:
    packet_id: int


@dataclass(slots=True, frozen=True)
class Subscribe:
    """``filters``: (topic filter, greatest QoS wanted), in the client's order."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]


@dataclass(slots=True, frozen=True)
class Suback:
    """``codes``: granted QoS 0, 1, 2 or ``REFUSED``, one for each filter."""

    packet_id: int
    codes: tuple[int, ...]


@dataclass(slots=True, frozen=True)
class Unsubscribe:
    packet_id: int
    filters: tuple[str, ...]


@dataclass(slots=True, frozen=True)
class Unsuback:
    packet_id: int


@dataclass(slots=True, frozen=True)
class Pingreq:
    pass


@dataclass(slots=True, frozen=True)
class Pingresp:
    pass


@dataclass(slots=True, frozen=True)
class Disconnect:
    pass


Packet = (
    Connect
    | Connack
    | Publish
    | Puback
    | Pubrec
    | Pubrel
    | Pubcomp
    | Subscribe
    | Suback
    | Unsubscribe
    | Unsuback
    | Pingreq
    | Pingresp
    | Disconnect
)
