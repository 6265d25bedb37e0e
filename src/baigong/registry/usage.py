"""What every company uses, counted where it happens and written as points of the platform's own tenant.

The lake is the only memory: cumulative counters go to the stream every minute together with the position up to which
frames were counted, and are read back at the next start. Frames after that position are counted again from the
stream, which is not trimmed before: a kill -9 loses no value of the count, and counts none twice. (Calls and queries
of the minute before a kill are lost; after a restore from a backup the same holds for values.)
"""

from __future__ import annotations

import asyncio
import time
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from baigong.bus.contract import Bus
from baigong.bus.subjects import tenant_of
from baigong.registry.devices import Devices
from baigong.stores.lake.contract import EPOCH_SHIFT, LakeReader
from baigong.vocab import burst, frame
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import BaigongError
from baigong.vocab.ids import point_number
from baigong.vocab.quotas import Pace
from baigong.vocab.usage import BY_NAME, COUNTERS, DEVICE, MEASURES, PLATFORM, POSITION, Measure, point_name

FLUSH_S = 60.0
_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US
_LOOK_BACK_US = (2 * _HOUR_US, 40 * _DAY_US, 800 * _DAY_US)
_SEQ = (1 << EPOCH_SHIFT) - 1

Levels = Mapping[str, Mapping[str, float]]  # tenant -> gauge -> value
Reading = float | int


@dataclass(slots=True)
class Tally:
    """One company's counters (since ever) and its newest gauges."""

    counts: dict[str, float] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0))
    levels: dict[str, float] = field(default_factory=dict)
    rate: float = 0.0  # values a second between the last two flushes
    last_us: int = 0  # when a value last came; 0: never since we look
    paces: tuple[Pace, ...] = ()  # of this company and its region, where they are bounded
    written: dict[str, float] = field(default_factory=dict)


