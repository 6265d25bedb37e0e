"""Vibration: what engineers read from a waveform. Pure functions over samples, for notebooks as for blocks.

The mean is taken off first everywhere: an accelerometer's direct component is its bias, not the machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Window = Literal["hann", "flattop", "rectangular"]
_COSINES: dict[str, tuple[float, ...]] = {
    "rectangular": (1.0,),
    "hann": (0.5, 0.5),
    # ISO 18431-2 flat top: a line between two bins is still read to 0.1 %
    "flattop": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
}


@dataclass(slots=True, frozen=True)
class Features:
    """``rms`` and ``peak`` in the unit of the samples; ``crest`` = peak / rms; ``kurtosis`` 3 for Gaussian noise.

    Crest factor and kurtosis are NaN for a waveform that does not move.
    """

    rms: float
    peak: float
    crest: float
    kurtosis: float


@dataclass(slots=True, frozen=True)
class Spectrum:
    """Amplitudes in the unit of the samples (peak: a sine of amplitude 2 reads 2), at ``step_hz`` times the index."""

    step_hz: float
    values: Floats

    @property
    def frequencies(self) -> Floats:
        made: Floats = np.arange(len(self.values), dtype=np.float64) * self.step_hz
        return made

    def at(self, frequency_hz: float, within_hz: float = 0.0) -> tuple[float, float]:
        """Return (frequency, amplitude) of the highest line within a distance of a frequency."""
        low = max(int(np.floor((frequency_hz - within_hz) / self.step_hz + 0.5)), 0)
        high = max(int(np.floor((frequency_hz + within_hz) / self.step_hz + 0.5)), low)
        best = low + int(np.argmax(self.values[low : high + 1]))
        return best * self.step_hz, float(self.values[best])


def features(samples: Any) -> Features:
    """Compute the four numbers most often trended; NaN samples make them NaN.

    >>> features([1, -1, 1, -1])
    Features(rms=1.0, peak=1.0, crest=1.0, kurtosis=1.0)
    """
    x = _centred(samples)
    power = float(np.mean(x**2))
    rms, peak = float(np.sqrt(power)), float(np.max(np.abs(x)))
    still = not power > 0
    return Features(rms, peak, np.nan if still else peak / rms, np.nan if still else float(np.mean(x**4)) / power**2)


def band_rms(samples: Any, rate_hz: float, bands: Sequence[tuple[float, float]]) -> list[float]:
    """Return the RMS of what lies in each band [low, high) of frequencies, in the unit of the samples.

    Exact by Parseval's theorem: bands that cut 0 to above half the rate into pieces add up, squared, to rms².
    """
    x = _centred(samples)
    n = len(x)
    power = np.abs(np.fft.rfft(x)) ** 2 * 2 / n**2
    if n % 2 == 0:
        power[-1] /= 2  # the line at half the rate has no twin
    frequencies = np.fft.rfftfreq(n, 1 / rate_hz)
    return [float(np.sqrt(power[(frequencies >= low) & (frequencies < high)].sum())) for low, high in bands]


def spectrum(samples: Any, rate_hz: float, *, window: Window = "hann", segment: int = 0) -> Spectrum:
    """Compute the amplitude spectrum, scaled so that a sine reads its amplitude.

    ``segment``: samples per piece; pieces overlap by half and their powers are averaged (Welch 1967), which calms
    noise and coarsens the resolution to rate / segment. 0: one piece, all samples.
    """
    x = _centred(samples)
    size = len(x) if segment <= 0 else min(segment, len(x))
    if size < 2:
        raise ValueError("a spectrum needs two samples")
    shape = _window(window, size)
    starts = range(0, len(x) - size + 1, max(size // 2, 1))
    power = sum(np.abs(np.fft.rfft(x[start : start + size] * shape)) ** 2 for start in starts) / len(starts)
    values = np.sqrt(power) * 2 / shape.sum()
    values[0] /= 2
    if size % 2 == 0:
        values[-1] /= 2
    return Spectrum(rate_hz / size, values)


def envelope(samples: Any, rate_hz: float, low_hz: float, high_hz: float) -> Floats:
    """Return the envelope of what lies in a band: the size of its analytic signal (Hilbert), as long as the samples.

    Impacts of a damaged bearing ring in a structure's resonance; its band, demodulated, shows how often they come.
    """
    x = _centred(samples)
    n = len(x)
    if not 0 <= low_hz < high_hz:
        raise ValueError(f"a band from {low_hz:g} to {high_hz:g} Hz is none")
    lines = np.fft.fft(x)
    frequencies = np.fft.fftfreq(n, 1 / rate_hz)
    kept = np.where((frequencies >= low_hz) & (frequencies <= high_hz), 2.0, 0.0)
    kept[0] /= 2
    made: Floats = np.abs(np.fft.ifft(lines * kept))
    return made


def envelope_spectrum(
    samples: Any,
    rate_hz: float,
    low_hz: float,
    high_hz: float,
    *,
    window: Window = "hann",
    segment: int = 0,
) -> Spectrum:
    """Compute the spectrum of the envelope of a band, where bearing faults show as lines at their frequencies."""
    return spectrum(envelope(samples, rate_hz, low_hz, high_hz), rate_hz, window=window, segment=segment)


def bearing_frequencies(
    shaft_hz: float, balls: int, ball_over_pitch: float, contact_rad: float = 0.0
) -> Mapping[str, float]:
    """Return where a bearing's faults show, in Hz: cage, outer race, inner race, rolling element.

    ``ball_over_pitch``: ball diameter over pitch diameter. Outer ring still, no slip: real ones lie 1–2 % off.

    >>> {k: round(v, 4) for k, v in bearing_frequencies(1.0, 9, 0.2032).items()}
    {'FTF': 0.3984, 'BPFO': 3.5856, 'BPFI': 5.4144, 'BSF': 2.359}
    """
    slide = ball_over_pitch * float(np.cos(contact_rad))
    return {
        "FTF": shaft_hz / 2 * (1 - slide),
        "BPFO": shaft_hz * balls / 2 * (1 - slide),
        "BPFI": shaft_hz * balls / 2 * (1 + slide),
        "BSF": shaft_hz / (2 * ball_over_pitch) * (1 - slide**2),
    }


def peak_hold(values: Any, most: int) -> tuple[np.ndarray[Any, np.dtype[np.int64]], Floats]:
    """Thin a spectrum for drawing: of each of ``most`` equal pieces the highest line. Returns (index, value)."""
    lines = np.asarray(values, np.float64)
    if most <= 0 or len(lines) <= most:
        return np.arange(len(lines)), lines
    edges = np.arange(most + 1) * len(lines) // most
    best = np.array([a + int(np.argmax(lines[a:b])) for a, b in pairwise(edges.tolist())])
    return best, lines[best]


def _centred(samples: Any) -> Floats:
    x = np.asarray(samples, np.float64)
    return x - x.mean() if len(x) else x


def _window(name: Window, size: int) -> Floats:
    turn = 2 * np.pi * np.arange(size) / size  # periodic: its own lines fall on the bins
    parts = [(-1) ** k * factor * np.cos(k * turn) for k, factor in enumerate(_COSINES[name])]
    made: Floats = np.sum(parts, axis=0)
    return made
