"""What the front door is told, and what it asks of those who start it."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
from msgspec import Struct

from baigong.vocab.happenings import Event


@dataclass(slots=True, frozen=True, kw_only=True)
class Options:
    """``anonymous_clients_are_let_in_as``: (tenant, device) for clients without a user name; None refuses them.

    ``port`` 0 lets the system choose. ``file``: where sessions and retained messages outlive a restart; None keeps
    them in memory only. Quotas of 0 are none. Rates are per client, connections per tenant.
    """

    host: str = "127.0.0.1"
    port: int | None = 1883  # plain MQTT; None: only TLS
    plain_host: str = ""  # where plain MQTT listens; empty: at ``host``
    tls: ssl.SSLContext | None = None
    tls_port: int = 8883
    file: Path | None = None
    partition: str = "p0"
    anonymous_clients_are_let_in_as: tuple[str, str] | None = None
    max_packet: int = 1 << 20  # bytes
    messages_s: float = 20_000.0
    bytes_s: float = 20e6
    connections_per_tenant: int = 10_000
    sessions_per_tenant: int = 20_000
    connections: int = 20_000
    subscriptions_per_client: int = 1_000
    retained_per_tenant: int = 20_000
    retained_bytes_per_tenant: int = 64 << 20
    points_per_device: int = 20_000
    queue: int = 1_000  # messages kept for a subscriber that is away or slow; at most 60,000
    queue_bytes: int = 8 << 20
    window: int = 100  # QoS 1 and 2 messages sent to one subscriber and not yet acknowledged
    linger_s: float = 0.005  # how long the first value waits for company
    batch_rows: int = 30_000  # waiting rows of a tenant from which on its sockets are not read
    batch_bytes: int = 16 << 20
    signing_in_per_address: int = 500  # of IPv6 its /64; who comes on top of that stands in line
    line_per_address: int = 4_500
    connect_timeout_s: float = 10.0
    crowded_timeout_s: float = 2.0  # the same for an address where others stand in line
    packet_timeout_s: float = 30.0  # from a packet's first byte to its last
    write_timeout_s: float = 60.0  # how long a subscriber may take nothing
    refusal_delay_s: float = 0.5  # a wrong password costs time
    retry_s: float = 0.05  # first pause after the stream said "later"; doubles up to retry_max_s
    retry_max_s: float = 5.0
    session_expiry_s: float = 7 * 86_400.0


class FoundPoint(Struct, frozen=True, kw_only=True):
    """A point met in a payload that nobody had configured."""

    number: int
    address: str
    name: str
    kind: str = "gauge"
    unit: str = ""
    title: str = ""


@dataclass(slots=True, frozen=True, kw_only=True)
class Certified:
    """Whose certificate it is that a client has shown. ``why`` it opens nothing; empty: it does, until ``until_us``."""

    sha256: str
    tenant: str = ""
    device: str = ""
    until_us: int = 0
    why: str = ""
    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()


@dataclass(slots=True, frozen=True)
class Machine:
    """Who signed in. ``publish``, ``subscribe``: topic filters it was given beside its own topics."""

    tenant: str
    device: str
    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()


class Sink(Protocol):
    """Where frames go. Returns when the stream has them on disk; a RetryLater is retried for ever."""

    async def store(self, partition: str, tenant: str, frame: pa.RecordBatch) -> object: ...


Credentials = Callable[[str, bytes, str], Awaitable[Machine | None]]
"""(user name, password, client id) -> who that is, or None for a stranger."""

Machines = Callable[[bytes], Awaitable[Certified]]
"""(certificate, DER, whose key and authority TLS has proven) -> whose it is; RetryLater when nobody can be asked."""

RegisterPoints = Callable[[str, str, list[FoundPoint]], Awaitable[object]]
Notice = Callable[[Event], None]

Pay = Callable[[str, int], float]
"""(tenant, values) -> for how many seconds nothing more should be read of this tenant"""
