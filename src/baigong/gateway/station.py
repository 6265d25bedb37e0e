"""What belongs to one device for as long as it is configured: its points, what was heard, what was lost."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.drivers.contract import Found
from baigong.drivers.manifest import Manifest, manifest
from baigong.gateway.bounded import Abandoned
from baigong.gateway.buffer import Publisher
from baigong.gateway.bursts import finished, heard_of
from baigong.gateway.clock import Clock
from baigong.gateway.memory import LastHeard
from baigong.gateway.networks import OpenWays, Way, Ways
from baigong.gateway.outbox import Outbox
from baigong.gateway.points import Ints, PointTable
from baigong.gateway.transform import Skew, Transform, Transformed, Window
from baigong.gateway.turnstile import Turnstile
from baigong.vocab import quality as q
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import BaigongError
from baigong.vocab.frame import frame, times_us
from baigong.vocab.recordwire import Part

_LAG_US = 3_600_000_000  # a time further behind is that of an old value, not of a clock behind
_SKEW_TOLD_S = 60.0  # a wrong clock is told of again after so long, or when it is wrong by a second more


@dataclass(slots=True, frozen=True)
class Surroundings:
    """What all devices of a gateway share. ``ways``: who may connect where, and with which files."""

    gateway: str
    publisher: Publisher
    outbox: Outbox
    clock: Clock
    rng: random.Random
    abandoned: Abandoned
    turnstile: Turnstile
    window: Window = field(default_factory=Window)
    ways: Ways | OpenWays = field(default_factory=OpenWays)
    found: Callable[[str, str, list[Found]], None] | None = None  # (tenant, device, points that nobody configured)
    tell_records: Callable[[str, str, Part, pa.Table], Awaitable[None]] | None = None  # of (tenant, device)
    kept: Path | None = None  # where drivers keep how far they were


@dataclass(slots=True)
class Hole:
    """A time without the device, from ``from_us`` until now.

    ``said_us``: where it begins by the source's own clock, which is the one that its memory is asked in.
    ``marks``: (numbers, times) of what we wrote into it ourselves. ``filled``: numbers of which the device's memory
    knew something; the marks of these are taken back.
    """

    from_us: int
    said_us: int
    marks: list[tuple[Ints, Ints]] = field(default_factory=list)
    filled: set[int] = field(default_factory=set)


class Station:
    """One device's way from raw frames to stored values. Not a connection: connections come and go."""

    def __init__(self, tenant: str, spec: DeviceSpec, around: Surroundings, heard: LastHeard) -> None:
        self.tenant = tenant
        self.spec = spec
        self.around = around
        self.heard = heard
        self.table = PointTable(tenant, spec)
        self.transform = Transform(self.table, around.window.for_device(spec))
        self.manifest: Manifest = manifest(spec.driver)
        self.hole: Hole | None = self._hole() if heard.heard_us else None
        self.values_in = 0
        self.counters: Counter[str] = Counter()
        self.last_error: BaigongError | None = None
        self.last_error_us = 0
        self.skew: Skew | None = None
        self._skew_told = (-np.inf, 0.0)
        self.way = Way()  # of the present connection

    @property
    def subject(self) -> str:
        return f"device:{self.spec.device}"

    def tell(self, kind: str, **detail: Any) -> None:
        self.around.outbox.tell(self.tenant, kind, self.subject, device=self.spec.device, **detail)

    def note(self, error: BaigongError) -> None:
        """Remember an error for ``why`` and the device page."""
        self.last_error, self.last_error_us = error, self.around.clock.now_us()
        self.counters[f"error.{error.code}"] += 1

    def _hole(self) -> Hole:
        """A hole from where we last heard of the device; its clock may be ahead of ours, or behind."""
        from_us = self.heard.heard_us or self.around.clock.now_us()
        ahead_us = int(self.transform.window.future_s * 1e6)
        said_us = self.heard.said_us or from_us
        return Hole(from_us, min(max(said_us, from_us - _LAG_US), from_us + ahead_us))

    def _remember(self, batch: pa.RecordBatch, now_us: int) -> None:
        """Keep the newest time that the source itself told, unless it cannot be the time of its clock."""
        said = times_us(batch)
        sane = said[(said > now_us - _LAG_US) & (said <= now_us + int(self.transform.window.future_s * 1e6))]
        if len(sane):
            self.heard.said_us = int(sane.max())
        self.heard.heard_us, self.heard.marked = now_us, False

    def receive(self, batch: pa.RecordBatch) -> Transformed:
        """Transform what just arrived, and keep everything about it that ``why`` will be asked."""
        clock = self.around.clock
        made = self.transform.live(batch, clock.now_us(), clock.monotonic())
        self.values_in += made.rows_in
        if made.skew is not None:
            self._tell_skew(made.skew)
        elif made.rows_in:
            self.skew = None
        if made.rows_in:
            self._remember(batch, clock.now_us())
        if made.held is not None and self.hole is not None:
            self.hole.marks.append((made.held.column("point").to_numpy(), times_us(made.held)))
        return made

    def receive_bursts(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Scale waveforms that just arrived and check their clock."""
        clock = self.around.clock
        window = self.around.window.for_device(self.spec)
        made = finished(self.table, batch, clock.now_us(), window)
        self.table.heard(*heard_of(self.table, made), clock.now_us(), clock.monotonic())
        self.values_in += len(made)
        self.heard.heard_us, self.heard.marked = clock.now_us(), False
        return made

    async def mark(self, quality: int, rows: Ints | None = None, at_us: int | None = None) -> None:
        """Write one row per point that says what is known of it, because nobody else will."""
        if rows is None:
            rows = np.arange(len(self.table))
        if not len(rows):
            return
        when = self.around.clock.now_us() if at_us is None else at_us
        batch = self.table.mark(rows, when, quality, keep_values=quality == q.UNCERTAIN_LAST_USABLE)
        self.transform.forget(batch)
        if self.hole is not None:
            self.hole.marks.append((self.table.numbers[rows], times_us(batch)))
        await self.around.publisher.poll(self.tenant, batch)

    async def lose(self, quality: int) -> None:
        """The link is gone: every point says so, once per loss."""
        if self.hole is None:
            self.hole = self._hole()
        await self.mark(quality)
        self.heard.marked = True

    async def retract(self, hole: Hole) -> None:
        """Take back our own marks inside a hole that the device's memory has filled."""
        for numbers, times in hole.marks:
            known = np.isin(numbers, list(hole.filled))
            await self.around.publisher.poll(self.tenant, frame(numbers[known], times[known], None, q.DELETED))

    def _tell_skew(self, skew: Skew) -> None:
        now = self.around.clock.monotonic()
        self.counters["clock.skewed"] += skew.rows
        told_at, told = self._skew_told
        if self.skew is None or now - told_at > _SKEW_TOLD_S or abs(skew.seconds - told) > 1.0:
            self._skew_told = (now, skew.seconds)
            originals = [{"point": str(p), "said_us": said, "stored_us": stored} for p, said, stored in skew.originals]
            self.tell("clock.skewed", skew_s=skew.seconds, values=skew.rows, originals=originals)
        self.skew = skew
