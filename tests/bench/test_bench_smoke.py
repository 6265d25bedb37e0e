"""The benchmarks run, at a tiny size, and find exactly what they sent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench import recall
from bench.assets import measure
from bench.data import walks
from bench.ingest import over_http
from bench.queries import rows


def test_row_1_sees_every_accepted_value(tmp_path: Path) -> None:
    run = over_http(tmp_path / "data", walks(200, 32), 1.0)
    assert run.values > 0
    assert run.seen == run.values


@pytest.mark.skipif(not os.environ.get("BAIGONG_LONG"), reason="40 s; BAIGONG_LONG=1 runs it")
def test_row_4_gets_the_right_answers_before_and_after_corrections(tmp_path: Path) -> None:
    made = rows(tmp_path, points=200, seconds=600, rounds=1, with_peers=False)  # raises when an answer is wrong
    assert [line.row for line in made] == [4] * 8 + [5, 4]
    assert "0.12 M values in 1 file" in made[8].what


def test_row_14_writes_and_finds_every_asset(tmp_path: Path) -> None:
    place = tmp_path / "data" / "records.db"
    made = measure(tmp_path / "data", place, "SQLite", 20, 1_000, asked=5)  # raises when one is missing
    assert [line.row for line in made] == [14] * 7


def test_row_18_finds_the_same_by_the_api_and_by_sql(tmp_path: Path) -> None:
    made = recall.measure(tmp_path / "data", tmp_path / "data" / "records.db", "SQLite", 5_000, asked=2)
    assert [line.row for line in made] == [18] * 5