class Usage:
    """Counts on the event loop. ``begin`` reads what was counted before, ``flush`` writes; see the module."""

    def __init__(self, clock_us: Callable[[], int], clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_us = clock_us
        self._clock_s = clock_s
        self._tallies: dict[str, Tally] = {}
        self._at = 0  # position up to which frames are counted
        self._early: list[tuple[str, int, int]] | None = []  # frames seen before we know what was counted already
        self._hour = 0
        self._told_us = 0  # the time of the newest flush
        self._began_us = clock_us()
        self._doors: dict[tuple[str, str], tuple[int, int]] = {}  # (gateway, tenant) -> its start, its count
        self._numbers: dict[str, int] = {}
        self.uncounted = 0  # frames that were gone before they were counted
        self.held = 0  # position from which on the stream is still needed

    # -- where things happen ---------------------------------------------------------------------------------

    def took(self, tenant: str, at: int, rows: int) -> None:
        """Count a frame that the stream holds at position ``at``. A waveform is one value."""
        tally = self._tallies.get(tenant) or self.of(tenant)
        if self._early is not None:
            self._early.append((tenant, at, rows))
        elif at > self._at:
            self._at = at
            tally.counts["values"] += rows
        tally.last_us = self._clock_us()
        for pace in tally.paces:
            pace.spend(rows, self._clock_s())

    def add(self, tenant: str, measure: str, amount: float = 1) -> None:
        """Add to a counter."""
        if tenant and tenant != PLATFORM:
            self.of(tenant).counts[measure] += amount

    def add_door(self, gateway: str, tenant: str, since_us: int, messages: int) -> None:
        """Take a gateway's own count of MQTT messages, which begins at 0 when the gateway starts (``since_us``)."""
        held = self._doors.get((gateway, tenant))
        self._doors[gateway, tenant] = (since_us, messages)
        if held is not None and held[0] == since_us:
            self.add(tenant, "mqtt_messages", max(0, messages - held[1]))
        elif since_us >= self._began_us:  # what a gateway older than we are told before is counted already
            self.add(tenant, "mqtt_messages", messages)

    def of(self, tenant: str) -> Tally:
        tally = self._tallies.get(tenant)
        if tally is None:
            tally = self._tallies[tenant] = Tally()
        return tally

    def forget(self, tenant: str) -> None:
        """Count no more for a company that is gone; its figures so far stay in the lake."""
        self._tallies.pop(tenant, None)
        self._doors = {key: held for key, held in self._doors.items() if key[1] != tenant}

    def tenants(self) -> list[str]:
        return [tenant for tenant in self._tallies if tenant != PLATFORM]

    def reading(self, tenant: str, measure: str) -> float | None:
        """Return a counter's or gauge's present value; None for what nobody has measured."""
        tally = self._tallies.get(tenant)
        if tally is None:
            return None
        return tally.counts.get(measure, tally.levels.get(measure))

    # -- the lake --------------------------------------------------------------------------------------------

    async def begin(
        self, lake: LakeReader, bus: Bus, partition: str, known: Mapping[str, int] = types.MappingProxyType({})
    ) -> None:
        """Go on from what was counted. Call when the lake has caught up with the stream; frames seen before wait.

        ``known``: address -> number of the points that there are already; the others are made when first needed.
        """
        self._numbers |= known
        state = await bus.stream_state(partition)
        pairs = [(t, m) for t in self.tenants() for m in COUNTERS]
        names = await asyncio.to_thread(lambda: {number_of(t, m): (t, m) for t, m in pairs})
        then_us, position, found = await asyncio.to_thread(_restored, lake, list(names))
        for number, value in found.items():
            tenant, measure = names[number]
            self.of(tenant).counts[measure] += value
            self.of(tenant).written[measure] = value
        self._told_us = then_us
        epoch, seq = position >> EPOCH_SHIFT, position & _SEQ
        last = state.last_seq if state else 0
        if state is not None and state.messages and last:
            same = state.epoch == epoch
            start = max(state.first_seq, seq + 1 if same else 1)
            self.uncounted = max(0, start - seq - 1) if same else 0
            if start <= last:
                await self._catch_up(bus, partition, start, last, 0 if same else then_us)
        early, self._early = self._early or [], None
        self._at = max(position, (state.epoch << EPOCH_SHIFT | last) if state else 0)
        for tenant, at, rows in early:
            if at > self._at:
                self._at = at
                self.of(tenant).counts["values"] += rows
        self.held = position

    def hear(self, lake: LakeReader) -> None:
        """Learn when each company last sent something. Blocking."""
        for tenant, tally in list(self._tallies.items()):
            seen = lake.latest(tenant).column("seen")
            if len(seen) and not tally.last_us:
                tally.last_us = int(pc.max(seen).value)

    async def _catch_up(self, bus: Bus, partition: str, start: int, last: int, after_us: int) -> None:
        async for batch in bus.read(partition, start):
            for stored in batch:
                if stored.seq <= last and stored.time_us > after_us:
                    try:
                        rows = len(burst.decode(stored.payload))
                    except BaigongError:
                        continue  # the historian counts those
                    self.of(tenant_of(stored.subject)).counts["values"] += rows
            if batch and batch[-1].seq >= last:
                return

    def expect(self, tenants: Iterable[str]) -> None:
        """Name the companies that there are, so that each has figures from its first minute."""
        for tenant in tenants:
            if tenant != PLATFORM:
                self.of(tenant)

    async def flush(self, levels: Levels, devices: Devices, bus: Bus, partition: str) -> int:
        """Write what changed (everything once an hour) and the position; returns how many rows."""
        # later than the flush before, though the clock was set back: the newest by time is the newest
        now, at = max(self._clock_us(), self._told_us + 1), self._at
        hourly, self._hour = now // _HOUR_US != self._hour, now // _HOUR_US
        for tenant, gauges in levels.items():
            if tenant != PLATFORM:
                self.of(tenant).levels.update(gauges)
        rows: list[tuple[str, str, float]] = []
        for tenant, tally in self._tallies.items():
            if tenant == PLATFORM:
                continue
            if self._told_us:
                fresh = tally.counts["values"] - tally.written.get("values", 0)
                tally.rate = fresh / ((now - self._told_us) / 1e6)
            for name, value in (*tally.counts.items(), *tally.levels.items()):
                if hourly or tally.written.get(name) != value:
                    rows.append((tenant, name, value))
        await self._register(devices, rows)
        numbers = [self._numbers[f"{t}.{m}"] for t, m, _ in rows] + [self._numbers[POSITION]]
        values: list[float] = [value for _, _, value in rows]
        batch = frame.from_python(numbers, [now] * len(numbers), [*values, at], [0] * len(numbers))
        for piece in frame.split(batch):  # in order: the position is in the last
            await bus.store(partition, PLATFORM, frame.encode(piece))
        for tenant, name, value in rows:
            if (counted := self._tallies.get(tenant)) is not None:  # it may have gone meanwhile
                counted.written[name] = value
        self.held, self._told_us = at, now
        return len(rows)

    def let_go(self) -> int:
        """Return up to where the stream is needed no more: where every count is written, that is all we have seen.

        (After a kill -9 before the next flush, our own frames count as gone before they were counted.)
        """
        written = all(
            t.counts["values"] == t.written.get("values", 0) for name, t in self._tallies.items() if name != PLATFORM
        )
        self.held = self._at if written else self.held
        return self.held

    async def _register(self, devices: Devices, rows: list[tuple[str, str, float]]) -> None:
        """Make points of what is met for the first time, with all that is reserved for its company."""
        fresh: list[PointSpec] = []
        if POSITION not in self._numbers:
            fresh.append(PointSpec(name=POSITION, address=POSITION, kind="counter", title="frames counted up to"))
        for tenant in {t for t, m, _ in rows if f"{t}.{m}" not in self._numbers}:
            fresh += [_spec(tenant, measure) for measure in MEASURES]
        if fresh:
            await devices.register(PLATFORM, DEVICE, fresh)
            self._numbers |= {spec.address: _number(spec.address) for spec in fresh}


def _restored(lake: LakeReader, counters: list[int]) -> tuple[int, int, dict[int, Reading]]:
    """Return time and position of the last complete flush, and counters as they were then. Blocking."""
    rows = lake.latest(PLATFORM, [_number(POSITION)]).to_pylist()
    if not rows:
        return 0, 0, {}
    then_us = _us(rows[0]["time"])
    newest = lake.latest(PLATFORM, counters).to_pylist()
    found = {row["point"]: _held(row) for row in newest if _us(row["time"]) <= then_us}
    torn = [row["point"] for row in newest if _us(row["time"]) > then_us]  # by a flush that was cut in two
    return then_us, int(_held(rows[0])), found | before(lake, torn, then_us + 1)


def before(lake: LakeReader, numbers: Iterable[int], end_us: int) -> dict[int, Reading]:
    """Return each point's last value before ``end_us``; points without one are left out."""
    found: dict[int, Reading] = {}
    wanted, until = set(numbers), end_us
    for back_us in _LOOK_BACK_US:
        if not wanted:
            break
        rows = lake.series(PLATFORM, sorted(wanted), end_us - back_us, until, ("point", "time", "value", "whole"))
        found |= last_of_each(rows)
        wanted -= found.keys()
        until = end_us - back_us
    return found


def last_of_each(rows: pa.Table) -> dict[int, Reading]:
    """Return the last value of each point of rows sorted by point and time."""
    points = rows.column("point").to_pylist()
    ends = [i for i, p in enumerate(points) if i + 1 == len(points) or points[i + 1] != p]
    return {row["point"]: _held(row) for row in rows.take(pa.array(ends, pa.int64())).to_pylist()}


def number_of(tenant: str, measure: str) -> int:
    """Return the number of a company's point in the platform's tenant."""
    return _number(f"{tenant}.{measure}")


def _number(address: str) -> int:
    return point_number(PLATFORM, DEVICE, address)


def _spec(tenant: str, measure: Measure) -> PointSpec:
    return PointSpec(
        name=point_name(tenant, measure.name),
        address=f"{tenant}.{measure.name}",
        kind=measure.kind,
        unit=measure.unit,
        title=BY_NAME[measure.name].title,
        title_zh=measure.title_zh,
        sloped=False,
    )


def _held(row: Mapping[str, object]) -> Reading:
    value = row["whole"] if row["whole"] is not None else row["value"]
    return value if isinstance(value, int | float) else 0


def _us(moment: object) -> int:
    return int(pa.scalar(moment, pa.timestamp("us", tz="UTC")).value)
