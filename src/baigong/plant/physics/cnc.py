"""Machining centres: a program's tools one after the other, and cutters that need more force as they wear."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from baigong.plant.physics.day import STEP_S, Day, View
from baigong.plant.physics.lag import first_order, running_total
from baigong.plant.physics.noise import Floats
from baigong.plant.physics.schedule import RUN, SETUP, Look, Product

MACHINES: dict[str, tuple[Product, ...]] = {
    "cnc1": (Product("M-112 型腔", "O1120_CAV.NC", 3.4 * 3600, quantity=(2, 4)),),
    "cnc2": (Product("M-207 型芯", "O2070_COR.NC", 5.1 * 3600, quantity=(1, 3)),),
    "cnc3": (Product("M-305 镶件", "O3050_INS.NC", 1.6 * 3600, quantity=(4, 8)),),
}


class Tool(NamedTuple):
    """``load``: spindle load in % when sharp; ``life``: programs until it is changed."""

    number: int
    share: float
    rpm: float
    feed: float  # mm/min
    load: float
    life: int


# Roughing with large cutters, then finer ones: shares of a program's time.
TOOLS = (
    Tool(3, 0.22, 4200.0, 2600.0, 62.0, 3),
    Tool(5, 0.16, 6800.0, 2100.0, 47.0, 4),
    Tool(8, 0.18, 9500.0, 1750.0, 36.0, 5),
    Tool(11, 0.20, 14000.0, 1400.0, 24.0, 6),
    Tool(14, 0.16, 18000.0, 1100.0, 17.0, 7),
    Tool(17, 0.08, 1200.0, 180.0, 41.0, 9),
)
_ENDS = np.cumsum([t.share for t in TOOLS])
_BEGINS = _ENDS - np.array([t.share for t in TOOLS])
_COLUMNS = np.array([(t.number, t.share, t.rpm, t.feed, t.load, t.life) for t in TOOLS]).T
_RATED_KW = 22.0
_IDLE_KW = (0.9, 5.2, 3.4, 3.0, 0.6)  # by state: drives, hydraulics, coolant, without cutting


def _tool(look: Look) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], Floats, Floats]:
    """Which tool cuts, how worn it is (0–1), and how far through its part of the program."""
    which = np.minimum(np.searchsorted(_ENDS, look.phase, "right"), len(TOOLS) - 1)
    inside = (look.phase - _BEGINS[which]) / _COLUMNS[1][which]
    life = _COLUMNS[5][which]
    wear = ((look.cycles + 2 * which) % life + inside) / life
    return which, wear, np.clip(inside, 0.0, 1.0)


def _cutting(inside: Floats) -> Floats:
    """Zero while the tool is changed and approaches (first and last 3 % of its time)."""
    return np.where((inside > 0.03) & (inside < 0.97), 1.0, 0.0)


def slow(day: Day) -> None:
    for name in MACHINES:
        look = day.plans[name].look(day.time_us)
        which, wear, inside = _tool(look)
        running = look.state == RUN
        load = np.where(running, _COLUMNS[4][which] * (1.0 + 0.55 * wear**1.5) * _cutting(inside), 0.0)
        power = np.array(_IDLE_KW)[look.state] + load / 100.0 * _RATED_KW
        day.columns[f"{name}.mean_power"] = power
        day.columns[f"{name}.on"] = running.astype(np.float64)
        hall = day.columns["hall"]
        warm = hall + 0.34 * load + np.where(running, _COLUMNS[2][which] / 18000.0 * 9.0, 0.0)
        start = day.before.get(f"{name}.spindle_temp", float(hall[0]) + 8.0)
        day.hand_over(f"{name}.spindle_temp", first_order(warm, STEP_S, 1300.0, start))
        cut = running_total(running.astype(np.float64) / 3600.0, STEP_S, day.before.get(f"{name}.hours", 6120.0))
        day.hand_over(f"{name}.hours", cut)


def fast(view: View) -> dict[str, Floats]:
    out: dict[str, Floats] = {}
    for name in MACHINES:
        out |= _one(view, name)
    return out


def _one(view: View, name: str) -> dict[str, Floats]:
    look = view.look(name)
    which, wear, inside = _tool(look)
    running = look.running
    cutting = running * _cutting(inside)
    # Engagement changes as the path turns: a corner loads the cutter, a straight relieves it.
    path = view.drift(f"{name}.path", 0.22, 9.0) + view.white(f"{name}.load", 0.03)
    load = _COLUMNS[4][which] * (1.0 + 0.55 * wear**1.5) * cutting * (1.0 + path) + running * 3.0
    rpm = running * _COLUMNS[2][which] * np.where(inside > 0.015, 1.0, 0.0)
    feed = cutting * _COLUMNS[3][which] * (1.0 - 0.35 * np.clip(path, 0.0, 1.0))
    angle = look.inside_s
    moving = running.astype(np.float64)
    return {
        f"{name}.state": look.state.astype(np.float64),
        f"{name}.tool": _COLUMNS[0][which] * moving,
        f"{name}.tool_life": np.where(running, 100.0 * wear, 0.0),
        f"{name}.spindle_speed": rpm * (1.0 + view.white(f"{name}.rpm", 0.0008)),
        f"{name}.spindle_load": load,
        f"{name}.spindle_temp": view.slow(f"{name}.spindle_temp") + view.white(f"{name}.st", 0.08),
        f"{name}.vibration": 0.18 + moving * 0.5 + cutting * (0.9 + 1.5 * wear**2) * (1.0 + path),
        f"{name}.feed_rate": feed,
        f"{name}.feed_override": np.where(running, np.where(wear > 0.85, 90.0, 100.0), 100.0),
        f"{name}.x": moving * (210.0 * np.sin(angle / 7.3) + 40.0 * np.sin(angle / 1.9)),
        f"{name}.y": moving * (160.0 * np.cos(angle / 8.1) + 35.0 * np.sin(angle / 2.3)),
        f"{name}.z": -40.0 - moving * (60.0 * inside + 4.0 * np.sin(angle / 1.3)),
        f"{name}.coolant_temp": view.slow("hall") + 3.0 + 4.0 * moving + view.drift(f"{name}.cool", 0.7, 1600),
        f"{name}.coolant_level": 92.0 - 1.9 * ((view.time_us / 86_400e6 + len(name)) % 14.0),
        f"{name}.power": np.array(_IDLE_KW)[look.state] + load / 100.0 * _RATED_KW,
        f"{name}.hours": view.slow(f"{name}.hours"),
        f"{name}.parts": look.cycles.astype(np.float64),
        f"{name}.door": np.where(look.state == SETUP, 1.0, 0.0),
    }
