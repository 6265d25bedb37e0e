"""What is read from waveforms, against what is known of them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baigong.methods.describe import vibration as v

RATE = 25_600.0


def sine(frequency, amplitude, count=8192, rate=RATE, offset=0.0, phase=0.3):
    return offset + amplitude * np.sin(2 * np.pi * frequency * np.arange(count) / rate + phase)


@pytest.mark.parametrize("window", ["hann", "flattop", "rectangular"])
@pytest.mark.parametrize(("count", "segment"), [(8192, 0), (8191, 0), (16_384, 2048)])
def test_a_sine_on_a_line_reads_its_amplitude_to_a_millionth(window, count, segment):
    step = RATE / (segment or count)
    found = v.spectrum(sine(100 * step, 2.5, count, offset=7.0), RATE, window=window, segment=segment)
    assert found.step_hz == pytest.approx(step, rel=1e-12)
    assert found.values[100] == pytest.approx(2.5, rel=1e-6)
    assert found.at(100 * step, 3 * step) == (pytest.approx(100 * step), pytest.approx(2.5, rel=1e-6))
    assert found.values[:90].max() < 1e-6 and found.values[110:].max() < 1e-6


def test_a_flat_top_reads_a_sine_between_two_lines_to_a_tenth_of_a_percent_and_hann_does_not():
    between = sine(100.5 * RATE / 8192, 1.0)
    assert v.spectrum(between, RATE, window="flattop").values.max() == pytest.approx(1.0, rel=1.2e-3)
    assert v.spectrum(between, RATE).values.max() == pytest.approx(0.849, abs=2e-3)  # the known scalloping loss


def test_features_of_known_waveforms():
    found = v.features(sine(100 * RATE / 8192, 3.0, offset=-4.0))
    assert found.rms == pytest.approx(3 / np.sqrt(2), rel=1e-9)
    assert found.crest == pytest.approx(np.sqrt(2), rel=1e-5)
    assert found.kurtosis == pytest.approx(1.5, rel=1e-9)
    noise = v.features(np.random.default_rng(1).normal(size=1_000_000))
    assert noise.kurtosis == pytest.approx(3.0, abs=0.03)
    still = v.features(np.full(100, 5.0))
    assert (still.rms, still.peak) == (0.0, 0.0) and np.isnan(still.crest) and np.isnan(still.kurtosis)


@given(st.integers(2, 3000), st.integers(0, 2**32 - 1))
def test_bands_that_cover_everything_add_up_to_the_whole(count, seed):
    rng = np.random.default_rng(seed)
    samples = rng.normal(size=count)
    edges = [0.0, *np.sort(rng.uniform(0, RATE / 2, 3)), RATE]
    parts = v.band_rms(samples, RATE, list(pairwise(edges)))
    assert np.sum(np.square(parts)) == pytest.approx(v.features(samples).rms ** 2, rel=1e-9, abs=1e-15)


def test_the_envelope_of_a_modulated_carrier_is_its_modulation():
    slow = 1 + 0.4 * np.cos(2 * np.pi * 50 * np.arange(8192) / 8192)
    carried = slow * sine(2000 * RATE / 8192, 1.0) + sine(100 * RATE / 8192, 5.0)
    made = v.envelope(carried, RATE, 5000, 7500)
    assert np.abs(made - slow).max() < 1e-9
    lines = v.envelope_spectrum(carried, RATE, 5000, 7500, window="rectangular")
    assert lines.values[50] == pytest.approx(0.4, rel=1e-6)
    assert np.delete(lines.values, 50).max() < 1e-9


def test_bearing_frequencies_are_those_of_the_tables():
    """6205-2RS JEM SKF: the multiples of the shaft's speed that the Case Western bearing data centre gives."""
    found = v.bearing_frequencies(1.0, 9, 0.3126 / 1.537)
    assert found["BPFO"] == pytest.approx(3.5848, abs=2e-3)
    assert found["BPFI"] == pytest.approx(5.4152, abs=2e-3)
    assert found["FTF"] == pytest.approx(0.39828, abs=2e-4)
    assert found["BSF"] == pytest.approx(2.357, abs=2e-3)


def test_peak_hold_keeps_every_high_line():
    values = np.zeros(10_000)
    values[[17, 5000, 9999]] = [3, 2, 1]
    index, held = v.peak_hold(values, 500)
    assert len(index) == 500 and held.sum() == 6 and {17, 5000, 9999} <= set(index.tolist())


@pytest.mark.parametrize("call", [lambda: v.spectrum([1.0], RATE), lambda: v.envelope([1.0, 2.0], RATE, 9, 3)])
def test_what_cannot_be_computed_is_refused(call):
    with pytest.raises(ValueError, match=r"needs|is none"):
        call()
