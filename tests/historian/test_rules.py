"""The seven rules that make the lake exact (DESIGN §2): each broken on purpose, each with its test."""

import asyncio
import os
import shutil

import numpy as np
import pytest
from deltalake import DeltaTable

from baigong.bus.memory import MemoryBus
from baigong.cli.lakecheck import check_lake
from baigong.stores.lake import table
from baigong.stores.lake.table import PartitionTable, Succeeded, mend_log, position
from baigong.vocab import quality as q
from baigong.vocab.errors import RetryLater
from tests.historian.plants import CALM, DAY, FAR, QUICK, T0, Truth, brute, caught_up, found, owning, same, send, until

POINTS = np.array([11, 7, 2**62, 5, 900])


async def test_rule_1_one_file_per_tenant_and_day_flushed_together(tmp_path):
    bus, truth = MemoryBus(), Truth()
    async with owning(bus, tmp_path, CALM) as owner:
        for tenant in ("demo", "acme"):
            times = [T0, T0 + 1, T0 + DAY, T0 + 2 * DAY, T0 + 2 * DAY + 5]
            seq = await send(bus, truth, tenant, POINTS, times, [1.5, 2, 3, np.nan, 5])
        await caught_up(owner, seq)
        await owner.flush()
        files = [f for t in ("demo", "acme") for f in owner.snapshot(t).files]
        assert sorted({(f.tenant, f.day) for f in files}) == [
            (t, d) for t in ("acme", "demo") for d in ("2025-11-20", "2025-11-21", "2025-11-22")
        ]
        assert len(files) == 6 and owner.stats()["version"] == 1
        for tenant in ("demo", "acme"):
            same(found(owner.series(tenant, POINTS.tolist(), 0, FAR)), truth.expected(tenant))
        assert len(owner.snapshot("nobody").files) == 0


async def test_rule_2_strictly_in_order_and_trimmed_only_below_what_is_durable_and_held(tmp_path):
    bus, truth = MemoryBus(), Truth()
    async with owning(bus, tmp_path, CALM) as owner:
        for i in range(10):
            seq = await send(bus, truth, "demo", POINTS, np.full(5, T0 + i), np.arange(5.0))
        await caught_up(owner, seq)
        await owner._trim()
        assert (await bus.stream_state("p0")).first_seq == 1, "nothing durable yet, nothing trimmed"
        owner.holds["backup"] = position(1, 4)
        await owner.flush()
        await owner._trim()
        assert (await bus.stream_state("p0")).first_seq == 5
        del owner.holds["backup"]
        await owner._trim()
        assert (await bus.stream_state("p0")).messages == 0


async def test_rule_2_a_gap_in_the_stream_is_an_error_not_silence(tmp_path):
    bus, truth, told = MemoryBus(), Truth(), []
    async with owning(bus, tmp_path, CALM, crash=True) as owner:
        await caught_up(owner, await send(bus, truth, "demo", POINTS, np.full(5, T0), np.arange(5.0)))
        await owner.flush()
    for i in range(1, 6):
        await send(bus, truth, "demo", POINTS, np.full(5, T0 + i), np.arange(5.0))
    await bus.purge("p0", 4)
    waiting = owning(bus, tmp_path, CALM, crash=True, told=told.append)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await waiting.__aenter__()
    assert any("begins at 4, the lake ends at 1" in sentence for sentence in told)


async def test_rule_3_rows_and_position_are_one_commit_so_a_crash_at_any_moment_neither_loses_nor_doubles(tmp_path):
    bus, truth, rng = MemoryBus(), Truth(), np.random.default_rng(4)
    at = 0
    for round_ in range(8):
        async with owning(bus, tmp_path, QUICK, crash=True) as owner:
            for _ in range(30):
                points = rng.permutation(np.arange(1, 50))[:20]
                # a fifth arrives late or again
                times = T0 + rng.integers(0, 200, 20) * 1_000_000 + at
                qualities = np.where(rng.random(20) < 0.05, q.DELETED, 0)
                seq = await send(bus, truth, "demo", points, times, np.round(rng.normal(size=20), 2), qualities)
                at += 40_000_000
                if rng.random() < 0.3:
                    await asyncio.sleep(0.01)
            if round_ % 2:
                await caught_up(owner, seq)
                same(found(owner.series("demo", range(1, 50), 0, FAR)), truth.expected("demo"))
    async with owning(bus, tmp_path, QUICK) as owner:
        await caught_up(owner, seq)
        same(found(owner.series("demo", range(1, 50), 0, FAR)), truth.expected("demo"))
        same(brute(owner, "demo"), truth.expected("demo"))


