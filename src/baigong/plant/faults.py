"""What can go wrong in the demo plant, when it did, and the switches.

A ``Scenario`` is all that makes one plant: seed, epoch and fault runs. It is a small JSON file, so that the
process that shows the switches and the process that runs the machines need nothing else in common.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from msgspec import Struct

from baigong.plant.physics.noise import Floats, Ints, key, uniform
from baigong.vocab.errors import FixConfiguration

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
Curve = Literal["growth", "ramp", "step"]


class Fault(Struct, frozen=True, kw_only=True):
    """One kind of fault: how it grows and where an engineer would see it.

    ``rise_s``: seconds from first sign to full severity when somebody throws the switch (a planted one
    takes days, a demonstration must not). ``repair_h``: how long the asset stood still afterwards.
    """

    id: str
    asset: str
    title: str
    title_zh: str
    description: str
    description_zh: str
    curve: Curve
    rise_s: float
    repair_h: float
    shows: list[str]


class FaultRun(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One occurrence; ``end_us`` None while the switch is on."""

    fault: str
    start_us: int
    end_us: int | None = None
    rise_s: float
    planted: bool = False


class Scenario(Struct, frozen=True, kw_only=True):
    """``epoch_us``: where meters and wear begin to count, a UTC midnight at or before the first row of history."""

    seed: int
    epoch_us: int
    history_start_us: int
    history_end_us: int
    runs: list[FaultRun] = []


FAULTS: dict[str, Fault] = {
    fault.id: fault
    for fault in (
        Fault(
            id="bearing_wear",
            asset="pump2",
            title="Wearing bearing on pump 2",
            title_zh="冷却泵2 轴承磨损",
            description="The drive-end bearing spalls: envelope first, then vibration, at last temperature.",
            description_zh="驱动端轴承剥落:先是包络值上升,然后是振动,最后才是温度。",
            curve="growth",
            rise_s=120.0,
            repair_h=3.0,
            shows=["pump2.vibration", "pump2.envelope", "pump2.bearing_temp"],
        ),
        Fault(
            id="sticking_valve",
            asset="cooling",
            title="Sticking cooling valve",
            title_zh="冷却水调节阀卡涩",
            description="The valve sticks and jumps: the loop hunts, supply temperature swings around its set-point.",
            description_zh="阀门卡住后突跳:回路振荡,供水温度在设定值上下摆动。",
            curve="ramp",
            rise_s=60.0,
            repair_h=1.0,
            shows=["cooling.valve_command", "cooling.valve_position", "cooling.supply_temp"],
        ),
        Fault(
            id="air_leak",
            asset="air",
            title="Leak in the compressed-air net",
            title_zh="压缩空气管网泄漏",
            description="Air is lost day and night: compressors load more often; plain on Sundays, when nobody works.",
            description_zh="昼夜漏气:空压机加载更频繁;周日无人生产时最明显。",
            curve="ramp",
            rise_s=60.0,
            repair_h=0.0,
            shows=["air.flow", "air.header_pressure", "comp1.power", "comp2.power"],
        ),
        Fault(
            id="mould_wear",
            asset="press2",
            title="Worn mould on press 2",
            title_zh="注塑机2 模具磨损",
            description="Melt escapes at the parting line: cavity peak falls, cushion shrinks, scrap rises.",
            description_zh="熔体从分型面溢出:模腔压力峰值下降,料垫变小,废品增多。",
            curve="growth",
            rise_s=180.0,
            repair_h=5.0,
            shows=["press2.cavity_peak", "press2.cushion", "press2.rejects"],
        ),
        Fault(
            id="furnace_drift",
            asset="furnace1",
            title="Drifting thermocouple in furnace zone 2",
            title_zh="淬火炉2区热电偶漂移",
            description="Zone 2 reads low, so its controller overheats: each zone looks right, the load is not.",
            description_zh="2区热电偶读数偏低,控制器因此过热:各区显示正常,工件温度却偏高。",
            curve="ramp",
            rise_s=300.0,
            repair_h=2.0,
            shows=["furnace1.load_temp", "furnace1.zone2_temp", "furnace1.zone2_output", "furnace1.zone1_output"],
        ),
        Fault(
            id="sensor_failure",
            asset="press3",
            title="Broken melt temperature sensor on press 3",
            title_zh="注塑机3 熔体温度传感器断线",
            description="The thermocouple breaks: the machine's server answers with a bad status and no value.",
            description_zh="热电偶断线:机床服务器返回坏质量码,没有数值。",
            curve="step",
            rise_s=0.0,
            repair_h=0.5,
            shows=["press3.melt_temp"],
        ),
        Fault(
            id="cable_pulled",
            asset="air",
            title="Network cable of the compressor controller pulled",
            title_zh="空压站控制器网线被拔",
            description="The controller stops answering: its points go stale, and say why.",
            description_zh="控制器不再应答:它的测点变为陈旧,并说明原因。",
            curve="step",
            rise_s=0.0,
            repair_h=0.0,
            shows=["air.header_pressure", "comp1.power"],
        ),
    )
}

