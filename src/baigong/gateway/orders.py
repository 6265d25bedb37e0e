"""What the gateway answers about writes: ``gateway.<id>.write``, ``.outcome``, ``.values`` and ``.stops``."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from baigong.bus.contract import Bus
from baigong.bus.subjects import asked_by
from baigong.gateway.clock import Clock
from baigong.gateway.fleet import Fleet
from baigong.gateway.journal import Order
from baigong.gateway.switches import Stop
from baigong.gateway.values import present_value
from baigong.gateway.verbs import answering
from baigong.gateway.writes import Writes
from baigong.vocab.errors import BaigongError

_AGAIN_S = 5.0


class AskOutcome(Struct, frozen=True, kw_only=True):
    id: str


class AskValues(Struct, frozen=True, kw_only=True):
    tenant: str
    points: Annotated[list[int], Meta(max_length=1000)]


class TellStops(Struct, frozen=True, kw_only=True):
    """All switches that are on; of two lists the one with the greater ``revision`` holds."""

    revision: int
    stops: list[Stop]


async def serve_writes(bus: Bus, gateway: str, fleet: Fleet, writes: Writes) -> None:
    """Answer until the bus closes. Numbers and outcomes that are not known here are null."""

    async def write(order: Order) -> Any:
        return await writes.write(order)

    async def outcome(asked: AskOutcome) -> Any:
        return writes.outcome(asked.id)

    async def values(asked: AskValues) -> Any:
        return [_value(fleet, asked.tenant, number) for number in asked.points]

    async def stops(told: TellStops) -> Any:
        writes.switches.set(told.stops, told.revision)
        return {"ok": True}

    await bus.serve(f"gateway.{gateway}.write", answering(Order, write))
    await bus.serve(f"gateway.{gateway}.outcome", answering(AskOutcome, outcome))
    await bus.serve(f"gateway.{gateway}.values", answering(AskValues, values))
    await bus.serve(f"gateway.{gateway}.stops", answering(TellStops, stops))


async def follow_stops(bus: Bus, gateway: str, writes: Writes, clock: Clock) -> None:
    """Ask the registry from time to time which switches are on: one that was set while we were away holds too."""
    while True:
        try:
            raw = await bus.request(asked_by("stops", gateway), b"{}", timeout_s=2.0)
            told = msgspec.json.decode(raw, type=TellStops)
            writes.switches.set(told.stops, told.revision)
        except (BaigongError, msgspec.MsgspecError):
            pass  # what was last heard stays in force
        await clock.sleep(_AGAIN_S)


def _value(fleet: Fleet, tenant: str, number: int) -> Any:
    for supervisor in fleet.supervisors():
        if supervisor.station.tenant == tenant:
            row = supervisor.station.table.row(number)
            if row is not None:
                return present_value(supervisor, row)
    return None
