"""Outside and inside air: a November in Ningbo, and rooms that follow it."""

from __future__ import annotations

import numpy as np

from baigong.plant.physics.day import Day, View
from baigong.plant.physics.noise import Floats, Ints, drift
from baigong.plant.physics.schedule import LOCAL_US

_YEAR_US = 365.2425 * 86_400e6


def outdoor(seed: int, time_us: Ints) -> Floats:
    """Outdoor temperature in °C: yearly mean 17.5, coldest late in January, warmest at 15:00."""
    year = np.cos(2 * np.pi * (time_us / _YEAR_US - 0.07))
    day = np.cos(2 * np.pi * ((time_us + LOCAL_US) / 86_400e6 - 15 / 24))
    return 17.5 - 11.5 * year + 3.6 * day + drift(seed, "weather", time_us, 3.5, 2.5 * 86_400)


def slow(day: Day) -> None:
    outside = outdoor(day.scenario.seed, day.time_us)
    day.columns["outdoor"] = outside
    day.columns["hall"] = 17.0 + 0.42 * outside + day.drift("hall", 0.8, 5400)


def fast(view: View) -> dict[str, Floats]:
    outside, hall = view.slow("outdoor"), view.slow("hall")
    working = sum((view.look(f"press{i}").running.astype(np.float64) for i in (1, 2, 3)), np.zeros(len(outside)))
    humidity = np.clip(62.0 - 0.9 * (hall - 22.0) + view.drift("humidity", 14.0, 30_000), 20.0, 97.0)
    return {
        "hall.temp": hall + view.white("hall.temp", 0.06),
        "hall.humidity": humidity + view.white("hall.humidity", 0.25),
        "hall.co2": 430.0 + 75.0 * working + view.drift("hall.co2", 60.0, 2400) + view.white("hall.co2", 4.0),
        "lab.temp": 20.0 + 0.02 * (outside - 15.0) + view.drift("lab.temp", 0.22, 1500) + view.white("lab.temp", 0.02),
        "lab.humidity": 50.0 + view.drift("lab.humidity", 2.5, 4000) + view.white("lab.humidity", 0.15),
        "lab.pressure": 1016.0 + view.drift("lab.pressure", 9.0, 140_000) + view.white("lab.pressure", 0.08),
    }
