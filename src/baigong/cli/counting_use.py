"""Keeps the books of use: reads at the start what was counted, writes every minute, tells of quotas reached."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from baigong.api.measure import levels
from baigong.api.rooms import Rooms
from baigong.historian.owner import PartitionOwner
from baigong.registry.quotawatch import QuotaWatch
from baigong.registry.usage import FLUSH_S, before, number_of
from baigong.stores.records.plant import point_numbers
from baigong.vocab.errors import BaigongError
from baigong.vocab.usage import DEVICE, PLATFORM

_LOOK_S = 2.0  # how soon somebody who was refused is told
_DAY_US = 86_400_000_000
HOLD = "usage"  # what keeps the stream until it is counted


async def keep_books(
    rooms: Rooms, owner: PartitionOwner, told: Callable[[str], None], every_s: float = FLUSH_S
) -> None:
    """Run until cancelled, then write once more."""
    registry, partition = rooms.registry, rooms.settings.partition
    usage, watch = registry.usage, QuotaWatch(registry.quotas, registry.events, rooms.clock_us)
    await _caught_up(rooms, owner)
    known = await registry.records.read(lambda c: point_numbers(c, PLATFORM, DEVICE), tenant=PLATFORM)
    await usage.begin(owner, rooms.bus, partition, known)
    if usage.uncounted:
        told(f"usage: {usage.uncounted} frames had left the stream before they were counted")
    await _begin_day(rooms, owner)
    registry.quotas.changed()
    await asyncio.to_thread(usage.hear, owner)

    async def write() -> None:
        try:
            await usage.flush(await levels(rooms, owner.sizes()), registry.devices, rooms.bus, partition)
            owner.holds[HOLD] = usage.held
            await watch.look(registry.tenants.ids())
        except BaigongError as error:  # the stream is away or full: what was counted stays in memory
            told(f"usage: {error}")

    async def let_go() -> None:
        """Write, and let the stream go of all of it: its server deletes a file when nothing in it is needed."""
        await write()
        await _caught_up(rooms, owner)
        owner.holds[HOLD] = usage.let_go()

    rooms.departures.keep_books(let_go)
    try:
        while True:
            await write()
            for _ in range(max(1, round(every_s / _LOOK_S))):
                await asyncio.sleep(min(_LOOK_S, every_s))
                if refused := registry.quotas.refused_lately():
                    await watch.look(refused)
    finally:
        await write()


async def _caught_up(rooms: Rooms, owner: PartitionOwner) -> None:
    """Wait until the lake has all that was in the stream when we came: the last of our own figures is among it."""
    await owner.ready.wait()
    state = await rooms.bus.stream_state(rooms.settings.partition)
    while state is not None and state.messages and int(owner.stats()["position"]) < state.last_seq:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def _begin_day(rooms: Rooms, owner: PartitionOwner) -> None:
    tenants, start = rooms.registry.usage.tenants(), rooms.clock_us() // _DAY_US * _DAY_US
    numbers = {number_of(tenant, "queries"): tenant for tenant in tenants}
    found = await asyncio.to_thread(before, owner, list(numbers), start)
    rooms.registry.quotas.begin_day({numbers[number]: float(value) for number, value in found.items()})
