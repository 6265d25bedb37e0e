"""The two set-points of the plant that can be written, and how the machines follow: a first-order lag to the new value.

They live in the running plant only: its past, and a plant started anew, keep to their programmes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from baigong.plant.live import Shown
from baigong.vocab.writing import WriteRule


@dataclass(slots=True, frozen=True)
class SetPoint:
    """``followers``: which points go along, by how much of the change; ``lag_s``: time constant."""

    rule: WriteRule
    lag_s: float
    followers: dict[str, float]


SETPOINTS = {
    "cooling.setpoint": SetPoint(
        WriteRule(min=16, max=28, max_rate=0.2, settle_s=3, tolerance=0.05, rollback=True),
        40.0,
        {"cooling.supply_temp": 1.0, "cooling.return_temp": 1.0},
    ),
    "furnace1.setpoint": SetPoint(
        WriteRule(
            min=100, max=1060, max_step=40, interlock="furnace1.door_open == 0 and furnace1.over_temp == 0",
            approval=True, expires_s=600, settle_s=3, tolerance=2,
        ),
        120.0,
        {f"furnace1.zone{zone}_temp": 1.0 for zone in (1, 2, 3)} | {"furnace1.load_temp": 0.8},
    ),
}  # fmt: skip


@dataclass(slots=True)
class SetPoints:
    """What was written, as a difference to the programme, and how far the machines have followed."""

    _programme: dict[str, float] = field(default_factory=dict)
    _wanted: dict[str, float] = field(default_factory=dict)
    _reached: dict[str, float] = field(default_factory=dict)
    _at_us: int = 0

    def write(self, name: str, value: float) -> None:
        self._wanted[name] = value - self._programme.get(name, value)

    def apply(self, shown: Shown) -> None:
        """Put the differences into what the machines show at a moment; moments come in ascending order."""
        passed_s = max(shown.time_us - self._at_us, 0) / 1e6 if self._at_us else 0.0
        self._at_us = shown.time_us
        for name, setpoint in SETPOINTS.items():
            self._programme[name] = float(shown.values[name])
            wanted, reached = self._wanted.get(name, 0.0), self._reached.get(name, 0.0)
            reached += (wanted - reached) * -math.expm1(-passed_s / setpoint.lag_s)
            self._reached[name] = reached
            if wanted == 0.0 and reached == 0.0:
                continue
            shown.values[name] = round(self._programme[name] + wanted, 2)
            for follower, share in setpoint.followers.items():
                shown.values[follower] = round(float(shown.values[follower]) + share * reached, 2)
