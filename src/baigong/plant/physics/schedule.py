"""What each machine was told to do: orders, set-ups, stops, rest; walked once, then looked up by time.

Local time is that of Ningbo, UTC+8 without summer time. The plant rests from Sunday 08:00 to Monday 08:00.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from baigong.plant.physics.noise import Floats, Ints, key

Flags = np.ndarray[Any, np.dtype[np.bool_]]
OFF, RUN, SETUP, STOP, REPAIR = 0, 1, 2, 3, 4
STATE_WORDS = {
    "0": ("off", "停机"),
    "1": ("running", "运行"),
    "2": ("setup", "换模调机"),
    "3": ("stopped", "故障停机"),
    "4": ("maintenance", "维修"),
}
LOCAL_US = 8 * 3_600_000_000
_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US
_WEEK_US = 7 * _DAY_US
_REST_FROM_US = 6 * _DAY_US + 8 * _HOUR_US  # Sunday 08:00 in a week that begins on Monday 00:00
_REST_US = _DAY_US


class Reason(NamedTuple):
    """Why a machine stood still."""

    code: str
    zh: str
    en: str
    minutes: float  # mean


REASONS = (
    Reason("MAT", "缺料", "waiting for material", 12.0),
    Reason("QC", "质量调整", "quality adjustment", 9.0),
    Reason("MECH", "设备故障", "machine fault", 25.0),
    Reason("PEOPLE", "等人", "waiting for an operator", 7.0),
    Reason("ROBOT", "取件机械手报警", "robot alarm", 6.0),
)


@dataclass(slots=True, frozen=True)
class Product:
    """What a press moulds or a machining centre cuts; ``cycle_s`` for one shot or one mould half."""

    name: str
    tool: str  # mould or program
    cycle_s: float
    cavity_bar: float = 0.0
    cushion_mm: float = 0.0
    scrap: float = 0.0
    quantity: tuple[int, int] = (1, 1)


@dataclass(slots=True)
class Job:
    """An order on one machine; ``end_us`` is known as soon as the walk has passed it."""

    number: str
    product: Product
    quantity: int
    start_us: int
    end_us: int | None = None
    customer: str = ""


@dataclass(slots=True)
class Plan:
    """The walk of one machine. ``until`` walks on; the same seed walks the same way however often it is asked."""

    machine: str
    products: tuple[Product, ...]
    rng: np.random.Generator
    at_us: int
    repairs: tuple[tuple[int, int], ...] = ()  # (start, end), known from the beginning
    mean_hours_between_stops: float = 6.0
    prefix: str = "MO"
    starts: list[int] = field(default_factory=list)
    states: list[int] = field(default_factory=list)
    reasons: list[int] = field(default_factory=list)
    job_of: list[int] = field(default_factory=list)
    cycles_before: list[int] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    cycles: int = 0
    _left: int = 0
    _arrays: tuple[Ints, ...] = ()

    def until(self, time_us: int) -> None:
        if self.at_us > time_us:
            return
        while self.at_us <= time_us:
            self._step()
        self._arrays = ()

    def _step(self) -> None:
        now = self.at_us
        in_week = (now + LOCAL_US + 3 * _DAY_US) % _WEEK_US  # 1970-01-01 was a Thursday
        repair = next((r for r in self.repairs if r[0] <= now < r[1]), None)
        if repair:
            self._add(REPAIR, repair[1])
        elif _REST_FROM_US <= in_week < _REST_FROM_US + _REST_US or in_week < _REST_FROM_US + _REST_US - _WEEK_US:
            self._add(OFF, now + self._rest_left(in_week))
        elif self._left <= 0:
            self._next_job(now)
        else:
            self._run(now, in_week)

    @staticmethod
    def _rest_left(in_week: int) -> int:
        begun = in_week - _REST_FROM_US
        return _REST_US - (begun if begun >= 0 else begun + _WEEK_US)

    def _next_job(self, now: int) -> None:
        if self.jobs:
            self.jobs[-1].end_us = now
        product = self.products[int(self.rng.integers(len(self.products)))]
        low, high = product.quantity
        quantity = int(self.rng.integers(low, high + 1))
        minutes = float(self.rng.uniform(25, 55))
        number = f"{self.prefix}-{len(self.jobs) + 1:04d}"
        customer = ("甬江电器", "北仑汽配", "象山灯具", "余姚塑业")[int(self.rng.integers(4))]
        self.jobs.append(Job(number, product, quantity, now, customer=customer))
        self._left = quantity
        self._add(SETUP, now + int(minutes * 60) * 1_000_000)

    def _run(self, now: int, in_week: int) -> None:
        cycle_us = round(self.jobs[-1].product.cycle_s * 1e6)
        until_rest = (_REST_FROM_US - in_week) % _WEEK_US
        until_stop = int(self.rng.exponential(self.mean_hours_between_stops) * _HOUR_US)
        until_repair = min((r[0] - now for r in self.repairs if r[0] >= now), default=_WEEK_US)
        limit = min(until_rest, until_stop, until_repair)
        shots = min(self._left, limit // cycle_us)
        if shots > 0:
            self._add(RUN, now + shots * cycle_us)
            self.cycles += shots
            self._left -= shots
        if self._left <= 0:
            return
        if limit == until_stop:
            reason = int(self.rng.integers(len(REASONS)))
            minutes = float(self.rng.gamma(2.0, REASONS[reason].minutes / 2.0)) + 1.0
            self._add(STOP, self.at_us + int(minutes * 60) * 1_000_000, reason)
        else:
            self._add(OFF if limit == until_rest else REPAIR, now + limit)

    def _add(self, state: int, end_us: int, reason: int = -1) -> None:
        if end_us <= self.at_us:
            return
        self.starts.append(self.at_us)
        self.states.append(state)
        self.reasons.append(reason)
        self.job_of.append(len(self.jobs) - 1)
        self.cycles_before.append(self.cycles)
        self.at_us = end_us

    def look(self, time_us: Ints) -> Look:
        """Find where the machine is in its plan at each moment; ascending times, not before the epoch."""
        self.until(int(time_us[-1]))
        if not self._arrays:
            lists = (self.starts, self.states, self.job_of, self.cycles_before)
            cycle = [j.product.cycle_s for j in self.jobs] or [1.0]
            cycles = [round(cycle[max(j, 0)] * 1e6) for j in self.job_of]
            self._arrays = tuple(np.array(one, np.int64) for one in (*lists, cycles))
        starts, states, jobs, before, cycle_us = self._arrays
        at = np.searchsorted(starts, time_us, "right") - 1
        state = states[at]
        inside = time_us - starts[at]
        running = state == RUN
        done = np.where(running, inside // cycle_us[at], 0)
        phase = np.where(running, (inside % cycle_us[at]) / cycle_us[at], 0.0)
        return Look(at, state, np.maximum(jobs[at], 0), before[at] + done, phase, cycle_us[at] / 1e6, inside / 1e6)


@dataclass(slots=True, frozen=True)
class Look:
    """Columns over time: index of the segment, its state, the job, cycles ever made, phase in the cycle 0–1."""

    segment: Ints
    state: Ints
    job: Ints
    cycles: Ints
    phase: Floats
    cycle_s: Floats
    inside_s: Floats

    @property
    def running(self) -> Flags:
        flags: Flags = self.state == RUN
        return flags


def make_plan(
    seed: int,
    machine: str,
    products: tuple[Product, ...],
    epoch_us: int,
    repairs: tuple[tuple[int, int], ...] = (),
    prefix: str = "MO",
    mean_hours_between_stops: float = 6.0,
) -> Plan:
    rng = np.random.Generator(np.random.PCG64(int(key(seed, f"plan/{machine}"))))
    return Plan(machine, products, rng, epoch_us, tuple(sorted(repairs)), mean_hours_between_stops, prefix)


def resting(time_us: Ints) -> Flags:
    """Tell the plant's weekly rest."""
    in_week = (time_us + LOCAL_US + 3 * _DAY_US) % _WEEK_US
    since: Ints = (in_week - _REST_FROM_US) % _WEEK_US
    answer: Flags = since < _REST_US
    return answer
