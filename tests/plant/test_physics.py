"""The plant obeys its own physics: bounded, monotonic where it must be, and never more out than in."""

import numpy as np
import pytest

from baigong.plant.catalogue import rounded, signals
from baigong.plant.faults import DAY_US, Scenario, first_scenario, severity
from baigong.plant.physics.lag import first_order, running_total
from baigong.plant.physics.noise import drift, key, uniform, white
from baigong.plant.physics.schedule import OFF, RUN, resting
from baigong.plant.world import Plant

NOW = 1_795_203_000_000_000  # 2026-11-20T19:30Z
DAYS = 30


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return first_scenario(7, NOW, DAYS)


@pytest.fixture(scope="module")
def month(scenario: Scenario) -> dict[str, np.ndarray]:
    """Every point of the whole history at one-minute steps."""
    plant = Plant(scenario)
    days = []
    for at in range(scenario.history_start_us // DAY_US * DAY_US, NOW, DAY_US):
        time_us = np.arange(at, at + DAY_US, 60_000_000, dtype=np.int64)
        days.append(plant.view(time_us).values | {"time": time_us})
    return {name: np.concatenate([day[name] for day in days]) for name in days[0]}


def test_a_lag_reaches_what_drives_it_and_is_the_exact_solution():
    drive = np.full(1000, 10.0)
    out = first_order(drive, 10.0, 300.0, 2.0)
    expected = 10.0 - 8.0 * np.exp(-np.arange(1000) * 10.0 / 300.0)
    np.testing.assert_allclose(out, expected, rtol=1e-12)
    ramp = first_order(np.arange(500.0), 1.0, 7.0, 0.0)
    stepwise = [0.0]
    for value in np.arange(499.0):
        stepwise.append(stepwise[-1] * np.exp(-1 / 7) + value * (1 - np.exp(-1 / 7)))
    np.testing.assert_allclose(ramp, stepwise, rtol=1e-12)


def test_a_running_total_starts_where_it_was_left():
    assert running_total(np.array([1.0, 2.0, 3.0]), 10.0, 5.0).tolist() == [5.0, 15.0, 35.0]


def test_noise_does_not_depend_on_what_was_asked_with_it():
    time_us = NOW + np.arange(5000, dtype=np.int64) * 700_000
    for make in (lambda t: white(1, "a", t, 2.0), lambda t: drift(1, "b", t, 3.0, 40.0)):
        whole = make(time_us)
        assert whole[1234] == make(time_us[1234:1235])[0]
        assert (whole[2000:2100] == make(time_us[2000:2100])).all()
    assert abs(white(1, "a", time_us, 2.0).std() - 2.0) < 0.1
    assert abs(uniform(key(1, "c"), np.arange(20_000, dtype=np.int64)).mean() - 0.5) < 0.01


def test_every_value_is_finite_but_the_broken_sensor(month, scenario):
    for name, column in month.items():
        if name == "press3.melt_temp":
            broken = severity(scenario, "sensor_failure", month["time"]) > 0
            assert (np.isnan(column) == broken).all() and broken.any()
        else:
            assert np.isfinite(column).all(), name


BOUNDS = {
    "furnace1.zone1_temp": (15, 1060),
    "furnace1.load_temp": (15, 1070),
    "cooling.supply_temp": (15, 30),
    "pump2.bearing_temp": (15, 95),
    "pump1.speed": (0, 3150),
    "comp1.discharge_temp": (15, 110),
    "air.receiver_pressure": (6.7, 7.7),
    "cnc1.spindle_load": (0, 150),
    "cnc2.spindle_temp": (15, 75),
    "press1.cavity_pressure": (0, 700),
    "press2.melt_temp": (200, 260),
    "hall.temp": (5, 40),
    "meter_main.power": (5, 450),
    "meter_main.frequency": (49.9, 50.1),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_values_stay_where_a_plant_keeps_them(month, name):
    low, high = BOUNDS[name]
    assert low <= month[name].min() and month[name].max() <= high


def test_pumps_put_less_into_the_water_than_they_draw(month):
    for pump in ("pump1", "pump2"):
        lifted_bar = month[f"{pump}.discharge_pressure"] - month[f"{pump}.suction_pressure"]
        hydraulic_kw = month[f"{pump}.flow"] / 3600.0 * lifted_bar * 100.0
        running = month[f"{pump}.running"] > 0
        assert (hydraulic_kw[running] < month[f"{pump}.power"][running]).all()
        share = hydraulic_kw[running] / month[f"{pump}.power"][running]
        assert 0.4 < np.median(share) < 0.75


def test_compressors_obey_the_isothermal_limit(month):
    absolute = month["air.receiver_pressure"] + 1.013
    power = month["comp1.power"] + month["comp2.power"]
    # One cycle is 1.5 to 6 min: compare hour by hour.
    hours = len(power) // 60 * 60
    least_kw = (101.3 * month["air.flow"] / 60.0 * np.log(absolute / 1.013))[:hours].reshape(-1, 60).mean(1)
    assert (least_kw < power[:hours].reshape(-1, 60).mean(1)).all()


def test_heat_taken_up_by_the_water_is_what_the_machines_give(month):
    carried_kw = month["cooling.flow"] * 1.163 * (month["cooling.return_temp"] - month["cooling.supply_temp"])
    assert 0 < carried_kw.mean() < month["meter_main.power"].mean()


@pytest.mark.parametrize("signal", [s for s in signals() if s.row.kind == "counter"], ids=lambda s: s.name)
def test_counters_rise_or_turn_over(month, signal):
    shown = rounded(signal.row, month[signal.name])
    steps = np.diff(shown)
    if signal.row.rollover:
        assert ((steps >= 0) | (steps < -0.5 * signal.row.rollover)).all()
        assert shown.max() < signal.row.rollover
    else:
        assert (steps >= 0).all()


def test_two_counters_turn_over_within_the_history(month):
    for name in ("meter_main.energy", "cooling.makeup_water"):
        assert (np.diff(month[name]) < 0).sum() == 1


def test_energy_meters_count_the_power_they_show(month):
    for meter in ("meter_press", "meter_cnc", "meter_utility"):
        counted = month[f"{meter}.energy"][-1] - month[f"{meter}.energy"][0]
        assert counted == pytest.approx(month[f"{meter}.power"].mean() * (len(month["time"]) - 1) / 60, rel=0.02)


def test_the_feeders_add_up_to_less_than_the_main_meter(month):
    feeders = sum(month[f"{meter}.power"] for meter in ("meter_press", "meter_cnc", "meter_utility"))
    assert feeders.mean() < month["meter_main.power"].mean() < feeders.mean() + 80


def test_good_and_bad_parts_are_the_shots(month):
    for press in ("press1", "press2", "press3"):
        assert (month[f"{press}.good_parts"] + month[f"{press}.rejects"] == month[f"{press}.shots"]).all()


def test_nobody_works_on_sunday(month):
    rest = resting(month["time"])
    assert 0.1 < rest.mean() < 0.2
    for machine in ("press1", "press3", "cnc2"):
        assert (month[f"{machine}.state"][rest] != RUN).all()  # a set-up may be finished after the bell
        assert (month[f"{machine}.state"][rest] == OFF).mean() > 0.97
        assert (month[f"{machine}.state"][~rest] == RUN).mean() > 0.7


def test_names_and_columns_are_the_catalogue(month, scenario):
    plant = Plant(scenario)
    view = plant.view(np.array([NOW], np.int64))
    assert set(view.values) | set(view.texts) == {signal.name for signal in signals()}
    assert 200 <= len(list(signals())) <= 260
