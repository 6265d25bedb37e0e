"""Listens to the gateways' heartbeats and knows the last of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from baigong.bus.contract import Bus

_SILENT_US = 5_000_000  # a heartbeat comes every second


class Pulse:
    """``health``: gateway -> its last heartbeat, as it was sent; its ``devices`` are kept apart.

    A gateway of many devices tells only of some in each heartbeat, and of all within a while.
    """

    def __init__(self, clock_us: Callable[[], int]) -> None:
        self._clock_us = clock_us
        self.health: dict[str, dict[str, Any]] = {}
        self._heard_us: dict[str, int] = {}
        self._devices: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
        self._counts: dict[str, dict[str, float]] = {}  # gateway -> what was not kept -> how many, since its start
        self._grown_us: dict[str, dict[str, int]] = {}
        self.malformed = 0
        self.companies: dict[tuple[str, str], dict[str, Any]] = {}  # (gateway, tenant) -> MQTT, as last told
        self.on_company: Callable[[str, int, dict[str, Any]], None] = lambda gateway, since_us, row: None

    async def listen(self, bus: Bus) -> None:
        """Run until cancelled."""
        async for message in bus.subscribe("gateway.*.health"):
            try:
                told = msgspec.json.decode(message.payload, type=dict[str, Any])
            except msgspec.MsgspecError:
                self.malformed += 1
                continue
            self.hear(message.subject.split(".")[1], told)

    def hear(self, gateway: str, told: dict[str, Any]) -> None:
        """Take one heartbeat."""
        rows = (row for row in told.get("devices") or [] if isinstance(row, dict) and "device" in row)
        known = self._devices.setdefault(gateway, {}) if told.get("devices_in_part") and self.alive(gateway) else {}
        known.update({(row.get("tenant", ""), row["device"]): row for row in rows})
        for gone in told.get("devices_gone") or []:
            known.pop(tuple(gone), None)
        self._devices[gateway] = known
        now, counts = self._clock_us(), _not_kept(told)
        if (before := self._counts.get(gateway)) is not None:
            grown = (what for what, count in counts.items() if count > before.get(what, 0))
            self._grown_us.setdefault(gateway, {}).update(dict.fromkeys(grown, now))
        self._counts[gateway] = counts
        for row in told.get("companies") or []:
            if isinstance(row, dict) and "tenant" in row:
                self.companies[gateway, row["tenant"]] = row
                self.on_company(gateway, int(told.get("since_us") or 0), row)
        self.health[gateway] = told
        self._heard_us[gateway] = now

    def grown_us(self, gateway: str, what: str) -> int | None:
        """Say when a gateway's count of something that was not kept last grew while we listened."""
        return self._grown_us.get(gateway, {}).get(what)

    def alive(self, gateway: str) -> bool:
        return self._clock_us() - self._heard_us.get(gateway, 0) < _SILENT_US

    def devices(self, tenant: str) -> dict[str, dict[str, Any]]:
        """Return the last status of each device of a tenant; of a silent gateway none."""
        found: dict[str, dict[str, Any]] = {}
        for gateway, rows in self._devices.items():
            if self.alive(gateway):
                found |= {device: row for (owner, device), row in rows.items() if owner in ("", tenant)}
        return found

    def device(self, gateway: str, tenant: str, device: str) -> dict[str, Any]:
        """Return the last status of one device; nothing when its gateway is silent."""
        rows = self._devices.get(gateway, {}) if self.alive(gateway) else {}
        return rows.get((tenant, device)) or rows.get(("", device)) or {}

    def connections(self) -> Counter[str]:
        """Count each tenant's MQTT connections at living gateways."""
        found: Counter[str] = Counter()
        for (gateway, tenant), row in self.companies.items():
            if self.alive(gateway):
                found[tenant] += int(row.get("connections") or 0)
        return found

    def connected(self) -> Counter[str]:
        """Count each tenant's devices that are connected, as living gateways told."""
        return Counter(
            tenant
            for gateway, rows in self._devices.items()
            if self.alive(gateway)
            for (tenant, _), row in rows.items()
            if row.get("state") == "connected"
        )

    def total(self, field: str) -> float:
        """Add up a number over the living gateways."""
        return float(sum(told.get(field) or 0 for gateway, told in self.health.items() if self.alive(gateway)))

    def backlog(self) -> dict[str, float]:
        """Add up the backlogs; the ETA is the longest, the oldest the earliest."""
        parts = [told.get("backlog") or {} for gateway, told in self.health.items() if self.alive(gateway)]
        oldest = [p["oldest_us"] for p in parts if p.get("oldest_us")]
        return {
            "frames": sum(p.get("frames") or 0 for p in parts),
            "bytes": sum(p.get("bytes") or 0 for p in parts),
            "oldest_us": min(oldest, default=0),
            "eta_s": max((p.get("eta_s") or 0 for p in parts), default=0),
        }


def _not_kept(told: dict[str, Any]) -> dict[str, float]:
    """Gather the counters of a heartbeat that tell of what was dropped or refused."""
    door = told.get("mqtt") if isinstance(told.get("mqtt"), dict) else {}
    parts = [told.get("dropped"), *((door or {}).get(name) for name in ("dropped", "refused", "closed"))]
    return {
        what: count
        for part in parts
        if isinstance(part, dict)
        for what, count in part.items()
        if isinstance(count, int | float)
    }
