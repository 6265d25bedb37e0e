"""Measures ways to keep rows that are not in the lake yet. See 0003-hot-window.md.

``python docs/decisions/0003_measure.py``: a million rows in frames of 1,000 from 10,000 points.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from baigong.historian.hot import HotFrame, HotWindow, as_table, cut_frames, flush_order
from baigong.historian.latest import Latest
from baigong.sandbox.wire import sealed_table
from baigong.stores.lake.sorting import sort_table
from baigong.vocab.frame import frame

POINTS, EACH, FRAMES = 10_000, 1_000, 1_000
NUMBERS = np.random.default_rng(1).integers(1, 1 << 62, POINTS)


def frames() -> list[pa.RecordBatch]:
    made = []
    for i in range(FRAMES):
        some = NUMBERS[(np.arange(EACH) + i * EACH) % POINTS]
        made.append(frame(some, np.full(EACH, 1_763_600_000_000_000 + i // 10 * 1_000_000), np.full(EACH, i / 10)))
    return made


def took(work: Callable[[], Any]) -> tuple[float, Any]:
    best, answer = 1e9, None
    for _ in range(3):
        began = time.process_time()
        answer = work()
        best = min(best, time.process_time() - began)
    return best * 1e3, answer


def arrow(batches: list[pa.RecordBatch]) -> dict[str, float]:
    hot, latest = HotWindow(), Latest()

    def fill() -> None:
        hot.trim(1 << 62)
        for i, batch in enumerate(batches):
            taken = latest.absorb(batch, i, i)
            hot.append("t", HotFrame(i, i, taken.batch, taken.codes, taken.late))

    def fill_only() -> None:
        hot.trim(1 << 62)
        for i, batch in enumerate(batches):
            hot.append("t", HotFrame(i, i, batch, codes[i]))

    with_latest, _ = took(fill)
    codes = [f.codes for f in hot.frames("t")]
    filled, _ = took(fill_only)
    held = hot.frames("t")
    table_ms, table = took(lambda: as_table(held))
    return {
        "append all, in ms": filled,
        "… with newest values and late rows found": with_latest,
        "snapshot": took(lambda: hot.frames("t"))[0],
        "as one table": table_ms,
        "hand it to another process": took(lambda: _closed(sealed_table(table)))[0],
        "one point": took(lambda: cut_frames(held, latest.known_codes([int(NUMBERS[7])]), 0, 1 << 62))[0],
        "sorted for the flush": took(lambda: sort_table(table, flush_order(held, latest.points)))[0],
    }


def _closed(descriptor: int) -> None:
    import os

    os.close(descriptor)


def duck(batches: list[pa.RecordBatch]) -> dict[str, float]:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(
        "create table hot (point bigint, time timestamptz, value double, whole bigint, text varchar, quality int)"
    )

    def fill() -> None:
        connection.execute("truncate hot")
        for batch in batches:
            connection.register("given", batch)
            connection.execute("insert into hot from given")

    filled, _ = took(fill)
    return {
        "append all, in ms": filled,
        "as one table": took(lambda: connection.sql("from hot").to_arrow_table())[0],
        "one point": took(lambda: connection.sql(f"from hot where point = {NUMBERS[7]}").to_arrow_table())[0],
        "sorted for the flush": took(lambda: connection.sql("from hot order by point, time").to_arrow_table())[0],
    }


def main() -> None:
    batches = frames()
    ours, theirs = arrow(batches), duck(batches)
    print("| a million rows in frames of 1,000, ms of CPU | list of Arrow frames | DuckDB in memory |\n|---|---|---|")
    for what, value in ours.items():
        other = f"{theirs[what]:.1f}" if what in theirs else "–"
        print(f"| {what} | {value:.1f} | {other} |")


main()
