"""Our functions of time say what DuckDB's own say, for whatever it takes."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from baigong.stores.lake.timesql import TIME_FUNCTIONS

WIDTHS = ["7 microseconds", "1 second", "5 minutes", "1 hour", "90 minutes", "1 day", "7 days", "1 month", "1 year"]
PARTS = ["second", "MINUTE", "hour", "day", "minutes", "week", "month", "quarter", "year", "millisecond"]
KINDS = ["timestamptz", "timestamp", "date"]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as made:
        made.execute("set timezone = 'UTC'")
        for _, statement in TIME_FUNCTIONS:
            made.execute(statement)
        yield made


@given(
    time_us=st.integers(-(10**17), 2 * 10**17),
    width=st.sampled_from(WIDTHS),
    part=st.sampled_from(PARTS),
    kind=st.sampled_from(KINDS),
)
@example(time_us=946_857_599_999_999, width="5 minutes", part="day", kind="timestamptz")
@example(time_us=-1, width="1 day", part="second", kind="timestamptz")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_time_is_cut_as_duckdb_cuts_it(connection, time_us: int, width: str, part: str, kind: str) -> None:
    calls = [f"time_bucket(interval '{width}', t)", f"date_trunc('{part}', t)"]
    for call in calls:
        # a column, since constants would be folded before they meet the function
        sql = f"select {call} as ours, system.main.{call} as theirs from (select make_timestamptz(?)::{kind} as t)"
        ours, theirs, *types = connection.execute(
            f"select ours::varchar, theirs::varchar, typeof(ours), typeof(theirs) from ({sql})",
            [time_us],
        ).fetchone()
        assert ours == theirs and types[0] == types[1], call


@pytest.mark.parametrize(
    "call",
    [
        "time_bucket(interval '5 minutes', timestamptz 'infinity')",
        "time_bucket(interval '5 minutes', timestamptz '2026-03-01 10:07+00', interval '1 minute')",
        "time_bucket(interval '1 day', timestamptz '2026-03-01 10:07+00', 'Asia/Shanghai')",
        "time_bucket('1 hour', timestamptz '2026-03-01 10:07+00')",
        "date_trunc('day', timestamptz '-infinity')",
        "date_trunc('hour', interval '90 minutes')",
        "time_bucket(interval '5 minutes', null::timestamptz)",
    ],
)
def test_other_forms_are_duckdbs(connection, call: str) -> None:
    ours, theirs = connection.execute(f"select ({call})::varchar, (system.main.{call})::varchar").fetchone()
    assert ours == theirs


def test_a_bucket_can_be_grouped_and_ordered_by(connection) -> None:
    call = "time_bucket(interval '1 hour', t)"
    sql = f"select {call}, count(*) from (select make_timestamptz(i * 600000000) as t from range(12) r(i)) group by {call} order by {call}"  # noqa: E501
    assert [n for _, n in connection.execute(sql).fetchall()] == [6, 6]


def test_an_impossible_width_is_refused_as_before(connection) -> None:
    with pytest.raises(duckdb.OutOfRangeException):
        connection.execute("select time_bucket(interval '0 minutes', now())").fetchall()
