"""The gateway role as a process: drivers and the MQTT front door, talking to the rest over the bus only."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from dataclasses import replace
from pathlib import Path

from baigong.bus.guard import DiskGuard
from baigong.bus.nats import NatsBus
from baigong.bus.passes import Pass, read_pass
from baigong.cli.bustls import bus_tls
from baigong.cli.door import DoorSettings
from baigong.cli.names import own_names
from baigong.gateway.buffer import BufferOptions
from baigong.gateway.frontdoor import Options
from baigong.gateway.frontdoor.tls import DoorCertificate
from baigong.gateway.service import GatewayOptions, run_gateway
from baigong.registry.sealing import open_ring
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.ids import gateway_id


async def run(
    bus_url: str, by: Pass | None, data: Path, name: str, settings: DoorSettings | None, reserve: int
) -> None:
    """Run until SIGTERM. ``settings`` None: no front door. ``reserve``: bytes of disk to leave free, 0 for none."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # it logs tracebacks of what we report in words
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, stop.set)
    guard = DiskGuard(data, reserve) if reserve else None
    bus = await NatsBus.connect(
        bus_url, by=by, name=f"gateway {name}", wait_s=30, guard=guard, tls=bus_tls(bus_url, by)
    )
    folder = data / "gateway" / gateway_id(name)
    buffer = BufferOptions()
    if reserve:
        buffer = replace(buffer, reserve_bytes=min(buffer.reserve_bytes, reserve))
    ring = open_ring(data)
    options = GatewayOptions(buffer=buffer, sealed_with=ring)
    if by is not None:
        options = replace(options, partition=by.partitions[0])
    door = certificate = None
    if settings is not None:
        door = Options(
            host=settings.host,
            port=settings.port,
            plain_host=settings.plain_host,
            tls_port=settings.tls_port or 0,
            file=folder / "frontdoor.db",
            partition=options.partition,
        )
        if settings.tls_port is not None:
            certificate = DoorCertificate(
                data / "certificates",
                own_names(settings.host, settings.names),
                certificate=settings.certificate,
                key=settings.key,
                is_required=settings.needs_client_certificates,
                sealed_with=ring,
            )
    try:
        await run_gateway(bus, data, name, mqtt=door, door_certificate=certificate, stop=stop, options=options)
    finally:
        await bus.close()


def signed_in(passed: Path | None, token: str, url: str, name: str) -> tuple[Pass | None, str, str]:
    """Return who a gateway is on the bus, where that is, and its name. Raises config.invalid where they disagree."""
    if passed is None:
        if not url:
            raise FixConfiguration("config.invalid", "a gateway needs --bus-pass, or --bus", place="gateway")
        return Pass(user="", password=token) if token else None, url, name or "local"
    by = read_pass(passed)
    if name and name != by.gateway:
        raise FixConfiguration("config.invalid", f"the pass is for gateway {by.gateway!r}, not {name!r}", place=name)
    return by, url or by.url, by.gateway
