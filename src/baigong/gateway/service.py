"""The gateway's role: what it is told to read, it reads; what it has read, it stores; how it is, it tells."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from msgspec.structs import replace

from baigong import __version__
from baigong.bus.contract import Bus
from baigong.bus.subjects import asked_by
from baigong.drivers.contract import Found
from baigong.gateway import memory
from baigong.gateway.application import serve_renewal
from baigong.gateway.bounded import Abandoned
from baigong.gateway.buffer import BufferOptions, Publisher
from baigong.gateway.clock import Clock, SystemClock
from baigong.gateway.companyfiles import CompanyFiles
from baigong.gateway.disk import Disk, when_there_is_room
from baigong.gateway.doorkeeper import Doorkeeper
from baigong.gateway.fleet import Fleet
from baigong.gateway.frontdoor import Options as FrontDoorOptions
from baigong.gateway.frontdoor.announce import Announcer, Finds
from baigong.gateway.frontdoor.counts import Counts
from baigong.gateway.frontdoor.tls import DoorCertificate
from baigong.gateway.guests import DRIVER as FRONT_DOOR
from baigong.gateway.guests import Guests
from baigong.gateway.heartbeat import Key, Turns
from baigong.gateway.identity import OwnCertificate, SignIn
from baigong.gateway.kept import forget_kept
from baigong.gateway.leaving import Leaving, serve_leaving
from baigong.gateway.memory import LastHeard
from baigong.gateway.networks import Ways
from baigong.gateway.orders import ask_stops, follow_stops, serve_writes
from baigong.gateway.outbox import Outbox
from baigong.gateway.paces import Companies, Paces
from baigong.gateway.probe import Probes
from baigong.gateway.roster import Change, Roster
from baigong.gateway.standing import Follower
from baigong.gateway.station import Surroundings
from baigong.gateway.supervisor import cancelled, forever
from baigong.gateway.transform import Window
from baigong.gateway.turnstile import Turnstile
from baigong.gateway.verbs import serve
from baigong.gateway.writes import Writes
from baigong.security import envelope
from baigong.vocab.errors import RetryLater
from baigong.vocab.recordwire import Letter, Part
from baigong.vocab.recordwire import encode as encode_records

_BREATH = 100  # devices configured before others have a turn
_DAY_S = 86_400.0
_RECORDS_S = 30.0  # in which the registry takes a part of records
_FLUSH_S = 5.0  # how long a gateway that stops waits for its last frames


@dataclass(slots=True, frozen=True)
class GatewayOptions:
    """``partition``: where the frames of all its tenants go."""

    partition: str = "p0"
    buffer: BufferOptions = field(default_factory=BufferOptions)
    window: Window = field(default_factory=Window)
    sealed_with: envelope.Key | None = None  # what secrets are closed with on this gateway's disk


class Gateway:
    """One gateway process. ``run`` serves until ``stop`` is set."""

    def __init__(
        self,
        bus: Bus,
        folder: Path,
        gateway: str,
        certificate: OwnCertificate,
        options: GatewayOptions,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self._bus = bus
        self._folder = folder
        self._gateway = gateway
        self._clock = clock
        self._certificate = certificate
        folder.mkdir(parents=True, exist_ok=True)

        async def store(tenant: str, payload: bytes) -> int:
            return await bus.store(options.partition, tenant, payload)

        self.publisher = Publisher(store, folder / "spool", clock, rng, options.buffer)
        self._outbox = Outbox(bus, folder / "events.jsonl", clock)
        abandoned = Abandoned()
        self._announcer = Announcer(self._register, Counts())
        self._finds: dict[Key, Finds] = {}
        self._ways = ways = Ways(bus, gateway, folder / "networks.json", clock)
        files = CompanyFiles(certificate, ways.owns)
        ways.complete = files.complete
        around = Surroundings(
            gateway,
            self.publisher,
            self._outbox,
            clock,
            rng,
            abandoned,
            Turnstile(clock),
            options.window,
            ways,
            self._found,
            self._tell_records,
            folder / "kept",
        )
        heard = memory.load(folder / "heard.json", dict[str, LastHeard], {})
        self.fleet = Fleet(around, heard)
        self.guests = Guests(around)
        self._probes = Probes(self.fleet, clock, abandoned, ways)
        self._abandoned = abandoned
        self._rates = _Rates(clock)
        self._roster = Roster(bus, gateway, folder / "devices.json", clock, self._apply, options.sealed_with)
        self._writes = Writes(self.fleet, folder, clock, lambda: ask_stops(bus, gateway))
        self._disk = Disk(folder, options.buffer.reserve_bytes, clock, self._announce)
        self._turns = Turns(self.keys, self.status)
        sign_in = SignIn(bus, gateway, clock, os.urandom(32))
        self._keeper = Doorkeeper(bus, clock, sign_in, self.guests, folder / "machine-ca.pem")
        self._standing = Follower(bus, gateway, sign_in, lambda: self._keeper.door)
        self._paces, self._companies = Paces(bus, gateway, clock), Companies()
        self.publisher.on_poll = self._paces.pay
        self._since_us = clock.now_us()
        self._leaving = Leaving(
            self._roster, self.guests, self._writes, files, lambda: self._keeper.door, self._forget_heard
        )

    async def run(
        self, mqtt: FrontDoorOptions | None, stop: asyncio.Event, door_certificate: DoorCertificate | None = None
    ) -> None:
        storing = [self._keep("publisher", self.publisher.run), self._keep("outbox", self._outbox.run)]
        reading = [
            self._keep("registry", self._roster.run),
            self._keep("networks", self._ways.follow),
            self._keep("calls", self._ways.calls.run),
            self._keep("registry's copy", self._roster.save),
            self._keep("start", self._start_telling),
            self._keep("revocations", self._standing.follow),
            self._keep("found points", self._announcer.run),
            self._keep("health", self._tell_health),
            self._keep("memory", self._remember),
            self._keep("probes", self._probes.run),
            self._keep("disk", self._disk.run),
            self._keep("writes", self._writes.run),
            self._keep("stops", lambda: follow_stops(self._writes, self._clock)),
        ]
        if mqtt is not None:
            chosen = mqtt
            reading += [
                self._keep("mqtt", lambda: self._open_front_door(chosen, door_certificate)),
                self._keep("guests", self.guests.run),
                self._keep("quotas", self._paces.follow),
                self._keep("changed quotas", self._paces.hear),
            ]
        try:
            await serve(self._bus, self._gateway, self, self._probes, self._roster.reload)
            self._roster.reload(None)  # what changed after the first answer and before anybody could tell us
            await serve_writes(self._bus, self._gateway, self.fleet, self._writes)
            await serve_renewal(self._bus, self._gateway, self._certificate, self.fleet)
            await serve_leaving(self._bus, self._gateway, self._leaving)
            await stop.wait()
        finally:
            await cancelled(reading)
            await self.fleet.stop()
            self._announce("gateway.stopped")
            await self._flush()
            await cancelled(storing)
            with suppress(OSError):  # a full disk: the next start takes a hole that is a little longer
                memory.save(self._folder / "heard.json", self.fleet.heard)

    def _keep(self, name: str, work: Callable[[], Any]) -> asyncio.Task[None]:
        return asyncio.create_task(forever(name, work, self._clock), name=f"gateway {name}")

    async def _apply(self, changes: Sequence[Change]) -> None:
        was_running = bool(self._roster.held) or self._roster.answered.is_set()
        await self.fleet.change(
            [c if c.spec is not None and c.spec.driver != FRONT_DOOR else replace(c, spec=None) for c in changes]
        )
        for at, change in enumerate(changes):
            guest = change.spec if change.spec is not None and change.spec.driver == FRONT_DOOR else None
            self.guests.change(change.key, guest, is_gone=change.spec is None)
            self._ways.calls.change(change.key, change.spec)
            if at % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
        for change in changes if was_running else ():
            if change.spec is not None:
                tenant, device = change.key
                self._outbox.tell(
                    tenant,
                    "device.applied",
                    f"device:{device}",
                    device=device,
                    points=len(change.spec.points),
                    enabled=change.spec.enabled,
                    gateway=self._gateway,
                )

    async def _start_telling(self) -> None:
        await self._roster.answered.wait()
        self._outbox.open_()
        self._announce("gateway.started")

    def _announce(self, kind: str, **detail: Any) -> None:
        for tenant in sorted({tenant for tenant, _ in self._roster.held}):
            self._outbox.tell(tenant, kind, f"gateway:{self._gateway}", pid=os.getpid(), **detail)

    async def _tell_health(self) -> None:
        while True:
            await self._clock.sleep(1.0)
            self.fleet.measure(self.guests.take_fresh())
            try:
                await self._bus.publish(f"gateway.{self._gateway}.health", msgspec.json.encode(self.health()))
            except RetryLater:
                continue  # nobody can hear it; the next one tells as much

    def health(self) -> dict[str, Any]:
        """The heartbeat, as the console's system page reads it."""
        backlog = self.publisher.backlog()
        frames_s, values_s = self._rates.measure(self.publisher.stored)
        dropped = dict(self.publisher.dropped)
        if self._outbox.dropped:
            dropped["events"] = self._outbox.dropped
        changed = self.fleet.take_changed() | self.guests.take_changed()
        return self._turns.rows(changed, len(self._roster.held)) | {
            "time_us": self._clock.now_us(),
            "gateway": self._gateway,
            "version": __version__,
            "values_s": round(values_s, 2),
            "frames_s": round(frames_s, 2),
            "values": self.publisher.stored[1],
            "backlog": {
                "frames": backlog.frames,
                "bytes": backlog.bytes,
                "oldest_us": backlog.oldest_us,
                "drained_frames_s": round(backlog.drained_frames_s, 2),
                "eta_s": None if backlog.eta_s is None else round(backlog.eta_s, 2),
            },
            "dropped": dropped,
            "abandoned_calls": len(self._abandoned),
            "events_waiting": len(self._outbox),
            "mqtt": self._keeper.status(),
            "since_us": self._since_us,
            "refused_networks": dict(self._ways.refused),
            "calls": self._ways.calls.status(),
            "companies": self._companies.rows(self._keeper.rooms()),
            "storage": self._disk.status(),
        }

    def keys(self) -> list[Key]:
        """All devices, whoever goes to whom."""
        return [*self.fleet.keys(), *self.guests.keys()]

    def status(self, key: Key) -> dict[str, Any] | None:
        row = self.fleet.status(key) or self.guests.status(key)
        if row is not None:
            row["values_s"] = self.fleet.rate(*key)
        return row

    def why(self, tenant: str, number: int) -> dict[str, Any] | None:
        return self.fleet.why(tenant, number) or self.guests.why(tenant, number)

    async def _remember(self) -> None:
        while True:
            await self._clock.sleep(1.0)
            heard = msgspec.to_builtins(self.fleet.heard)
            with suppress(OSError):  # a full disk, which ``disk`` tells of
                await asyncio.to_thread(memory.save, self._folder / "heard.json", heard, durable=False)

    async def _forget_heard(self, tenant: str) -> None:
        self.fleet.forget(tenant)
        await asyncio.to_thread(forget_kept, self._folder / "kept", tenant)
        await asyncio.to_thread(memory.save, self._folder / "heard.json", msgspec.to_builtins(self.fleet.heard))

    async def _flush(self) -> None:
        """Give the last frames the time to reach the stream; what does not is spooled."""
        deadline = self._clock.monotonic() + _FLUSH_S
        while not (self.publisher.idle and not len(self._outbox)) and self._clock.monotonic() < deadline:
            await self._clock.sleep(0.05)

    async def _tell_records(self, tenant: str, device: str, part: Part, table: pa.Table) -> None:
        """Return once the registry has them on disk; the source keeps them until then."""
        raw = encode_records(Letter(tenant=tenant, device=device, part=part), table)
        await self._bus.request(asked_by("records", self._gateway), raw, timeout_s=_RECORDS_S)

    async def _register(self, tenant: str, device: str, points: list[Any]) -> object:
        asked = {"tenant": tenant, "device": device, "points": points}
        return await self._bus.request(asked_by("points.register", self._gateway), msgspec.json.encode(asked))

    def _found(self, tenant: str, device: str, points: list[Found]) -> None:
        """A driver met points that nobody configured: they are registered as the front door's are."""
        waiting = self._finds.setdefault((tenant, device), Finds())
        waiting.fresh.extend(points)
        self._announcer.add(tenant, device, waiting)

    async def _open_front_door(self, options: FrontDoorOptions, certificate: DoorCertificate | None) -> None:
        told, pay = self._outbox.take, self._paces.pay
        await self._keeper.run(options, certificate, register_points=self._register, notice=told, pay=pay)


