"""The accelerometer on pump 2: waveforms in which a worn bearing can be heard before it can be felt.

A shaft turning, its harmonics, the vanes passing, noise; and when the outer race wears, impacts at the frequency
with which rolling elements pass the damage, each ringing the housing's resonance. They show as lines in the envelope
spectrum of that resonance long before the RMS moves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from baigong.plant.faults import Scenario, severity
from baigong.plant.physics.noise import Floats, key
from baigong.vocab import quality as q
from baigong.vocab.burst import burst
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.frame import times_us
from baigong.vocab.ids import point_number

DEVICE = "pump2-accelerometer"
TOPIC = "pump2/acceleration"
RATE_HZ, COUNT = 25_600.0, 8192
SCALE = 0.02  # m/s2 a digit of the 16 that the sensor sends
PERIOD_S = 60.0
OUTER_RACE = 3.585  # impacts a turn: 9 balls, ball over pitch diameter 0.2032, outer ring still
RESONANCE_HZ = 5_200.0
_DECAY_S, _VANES, _NOISE = 0.0009, 6, 0.55
_EVERY_US = 6 * 3_600_000_000  # between recordings of the history
_LONGEST_WAIT_US = 120_000_000


def device() -> DeviceSpec:
    """Describe the sensor's way in: bare int16 samples over MQTT, read by a mapping."""
    point = PointSpec(
        name="pump2.acceleration",
        address=f"{TOPIC}#",
        kind="burst",
        unit="m/s2",
        title="Bearing acceleration",
        title_zh="轴承振动加速度波形",
    )
    mapping = f"- topic: {TOPIC}\n  format: int16\n  rate_hz: {RATE_HZ:g}\n  scale: {SCALE}\n"
    return DeviceSpec(
        device=DEVICE,
        driver="frontdoor",
        title="Accelerometer on pump 2 (MQTT, 25.6 kHz)",
        title_zh="2号泵加速度传感器(MQTT,25.6 kHz)",
        options={"mapping": mapping},
        points=[point],
        stale_after_s=5 * PERIOD_S,
    )


def waveform(scenario: Scenario, time_us: int, speed_rpm: float) -> Floats:
    """Compute a recording in m/s2; the same for the same moment, whoever asks."""
    of = int(key(scenario.seed, f"waveform/{time_us}"))
    rng = np.random.default_rng(of)
    t = np.arange(COUNT) / RATE_HZ
    if speed_rpm < 60:
        return rng.normal(0.0, 0.04, COUNT)
    worn = float(severity(scenario, "bearing_wear", np.array([time_us], np.int64))[0])
    shaft_hz = speed_rpm / 60.0
    made = rng.normal(0.0, _NOISE * (1 + worn), COUNT)
    for order, amplitude in ((1, 0.9), (2, 0.35), (3, 0.12), (_VANES, 0.5)):
        made += amplitude * np.sin(2 * np.pi * order * shaft_hz * t + rng.uniform(0, 2 * np.pi))
    return made + _impacts(t, shaft_hz * OUTER_RACE, 1.2 * np.sqrt(worn) + 45.0 * worn**1.5, rng)


def _impacts(t: Floats, hertz: float, amplitude: float, rng: Any) -> Floats:
    """Ring the resonance at every passage: 1 % of slip between them, and no two alike."""
    made: Floats = np.zeros(len(t))
    if amplitude <= 0:
        return made
    at = rng.uniform(0, 1 / hertz)
    while at < t[-1]:
        since = t[t >= at] - at
        hit = amplitude * rng.uniform(0.7, 1.3)
        made[len(t) - len(since) :] += hit * np.exp(-since / _DECAY_S) * np.sin(2 * np.pi * RESONANCE_HZ * since)
        at += rng.normal(1.0, 0.01) / hertz
    return made


def payload(samples: Floats) -> bytes:
    """Write what the sensor sends: int16, little endian, cut at its range."""
    return np.clip(np.round(samples / SCALE), -32768, 32767).astype("<i2").tobytes()


def history(scenario: Scenario, tenant: str, day: pa.RecordBatch, speed: int) -> pa.RecordBatch | None:
    """Return a day's recordings, one in six hours, at the speeds its frame shows; ``speed``: that point's number."""
    rows = np.flatnonzero(day.column("point").to_numpy() == speed)
    times = times_us(day)[rows]
    values = day.column("value").to_numpy(zero_copy_only=False)[rows]
    if not len(times):
        return None
    moments = np.arange(-(-int(times[0]) // _EVERY_US), int(times[-1]) // _EVERY_US + 1) * _EVERY_US
    nearest = np.minimum(np.searchsorted(times, moments), len(times) - 1)
    near = np.abs(times[nearest] - moments) < _LONGEST_WAIT_US
    found = [(int(m), float(values[i])) for m, i in zip(moments[near], nearest[near], strict=True)]
    if not found:
        return None
    number = point_number(tenant, DEVICE, f"{TOPIC}#")
    waves = [np.round(waveform(scenario, at, 0.0 if np.isnan(rpm) else rpm) / SCALE) * SCALE for at, rpm in found]
    n = len(found)
    return burst([number] * n, [at for at, _ in found], [RATE_HZ] * n, waves, q.SIMULATED)
