"""Why clients are not let in, in words."""

from __future__ import annotations

import time
from typing import Any

from baigong.drivers.mqtt import packets as p

REASONS = {
    p.BAD_LEVEL: "MQTT version",
    p.BAD_CLIENT_ID: "client id",
    p.UNAVAILABLE: "unavailable",
    p.BAD_CREDENTIALS: "credentials",
    p.NOT_AUTHORIZED: "not authorized",
}


def refusal_told(packet: p.Connect, peer: str, reason: str) -> dict[str, Any]:
    return {
        "time_us": time.time_ns() // 1000,
        "client": packet.client_id[:100],
        "username": (packet.username or "")[:100],
        "from": peer,
        "reason": reason,
    }
