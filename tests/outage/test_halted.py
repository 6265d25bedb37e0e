"""An owner that hangs at any step of a commit: whoever comes after it, each row is in the table exactly once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from baigong.stores.lake.table import PartitionTable, Succeeded, split_position
from tests.outage.halted import POINTS, flush, merge
from tests.outage.preload import may_preload, preloaded

LONG = bool(os.environ.get("BAIGONG_LONG"))  # every step, not every fourth and the last two

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not may_preload(), reason="needs Linux and gcc"),
]


@pytest.fixture(scope="module")
def shim(tmp_path_factory) -> Path:
    return preloaded("halt", tmp_path_factory.mktemp("halt"))


def rows_in(root: Path) -> Counter[tuple[int, int]]:
    """Count each (point, sequence) in the files of the table, as a stranger would read it."""
    found: Counter[tuple[int, int]] = Counter()
    for file in PartitionTable(root, "p0").files.values():
        rows = pq.read_table(file.path, columns=["point", "seq"], partitioning=None)
        found.update(
            zip(rows["point"].to_pylist(), (split_position(s)[1] for s in rows["seq"].to_pylist()), strict=True)
        )
    return found


def halted_at(root: Path, shim: Path, kind: str, step: int) -> subprocess.Popen[str]:
    """Start an owner that stops before ``step``; returns when it has stopped or ended."""
    owner = subprocess.Popen(
        [sys.executable, "-m", "tests.outage.halted", str(root), kind, str(step)],
        env=os.environ | {"LD_PRELOAD": str(shim)},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.waitid(os.P_PID, owner.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    return owner


def woken(owner: subprocess.Popen[str]) -> list[str]:
    owner.send_signal(18)
    out, err = owner.communicate(timeout=60)
    assert owner.returncode == 0, err
    return out.split()


def steps_of(kind: str, shim: Path, root: Path) -> int:
    """Count the steps of a commit that nothing stops."""
    flush(PartitionTable(root, "p0"), 4)()
    first, _, steps = woken(halted_at(root, shim, kind, 0))
    assert first == "committed" and int(steps) > 5
    return int(steps)


@pytest.mark.parametrize("heir", ["commits meanwhile", "has only opened the table"])
@pytest.mark.parametrize("kind", ["flush", "merge"])
def test_halted_before_any_step_of_a_commit(kind, heir, shim, tmp_path):
    last = steps_of(kind, shim, tmp_path / "undisturbed")
    for step in range(1, last + 1) if LONG else sorted({*range(1, last, 4), last - 1, last}):
        root = tmp_path / f"{step}"
        table = PartitionTable(root, "p0")
        flush(table, 4)()
        owner = halted_at(root, shim, kind, step)
        try:
            second = PartitionTable(root, "p0")
            if heir == "commits meanwhile":
                flush(second, 8)()
                merge(second)()
            first, other, _ = woken(owner)
            if heir == "commits meanwhile":
                assert other == "succeeded", f"step {step}: a zombie wrote"
                flush(second, 10)()  # and nobody is in the way of who took over
            else:
                landed = split_position(PartitionTable(root, "p0").last_position())[1]
                with pytest.raises(Succeeded):  # unless the first had not come so far
                    flush(second, 10)()
                assert (first, other) == ("committed", "committed"), landed
                flush(PartitionTable(root, "p0"), 10)()
        finally:
            owner.kill()
            owner.wait()
        wanted = Counter({(p, s): 1 for p in range(1, POINTS + 1) for s in range(1, 11)})
        assert rows_in(root) == wanted, f"step {step}: {first}, {other}"