async def test_rule_3_a_zombie_can_neither_append_nor_merge(tmp_path):
    bus, truth = MemoryBus(), Truth()
    async with owning(bus, tmp_path, CALM, crash=True) as zombie:
        seq = await send(bus, truth, "demo", POINTS, np.full(5, T0), np.arange(5.0))
        await caught_up(zombie, seq)
        async with owning(bus, tmp_path, CALM) as heir:
            await caught_up(heir, seq)
            await heir.flush()
            with pytest.raises(Succeeded):
                await zombie.flush()  # it wakes mid-flush, its file written, its commit refused
            same(brute(heir, "demo"), truth.expected("demo"))
    fresh = PartitionTable(tmp_path, "p0")
    old = PartitionTable(tmp_path, "p0")
    files = list(fresh.files.values())
    merged = old.write("demo", files[0].day, 1, position(1, 1), [])
    assert merged is None, "nothing to write makes no file"
    fresh.commit([], files, at=None, epoch=1, overlaps={})
    with pytest.raises(Succeeded):
        old.commit([], files, at=None, epoch=1, overlaps={})


async def test_rule_3_a_stream_that_forgot_itself_gets_a_new_epoch_and_nothing_is_skipped(tmp_path):
    bus, truth = MemoryBus(), Truth()
    async with owning(bus, tmp_path, CALM) as owner:
        for i in range(5):
            seq = await send(bus, truth, "demo", POINTS, np.full(5, T0 + i), np.arange(5.0) + i)
        await caught_up(owner, seq)
    again, told = MemoryBus(), []  # created anew: its sequences begin at 1
    async with owning(again, tmp_path, CALM, told=told.append) as owner:
        assert owner.stats()["epoch"] == 2
        # shorter than what the lake had counted, and correcting it
        seq = await send(again, truth, "demo", POINTS, np.full(5, T0 + 4), np.arange(5.0) * 10)
        await caught_up(owner, seq)
        await owner.flush()
        same(found(owner.series("demo", POINTS.tolist(), 0, FAR)), truth.expected("demo"))
    same_name = MemoryBus()
    await same_name.ensure_stream("p0", epoch=2, max_bytes=1 << 30)  # the same epoch, but emptied behind our back
    async with owning(same_name, tmp_path, CALM, told=told.append) as owner:
        assert owner.stats()["epoch"] == 3
        assert any("behind the lake" in sentence for sentence in told)


async def test_rule_3_a_stream_made_anew_is_recognised_even_when_it_has_grown_past_the_lake(tmp_path):
    bus, truth, told = MemoryBus(), Truth(), []
    async with owning(bus, tmp_path, CALM) as owner:
        for i in range(3):
            seq = await send(bus, truth, "demo", POINTS, np.full(5, T0 + i), np.arange(5.0) + i)
        await caught_up(owner, seq)
        await owner.flush()
    again = MemoryBus()
    await again.ensure_stream("p0", epoch=1, max_bytes=1 << 30)
    await asyncio.sleep(0.001)
    for i in range(10, 20):  # longer than the old one, with the same epoch: only the times tell
        seq = await send(again, truth, "demo", POINTS, np.full(5, T0 + i), np.arange(5.0) + i)
    async with owning(again, tmp_path, CALM, told=told.append) as owner:
        assert owner.stats()["epoch"] == 2 and "made anew" in told[0]
        await caught_up(owner, seq)
        await owner.flush()
        same(found(owner.series("demo", POINTS.tolist(), 0, FAR)), truth.expected("demo"))


