"""Devices that come to us through the MQTT front door: their silence, their state, and why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from baigong.gateway.frontdoor import FrontDoor
from baigong.gateway.points import PointTable
from baigong.gateway.station import Surroundings
from baigong.vocab import quality as q
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import BaigongError

DRIVER = "frontdoor"  # what stands as driver in the file of a device that comes to us
Key = tuple[str, str]


class _Guest:
    def __init__(self, tenant: str, spec: DeviceSpec, now_us: int) -> None:
        self.tenant = tenant
        self.spec = spec
        self.table = PointTable(tenant, spec)
        self.stale = np.zeros(len(self.table), bool)
        self.values = 0
        self.since_us = now_us
        self.connected: bool | None = None
        self.error: BaigongError | None = None


class Guests:
    """Stands between the front door and the publisher: what passes is noticed, what stays away is marked."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._guests: dict[Key, _Guest] = {}
        self._door: FrontDoor | None = None
        self._began = around.clock.monotonic()

    async def store(self, partition: str, tenant: str, batch: pa.RecordBatch) -> None:
        """Be the front door's sink: returns when the values are durable."""
        await self._around.publisher.hold(tenant, batch)
        now_us, monotonic = self._around.clock.now_us(), self._around.clock.monotonic()
        points = batch.column("point").to_numpy()
        for guest in self._guests.values():
            if guest.tenant != tenant or not len(guest.table):
                continue
            rows = guest.table.find(points)
            mine = rows >= 0
            if mine.any():
                part = batch.filter(pa.array(mine))
                raw = part.column("value").to_numpy(zero_copy_only=False)
                guest.table.heard(rows[mine], raw, part, now_us, monotonic)
                guest.values += len(part)

    def open(self, door: FrontDoor | None) -> None:
        self._door = door
        for guest in self._guests.values():
            self._configure(guest)

    def change(self, key: Key, spec: DeviceSpec | None, *, is_gone: bool) -> None:
        """Make the door know a device, or know it no more; others that sign in are looked at without configuration.

        ``is_gone``: the device does not exist any more, and its machine has no business here.
        """
        held = self._guests.get(key)
        if spec is not None:
            if held is None or held.spec != spec:
                made = self._guests[key] = _Guest(key[0], spec, self._around.clock.now_us())
                self._configure(made)
        elif held is not None:
            del self._guests[key]
            if self._door is not None:
                self._door.configure(*key, None)
                if is_gone:
                    self._door.sign_out(key[0], device=key[1])

    def _configure(self, guest: _Guest) -> None:
        guest.error = None
        if self._door is None:
            return
        try:
            self._door.configure(guest.tenant, guest.spec.device, guest.spec)
        except BaigongError as error:
            guest.error = error

    async def run(self) -> None:
        """Look for silence every second, until cancelled."""
        while True:
            await self._around.clock.sleep(1.0)
            present = self._present()
            for guest in list(self._guests.values()):
                self._follow(guest, present.get((guest.tenant, guest.spec.device), {}).get("connections", 0) > 0)
                if guest.spec.stale_after_s and guest.spec.enabled:
                    await self._look(guest)

    def _follow(self, guest: _Guest, connected: bool) -> None:
        if connected == guest.connected:
            return
        if guest.connected is not None or connected:
            kind = "link.connected" if connected else "link.lost"
            device = guest.spec.device
            self._around.outbox.tell(guest.tenant, kind, f"device:{device}", device=device, through="mqtt")
        guest.connected, guest.since_us = connected, self._around.clock.now_us()

    async def _look(self, guest: _Guest) -> None:
        table, now = guest.table, self._around.clock.monotonic()
        silent = now - np.maximum(table.news[:-1], self._began) > guest.spec.stale_after_s
        fresh, back = silent & ~guest.stale, guest.stale & ~silent
        guest.stale = silent
        ever = table.good_us[:-1] > 0
        for which, quality in (
            (fresh & ever, q.UNCERTAIN_LAST_USABLE),
            (fresh & ~ever, q.BAD_WAITING_FOR_INITIAL_DATA),
        ):
            rows = np.flatnonzero(which)
            if len(rows):
                batch = table.mark(
                    rows, self._around.clock.now_us(), quality, keep_values=quality == q.UNCERTAIN_LAST_USABLE
                )
                await self._around.publisher.poll(guest.tenant, batch)
        for kind, which in (("point.stale", fresh & ever), ("point.recovered", back & ever)):
            if which.any():
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

    def _present(self) -> dict[Key, dict[str, Any]]:
        if self._door is None:
            return {}
        return {(row["tenant"], row["device"]): row for row in self._door.devices()}

    def counts(self) -> dict[Key, int]:
        """Values received since the start, by device."""
        return {key: guest.values for key, guest in self._guests.items()}

    def statuses(self) -> list[dict[str, Any]]:
        present, rows = self._present(), []
        for key in dict.fromkeys([*self._guests, *present]):
            rows.append(self._status(key, self._guests.get(key), present.get(key, {})))
        return rows

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
            "error": guest.error.problem() if guest and guest.error else None,
            "points": len(guest.table) if guest else seen.get("points", 0),
            "good": good,
            "bad": bad,
            "values": guest.values if guest else 0,
            "heard_us": seen.get("last_us") or None,
            "skew_s": None,
            "backoff_s": 0.0,
            "attempts": 0,
            "counters": {name: seen[name] for name in ("messages", "topics", "refused_points") if name in seen},
            "session": {"mode": "mqtt", "used": seen.get("connections", 0)},
            "scan": [],
        }

    def why(self, tenant: str, number: int) -> dict[str, Any] | None:
        """Answer for one point that came, or should have come, through the door."""
        seen = self._door.why(tenant, number) if self._door is not None else None
        for guest in self._guests.values():
            row = guest.table.row(number) if guest.tenant == tenant else None
            if row is not None:
                return _explained(self._around, number, seen or {}, guest, row)
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
