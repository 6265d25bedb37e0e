"""Scaling, words, deadband and the clock: what leaves the gateway for what a driver read."""

from __future__ import annotations

import numpy as np
import pytest

from baigong.gateway.points import PointTable, period_of
from baigong.gateway.transform import Transform, Window
from baigong.vocab import quality as q
from baigong.vocab.devices import Counter, DeviceSpec, PointSpec
from baigong.vocab.frame import FRAME, frame, times_us

NOW = 1_790_000_000_000_000
DAY = 86_400_000_000


def made(*points: PointSpec) -> Transform:
    return Transform(PointTable("t", DeviceSpec(device="d", driver="sim", points=list(points))))


def point(number: int, **more) -> PointSpec:
    return PointSpec(name=f"a.p{number}", address=f"x{number}", number=number, **more)


def column(batch, name: str) -> list:
    return batch.column(name).to_pylist()


def test_numbers_are_scaled_and_what_is_raw_stays_whole() -> None:
    big = 2**60 + 1
    transform = made(
        point(1, scale=0.1, offset=-40),
        point(2),
        point(3, kind="counter", counter=Counter(rollover=1e6)),
        point(4, scale=2.0),
        point(5, kind="text"),
    )
    raw = frame(
        [1, 2, 3, 4, 5, 99],
        [NOW] * 6,
        [500, 7, 999_999, np.nan, np.nan, 5],
        [0, q.UNCERTAIN, q.GOOD | q.SIMULATED, 0, 0, 0],
        whole=[None, None, None, big, None, None],
        text=[None, None, None, None, "Müller", None],
    )
    out = transform.live(raw, NOW, 1.0).frame
    assert out.schema.equals(FRAME)
    assert column(out, "value") == [10.0, 7.0, 999_999.0, float(big) * 2, None, 5.0]
    assert column(out, "whole") == [None] * 6
    assert column(out, "text")[4] == "Müller"
    assert column(out, "quality") == [0, q.UNCERTAIN, q.SIMULATED, 0, 0, 0]


def test_whole_numbers_keep_every_digit_when_nothing_is_scaled() -> None:
    big = 2**60 + 1
    out = made(point(1, kind="counter"), point(2, scale=2.0)).live(
        frame([1, 2], [NOW] * 2, [np.nan, 1], 0, whole=[big, None]), NOW, 1.0
    )
    assert column(out.frame, "whole") == [big, None]
    assert column(out.frame, "value") == [None, 2.0]


def test_states_keep_their_raw_number_and_get_their_word() -> None:
    transform = made(point(1, kind="state", states={"0": "停机", "1": "运行"}, scale=10), point(2, kind="state"))
    out = transform.live(frame([1, 1, 1, 2], [NOW + i for i in range(4)], [0, 1, 7, 1], 0), NOW, 1.0).frame
    assert column(out, "value") == [0.0, 1.0, 7.0, 1.0]
    assert column(out, "text") == ["停机", "运行", None, None]


def test_a_bad_value_stays_bad_and_an_overflow_becomes_so() -> None:
    transform = made(point(1, scale=1e300), point(2, scale=2.0))
    out = transform.live(frame([1, 2], [NOW] * 2, [1e300, np.nan], [0, q.BAD_SENSOR_FAILURE]), NOW, 1.0).frame
    assert column(out, "value") == [None, None]
    assert column(out, "quality") == [q.BAD_NOT_A_NUMBER, q.BAD_SENSOR_FAILURE]


def test_deadband_drops_what_is_no_change_until_it_is_time_to_say_it_again() -> None:
    transform = made(point(1, deadband=0.5), point(2))

    def go(second: float, value: float, quality: int = 0) -> list:
        at = NOW + int(second * 1e6)
        return column(transform.live(frame([1, 2], [at] * 2, [value] * 2, [quality, 0]), at, second).frame, "point")

    assert go(0, 10.0) == [1, 2]
    assert go(1, 10.5) == [2]
    assert go(2, 10.6) == [1, 2]
    assert go(3, 10.2) == [2]
    assert go(4, 10.2, q.UNCERTAIN) == [1, 2], "a change of quality is a change"
    assert go(5, 10.2, q.UNCERTAIN) == [2]
    assert go(400, 10.2, q.UNCERTAIN) == [1, 2]
    transform.forget(frame([1], [NOW], [1.0]))
    assert go(401, 10.2, q.UNCERTAIN) == [1, 2], "it was not stored: tell again"


