"""Energy meters: what machines draw, summed by feeder; registers that turn over."""

from __future__ import annotations

import numpy as np

from baigong.plant.physics.day import STEP_S, Day, View
from baigong.plant.physics.lag import running_total
from baigong.plant.physics.noise import Floats

ROLLOVER_KWH = 1_000_000.0  # six digits
FEEDERS: dict[str, tuple[str, ...]] = {
    "meter_press": ("press1", "press2", "press3", "press_old"),
    "meter_cnc": ("cnc1", "cnc2", "cnc3"),
    "meter_utility": ("pump1", "pump2", "comp1", "comp2"),
}
# What each meter showed at the epoch; the main one is about to turn over.
_SHOWN_KWH = {"meter_main": 936_400.0, "meter_press": 402_118.0, "meter_cnc": 233_950.0, "meter_utility": 318_604.0}
_POWER_FACTOR = {"meter_main": 0.93, "meter_press": 0.89, "meter_cnc": 0.91, "meter_utility": 0.86}


def slow(day: Day) -> None:
    total = (
        7.5 + 2.5 * np.cos(2 * np.pi * (day.time_us / 86_400e6 + 8 / 24 - 13 / 24)) + day.columns["furnace1.mean_power"]
    )
    for meter, machines in FEEDERS.items():
        feeder = sum((day.columns[f"{machine}.mean_power"] for machine in machines), np.zeros(len(total)))
        total = total + feeder
        _count(day, meter, feeder)
    _count(day, "meter_main", total)


def _count(day: Day, meter: str, power: Floats) -> None:
    day.columns[f"{meter}.mean_power"] = power
    start = day.before.get(f"{meter}.kwh", _SHOWN_KWH[meter])
    day.hand_over(f"{meter}.kwh", running_total(power / 3600.0, STEP_S, start))


def fast(view: View) -> dict[str, Floats]:
    out: dict[str, Floats] = {}
    for meter, factor in _POWER_FACTOR.items():
        power = view.slow(f"{meter}.mean_power")
        power = power * (1.0 + view.drift(f"{meter}.power", 0.05, 35) + view.white(f"{meter}.power", 0.012))
        cos_phi = factor + view.drift(f"{meter}.pf", 0.02, 400)
        sag = 402.0 + view.drift("grid.voltage", 4.5, 1700) - 0.006 * view.slow("meter_main.mean_power")
        amps = power * 1000.0 / (1.732 * sag * cos_phi)
        kwh = view.slow(f"{meter}.kwh")
        out |= {
            f"{meter}.energy": np.floor(kwh * 10.0) / 10.0 % ROLLOVER_KWH,
            f"{meter}.power": power,
            f"{meter}.voltage": sag + view.white(f"{meter}.v", 0.15),
            f"{meter}.current_a": amps * 1.02,
            f"{meter}.current_b": amps * 0.985,
            f"{meter}.current_c": amps * 0.995,
            f"{meter}.power_factor": cos_phi,
            f"{meter}.frequency": 50.0 + view.drift("grid.hz", 0.03, 45) + view.white("grid.hz", 0.002),
        }
    return out
