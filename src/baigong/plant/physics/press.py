"""Injection presses: the phases of a shot, the cavity's pressure, and a mould that wears.

Phases of a cycle: close · fill · pack · cool and plasticise · open and eject. Pressures follow the usual
picture (Osswald, Injection Molding Handbook, 2nd ed., ch. 5): a rise during fill, a plateau while packing,
an exponential fall after gate freeze.
"""

from __future__ import annotations

import numpy as np

from baigong.plant.physics import noise
from baigong.plant.physics.day import Day, View
from baigong.plant.physics.noise import Floats, Ints
from baigong.plant.physics.schedule import RUN, SETUP, Product

PRESSES: dict[str, tuple[Product, ...]] = {
    "press1": (
        Product("连接器壳体 C12", "M-112", 28.0, 480.0, 6.2, 0.008, (2200, 4200)),
        Product("连接器壳体 C20", "M-120", 32.5, 510.0, 6.8, 0.010, (1800, 3600)),
    ),
    "press2": (
        Product("车灯反射镜 R7", "M-207", 42.0, 620.0, 8.4, 0.012, (1500, 2600)),
        Product("车灯支架 R9", "M-209", 38.0, 590.0, 8.0, 0.012, (1400, 2400)),
    ),
    "press3": (
        Product("水泵叶轮 P3", "M-303", 36.0, 540.0, 7.5, 0.009, (1600, 3200)),
        Product("滤芯端盖 P5", "M-305", 24.5, 430.0, 5.9, 0.007, (2600, 5200)),
    ),
}
OLD_PRESS = (Product("旧压机", "—", 9.2, quantity=(1800, 5200)),)
_POWER_KW = (1.4, 31.0, 9.0, 6.5, 0.8)  # by state: off, running, setup, stopped, maintenance
_CLOSE, _FILL, _PACK, _COOL = 0.08, 0.17, 0.36, 0.80  # where each phase ends


def slow(day: Day) -> None:
    for name in PRESSES:
        look = day.plans[name].look(day.time_us)
        day.looks[name] = look
        day.columns[f"{name}.mean_power"] = np.array(_POWER_KW)[look.state]
        day.columns[f"{name}.on"] = (look.state == RUN).astype(np.float64)
        _count_rejects(day, name)
    look = day.plans["press_old"].look(day.time_us)
    day.columns["press_old.on"] = (look.state == RUN).astype(np.float64)
    day.columns["press_old.mean_power"] = np.where(look.state == RUN, 7.9, 0.6)


def scrap_rate(base: Floats, wear: Floats) -> Floats:
    """Share of shots that are rejected: flash begins when the parting line is about 40 % worn."""
    return base + 0.002 + 0.16 * np.clip(wear - 0.25, 0.0, None) ** 1.3


def wear_of(day: Day | View, name: str) -> Floats:
    return day.severity("mould_wear") if name == "press2" else np.zeros(len(day.time_us))


def _count_rejects(day: Day, name: str) -> None:
    """Decide each shot of the day by its own number, so that it is decided alike whoever asks."""
    look = day.looks[name]
    first, last = int(look.cycles[0]), int(look.cycles[-1])
    shots = np.arange(first, last, dtype=np.int64)
    at = np.minimum(np.searchsorted(look.cycles, shots, "right"), len(look.cycles) - 1)
    base = np.array([job.product.scrap for job in day.plans[name].jobs] or [0.0])[look.job[at]]
    rejected = noise.uniform(noise.key(day.scenario.seed, f"{name}.scrap"), shots) < scrap_rate(
        base, wear_of(day, name)[at]
    )
    counted = np.zeros(len(shots) + 1, np.int64)
    np.cumsum(rejected, out=counted[1:])
    counted += int(day.before.get(f"{name}.rejects", 0.0))
    day.shots[name] = (first, counted)
    day.after[f"{name}.rejects"] = float(counted[-1])


def rejects_at(day: Day, name: str, cycles: Ints) -> Ints:
    first, counted = day.shots[name]
    answer: Ints = counted[np.clip(cycles - first, 0, len(counted) - 1)]
    return answer


def _cavity(phase: Floats, peak: Floats) -> Floats:
    """Cavity pressure over a cycle, bar: fills steeply at the end, packs, decays while the part freezes."""
    fill = np.clip((phase - _CLOSE) / (_FILL - _CLOSE), 0.0, 1.0)
    frozen = np.clip((phase - _PACK) / (_COOL - _PACK), 0.0, 1.0)
    shape = np.where(phase < _PACK, 0.75 * fill**3 + 0.25 * fill**20, np.exp(-4.2 * frozen))
    return np.where((phase > _CLOSE) & (phase < _COOL), peak * shape, 0.0)


