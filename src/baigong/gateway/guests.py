"""Devices that come to us through the MQTT front door: their silence, their state, and why."""

from __future__ import annotations

from collections import Counter
from heapq import heappop, heappush
from typing import Any

import numpy as np
import pyarrow as pa

from baigong.gateway.arrivals import Arrivals
from baigong.gateway.bursts import as_heard
from baigong.gateway.clock import Clock
from baigong.gateway.frontdoor import FrontDoor
from baigong.gateway.points import PointTable
from baigong.gateway.station import Surroundings
from baigong.vocab import quality as q
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import BaigongError

DRIVER = "frontdoor"  # what stands as driver in the file of a device that comes to us
Key = tuple[str, str]


class _Guest:
    """``table`` has its rows in the arrivals of its tenant, where it is ``number``."""

    def __init__(self, key: Key, spec: DeviceSpec, number: int, table: PointTable, clock: Clock) -> None:
        self.key = key
        self.tenant = key[0]
        self.spec = spec
        self.number = number
        self.table = table
        self.stale = np.zeros(len(table), bool)
        self.began = clock.monotonic()
        self.since_us = clock.now_us()
        self.is_watched = False  # somebody looks at its silence at a known time
        self.values = 0
        self.connected: bool | None = None
        self.error: BaigongError | None = None


class Guests:
    """Stands between the front door and the publisher: what passes is noticed, what stays away is marked.

    Nothing here is done for every device, neither for a batch nor for a second: idle ones cost nothing.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._guests: dict[Key, _Guest] = {}
        self._arrivals: dict[str, Arrivals] = {}
        self._by_number: dict[tuple[str, int], _Guest] = {}
        self._door: FrontDoor | None = None
        self._due: list[tuple[float, Key]] = []  # when whose silence is to be looked at, as a heap
        self._fresh: Counter[Key] = Counter()  # values since they were last counted
        self._changed: set[Key] = set()

    async def store(self, partition: str, tenant: str, batch: pa.RecordBatch) -> None:
        """Be the front door's sink: returns when the values are durable."""
        await self._around.publisher.hold(tenant, batch)
        arrivals = self._arrivals.get(tenant)
        if arrivals is None:
            return
        now = self._around.clock.monotonic()
        numbers, counts = arrivals.note(as_heard(batch), self._around.clock.now_us(), now)
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
            guest = self._by_number[tenant, number]
            guest.values += count
            self._fresh[guest.key] += count
            if not guest.is_watched:
                self._watch(guest, now)

    def open(self, door: FrontDoor | None) -> None:
        self._door = door
        for guest in self._guests.values():
            self._configure(guest)

    def change(self, key: Key, spec: DeviceSpec | None, *, is_gone: bool) -> None:
        """Make the door know a device, or know it no more; others that sign in are looked at without configuration.

        ``is_gone``: the device does not exist any more, and its machine has no business here.
        """
        held = self._guests.get(key)
        if held is not None and held.spec == spec:
            return
        if held is not None:
            del self._guests[key], self._by_number[key[0], held.number]
            self._arrivals[key[0]].drop(held.number)
        self._changed.add(key)
        if spec is not None:
            number, table = self._arrivals.setdefault(key[0], Arrivals()).add(key[0], spec)
            made = _Guest(key, spec, number, table, self._around.clock)
            self._guests[key] = self._by_number[key[0], number] = made
            self._configure(made)
            self._watch(made, made.began + spec.stale_after_s)
        elif held is not None and self._door is not None:
            self._door.configure(*key, None)
            if is_gone:
                self._door.sign_out_device(key[0], key[1])

    def forget(self, tenant: str) -> None:
        """Drop what is left of a company whose devices are gone."""
        self._arrivals.pop(tenant, None)
        self._changed = {key for key in self._changed if key[0] != tenant}

    def _configure(self, guest: _Guest) -> None:
        guest.error = None
        if self._door is None:
            return
        try:
            self._door.configure(*guest.key, guest.spec)
        except BaigongError as error:
            guest.error = error

    async def run(self) -> None:
        """Look every second for who came or went, and for silence, until cancelled."""
        while True:
            await self._around.clock.sleep(1.0)
            for key in self._door.take_presence() if self._door is not None else ():
                guest = self._guests.get(key)
                self._changed.add(key)
                if guest is not None and self._door is not None:
                    self._follow(guest, self._door.is_present(*key))
            now = self._around.clock.monotonic()
            while self._due and self._due[0][0] <= now:
                guest = self._guests.get(heappop(self._due)[1])
                if guest is not None:
                    await self._look(guest)

    def _watch(self, guest: _Guest, when: float) -> None:
        if guest.spec.stale_after_s and guest.spec.enabled and len(guest.table):
            guest.is_watched = True
            heappush(self._due, (when, guest.key))

    def _follow(self, guest: _Guest, connected: bool) -> None:
        if connected == guest.connected:
            return
        if guest.connected is not None or connected:
            kind = "link.connected" if connected else "link.lost"
            device = guest.spec.device
            self._around.outbox.tell(guest.tenant, kind, f"device:{device}", device=device, through="mqtt")
        guest.connected, guest.since_us = connected, self._around.clock.now_us()

    async def _look(self, guest: _Guest) -> None:
        """Mark what has become silent, and see when to look again: never, when all of it is silent."""
        table, now = guest.table, self._around.clock.monotonic()
        ends = np.maximum(table.news[:-1], guest.began) + guest.spec.stale_after_s
        silent = ends < now
        fresh, back = silent & ~guest.stale, guest.stale & ~silent
        guest.stale = silent
        guest.is_watched = False
        if not silent.all():
            self._watch(guest, max(float(ends[~silent].min()), now + 1.0))
        ever = table.good_us[:-1] > 0
        for which, quality in (
            (fresh & ever, q.UNCERTAIN_LAST_USABLE),
            (fresh & ~ever, q.BAD_WAITING_FOR_INITIAL_DATA),
        ):
            rows = np.flatnonzero(which)
            if len(rows):
                keep = quality == q.UNCERTAIN_LAST_USABLE
                batch = table.mark(rows, self._around.clock.now_us(), quality, keep_values=keep)
                await self._around.publisher.poll(guest.tenant, batch)
        for kind, which in (("point.stale", fresh & ever), ("point.recovered", back & ever)):
            if which.any():
                self._changed.add(guest.key)
                numbers = [str(n) for n in table.numbers[which]]
                device = guest.spec.device
                self._around.outbox.tell(
                    guest.tenant,
                    kind,
                    f"device:{device}",
                    device=device,
                    count=len(numbers),
                    points=numbers[:1000],
                )

    def take_fresh(self) -> Counter[Key]:
        """Values received since this was last asked, of the devices that sent any."""
        fresh, self._fresh = self._fresh, Counter()
        return fresh

    def take_changed(self) -> set[Key]:
        """Devices that came, went, fell silent or were changed since this was last asked."""
        changed, self._changed = self._changed, set()
        return changed

    def keys(self) -> list[Key]:
        """Name those that are configured, and those that are only here."""
        present = self._door.keys() if self._door is not None else []
        return list(dict.fromkeys([*self._guests, *present]))

    def status(self, key: Key) -> dict[str, Any] | None:
        guest = self._guests.get(key)
        seen = self._door.device(*key) if self._door is not None else None
        return self._status(key, guest, seen or {}) if guest or seen else None

    def _status(self, key: Key, guest: _Guest | None, seen: dict[str, Any]) -> dict[str, Any]:
        good, bad = guest.table.counts() if guest else (0, 0)
        enabled = guest.spec.enabled if guest else True
        connected = seen.get("connections", 0) > 0
        return {
            "tenant": key[0],
            "device": key[1],
            "driver": DRIVER,
            "title": guest.spec.title if guest else "",
            "enabled": enabled,
            "gateway": self._around.gateway,
            "state": "connected" if connected else "down" if enabled else "disabled",
            "since_us": guest.since_us if guest else seen.get("last_us") or None,
            "error": guest.error.problem() if guest and guest.error else seen.get("denied"),
            "points": len(guest.table) if guest else seen.get("points", 0),
            "good": good,
            "bad": bad,
            "values": guest.values if guest else 0,
            "heard_us": seen.get("last_us") or None,
            "skew_s": None,
            "backoff_s": 0.0,
            "attempts": 0,
            "counters": {
                name: seen[name] for name in ("messages", "topics", "refused_points", "refused_topics") if name in seen
            },
            "session": {"mode": "mqtt", "used": seen.get("connections", 0)},
            "scan": [],
        }

    def why(self, tenant: str, number: int) -> dict[str, Any] | None:
        """Answer for one point that came, or should have come, through the door."""
        seen = self._door.why(tenant, number) if self._door is not None else None
        arrivals = self._arrivals.get(tenant)
        found = arrivals.find(number) if arrivals is not None else None
        if found is not None:
            return _explained(self._around, number, seen or {}, self._by_number[tenant, found[0]], found[1])
        return _explained(self._around, number, seen, None, -1) if seen else None


