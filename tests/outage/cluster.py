"""Three NATS servers that replicate, as an operator would run them; one of them is killed at a time."""

from __future__ import annotations

import asyncio
import random
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from baigong.bus.embedded import server_binary
from baigong.bus.nats import NatsBus
from baigong.bus.subjects import frames_stream
from baigong.vocab.errors import RetryLater
from tests.outage.rig import Load, PlatformProcess, Verdict, free_port, judge, under_load

TOKEN = "only-for-this-test"


class NatsCluster:
    """Use with ``async with``: three servers on this machine, each with a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.ports = [free_port() for _ in range(3)]
        self._routes = [free_port() for _ in range(3)]
        self._servers: list[subprocess.Popen[bytes] | None] = [None] * 3

    @property
    def url(self) -> str:
        return ",".join(f"nats://127.0.0.1:{port}" for port in self.ports)

    @property
    def options(self) -> tuple[str, ...]:
        return "--nats", self.url, "--nats-token", TOKEN

    async def __aenter__(self) -> Self:
        for number in range(3):
            self.start(number)
        try:
            await self._answers()
        except BaseException:
            self._end()
            raise
        return self

    async def _answers(self) -> None:
        async with asyncio.timeout(60):
            while True:
                bus = await NatsBus.connect(self.url, token=TOKEN, wait_s=30)
                try:
                    if "error" not in await bus.api("INFO"):
                        return
                except RetryLater:
                    pass  # it has no leader yet
                finally:
                    await bus.close()
                await asyncio.sleep(0.2)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        for number in range(3):
            self.kill(number)

    def start(self, number: int) -> None:
        folder = self._folder / f"n{number}"
        folder.mkdir(parents=True, exist_ok=True)
        routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in self._routes)
        (folder / "nats.conf").write_text(
            f"""server_name: n{number}
listen: 127.0.0.1:{self.ports[number]}
authorization {{ token: "{TOKEN}" }}
jetstream {{ store_dir: "{folder / "store"}", sync_interval: always, max_file_store: 8GB }}
cluster {{ name: baigong, listen: "127.0.0.1:{self._routes[number]}", routes: [{routes}] }}
"""
        )
        with (folder / "log").open("ab") as log:
            self._servers[number] = subprocess.Popen(
                [server_binary(), "-c", str(folder / "nats.conf")], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self, number: int) -> None:
        server, self._servers[number] = self._servers[number], None
        if server is not None:
            server.kill()
            server.wait()

    async def info(self) -> dict[str, Any]:
        """What the cluster says of the stream of partition p0; nothing while it elects."""
        bus = await NatsBus.connect(self.url, token=TOKEN)
        try:
            return await bus.api(f"STREAM.INFO.{frames_stream('p0')}")
        except RetryLater:
            return {}
        finally:
            await bus.close()

    async def leader(self) -> int:
        async with asyncio.timeout(30):
            while True:
                name = (await self.info()).get("cluster", {}).get("leader")
                if name:
                    return int(name[1:])
                await asyncio.sleep(0.2)

    async def whole(self) -> None:
        """Wait until every replica has all of the stream."""
        async with asyncio.timeout(60):
            while True:
                replicas = (await self.info()).get("cluster", {}).get("replicas", [])
                if len(replicas) == 2 and all(r["current"] and not r.get("offline") for r in replicas):
                    return
                await asyncio.sleep(0.2)


async def node_killed(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """kill -9 the server of the cluster that leads the stream; it comes back with its disk."""
    async with NatsCluster(folder / "cluster") as cluster:
        platform = PlatformProcess(folder / "data", *cluster.options)
        await platform.start()
        load = Load(platform)

        async def strike() -> float:
            longest = 0.0
            for _ in range(rounds):
                await asyncio.sleep(rng.uniform(0.3, 1.0))
                number = await cluster.leader()
                struck = time.monotonic()
                cluster.kill(number)
                longest = max(longest, await load.back(struck))
                cluster.start(number)
                await cluster.whole()
            return longest

        try:
            recovery = await under_load(load, strike)
            verdict = await judge("NATS cluster: the leading server killed -9", platform, load, recovery)
        finally:
            await platform.stop()
    return verdict
