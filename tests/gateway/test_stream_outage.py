"""The real stream killed under load: everything accepted is there, polled values are not missing either."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from pathlib import Path

from baigong.bus.embedded import EmbeddedNats
from baigong.bus.nats import NatsBus
from baigong.gateway.buffer import BufferOptions, Publisher
from baigong.gateway.clock import SystemClock
from baigong.vocab.frame import decode, frame


async def everything(bus: NatsBus) -> list[int]:
    state = await bus.stream_state("p0")
    assert state
    points: list[int] = []
    seen = 0
    async for batch in bus.read("p0", 1):
        for message in batch:
            points += decode(message.payload).column("point").to_pylist()
        seen += len(batch)
        if seen >= state.messages:
            return points
    return points


async def test_nats_killed_under_load_loses_nothing(tmp_path: Path) -> None:
    rng = random.Random(6)
    async with EmbeddedNats(tmp_path / "nats", port=0) as server:
        bus = await NatsBus.connect(server.url, by=server.passes["platform"])
        await bus.ensure_stream("p0", epoch=1, max_bytes=1 << 28)
        options = BufferOptions(reserve_bytes=0, backoff_s=(0.02, 0.2))

        async def store(tenant: str, payload: bytes) -> int:
            return await bus.store("p0", tenant, payload)

        publisher = Publisher(store, tmp_path / "spool", SystemClock(), rng, options)
        running = asyncio.create_task(publisher.run())
        accepted: set[int] = set()
        polled: set[int] = set()

        async def hold(first: int) -> None:
            for i in range(first, first + 150):
                await publisher.hold("demo", frame([i], [i], [1.0]))
                accepted.add(i)

        async def poll(first: int) -> None:
            for i in range(first, first + 300):
                await publisher.poll("demo", frame([i], [i], [1.0]))
                polled.add(i)
                await asyncio.sleep(0.005)

        async def kill() -> None:
            for _ in range(3):
                await asyncio.sleep(rng.uniform(0.1, 0.5))
                with contextlib.suppress(ProcessLookupError, TypeError):
                    os.kill(server.pid, 9)

        async with asyncio.timeout(60):
            await asyncio.gather(kill(), hold(1000), hold(2000), poll(10_000), poll(20_000))
            while not publisher.idle:
                await asyncio.sleep(0.05)
        found = await everything(bus)
        assert server.restarts >= 1
        assert accepted | polled <= set(found)
        assert not publisher.dropped
        running.cancel()
        await asyncio.wait({running})
        await bus.close()
