"""Turns signal addresses and times into columns: every shape is a pure function of time.

``sine?period=60&amplitude=10&offset=50``: a shape, then its parameters, all of them optional. Two computers
that ask for one time get one value, which is what lets this driver "remember" its past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pyarrow as pa

from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.frame import frame

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

EPOCH_US = 1_735_689_600_000_000  # 2025-01-01T00:00:00Z, when every counter stood at its start
_EXACT = 1 << 53
_FAR = 2.0**62  # a float beyond it has no int64
_PERIODIC: dict[str, float | int | str] = {"period": 60.0, "phase": 0.0}
SHAPES: dict[str, dict[str, float | int | str]] = {
    "sine": _PERIODIC | {"amplitude": 1.0, "offset": 0.0},
    "ramp": _PERIODIC | {"low": 0.0, "high": 1.0},
    "square": _PERIODIC | {"low": 0.0, "high": 1.0, "duty": 0.5},
    "random": {"seed": 0, "period": 1.0, "low": 0.0, "high": 1.0},
    "counter": {"rate": 1.0, "start": 0, "rollover": 0},
    "state": {"period": 60.0, "phase": 0.0, "count": 3},
    "text": {"period": 60.0, "phase": 0.0, "words": "idle|run|alarm"},
    "constant": {"value": 0.0},
}


@dataclass(slots=True, frozen=True)
class Signal:
    """A parsed address: the shape and all of its parameters."""

    shape: str
    parameters: dict[str, float | int | str]


def parse(address: str) -> Signal:
    """Read an address; driver.address names what is wrong with it.

    >>> parse("sine?period=10").parameters["period"]
    10.0
    """
    shape, _, query = address.strip().partition("?")
    known = SHAPES.get(shape)
    if known is None:
        raise FixConfiguration("driver.address", f"there is no shape {shape!r}; there are {sorted(SHAPES)}")
    given = dict(parse_qsl(query, keep_blank_values=True))
    parameters = dict(known)
    for name, text in given.items():
        if name not in known:
            raise FixConfiguration("driver.address", f"{shape} has no parameter {name!r}; it knows {sorted(known)}")
        parameters[name] = _parameter(name, text, known[name])
    if float(parameters.get("period", 1.0)) < 1e-6:
        raise FixConfiguration("driver.address", f"{address!r}: a period is at least a microsecond")
    if int(parameters.get("count", 1)) < 1 or not parameters.get("words", "-"):
        raise FixConfiguration("driver.address", f"{address!r}: at least one state is needed")
    return Signal(shape, parameters)


def check(address: str, options: dict[str, Any]) -> None:
    """Raise driver.address for an address that is no signal."""
    parse(address)


def _parameter(name: str, text: str, default: float | int | str) -> float | int | str:
    if isinstance(default, str):
        return text
    try:
        number = int(text) if isinstance(default, int) else float(text)
    except ValueError as error:
        raise FixConfiguration("driver.address", f"{name}={text!r} is not a number") from error
    if not np.isfinite(number) or abs(number) >= 1 << 63:
        raise FixConfiguration("driver.address", f"{name}={text!r} is out of range")
    return number


@dataclass(slots=True)
class _Group:
    """All wanted points of one shape: rows in the plan and parameters as columns of shape (n, 1)."""

    rows: list[int] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    columns: dict[str, Any] = field(default_factory=dict)

    def seal(self) -> None:
        for name, default in SHAPES[self.signals[0].shape].items():
            held = [s.parameters[name] for s in self.signals]
            if isinstance(default, str):
                self.columns[name] = [str(h).split("|") for h in held]
            else:
                kind = np.int64 if isinstance(default, int) else np.float64
                self.columns[name] = np.array(held, kind).reshape(-1, 1)


class Plan:
    """A point set, compiled once: ``at(times)`` then costs a few numpy calls per shape.

    Points with a wrong address become rows of bad quality.
    """

    def __init__(self, numbers: Sequence[int], addresses: Sequence[str]) -> None:
        self.numbers = np.array(numbers, np.int64)
        self.quality = np.zeros(len(numbers), np.int32)
        self.groups: dict[str, _Group] = {}
        for row, address in enumerate(addresses):
            try:
                signal = parse(address)
            except FixConfiguration:
                known = address.strip().partition("?")[0] in SHAPES
                self.quality[row] = q.BAD_CONFIGURATION if known else q.BAD_NODE_ID_UNKNOWN
                continue
            group = self.groups.setdefault(signal.shape, _Group())
            group.rows.append(row)
            group.signals.append(signal)
        for group in self.groups.values():
            group.seal()

    def at(self, times_us: Ints) -> pa.RecordBatch:
        """Compute every point at every time: rows ordered by point, then time."""
        n, m = len(self.numbers), len(times_us)
        values = np.full((n, m), np.nan)
        wholes: Ints | None = None
        texts: list[str | None] | None = None
        for shape, group in self.groups.items():
            if shape == "text":
                texts = texts or [None] * (n * m)
                _words(group, times_us, texts)
            elif shape == "counter":
                counts = _counts(group.columns, times_us)
                big = np.abs(counts) > _EXACT
                values[group.rows] = np.where(big, np.nan, counts)
                if big.any():
                    wholes = np.zeros((n, m), np.int64) if wholes is None else wholes
                    wholes[group.rows] = np.where(big, counts, 0)
            else:
                with np.errstate(all="ignore"):  # an amplitude of 1e308 is the user's wish; frame() marks the Inf
                    values[group.rows] = _SHAPE[shape](group.columns, times_us)
        whole = None if wholes is None else pa.array(wholes.ravel(), mask=wholes.ravel() == 0)
        return frame(
            np.repeat(self.numbers, m),
            np.tile(times_us, n),
            values.ravel(),
            np.repeat(self.quality, m),
            whole=whole,
            text=texts,
        )


def _turn(columns: dict[str, Any], times_us: Ints) -> Floats:
    """How far through its period each signal is, 0 ≤ turn < 1, exact to a microsecond centuries from now."""
    period_us = np.maximum(np.rint(columns["period"] * 1e6).astype(np.int64), 1)
    turn: Floats = (np.mod(times_us, period_us) / period_us + columns.get("phase", 0.0)) % 1.0
    return turn


def _step(columns: dict[str, Any], times_us: Ints) -> Ints:
    """How many periods have passed since 1970."""
    period_us = np.maximum(np.rint(columns["period"] * 1e6).astype(np.int64), 1)
    shift = np.rint(columns.get("phase", 0.0) * period_us).astype(np.int64)
    passed: Ints = (times_us + shift) // period_us
    return passed


def _sine(columns: dict[str, Any], times_us: Ints) -> Floats:
    wave: Floats = columns["offset"] + columns["amplitude"] * np.sin(2 * np.pi * _turn(columns, times_us))
    return wave


def _ramp(columns: dict[str, Any], times_us: Ints) -> Floats:
    wave: Floats = columns["low"] + (columns["high"] - columns["low"]) * _turn(columns, times_us)
    return wave


def _square(columns: dict[str, Any], times_us: Ints) -> Floats:
    wave: Floats = np.where(_turn(columns, times_us) < columns["duty"], columns["high"], columns["low"])
    return wave


def _random(columns: dict[str, Any], times_us: Ints) -> Floats:
    # splitmix64 (Steele, Lea, Flood, OOPSLA 2014) of (seed, step): any step is reached without the ones before it.
    mixed = _step(columns, times_us).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = mixed ^ (columns["seed"].astype(np.uint64) * np.uint64(0xD1B54A32D192ED03))
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    unit = (mixed >> np.uint64(11)) * 2.0**-53
    drawn: Floats = columns["low"] + (columns["high"] - columns["low"]) * unit
    return drawn


def _state(columns: dict[str, Any], times_us: Ints) -> Floats:
    number: Floats = np.mod(_step(columns, times_us), columns["count"]).astype(np.float64)
    return number


def _constant(columns: dict[str, Any], times_us: Ints) -> Floats:
    held: Floats = np.broadcast_to(columns["value"], (len(columns["value"]), len(times_us)))
    return held


def _counts(columns: dict[str, Any], times_us: Ints) -> Ints:
    passed = np.floor(columns["rate"] * ((times_us - EPOCH_US) / 1e6))
    run: Ints = columns["start"] + np.clip(passed, -_FAR, _FAR).astype(np.int64)
    rollover = columns["rollover"]
    rolled: Ints = np.where(rollover > 0, np.mod(run, np.maximum(rollover, 1)), run)
    return rolled


def _words(group: _Group, times_us: Ints, texts: list[str | None]) -> None:
    steps = _step(group.columns, times_us)
    m = len(times_us)
    for i, (row, words) in enumerate(zip(group.rows, group.columns["words"], strict=True)):
        texts[row * m : (row + 1) * m] = [words[k] for k in np.mod(steps[i], len(words))]


_SHAPE = {
    "sine": _sine,
    "ramp": _ramp,
    "square": _square,
    "random": _random,
    "state": _state,
    "constant": _constant,
}
