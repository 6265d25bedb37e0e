"""Randomness without memory: the same seed, name and moment give the same number, in any order, on any machine.

A generator with a state could not be asked for 03:10 last night without being run through the night.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np

Ints = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
_TICK_US = 100_000  # white noise changes ten times a second


def key(seed: int, name: str) -> np.uint64:
    """Turn a seed and a name into 64 bits that share nothing with those of any other name."""
    return np.uint64(int.from_bytes(blake2b(f"{seed}/{name}".encode(), digest_size=8).digest(), "little"))


def bits(of: np.uint64, index: Ints) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """64 random bits for each index (splitmix64; Steele, Lea, Flood, OOPSLA 2014)."""
    with np.errstate(over="ignore"):
        z = index.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + of
        z ^= z >> np.uint64(30)
        z *= np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(27)
        z *= np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return z


def uniform(of: np.uint64, index: Ints) -> Floats:
    """Numbers in [0, 1), one for each index."""
    return (bits(of, index) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def white(seed: int, name: str, time_us: Ints, sigma: float) -> Floats:
    """Near-normal noise, independent from one tenth of a second to the next.

    The sum of four 16-bit pieces of one hash has standard deviation sqrt(4/12) of its range: no tails
    beyond ±3.5 sigma, which a sensor's electronics cut as well.
    """
    pieces = bits(key(seed, name), time_us // _TICK_US).view(np.uint16).reshape(-1, 4)
    total = pieces[:, 0].astype(np.float64) + pieces[:, 1] + pieces[:, 2] + pieces[:, 3]
    return (total - 2.0 * 65535.0) * (sigma / (65536.0 * 0.5773502691896258))


def drift(seed: int, name: str, time_us: Ints, amplitude: float, period_s: float) -> Floats:
    """Smooth wandering within ±amplitude: random values every ``period_s``, joined by cosine arcs."""
    of = key(seed, name)
    lattice = time_us / (period_s * 1e6)
    left = np.floor(lattice)
    whole = left.astype(np.int64)
    blend = 0.5 - 0.5 * np.cos(np.pi * (lattice - left))
    if len(whole) > 64 and whole[-1] - whole[0] < len(whole):
        # A day holds few lattice points: hash each once, then look up.
        corners = uniform(of, np.arange(whole[0], whole[-1] + 2, dtype=np.int64))
        a, b = corners[whole - whole[0]], corners[whole - whole[0] + 1]
    else:
        a, b = uniform(of, whole), uniform(of, whole + 1)
    result: Floats = amplitude * (2.0 * (a + (b - a) * blend) - 1.0)
    return result
