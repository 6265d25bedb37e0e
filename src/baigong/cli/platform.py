"""Puts one machine's platform together: the only place where concrete rooms meet."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa

from baigong import __version__
from baigong.api.app import create_app
from baigong.api.live import Live
from baigong.api.planning import follow_plans
from baigong.api.rooms import ApiSettings, DemoControl, Listening, no_opcua
from baigong.bus.embedded import DEFAULT_PORT
from baigong.bus.guard import DiskGuard
from baigong.bus.nats import NatsBus
from baigong.bus.passes import PLATFORM, gateway_user, pass_file
from baigong.cli.busplace import OwnBus, cluster_pass, passes_of, start_own
from baigong.cli.bustls import bus_tls
from baigong.cli.children import Child, Roll
from baigong.cli.counting_use import HOLD, keep_books
from baigong.cli.crew import Crew
from baigong.cli.door import DoorSettings
from baigong.cli.folder import DataFolder
from baigong.cli.memory import give_back
from baigong.cli.recordsplace import Choice, records_of, remember
from baigong.cli.server import WebServer, certificate_of, hosts_of, keep_current
from baigong.cli.sqlsource import SqlSource
from baigong.cli.web import WebSettings
from baigong.historian.owner import PartitionOwner
from baigong.historian.settings import OwnerSettings
from baigong.historian.shelf import Shelf
from baigong.historian.thinning import Thinner
from baigong.registry.leaving import Departures
from baigong.registry.opening import Registry, open_registry
from baigong.registry.sealing import open_ring
from baigong.sandbox.blocks import Block
from baigong.sandbox.sql import SqlPool, SqlSettings
from baigong.security.certificates import CertificateFacts
from baigong.security.envelope import Ring
from baigong.stores.lake.table import Succeeded
from baigong.stores.lake.thin import COUNTER, NEITHER, STATE
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.keep import Keep

if TYPE_CHECKING:
    from baigong.cli.opcuarole import OpcUaDoor, OpcUaRole

PARTITION = "p0"
_STREAM_LIMIT = 1 << 40


@dataclass(slots=True, frozen=True, kw_only=True)
class PlatformSettings:
    """What an operator chooses for one machine. Ports of 0 let the system choose."""

    data: Path
    tenant: str = "main"
    web: WebSettings = field(default_factory=WebSettings)
    mqtt: DoorSettings = field(default_factory=DoorSettings)
    opcua: OpcUaDoor | None = None  # our OPC UA server; None: there is none
    nats_port: int = DEFAULT_PORT
    nats_host: str = "127.0.0.1"  # beyond loopback: with TLS, for gateways elsewhere
    nats_url: str = ""  # empty: the embedded server
    nats_token: str = ""
    reserve_bytes: int = 1 << 30
    survives_kill_only: bool = False
    sql_without_landlock_reads_any_file: bool = False
    records: Choice | None = None  # None: where the folder says
    with_gateway: bool = True
    owner: OwnerSettings = field(default_factory=OwnerSettings)


@dataclass(slots=True)
class Platform:
    """The running rooms, for whoever starts more on top (the demo)."""

    settings: PlatformSettings
    bus: NatsBus
    registry: Registry
    owner: PartitionOwner
    roll: Roll
    crew: Crew
    told: Callable[[str], None]
    url: str = ""
    secret: str | None = None
    departures: Departures | None = None
    authority: CertificateFacts | None = None  # what others have to trust; None where HTTP is plain

    def start_child(self, child: Child) -> None:
        self.roll.add(child.name, lambda: (child.pid, child.since_us, child.restarts))
        self.crew.start(child.name, child.run())


def clock_us() -> int:
    return time.time_ns() // 1000


class Declared:
    """Tells the historian what people declared: of points whether they slope or count, of companies what they keep."""

    def __init__(self) -> None:
        self.registry: Registry | None = None

    def _specs(self, tenant: str, points: np.ndarray[Any, Any]) -> list[PointSpec | None]:
        if self.registry is None:
            return [None] * len(points)
        rows = [self.registry.book.by_number(tenant, p) for p in points.tolist()]
        return [None if row is None else row.spec for row in rows]

    def sloped(self, tenant: str, points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.array([spec is None or spec.interpolates for spec in self._specs(tenant, points)], bool)

    def kinds(self, tenant: str, points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        known = {"counter": COUNTER, "state": STATE}
        specs = self._specs(tenant, points)
        return np.array([NEITHER if spec is None else known.get(spec.kind, NEITHER) for spec in specs], np.int8)

    def version(self, tenant: str) -> int:
        return -1 if self.registry is None else self.registry.book.version(tenant)

    def keep(self, tenant: str) -> Keep:
        return Keep() if self.registry is None else self.registry.retention.of(tenant)


@asynccontextmanager
async def running(
    settings: PlatformSettings,
    *,
    told: Callable[[str], None],
    demo: Callable[[Registry], DemoControl] | None = None,
) -> AsyncIterator[Platform]:
    """Start everything on one machine; leaving stops it in good order, flushed."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(DataFolder(settings.data))
        if settings.mqtt.port == 0:  # chosen here, because the gateway's process and the devices must agree on it
            settings = replace(settings, mqtt=replace(settings.mqtt, port=_any_port(settings.mqtt.plain_host)))
        for name, host, port in (
            ("console", settings.web.host, settings.web.port),
            ("MQTT", settings.mqtt.plain_host, settings.mqtt.port),
            ("MQTT over TLS", settings.mqtt.host, settings.mqtt.tls_port or 0),
            *([("OPC UA", settings.opcua.host, settings.opcua.port)] if settings.opcua else []),
        ):
            _check_port(name, host, port)
        ring = await asyncio.to_thread(open_ring, folder.path)
        certificate = await asyncio.to_thread(certificate_of, settings.web, folder.path, ring)
        roll = Roll()
        bus, url = await _open_bus(stack, settings, folder.path, ring, roll, told)
        opcua = await asyncio.to_thread(_opcua, settings, folder.path, ring)
        live, declared, lake = Live(), Declared(), folder.path / "lake" / PARTITION
        owner = PartitionOwner(
            bus,
            lake,
            PARTITION,
            _sized(settings, folder.path),
            on_frame=lambda tenant, batch, seen: _heard(live, opcua, tenant, batch),
            on_taken=lambda tenant, at, rows: registry.usage.took(tenant, at, rows),
            sloped=declared.sloped,
            told=told,
            seal=Block if sys.platform == "linux" else None,
            shelf=Shelf(lake, declared.keep, Thinner(lake, declared.kinds, declared.version)),
        )
        owner.holds[HOLD] = 0
        place = await asyncio.to_thread(records_of, folder.path, settings.records)
        registry = await stack.enter_async_context(
            open_registry(folder.path, bus, tenant=settings.tenant, clock_us=clock_us, records_at=place)
        )
        if settings.records is not None:
            remember(folder.path, settings.records)
        declared.registry = registry
        owner.has_left = registry.tenants.has_left
        inner = await stack.enter_async_context(Crew(told))
        inner.start("historian", _own(owner, told))
        stack.push_async_callback(owner.close)  # after the children below, so that their last frames are in
        source = SqlSource(owner, registry)
        pool = SqlPool(
            source,
            SqlSettings(sql_without_landlock_reads_any_file=settings.sql_without_landlock_reads_any_file),
        )
        stack.push_async_callback(pool.close)
        crew = await stack.enter_async_context(Crew(told))
        platform = Platform(settings, bus, registry, owner, roll, crew, told)
        if settings.with_gateway:  # it asks the registry, which answers: nothing below needs to be there first
            arguments = ["gateway", "--bus", url, "--data", str(folder.path), *_gateway_pass(settings, folder.path)]
            arguments += settings.mqtt.arguments()
            arguments += [] if settings.nats_url else ["--reserve-mb", str(settings.reserve_bytes >> 20)]
            token = {"BAIGONG_NATS_TOKEN": settings.nats_token} if settings.nats_token else {}
            log = folder.path / "logs" / "gateway.log"
            platform.start_child(Child("gateway", arguments, log, told=told, environment=token))
        platform.secret = await registry.people.first_secret(settings.tenant)
        await registry.people.ensure_key(folder.path / "key", settings.tenant)
        app = create_app(
            registry,
            owner,
            pool,
            bus,
            live,
            ApiSettings(
                version=__version__,
                partition=PARTITION,
                listening=lambda: _listening(settings, server, url, opcua),
                opcua=opcua.state if opcua else no_opcua,
                hosts=hosts_of(settings.web, certificate),
                reserve_bytes=settings.reserve_bytes,
                certificate=folder.path / "certificates" / "client.der",
            ),
            facts=roll,
            demo=demo(registry) if demo else None,
            clock_us=clock_us,
        )
        roll.add("platform", lambda: (os.getpid(), app.state.rooms.started_us, 0))
        await _ready(owner)
        pool.warm()
        server = WebServer(app, settings.web, certificate)
        crew.start("usage", keep_books(app.state.rooms, owner, told))
        platform.departures = app.state.rooms.departures
        platform.departures.forgets += [live.forget, source.forget]
        crew.start("memory", give_back())
        crew.start("audit", registry.audit_check.watch())
        crew.start("plans", follow_plans(app.state.rooms))
        crew.start("departures", platform.departures.run())
        crew.start("api", server.serve_to_end())
        stack.push_async_callback(server.end)
        await server.up()
        if certificate is not None:
            crew.start("certificate", keep_current(certificate, folder.path, told))
            platform.authority = certificate.authority()
        if opcua is not None:
            opened = opcua.open(app.state.rooms)
            crew.start("OPC UA", opened.run())
            await _up(crew, opened.ready)
        platform.url = settings.web.url(server.port)
        (folder.path / "url").write_text(settings.web.local_url(server.port) + "\n")
        yield platform


