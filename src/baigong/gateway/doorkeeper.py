"""Opens the front door when what it needs is there, keeps it current, and tells how it is."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from baigong.bus.contract import Bus
from baigong.gateway.clock import Clock
from baigong.gateway.frontdoor import FrontDoor
from baigong.gateway.frontdoor import Options as FrontDoorOptions
from baigong.gateway.frontdoor.options import Notice, Pay, RegisterPoints
from baigong.gateway.frontdoor.room import Room
from baigong.gateway.frontdoor.tls import DoorCertificate
from baigong.gateway.guests import Guests
from baigong.gateway.identity import SignIn
from baigong.stores.durable import replace_file
from baigong.vocab.errors import BaigongError, RetryLater

_DAY_S = 86_400.0
_RETRY_S = 5.0
_REGISTRY_S = 0.5  # the registry starts beside us


class Doorkeeper:
    """``authority``: where the machines' authority is kept, so that certificates open while nobody can be asked."""

    def __init__(self, bus: Bus, clock: Clock, sign_in: SignIn, guests: Guests, authority: Path) -> None:
        self._bus, self._clock, self._sign_in, self._guests = bus, clock, sign_in, guests
        self._authority = authority
        self._facts: dict[str, Any] = {}
        self._error: BaigongError | None = None
        self.door: FrontDoor | None = None

    def rooms(self) -> Iterable[Room]:
        return self.door.rooms.values() if self.door is not None else ()

    def status(self) -> dict[str, Any]:
        """Tell how the door is, as the heartbeat carries it; empty where there is none."""
        if self._error is not None:
            return {"error": self._error.problem()}
        if self.door is None:
            return {}
        port, tls_port = self.door.ports
        return self.door.stats() | {"port": port, "tls_port": tls_port} | self._facts

    async def run(
        self,
        options: FrontDoorOptions,
        certificate: DoorCertificate | None,
        *,
        register_points: RegisterPoints,
        notice: Notice,
        pay: Pay,
    ) -> None:
        """Keep the door open until cancelled."""
        self._facts = {"host": options.host, "plain_host": options.plain_host or options.host}
        if certificate is not None:
            options = dataclasses.replace(options, tls=certificate.context)
            await self._prepare(certificate)
        door = FrontDoor(
            sink=self._guests,
            credentials=self._sign_in,
            register_points=register_points,
            options=options,
            notice=notice,
            machines=self._sign_in.by_certificate,
            pay=pay,
        )
        while True:
            try:
                await door.start()
                break
            except BaigongError as error:
                self._error = error
                await self._clock.sleep(_RETRY_S)
        self.door, self._error = door, None
        self._guests.open(door)
        try:
            while True:
                await self._clock.sleep(_DAY_S)
                if certificate is not None:
                    with suppress(BaigongError, OSError):  # the present one is good for months yet
                        await asyncio.to_thread(certificate.load)
        finally:
            self.door = None
            self._guests.open(None)
            await door.stop()

    async def _prepare(self, certificate: DoorCertificate) -> None:
        """Make ready for TLS; plain MQTT is not opened in its stead."""
        while True:
            try:
                await asyncio.to_thread(certificate.load)
                self._facts |= {
                    "authority": certificate.pem(),
                    "names": certificate.names(),
                    "certificates": "required" if certificate.is_required else "optional",
                }
                certificate.trust(await self._machine_authority())
                return
            except RetryLater as error:
                self._error = error
                await self._clock.sleep(_REGISTRY_S)
            except (BaigongError, OSError) as error:
                self._error = _as_ours(error)
                await self._clock.sleep(_RETRY_S)

    async def _machine_authority(self) -> str:
        """Ask the registry who signs for machines; while it cannot be asked, whom it named last does."""
        try:
            raw = await self._bus.request("registry.authority", b"{}", timeout_s=10.0)
        except RetryLater:
            if self._authority.exists():
                return await asyncio.to_thread(self._authority.read_text)
            raise
        pem = msgspec.json.decode(raw, type=dict[str, str])["certificate"]
        await asyncio.to_thread(replace_file, self._authority, pem, mode=0o644)
        return pem


def _as_ours(error: BaigongError | OSError) -> BaigongError:
    return error if isinstance(error, BaigongError) else RetryLater("storage.full", f"the front door's file: {error}")
