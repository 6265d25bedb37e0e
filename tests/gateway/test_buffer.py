"""The way to the stream: in order, over the disk when the stream is away, nothing accepted lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from baigong.gateway.buffer import BufferOptions, Publisher
from baigong.gateway.clock import SystemClock
from baigong.gateway.spool import Spool
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.frame import decode, frame

FAST = BufferOptions(reserve_bytes=0, backoff_s=(0.005, 0.02))


class Stream:
    """A stream that can be away, full or slow; what it acknowledged it has."""

    def __init__(self) -> None:
        self.kept: list[int] = []
        self.away: str | None = None
        self.hang: asyncio.Event | None = None
        self.rng = random.Random(1)
        self.unsure = 0.0  # probability that a frame is stored and yet reported as lost

    async def store(self, tenant: str, payload: bytes) -> int:
        if self.hang is not None:
            await self.hang.wait()
        await asyncio.sleep(0)
        if self.away:
            raise RetryLater(self.away, "not now")
        self.kept += decode(payload).column("point").to_pylist()
        if self.rng.random() < self.unsure:
            raise RetryLater("bus.down", "not acknowledged")
        return len(self.kept)


def one(number: int, size: int = 1):
    return frame([number] * size, [1_000 + number + i for i in range(size)], [float(number)] * size)


@asynccontextmanager
async def running(stream: Stream, folder: Path, options: BufferOptions = FAST, **more) -> AsyncIterator[Publisher]:
    publisher = Publisher(stream.store, folder, SystemClock(), random.Random(3), options, **more)
    task = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        task.cancel()
        await asyncio.wait({task})


async def until(condition, timeout: float = 10.0) -> None:
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.005)


async def test_straight_through_in_order(tmp_path: Path) -> None:
    stream = Stream()
    async with running(stream, tmp_path) as publisher:
        for i in range(300):
            await publisher.poll("demo", one(i))
        await until(lambda: publisher.stored == (300, 300))
        assert stream.kept == list(range(300))
        assert publisher.backlog().frames == 0


async def test_away_spools_and_drains_in_order_with_a_visible_backlog(tmp_path: Path) -> None:
    stream = Stream()
    async with running(stream, tmp_path) as publisher:
        await publisher.hold("demo", one(0))
        stream.away = "bus.down"
        for i in range(1, 200):
            await publisher.hold("demo", one(i))  # returns: the disk has it
        backlog = publisher.backlog()
        assert backlog.frames == 199
        assert backlog.bytes > 199 * 100
        assert backlog.oldest_us
        assert backlog.eta_s is None, "nobody knows when the stream is back"
        assert stream.kept == [0]
        stream.away = None
        await publisher.hold("demo", one(200))
        await until(lambda: publisher.backlog().frames == 0)
        assert stream.kept == list(range(201))
        await publisher.hold("demo", one(201))
        await until(lambda: stream.kept[-1] == 201)
    assert not list(tmp_path.glob("*/*.seg"))


async def test_a_restart_sends_what_the_last_run_could_not(tmp_path: Path) -> None:
    stream = Stream()
    stream.away = "storage.full"
    async with running(stream, tmp_path) as publisher:
        for i in range(50):
            await publisher.poll("demo", one(i))
            await publisher.hold("demo", one(1000 + i))
    stream.away = None
    async with running(stream, tmp_path) as publisher:
        await until(lambda: publisher.backlog().frames == 0 and len(stream.kept) == 100)
        assert [k for k in stream.kept if k < 1000] == list(range(50))
        assert [k for k in stream.kept if k >= 1000] == list(range(1000, 1050))


async def test_what_waits_in_memory_at_the_end_is_spooled(tmp_path: Path) -> None:
    stream = Stream()
    stream.hang = asyncio.Event()
    async with running(stream, tmp_path) as publisher:
        for i in range(200):
            await publisher.poll("demo", one(i))
        await asyncio.sleep(0.05)
    stream.hang = None
    async with running(stream, tmp_path):
        await until(lambda: len(stream.kept) == 200)
    assert stream.kept == list(range(200))


async def test_an_unsure_stream_gets_some_twice_but_loses_none(tmp_path: Path) -> None:
    stream, rng = Stream(), random.Random(8)
    stream.unsure = 0.05
    held = 0
    async with running(stream, tmp_path) as publisher:
        for i in range(600):
            if rng.random() < 0.05:
                stream.away = rng.choice([None, "bus.down", "storage.full"])
            await publisher.hold("demo", one(i))
            held += 1
        stream.away = None
        await until(lambda: publisher.backlog().frames == 0)
    assert set(stream.kept) == set(range(held))


def small(path: Path) -> Spool:
    return Spool(path, max_bytes=20_000, reserve_bytes=0)


@pytest.mark.parametrize("overflow", ["oldest", "newest"])
async def test_a_full_spool_drops_polled_values_and_counts_them(tmp_path: Path, overflow) -> None:
    stream = Stream()
    stream.away = "bus.down"
    options = BufferOptions(reserve_bytes=0, backoff_s=(0.005, 0.02), overflow=overflow)
    async with running(stream, tmp_path, options, spool=small) as publisher:
        for i in range(100):
            await publisher.poll("demo", one(i, 3))
            await asyncio.sleep(0.001)
        await until(lambda: not publisher.polled._pending)
        await asyncio.sleep(0.05)
        dropped = sum(publisher.dropped.values())
        stream.away = None
        await until(lambda: publisher.backlog().frames == 0)
    kept = sorted(set(stream.kept))
    assert 0 < len(kept) < 100
    assert dropped == 3 * (100 - len(kept))
    assert (99 in kept) == (overflow == "oldest")
    assert (0 in kept) == (overflow == "newest")


async def test_a_full_spool_refuses_sources_that_can_wait(tmp_path: Path) -> None:
    stream = Stream()
    stream.away = "bus.down"
    accepted = []
    async with running(stream, tmp_path, spool=small) as publisher:
        with pytest.raises(RetryLater) as caught:
            for i in range(1000):
                await publisher.hold("demo", one(i))
                accepted.append(i)
        assert caught.value.code == "storage.full"
        assert accepted
        stream.away = None
        await until(lambda: publisher.backlog().frames == 0)
        await publisher.hold("demo", one(5000))
    assert stream.kept == [*accepted, 5000]
    assert not publisher.dropped


async def test_no_room_on_disk_at_all_still_tries_the_stream(tmp_path: Path) -> None:
    stream = Stream()
    stream.away = "bus.down"
    none = lambda path: Spool(path, reserve_bytes=1 << 62)  # noqa: E731
    async with running(stream, tmp_path, spool=none) as publisher:
        for _ in range(3):
            with pytest.raises(RetryLater):
                await publisher.hold("demo", one(1))
        stream.away = None
        await publisher.hold("demo", one(2))
    assert stream.kept == [2]


async def test_a_frame_the_stream_will_never_take_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    stream = Stream()
    real = stream.store

    async def store(tenant: str, payload: bytes) -> int:
        if decode(payload).column("point")[0].as_py() == 3 and not stream.away:
            raise FixConfiguration("payload.too_large", "no")
        return await real(tenant, payload)

    stream.store = store  # type: ignore[method-assign]
    stream.away = "bus.down"
    async with running(stream, tmp_path) as publisher:
        for i in range(6):
            await publisher.hold("demo", one(i))
        stream.away = None
        await until(lambda: publisher.backlog().frames == 0)
        assert publisher.dropped["payload.too_large"] == 1
        for _ in range(100):  # as soon as frames no longer go by the spool, the sender is told at once
            try:
                await publisher.hold("demo", one(3))
            except FixConfiguration:
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("a frame that is never taken was not refused")
    assert stream.kept == [0, 1, 2, 4, 5]


async def test_a_stream_that_hangs_sends_the_rest_to_disk(tmp_path: Path) -> None:
    stream = Stream()
    stream.hang = asyncio.Event()
    options = BufferOptions(reserve_bytes=0, backoff_s=(0.005, 0.02), memory_bytes=40_000, window=4)
    async with running(stream, tmp_path, options) as publisher:
        async with asyncio.timeout(10):
            for i in range(300):
                await publisher.poll("demo", one(i, 20))
        await until(lambda: publisher.polled._spool.frames > 50)
        stream.hang.set()
        await until(lambda: len(set(stream.kept)) == 300)


async def test_large_frames_are_split(tmp_path: Path) -> None:
    sizes = []

    async def store(tenant: str, payload: bytes) -> int:
        sizes.append(len(payload))
        return len(sizes)

    publisher = Publisher(store, tmp_path, SystemClock(), random.Random(1), FAST)
    task = asyncio.create_task(publisher.run())
    await publisher.hold("demo", one(1, 200_000))
    assert len(sizes) > 3
    assert max(sizes) < 1 << 20
    task.cancel()
    await asyncio.wait({task})