def _opcua(settings: PlatformSettings, data: Path, ring: Ring) -> OpcUaRole | None:
    if settings.opcua is None:
        return None
    from baigong.cli.opcuarole import OpcUaRole  # and asyncua: memory that only this costs

    return OpcUaRole(settings.opcua, data, ring, clock_us, settings.web.names)


def _heard(live: Live, opcua: OpcUaRole | None, tenant: str, batch: pa.RecordBatch) -> None:
    live.feed(tenant, batch)
    if opcua is not None:
        opcua.take(tenant, batch)


def _listening(settings: PlatformSettings, server: WebServer, nats: str, opcua: OpcUaRole | None) -> list[Listening]:
    found = [Listening(what="console", host=settings.web.host, port=server.port, tls=settings.web.is_tls)]
    at = urlsplit(nats)
    if settings.opcua is not None and opcua is not None and opcua.server is not None:
        found.append(Listening(what="OPC UA", host=settings.opcua.host, port=opcua.server.port, tls=True))
    if not settings.nats_url:
        found.append(Listening(what="NATS", host=settings.nats_host, port=at.port or 0, tls=at.scheme == "tls"))
    return found


async def _open_bus(
    stack: AsyncExitStack, settings: PlatformSettings, data: Path, ring: Ring, roll: Roll, told: Callable[[str], None]
) -> tuple[NatsBus, str]:
    url, guard = settings.nats_url, None
    if url:
        by = cluster_pass(data, PLATFORM, url, settings.nats_token)
    else:
        own = OwnBus(
            host=settings.nats_host,
            port=settings.nats_port,
            names=settings.web.names,
            reserve=settings.reserve_bytes,
            survives_kill_only=settings.survives_kill_only,
        )
        server = await start_own(stack, data, own, ring, told)
        started = clock_us()
        roll.add("nats-server", lambda: (server.pid, started, server.restarts))
        roll.watch_drops("refused by the bus", server.refused)
        url, by = server.url, server.passes[PLATFORM]
        guard = DiskGuard(data, settings.reserve_bytes)
    bus = await NatsBus.connect(url, by=by, name="platform", guard=guard, tls=bus_tls(url, by))
    stack.push_async_callback(bus.close)
    return bus, url


