"""Hardening furnace with three zones, each under its own PID, and a thermocouple that can drift.

Zone balance: C·dT/dt = P·u − (T − hall)/R − G·(T − neighbours) − quench. Step 30 s; the fastest time
constant (quench, 33 min) is 66 steps, so explicit Euler is stable and within 1 %.
"""

from __future__ import annotations

import numpy as np

from baigong.plant.physics.day import STEP_S, STEPS, Day, View
from baigong.plant.physics.lag import first_order, running_total
from baigong.plant.physics.noise import Floats, Ints
from baigong.plant.physics.schedule import LOCAL_US, resting

HEAT_KW = 40.0  # per zone, heaters fully on
_C = 250.0  # kJ/K
_R = 72.0  # K/kW
_G = 0.05  # kW/K to each neighbour
_QUENCH = 0.125  # kW/K with the nitrogen fan on: 33 min
_STEP_S = 30.0
_EVERY = 3  # grid steps per furnace step
_DRIFT_K = 26.0  # the thermocouple reads low by so much at full severity
_BATCH_US = (int(8.5 * 3.6e9), int(20.0 * 3.6e9))  # local time of day at which a batch goes in
LENGTH_H = 10.5

# Program for 4Cr5MoSiV1 (H13) die steel: hours since loading, set-point in °C.
PROGRAM_H = np.array([0.0, 0.4, 1.6, 2.2, 2.9, 3.4, 4.3, 5.3, 5.31, 6.9, 9.2, 9.21, 10.5])
PROGRAM_C = np.array([150.0, 150, 650, 650, 850, 850, 1030, 1030, 120, 560, 560, 120, 120.0])
# Segment words begin at these hours.
SEGMENTS = (0.0, 0.4, 4.3, 5.3, 6.0, 9.2)
SEGMENT_WORDS = {
    "0": ("idle", "空炉"),
    "1": ("loading", "装炉"),
    "2": ("heating", "升温"),
    "3": ("soak", "奥氏体化保温"),
    "4": ("quench", "气淬"),
    "5": ("temper", "回火"),
    "6": ("cooling", "出炉冷却"),
}


def batch_hours(time_us: Ints) -> tuple[Floats, Ints]:
    """Hours since the current batch was loaded (NaN: none), and the batch's number (two a day, ever rising)."""
    local = time_us + LOCAL_US
    day, of_day = local // 86_400_000_000, local % 86_400_000_000
    late = of_day >= _BATCH_US[1]
    early = of_day < _BATCH_US[0]
    number = day * 2 + np.where(late, 1, np.where(early, -1, 0))
    begun = number // 2 * 86_400_000_000 + np.where(number % 2 == 1, _BATCH_US[1], _BATCH_US[0]) - LOCAL_US
    hours = (time_us - begun) / 3.6e9
    none = (hours >= LENGTH_H) | resting(begun)
    return np.where(none, np.nan, hours), number


def segment(hours: Floats) -> Ints:
    found: Ints = np.where(np.isnan(hours), 0, np.searchsorted(SEGMENTS, np.nan_to_num(hours), "right"))
    return found


def setpoint(hours: Floats) -> Floats:
    result: Floats = np.where(np.isnan(hours), 120.0, np.interp(np.nan_to_num(hours), PROGRAM_H, PROGRAM_C))
    return result


def slow(day: Day) -> None:
    coarse: Ints = day.time_us[::_EVERY]
    hours, _ = batch_hours(coarse)
    wanted = setpoint(hours)
    part = segment(hours)
    fan = (part == 4) | (part == 6)
    bias = -_DRIFT_K * day.severity("furnace_drift")[::_EVERY]
    temps, outputs = _control(day, wanted.tolist(), fan.tolist(), bias.tolist(), day.columns["hall"][::_EVERY].tolist())
    fine = np.arange(STEPS + 1, dtype=np.float64) / _EVERY
    grid = np.arange(len(coarse), dtype=np.float64)
    for zone in range(3):
        day.columns[f"furnace1.true{zone + 1}"] = np.interp(fine, grid, temps[:, zone])
        day.columns[f"furnace1.out{zone + 1}"] = np.interp(fine, grid, outputs[:, zone])
    day.columns["furnace1.bias"] = np.interp(fine, grid, bias)
    power = HEAT_KW * np.interp(fine, grid, outputs.sum(axis=1))
    fans = np.where(segment(batch_hours(day.time_us)[0]) == 4, 11.0, 1.2)
    day.columns["furnace1.mean_power"] = power + fans
    mean = sum(day.columns[f"furnace1.true{z}"] for z in (1, 2, 3)) / 3.0
    mean = 0.25 * mean + 0.75 * day.columns["furnace1.true2"]  # the load lies in the middle
    start = day.before.get("furnace1.load", float(mean[0]))
    day.hand_over("furnace1.load", first_order(mean, STEP_S, 700.0, start))
    wh = running_total((power + fans) * 1000.0 / 3600.0, STEP_S, day.before.get("furnace1.wh", 9.1e9))
    day.hand_over("furnace1.wh", wh)


