"""Values of a point over spans of time: what holds at a time, and areas and good seconds between two. Pure.

Bounds (OPC 10000-13 §3.1.7): *interpolated* ones use the nearest usable values before and after, *simple* ones the
nearest values of any quality. A stretch of time has the quality of the value at its beginning; before the first value
nothing is known, which is bad. Areas are differences of one running integral, so a span costs two searches, however
many values it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from baigong.api.opcua.datavalues import DOUBLE, Codes, Floats, Ints

INTERPOLATED = 0x0402  # history bits with info type DataValue, OPC 10000-4 §7.39
BAD_NO_DATA, SUB_NORMAL = 0x809B0000, 0x40A40000
_US = 1e6

Flags = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(slots=True, frozen=True)
class Rules:
    """AggregateConfiguration (OPC 10000-13 §4.2.1.2), with the defaults of this server."""

    uncertain_is_bad: bool = True
    percent_bad: int = 100
    percent_good: int = 100
    sloped_extrapolation: bool = False


@dataclass(slots=True, frozen=True)
class Spans:
    """Times in µs, ``begin`` before ``end``. The value at ``begin`` belongs to a span; ``back``: the one at ``end``."""

    begin: Ints
    end: Ints
    back: bool = False

    def __len__(self) -> int:
        return len(self.begin)

    @property
    def stamps(self) -> Ints:
        """The time of a span's aggregate: where it starts, as the client counts."""
        return self.end if self.back else self.begin

    def within(self, times: Ints) -> tuple[Ints, Ints]:
        """Return the first and the last but one place of each span's values among ``times``, ascending."""
        side: Any = "right" if self.back else "left"
        return np.searchsorted(times, self.begin, side), np.searchsorted(times, self.end, side)


@dataclass(slots=True, frozen=True)
class Answer:
    """One value a span: NaN where there is none. ``type``: built-in type, 0: that of the point."""

    values: Floats
    statuses: Codes
    times: Ints
    type: int = DOUBLE


class Raw:
    """Values of one point, times ascending, with some from before and after the spans. ``held``: they make steps."""

    def __init__(self, times: Ints, values: Floats, statuses: Codes, *, held: bool, rules: Rules) -> None:
        self.times, self.values, self.statuses, self.held, self.rules = times, values, statuses, held, rules
        severity = statuses >> 30
        self.uncertain = severity == 1
        self.good: Flags = (severity == 0) | (self.uncertain & (not rules.uncertain_is_bad))
        self.good &= ~np.isnan(values)

    def lasting(self, until: int) -> Raw:
        """Return the same with the last value once more at ``until``: it held so long, where that is later."""
        if not len(self.times) or self.times[-1] >= until:
            return self
        again = [np.append(column, column[-1]) for column in (self.times, self.values, self.statuses)]
        again[0][-1] = until
        return Raw(again[0], again[1], again[2], held=self.held, rules=self.rules)

    def usable(self) -> Raw:
        """Return what interpolated bounds look at: no bad values."""
        which = self.good
        return Raw(self.times[which], self.values[which], self.statuses[which], held=self.held, rules=self.rules)

    def at(self, when: Ints) -> tuple[Floats, Codes]:
        """Return the value at each time by simple bounds; by interpolated ones when this is ``usable()``."""
        count = len(self.times)
        if not count:
            return np.full(len(when), np.nan), np.full(len(when), BAD_NO_DATA, np.uint32)
        left = np.searchsorted(self.times, when, "right") - 1
        here, after = np.maximum(left, 0), np.minimum(left + 1, count - 1)
        exact = (left >= 0) & (self.times[here] == when)
        beyond = (left >= count - 1) & ~exact
        sloped = ~exact & ~beyond & self.good[here] & self.good[after] & (not self.held)
        made = np.where(sloped, self._slope(here, after, when), self.values[here])
        if self.rules.sloped_extrapolation and not self.held and count > 1 and self.good[-2:].all():
            made = np.where(beyond, self._slope(here - 1, here, when), made)
        sure = self.good[here] & ~self.uncertain[here] & ~beyond
        sure &= np.where(sloped, ~self.uncertain[after], True) & (sloped | self.held | exact)
        statuses = np.where(sure, 0, SUB_NORMAL).astype(np.uint32) | np.uint32(INTERPOLATED)
        statuses = np.where(exact, self.statuses[here], statuses)
        bad = ~exact & ~self.good[here]
        statuses = np.where(bad, self.statuses[here] & np.uint32(0xFFFF0000), statuses)
        none = left < 0
        made = np.where(none | bad, np.nan, made)
        return made, np.where(none, BAD_NO_DATA, statuses).astype(np.uint32)

    def _slope(self, a: Ints, b: Ints, when: Ints) -> Floats:
        step = np.maximum(self.times[b] - self.times[a], 1)
        made: Floats = self.values[a] + (self.values[b] - self.values[a]) * ((when - self.times[a]) / step)
        return made

    def running(self, when: Ints, weight: Callable[[Floats], Floats] | None = None) -> tuple[Floats, Floats]:
        """Return until each time (the integral of the value, the seconds for which it was good).

        ``weight``: of the value that holds, instead of the value; then nothing is sloped.
        """
        if len(self.times) < 2:
            return np.zeros(len(when)), np.zeros(len(when))
        count = len(self.times)
        seconds = np.diff(self.times) / _US
        good, sloped = self.good[:-1], (not self.held) and weight is None
        values = np.nan_to_num(self.values)
        heights = values if weight is None else weight(values)
        ends = np.where(self.good[1:] & sloped, heights[1:], heights[:-1])
        area = np.where(good, (heights[:-1] + ends) / 2 * seconds, 0.0)
        areas, goods = np.append(0.0, np.cumsum(area)), np.append(0.0, np.cumsum(np.where(good, seconds, 0.0)))
        place = np.clip(np.searchsorted(self.times, when, "right") - 1, 0, count - 2)
        into = np.clip((when - self.times[place]) / _US, 0.0, seconds[place])
        share = np.divide(into, seconds[place], out=np.zeros(len(when)), where=seconds[place] > 0)
        reached = heights[place] + (ends[place] - heights[place]) * share
        alive = good[place]
        return (
            areas[place] + np.where(alive, (heights[place] + reached) / 2 * into, 0.0),
            goods[place] + np.where(alive, into, 0.0),
        )
