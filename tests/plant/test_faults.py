"""Faults show where they say, when the truth table says, and switches change nothing before they are thrown."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest

from baigong.plant import FAULTS, active_fault, first_scenario, load_scenario, save_scenario, set_fault
from baigong.plant.episodes import episodes, faults
from baigong.plant.faults import DAY_US, HOUR_US, severity
from baigong.plant.world import Plant
from baigong.vocab.errors import FixConfiguration

NOW = 1_795_203_000_000_000
SCENARIO = first_scenario(7, NOW, 30)


@pytest.fixture(scope="module")
def month():
    plant = Plant(SCENARIO)
    days = []
    for at in range(SCENARIO.epoch_us, NOW, DAY_US):
        time_us = np.arange(at, min(at + DAY_US, NOW), 10_000_000, dtype=np.int64)
        days.append(plant.view(time_us).values | {"time": time_us})
    return {name: np.concatenate([day[name] for day in days]) for name in days[0]}


def windows(fault: str, time_us: np.ndarray) -> np.ndarray:
    """Moments inside the truth table's episodes of one fault."""
    inside = np.zeros(len(time_us), bool)
    for one in faults(SCENARIO):
        if one.attributes["fault"] == fault:
            inside |= (time_us >= one.start_us) & (time_us < one.end_us)
    return inside


def test_bearing_vibration_doubles(month):
    inside = windows("bearing_wear", month["time"])
    running = month["pump2.running"] > 0
    column = month["pump2.vibration"]
    assert column[inside & running].mean() >= 2.0 * column[~inside & running].mean()
    assert column[inside].max() > 7.1  # zone D
    assert month["pump1.vibration"].max() < 1.8


def test_the_envelope_warns_before_the_vibration(month):
    run = next(r for r in SCENARIO.runs if r.fault == "bearing_wear")
    early = (month["time"] >= run.start_us) & (month["time"] < run.start_us + (run.end_us - run.start_us) // 3)
    before = month["time"] < run.start_us
    envelope = month["pump2.envelope"][early].mean() / month["pump2.envelope"][before].mean()
    vibration = month["pump2.vibration"][early].mean() / month["pump2.vibration"][before].mean()
    assert envelope > 1.5 * vibration


def test_a_sticking_valve_makes_the_loop_hunt(month):
    inside = windows("sticking_valve", month["time"])
    apart = np.abs(month["cooling.valve_command"] - month["cooling.valve_position"])
    assert apart[inside].mean() > 5 * apart[~inside].mean()
    assert month["cooling.supply_temp"][inside].std() > 1.4 * month["cooling.supply_temp"][~inside].std()


def test_a_leak_is_plain_on_sunday(month):
    inside = windows("air_leak", month["time"])
    idle = (month["press1.state"] == 0) & (month["press2.state"] == 0) & (month["press3.state"] == 0)
    assert (inside & idle).any()
    assert month["air.flow"][inside & idle].mean() > 2 * month["air.flow"][~inside & idle].mean()


def test_a_worn_mould_makes_scrap(month):
    inside = windows("mould_wear", month["time"])
    scrap, shots = np.diff(month["press2.rejects"]), np.diff(month["press2.shots"])
    rate_in = scrap[inside[1:]].sum() / shots[inside[1:]].sum()
    rate_out = scrap[~inside[1:]].sum() / shots[~inside[1:]].sum()
    assert rate_in > 1.8 * rate_out
    assert month["press2.cavity_peak"][inside].min() < 0.85 * month["press2.cavity_peak"][~inside].min()


def test_a_drifting_thermocouple_hides_from_its_own_zone(month):
    run = next(r for r in SCENARIO.runs if r.fault == "furnace_drift")
    soak = month["furnace1.segment"] == 3
    grown = (month["time"] > run.start_us + int(run.rise_s * 1e6)) & (month["time"] < run.end_us) & soak
    healthy = ~windows("furnace_drift", month["time"]) & soak
    assert abs(month["furnace1.zone2_temp"][grown].mean() - month["furnace1.zone2_temp"][healthy].mean()) < 4
    assert month["furnace1.load_temp"][grown].mean() > month["furnace1.load_temp"][healthy].mean() + 10


def test_the_truth_table_is_the_runs(month):
    listed = [one for one in episodes(SCENARIO) if one.kind == "fault"]
    assert {one.attributes["fault"] for one in listed} == set(FAULTS)
    assert all(one.simulated and one.end_us and one.start_us >= SCENARIO.history_start_us for one in listed)
    for one in listed:
        inside = severity(SCENARIO, one.attributes["fault"], np.array([one.end_us - 1, one.end_us], np.int64))
        assert inside[0] > 0 and inside[1] == 0


def test_orders_and_lots_count_what_the_machine_counted(month):
    told = [one for one in episodes(SCENARIO, SCENARIO.epoch_us) if one.asset == "press2"]
    orders = [one for one in told if one.kind == "order"]
    lots = [one for one in told if one.kind == "lot"]
    # The last view ends ten seconds before the history does: a shot may be finished in between.
    assert sum(o.attributes["produced"] for o in orders) - month["press2.shots"][-1] in (0, 1)
    assert abs(sum(o.attributes["scrap"] for o in orders) - month["press2.rejects"][-1]) <= 1
    assert sum(lot.attributes["scrap"] for lot in lots) == sum(o.attributes["scrap"] for o in orders)
    assert {lot.parent for lot in lots} <= {o.id for o in orders}


def test_episodes_of_one_kind_do_not_overlap_on_a_machine():
    by_machine: dict[tuple[str, str], list] = {}
    for one in episodes(SCENARIO):
        by_machine.setdefault((one.asset, one.kind), []).append(one)
    for (_, kind), listed in by_machine.items():
        for a, b in pairwise(listed):
            if kind not in ("fault", "aggregation", "shipping"):  # pallets are packed side by side
                assert a.end_us is not None and a.end_us <= b.start_us
    kinds = {kind for _, kind in by_machine}
    assert kinds == {"order", "lot", "shift", "batch", "downtime", "maintenance", "fault", "aggregation", "shipping"}


def test_asking_later_gives_the_same_episodes_with_more_of_them_closed():
    early = {one.id: one for one in episodes(SCENARIO, end_us=NOW - 3 * DAY_US)}
    late = {one.id: one for one in episodes(SCENARIO)}
    assert early.keys() <= late.keys()
    for key, one in early.items():
        assert late[key].start_us == one.start_us
        if one.end_us is not None:
            assert late[key] == one


def test_an_open_episode_does_not_know_its_end():
    listed = [one for one in episodes(SCENARIO) if one.end_us is None]
    assert {"order", "shift"} <= {one.kind for one in listed}
    assert all(one.end_us is None or one.end_us <= SCENARIO.history_end_us for one in episodes(SCENARIO))


def test_a_switch_changes_nothing_before_it_is_thrown():
    at = NOW + 3 * HOUR_US
    time_us = np.arange(NOW, NOW + 3 * HOUR_US, 1_000_000, dtype=np.int64)
    plant = Plant(SCENARIO)
    before = plant.view(time_us).values
    thrown = SCENARIO
    for fault in FAULTS:
        thrown = set_fault(thrown, fault, True, at)
    plant.switch(thrown)
    after = plant.view(time_us).values
    for name in before:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)


