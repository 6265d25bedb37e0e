from __future__ import annotations

import duckdb
import pytest

from baigong.api.tables import column_values, duration_text
from baigong.api.throttle import Throttle
from baigong.api.times import read_time
from baigong.vocab.errors import FixConfiguration, RetryLater

NOW = 1_760_000_000_000_000


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("1760000000000000", NOW),
        ("-1", -1),
        ("now", NOW),
        ("-30d", NOW - 30 * 86_400_000_000),
        ("now-250ms", NOW - 250_000),
        ("now+1h", NOW + 3_600_000_000),
        ("2025-10-09T08:53:20Z", NOW),
        ("2025-10-09T16:53:20+08:00", NOW),
        ("2025-10-09T16:53:20 08:00", NOW),
        ("2025-10-09 08:53:20", NOW),
        ("1969-12-31T23:59:59.999999", -1),
    ],
)
def test_times_are_read_exactly(text: str, want: int) -> None:
    assert read_time(text, NOW, "start") == want


@pytest.mark.parametrize("text", ["", "soon", "-d", "2025-13-01", "9" * 30, "now-", "-1e9d", "+ 3h", "-9999999d"])
def test_what_is_no_time_is_named(text: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        read_time(text, NOW, "start")
    assert caught.value.place == "start"


def test_waiting_grows_and_ends_and_is_each_keys_own() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    key, other = ("address", "admin", "10.0.0.1"), ("address", "admin", "10.0.0.2")
    for _ in range(5):
        throttle.check(key)
        throttle.failed(key)
    with pytest.raises(RetryLater) as caught:
        throttle.check(key)
    assert caught.value.code == "auth.throttled"
    throttle.check(other)
    now[0] += 2.1
    throttle.check(key)
    throttle.failed(key)
    now[0] += 2.1
    with pytest.raises(RetryLater):
        throttle.check(key)
    now[0] += 10_000
    throttle.check(key)
    throttle.succeeded(key)
    throttle.failed(key)
    throttle.check(key)
    for i in range(20_000):
        throttle.failed(("address", "admin", str(i)))
    assert len(throttle._tried) + len(throttle._slowed) <= 20_000


@pytest.mark.parametrize(
    ("months", "days", "nanoseconds", "text"),
    [
        (0, 0, 0, "PT0S"),
        (14, 3, 4_500_000_000, "P1Y2M3DT4.5S"),
        (0, 1, 36_000_250_000_000, "P1DT10H0.25S"),
        (0, 0, -5_400_000_000_000, "-PT1H30M"),
        (-1, -2, 0, "-P1M2D"),
        (1, -2, -500_000_000, "P1M-2DT-0.5S"),
        (0, 0, 100 * 3_600_000_000_000, "PT100H"),
        (0, 0, 1, "PT0.000000001S"),
    ],
)
def test_spans_are_written_as_iso_8601(months: int, days: int, nanoseconds: int, text: str) -> None:
    assert duration_text(months, days, nanoseconds) == text


def test_what_sql_gives_as_a_span_is_text() -> None:
    sql = "select unnest([interval 90 minutes, null, timestamp '2026-01-02 12:00' - timestamp '2026-01-01 00:00'])"
    assert column_values(duckdb.sql(sql).to_arrow_table().column(0)) == ["PT1H30M", None, "P1DT12H"]
