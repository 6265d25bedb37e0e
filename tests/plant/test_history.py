"""The past as frames: the same for the same seed, sorted, marked, and continued by what the machines show live."""

import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from baigong.plant import devices, first_scenario, numbers, set_fault
from baigong.plant.catalogue import rounded, signals
from baigong.plant.faults import DAY_US, HOUR_US
from baigong.plant.history import frames
from baigong.plant.live import TICK_US, LivePlant
from baigong.plant.points import Ports
from baigong.plant.world import COMPRESSOR_ASSETS, Plant
from baigong.vocab import quality as q
from baigong.vocab.frame import FRAME, conform, times_us
from baigong.vocab.ids import point_number

NOW = 1_795_203_123_456_789
SCENARIO = first_scenario(7, NOW, 4)
NUMBERS = numbers("demo")
NAMES = {number: name for name, number in NUMBERS.items()}


@pytest.fixture(scope="module")
def past() -> pa.Table:
    return pa.Table.from_batches(list(frames(SCENARIO, "demo")))


def column(past: pa.Table, name: str) -> pa.Table:
    return past.filter(pc.equal(past["point"], NUMBERS[name]))


def test_a_frame_a_day_sorted_by_point_and_time():
    for batch in frames(SCENARIO, "demo"):
        assert batch.schema == FRAME
        assert conform(batch).equals(batch)
        point, at = batch.column("point").to_numpy(), times_us(batch)
        assert (np.lexsort((at, point)) == np.arange(len(batch))).all()
        assert len(set(zip(point.tolist(), at.tolist(), strict=True))) == len(batch)
        assert len(np.unique(at // DAY_US)) == 1
        assert SCENARIO.history_start_us <= at.min() and at.max() < SCENARIO.history_end_us


def test_every_point_has_a_past_and_every_row_is_marked(past):
    assert set(past["point"].unique().to_pylist()) == set(NAMES)
    assert (past["quality"].to_numpy() & q.SIMULATED != 0).all()


def test_the_same_seed_gives_the_same_past_and_another_another(past):
    again = pa.Table.from_batches(list(frames(SCENARIO, "demo")))
    assert again.equals(past)
    other = pa.Table.from_batches(list(frames(first_scenario(8, NOW, 4), "demo")))
    assert not column(other, "pump1.flow")["value"].equals(column(past, "pump1.flow")["value"])


def test_a_part_is_the_same_as_the_part_of_the_whole(past):
    start, end = SCENARIO.history_start_us + 30 * HOUR_US, SCENARIO.history_start_us + 33 * HOUR_US
    part = pa.Table.from_batches(list(frames(SCENARIO, "demo", start, end)))
    at = pc.cast(past["time"], pa.int64())
    whole = past.filter(pc.and_(pc.greater_equal(at, start), pc.less(at, end)))
    for signal in signals():
        if signal.row.every:  # what is told on change also has a first row in each part
            mine, theirs = column(part, signal.name), column(whole, signal.name)
            assert mine.equals(theirs), signal.name


def test_live_machines_show_what_the_history_says(past):
    live = LivePlant(Plant(SCENARIO))
    rows = {(r["point"], r["time"]): r for r in past.slice(0, 0).to_pylist()}
    moments = [SCENARIO.history_end_us - 600_000_000 + i * 60_000_000 for i in range(9)]
    wanted = pa.array(moments, pa.int64())
    near = past.filter(pc.is_in(pc.cast(past["time"], pa.int64()), wanted))
    rows = {
        (number, at): (value, text)
        for number, at, value, text in zip(
            near["point"].to_pylist(),
            pc.cast(near["time"], pa.int64()).to_pylist(),
            near["value"].to_pylist(),
            near["text"].to_pylist(),
            strict=True,
        )
    }
    compared = 0
    for moment in moments:
        shown = live.at(moment + 123)
        for signal in signals():
            if (NUMBERS[signal.name], moment) not in rows:
                continue
            value, text = rows[NUMBERS[signal.name], moment]
            compared += 1
            if signal.row.kind == "text":
                assert shown.values[signal.name] == text
            elif value is not None:
                assert shown.values[signal.name] == value, signal.name
    assert compared > 500


def test_history_goes_on_live_without_a_jump():
    plant, edge = Plant(SCENARIO), SCENARIO.history_end_us
    time_us = np.arange(edge - 20_000_000, edge + 20_000_000, TICK_US, dtype=np.int64)
    values = plant.view(time_us).values
    for name in ("pump2.bearing_temp", "cooling.supply_temp", "furnace1.zone1_temp", "meter_main.energy"):
        steps = np.abs(np.diff(values[name]))
        at = len(steps) // 2
        assert steps[at - 1 : at + 1].max() <= steps.max() and steps.max() < 1.5, name


def test_midnight_is_seamless():
    midnight = SCENARIO.epoch_us + 2 * DAY_US
    plant = Plant(SCENARIO)
    before = plant.view(np.array([midnight - 1000], np.int64)).values
    after = plant.view(np.array([midnight], np.int64)).values
    for name in ("cooling.supply_temp", "comp1.oil_temp", "furnace1.energy", "meter_cnc.energy", "press1.rejects"):
        assert after[name][0] == pytest.approx(before[name][0], abs=0.6), name


def test_states_carry_their_words(past):
    rows = column(past, "furnace1.segment")
    assert set(rows["text"].to_pylist()) >= {"soak", "temper"}
    words = {int(v): t for v, t in zip(rows["value"].to_pylist(), rows["text"].to_pylist(), strict=True)}
    assert words[3] == "soak"


def test_texts_are_told_on_change(past):
    rows = column(past, "press1.order")
    assert rows["value"].null_count == len(rows) and rows["text"].null_count == 0
    assert len(rows) < 24 * 5 * 2


def test_a_broken_sensor_is_a_row_without_value(past):
    rows = column(past, "press3.melt_temp")
    bad = rows.filter(pc.equal(rows["quality"], q.BAD_SENSOR_FAILURE | q.SIMULATED))
    assert len(bad) > 10 and bad["value"].null_count == len(bad)
    good = rows.filter(pc.equal(rows["quality"], q.SIMULATED))
    assert good["value"].null_count == 0 and len(good) + len(bad) == len(rows)


def test_a_pulled_cable_is_one_mark_and_a_gap(past):
    runs = [run for run in SCENARIO.runs if run.fault == "cable_pulled"]
    for signal in signals():
        if signal.asset not in COMPRESSOR_ASSETS:
            continue
        rows = column(past, signal.name)
        at, quality = pc.cast(rows["time"], pa.int64()).to_numpy(), rows["quality"].to_numpy()
        for run in runs:
            inside = (at >= run.start_us) & (at < run.end_us)
            assert quality[inside].tolist() == [q.BAD_NO_COMMUNICATION | q.SIMULATED]
            assert rows["value"].to_pylist()[int(np.flatnonzero(inside)[0])] is None


def test_values_have_the_digits_of_their_display(past):
    for signal in signals():
        if signal.row.kind == "text" or signal.row.step >= 1:
            continue
        values = column(past, signal.name)["value"].drop_null().to_numpy()[:500]
        digits = len(f"{signal.row.step:.10f}".rstrip("0").split(".")[1])
        assert (values == [float(f"{v:.{digits}f}") for v in values]).all(), signal.name


def test_numbers_are_those_of_the_device_specs():
    specs = devices(Ports())
    listed = {p.name: point_number("demo", spec.device, p.address) for spec in specs for p in spec.points}
    assert listed == NUMBERS
    assert len(set(listed.values())) == len(listed)
    assert all(p.title and p.title_zh and p.number is None for spec in specs for p in spec.points)
    assert all(p.states.keys() == p.states_zh.keys() for spec in specs for p in spec.points)
    for spec in specs:
        assert spec.title.isascii() and not spec.title_zh.isascii()
        assert spec.assets.keys() == {p.asset for p in spec.points}


def test_counters_do_not_fall_back_when_a_switch_is_thrown():
    live, now = LivePlant(Plant(SCENARIO)), SCENARIO.history_end_us + HOUR_US
    before = live.at(now)
    scenario = SCENARIO
    for fault in ("mould_wear", "bearing_wear", "air_leak", "furnace_drift"):
        scenario = set_fault(scenario, fault, True, now - 7_000_000)
    live.switch(scenario)
    after = live.at(now + TICK_US)
    for signal in signals():
        if signal.row.kind == "counter" and not signal.row.rollover:
            assert after.values[signal.name] >= before.values[signal.name]


def test_live_across_midnight():
    live = LivePlant(Plant(SCENARIO))
    midnight = SCENARIO.epoch_us + 6 * DAY_US
    shown = [live.at(midnight + i * TICK_US).time_us for i in range(-3, 4)]
    assert shown == [midnight + i * TICK_US for i in range(-3, 4)]


def test_speed_of_a_month(capsys):
    scenario = first_scenario(7, NOW, 30)
    began, rows = time.perf_counter(), 0
    for batch in frames(scenario, "demo"):
        rows += len(batch)
    took = time.perf_counter() - began
    with capsys.disabled():
        print(f"\n30 days: {rows:,} rows in {took:.1f} s, {rows / took / 1e6:.1f} M rows/s")
    assert 10e6 < rows < 20e6


def test_rounding_keeps_whole_steps():
    row = next(s.row for s in signals() if s.name == "pump1.flow")
    assert rounded(row, np.array([1.006, 0.30000000004])).tolist() == [1.01, 0.3]