def _screw(phase: Floats, cushion: Floats, stroke: float) -> Floats:
    """Screw position, mm before its foremost: forward in fill and pack, back while plasticising."""
    filled = np.clip((phase - _CLOSE) / (_FILL - _CLOSE), 0.0, 1.0)
    packed = np.clip((phase - _FILL) / (_PACK - _FILL), 0.0, 1.0)
    back = np.clip((phase - _PACK - 0.02) / (_COOL - _PACK - 0.08), 0.0, 1.0)
    forward = stroke * (1.0 - 0.94 * filled) - 0.06 * stroke * packed
    return cushion + np.where(phase < _PACK, forward, stroke * back)


def _power_profile(phase: Floats) -> Floats:
    """Power over a cycle relative to its mean: 9 % filling at 2.6, 44 % plasticising at 1.2, the rest at 0.504."""
    filling, melting = (phase > _CLOSE) & (phase < _FILL), (phase > _PACK) & (phase < _COOL)
    return np.where(filling, 2.6, np.where(melting, 1.2, 0.504))


def fast(view: View) -> dict[str, Floats]:
    out: dict[str, Floats] = {}
    for name in PRESSES:
        out |= _one(view, name)
    look = view.look("press_old")
    stroke = np.exp(-(((look.phase - 0.35) / 0.09) ** 2)) * 19.0 + np.exp(-(((look.phase - 0.75) / 0.05) ** 2)) * 8.0
    running = look.running
    current = np.where(running, 6.4 + stroke, 0.35) + view.white("press_old.current", 0.12) * np.where(running, 1, 0.1)
    out["press_old.current"] = np.maximum(current, 0.0)
    days = (view.time_us - view.day.scenario.epoch_us) / 86_400e6
    out["press_old.battery"] = np.maximum(3.62 - 0.0011 * days, 2.0) + view.white("press_old.battery", 0.003)
    out["press_old.signal"] = -71.0 + view.drift("press_old.signal", 5.0, 900) + view.white("press_old.signal", 1.2)
    return out


def _one(view: View, name: str) -> dict[str, Floats]:
    look, wear = view.look(name), wear_of(view, name)
    jobs = view.day.plans[name].jobs
    running, phase = look.running, look.phase
    peak_of = np.array([job.product.cavity_bar for job in jobs] or [0.0])[look.job]
    cushion_of = np.array([job.product.cushion_mm for job in jobs] or [0.0])[look.job]
    luck = noise.uniform(noise.key(view.day.scenario.seed, f"{name}.shot"), look.cycles) - 0.5
    peak = peak_of * (1.0 - 0.24 * wear) + 14.0 * luck * (1.0 + 3.0 * wear)
    cushion = cushion_of * (1.0 - 0.45 * wear) + 0.5 * luck
    pressing = np.where((phase > _CLOSE) & (phase < _PACK), 1.0, 0.0)
    cavity = np.where(running, _cavity(phase, peak), 0.0)
    mean = np.array(_POWER_KW)[look.state]
    profile = _power_profile(phase)
    rejects = rejects_at(view.day, name, look.cycles)
    barrel = np.where(running | (look.state == SETUP), 1.0, 0.93)
    return {
        f"{name}.state": look.state.astype(np.float64),
        f"{name}.shots": look.cycles.astype(np.float64),
        f"{name}.rejects": rejects.astype(np.float64),
        f"{name}.good_parts": (look.cycles - rejects).astype(np.float64),
        f"{name}.cycle_time": np.where(running, look.cycle_s + 0.4 * luck + 0.6 * wear, 0.0),
        f"{name}.injection_time": look.cycle_s * (_FILL - _CLOSE) * (1.0 + 0.04 * luck - 0.06 * wear),
        f"{name}.cavity_pressure": cavity + np.abs(view.white(f"{name}.cavity", 1.5)),
        f"{name}.cavity_peak": peak,
        f"{name}.injection_pressure": cavity * 1.55
        + pressing * running * 60.0
        + np.abs(view.white(f"{name}.inj", 2.0)),
        f"{name}.screw_position": np.where(running, _screw(phase, cushion, 92.0), cushion),
        f"{name}.cushion": cushion,
        f"{name}.clamp_force": np.where(running & (phase > _CLOSE) & (phase < _COOL), 1580.0, 12.0)
        + view.white(f"{name}.clamp", 3.0),
        **{
            f"{name}.zone{z}_temp": barrel * hot + view.drift(f"{name}.z{z}", 1.0, 220 + 20 * z)
            for z, hot in ((1, 205.0), (2, 222.0), (3, 234.0))
        },
        f"{name}.melt_temp": barrel * 238.0 + view.drift(f"{name}.melt", 1.6, 300) + 2.0 * luck,
        f"{name}.mould_temp": np.where(running, 46.0, 31.0)
        + 1.4 * (view.slow("cooling.supply") - 22.0)
        + view.drift(f"{name}.mould", 0.8, 500),
        f"{name}.oil_temp": np.where(look.state == 0, 28.0, 44.0) + view.drift(f"{name}.oil", 2.2, 2700),
        f"{name}.power": mean * np.where(running, profile, 1.0) * (1.0 + view.white(f"{name}.power", 0.015)),
    }
