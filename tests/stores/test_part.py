"""Which rows are open: the same whether numbers lie close together, far apart, or end somewhere."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from baigong.stores.lake.part import Part
from baigong.vocab.frame import TIME

NUMBERS = st.integers(0, 12) | st.sampled_from([10**6, 1 << 60])
WINDOWS = st.just((None, None)) | st.tuples(st.none() | st.integers(0, 9), st.none() | st.integers(0, 9))


@settings(max_examples=200, deadline=None)
@given(opened=st.dictionaries(NUMBERS, WINDOWS), rows=st.lists(st.tuples(NUMBERS, st.integers(0, 9))))
def test_open_are_the_rows_of_open_points_in_their_windows(
    opened: dict[int, tuple[int | None, int | None]], rows: list[tuple[int, int]]
) -> None:
    table = pa.table(
        {
            "point": pa.array([p for p, _ in rows], pa.int64()),
            "time": pa.array([t for _, t in rows], pa.int64()).cast(TIME),
        }
    )
    wanted = []
    for point, time in rows:
        begin, end = opened.get(point, (0, 0))
        wanted.append((begin is None or begin <= time) and (end is None or time < end))
    part = Part(opened)
    assert part.mask(table).tolist() == wanted
    assert part.clip(table).equals(table.filter(pa.array(wanted, pa.bool_())))


def test_what_is_open_as_a_whole_is_not_copied() -> None:
    table = pa.table({"point": pa.array(np.arange(3)), "time": pa.array(np.arange(3)).cast(TIME)})
    assert Part(dict.fromkeys(range(3), (None, None))).clip(table) is table