def _gateway_pass(settings: PlatformSettings, data: Path) -> list[str]:
    user = gateway_user("local")
    if settings.nats_url and cluster_pass(data, user, settings.nats_url, settings.nats_token) is None:
        return []
    return [] if settings.nats_token else ["--bus-pass", str(pass_file(passes_of(data), user))]


def _sized(settings: PlatformSettings, data: Path) -> OwnerSettings:
    """Give the stream what the disk has above the reserve: full means refuse, never forget.

    A cluster's servers have disks and limits of their own, which refuse in the same way.
    """
    if settings.nats_url:
        return replace(settings.owner, stream_bytes=-1)
    held = sum(f.stat().st_size for f in (data / "nats").rglob("*.blk")) if (data / "nats").exists() else 0
    free = shutil.disk_usage(data).free - settings.reserve_bytes
    return replace(settings.owner, stream_bytes=max(min(free + held, _STREAM_LIMIT), 1 << 20))


async def _own(owner: PartitionOwner, told: Callable[[str], None]) -> None:
    """Keep owning: after a crash of the owner begin again from the lake; after being succeeded, too."""
    while True:
        try:
            await owner.run()
        except* Succeeded as group:
            told(f"another owner has written to the lake ({group.exceptions[0]}); beginning again from what it wrote")
        await asyncio.sleep(1)


async def _up(crew: Crew, ready: asyncio.Event) -> None:
    """Wait until something listens; raise what the crew fails with meanwhile."""
    up, failed = asyncio.create_task(ready.wait()), asyncio.create_task(crew.trouble())
    try:
        await asyncio.wait({up, failed}, return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            await failed
    finally:
        up.cancel()
        failed.cancel()


async def _ready(owner: PartitionOwner) -> None:
    async with asyncio.timeout(60):
        await owner.ready.wait()


def _check_port(what: str, host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise FixConfiguration(
                "bus.port_taken", f"{what}: port {port} is in use or not ours", place=f"{host}:{port}"
            ) from error


def _any_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


async def until_told_to_stop(platform: Platform) -> None:
    """Wait for SIGTERM, SIGINT or the failure of a part that cannot be started again."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    told, failed = asyncio.create_task(stop.wait()), asyncio.create_task(platform.crew.trouble())
    try:
        await asyncio.wait({told, failed}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
        failed.cancel()
