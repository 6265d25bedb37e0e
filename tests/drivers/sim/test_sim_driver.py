"""The simulated signals: right in shape, equal on every machine, and the same live as remembered."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baigong.drivers.contract import Wanted
from baigong.drivers.sim.codec import EPOCH_US, SHAPES, Plan, parse
from baigong.drivers.sim.driver import SimDriver
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.frame import times_us

DAY_US = 86_400_000_000
START_US = 1_790_000_000_000_000


def value(address: str, at_us: int) -> Any:
    row = Plan([1], [address]).at(np.array([at_us], np.int64)).to_pylist()[0]
    return next((row[name] for name in ("value", "whole", "text") if row[name] is not None), None)


@pytest.mark.parametrize(
    ("address", "at_us", "expected"),
    [
        ("sine?period=4&amplitude=10&offset=50", 0, 50.0),
        ("sine?period=4&amplitude=10&offset=50", 1_000_000, 60.0),
        ("sine?period=4&amplitude=10&offset=50", 3_000_000, 40.0),
        ("sine?period=4&phase=0.25", 0, 1.0),
        ("ramp?period=10&low=100&high=200", 2_500_000, 125.0),
        ("square?period=10", 4_999_999, 1.0),
        ("square?period=10", 5_000_000, 0.0),
        ("square?period=10&duty=0.9&low=-1&high=7", 8_000_000, 7.0),
        ("state?period=1&count=3", 4_000_000, 1.0),
        ("text?period=1&words=a|b", 1_000_000, "b"),
        ("counter?rate=2", EPOCH_US + 1_600_000, 3.0),
        ("counter?rate=2&rollover=10", EPOCH_US + 6_000_000, 2.0),
        ("counter?rate=1&start=9007199254740992", EPOCH_US + 1_000_000, 9007199254740993),
        ("constant?value=-3.5", 5, -3.5),
    ],
)
def test_shapes(address: str, at_us: int, expected: Any) -> None:
    found = value(address, at_us)
    assert found == (expected if isinstance(expected, str | int) else pytest.approx(expected, abs=1e-9))


def test_random_is_even_and_repeatable() -> None:
    times = START_US + np.arange(20_000, dtype=np.int64) * 1_000_000
    drawn = np.array(Plan([1], ["random?seed=7&low=10&high=20"]).at(times)["value"])
    again = np.array(Plan([1], ["random?seed=7&low=10&high=20"]).at(times)["value"])
    other = np.array(Plan([1], ["random?seed=8&low=10&high=20"]).at(times)["value"])
    assert (drawn == again).all()
    assert abs(np.corrcoef(drawn, other)[0, 1]) < 0.03
    assert 10 <= drawn.min() < 10.01 < 19.99 < drawn.max() < 20
    assert abs(drawn.mean() - 15) < 0.1
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 0.03


@pytest.mark.parametrize(
    "address",
    [
        "",
        "sinus",
        "sine?periode=3",
        "sine?period=fast",
        "sine?period=0",
        "state?count=0",
        "text?words=",
        "ramp?low=nan",
    ],
)
def test_wrong_addresses_are_typed(address: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        parse(address)
    assert caught.value.code == "driver.address"


@given(st.text(max_size=60), st.integers(0, 4_000_000_000_000_000))
def test_no_text_crashes_a_plan(address: str, at_us: int) -> None:
    assert len(Plan([1], [address]).at(np.array([at_us], np.int64))) == 1


@settings(max_examples=60)
@given(
    st.sampled_from([s for s in SHAPES if s not in ("text", "constant")]),
    st.dictionaries(st.sampled_from(["period", "low", "high", "amplitude", "rate", "seed", "count"]), st.floats()),
)
def test_no_parameter_crashes_a_plan(shape: str, parameters: dict[str, float]) -> None:
    query = "&".join(f"{k}={v}" for k, v in parameters.items() if k in SHAPES[shape])
    batch = Plan([1], [f"{shape}?{query}"]).at(np.array([START_US], np.int64))
    held, quality = batch["value"][0].as_py(), batch["quality"][0].as_py()
    assert (held is not None and math.isfinite(held)) or batch["whole"][0].is_valid or q.severity(quality) == "bad"


async def test_the_past_is_what_was_live() -> None:
    wanted = [Wanted(1, "sine?period=7", 0.05), Wanted(2, "random?seed=3", 0.05), Wanted(3, "text", 0.1)]
    async with SimDriver({}) as driver:
        live: dict[tuple[int, int], Any] = {}
        async for delivery in driver.watch(wanted):
            for row, at in zip(delivery.frame.to_pylist(), times_us(delivery.frame), strict=True):
                live[row["point"], int(at)] = (row["value"], row["text"])
            if len(live) > 12:
                break
        start, end = min(t for _, t in live), max(t for _, t in live) + 1
        past: dict[tuple[int, int], Any] = {}
        async for batch in driver.history(wanted, start, end):
            for row, at in zip(batch.to_pylist(), times_us(batch), strict=True):
                assert start <= at < end
                past[row["point"], int(at)] = (row["value"], row["text"])
    assert live.items() <= past.items()


async def test_history_of_a_day_has_every_second_once() -> None:
    async with SimDriver({}) as driver:
        seen = [
            times_us(batch) async for batch in driver.history([Wanted(1, "ramp", 1.0)], START_US + 1, START_US + DAY_US)
        ]
    moments = np.concatenate(seen)
    assert len(moments) == 86_399
    assert (np.diff(moments) == 1_000_000).all()


async def test_time_is_passed_in() -> None:
    driver = SimDriver({}, now_us=lambda: START_US)
    batch = await driver.read([Wanted(5, "constant?value=1")])
    assert times_us(batch).tolist() == [START_US]


async def test_history_ends_at_the_present() -> None:
    """Whoever fills a hole asks for some minutes beyond now, because a device's clock may be ahead."""
    async with SimDriver({}, now_us=lambda: START_US) as driver:
        wanted = [Wanted(1, "ramp", 1.0)]
        batches = [times_us(b) async for b in driver.history(wanted, START_US - 3_000_000, START_US + 300_000_000)]
    assert np.concatenate(batches).max() == START_US
