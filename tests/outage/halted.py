"""An owner that stops right before one step of a commit: ``python -m tests.outage.halted FOLDER flush|merge STEP``.

Run with halt.c preloaded. It prints what came of its commit, then, with the same table, of one of the other kind:
an owner whose flush has failed may have a merge waiting. Last comes the number of steps the first commit took.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from baigong.historian.merge import merged_chunks
from baigong.stores.lake.contract import LAKE
from baigong.stores.lake.table import PartitionTable, Succeeded, position, split_position

DAY = "2025-11-20"
T0 = 1_763_596_800_000_000
POINTS = 3


def frame_rows(seq: int) -> pa.Table:
    """Return the rows that message ``seq`` of the stream stands for."""
    columns = {
        "point": list(range(1, POINTS + 1)),
        "time": [T0 + seq] * POINTS,
        "value": [seq + 0.5] * POINTS,
        "whole": [None] * POINTS,
        "text": [None] * POINTS,
        "quality": [0] * POINTS,
        "seen": [T0 + seq] * POINTS,
        "seq": [position(1, seq)] * POINTS,
    }
    return pa.table(columns).select(LAKE.names).cast(LAKE)


def flush(table: PartitionTable, upto: int) -> Callable[[], None]:
    """Write the messages after the table's position up to ``upto``; returns what commits them."""
    last = split_position(table.last_position())[1]
    written = [table.write("demo", DAY, 0, position(1, seq), [frame_rows(seq)]) for seq in range(last + 1, upto + 1)]
    made = [file for file in written if file is not None]
    return lambda: table.commit(made, [], at=position(1, upto), epoch=1, overlaps={})


def merge(table: PartitionTable) -> Callable[[], None]:
    """Write all files of the table as one; returns what puts it in their place."""
    files = list(table.files.values())
    chunks = merged_chunks([file.path for file in files], keep_deleted=False)
    made = table.write("demo", DAY, 1, table.last_position(), chunks)
    assert made is not None
    return lambda: table.commit([made], files, at=None, epoch=1, overlaps={})


def said(commit: Callable[[], None]) -> str:
    try:
        commit()
    except Succeeded:
        return "succeeded"
    return "committed"


def main(folder: Path, kind: str, step: int) -> None:
    table = PartitionTable(folder, "p0")
    commits = {"flush": flush(table, split_position(table.last_position())[1] + 2), "merge": merge(table)}
    halt = ctypes.CDLL(None)
    halt.halt_before(ctypes.c_long(step))
    print(said(commits.pop(kind)), flush=True)
    steps = int(halt.halt_steps())
    (other,) = commits.values()
    print(said(other), steps, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
