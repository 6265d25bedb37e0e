"""The pace of companies at the front door: an allowance, its debt, and what a heartbeat tells of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baigong.bus.memory import MemoryBus
from baigong.gateway.clock import SystemClock
from baigong.gateway.paces import Companies, Paces, Pools
from baigong.vocab.quotas import BURST_S, Pace


@dataclass
class Room:
    tenant: str
    messages: int = 0
    slowed: int = 0
    connections: set[int] = field(default_factory=set)


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 5_000)), max_size=60))
def test_in_the_long_run_no_more_than_the_rate_passes(asked: list[tuple[float, int]]) -> None:
    """Whoever sends only while there is something left has one request at most on credit."""
    pace, now, passed, largest = Pace(100.0, 0.0), 0.0, 0, 0
    for pause_s, values in asked:
        now += pause_s
        if pace.wait_s(now) == 0:
            pace.spend(values, now)
            passed += values
            largest = max(largest, values)
    assert passed <= 100.0 * (now + BURST_S) + largest


def test_what_was_taken_ahead_is_not_taken_again_when_it_arrives() -> None:
    pace = Pace(10.0, 0.0)
    pace.take_ahead(15, 0.0)
    pace.spend(15, 0.0)
    assert pace.left == 5
    pace.spend(7, 0.0)
    assert pace.wait_s(0.0) == pytest.approx(0.3)
    pace.take_ahead(4, 0.0)
    pace.give_back(4)
    assert (pace.left, pace.ahead) == (-2, 0)


async def test_pools_bound_their_members_and_keep_a_debt_while_the_rate_stays() -> None:
    paces = Paces(MemoryBus(), "local", SystemClock())
    told = Pools(rates={"company/a": 10.0, "region/n": 1e6, "storage/b": 0.0}, members={"a": ["company/a", "region/n"]})
    paces.take(told)
    assert paces.pay("free", 10**9) == 0.0
    assert paces.pay("a", 120) > 5.0
    paces.take(told)
    assert paces.pay("a", 0) > 5.0, "asked again, owed still"
    paces.take(
        Pools(rates={"company/a": 1_000_000.0, "storage/b": 0.0}, members={"a": ["company/a"], "b": ["storage/b"]})
    )
    assert paces.pay("a", 0) == 0.0, "another rate begins anew"
    assert paces.pay("b", 0) > 0, "a full storage takes nothing"


def test_a_heartbeat_tells_of_every_company_within_a_while() -> None:
    rooms = [Room(f"t{i}", messages=i) for i in range(1_200)]
    told, companies = dict[str, int](), Companies()
    for _ in range(16):
        rows = companies.rows(rooms)
        assert len(rows) <= 500, "a heartbeat stays small"
        told |= {row["tenant"]: row["messages"] for row in rows}
    assert told == {room.tenant: room.messages for room in rooms}
    rooms[1_100].messages += 5
    assert {"tenant": "t1100", "messages": 1_105, "slowed": 0, "connections": 0} in companies.rows(rooms)
