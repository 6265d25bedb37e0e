"""Cooling water: two pumps in parallel on one header, and a temperature loop whose valve can stick.

Pump: H = H0·s² − a·q². System: H = Hs + k·Q², k falling as consumers open. The header is held at a
constant head by the drives, so speed follows from both curves in closed form.
"""

from __future__ import annotations

import numpy as np

from baigong.plant.physics.day import STEP_S, STEPS, Day, View
from baigong.plant.physics.lag import first_order, running_total
from baigong.plant.physics.noise import Floats
from baigong.plant.physics.schedule import resting

_H0, _A = 50.0, 0.008  # m; m/(m3/h)²
_HEAD_M, _STATIC_M = 38.0, 8.0
_K_OPEN = 0.0085  # m/(m3/h)² with every consumer open
_TANK_KJ_K = 12_600.0  # 3 m³ of water
_EXCHANGER_KW_K = 45.0  # valve fully open
SETPOINT_C = 22.0
MAKEUP_ROLLOVER_L = 2**32 / 100.0  # a pulse is 10 ml, the counter has 32 bits
PUMPS = ("pump1", "pump2")


def slow(day: Day) -> None:
    on = day.columns
    presses: Floats = on["press1.on"] + on["press2.on"] + on["press3.on"]
    centres: Floats = on["cnc1.on"] + on["cnc2.on"] + on["cnc3.on"]
    _hydraulics(day, 0.40 + 0.14 * presses + 0.05 * centres)
    furnace = np.where(on["furnace1.mean_power"] > 0, 4.0, 0.0) + 0.035 * (on["furnace1.load"] - 20.0)
    heat = 9.0 + 27.0 * presses + 5.0 * centres + furnace + 0.6 * (on["pump1.mean_power"] + on["pump2.mean_power"])
    day.columns["cooling.heat"] = heat
    _temperature_loop(day, heat)
    evaporated = running_total(heat / 2450.0 * 1.3, STEP_S, day.before.get("cooling.makeup", 42_880_000.0))
    day.hand_over("cooling.makeup", evaporated)  # litres
    day.columns["cooling.flow"] = on["pump1.flow"] + on["pump2.flow"]
    for pump in PUMPS:
        _bearing_and_hours(day, pump)


def _hydraulics(day: Day, opening: Floats) -> None:
    repair = _repairing(day)
    rest = resting(day.time_us)
    running = {"pump1": np.ones(STEPS + 1), "pump2": np.where(rest | repair, 0.0, 1.0)}
    n = running["pump1"] + running["pump2"]
    k = _K_OPEN / opening**2
    wanted = np.sqrt((_HEAD_M - _STATIC_M) / k) / n
    speed = np.minimum(np.sqrt((_HEAD_M + _A * wanted**2) / _H0), 1.05)
    q = np.sqrt(np.maximum(_H0 * speed**2 - _STATIC_M, 0.1) / (_A + k * n**2))
    head = _H0 * speed**2 - _A * q**2
    day.columns["cooling.head"] = head
    worn = day.severity("bearing_wear")
    for pump in PUMPS:
        day.columns[f"{pump}.on"] = running[pump]
        day.columns[f"{pump}.flow"] = q * running[pump]
        day.columns[f"{pump}.speed"] = speed * running[pump]
        hydraulic = 1000.0 * 9.81 * q / 3600.0 * head / 1000.0
        efficiency = 0.70 * (1.0 - ((q / speed - 30.0) / 48.0) ** 2) * 0.90
        friction = 0.35 * worn if pump == "pump2" else 0.0
        day.columns[f"{pump}.mean_power"] = running[pump] * (hydraulic / efficiency + friction)


def _repairing(day: Day) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    out = np.zeros(STEPS + 1, np.bool_)
    for begins, ends in day.plans["pump2"].repairs:
        out |= (day.time_us >= begins) & (day.time_us < ends)
    return out


def _temperature_loop(day: Day, heat: Floats) -> None:
    """PI control of the supply temperature through a valve with stiction, 10 s steps on plain floats.

    The stem moves only when the command has left it by more than the band (one-parameter stiction;
    Choudhury, Thornhill, Shah, Control Engineering Practice 13, 2005): with integral action, it hunts.
    """
    band = (0.002 + 0.16 * day.severity("sticking_valve")).tolist()
    chilled = (11.0 + 0.12 * np.clip(day.columns["outdoor"] - 10.0, 0.0, None)).tolist()
    load = heat.tolist()
    temp = day.before.get("cooling.supply", SETPOINT_C)
    integral = day.before.get("cooling.integral", 0.3)
    stem = day.before.get("cooling.stem", 0.3)
    temps, commands, stems = [0.0] * (STEPS + 1), [0.0] * (STEPS + 1), [0.0] * (STEPS + 1)
    gain, reset = 0.09, 0.09 / 420.0 * STEP_S
    for i in range(STEPS + 1):
        error = temp - SETPOINT_C
        command = gain * error + integral
        if command < 0.03:
            command = 0.03
        elif command > 1.0:
            command = 1.0
        else:
            integral += reset * error
        if abs(command - stem) > band[i]:
            stem = command
        temps[i], commands[i], stems[i] = temp, command, stem
        if i < STEPS:
            temp += (load[i] - _EXCHANGER_KW_K * stem * (temp - chilled[i])) * STEP_S / _TANK_KJ_K
    day.hand_over("cooling.supply", np.array(temps))
    day.hand_over("cooling.stem", np.array(stems))
    day.columns["cooling.command"] = np.array(commands)
    day.after["cooling.integral"] = integral