async def test_rule_4_a_commit_that_a_power_cut_emptied_is_taken_back_and_read_again_from_the_stream(tmp_path):
    bus, truth = MemoryBus(), Truth()
    async with owning(bus, tmp_path, CALM, crash=True) as owner:
        for i in range(3):
            seq = await send(bus, truth, "demo", POINTS, np.full(5, T0 + i), np.arange(5.0))
            await caught_up(owner, seq)
            await owner.flush()
    log = tmp_path / "telemetry" / "_delta_log"
    newest = max(log.glob("0*.json"))
    os.truncate(newest, 0)
    async with owning(bus, tmp_path, CALM, crash=True) as owner:
        await caught_up(owner, seq)
        same(found(owner.series("demo", POINTS.tolist(), 0, FAR)), truth.expected("demo"))
    assert list(log.glob("damaged-*"))
    oldest = min(p for p in log.glob("0*.json") if not p.name.startswith("0" * 20))
    os.truncate(oldest, 0)  # a hole inside the log is not ours to guess
    await asyncio.sleep(0)
    async with owning(bus, tmp_path / "other", CALM):
        pass
    shutil.copy(newest.with_name("0" * 20 + ".json"), log / f"{9:020d}.json")
    with pytest.raises(RetryLater) as told:
        mend_log(log)
    assert told.value.code == "storage.corrupt"


async def test_rule_5_a_full_stream_refuses_and_flows_again_after_trimming(tmp_path):
    bus, truth = MemoryBus(), Truth()
    tight = type(CALM)(flush_s=3600, merge_s=3600, stream_bytes=20_000)
    async with owning(bus, tmp_path, tight) as owner:
        sent = 0
        with pytest.raises(RetryLater) as told:
            for i in range(100):
                seq = await send(bus, truth, "demo", POINTS, np.full(5, T0 + i), np.arange(5.0))
                sent += 1
        assert told.value.code == "storage.full" and sent > 5
        await caught_up(owner, seq)
        await owner.flush()
        await owner._trim()
        seq = await send(bus, truth, "demo", POINTS, np.full(5, T0 + sent), np.arange(5.0))
        await caught_up(owner, seq)
        same(found(owner.series("demo", POINTS.tolist(), 0, FAR)), truth.expected("demo"))


async def test_rule_6_readers_see_every_accepted_row_exactly_once_while_flushes_and_merges_run(tmp_path):
    bus, truth = MemoryBus(), Truth()
    points = np.arange(1, 21)
    done = asyncio.Event()
    looks = 0
    async with owning(bus, tmp_path, QUICK) as owner:

        async def look() -> None:
            nonlocal looks
            while not done.is_set():
                before = owner.stats()["frames"]
                table = await asyncio.to_thread(owner.series, "demo", [3], 0, FAR)
                after = owner.stats()["frames"]
                times = table.column("time").cast("int64").to_numpy()
                assert len(np.unique(times)) == len(times)
                assert before <= len(times) <= after, (before, len(times), after)
                looks += 1

        async def produce() -> int:
            for i in range(600):
                seq = await send(bus, truth, "demo", points, np.full(20, T0 + i * 1000), np.arange(20.0))
                if i % 20 == 0:
                    await asyncio.sleep(0.01)
            return seq

        lookers = [asyncio.create_task(look()) for _ in range(3)]
        await caught_up(owner, await produce())
        await until(lambda: owner.stats()["merges"] > 0 and looks > 50)
        done.set()
        await asyncio.gather(*lookers)
        await owner.flush()
        same(found(owner.series("demo", points.tolist(), 0, FAR)), truth.expected("demo"))
        same(brute(owner, "demo"), truth.expected("demo"))


