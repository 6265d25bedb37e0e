"""Devices that call this gateway: who has called, whose call it is, and who called that nobody waits for."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from baigong.drivers.calls import Expected, Name, expected, other_language
from baigong.drivers.line import Line
from baigong.drivers.manifest import manifest
from baigong.gateway.call import Call
from baigong.gateway.clock import Clock
from baigong.gateway.shelves import Shelves
from baigong.gateway.strangers import Strangers
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.networks import CALLED_AT, CallPort, refused

L = TypeVar("L", bound=Line[Any])
Key = tuple[str, str]  # tenant, device
_LOOK_S = 1.0
_UNKNOWN_S = 300.0  # a caller whom nobody waits for is kept so long, for who makes a device of it
_DUMB_S = 30.0  # one that says nothing
_MOST_UNKNOWN, _MOST_UNKNOWN_AT = 256, 32  # in all, and from one address
_MOST_SILENT = 2000  # that have not said who they are: all DTUs of a carrier come back in one moment
_MOST = 10_000  # connections


@dataclass(slots=True)
class _Waiting:
    """Openings that wait for one caller."""

    wanted: Expected
    coming: set[asyncio.Future[Call]] = field(default_factory=set)


class Calls:
    """``run`` listens. ``permits``, ``owns``: whose devices may call, and whom the gateway belongs to."""

    def __init__(self, clock: Clock, permits: Callable[[str], bool], owns: Callable[[str], bool]) -> None:
        self._clock = clock
        self._permits = permits
        self._owns = owns
        self._expected: dict[Key, Expected] = {}
        self._by_name: Shelves[Key, Expected] = Shelves()  # the same
        self._open: dict[Call, tuple[str, Name] | None] = {}  # and who has claimed it
        self._claimed: dict[tuple[str, Name], Call] = {}
        self._unknown: dict[Call, None] = {}
        self._waiting: Shelves[tuple[str, Name], _Waiting] = Shelves()
        self._servers: dict[CallPort, asyncio.Server] = {}
        self._failed: dict[CallPort, str] = {}
        self._ports: list[CallPort] | None = None
        self.strangers = Strangers()
        self.refused: Counter[str] = Counter()  # by reason

    # -- what the gateway tells ------------------------------------------------------------------------------

    def listen_at(self, ports: list[CallPort] | None) -> None:
        """Listen there from the next look on; None: on this machine, while somebody waits for a call."""
        self._ports = ports

    def change(self, key: Key, spec: DeviceSpec | None) -> None:
        """Expect a device's call, or no longer."""
        gone = self._expected.pop(key, None)
        if gone is not None:
            self._forget(key, gone.name)
        if spec is None or not spec.enabled:
            return
        try:
            wanted = expected(manifest(spec.driver), spec.options)
        except FixConfiguration:
            return  # the device itself says so when it is opened
        if wanted is not None:
            self._expected[key] = wanted
            self._by_name.put(wanted.name, key, wanted)

    def _forget(self, key: Key, name: Name) -> None:
        self._by_name.drop(name, key)
        if not self._is_expected(key[0], name):
            call = self._claimed.pop((key[0], name), None)
            if call is not None and not call.users:
                call.hang_up()

    def _is_expected(self, tenant: str, name: Name) -> bool:
        return any(t == tenant and e.name == name for (t, _), e in self._by_name.shelf(name).items())

    # -- what a driver's opening asks ------------------------------------------------------------------------

    def caller(self, tenant: str, wanted: Expected) -> Handle:
        """Give a driver the line of whom it waits for. Raises driver.network where the company may not be called."""
        if not self._permits(tenant):
            raise refused(wanted.place)
        return Handle(self, tenant, wanted)

    async def take(self, tenant: str, wanted: Expected, wait_s: float) -> Call:
        """Wait for a call. Raises driver.unreachable, with the reason."""
        key = (tenant, wanted.name)
        held = self._claimed.get(key)
        if held is None:
            held = next((call for call in reversed(self._unknown) if call.is_it(wanted)), None)
            if held is not None:
                self._claim(held, tenant, wanted)
        if held is not None:
            return held
        return await self._wait(key, wanted, wait_s)

    async def _wait(self, key: tuple[str, Name], wanted: Expected, wait_s: float) -> Call:
        coming: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.shelf(wanted.name).get(key)
        if waiting is None:
            waiting = _Waiting(wanted)
            self._waiting.put(wanted.name, key, waiting)
        waiting.coming.add(coming)
        try:
            async with asyncio.timeout(wait_s):
                return await coming
        except TimeoutError as error:
            why = "; ".join(self._failed.values()) or f"nobody has called as {wanted.place!r} yet"
            raise RetryLater("driver.unreachable", why, place=wanted.place) from error
        finally:
            waiting.coming.discard(coming)
            if not waiting.coming:
                self._waiting.drop(wanted.name, key)

    # -- what calls tell -------------------------------------------------------------------------------------

    def admit(self, call: Call) -> bool:
        """Say whether a caller may stay on the line, before it has said a word."""
        if not call.port.admits(call.address):
            return self._refuse("network")
        if len(self._open) >= _MOST or sum(not other.packet for other in self._unknown) >= _MOST_SILENT:
            return self._refuse("full")
        self._open[call] = self._unknown[call] = None
        return True

    def heard(self, call: Call) -> None:
        """A caller has said who it is, or something else."""
        for tenant, wanted in self._who_waits(call):
            if self._permits(tenant):
                self._claim(call, tenant, wanted)
                return
        self.strangers.note(call, self._clock.now_us())
        known = [other.address for other in self._unknown if other.packet]
        if len(known) > _MOST_UNKNOWN or known.count(call.address) > _MOST_UNKNOWN_AT:
            self._refuse("full")
            call.hang_up()

    def lost(self, call: Call) -> None:
        key = self._open.pop(call, None)
        self._unknown.pop(call, None)
        if key is not None and self._claimed.get(key) is call:
            del self._claimed[key]

    def _who_waits(self, call: Call) -> list[tuple[str, Expected]]:
        """List whose call it may be; the gateway's owner first, so that a guest cannot take its devices' calls."""
        asked = [(t, e) for (t, _), e in self._by_name.meant(call.names) if call.is_it(e)]
        asked += [(t, one.wanted) for (t, _), one in self._waiting.meant(call.names) if call.is_it(one.wanted)]
        return sorted(asked, key=lambda one: (not self._owns(one[0]), one[0], one[1].name))

    def _claim(self, call: Call, tenant: str, wanted: Expected) -> None:
        key = (tenant, wanted.name)
        before = self._claimed.get(key)
        self._claimed[key] = call
        self._open[call] = key
        self._unknown.pop(call, None)
        self.strangers.forget(call)
        call.claimed(wanted)
        if before is not None and before is not call:
            before.hang_up()  # half-open: whoever calls anew has given the old connection up
        waiting = self._waiting.shelf(wanted.name).get(key)
        for coming in waiting.coming if waiting is not None else ():
            if not coming.done():
                coming.set_result(call)

    def _refuse(self, why: str) -> bool:
        self.refused[why] += 1
        return False

    # -- listening -------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Listen until cancelled."""
        try:
            while True:
                await self._reconcile()
                self._hang_up_overdue()
                await self._clock.sleep(_LOOK_S)
        finally:
            for port in list(self._servers):
                self._close(port)
            for call in list(self._open):
                call.hang_up()

    async def _reconcile(self) -> None:
        wanted = self._ports if self._ports is not None else [CALLED_AT] if self._expected or self._waiting else []
        for port in [port for port in self._servers if port not in wanted]:
            self._close(port)
        self._failed = {port: why for port, why in self._failed.items() if port in wanted}
        for port in (port for port in wanted if port not in self._servers):
            await self._listen(port)
        for call in [call for call in self._open if call.port not in self._servers]:
            if not any(port.port == call.port.port and port.admits(call.address) for port in self._servers):
                call.hang_up()

    async def _listen(self, port: CallPort) -> None:
        loop = asyncio.get_running_loop()
        try:
            made = await loop.create_server(
                lambda: Call(self, port), port.host, port.port, reuse_address=True, backlog=1024
            )
        except OSError as error:
            self._failed[port] = f"the gateway cannot listen at {port.host}:{port.port}: {error.strerror or error}"
            return
        self._failed.pop(port, None)
        self._servers[port] = made

    def _close(self, port: CallPort) -> None:
        self._servers.pop(port).close()

    def _hang_up_overdue(self) -> None:
        now = asyncio.get_running_loop().time()
        for call in list(self._unknown):
            if now - call.began_s > (_UNKNOWN_S if call.packet else _DUMB_S):
                self._refuse("unknown" if call.packet else "dumb")
                call.hang_up()
        for (tenant, name), call in list(self._claimed.items()):  # somebody only looked at it, and has gone
            is_awaited = (tenant, name) in self._waiting.shelf(name) or self._is_expected(tenant, name)
            if not call.users and not is_awaited:
                call.hang_up()

    def status(self) -> dict[str, Any]:
        """Say where is listened, who is on the line, and who called that nobody waits for."""
        return {
            "listening": [f"{port.host}:{port.port}" for port in self._servers],
            "failed": list(self._failed.values()),
            "connected": len(self._open),
            "unknown": len(self._unknown),
            "refused": dict(self.refused),
            "strangers": self.strangers.rows(set(self._unknown)),
        }


class Handle:
    """The option ``caller`` of one driver."""

    def __init__(self, calls: Calls, tenant: str, wanted: Expected) -> None:
        self._calls = calls
        self._tenant = tenant
        self._wanted = wanted
        self._call: Call | None = None

    async def line(self, make: Callable[[], L], wait_s: float) -> L:
        self._call = call = await self._calls.take(self._tenant, self._wanted, wait_s)
        line = call.join(make, self._wanted)
        if line is None:
            raise other_language(self._wanted.place)
        line.caller = self
        return line

    def leave(self, line: Line[Any]) -> None:
        if self._call is not None:  # of several devices on one line the last one's handle speaks for all: it is counted
            self._call.leave(line)
