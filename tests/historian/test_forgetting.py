"""A tenant that leaves: nothing of it is read again, nothing of it stays on disk, nobody else loses a row."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from baigong.bus.memory import MemoryBus
from baigong.vocab.burst import burst
from baigong.vocab.errors import RetryLater
from baigong.vocab.frame import encode
from tests.historian.plants import CALM, DAY, QUICK, T0, Truth, brute, caught_up, owning, same, send, until

LEAVING, STAYING = "leaving", "staying"


async def _two_companies(bus, truth):
    for tenant in (LEAVING, STAYING):
        times = T0 + np.arange(2000) * (3 * DAY // 2000)
        await send(bus, truth, tenant, np.full(2000, 5), times, np.arange(2000.0))
    waves = burst([9], [T0], [1000.0], [np.arange(100.0)])
    return await bus.store("p0", LEAVING, encode(waves))


def _on_disk(root, tenant):
    return [path for path in root.rglob("*") if path.is_file() and tenant in str(path.relative_to(root))]


async def test_nothing_of_it_is_left_and_all_of_the_others(tmp_path):
    bus, truth = MemoryBus(), Truth()
    async with owning(bus, tmp_path, QUICK) as owner:
        await caught_up(owner, await _two_companies(bus, truth))
        await until(lambda: len(owner.snapshot(LEAVING).rolled_days) >= 2)
        gone = await owner.forget(LEAVING)
        assert (gone.rows, gone.recordings, gone.left) == (2000, 1, 0)
        assert gone.files >= 4 and gone.bytes > 0
        assert not len(owner.latest(LEAVING)) and owner.snapshot(LEAVING).files == ()
        assert _on_disk(tmp_path, LEAVING) == []
        state = await bus.stream_state("p0")
        assert state is not None and state.first_seq > state.last_seq, "the stream no longer holds its values"
        again = await owner.forget(LEAVING)
        assert (again.rows, again.files, again.left) == (0, 0, 0)
    async with owning(bus, tmp_path, QUICK) as owner:
        same(brute(owner, STAYING), truth.expected(STAYING))
        assert not len(owner.series(LEAVING, [5], 0, 1 << 61))


async def test_a_merge_under_way_brings_nothing_back(tmp_path, monkeypatch):
    bus, truth = MemoryBus(), Truth()
    async with owning(bus, tmp_path, QUICK) as owner:
        begun, go = asyncio.Event(), asyncio.Event()
        loop, write = asyncio.get_running_loop(), owner._merger.write

        def slow(table, job):
            written = write(table, job)
            if job.tenant == LEAVING:
                loop.call_soon_threadsafe(begun.set)
                asyncio.run_coroutine_threadsafe(go.wait(), loop).result(20)
            return written

        monkeypatch.setattr(owner._merger, "write", slow)
        await caught_up(owner, await _two_companies(bus, truth))
        await asyncio.wait_for(begun.wait(), 20)
        gone = await owner.forget(LEAVING)
        assert gone.rows == 2000
        go.set()
        await until(lambda: not _on_disk(tmp_path, LEAVING))
        await until(lambda: len(owner.snapshot(STAYING).rolled_days) >= 2)
        assert owner.snapshot(LEAVING).files == ()


async def test_while_values_still_come_nothing_is_deleted(tmp_path, monkeypatch):
    bus, truth = MemoryBus(), Truth()
    async with owning(bus, tmp_path, CALM) as owner:
        await caught_up(owner, await _two_companies(bus, truth))
        flush = owner.flush

        async def and_one_more():
            await flush()
            await caught_up(owner, await send(bus, truth, LEAVING, np.full(1, 5), np.full(1, T0 + 9 * DAY), np.ones(1)))

        monkeypatch.setattr(owner, "flush", and_one_more)
        with pytest.raises(RetryLater, match="still come in"):
            await owner.forget(LEAVING)
        monkeypatch.undo()
        same(brute(owner, LEAVING), truth.expected(LEAVING))
