"""Linear filters on a regular grid, without a loop over samples and without scipy."""

from __future__ import annotations

import numpy as np

from baigong.plant.physics.noise import Floats


def first_order(drive: Floats, step_s: float, tau_s: float, start: float) -> Floats:
    """Solve tau·y' = drive − y for a drive held constant over each step; y[0] = start.

    The grid is folded into about sqrt(n) columns that are filtered side by side, then each column gets
    what the one before it left over: y = y(from zero) + decay·y(start). Cost O(n), about sqrt(n) numpy calls.
    """
    n = len(drive)
    decay = float(np.exp(-step_s / tau_s))
    width = max(1, int(np.sqrt(n)))
    rows = -(-n // width)
    padded = np.zeros(rows * width)
    padded[:n] = drive * (1.0 - decay)
    blocks = padded.reshape(rows, width)
    out = np.empty((rows, width))
    running = np.zeros(rows)
    for i in range(width):
        out[:, i] = running  # the value at a step is what the drive before it made
        running = running * decay + blocks[:, i]
    powers = decay ** np.arange(width)
    carry = start
    over = decay**width
    for row in range(rows):
        out[row] += carry * powers
        carry = carry * over + running[row]
    return out.reshape(-1)[:n]


def running_total(rate: Floats, step_s: float, start: float) -> Floats:
    """Integrate a rate held constant over each step; out[0] = start."""
    out = np.empty(len(rate))
    out[0] = start
    np.cumsum(rate[:-1] * step_s, out=out[1:])
    out[1:] += start
    return out
