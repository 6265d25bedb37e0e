"""Compressor station: two screw machines, a receiver, a net that leaks.

Between its limits the receiver obeys V·dp/dt = p0·(delivery − demand), so with a steady demand a load cycle
is two straight lines; their lengths are known, and only the phase is carried along.
"""

from __future__ import annotations

import numpy as np

from baigong.plant.physics.day import STEP_S, Day, View
from baigong.plant.physics.lag import first_order, running_total
from baigong.plant.physics.noise import Floats

RATED_M3_MIN = 6.2  # free air delivery of one machine
LOADED_KW, UNLOADED_KW = 38.0, 11.0
LOW_BAR, HIGH_BAR = 6.8, 7.6
_RECEIVER_M3 = 3.0
_LEAK_M3_MIN = 2.9
_CYCLE_M3 = _RECEIVER_M3 * (HIGH_BAR - LOW_BAR)  # free air in one swing; 1 bar of free air per bar of rise
STATE_WORDS = {"0": ("stopped", "停机"), "1": ("unloaded", "卸载"), "2": ("loaded", "加载")}


def slow(day: Day) -> None:
    on = day.columns
    presses: Floats = on["press1.on"] + on["press2.on"] + on["press3.on"]
    centres: Floats = on["cnc1.on"] + on["cnc2.on"] + on["cnc3.on"]
    demand = 0.55 + 0.55 * presses + 0.34 * centres + 0.3 * on["press_old.on"] + day.drift("air.demand", 0.12, 420)
    demand = np.clip(demand + _LEAK_M3_MIN * day.severity("air_leak"), 0.2, 1.94 * RATED_M3_MIN)
    second = demand > 0.97 * RATED_M3_MIN  # the lead machine cannot hold it alone
    trimmed = np.where(second, demand - 0.94 * RATED_M3_MIN, demand)
    share = np.clip(trimmed / RATED_M3_MIN, 0.02, 0.98)
    period_s = 60.0 * _CYCLE_M3 * (1.0 / (RATED_M3_MIN * (1.0 - share)) + 1.0 / (RATED_M3_MIN * share))
    day.columns |= {"air.demand": demand, "air.second": second.astype(np.float64), "air.share": share}
    day.hand_over("air.phase", running_total(1.0 / period_s, STEP_S, day.before.get("air.phase", 0.0)))
    trim_kw = share * LOADED_KW + (1.0 - share) * UNLOADED_KW
    shares = {"comp1": np.where(second, 1.0, share), "comp2": np.where(second, share, 0.0)}
    powers = {"comp1": np.where(second, LOADED_KW, trim_kw), "comp2": np.where(second, trim_kw, 0.0)}
    for name in shares:
        running = powers[name] > 0.0
        trimming = running & (second == (name == "comp2"))
        counts = (
            ("hours", running / 3600.0, 14_310.0),
            ("load_hours", shares[name] / 3600.0, 9_040.0),
            ("loads", trimming / period_s, 212_000.0),
        )
        for what, rate, start in counts:
            day.hand_over(
                f"{name}.{what}", running_total(rate, STEP_S, day.before.get(f"{name}.{what}", start + len(name)))
            )
        day.columns[f"{name}.mean_power"] = powers[name]
        warm = day.columns["hall"] + np.where(running, 42.0 + 16.0 * shares[name], 0.0)
        day.hand_over(
            f"{name}.oil_temp",
            first_order(warm, STEP_S, 900.0, day.before.get(f"{name}.oil_temp", float(warm[0]))),
        )
    wet = day.columns["hall"] * 0.12 + 0.35 * demand
    day.columns["air.dew_point"] = 0.2 + 0.25 * wet


def fast(view: View) -> dict[str, Floats]:
    phase, share = view.slow("air.phase") % 1.0, view.held("air.share")
    second, demand = view.held("air.second") > 0.5, view.slow("air.demand")
    loaded = phase < share_of_time(share)
    rising = phase / share_of_time(share)
    falling = (phase - share_of_time(share)) / (1.0 - share_of_time(share))
    receiver = np.where(loaded, LOW_BAR + 0.8 * rising, HIGH_BAR - 0.8 * falling)
    drop = 0.0045 * demand**2  # filters and pipes: quadratic in flow
    out = {
        "air.receiver_pressure": receiver + view.white("air.receiver", 0.006),
        "air.header_pressure": receiver - drop + view.white("air.header", 0.008),
        "air.flow": demand + view.white("air.flow", 0.03),
        "air.filter_drop": 0.12 + 0.5 * drop + view.white("air.filter", 0.002),
        "air.dew_point": view.slow("air.dew_point") + view.white("air.dew", 0.05),
        "air.dryer_on": np.ones(len(phase)),
    }
    for name in ("comp1", "comp2"):
        running = view.held(f"{name}.mean_power") > 0.0
        trims = second == (name == "comp2")
        state = np.where(running, np.where(trims, np.where(loaded, 2, 1), 2), 0)
        power = np.array([0.0, UNLOADED_KW, LOADED_KW])[state] * (1.0 + 0.02 * (receiver - 7.2))
        power = power * (1.0 + view.white(f"{name}.power", 0.006))
        out |= {
            f"{name}.state": state.astype(np.float64),
            f"{name}.power": power,
            f"{name}.current": power * 1000.0 / (1.732 * 400.0 * 0.87),
            f"{name}.discharge_pressure": np.where(running, receiver + 0.18 + view.white(f"{name}.p", 0.006), 0.0),
            f"{name}.discharge_temp": view.slow(f"{name}.oil_temp") + np.where(state == 2, 11.0, 4.0) * running,
            f"{name}.oil_temp": view.slow(f"{name}.oil_temp") + view.white(f"{name}.oil", 0.1),
            f"{name}.hours": view.slow(f"{name}.hours"),
            f"{name}.load_hours": view.slow(f"{name}.load_hours"),
            f"{name}.loads": np.floor(view.slow(f"{name}.loads")),
        }
    return out


def share_of_time(share: Floats) -> Floats:
    """Part of a cycle spent loaded: rising at (1 − share), falling at share, so the loaded part is share itself."""
    return share
