"""The emergency switches: one press stops every write of a tenant, or of an asset and all below it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import msgspec

from baigong.bus.contract import Bus, Message
from baigong.bus.subjects import asker
from baigong.registry.audit import Audit, Entry
from baigong.registry.devices import Devices
from baigong.registry.events import Events
from baigong.registry.gateways import Gateways
from baigong.registry.names import Names
from baigong.registry.people import Principal
from baigong.registry.rights import Rights, asset_ref, tenant_ref
from baigong.registry.tree import Tree
from baigong.stores.records import ALL, Records
from baigong.stores.records.commands import StopRow, all_stops, drop_stop, put_stop
from baigong.stores.records.renaming import moved
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.happenings import Event
from baigong.vocab.ids import is_named_below

_TOLD_S = 2.0


class Stops:
    """Those that are on, in memory; told to every gateway at once, and to each that asks.

    What a gateway is told it stops; what it need not stop any more it learns by asking back, which it does at once.
    """

    def __init__(
        self,
        records: Records,
        events: Events,
        devices: Devices,
        rights: Rights,
        audit: Audit,
        bus: Bus,
        clock_us: Callable[[], int],
        gateways: Gateways,
    ) -> None:
        self._gateways = gateways
        self._records, self._events, self._devices = records, events, devices
        self._rights, self._audit, self._bus, self._clock_us = rights, audit, bus, clock_us
        self._on: dict[tuple[str, str], StopRow] = {}
        self.tree: Callable[[str], Tree] = lambda tenant: Tree({})  # of a tenant's assets
        self.names = Names(lambda tenant: ())

    async def load(self) -> None:
        self._on = {(row.tenant, row.asset): row for row in await self._records.read(all_stops, tenant=ALL)}
        await self._bus.serve("registry.stops.*", self._answer)

    def of_tenant(self, tenant: str) -> list[StopRow]:
        """Return those that are on, by what their assets are called today."""
        return [self._present(row) for row in self._on.values() if row.tenant == tenant]

    def named(self, tenant: str) -> set[str]:
        """Return the names of assets by which they were pressed."""
        return {asset for owner, asset in self._on if owner == tenant}

    def covering(self, tenant: str, asset: str) -> StopRow | None:
        """Return a switch that is on and stops this asset."""
        above = {"", *(self.tree(tenant).path(asset) if asset else [])}
        return next((row for row in self.of_tenant(tenant) if row.asset in above), None)

    def _present(self, row: StopRow) -> StopRow:
        return replace(row, asset=self.names.asset(row.tenant, row.asset))

    async def press(self, who: Principal, tenant: str, asset: str, reason: str, origin: str = "") -> None:
        """Stop; in force here when it returns, and at every gateway that can be reached. Raises auth.denied."""
        asset = self.names.asset(tenant, asset)
        await self._allowed(who, tenant, asset, "pressed", reason, origin)
        row = StopRow(tenant, asset, who.user, self._clock_us(), reason)
        self._on[tenant, asset] = row  # before anything that could fail
        await self._tell_gateways()
        event = self._event("writes.stopped", tenant, asset, who, reason)
        await self._events.tell([event], with_work=lambda c: put_stop(c, row))

    async def release(self, who: Principal, tenant: str, asset: str, reason: str, origin: str = "") -> None:
        """Let writes through again. Raises auth.denied, http.not_found when it is not on."""
        asset = self.names.asset(tenant, asset)
        await self._allowed(who, tenant, asset, "released", reason, origin)
        pressed = [key for key, row in self._on.items() if key[0] == tenant and self._present(row).asset == asset]
        if not pressed:
            raise FixConfiguration("http.not_found", f"no switch is on for {asset or 'everything'}", place=asset)
        event = self._event("writes.released", tenant, asset, who, reason)

        def work(connection: Any) -> None:
            for _, name in pressed:
                drop_stop(connection, tenant, name)

        await self._events.tell([event], with_work=work)
        for key in pressed:
            self._on.pop(key, None)
        await self._tell_gateways()

    async def forget(self, tenant: str) -> None:
        """Follow the records after a company is gone."""
        self._on = {key: row for key, row in self._on.items() if key[0] != tenant}
        await self._tell_gateways()

    async def _allowed(self, who: Principal, tenant: str, asset: str, what: str, reason: str, origin: str) -> None:
        decision = self._rights.decide(who, "stop", asset_ref(tenant, asset) if asset else tenant_ref(tenant))
        await self._audit.note(
            Entry(
                time_us=self._clock_us(),
                tenant=tenant,
                who=who.full_name,
                action="stop",
                object=f"Stop:{tenant}/{asset}",
                allowed=decision.allowed,
                origin=origin,
                because=tuple(decision.because),
                reason=reason if decision.allowed else "auth.denied",
                after=what,
            )
        )
        self._rights.require(who, "stop", asset_ref(tenant, asset) if asset else tenant_ref(tenant))

    def _event(self, kind: str, tenant: str, asset: str, who: Principal, reason: str) -> Event:
        return Event(
            kind=kind,
            time_us=self._clock_us(),
            tenant=tenant,
            subject=f"asset:{asset}" if asset else "plant:",
            detail={"by": who.user, "reason": reason, "asset": asset},
        )

    async def foretell(self, tenant: str, old: str, new: str) -> None:
        """Let gateways stop, where it is stopped, what they will hear of by another name next."""
        if self.covering(tenant, old) is not None:
            await self._tell_gateways([StopRow(tenant, new, "", 0, "")])
        else:
            rows = [replace(row, asset=moved(row.asset, old, new)) for row in self.of_tenant(tenant)]
            await self._tell_gateways([row for row in rows if row.asset])

    async def _tell_gateways(self, more: Sequence[StopRow] = ()) -> None:
        await asyncio.gather(*(self._tell(gateway, more) for gateway in self._devices.gateways))

    async def _tell(self, gateway: str, more: Sequence[StopRow]) -> None:
        with suppress(BaigongError):  # one that cannot be reached asks by itself, and nothing is sent to it meanwhile
            await self._bus.request(f"gateway.{gateway}.stops", self._list(gateway, more), timeout_s=_TOLD_S)

    def _list(self, gateway: str, more: Sequence[StopRow] = ()) -> bytes:
        rows = [self._present(row) for row in (*self._on.values(), *more)]
        rows = [row for row in rows if self._gateways.serves(gateway, row.tenant)]
        stops = [{"tenant": row.tenant, "asset": name} for row in rows for name in self._stopped(row)]
        return msgspec.json.encode({"stops": stops})

    def _stopped(self, row: StopRow) -> list[str]:
        """Name what a switch stops: its asset, and what a gateway, which knows names only, would miss.

        That is parts that stand in it under other names; and names that it or its parts had before: a gateway may not
        have heard of the new ones.
        """
        if not row.asset:
            return [""]
        tree, names = self.tree(row.tenant), self.names.of(row.tenant)
        placed = (one for one in tree.below(row.asset) if not is_named_below(one, row.asset))
        before = (one for one in names.assets if tree.covers(row.asset, names.asset(one)))
        return [row.asset, *placed, *before]

    async def moved(self, tenant: str) -> None:
        """Follow when a tenant's assets stand elsewhere now."""
        if self.of_tenant(tenant):
            await self._tell_gateways()

    async def _answer(self, message: Message) -> bytes:
        return self._list(asker(message.subject))