# Where in the history each occurrence begins, how many days it lasts, and what part of it is growth.
# Fractions of the whole span, so that a history of two days has them all as well.
_PLANTED: tuple[tuple[str, float, float], ...] = (
    ("bearing_wear", 0.10, 0.150),
    ("sticking_valve", 0.13, 0.035),
    ("sensor_failure", 0.20, 0.006),
    ("air_leak", 0.22, 0.250),
    ("mould_wear", 0.28, 0.110),
    ("cable_pulled", 0.36, 0.0015),
    ("furnace_drift", 0.42, 0.130),
    ("sticking_valve", 0.52, 0.050),
    ("sensor_failure", 0.57, 0.010),
    ("bearing_wear", 0.62, 0.190),
    ("mould_wear", 0.66, 0.140),
    ("air_leak", 0.76, 0.110),
    ("cable_pulled", 0.81, 0.0025),
    ("furnace_drift", 0.84, 0.080),
    ("sensor_failure", 0.93, 0.008),
)


def first_scenario(seed: int, now_us: int, days: float = 30.0) -> Scenario:
    """Invent the plant's past: ``days`` of history ending at ``now_us``, with faults planted in it.

    The last tenth of the history is free of lasting faults: a newcomer sees a healthy plant first.
    """
    end = now_us // 10_000_000 * 10_000_000
    span = int(days * DAY_US)
    start = end - span
    jitter = uniform(key(seed, "planted"), np.arange(len(_PLANTED), dtype=np.int64))
    runs = []
    for (fault, where, share), luck in zip(_PLANTED, jitter.tolist(), strict=True):
        begins = start + int((where + 0.02 * (luck - 0.5)) * span) // 1_000_000 * 1_000_000
        lasts = int(share * span) // 1_000_000 * 1_000_000
        rise = {"growth": 0.95, "ramp": 0.35, "step": 0.0}[FAULTS[fault].curve] * lasts / 1e6
        runs.append(FaultRun(fault=fault, start_us=begins, end_us=begins + lasts, rise_s=rise, planted=True))
    return Scenario(seed=seed, epoch_us=start // DAY_US * DAY_US, history_start_us=start, history_end_us=end, runs=runs)


def severity(scenario: Scenario, fault: str, time_us: Ints) -> Floats:
    """How bad a fault is at each moment: 0 healthy, 1 fully grown; 0 again from the moment it ends."""
    out = np.zeros(len(time_us))
    for run in scenario.runs:
        if run.fault != fault or time_us[-1] < run.start_us or (run.end_us is not None and time_us[0] >= run.end_us):
            continue
        active = time_us >= run.start_us
        if run.end_us is not None:
            active &= time_us < run.end_us
        grown = np.clip((time_us - run.start_us) / (max(run.rise_s, 0.001) * 1e6), 0.0, 1.0)
        if FAULTS[fault].curve == "growth":
            grown = np.expm1(3.0 * grown) / np.expm1(3.0)
        np.maximum(out, np.where(active, grown, 0.0), out=out)
    return out


def active_fault(scenario: Scenario, fault: str) -> FaultRun | None:
    """Return the run whose switch is on, if any."""
    return next((run for run in scenario.runs if run.fault == fault and run.end_us is None), None)


def set_fault(scenario: Scenario, fault: str, active: bool, at_us: int) -> Scenario:
    """Throw a switch; throwing it twice the same way changes nothing. The caller saves what comes back."""
    if fault not in FAULTS:
        raise FixConfiguration("config.invalid", f"there is no fault {fault!r}; there are {sorted(FAULTS)}", place="id")
    open_run = active_fault(scenario, fault)
    if active == (open_run is not None):
        return scenario
    if open_run is None:
        begun = FaultRun(fault=fault, start_us=at_us, rise_s=FAULTS[fault].rise_s)
        return msgspec.structs.replace(scenario, runs=[*scenario.runs, begun])
    ended = msgspec.structs.replace(open_run, end_us=max(at_us, open_run.start_us + 1))
    return msgspec.structs.replace(scenario, runs=[ended if run is open_run else run for run in scenario.runs])


def save_scenario(path: Path, scenario: Scenario) -> None:
    """Write the file so that a reader sees the old or the new one, and a power cut leaves one of them."""
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(scenario), indent=1))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def load_scenario(path: Path) -> Scenario:
    """Read the file; config.invalid when it is not there or not one of ours."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Scenario)
    except (OSError, msgspec.MsgspecError) as error:
        raise FixConfiguration("config.invalid", f"the demo plant's file: {error}", place=str(path)) from error
