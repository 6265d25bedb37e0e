"""What the API stands on, handed in by whoever starts it: no route reaches further than this."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from msgspec import Struct

from baigong.api.live import Live
from baigong.api.metrics import Metrics
from baigong.api.pulse import Pulse
from baigong.api.throttle import Throttle
from baigong.bus.contract import Bus
from baigong.registry.leaving import Departures
from baigong.registry.leaving import Lake as Leavable
from baigong.registry.opening import Registry
from baigong.registry.visible import Visible
from baigong.stores.lake.contract import LakeReader
from baigong.vocab.addresses import is_loopback


class SqlRunner(Protocol):
    """Runs one SELECT of people's SQL in its sandbox. Raises sql.invalid, refused, timeout, memory, busy."""

    async def query(
        self, tenant: str, sql: str, *, limit: int | None, timeout_s: float, only: Visible | None = None
    ) -> pa.Table:
        """``only``: the part of the tenant that this query can reach, None: all of it."""


class Lake(LakeReader, Leavable, Protocol):
    """What values are read from, and those of a company that leaves deleted from."""

    def pin(self, who: str, lease_s: float) -> None:
        """Keep the files of snapshots, though they are replaced meanwhile, for so long or until ``unpin``."""
        ...

    def unpin(self, who: str) -> None: ...


class DemoControl(Protocol):
    """The switches of the demo plant."""

    async def state(self) -> dict[str, Any]: ...

    async def set_fault(self, fault: str, active: bool) -> dict[str, Any]:
        """Switch a fault; raises http.not_found for one that does not exist."""
        ...


class Facts(Protocol):
    """What only the supervisor knows."""

    def processes(self) -> list[dict[str, Any]]:
        """List {name, pid, rss, cpu, state, since_us, restarts} of every process of the platform."""
        ...

    def dropped(self) -> list[dict[str, Any]]:
        """List {what, where, count, last_us} of everything that was not kept."""
        ...


class NoFacts:
    """Stands in where nobody supervises."""

    def processes(self) -> list[dict[str, Any]]:
        return []

    def dropped(self) -> list[dict[str, Any]]:
        return []


class Listening(Struct, frozen=True, kw_only=True):
    """One open port. ``what``: console, NATS, MQTT and its gateway."""

    what: str
    host: str
    port: int
    tls: bool

    @property
    def is_seen(self) -> bool:
        """Whether other machines get to it."""
        return not is_loopback(self.host)


class OpcUaState(Struct, frozen=True, kw_only=True):
    """Our OPC UA server. Counts since it started; ``dropped``: values that a client's queue had no room for.

    ``sha256``: of its certificate; ``waiting``: applications whose certificates nobody trusts yet.
    """

    url: str
    running: bool
    sha256: str
    application_uri: str
    any_client_certificate: bool
    sessions: int
    subscriptions: int
    items: int
    values: int
    dropped: int
    refused: dict[str, int]  # channels, policies, writes …
    refused_people: int
    refused_applications: int
    waiting: int


def no_opcua() -> OpcUaState | None:
    """Stand in where no OPC UA server runs."""
    return None


@dataclass(slots=True, frozen=True)
class ApiSettings:
    """What an operator may set. ``reserve_bytes``: below so much free disk, acceptance stops."""

    version: str = "0.1.0"
    partition: str = "p0"
    max_body: int = 64 * 1024 * 1024
    sql_timeout_s: float = 30.0
    json_rows: int = 1_000_000
    reserve_bytes: int = 1 << 30
    certificate: Path | None = None  # our OPC UA client certificate, DER
    listening: Callable[[], Sequence[Listening]] = tuple  # what is open beside the front doors
    opcua: Callable[[], OpcUaState | None] = no_opcua
    hosts: tuple[str, ...] = ()  # names under which we are asked, beside localhost
    console: Path | None = None  # the built console; default: the one in the wheel


@dataclass(slots=True, frozen=True)
class Rooms:
    registry: Registry
    lake: Lake
    sql: SqlRunner
    bus: Bus
    live: Live
    settings: ApiSettings
    pulse: Pulse
    metrics: Metrics
    facts: Facts
    demo: DemoControl | None
    clock_us: Callable[[], int]
    departures: Departures
    started_us: int = field(default_factory=lambda: time.time_ns() // 1000)
    passwords: Throttle = field(default_factory=lambda: Throttle(time.monotonic))  # wrong ones, by whichever door
