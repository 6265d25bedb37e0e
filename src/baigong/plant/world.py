"""The plant as one thing that can be asked for any moment since its epoch."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from baigong.plant.faults import DAY_US, FAULTS, HOUR_US, Scenario, severity
from baigong.plant.physics import air, cnc, furnace, meters, press, water, weather
from baigong.plant.physics.day import Day, View
from baigong.plant.physics.noise import Floats, Ints
from baigong.plant.physics.schedule import Plan, make_plan
from baigong.vocab import quality as q

_KEPT_DAYS = 2
# Order matters: each looks at what those before it left in the day.
_SLOW = (weather.slow, press.slow, cnc.slow, furnace.slow, air.slow)
_FAST = (weather.fast, press.fast, cnc.fast, furnace.fast, air.fast, water.fast, meters.fast)
COMPRESSOR_ASSETS = ("air", "comp1", "comp2")


@dataclass(slots=True)
class Columns:
    """What every point shows at the moments asked for.

    ``values``: point name -> float64. ``texts``: point name -> (index column, words).
    ``bad``: point name -> quality column, only for points that are not good throughout (value NaN there).
    ``silent``: moments at which the compressor controller cannot be reached.
    """

    time_us: Ints
    values: dict[str, Floats]
    texts: dict[str, tuple[Ints, list[str]]]
    bad: dict[str, Ints]
    silent: np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(slots=True)
class Plant:
    """Deterministic: the same scenario gives the same values, whatever was asked before.

    Costs about 60 ms per day since the epoch on first use, then 60 ms at each midnight and after a switch.
    """

    scenario: Scenario
    plans: dict[str, Plan] = field(init=False)
    _days: OrderedDict[int, Day] = field(default_factory=OrderedDict)
    _starts: list[dict[str, float]] = field(default_factory=lambda: [{}])

    def __post_init__(self) -> None:
        self.plans = make_plans(self.scenario)

    def switch(self, scenario: Scenario) -> None:
        """Take over changed fault runs, keeping what they cannot have touched."""
        again = (scenario.seed, scenario.epoch_us) != (self.scenario.seed, self.scenario.epoch_us)
        changed = first_change(self.scenario, scenario)
        self.scenario = scenario
        if again:
            self.plans = make_plans(scenario)
            changed = scenario.epoch_us
        if changed is None:
            return
        first = (changed - scenario.epoch_us) // DAY_US
        del self._starts[max(first, 0) + 1 :]
        for index in [i for i in self._days if i >= first]:
            del self._days[index]

    def day(self, index: int) -> Day:
        """Return the slow columns of the UTC day ``index`` days after the epoch."""
        if index < 0:
            raise ValueError("the plant did not exist yet")
        if index in self._days:
            return self._days[index]
        first = min(index, len(self._starts) - 1)
        for at in range(first, index + 1):
            made = self._simulate(at)
            if at + 1 == len(self._starts):
                self._starts.append(made.after)
            self._days[at] = made
            while len(self._days) > _KEPT_DAYS:
                self._days.popitem(last=False)
        return self._days[index]

    def _simulate(self, index: int) -> Day:
        start = self.scenario.epoch_us + index * DAY_US
        day = Day(self.scenario, start, self.plans, self._starts[index])
        for model in _SLOW:
            model(day)
        water.slow(day)
        meters.slow(day)
        return day

    def view(self, time_us: Ints) -> Columns:
        """Evaluate every point at ascending moments within one UTC day."""
        index = int(time_us[0] - self.scenario.epoch_us) // DAY_US
        view = View(self.day(index), time_us)
        values: dict[str, Floats] = {}
        for model in _FAST:
            values |= model(view)
        broken = severity(self.scenario, "sensor_failure", time_us) > 0
        bad: dict[str, Ints] = {}
        if broken.any():
            values["press3.melt_temp"] = np.where(broken, np.nan, values["press3.melt_temp"])
            bad["press3.melt_temp"] = np.where(broken, q.BAD_SENSOR_FAILURE, q.GOOD)
        silent = severity(self.scenario, "cable_pulled", time_us) > 0
        return Columns(time_us, values, self._texts(view), bad, silent)

    def _texts(self, view: View) -> dict[str, tuple[Ints, list[str]]]:
        out: dict[str, tuple[Ints, list[str]]] = {}
        for name in (*press.PRESSES, *cnc.MACHINES):
            look, jobs = view.look(name), self.plans[name].jobs
            cutting = name in cnc.MACHINES
            out[f"{name}.order"] = (look.job, [job.number for job in jobs] or ["—"])
            tool = "program" if cutting else "mould"
            out[f"{name}.{tool}"] = (look.job, [job.product.tool for job in jobs] or ["—"])
            out[f"{name}.product"] = (look.job, [job.product.name for job in jobs] or ["—"])
        return out


def first_change(old: Scenario, new: Scenario) -> int | None:
    """Find the earliest moment at which two lists of fault runs differ; an ended run is the same until its end."""
    mine = {(run.fault, run.start_us): run for run in old.runs}
    theirs = {(run.fault, run.start_us): run for run in new.runs}
    moments = [at for fault, at in mine.keys() ^ theirs.keys()]
    for key in mine.keys() & theirs.keys():
        if mine[key] != theirs[key]:
            moments += [run.end_us for run in (mine[key], theirs[key]) if run.end_us is not None]
    return min(moments, default=None)


def repairs(scenario: Scenario, asset: str) -> tuple[tuple[int, int], ...]:
    """When an asset stood still to be mended: after each planted fault of its own."""
    found = []
    for run in scenario.runs:
        fault = FAULTS[run.fault]
        if run.planted and run.end_us is not None and fault.asset == asset and fault.repair_h > 0:
            found.append((run.end_us, run.end_us + int(fault.repair_h * HOUR_US)))
    return tuple(sorted(found))


def make_plans(scenario: Scenario) -> dict[str, Plan]:
    seed, epoch = scenario.seed, scenario.epoch_us
    plans = {
        name: make_plan(seed, name, products, epoch, repairs(scenario, name), f"MO{name[-1]}")
        for name, products in press.PRESSES.items()
    }
    for name, products in cnc.MACHINES.items():
        plans[name] = make_plan(seed, name, products, epoch, (), f"TL{name[-1]}", mean_hours_between_stops=11.0)
    plans["press_old"] = make_plan(seed, "press_old", press.OLD_PRESS, epoch, (), "XX", mean_hours_between_stops=3.0)
    plans["pump2"] = make_plan(seed, "pump2", press.OLD_PRESS, epoch, repairs(scenario, "pump2"))
    return plans
