"""Bursts in the lake: exactly once beside the telemetry of the same stream, whatever is killed in between."""

import asyncio
import signal
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from baigong.bus.embedded import EmbeddedNats
from baigong.bus.memory import MemoryBus
from baigong.bus.nats import NatsBus
from baigong.historian.bursts import BurstKeeper
from baigong.historian.settings import OwnerSettings
from baigong.historian.shelf import Shelf
from baigong.historian.thinning import Thinner
from baigong.stores.lake.bursts import LAKE_BURSTS, BurstTable
from baigong.stores.lake.table import PartitionTable, Succeeded, position
from baigong.vocab import burst as bursts
from baigong.vocab import quality as q
from baigong.vocab.frame import encode, times_us
from baigong.vocab.keep import Keep
from tests.historian.plants import CALM, DAY, FAR, T0, Truth, caught_up, found, owning, same, send, until

RATE = 25_600.0
RNG = np.random.default_rng(5)


class Sent:
    """What was accepted of bursts: (point, time) -> (samples, quality)."""

    def __init__(self, tenant="demo"):
        self.tenant, self.rows = tenant, {}

    async def send(self, bus, point, time_us, count=500, quality=0):
        samples = RNG.normal(size=count).astype(np.float32)
        seq = await bus.store("p0", self.tenant, encode(bursts.burst([point], [time_us], [RATE], [samples], quality)))
        if quality == q.DELETED:
            self.rows.pop((point, time_us), None)
        else:
            self.rows[point, time_us] = (samples.tobytes(), quality)
        return seq

    def is_all_there(self, owner):
        have = {}
        for point in {p for p, _ in self.rows} | {1, 2}:
            total, tables = owner.bursts(self.tenant, point, 0, FAR, 1000)
            rows = [one for table in tables for one in bursts.recordings(table)]
            assert total == len(rows)
            assert [one.time_us for one in rows] == sorted({one.time_us for one in rows})
            have |= {(one.point, one.time_us): (one.samples.tobytes(), one.quality) for one in rows}
        assert have == self.rows


def stored(root):
    """Every row of the table of bursts, by Delta's own list of files: nothing resolved."""
    files = DeltaTable(str(root / "bursts")).file_uris()
    parts = [pq.read_table(file, partitioning=None).cast(LAKE_BURSTS) for file in files]
    return pa.concat_tables([LAKE_BURSTS.empty_table(), *parts])