async def test_rule_6_replaced_files_stay_for_an_hour(tmp_path):
    bus, truth = MemoryBus(), Truth()
    async with owning(bus, tmp_path, QUICK) as owner:
        old = set()
        for i in range(12):
            seq = await send(bus, truth, "demo", POINTS, np.full(5, T0 + i), np.arange(5.0))
            await caught_up(owner, seq)
            await owner.flush()
            old |= {f.path for f in owner.snapshot("demo").files}
        await until(lambda: owner.stats()["merges"] > 0)
        now = {f.path for f in owner.snapshot("demo").files}
        assert len(old - now) >= 2 and all(os.path.exists(path) for path in old)
        assert owner._table.vacuum(3600) == 0


async def test_a_strangers_frame_is_counted_and_passed_over(tmp_path):
    bus, truth, told = MemoryBus(), Truth(), []
    async with owning(bus, tmp_path, CALM, told=told.append) as owner:
        await bus.store("p0", "demo", b"not arrow at all")
        seq = await send(bus, truth, "demo", POINTS, np.full(5, T0), np.arange(5.0))
        await caught_up(owner, seq)
        await owner.flush()
        assert owner.stats()["invalid_frames"] == 1 and "passed over" in told[0]
        same(found(owner.series("demo", POINTS.tolist(), 0, FAR)), truth.expected("demo"))


async def test_the_newest_values_survive_restarts_and_retractions(tmp_path):
    bus, truth = MemoryBus(), Truth()
    async with owning(bus, tmp_path, QUICK) as owner:
        await send(bus, truth, "demo", POINTS, np.full(5, T0), np.arange(5.0))
        seq = await send(bus, truth, "demo", POINTS[:2], [T0 + 9, T0 - 9], [77.0, 66.0])
        await caught_up(owner, seq)
    async with owning(bus, tmp_path, QUICK, crash=True) as owner:
        table = owner.latest("demo")
        newest = dict(zip(table.column("point").to_pylist(), table.column("value").to_pylist(), strict=True))
        assert newest == {11: 77.0, 7: 1.0, 2**62: 2.0, 5: 3.0, 900: 4.0}
        seq = await send(bus, truth, "demo", [11], [T0 + 9], [np.nan], q.DELETED)
        await caught_up(owner, seq)
        await until(lambda: owner.stats()["hot_rows"] == 0)
        assert owner.latest("demo", [11]).column("value").to_pylist() == [0.0]
        await until(lambda: not any(owner._overlaps.values()))  # merged: the retraction is no row any longer
    async with owning(bus, tmp_path, QUICK) as owner:
        assert sorted(owner.latest("demo", [11, 5]).column("value").to_pylist()) == [0.0, 3.0]


async def test_the_log_stays_bounded_and_says_the_same_as_if_all_of_it_were_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "_CHECKPOINT_EVERY", 8)
    grown = PartitionTable(tmp_path, "p0")
    log = tmp_path / "telemetry" / "_delta_log"
    for seq in range(1, 121):
        if seq == 40:
            monkeypatch.setattr(table, "_LOG_KEPT_S", -1.0)  # all that was written until now is old
            assert len(list(log.glob("0*.json"))) == 40, "what may still be followed is kept"  # and the creation
        if seq == 60:
            reader = DeltaTable(grown.path)
        grown.commit([], [], at=position(1, seq), epoch=1, overlaps={"demo": {"2026-03-01": seq}})
        grown.vacuum(3600)
        if seq > 48:
            commits = sorted(int(p.stem) for p in log.glob("0*.json"))
            assert commits == list(range(commits[0], seq + 1)), "no hole"
            assert len(list(log.iterdir())) < 40
        if seq == 64:
            reader.update_incremental()  # whoever opened it before can follow
            assert reader.version() == 64
    again = PartitionTable(tmp_path, "p0")
    assert (again.last_position(), again.highest_epoch(), again.version) == (position(1, 120), 1, 120)
    assert again.overlaps() == {"demo": {"2026-03-01": 120}}
    again.commit([], [], at=position(1, 121), epoch=1, overlaps={})
    assert [v.state for v in check_lake(tmp_path, "p0", deep=False)[0]] == ["good"]
