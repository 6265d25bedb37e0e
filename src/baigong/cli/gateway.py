"""The gateway role as a process: drivers and the MQTT front door, talking to the rest over the bus only."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
from dataclasses import replace
from pathlib import Path

import psutil

from baigong.bus.guard import DiskGuard
from baigong.bus.nats import NatsBus
from baigong.cli.door import DoorSettings, is_loopback
from baigong.gateway.buffer import BufferOptions
from baigong.gateway.frontdoor import Options
from baigong.gateway.frontdoor.tls import DoorCertificate
from baigong.gateway.service import GatewayOptions, run_gateway
from baigong.vocab.ids import gateway_id


def _own_names(door: DoorSettings) -> list[str]:
    """List under which names and addresses clients may find us."""
    found = [*door.names, socket.gethostname() or "localhost", "localhost", "127.0.0.1", "::1"]
    try:
        ipaddress.ip_address(door.host)
    except ValueError:
        found.append(door.host)
    if not is_loopback(door.host):
        found += [
            address.address.partition("%")[0]
            for addresses in psutil.net_if_addrs().values()
            for address in addresses
            if address.family in (socket.AF_INET, socket.AF_INET6)
        ]
    return found


async def run(
    bus_url: str, token: str | None, data: Path, name: str, settings: DoorSettings | None, reserve: int
) -> None:
    """Run until SIGTERM. ``settings`` None: no front door. ``reserve``: bytes of disk to leave free, 0 for none."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # it logs tracebacks of what we report in words
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, stop.set)
    guard = DiskGuard(data, reserve) if reserve else None
    bus = await NatsBus.connect(bus_url, token=token, name=f"gateway {name}", wait_s=30, guard=guard)
    folder = data / "gateway" / gateway_id(name)
    buffer = BufferOptions()
    if reserve:
        buffer = replace(buffer, reserve_bytes=min(buffer.reserve_bytes, reserve))
    options = GatewayOptions(buffer=buffer)
    door = certificate = None
    if settings is not None:
        door = Options(
            host=settings.host,
            port=settings.port,
            plain_host=settings.plain_host,
            tls_port=settings.tls_port or 0,
            file=folder / "frontdoor.db",
        )
        if settings.tls_port is not None:
            certificate = DoorCertificate(
                data / "certificates", _own_names(settings), certificate=settings.certificate, key=settings.key
            )
    try:
        await run_gateway(bus, data, name, mqtt=door, door_certificate=certificate, stop=stop, options=options)
    finally:
        await bus.close()