class _Rates:
    """Smoothed rates of two counters, from one look to the next."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at = clock.monotonic()
        self._before = (0, 0)
        self._rates = (0.0, 0.0)

    def measure(self, now: tuple[int, int]) -> tuple[float, float]:
        at = self._clock.monotonic()
        if at - self._at > 0.2:
            fresh = [(n - b) / (at - self._at) for n, b in zip(now, self._before, strict=True)]
            self._rates = (0.5 * self._rates[0] + 0.5 * fresh[0], 0.5 * self._rates[1] + 0.5 * fresh[1])
            self._at, self._before = at, now
        return self._rates


async def run_gateway(
    bus: Bus,
    data_dir: Path,
    gateway: str,
    *,
    mqtt: FrontDoorOptions | None,
    door_certificate: DoorCertificate | None = None,
    stop: asyncio.Event,
    options: GatewayOptions | None = None,
    clock: Clock | None = None,
    rng: random.Random | None = None,
) -> None:
    """Run the gateway role until ``stop`` is set; keeps its own things in ``<data_dir>/gateway/<gateway>``."""
    chosen = options or GatewayOptions()
    certificate = OwnCertificate(data_dir / "certificates", chosen.sealed_with)
    time = clock or SystemClock()

    def make() -> Gateway:
        certificate.ensure()
        folder = data_dir / "gateway" / gateway
        jitter = rng or random.Random()  # noqa: S311 - jitter, not secrets
        return Gateway(bus, folder, gateway, certificate, chosen, time, jitter)

    made = await when_there_is_room(make, bus, gateway, time, stop)
    if made is not None:
        await made.run(mqtt, stop, door_certificate)
