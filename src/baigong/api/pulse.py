"""Listens to the gateways' heartbeats and knows the last of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from baigong.bus.contract import Bus

_SILENT_US = 5_000_000  # a heartbeat comes every second


class Pulse:
    """``health``: gateway -> its last heartbeat, as it was sent."""

    def __init__(self, clock_us: Callable[[], int]) -> None:
        self._clock_us = clock_us
        self.health: dict[str, dict[str, Any]] = {}
        self._heard_us: dict[str, int] = {}
        self.malformed = 0

    async def listen(self, bus: Bus) -> None:
        """Run until cancelled."""
        async for message in bus.subscribe("gateway.*.health"):
            try:
                told = msgspec.json.decode(message.payload, type=dict[str, Any])
            except msgspec.MsgspecError:
                self.malformed += 1
                continue
            gateway = message.subject.split(".")[1]
            self.health[gateway] = told
            self._heard_us[gateway] = self._clock_us()

    def alive(self, gateway: str) -> bool:
        return self._clock_us() - self._heard_us.get(gateway, 0) < _SILENT_US

    def devices(self, tenant: str) -> dict[str, dict[str, Any]]:
        """Return the last status of each device of a tenant; of a silent gateway none."""
        found: dict[str, dict[str, Any]] = {}
        for gateway, told in self.health.items():
            if not self.alive(gateway):
                continue
            for status in told.get("devices") or []:
                if isinstance(status, dict) and status.get("tenant", tenant) == tenant and "device" in status:
                    found[status["device"]] = status
        return found

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
