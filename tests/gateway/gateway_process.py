"""A gateway as a process of its own, for a test that freezes it: ``python gateway_process.py FOLDER NATS PASSWORD``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from baigong.bus.nats import NatsBus
from baigong.bus.passes import Pass, gateway_user
from baigong.gateway import run_gateway
from baigong.gateway.buffer import BufferOptions
from baigong.gateway.service import GatewayOptions


async def main(folder: Path, url: str, password: str) -> None:
    bus = await NatsBus.connect(url, by=Pass(user=gateway_user("local"), password=password))
    options = GatewayOptions(buffer=BufferOptions(reserve_bytes=0))
    await run_gateway(bus, folder, "local", mqtt=None, stop=asyncio.Event(), options=options)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