def _explained(
    around: Surroundings, number: int, seen: dict[str, Any], guest: _Guest | None, row: int
) -> dict[str, Any]:
    device = guest.spec.device if guest else str(seen["device"])
    quality = int(guest.table.quality[row]) if guest else q.GOOD
    good_us = int(guest.table.good_us[row]) if guest else int(seen.get("last_us") or 0)
    state = q.severity(quality)
    last_us, error = seen.get("last_us") or None, seen.get("error")
    link = {"label": "device", "link": f"/connect/{device}"}
    address = seen.get("address") or (guest.table.specs[row].address if guest else "")
    signed_in = f"signed in as {', '.join(seen['clients'])}" if seen.get("clients") else "nobody is signed in for it"
    name = guest.table.specs[row].name if guest else str(address)
    return {
        "number": str(number),
        "device": device,
        "gateway": around.gateway,
        "at_us": around.clock.now_us(),
        "state": state,
        "last_good_us": good_us or None,
        "chain": [
            _step("register", str(address), "bad" if error else "good" if seen else "unknown",
                  f"{seen.get('messages', 0)} messages on {seen.get('topic', 'its topic')}", last_us, error),
            _step("device", device, "good" if seen.get("connected") else "bad", signed_in, None, None, link),
            _step("driver", "MQTT front door", "bad" if seen.get("waiting") else "good",
                  "waits for the stream" if seen.get("waiting") else "open", None, seen.get("waiting")),
            _step("scaling", "scaling", "good", "done as the message is read"),
            _step("point", name, state, q.describe(quality), good_us or None),
        ],
    }  # fmt: skip


def _step(
    step: str,
    title: str,
    state: str,
    detail: str,
    time_us: int | None = None,
    error: dict[str, Any] | None = None,
    action: dict[str, str] | None = None,
) -> dict[str, Any]:
    made = {"step": step, "title": title, "state": state, "detail": detail}
    return made | {"time_us": time_us, "error": error, "action": action}
