"""What a snapshot's reader returns is what one row at a time would: over late rows, retractions and hot rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baigong.stores.lake import files, reader
from baigong.stores.lake.contract import LAKE, LakeFile
from baigong.stores.lake.files import LakeFileWriter, absent_columns
from baigong.stores.lake.reader import FileCache, SnapshotReader
from baigong.stores.lake.sorting import sort_table
from baigong.vocab import quality as q

DAY_US = 86_400_000_000
KIND = LAKE.field("time").type

rows = st.tuples(
    st.integers(1, 5),
    st.integers(0, 1).flatmap(lambda day: st.integers(0, 8).map(lambda i: day * DAY_US + i * 1_000_000)),
    st.one_of(st.none(), st.sampled_from([0.5, 1.25, -7.0, 1 / 3])),
    st.sampled_from([q.GOOD, q.GOOD, q.BAD, q.DELETED]),
)


def table(made: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(made, LAKE)


def write(folder: Path, made: list[dict[str, Any]], number: int, late: bool) -> list[LakeFile]:
    written = []
    for day in sorted({r["time"] // DAY_US for r in made}):
        mine = [r for r in made if r["time"] // DAY_US == day]
        path = folder / f"day={day}" / f"{'l' if late else 't'}0-{number:016x}-{number:x}.parquet"
        with LakeFileWriter(path) as writer:
            writer.write(sort_table(table(mine)))
        written.append(LakeFile(str(path), "t", str(np.datetime64(day, "D")), len(mine), writer.bytes, late=late))
    return written


@given(
    batches=st.lists(st.lists(rows, max_size=12), max_size=5),
    hot=st.lists(rows, max_size=6),
    points=st.sets(st.integers(1, 6), min_size=1),
    window=st.tuples(st.integers(-1, 10), st.integers(-1, 10)),
    columns=st.sampled_from([tuple(LAKE.names), ("point", "time", "value"), ("point", "time", "text", "quality")]),
    most_cuts=st.sampled_from([0, 10_000]),
    group=st.sampled_from([2, 131_072]),
)
@settings(max_examples=120, deadline=None)
def test_any_history_reads_as_one_row_at_a_time(
    tmp_path_factory, batches, hot, points, window, columns, most_cuts, group
) -> None:
    folder = tmp_path_factory.mktemp("lake")
    start, end = window[0] * 1_000_000, DAY_US + window[1] * 1_000_000
    kept, truth, newest, made, seq = [], {}, {}, [], 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "ROW_GROUP", group)
        patch.setattr(reader, "_MOST_CUTS", most_cuts)
        for number, batch in enumerate([*batches, hot]):
            late, in_order = [], []
            for point, time, value, quality in batch:
                seq += 1
                text = None if value is not None else f"t{seq}"
                row = {"point": point, "time": time, "value": value, "whole": None, "text": text}
                row |= {"quality": quality, "seen": seq, "seq": seq}
                behind = time <= newest.get(point, -1) or quality == q.DELETED
                (late if behind else in_order).append(row)
                newest[point] = max(time, newest.get(point, -1))
                truth[point, time] = None if quality == q.DELETED else row
            made = late + in_order
            if number < len(batches):
                kept += write(folder, in_order, number, False) + write(folder, late, number, True)
        made = [r for r in made if r["point"] in points and start <= r["time"] < end]
        with_hot = table(sorted(made, key=lambda r: r["seq"]))
        got = SnapshotReader(FileCache()).series(kept, with_hot, sorted(points), start, end, columns)
    wanted = [r for (p, t), r in sorted(truth.items()) if r is not None and p in points and start <= t < end]
    assert (
        got.cast(pa.schema([LAKE.field(name) for name in columns])).to_pylist()
        == table(wanted).select(columns).to_pylist()
    )


def test_columns_that_hold_nothing_are_named_and_not_read(tmp_path: Path) -> None:
    made = [
        {"point": 1, "time": i, "value": 1.5, "whole": None, "text": None, "quality": 0, "seen": i, "seq": i}
        for i in range(5)
    ]
    (file,) = write(tmp_path, made, 1, False)
    assert absent_columns(pq.read_metadata(file.path)) == {"value", "whole", "text"}  # 1.5 stands in digits and scale
    got = SnapshotReader(FileCache()).series([file], LAKE.empty_table(), [1], 0, 9)
    assert got.column("value").to_pylist() == [1.5] * 5 and got.schema.equals(LAKE)


def test_files_of_another_writer_are_read_too(tmp_path: Path) -> None:
    made = [
        {"point": p, "time": i, "value": float(i), "whole": None, "text": None, "quality": 0, "seen": i, "seq": i}
        for p in (1, 2)
        for i in range(3)
    ]
    path = tmp_path / "t0-0000000000000001-1.parquet"
    pq.write_table(table(made), path, write_statistics=False)
    got = SnapshotReader(FileCache()).series(
        [LakeFile(str(path), "t", "1970-01-01", 6, 1)], LAKE.empty_table(), [2], 1, 9
    )
    assert got.column("value").to_pylist() == [1.0, 2.0]
