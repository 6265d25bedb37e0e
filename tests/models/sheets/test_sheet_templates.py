"""A template takes values and episodes from a table, finds the table again, and says what it could not take."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import msgspec
import pytest

from baigong.models.sheets import Table, find_all, read_book
from baigong.models.sheets.applying import apply
from baigong.models.sheets.proposing import propose
from baigong.models.sheets.template import EpisodeColumns, LongColumns, find_table, parse_template, written
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.quality import BAD_DATA_UNAVAILABLE
from tests.models.sheets.books import shift_log, workbook


def _only(raw: bytes, name: str = "x.xlsx") -> Table:
    (table,) = find_all(read_book(raw, name))
    return table


def test_a_shift_that_passes_midnight_and_a_code_among_numbers() -> None:
    table = _only(shift_log())
    proposed = propose(table, "运行记录", "boiler", "Asia/Shanghai")
    assert parse_template(written(proposed)) == proposed
    assert (proposed.time.past_midnight, proposed.time.clock) == (True, "时间")
    made = apply(proposed, table)
    pressure = [row for row in made.values.to_pylist() if row["name"] == "boiler.1号锅炉_压力"]
    assert [row["time"] for row in pressure] == [
        datetime(2026, 11, 21, 12, tzinfo=UTC),
        datetime(2026, 11, 21, 15, tzinfo=UTC),
        datetime(2026, 11, 21, 18, tzinfo=UTC),
    ]
    assert [(row["value"], row["quality"], row["cell"]) for row in pressure] == [
        (1.25, 0, "D4"), (None, BAD_DATA_UNAVAILABLE, "D5"), (1.21, 0, "D6"),
    ]  # fmt: skip
    assert {(p.cell, p.why) for p in made.problems} == {("D5", "code"), ("E6", "not_number")}
    assert len(made.values) == 11


def test_runs_with_clock_times_are_episodes_known_by_their_batch() -> None:
    rows = [
        ["Date", "Batch", "Operator", "Start Time", "End Time"],
        [date(2024, 8, 29), 422111, "Mac", time(22, 50), time(0, 5)],
        [date(2024, 8, 30), 422112, "Mac", time(0, 5), time(1, 45)],
    ]
    table = _only(workbook(("Line", rows, ())))
    proposed = propose(table, "line", "line1", "UTC")
    first, second = apply(proposed, table).episodes
    assert (first.end_us or 0) - first.start_us == 75 * 60 * 1_000_000
    assert second.attributes == {"Batch": 422112, "Operator": "Mac"}
    rows[1][3] = time(22, 55)
    corrected = apply(proposed, _only(workbook(("Line", rows, ())))).episodes[0]
    assert (corrected.id, corrected.start_us - first.start_us) == (first.id, 5 * 60 * 1_000_000)
    by_start = msgspec.structs.replace(proposed.episodes or EpisodeColumns(kind="run", start="Start Time"), key=[])
    assert apply(msgspec.structs.replace(proposed, episodes=by_start), table).episodes[0].id != first.id


def test_a_long_table_with_a_row_said_twice() -> None:
    raw = b"tag,time,value\nflow,2026-01-05 08:00,1\nflow,2026-01-05 08:00,2\n,2026-01-05 08:00,3\nlevel,,4\n"
    table = _only(raw, "x.csv")
    proposed = propose(table, "long", "tank")
    assert proposed.long == LongColumns(name="tag", value="value", asset="tank")
    made = apply(proposed, table)
    assert [(r["name"], r["value"]) for r in made.values.to_pylist()] == [("tank.flow", 2.0)]
    assert sorted((p.cell, p.why) for p in made.problems) == [("A4", "no_name"), ("B5", "no_time"), ("C2", "twice")]


def test_next_months_file_is_found_by_its_words() -> None:
    march = workbook(("March", [["Log"], [], ["Date", "Steam (t/h)"], [date(2026, 3, 1), 5]], ()))
    april = workbook(
        ("Index", [["Sheet", "What"], ["April", "steam"]], ()),
        ("April", [["Remark", "Date", "steam (t/h)"], ["", date(2026, 4, 1), 6], ["x", date(2026, 4, 2), 7]], ()),
    )
    template = propose(_only(march), "steam", "boiler")
    table = find_table(template, find_all(read_book(april, "a.xlsx")))
    assert table.sheet == "April"
    with pytest.raises(FixConfiguration, match="lacks"):
        find_table(msgspec.structs.replace(template, words=["Date", "Water"]), [table])


def test_hours_that_a_change_of_clocks_makes_none_of_are_named() -> None:
    raw = b"time,power\n2026-03-29 01:30,1\n2026-03-29 02:30,2\n2026-03-29 03:30,3\n"
    table = _only(raw, "x.csv")
    made = apply(propose(table, "p", "hall", "Europe/Berlin"), table)
    assert [(p.cell, p.why) for p in made.problems] == [("A3", "clock_change")]
    assert len(made.values) == 2
