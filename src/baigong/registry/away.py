"""Gateways that were away when a company was deleted: told to forget as soon as they are heard of again, and proven.

The deletion's proof names them; a second entry of the log, for each, says when it had forgotten, too.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import msgspec
import sqlalchemy as sa

from baigong.bus.contract import Bus
from baigong.registry.audit import Entry, append
from baigong.registry.deletion import ACTION, Leave, deletion
from baigong.registry.opening import Registry
from baigong.stores.records import ALL
from baigong.stores.records.access import GONE
from baigong.stores.records.leaving import mark
from baigong.vocab.errors import BaigongError

_GATEWAY_S = 10.0
_ITSELF = "baigong"


class Away:
    """``held``: deletions by company, as long as somebody has not been told."""

    def __init__(self, registry: Registry, bus: Bus, clock_us: Callable[[], int]) -> None:
        self._registry, self._bus, self._clock_us = registry, bus, clock_us
        self.held: dict[str, Leave] = {}

    async def run(self) -> None:
        """Listen for gateways until cancelled."""
        async for message in self._bus.subscribe("gateway.*.health"):
            gateway = message.subject.split(".")[1]
            for tenant in [t for t, gone in self.held.items() if gateway in gone.away]:
                with suppress(BaigongError):  # it still learns that the devices are gone: its next heartbeat asks again
                    await self._tell(gateway, tenant)

    async def _tell(self, gateway: str, tenant: str) -> None:
        asked = msgspec.json.encode({"tenant": tenant})
        await self._bus.request(f"gateway.{gateway}.forget", asked, timeout_s=_GATEWAY_S)
        held = self.held[tenant]
        left = tuple(one for one in held.away if one != gateway)
        rest = msgspec.structs.replace(held, away=left)
        told = Entry(
            time_us=self._clock_us(),
            tenant=tenant,
            who=_ITSELF,
            action=ACTION,
            object=deletion(tenant),
            reason="a gateway that was away has forgotten, too",
            before={"gateways_away": held.away},
            after={"gateway": gateway, "gateways_away": left},
        )

        def work(connection: sa.Connection) -> None:
            mark(connection, tenant, GONE, msgspec.json.encode(rest).decode() if left else "")
            append(connection, [told])

        await self._registry.records.write(work, tenant=ALL, alone=True)
        if left:
            self.held[tenant] = rest
        else:
            self.held.pop(tenant)
