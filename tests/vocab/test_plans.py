"""When work is due: through nights on which clocks are set, over weeks and months."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baigong.vocab.plans import Plan, occasions


def _us(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1e6)


def _plan(**told: object) -> Plan:
    return Plan(title="round", assets=["press"], **told)  # type: ignore[arg-type]


def _told(plan: Plan, after: str, until: str) -> list[str]:
    return [f"{datetime.fromtimestamp(us / 1e6, UTC):%m-%dT%H:%M}" for us in occasions(plan, _us(after), _us(until))]


def test_once_a_day_also_when_clocks_are_set() -> None:
    plan = _plan(zone="Europe/Berlin", at=["02:30", "06:00"])
    spring = _told(plan, "2026-03-28T12:00", "2026-03-30T12:00")  # no 02:30 on the 29th
    assert spring == ["03-29T01:30", "03-29T04:00", "03-30T00:30", "03-30T04:00"]
    autumn = _told(plan, "2026-10-24T12:00", "2026-10-26T12:00")  # twice 02:30 on the 25th
    assert autumn == ["10-25T00:30", "10-25T05:00", "10-26T01:30", "10-26T05:00"]


def test_on_days_of_a_week_and_of_a_month() -> None:
    assert _told(_plan(every="week", days=[1, 5], at=["08:00"]), "2026-11-01", "2026-11-10") == [
        "11-02T00:00", "11-06T00:00", "11-09T00:00",
    ]  # fmt: skip
    assert _told(_plan(every="month", days=[31], at=["08:00"]), "2026-01-01", "2026-06-01") == [
        "01-31T00:00", "03-31T00:00", "05-31T00:00",
    ]  # fmt: skip


@given(st.lists(st.integers(0, 400 * 86_400), min_size=2, max_size=8))
def test_however_often_it_is_looked_at_every_occasion_comes_once(looks: list[int]) -> None:
    plan = _plan(zone="America/New_York", at=["00:00", "02:10", "23:59"])
    times = sorted(_us("2026-01-01") + look * 1_000_000 for look in looks)
    pieces = [one for before, after in pairwise(times) for one in occasions(plan, before, after)]
    assert pieces == occasions(plan, times[0], times[-1])


@pytest.mark.parametrize(
    "told", [{"at": ["8:00"]}, {"at": []}, {"at": ["08:00"], "zone": "Mars"}, {"at": ["08:00"], "every": "week"}]
)
def test_what_is_no_plan_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        _plan(**told)
