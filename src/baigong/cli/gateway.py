"""The gateway role as a process: drivers and the MQTT front door, talking to the rest over the bus only."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from pathlib import Path

from baigong.bus.guard import DiskGuard
from baigong.bus.nats import NatsBus
from baigong.gateway.frontdoor import Options
from baigong.gateway.service import run_gateway
from baigong.vocab.ids import gateway_id


async def run(
    bus_url: str, token: str | None, data: Path, name: str, mqtt_host: str, mqtt_port: int | None, reserve: int
) -> None:
    """Run until SIGTERM. ``mqtt_port`` None: no front door. ``reserve``: bytes of disk to leave free, 0 for none."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # it logs tracebacks of what we report in words
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, stop.set)
    guard = DiskGuard(data, reserve) if reserve else None
    bus = await NatsBus.connect(bus_url, token=token, name=f"gateway {name}", wait_s=30, guard=guard)
    folder = data / "gateway" / gateway_id(name)
    folder.mkdir(parents=True, exist_ok=True)
    door = None
    if mqtt_port is not None:
        door = Options(host=mqtt_host, port=mqtt_port, file=folder / "frontdoor.db")
    try:
        await run_gateway(bus, data, name, mqtt=door, stop=stop)
    finally:
        await bus.close()