@pytest.mark.parametrize(
    ("fault", "point", "least"),
    [
        ("bearing_wear", "pump2.vibration", 4.0),
        ("air_leak", "air.flow", 2.0),
        ("mould_wear", "press2.cushion", -2.0),
        ("furnace_drift", "furnace1.zone2_temp", -15.0),
    ],
)
def test_a_switch_shows_within_minutes(fault, point, least):
    at = NOW + HOUR_US
    later = np.array([at + int(FAULTS[fault].rise_s * 1e6) + 10_000_000], np.int64)
    healthy = Plant(SCENARIO).view(later).values[point][0]
    thrown = Plant(set_fault(SCENARIO, fault, True, at)).view(later).values[point][0]
    change = thrown - healthy
    assert change > least if least > 0 else change < least / 2


def test_switching_live_is_the_same_as_having_known():
    at = NOW + HOUR_US
    live = Plant(SCENARIO)
    moment = np.array([NOW + DAY_US], np.int64)
    live.view(moment)
    on = set_fault(SCENARIO, "air_leak", True, at)
    live.switch(on)
    live.view(moment)
    off = set_fault(on, "air_leak", False, at + 2 * HOUR_US)
    live.switch(off)
    again = Plant(off).view(moment).values
    for name, column in live.view(moment).values.items():
        np.testing.assert_array_equal(column, again[name], err_msg=name)


def test_switches_are_kept_in_a_file(tmp_path):
    file = tmp_path / "plant.json"
    on = set_fault(SCENARIO, "air_leak", True, NOW)
    save_scenario(file, on)
    assert load_scenario(file) == on
    assert active_fault(on, "air_leak").start_us == NOW
    assert set_fault(on, "air_leak", True, NOW + 5) is on
    off = set_fault(on, "air_leak", False, NOW + 9)
    assert active_fault(off, "air_leak") is None and off.runs[-1].end_us == NOW + 9
    assert set_fault(off, "air_leak", False, NOW + 10) is off


def test_a_fault_nobody_knows_and_a_file_that_is_none(tmp_path):
    with pytest.raises(FixConfiguration, match="no fault"):
        set_fault(SCENARIO, "earthquake", True, NOW)
    with pytest.raises(FixConfiguration, match="demo plant"):
        load_scenario(tmp_path / "none.json")
    (tmp_path / "torn.json").write_bytes(msgspec.json.encode(SCENARIO)[:50])
    with pytest.raises(FixConfiguration):
        load_scenario(tmp_path / "torn.json")