def _bearing_and_hours(day: Day, pump: str) -> None:
    on, speed = day.columns[f"{pump}.on"], day.columns[f"{pump}.speed"]
    worn = day.severity("bearing_wear") if pump == "pump2" else np.zeros(STEPS + 1)
    warm = day.columns["hall"] + on * (19.0 * speed**3 + 24.0 * worn**1.6)
    start = day.before.get(f"{pump}.bearing_temp", float(warm[0]))
    day.hand_over(f"{pump}.bearing_temp", first_order(warm, STEP_S, 1500.0, start))
    winding = day.columns["hall"] + 5.6 * day.columns[f"{pump}.mean_power"]
    start = day.before.get(f"{pump}.winding_temp", float(winding[0]))
    day.hand_over(f"{pump}.winding_temp", first_order(winding, STEP_S, 2400.0, start))
    hours = day.before.get(f"{pump}.hours", 21_904.0 if pump == "pump1" else 20_377.0)
    day.hand_over(f"{pump}.hours", running_total(on / 3600.0, STEP_S, hours))


def fast(view: View) -> dict[str, Floats]:
    supply, heat = view.slow("cooling.supply"), view.slow("cooling.heat")
    flow = view.slow("cooling.flow")
    bar = view.slow("cooling.head") * 0.0980665
    makeup = view.slow("cooling.makeup")
    level = 74.0 + 6.0 * (1.0 - 2.0 * np.abs((makeup / 900.0) % 1.0 - 0.5))
    out = {
        "cooling.supply_temp": supply + view.white("cooling.supply", 0.03),
        "cooling.return_temp": supply + heat / np.maximum(flow * 1.163, 1.0) + view.white("cooling.return", 0.04),
        "cooling.header_pressure": bar + view.white("cooling.header", 0.008),
        "cooling.flow": flow + view.white("cooling.flow", 0.12),
        "cooling.setpoint": np.full(len(flow), SETPOINT_C),
        "cooling.valve_command": 100.0 * view.slow("cooling.command"),
        "cooling.valve_position": 100.0 * view.held("cooling.stem") + view.white("cooling.valve", 0.05),
        "cooling.tank_level": level + view.white("cooling.level", 0.05),
        "cooling.makeup_water": np.floor(makeup * 100.0) / 100.0 % MAKEUP_ROLLOVER_L,
        "cooling.outdoor_temp": view.slow("outdoor") + view.white("cooling.outdoor", 0.05),
        "cooling.low_level": np.zeros(len(flow)),
    }
    for pump in PUMPS:
        out |= _pump(view, pump, bar)
    return out


def _pump(view: View, pump: str, header_bar: Floats) -> dict[str, Floats]:
    on, speed = view.held(f"{pump}.on"), view.slow(f"{pump}.speed")
    worn = view.severity("bearing_wear") if pump == "pump2" else np.zeros(len(on))
    rough = (1.0 if pump == "pump1" else 1.12) * (0.55 + 0.45 * speed**2)
    shake = 1.0 + view.drift(f"{pump}.shake", 0.06, 130) + view.white(f"{pump}.shake", 0.035)
    power = view.slow(f"{pump}.mean_power") * (1.0 + view.white(f"{pump}.power", 0.008))
    flow = view.slow(f"{pump}.flow")
    return {
        f"{pump}.flow": flow + on * view.white(f"{pump}.flow", 0.08),
        f"{pump}.discharge_pressure": on * (header_bar + 0.0011 * flow) + view.white(f"{pump}.dp", 0.007),
        f"{pump}.suction_pressure": 0.46 - 0.00009 * flow**2 + view.white(f"{pump}.sp", 0.004),
        f"{pump}.speed": on * speed * 2940.0 * (1.0 + view.white(f"{pump}.speed", 0.0006)),
        f"{pump}.power": power,
        f"{pump}.current": power * 1000.0 / (1.732 * 400.0 * 0.86),
        f"{pump}.bearing_temp": view.slow(f"{pump}.bearing_temp") + view.white(f"{pump}.bt", 0.08),
        f"{pump}.winding_temp": view.slow(f"{pump}.winding_temp") + view.white(f"{pump}.wt", 0.1),
        # ISO 20816-1 class I: A/B 1.8, B/C 4.5, C/D 7.1 mm/s; a worn one ends in zone D.
        f"{pump}.vibration": np.where(on > 0, 1.18 * rough * (1.0 + 6.2 * worn) * shake, 0.04),
        f"{pump}.envelope": np.where(on > 0, 0.32 * rough * (1.0 + 11.0 * np.sqrt(worn)) * shake, 0.01),
        f"{pump}.running": on.astype(np.float64),
        f"{pump}.alarm": (worn > 0.9).astype(np.float64) * on,
        f"{pump}.hours": view.slow(f"{pump}.hours"),
    }
