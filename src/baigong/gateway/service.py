"""The gateway's role: what it is told to read, it reads; what it has read, it stores; how it is, it tells."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from baigong.bus.contract import Bus
from baigong.gateway import memory
from baigong.gateway.bounded import Abandoned
from baigong.gateway.buffer import BufferOptions, Publisher
from baigong.gateway.clock import Clock, SystemClock
from baigong.gateway.fleet import Fleet
from baigong.gateway.frontdoor import FrontDoor
from baigong.gateway.frontdoor import Options as FrontDoorOptions
from baigong.gateway.guests import DRIVER as FRONT_DOOR
from baigong.gateway.guests import Guests
from baigong.gateway.identity import OwnCertificate, SignIn
from baigong.gateway.memory import Assigned, LastHeard
from baigong.gateway.outbox import Outbox
from baigong.gateway.probe import Probes
from baigong.gateway.station import Surroundings
from baigong.gateway.supervisor import cancelled, forever
from baigong.gateway.transform import Window
from baigong.gateway.verbs import serve
from baigong.vocab.errors import BaigongError, RetryLater

_AGAIN_S = 30.0  # the registry is asked again even when nobody said that something changed
_RETRY_S = 1.0
_FLUSH_S = 5.0  # how long a gateway that stops waits for its last frames


@dataclass(slots=True, frozen=True)
class GatewayOptions:
    """``partition``: where the frames of all its tenants go."""

    partition: str = "p0"
    buffer: BufferOptions = field(default_factory=BufferOptions)
    window: Window = field(default_factory=Window)


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
        self._assigned: list[Assigned] = []
        self._restart: set[tuple[str, str]] = set()
        self._wake = asyncio.Event()
        self._front: FrontDoor | None = None
        self._front_error: BaigongError | None = None
        folder.mkdir(parents=True, exist_ok=True)

        async def store(tenant: str, payload: bytes) -> int:
            return await bus.store(options.partition, tenant, payload)

        self.publisher = Publisher(store, folder / "spool", clock, rng, options.buffer)
        self._outbox = Outbox(bus, folder / "events.jsonl", clock)
        abandoned = Abandoned()
        around = Surroundings(
            gateway, self.publisher, self._outbox, clock, rng, abandoned, options.window, certificate.complete
        )
        heard = memory.load(folder / "heard.json", dict[str, LastHeard], {})
        self.fleet = Fleet(around, heard)
        self.guests = Guests(around)
        self._probes = Probes(self.fleet, clock, abandoned, certificate.complete)
        self._abandoned = abandoned
        self._rates = _Rates(clock)

    async def run(self, mqtt: FrontDoorOptions | None, stop: asyncio.Event) -> None:
        storing = [self._keep("publisher", self.publisher.run), self._keep("outbox", self._outbox.run)]
        reading = [
            self._keep("registry", self._follow_registry),
            self._keep("changes", self._hear_changes),
            self._keep("health", self._tell_health),
            self._keep("memory", self._remember),
            self._keep("probes", self._probes.run),
        ]
        if mqtt is not None:
            chosen = mqtt
            reading += [
                self._keep("mqtt", lambda: self._open_front_door(chosen)),
                self._keep("guests", self.guests.run),
            ]
        try:
            await serve(self._bus, self._gateway, self, self._probes, self.reload)
            await stop.wait()
        finally:
            await cancelled(reading)
            await self.fleet.stop()
            self._announce("gateway.stopped")
            await self._flush()
            await cancelled(storing)
            memory.save(self._folder / "heard.json", self.fleet.heard)

    def reload(self, device: tuple[str, str] | None) -> None:
        """Ask the registry again soon, and begin this device anew whether it changed or not."""
        if device:
            self._restart.add(device)
        self._wake.set()

    def _keep(self, name: str, work: Callable[[], Any]) -> asyncio.Task[None]:
        return asyncio.create_task(forever(name, work, self._clock), name=f"gateway {name}")

    async def _follow_registry(self) -> None:
        """Ask what to read: now, when told that it changed, and every half minute. Without answer, use the copy."""
        copy, told = self._folder / "devices.json", False
        while True:
            self._wake.clear()
            try:
                raw = await self._bus.request("registry.devices", msgspec.json.encode({"gateway": self._gateway}))
                assigned = msgspec.json.decode(raw, type=list[Assigned])
            except (BaigongError, msgspec.MsgspecError):
                if not told and not self._assigned:
                    await self._apply(memory.load(copy, list[Assigned], []))
                await self._sleep(_RETRY_S)
                continue
            if assigned != self._assigned:
                await asyncio.to_thread(memory.save, copy, assigned)
            self._outbox.open_()
            await self._apply(assigned)
            if not told:
                told = True
                self._announce("gateway.started")
            await self._sleep(_AGAIN_S)

    async def _sleep(self, seconds: float) -> None:
        waking = asyncio.ensure_future(self._wake.wait())
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({waking, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.cancel()
            sleeping.cancel()

    async def _apply(self, assigned: list[Assigned]) -> None:
        before = {(a.tenant, a.spec.device): a.spec for a in self._assigned}
        restart, self._restart = self._restart, set()
        self._assigned = assigned
        going = [one for one in assigned if one.spec.driver != FRONT_DOOR]
        await self.fleet.match(going, restart)
        self.guests.match(
            {(one.tenant, one.spec.device): one.spec for one in assigned if one.spec.driver == FRONT_DOOR}
        )
        for one in assigned:
            key = (one.tenant, one.spec.device)
            if before and (before.get(key) != one.spec or key in restart):
                self._outbox.tell(
                    one.tenant,
                    "device.applied",
                    f"device:{one.spec.device}",
                    device=one.spec.device,
                    points=len(one.spec.points),
                    enabled=one.spec.enabled,
                    gateway=self._gateway,
                )

    def _announce(self, kind: str) -> None:
        for tenant in sorted({a.tenant for a in self._assigned}):
            self._outbox.tell(tenant, kind, f"gateway:{self._gateway}", pid=os.getpid())

    async def _hear_changes(self) -> None:
        async for message in self._bus.subscribe("event.*.device.*"):
            if not message.subject.endswith(".applied"):  # our own
                self._wake.set()

    async def _tell_health(self) -> None:
        while True:
            await self._clock.sleep(1.0)
            self.fleet.measure(self.guests.counts())
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
        return {
            "time_us": self._clock.now_us(),
            "gateway": self._gateway,
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
            "devices": self.statuses(),
            "abandoned_calls": len(self._abandoned),
            "events_waiting": len(self._outbox),
            "mqtt": self._mqtt(),
        }

    def statuses(self) -> list[dict[str, Any]]:
        """All devices, whoever goes to whom."""
        rows = self.fleet.statuses() + self.guests.statuses()
        for row in rows:
            row["values_s"] = self.fleet.rate(row["tenant"], row["device"])
        return rows

    def why(self, tenant: str, number: int) -> dict[str, Any] | None:
        return self.fleet.why(tenant, number) or self.guests.why(tenant, number)

    def _mqtt(self) -> dict[str, Any]:
        if self._front_error is not None:
            return {"error": self._front_error.problem()}
        return self._front.stats() | {"port": self._front.port} if self._front is not None else {}

    async def _remember(self) -> None:
        while True:
            await self._clock.sleep(1.0)
            await asyncio.to_thread(
                memory.save, self._folder / "heard.json", msgspec.to_builtins(self.fleet.heard), durable=False
            )

    async def _flush(self) -> None:
        """Give the last frames the time to reach the stream; what does not is spooled."""
        deadline = self._clock.monotonic() + _FLUSH_S
        while not (self.publisher.idle and not len(self._outbox)) and self._clock.monotonic() < deadline:
            await self._clock.sleep(0.05)

    async def _open_front_door(self, options: FrontDoorOptions) -> None:
        async def register(tenant: str, device: str, points: list[Any]) -> object:
            asked = {"tenant": tenant, "device": device, "points": points}
            return await self._bus.request("registry.points.register", msgspec.json.encode(asked))

        door = FrontDoor(
            sink=self.guests,
            credentials=SignIn(self._bus, self._clock, os.urandom(32)),
            register_points=register,
            options=options,
            notice=self._outbox.take,
        )
        while True:
            try:
                await door.start()
                break
            except BaigongError as error:
                self._front_error = error
                await self._clock.sleep(5.0)
        self._front, self._front_error = door, None
        self.guests.open(door)
        try:
            await asyncio.Event().wait()
        finally:
            self._front = None
            self.guests.open(None)
            await door.stop()


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
    stop: asyncio.Event,
    options: GatewayOptions | None = None,
    clock: Clock | None = None,
    rng: random.Random | None = None,
) -> None:
    """Run the gateway role until ``stop`` is set; keeps its own things in ``<data_dir>/gateway/<gateway>``."""
    certificate = OwnCertificate(data_dir / "certificates")
    await asyncio.to_thread(certificate.ensure)
    made = Gateway(
        bus,
        data_dir / "gateway" / gateway,
        gateway,
        certificate,
        options or GatewayOptions(),
        clock or SystemClock(),
        rng or random.Random(),  # noqa: S311 - jitter, not secrets
    )
    await made.run(mqtt, stop)
