"""What the gateway answers about writes: ``gateway.<id>.write``, ``.moment``, ``.outcome``, ``.values``, ``.stops``."""

from __future__ import annotations

from contextlib import suppress
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
from baigong.vocab.errors import BaigongError, ReportBug

_AGAIN_S = 5.0


class AskOutcome(Struct, frozen=True, kw_only=True):
    id: str


class AskValues(Struct, frozen=True, kw_only=True):
    tenant: str
    points: Annotated[list[int], Meta(max_length=1000)]


class AskMoment(Struct, frozen=True, kw_only=True):
    """What this gateway's clock shows, in which an order says until when it may be written."""


class TellStops(Struct, frozen=True, kw_only=True):
    """All switches that are on."""

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
        writes.switches.add(told.stops)
        await writes.switches.look()
        return {"ok": True}

    async def moment(asked: AskMoment) -> Any:
        return writes.moment()

    await bus.serve(f"gateway.{gateway}.write", answering(Order, write))
    await bus.serve(f"gateway.{gateway}.moment", answering(AskMoment, moment))
    await bus.serve(f"gateway.{gateway}.outcome", answering(AskOutcome, outcome))
    await bus.serve(f"gateway.{gateway}.values", answering(AskValues, values))
    await bus.serve(f"gateway.{gateway}.stops", answering(TellStops, stops))


async def ask_stops(bus: Bus, gateway: str) -> list[Stop]:
    """Return the switches that are on now. Raises gateway.down when the registry does not say."""
    raw = await bus.request(asked_by("stops", gateway), b"{}", timeout_s=2.0)
    try:
        return msgspec.json.decode(raw, type=TellStops).stops
    except msgspec.MsgspecError as error:
        raise ReportBug("internal.error", f"the registry's list of switches: {error}") from error


async def follow_stops(writes: Writes, clock: Clock) -> None:
    """Ask the registry from time to time which switches are on: one that was set while we were away holds too."""
    while True:
        with suppress(BaigongError):  # what was last heard stays in force
            await writes.switches.look()
        await clock.sleep(_AGAIN_S)


def _value(fleet: Fleet, tenant: str, number: int) -> Any:
    for supervisor in fleet.supervisors():
        if supervisor.station.tenant == tenant:
            row = supervisor.station.table.row(number)
            if row is not None:
                return present_value(supervisor, row)
    return None