def test_several_values_of_one_point_in_a_frame_meet_the_deadband_one_by_one() -> None:
    transform = made(point(1, deadband=1))
    out = transform.live(frame([1] * 5, [NOW + i for i in range(5)], [0, 0.5, 1.2, 1.4, 3.0]), NOW, 1.0).frame
    assert column(out, "value") == [0.0, 1.2, 3.0]


def test_a_clock_in_the_future_costs_no_value() -> None:
    transform = made(point(1), point(2))
    ahead = NOW + DAY
    out = transform.live(frame([1, 1, 2], [ahead, ahead + 1, NOW], [1, 2, 3]), NOW, 1.0)
    assert column(out.frame, "quality") == [q.UNCERTAIN_CLOCK, q.UNCERTAIN_CLOCK, 0]
    stored = times_us(out.frame).tolist()
    assert NOW <= stored[0] < stored[1] < NOW + 1000, "one point's values keep an identity each, and their order"
    assert out.skew is not None
    assert out.skew.seconds == pytest.approx(86_400, abs=1)
    assert out.skew.rows == 2
    assert [(p, said) for p, said, _ in out.skew.originals] == [(1, ahead), (1, ahead + 1)]
    more = transform.live(frame([1], [ahead + 2], [4]), NOW, 1.0)
    assert times_us(more.frame)[0] > stored[1], "even when our own clock stands still"


def test_a_clock_in_the_past_is_wrong_and_an_old_value_is_not() -> None:
    transform = made(point(1), point(2))
    old = NOW - 30 * DAY
    first = transform.live(frame([1, 2], [old, NOW], [1, 2]), NOW, 1.0)
    assert first.skew is None
    assert times_us(first.frame).tolist() == [old, NOW], "unchanged for a month: the other point shows that it knows"
    again = transform.live(frame([1], [old], [1]), NOW + 10, 2.0)
    assert (again.skew, times_us(again.frame).tolist()) == (None, [old])
    changed = transform.live(frame([1], [old + 5], [9]), NOW + 20, 3.0)
    assert changed.skew is not None
    assert column(changed.frame, "quality") == [q.UNCERTAIN_CLOCK]
    whole_device = made(point(1)).live(frame([1], [0], [1], q.BAD_SENSOR_FAILURE), NOW, 1.0)
    assert whole_device.skew is not None
    assert column(whole_device.frame, "quality") == [q.BAD_SENSOR_FAILURE], "bad stays as bad as it was"


def test_a_stuck_clock_loses_nothing() -> None:
    transform = made(point(1))
    stuck = NOW - 3650 * DAY
    times = [times_us(transform.live(frame([1], [stuck], [i]), NOW + i, 1.0).frame)[0] for i in range(5)]
    assert len(set(times)) == 5


def test_history_may_be_as_old_as_it_likes() -> None:
    transform = made(point(1, scale=2, deadband=5))
    out = transform.history(frame([1, 1], [5, 6], [1, 1]))
    assert times_us(out).tolist() == [5, 6]
    assert column(out, "value") == [2, 2]
    assert column(out, "quality") == [0, 0]


def test_a_value_older_than_our_mark_is_told_again() -> None:
    transform = made(point(1), point(2))
    table = transform._table
    transform.live(frame([1, 2], [NOW, NOW], [1, 2]), NOW, 1.0)
    mark = table.mark(np.array([0, 1]), NOW + 100, q.BAD_NO_COMMUNICATION)
    assert times_us(mark).tolist() == [NOW + 100] * 2
    back = transform.live(frame([1, 2], [NOW, NOW + 500], [1, 3]), NOW + 1000, 2.0)
    assert back.held is not None
    assert (column(back.held, "point"), times_us(back.held).tolist()) == ([1], [NOW + 1000])
    assert len(back.frame) == 2
    assert transform.live(frame([1], [NOW], [1]), NOW + 2000, 3.0).held is None, "once"