def _control(
    day: Day, wanted: list[float], fan: list[bool], bias: list[float], hall: list[float]
) -> tuple[Floats, Floats]:
    """Run three PI controllers with anti-windup over the day, on plain floats (numpy is slower for three zones)."""
    t = [day.before.get(f"furnace1.t{z}", 140.0) for z in range(3)]
    integral = [day.before.get(f"furnace1.i{z}", 0.0) for z in range(3)]
    temps, outputs = np.empty((len(wanted), 3)), np.empty((len(wanted), 3))
    gain, reset = 0.035, 0.035 / 1500.0
    for i, target in enumerate(wanted):
        measured = (t[0], t[1] + bias[i], t[2])
        neighbour = (t[1] - t[0], t[0] + t[2] - 2.0 * t[1], t[1] - t[2])
        quench = _QUENCH if fan[i] else 0.0
        fresh = []
        for z in range(3):
            error = target - measured[z]
            out = gain * error + integral[z] + (target - 20.0) / (_R * HEAT_KW)
            limited = 0.0 if out < 0.0 else 1.0 if out > 1.0 else out
            if out == limited:
                integral[z] += reset * error * _STEP_S
            outputs[i, z] = limited
            flow = HEAT_KW * limited - (t[z] - hall[i]) * (1.0 / _R + quench) + _G * neighbour[z]
            fresh.append(t[z] + flow * _STEP_S / _C)
        temps[i] = t
        if i < len(wanted) - 1:
            t = fresh
    for z in range(3):
        day.after[f"furnace1.t{z}"] = t[z]
        day.after[f"furnace1.i{z}"] = integral[z]
    return temps, outputs


def fast(view: View) -> dict[str, Floats]:
    hours, number = batch_hours(view.time_us)
    part = segment(hours)
    gone = np.nan_to_num(np.clip(hours - 5.3, 0.0, None))
    bias = view.slow("furnace1.bias")
    out: dict[str, Floats] = {
        "furnace1.segment": part.astype(np.float64),
        "furnace1.batch": (number % 60_000).astype(np.float64),
        "furnace1.setpoint": setpoint(hours),
        "furnace1.load_temp": view.slow("furnace1.load") + view.white("furnace1.load", 0.3),
        "furnace1.o2": 20.0 + 180.0 * (part == 1) + view.drift("furnace1.o2", 8.0, 700),
        "furnace1.n2_flow": np.where(part == 4, 48.0, np.where(part > 0, 12.0, 1.5)) + view.white("furnace1.n2", 0.2),
        "furnace1.fan_current": np.where(part == 4, 21.5, np.where(part == 6, 9.0, 0.0))
        + np.abs(view.white("furnace1.fan", 0.1)),
        "furnace1.shell_temp": 30.0 + 0.021 * view.slow("furnace1.load") + view.drift("furnace1.shell", 1.0, 3000),
        "furnace1.water_out_temp": view.slow("cooling.supply") + 1.0 + 9.0 * np.exp(-gone * 1.3) * (gone > 0),
        "furnace1.power": view.slow("furnace1.mean_power") * (1.0 + view.white("furnace1.power", 0.008)),
        "furnace1.energy": view.slow("furnace1.wh"),
        "furnace1.door_open": (part == 1).astype(np.float64),
        "furnace1.heating": (view.held("furnace1.out1") > 0.01).astype(np.float64),
        "furnace1.over_temp": (view.slow("furnace1.true2") > 1050.0).astype(np.float64),
    }
    for z in (1, 2, 3):
        shown = view.slow(f"furnace1.true{z}") + (bias if z == 2 else 0.0)
        out[f"furnace1.zone{z}_temp"] = shown + view.white(f"furnace1.z{z}", 0.25)
        out[f"furnace1.zone{z}_output"] = 100.0 * view.slow(f"furnace1.out{z}")
    return out
