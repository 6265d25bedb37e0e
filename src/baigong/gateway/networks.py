"""Where this gateway may connect to, for whom: names are resolved here once, and what was judged is connected to."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from baigong.bus.contract import Bus
from baigong.bus.subjects import asked_by
from baigong.drivers.calls import expected
from baigong.drivers.contract import Driver
from baigong.drivers.manifest import Manifest
from baigong.gateway import memory
from baigong.gateway.calls import Calls
from baigong.gateway.clock import Clock
from baigong.vocab.errors import BaigongError, RetryLater
from baigong.vocab.networks import Address, Networks, Told, Verdict, endpoint, refused

_AGAIN_S = 5.0
_FIRST_S = 5.0  # a gateway that starts waits so long to be told
_MOST_TOLD = 1000  # companies counted by name
Complete = Callable[[Manifest, dict[str, Any], str], dict[str, Any]]


def as_given(claimed: Manifest, options: dict[str, Any], tenant: str) -> dict[str, Any]:
    return options


@dataclass(slots=True, frozen=True)
class Way:
    """One connection's addresses: judged before it is made, and again as long as it is."""

    tenant: str = ""
    place: str = ""
    addresses: tuple[str, ...] = ()
    serial: str = ""
    ways: Ways | None = None

    def require(self) -> None:
        """Raise driver.network when the operator has closed this way meanwhile."""
        if self.ways is not None:
            self.ways.require(self)


class Ways:
    """What was last heard stays in force while the registry is away, over restarts too; before that nothing is open."""

    def __init__(self, bus: Bus, gateway: str, copy: Path, clock: Clock, complete: Complete = as_given) -> None:
        self._bus = bus
        self._subject = asked_by("networks", gateway)
        self._copy = copy
        self._clock = clock
        self.complete = complete  # adds what a gateway knows itself: certificates, a company's files
        self._told: Told | None = None
        self._verdict = Verdict(Told(own=[], networks=Networks()))
        self._ready = asyncio.Event()
        self.refused: Counter[str] = Counter()  # by company
        self.calls = Calls(clock, lambda tenant: self._verdict.permits_calls(tenant), self.owns)

    async def follow(self) -> None:
        """Ask from time to time, until cancelled."""
        with suppress(OSError, msgspec.MsgspecError):  # never told before: nothing is open
            self._take(msgspec.json.decode(await asyncio.to_thread(self._copy.read_bytes), type=Told))
        while True:
            try:
                raw = await self._bus.request(self._subject, b"{}", timeout_s=2.0)
                told = msgspec.json.decode(raw, type=Told)
                if told != self._told:
                    self._take(told)
                    await asyncio.to_thread(memory.save, self._copy, told)
            except (BaigongError, msgspec.MsgspecError, OSError):
                await asyncio.sleep(0)
            await self._clock.sleep(_AGAIN_S if self._ready.is_set() else 0.2)

    def _take(self, told: Told) -> None:
        self._verdict, self._told = Verdict(told), told
        self.calls.listen_at(told.networks.calls)
        self._ready.set()

    async def driver(
        self, tenant: str, claimed: Manifest, options: dict[str, Any], more: dict[str, Any] | None = None
    ) -> tuple[Driver, Way]:
        """Construct a driver that connects to nothing but judged addresses. Raises driver.network, driver.file,
        driver.option, driver.unreachable for a name that nobody knows. ``more``: options that the gateway fills in.
        """
        filled = self.complete(claimed, options, tenant) | (more or {})
        claimed.open(filled)  # what is wrong in itself is said first, whatever may be connected to
        if (wanted := expected(claimed, options)) is not None:
            await self._heard()
            return claimed.open(filled, caller=self.calls.caller(tenant, wanted)), Way()
        way = await self.find(tenant, options)
        # a file of the company in place of a host: a driver that gets neither says so itself
        only_file = bool(claimed.instead and filled.get(claimed.instead))
        if claimed.connects_to and not way.addresses and not way.serial and not only_file:
            raise refused(str(options.get("host") or options.get("url") or ""))
        return claimed.open(filled, way.addresses), way

    async def find(self, tenant: str, options: dict[str, Any]) -> Way:
        """Resolve where options lead, and judge it."""
        host, port = endpoint(options)
        serial = (
            str(options.get("serial_port") or "").strip() if not host or options.get("transport") == "serial" else ""
        )
        if not host and not serial:
            return Way()
        await self._heard()
        if serial:
            way = Way(tenant, serial, (), serial, self)
            way.require()
            return way
        place = f"{host}:{port}" if port else host
        found = await _resolved(host, port) if self._verdict.opens(tenant) else ()
        if not found and self._verdict.owns(tenant):
            raise RetryLater("driver.unreachable", f"the name {host!r} is not known", place=place)
        way = Way(tenant, place, found, "", self)
        way.require()
        return way

    def require(self, way: Way) -> None:
        verdict, tenant = self._verdict, way.tenant
        if way.serial:
            fine = verdict.permits_serial(tenant, way.serial)
        else:
            # one refused address closes the name: nobody mixes his own address with another's by chance
            fine = bool(way.addresses) and all(verdict.permits(tenant, a, is_here) for a in way.addresses)
        if not fine:
            self.refused[tenant if len(self.refused) < _MOST_TOLD else ""] += 1
            raise refused(way.place)

    def owns(self, tenant: str) -> bool:
        return self._verdict.owns(tenant)

    async def _heard(self) -> None:
        try:
            async with asyncio.timeout(_FIRST_S):
                await self._ready.wait()
        except TimeoutError as error:
            raise RetryLater("bus.down", "the platform has not told yet where this gateway may connect") from error


@dataclass(slots=True, frozen=True)
class OpenWays:
    """Judges nothing: for a fleet without a gateway around it."""

    complete: Complete = field(default=as_given)

    async def driver(
        self, tenant: str, claimed: Manifest, options: dict[str, Any], more: dict[str, Any] | None = None
    ) -> tuple[Driver, Way]:
        return claimed.open(self.complete(claimed, options, tenant) | (more or {})), Way()

    async def find(self, tenant: str, options: dict[str, Any]) -> Way:
        host, port = endpoint(options)
        return Way(tenant, f"{host}:{port}", await _resolved(host, port) if host else ())


async def _resolved(host: str, port: int) -> tuple[str, ...]:
    """Every address of a name, once each; none for a name that nobody knows."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port or None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(one[4][0]) for one in found))


def is_here(address: Address) -> bool:
    """Say whether an address is this machine's own: only such a one can be bound."""
    if address.is_loopback:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True