async def test_bursts_and_telemetry_of_one_stream_are_found_once_hot_flushed_and_after_a_start(tmp_path):
    bus, truth, sent = MemoryBus(), Truth(), Sent()
    async with owning(bus, tmp_path, CALM) as owner:
        for i in range(6):
            await send(bus, truth, "demo", [1, 2], [T0 + i] * 2, [i, -i])
            seq = await sent.send(bus, 1 + i % 2, T0 + i * DAY // 3)
        await caught_up(owner, seq)
        sent.is_all_there(owner)
        await owner.flush()
        sent.is_all_there(owner)
        snap = owner.snapshot("demo")
        assert {f.day for f in snap.bursts} == {"2025-11-20", "2025-11-21"} and not len(snap.hot_bursts)
        seq = await sent.send(bus, 1, T0 + 77)
        await caught_up(owner, seq)
        sent.is_all_there(owner)  # one hot, the others in files
        await owner.flush()
        assert owner.stats()["watermark"] == seq, "a flush of bursts alone moves the position too"
        await owner._trim()
        assert (await bus.stream_state("p0")).messages == 0
    assert len(stored(tmp_path)) == 7
    async with owning(bus, tmp_path, CALM) as owner:
        sent.is_all_there(owner)
        same(found(owner.series("demo", [1, 2], 0, FAR)), truth.expected("demo"))
        total, tables = owner.bursts("demo", 1, 0, FAR, 2)
        assert total == 4 and [times_us(t.to_batches()[0]).tolist() for t in tables] == [[T0, T0 + 4 * DAY // 3]]
        assert owner.bursts("other", 1, 0, FAR, 10)[0] == 0, "tenants are walls"


async def test_a_later_recording_replaces_and_a_retraction_takes_back_also_after_merging(tmp_path):
    bus, sent = MemoryBus(), Sent()
    eager = OwnerSettings(flush_s=3600, merge_s=0.05)
    async with owning(bus, tmp_path, eager) as owner:
        for i in range(20):
            seq = await sent.send(bus, 1, T0 + (i % 7) * 1000)
            await caught_up(owner, seq)
            await owner.flush()
        seq = await sent.send(bus, 1, T0, 0, q.DELETED)
        await caught_up(owner, seq)
        sent.is_all_there(owner)
        await owner.flush()
        sent.is_all_there(owner)
        await until(lambda: len(owner.snapshot("demo").bursts) == 1)
        sent.is_all_there(owner)
    assert len(stored(tmp_path)) == 6, "the finished day holds each recording once"


async def test_killed_between_the_two_commits_nothing_is_lost_or_doubled(tmp_path):
    """Real kill -9, real NATS: bursts are committed, the position is not; the next owner goes on exactly."""
    truth, sent = Truth(), Sent()
    async with EmbeddedNats(tmp_path / "nats", port=0, reserve=0) as nats:
        bus = await NatsBus.connect(nats.url, by=nats.passes["platform"])
        await bus.ensure_stream("p0", epoch=1, max_bytes=64 << 30)
        clock = T0
        for nth in (1, 2, 1, 0):
            for _ in range(5):
                clock += 1000
                await send(bus, truth, "demo", [1, 2], [clock] * 2, [clock % 97, 1.5])
                await sent.send(bus, 1, clock)
            code = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.historian.killed_between",
                str(tmp_path / "nats" / "passes" / "platform.json"), str(tmp_path / "lake"), str(nth),
            )  # fmt: skip
            ended = await code.wait()
            if nth == 0:
                assert ended == 0
                break
            if nth == 1:  # the flush of everything sent so far was cut in two
                assert ended == -signal.SIGKILL
                lake = BurstTable(tmp_path / "lake", "p0").at
                assert lake > PartitionTable(tmp_path / "lake", "p0").last_position()
        async with owning(
            bus, tmp_path / "lake", OwnerSettings(flush_s=3600, merge_s=3600, stream_bytes=64 << 30)
        ) as owner:
            sent.is_all_there(owner)
            same(found(owner.series("demo", [1, 2], 0, FAR)), truth.expected("demo"))
        await bus.close()
    rows = stored(tmp_path / "lake")
    assert len(rows) == len(sent.rows) == 20
    assert len(set(rows.column("seq").to_pylist())) == 20


async def test_an_owner_that_slept_and_its_successor_write_each_burst_once(tmp_path):
    """Both may commit bursts; what they write is the stream's, so whoever is refused goes on from where it ends."""
    sleeper, successor = BurstKeeper(tmp_path, "p0"), BurstKeeper(tmp_path, "p0")
    sleeper.open()
    sent = [bursts.burst([1], [T0 + i], [RATE], [RNG.normal(size=9)]) for i in range(6)]
    for i in range(4):
        sleeper.append("demo", position(1, i + 1), T0, sent[i])
    successor.open()
    for i in range(6):
        successor.append("demo", position(1, i + 1), T0, sent[i])
    successor.flush(position(1, 3))
    sleeper.flush(position(1, 4))  # refused, loads anew, adds what is missing
    successor.flush(position(1, 6))  # refused in its turn
    successor.settle()
    assert sorted(stored(tmp_path).column("seq").to_pylist()) == [position(1, i + 1) for i in range(6)]
    total, tables = successor.read("demo", 1, 0, FAR, 100)
    assert total == 6 and sum(len(t) for t in tables) == 6
    job = successor.prepare({"demo": 1})
    sleeper.open()
    sleeper.append("demo", position(1, 7), T0, sent[0])
    sleeper.flush(position(1, 7))
    successor.finish(job, 1)  # it planned on what is no longer so: dropped, looked at again
    assert len(stored(tmp_path)) == 7


async def test_retention_drops_days_and_a_zombie_of_telemetry_still_stops(tmp_path):
    bus, sent = MemoryBus(), Sent()
    shelf = Shelf(tmp_path, lambda tenant: Keep(raw_days=10), Thinner(tmp_path))
    async with owning(bus, tmp_path, OwnerSettings(flush_s=3600, merge_s=0.05), shelf=shelf) as owner:
        await caught_up(owner, await sent.send(bus, 1, T0))
        await owner.flush()
        await until(lambda: not owner.snapshot("demo").bursts)
        other = PartitionTable(tmp_path, "p0")
        other.commit([], [], at=position(1, 99), epoch=1, overlaps={})
        await bus.store("p0", "demo", encode(bursts.burst([1], [T0 + 1], [RATE], [[1.0]])))
        await caught_up(owner, 2)
        try:
            await owner.flush()
        except Succeeded:
            owner.state = "succeeded"
        assert owner.state == "succeeded"
