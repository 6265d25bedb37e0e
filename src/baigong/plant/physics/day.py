"""One day of the plant on a 10-second grid, and the window through which fast models look at it.

Slow things (temperatures, wear, meters, demand) are integrated once per day on the grid; a day hands a few
numbers to the next. Fast things (a shot, a load cycle, a cutter's engagement) are functions of the moment
and of the slow columns there. History and the live machines evaluate the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from baigong.plant.faults import DAY_US, Scenario, severity
from baigong.plant.physics import noise
from baigong.plant.physics.noise import Floats, Ints
from baigong.plant.physics.schedule import Look, Plan

STEP_S = 10.0
STEP_US = 10_000_000
STEPS = 8640


@dataclass(slots=True)
class Day:
    """``columns`` have 8641 values: the last belongs to the next midnight, for interpolation and hand-over."""

    scenario: Scenario
    start_us: int
    plans: dict[str, Plan]
    before: dict[str, float]  # handed over by the day before
    after: dict[str, float] = field(default_factory=dict)  # for the day after
    columns: dict[str, Floats] = field(default_factory=dict)
    shots: dict[str, tuple[int, Ints]] = field(default_factory=dict)  # press -> (first shot, rejects up to each)
    looks: dict[str, Look] = field(default_factory=dict)
    time_us: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.time_us = self.start_us + STEP_US * np.arange(STEPS + 1, dtype=np.int64)

    def severity(self, fault: str) -> Floats:
        return severity(self.scenario, fault, self.time_us)

    def drift(self, name: str, amplitude: float, period_s: float) -> Floats:
        return noise.drift(self.scenario.seed, name, self.time_us, amplitude, period_s)

    def hand_over(self, name: str, column: Floats) -> Floats:
        """Keep a slow column and give its last value to the next day."""
        self.columns[name] = column
        self.after[name] = float(column[-1])
        return column


@dataclass(slots=True)
class View:
    """Moments of one day, ascending, and what the slow models say there."""

    day: Day
    time_us: Ints
    _index: Ints = field(init=False)
    _blend: Floats | None = field(init=False)
    _looks: dict[str, Look] = field(default_factory=dict)

    def __post_init__(self) -> None:
        since = self.time_us - self.day.start_us
        if since[0] < 0 or since[-1] > DAY_US:
            raise ValueError("a view must lie within its day")
        self._index = since // STEP_US
        rest = since % STEP_US
        self._blend = None if not rest.any() else rest / STEP_US

    def slow(self, name: str) -> Floats:
        """Interpolate a slow column."""
        column = self.day.columns[name]
        left: Floats = column[self._index]
        if self._blend is None:
            return left
        right = column[np.minimum(self._index + 1, STEPS)]
        return left + (right - left) * self._blend

    def held(self, name: str) -> Floats:
        """Take a slow column without interpolation: switches and shares."""
        column: Floats = self.day.columns[name][self._index]
        return column

    def severity(self, fault: str) -> Floats:
        return severity(self.day.scenario, fault, self.time_us)

    def look(self, machine: str) -> Look:
        if machine not in self._looks:
            self._looks[machine] = self.day.plans[machine].look(self.time_us)
        return self._looks[machine]

    def white(self, name: str, sigma: float) -> Floats:
        return noise.white(self.day.scenario.seed, name, self.time_us, sigma)

    def drift(self, name: str, amplitude: float, period_s: float) -> Floats:
        return noise.drift(self.day.scenario.seed, name, self.time_us, amplitude, period_s)
