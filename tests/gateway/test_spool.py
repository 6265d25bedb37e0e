"""Spool: what was fsynced is there after kill -9, in order, and nothing that was not whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baigong.gateway.spool import Record, Spool, unpack
from baigong.vocab.errors import RetryLater


def record(i: int, size: int = 100) -> Record:
    return Record("demo", 1_000_000 + i, 3, i.to_bytes(8, "big") * (size // 8))


def drained(spool: Spool) -> list[Record]:
    found = []
    while True:
        token, records = spool.peek(7)
        if not records:
            return found
        found += records
        spool.acknowledge(token, len(records))


@given(st.text(max_size=30), st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**32 - 1), st.binary(max_size=300))
def test_a_record_comes_back_as_it_went(tenant: str, time_us: int, values: int, payload: bytes) -> None:
    made = Record(tenant, time_us, values, payload)
    raw = made.pack()
    assert unpack(raw, 0) == (made, len(raw))


@given(st.binary(max_size=200), st.integers(0, 10_000), st.integers(0, 7))
@settings(max_examples=200)
def test_a_bit_flip_or_a_cut_is_never_a_record(payload: bytes, at: int, bit: int) -> None:
    raw = bytearray(Record("t", 1, 1, payload).pack())
    assert unpack(bytes(raw[: at % len(raw)]), 0) is None
    raw[at % len(raw)] ^= 1 << bit
    assert unpack(bytes(raw), 0) is None


def test_order_over_segments_and_restarts(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=1000, reserve_bytes=0)
    records = [record(i) for i in range(100)]
    for i in range(0, 100, 10):
        spool.append(records[i : i + 10])
    assert (spool.frames, spool.values, spool.oldest_us) == (100, 300, 1_000_000)
    assert len(list(tmp_path.glob("*.seg"))) > 5
    token, first = spool.peek(13)
    spool.acknowledge(token, len(first) - 1)
    spool.close()
    again = Spool(tmp_path, segment_bytes=1000, reserve_bytes=0)
    assert again.frames == 100 - len(first) + 1
    assert drained(again) == records[len(first) - 1 :]
    assert (again.frames, again.values, again.size, again.oldest_us) == (0, 0, 0, None)
    assert list(tmp_path.glob("*.seg")) == []


def test_a_torn_tail_takes_only_itself(tmp_path: Path) -> None:
    spool = Spool(tmp_path, reserve_bytes=0)
    spool.append([record(0), record(1)])
    spool.close()
    path = next(tmp_path.glob("*.seg"))
    whole = path.read_bytes()
    for cut in range(1, 40):
        path.write_bytes(whole + record(2).pack()[:cut])
        again = Spool(tmp_path, reserve_bytes=0)
        again.append([record(3)])
        assert drained(again) == [record(0), record(1), record(3)]
        again.close()
        path.write_bytes(whole)


def test_rot_in_the_middle_is_counted_and_passed_over(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=300, reserve_bytes=0)
    for i in range(9):
        spool.append([record(i)])
    second = sorted(tmp_path.glob("*.seg"))[1]
    raw = bytearray(second.read_bytes())
    raw[20] ^= 1
    second.write_bytes(bytes(raw))
    left = drained(spool)
    assert spool.rotten > 0
    assert left[:3] == [record(0), record(1), record(2)]
    assert left[-3:] == [record(6), record(7), record(8)]


def test_the_bound_refuses_and_oldest_can_be_dropped(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=8000, reserve_bytes=0)
    count = 0
    with pytest.raises(RetryLater) as caught:
        while True:
            spool.append([record(count)])
            count += 1
    assert caught.value.code == "storage.full"
    assert spool.frames == count
    token, _ = spool.peek(1)
    frames, values = spool.drop_oldest()
    assert values == frames * 3 > 0
    spool.append([record(count)])
    spool.acknowledge(token, 1)  # of the segment that is gone: nothing happens
    assert drained(spool) == [record(i) for i in range(frames, count + 1)]


def test_the_reserve_of_the_disk_is_left_alone(tmp_path: Path) -> None:
    free = 10_000
    spool = Spool(tmp_path, reserve_bytes=9_500, free_bytes=lambda _: free)
    spool.append([record(0)])
    free = 9_550
    with pytest.raises(RetryLater):
        spool.append([record(1)])
    assert drained(spool) == [record(0)]


def test_a_disk_that_is_full_in_the_middle_of_a_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path, reserve_bytes=0)
    spool.append([record(0)])
    calls = []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        with pytest.raises(RetryLater):
            spool.append([record(1)])
    assert calls
    spool.append([record(2)])
    spool.close()
    assert drained(Spool(tmp_path, reserve_bytes=0)) == [record(0), record(2)]


_WRITER = """
import sys
from pathlib import Path
from baigong.gateway.spool import Record, Spool
spool = Spool(Path(sys.argv[1]), segment_bytes=20_000, reserve_bytes=0)
i = 0
while True:
    batch = [Record("demo", i + k, 1, (i + k).to_bytes(8, "big") * 20) for k in range(5)]
    spool.append(batch)
    i += 5
    print(i, flush=True)
"""


def test_killed_at_random_moments_nothing_fsynced_is_lost(tmp_path: Path) -> None:
    rng = random.Random(5)
    for attempt in range(4):
        folder = tmp_path / str(attempt)
        child = subprocess.Popen([sys.executable, "-c", _WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
        assert child.stdout
        promised = 0
        for _ in range(rng.randrange(3, 120)):
            promised = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split()
        promised = int(rest[-1]) if rest else promised
        child.wait()
        child.stdout.close()
        found = [int.from_bytes(r.payload[:8], "big") for r in drained(Spool(folder, reserve_bytes=0))]
        assert len(found) >= promised
        assert found == list(range(len(found)))
