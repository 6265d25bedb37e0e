"""The accelerometer on pump 2: the bearing's wear shows in the envelope spectrum, early and where it should."""

from __future__ import annotations

import time

import numpy as np
import pytest

from baigong.methods.describe import vibration
from baigong.plant import waves
from baigong.plant.faults import FaultRun, Scenario
from baigong.plant.history import frames
from baigong.plant.points import numbers
from baigong.vocab import quality as q
from baigong.vocab.burst import recordings

DAY = 86_400_000_000
T0 = 1_763_596_800_000_000
RPM = 2700.0
FAULT_HZ = RPM / 60 * waves.OUTER_RACE


def scenario(days: int = 2) -> Scenario:
    run = FaultRun(fault="bearing_wear", start_us=T0 + DAY // 2, end_us=T0 + 2 * DAY, rise_s=86_400.0, planted=True)
    return Scenario(seed=3, epoch_us=T0, history_start_us=T0, history_end_us=T0 + days * DAY, runs=[run])


def line_and_floor(samples: np.ndarray) -> tuple[float, float]:
    found = vibration.envelope_spectrum(samples, waves.RATE_HZ, 3500, 7000)
    near = found.values[int(20 / found.step_hz) : int(500 / found.step_hz)]
    return found.at(FAULT_HZ, 0.02 * FAULT_HZ)[1], float(np.median(near))


def test_the_line_grows_with_the_wear_and_before_the_rms_does():
    made = scenario()
    healthy, early, late = (waves.waveform(made, T0 + int(d * DAY), RPM) for d in (0.2, 1.0, 1.5))
    assert line_and_floor(healthy)[0] < 5 * line_and_floor(healthy)[1]
    assert line_and_floor(early)[0] > 8 * line_and_floor(early)[1]
    assert line_and_floor(late)[0] > 3 * line_and_floor(early)[0]
    rms = [vibration.features(one).rms for one in (healthy, early, late)]
    assert rms[1] < 1.5 * rms[0] and rms[2] > 3 * rms[0]
    assert vibration.features(waves.waveform(made, T0, 0.0)).rms < 0.1, "it stands"


def test_the_wire_carries_the_samples_to_half_a_digit():
    samples = waves.waveform(scenario(), T0 + DAY + DAY // 2, RPM)
    back = np.frombuffer(waves.payload(samples), "<i2") * waves.SCALE
    assert np.abs(back - samples).max() <= waves.SCALE / 2 + 1e-9


def test_the_history_holds_a_recording_in_six_hours_and_costs_little():
    made = scenario()
    speed = numbers("demo")["pump2.speed"]
    days = list(frames(made, "demo"))
    began = time.process_time()
    batches = [waves.history(made, "demo", day, speed) for day in days]
    spent = time.process_time() - began
    rows = [one for batch in batches for one in recordings(batch)]
    assert [one.time_us for one in rows] == [T0 + i * DAY // 4 for i in range(8)]
    assert {len(one.samples) for one in rows} == {waves.COUNT} and {one.quality for one in rows} == {q.SIMULATED}
    spec = waves.device()
    assert {one.point for one in rows} == {waves.point_number("demo", spec.device, spec.points[0].address)}
    assert spent < 0.1 * len(rows), "thirty days must not hold up the first start"
    again = waves.history(made, "demo", days[0], speed)
    assert next(recordings(again)).samples.tobytes() == rows[0].samples.tobytes()
    assert rows[0].samples[5] == pytest.approx(round(rows[0].samples[5] / waves.SCALE) * waves.SCALE, abs=1e-5)