def test_a_mark_is_never_hidden_by_a_clock_that_is_ahead() -> None:
    transform = made(point(1))
    transform.live(frame([1], [NOW + 60_000_000], [1]), NOW, 1.0)
    mark = transform._table.mark(np.array([0]), NOW + 5, q.BAD_NO_COMMUNICATION)
    assert times_us(mark)[0] > NOW + 60_000_000


def test_a_text_no_frame_can_carry_is_replaced_by_its_quality() -> None:
    out = made(point(1), point(2)).live(frame([1, 2], [NOW] * 2, [np.nan, 1], 0, text=["x" * 950_000, None]), NOW, 1.0)
    assert column(out.frame, "quality") == [q.BAD_OUT_OF_RANGE, 0]
    assert column(out.frame, "text") == [None, None]


def test_what_is_remembered_is_the_last_of_each() -> None:
    transform = made(point(7, scale=2), point(8))
    transform.live(frame([7, 8, 7], [NOW, NOW, NOW + 1], [1, 5, 2], [0, q.BAD, 0]), NOW + 9, 4.0)
    table = transform._table
    assert (table.raw[0], table.value[0], table.time_us[0], table.good_us[0]) == (2, 4, NOW + 1, NOW + 9)
    assert (table.quality[1], table.good_us[1]) == (q.BAD, 0)
    assert table.counts() == (1, 1)


def test_an_empty_frame_and_a_device_without_points() -> None:
    assert len(made().live(frame([], [], []), NOW, 1.0).frame) == 0
    assert len(made(point(1)).live(frame([], [], []), NOW, 1.0).frame) == 0
    assert len(made().live(frame([5], [NOW], [1]), NOW, 1.0).frame) == 1


def test_periods() -> None:
    spec = DeviceSpec(device="d", driver="sim", scan={"default": "2s", "fast": "100ms"})
    assert [period_of(spec, s) for s in ("", "fast", "250ms", "nobody")] == [2.0, 0.1, 0.25, 2.0]
    assert period_of(DeviceSpec(device="d", driver="sim"), "") == 1.0


def test_the_window_is_a_parameter() -> None:
    spec = DeviceSpec(device="d", driver="sim", points=[point(1)])
    tight = Transform(PointTable("t", spec), Window(future_s=1.0))
    assert tight.live(frame([1], [NOW + 2_000_000], [1]), NOW, 1.0).skew is not None


def test_a_device_that_replays_a_recording_may_be_as_old_as_its_file_says() -> None:
    spec = DeviceSpec(device="d", driver="opcua", max_age="7300d", points=[point(1)])
    replaying = Transform(PointTable("t", spec), Window().for_device(spec))
    years = 365 * 86_400_000_000
    made = replaying.live(frame([1], [NOW - 6 * years], [1]), NOW, 1.0)
    assert made.skew is None
    assert times_us(made.frame).tolist() == [NOW - 6 * years]
    assert replaying.live(frame([1], [NOW - 21 * years], [1]), NOW, 1.0).skew is not None
    with pytest.raises(ValueError, match="not a duration"):
        DeviceSpec(device="d", driver="opcua", max_age="long")


def test_states_of_every_spelling_get_their_word() -> None:
    transform = made(
        point(1, kind="state", states={"false": "aus", "true": "an"}),
        point(2, kind="state", states={"-1": "back", "1.5": "half", "70000": "far", "3": "three"}),
        point(3, kind="state", states={"0": "zero"}),
    )
    raw = [(1, 0), (1, 1), (2, -1), (2, 1.5), (2, 70000), (2, 3), (2, 4), (3, 0), (3, 1), (3, np.nan), (3, 1e300)]
    batch = frame([p for p, _ in raw], [NOW + i for i in range(len(raw))], [v for _, v in raw], [q.BAD] * len(raw))
    out = transform.live(batch, NOW, 1.0).frame
    assert column(out, "text") == ["aus", "an", "back", "half", "far", "three", None, "zero", None, None, None]
    mixed = transform.live(frame([3, 3], [NOW, NOW], [0, np.nan], 0, text=[None, "RUN"]), NOW, 1.0).frame
    assert column(mixed, "text") == ["zero", "RUN"]
