from __future__ import annotations

import math
from typing import Any

import pytest

from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import BaigongError
from baigong.vocab.writing import WriteRule, check_change, is_same, meant, raw_of, revision


def spec(rule: WriteRule | None = None, **more: Any) -> PointSpec:
    return PointSpec(name="pump1.speed", address="holding:1", kind=more.pop("kind", "setpoint"), write=rule, **more)


RANGE = WriteRule(min=0, max=50)


@pytest.mark.parametrize(
    ("point", "value", "code"),
    [
        (spec(), 1, "command.off"),
        (spec(RANGE), -0.001, "command.range"),
        (spec(RANGE), 50.001, "command.range"),
        (spec(RANGE), math.nan, "command.range"),
        (spec(RANGE), math.inf, "command.range"),
        (spec(RANGE), 10**400, "command.range"),
        (spec(RANGE), "fast", "command.range"),
        (spec(WriteRule(), kind="state", states={"0": "off", "1": "on"}), 2, "command.range"),
        (spec(WriteRule(), kind="state", states={"0": "off", "1": "on"}), "open", "command.range"),
        (spec(WriteRule(), kind="text"), 7, "command.range"),
        (spec(RANGE), True, "command.range"),
        *[
            (spec(RANGE), t, "command.range")
            for t in ("2_1", "２１", "٢١", " 21", "21\n", "nan", "inf", "1e400", "0x15", "")
        ],
        (spec(WriteRule(max=2.0**53)), "9007199254740993", "command.range"),
    ],
)
def test_what_a_point_cannot_be_is_refused(point: PointSpec, value: Any, code: str) -> None:
    with pytest.raises(BaigongError) as caught:
        meant(point, value)
    assert caught.value.code == code


def test_words_and_texts_are_understood() -> None:
    switch = spec(WriteRule(), kind="state", states={"0": "off", "1": "on"}, states_zh={"0": "停", "1": "开"})
    assert [meant(switch, v) for v in ("on", "停", 1, True, "0")] == [1, 0, 1, 1, 0]
    assert [meant(spec(RANGE), t) for t in ("12.5", "1.25e1", "+12", "-0", ".5", "5.")] == [12.5, 12.5, 12, 0, 0.5, 5]
    assert meant(spec(WriteRule()), (1 << 53) + 1) == (1 << 53) + 1, "a counter of 64 bits stays exact"
    valve = spec(WriteRule(), kind="state", states={"false": "shut", "true": "open"})
    assert [meant(valve, v) for v in ("open", "shut", True, 0, "true")] == [1, 0, 1, 0, 1]
    assert meant(spec(WriteRule(), kind="text"), "A-17") == "A-17"


@pytest.mark.parametrize(
    ("rule", "value", "present", "since_s", "code"),
    [
        (WriteRule(max_step=5), 20, 14.9, None, "command.range"),
        (WriteRule(max_step=5), 20, None, None, "command.range"),
        (WriteRule(max_step=5), 20, math.nan, None, "command.range"),
        (WriteRule(max_rate=1), 20, math.inf, 9.0, "command.range"),
        (WriteRule(max_rate=1), 20, 10, 9.0, "command.rate"),
        (WriteRule(max_rate=1), 20, None, 9.0, "command.range"),
        (WriteRule(interval_s=10), 20, 19, 9.9, "command.rate"),
        (WriteRule(max_step=5), 20, 15, None, ""),
        (WriteRule(max_rate=1), 20, 10, 10.0, ""),
        (WriteRule(max_rate=1), 20, 10, None, ""),
        (WriteRule(interval_s=10), 20, None, 10.0, ""),
    ],
)
def test_how_far_and_how_fast(rule: WriteRule, value: float, present: Any, since_s: Any, code: str) -> None:
    try:
        check_change(spec(rule), value, present, since_s)
        found = ""
    except BaigongError as error:
        found = error.code
    assert found == code


def test_scaling_is_undone_without_dust() -> None:
    assert raw_of(spec(scale=0.1), 42.3) == 423.0
    assert raw_of(spec(scale=0.1, offset=-40.0), 42.3) == 823.0
    assert raw_of(spec(scale=0.1), 42.34) == pytest.approx(423.4)
    assert raw_of(spec(), 7) == 7


def test_read_back_is_compared_within_what_a_float_loses() -> None:
    assert is_same(WriteRule(), 42.3, 42.29999923706055)
    assert not is_same(WriteRule(), 42.3, 42.2999)
    assert is_same(WriteRule(tolerance=0.5), 42.3, 42.8)
    assert not is_same(WriteRule(), 1.0, None)
    assert is_same(WriteRule(), 5_000_001.0, 5_000_001) and not is_same(WriteRule(), 5_000_001, 5_000_000.0)


def test_a_changed_rule_is_another_revision() -> None:
    assert revision(spec(RANGE)) != revision(spec(WriteRule(min=0, max=51)))
