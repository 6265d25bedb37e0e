"""Devices that come through the front door: thousands of idle ones cost nothing, and none is confused with another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rig import Rig, rig

from baigong.gateway.arrivals import Arrivals
from baigong.gateway.guests import Guests
from baigong.gateway.heartbeat import Turns
from baigong.vocab import quality as q
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.frame import frame


def guest(n: int, **more: object) -> DeviceSpec:
    points = [PointSpec(name=f"m{n}.p{k}", address=f"t#{k}", number=n * 10 + k) for k in (1, 2)]
    return DeviceSpec(device=f"m{n}", driver="frontdoor", points=points, **more)


async def _send(guests: Guests, numbers: list[int], values: list[float], r: Rig) -> None:
    await guests.store("p0", "demo", frame(numbers, np.full(len(numbers), r.clock.now_us()), values))


async def test_values_reach_their_device_after_others_came_changed_and_went(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        guests = Guests(r.around)
        for n in range(1, 2001):  # more than the columns hold at first
            guests.change(("demo", f"m{n}"), guest(n), is_gone=False)
        await _send(guests, [11, 15001, 15002, 7], [1.0, 2.0, 3.0, 4.0], r)
        guests.change(("demo", "m1"), None, is_gone=True)
        guests.change(("demo", "m3"), guest(3, title="changed"), is_gone=False)
        await _send(guests, [11, 31, 15001], [5.0, 6.0, 7.0], r)
        assert guests.status(("demo", "m1")) is None
        told = {n: guests.status(("demo", f"m{n}")) for n in (2, 3, 1500)}
        assert [(t["values"], t["good"]) for t in told.values() if t] == [(0, 0), (1, 1), (3, 2)]
        assert guests.take_fresh() == {("demo", "m1"): 1, ("demo", "m3"): 1, ("demo", "m1500"): 3}
        assert guests.take_fresh() == {}
        why = guests.why("demo", 15001)
        assert why and why["device"] == "m1500" and why["state"] == "good"
        assert guests.why("demo", 11) is None and guests.why("other", 15001) is None


def test_a_table_of_shared_columns_survives_that_they_move() -> None:
    arrivals = Arrivals()
    first, table = arrivals.add("demo", guest(1))
    arrivals.note(frame([11, 12], [5, 6], [1.5, None], [0, q.BAD], text=[None, "broken"]), 7, 1.0)
    for n in range(2, 3000):
        number, _ = arrivals.add("demo", guest(n))
        if n % 3 == 0:
            arrivals.drop(number)
    arrivals.note(frame([29981], [8], [2.0]), 9, 2.0)
    assert table.value[0] == 1.5 and table.text == {1: "broken"} and table.counts() == (1, 1)
    assert arrivals.find(11) == (first, 0) and arrivals.find(31) is None and arrivals.find(5) is None
    arrivals.drop(first)
    assert table.value[0] == 1.5, "whoever still holds it keeps what it knew"


@pytest.mark.parametrize("count", [200, 5_000])
def test_every_device_is_told_of_in_turn_and_changes_at_once(count: int) -> None:
    held = {("demo", f"m{n}"): {"device": f"m{n}"} for n in range(count)}
    turns = Turns(lambda: list(held), held.get)
    seen: set[str] = set()
    beats = 0
    while len(seen) < count:
        told = turns.rows(set(), count)
        assert len(told["devices"]) <= 900
        seen |= {row["device"] for row in told["devices"]}
        beats += 1
    assert beats <= count / 200 + 1
    del held["demo", "m7"]
    told = turns.rows({("demo", "m7"), ("demo", "m9")}, count)
    assert {"device": "m9"} in told["devices"] and {"device": "m7"} not in told["devices"]
    assert ("demo", "m7") in told.get("devices_gone", [("demo", "m7")])
