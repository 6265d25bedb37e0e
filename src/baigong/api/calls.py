"""Who calls the gateways of a company: where they listen, and the callers that no device waits for."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation


class Stranger(Struct, frozen=True, kw_only=True):
    """A caller that no device waits for. ``text``, ``hex``: how its packet began; ``connected``: it is on the line."""

    port: int
    text: str
    hex: str
    address: str
    count: int
    first_us: int
    last_us: int
    connected: bool


class GatewayCalls(Struct, frozen=True, kw_only=True):
    """``refused``: calls ended since the gateway's start, by reason: network, full, dumb, unknown."""

    gateway: str
    listening: list[str]
    failed: list[str]
    connected: int
    unknown: int
    refused: dict[str, int]
    strangers: list[Stranger]


def operations(rooms: Rooms) -> list[Operation]:
    async def listed(call: Call) -> Any:
        """Tell of the company's own gateways: who calls a shared one is the operator's to see."""
        own = [name for name in sorted(rooms.pulse.health) if call.tenant in rooms.registry.networks.own(name)]
        told = {name: rooms.pulse.health[name].get("calls") for name in own if rooms.pulse.alive(name)}
        return [{"gateway": name, **row} for name, row in told.items() if row]

    return [Operation("GET", "/calls", "Devices that call the gateways", listed, answer=list[GatewayCalls])]
