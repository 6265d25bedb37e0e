"""The plant now: a few seconds computed ahead in one go, then handed out moment by moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from baigong.plant.catalogue import Signal, rounded, signals
from baigong.plant.faults import DAY_US, Scenario, load_scenario
from baigong.plant.world import Columns, Plant
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration

TICK_US = 500_000
_AHEAD = 20  # ticks


@dataclass(slots=True)
class Shown:
    """What the machines show at one moment; ``silent``: the compressor controller cannot be reached."""

    time_us: int
    values: dict[str, float | str]
    bad: dict[str, int]
    silent: bool


@dataclass(slots=True)
class LivePlant:
    """Hands out moments in ascending order. Counters never fall back when a switch is thrown."""

    plant: Plant
    _signals: list[Signal] = field(default_factory=lambda: list(signals()))
    _columns: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]] | list[str]] = field(default_factory=dict)
    _ahead: Columns | None = None
    _counted: dict[str, float] = field(default_factory=dict)

    def switch(self, scenario: Scenario) -> None:
        self.plant.switch(scenario)
        self._ahead = None

    def at(self, now_us: int) -> Shown:
        """Show the moment ``now_us``, taken down to the last whole tick."""
        tick = now_us // TICK_US * TICK_US
        ahead = self._ahead
        if ahead is None or not ahead.time_us[0] <= tick <= ahead.time_us[-1]:
            ahead = self._look_ahead(tick)
        at = int((tick - ahead.time_us[0]) // TICK_US)
        values: dict[str, float | str] = {}
        for signal in self._signals:
            value = self._columns[signal.name][at]
            values[signal.name] = value if isinstance(value, str) else self._forward(signal, float(value))
        bad = {name: int(column[at]) for name, column in ahead.bad.items() if column[at] != q.GOOD}
        return Shown(tick, values, bad, bool(ahead.silent[at]))

    def _look_ahead(self, tick: int) -> Columns:
        midnight = tick // DAY_US * DAY_US + DAY_US
        time_us = np.arange(tick, min(tick + _AHEAD * TICK_US, midnight), TICK_US, dtype=np.int64)
        ahead = self._ahead = self.plant.view(time_us)
        for signal in self._signals:
            if signal.row.kind == "text":
                index, words = ahead.texts[signal.name]
                self._columns[signal.name] = [words[i] for i in index.tolist()]
            else:
                self._columns[signal.name] = rounded(signal.row, ahead.values[signal.name])
        return ahead

    def _forward(self, signal: Signal, value: float) -> float:
        if signal.row.kind != "counter":
            return value
        before = self._counted.get(signal.name, value)
        # A small step back is a recomputed past; a large one is the register turning over.
        if before - signal.row.rollover / 2.0 < value < before or (signal.row.rollover == 0.0 and value < before):
            return before
        self._counted[signal.name] = value
        return value


@dataclass(slots=True)
class ScenarioFile:
    """Watches the small file in which the switches are kept."""

    path: Path
    _seen: tuple[int, int] = (0, 0)

    def changed(self) -> Scenario | None:
        """Return the scenario when the file is new since last asked; a half-written or missing file is no news."""
        try:
            stat = self.path.stat()
        except OSError:
            return None
        mark = (stat.st_mtime_ns, stat.st_ino)
        if mark == self._seen:
            return None
        try:
            scenario = load_scenario(self.path)
        except FixConfiguration:
            return None
        self._seen = mark
        return scenario
