"""Which files are read without the wall: those in which every point is open, and open for all times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from baigong.stores.lake.contract import LAKE, LakeFile
from baigong.stores.lake.coverage import Coverage
from baigong.stores.lake.files import LakeFileWriter
from baigong.stores.lake.part import Part
from baigong.vocab.frame import TIME


def written(path: Path, points: list[int]) -> LakeFile:
    numbers = np.sort(np.array(points, np.int64).repeat(3))
    times = pa.array(np.tile(np.arange(3), len(points))).cast(TIME)
    n = len(numbers)
    columns = [pa.array(numbers), times, pa.array(np.ones(n)), pa.nulls(n, pa.int64()), pa.nulls(n, pa.string()),
               pa.array(np.zeros(n, np.int32)), times, pa.array(np.arange(n))]  # fmt: skip
    with LakeFileWriter(path) as writer:
        writer.write(pa.table(columns, schema=LAKE))
    return LakeFile(str(path), "demo", "2026-03-01", n, 0)


@settings(max_examples=30, deadline=None)
@given(points=st.sets(st.integers(0, 9), min_size=1), opened=st.sets(st.integers(0, 9)))
def test_a_file_is_covered_where_none_of_its_points_is_closed(
    tmp_path_factory: object, points: set[int], opened: set[int]
) -> None:
    file = written(tmp_path_factory.mktemp("lake") / "a.parquet", sorted(points))  # type: ignore[attr-defined]
    part = Part(dict.fromkeys(opened, (None, None)))
    coverage = Coverage()
    for _ in range(2):  # the second answer is a remembered one
        assert coverage.covered([file], part) == ({file.path} if points <= opened else frozenset())


def test_a_bounded_part_covers_nothing(tmp_path: Path) -> None:
    file = written(tmp_path / "a.parquet", [1, 2])
    assert Coverage().covered([file], Part({1: (None, None), 2: (None, 1 << 60)})) == frozenset()


def test_parts_do_not_share_answers(tmp_path: Path) -> None:
    file, coverage = written(tmp_path / "a.parquet", [1, 2, 3]), Coverage()
    assert coverage.covered([file], Part(dict.fromkeys((1, 2, 3), (None, None)))) == {file.path}
    assert coverage.covered([file], Part(dict.fromkeys((1, 3), (None, None)))) == frozenset()
