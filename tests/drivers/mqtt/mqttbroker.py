"""Debian's mosquitto, other people's clients, and the driver before them."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gmqtt
import pytest

from baigong.drivers.contract import Wanted
from baigong.drivers.manifest import manifest

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
needs_mosquitto = pytest.mark.skipif(not Path(MOSQUITTO).exists(), reason="mosquitto is not installed")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """A broker as a child process; ``kill`` is SIGKILL, ``start`` brings it back on the same port."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self.port = free_port()
        self.folder = folder
        self._config = folder / "mosquitto.conf"
        own = [] if any(line.startswith("listener") for line in lines) else [f"listener {self.port} 127.0.0.1"]
        anonymous = [] if any("allow_anonymous" in line for line in lines) else ["allow_anonymous true"]
        more = [
            f"persistence_location {folder}/",
            "persistence true",
            "user root",
            "max_queued_messages 0",
            "autosave_interval 1",
        ]
        self._config.write_text("\n".join([*own, *anonymous, *more, *lines]) + "\n")
        self._child: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._child = await asyncio.create_subprocess_exec(
            MOSQUITTO, "-c", str(self._config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return
        raise AssertionError("mosquitto does not listen")

    async def stop(self, *, kill: bool = False) -> None:
        if self._child is not None:
            (self._child.kill if kill else self._child.terminate)()
            await self._child.wait()
            self._child = None


@asynccontextmanager
async def mosquitto(folder: Path, *lines: str) -> AsyncIterator[Mosquitto]:
    broker = Mosquitto(folder, *lines)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop(kill=True)


async def publisher(port: int) -> Any:
    client = gmqtt.Client("publisher", clean_session=False)
    client.set_config({"reconnect_delay": 0.2})
    await client.connect("127.0.0.1", port, version=4)
    return client


def opened(port: int, **more: Any) -> Any:
    return manifest("mqtt").open({"host": "127.0.0.1", "port": port, "listen_s": 0.5} | more)


async def within(awaited: Any, seconds: float = 15.0) -> Any:
    async with asyncio.timeout(seconds):
        return await awaited


WANTED = [Wanted(1, "plant/data#n"), Wanted(2, "plant/data#deep.m")]
