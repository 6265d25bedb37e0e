"""The listener: who comes in, as whom, and what is known about everybody who did."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from typing import Any

from baigong.bus.contract import Bus
from baigong.drivers.mqtt import packets as p
from baigong.drivers.mqtt.codec import encode
from baigong.drivers.mqtt.payload import Book
from baigong.gateway.frontdoor.announce import Announcer
from baigong.gateway.frontdoor.bridge import Bridge
from baigong.gateway.frontdoor.connection import Connection
from baigong.gateway.frontdoor.counts import Counts
from baigong.gateway.frontdoor.denials import Denials
from baigong.gateway.frontdoor.doorstep import Doorstep
from baigong.gateway.frontdoor.entrance import Entrance
from baigong.gateway.frontdoor.keep import Keep
from baigong.gateway.frontdoor.listeners import Listeners
from baigong.gateway.frontdoor.options import (
    Credentials,
    Machines,
    Notice,
    Options,
    Pay,
    RegisterPoints,
    Sink,
)
from baigong.gateway.frontdoor.refusals import REASONS
from baigong.gateway.frontdoor.room import Room
from baigong.gateway.frontdoor.session import Outgoing, Session
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater
from baigong.vocab.happenings import Event

_SWEEP_S = 1.0
_EXPIRE_EVERY = 600  # sweeps


class FrontDoor:
    """The MQTT 3.1.1 listener. ``await start()`` … ``await stop()``; see ``Options`` for its limits.

    A PUBLISH is acknowledged when ``sink.store`` returned for the frame that holds its values, and when what the
    session must remember is on disk. ``bus``: share live messages with other gateways, at the price of one bus
    message for each.
    """

    def __init__(
        self,
        *,
        sink: Sink,
        credentials: Credentials,
        register_points: RegisterPoints,
        options: Options | None = None,
        notice: Notice | None = None,
        bus: Bus | None = None,
        machines: Machines | None = None,
        pay: Pay = lambda tenant, values: 0.0,
    ) -> None:
        self.options, self.pay = options or Options(), pay
        self.counts = Counts()
        self.rooms: dict[str, Room] = {}
        self._sink, self._notice = sink, notice
        self.entrance = Entrance(self.options, self.counts, credentials, machines, notice)
        self._doorstep = Doorstep(self.options, self.entrance)
        self._keep = Keep(self.options.file)
        self._announcer = Announcer(register_points, self.counts)
        self._connections: set[Connection] = set()
        self._listeners = Listeners(self.options)
        self._tasks: set[asyncio.Task[None]] = set()
        self._bridge = Bridge(bus, self) if bus is not None else None
        self._told: dict[tuple[str, str], float] = {}

    # life

    async def start(self) -> None:
        """Load the sessions and listen. Raises bus.port_taken when another program holds the port."""
        await self._keep.open()
        await self._load()
        try:
            await self._listeners.open(lambda: Connection(self))
        except FixConfiguration:
            await self._keep.close()
            raise
        self._spawn(self._sweep())
        self._spawn(self._announcer.run())
        if self._bridge is not None:
            self._spawn(self._bridge.run())

    @property
    def port(self) -> int:
        """The port of plain MQTT, also when the system chose it."""
        if self._listeners.port is None:
            raise RetryLater("gateway.down", "the front door is not open")
        return self._listeners.port

    @property
    def ports(self) -> tuple[int | None, int | None]:
        """The ports of plain MQTT and of MQTT over TLS; None where nobody listens."""
        return self._listeners.port, self._listeners.tls_port

    async def stop(self, timeout_s: float = 5.0) -> None:
        """Let nobody in, store and answer what was read as far as the time allows, then hang up."""
        self._listeners.close()
        for connection in list(self._connections):
            connection.hold("stopping")
        try:
            async with asyncio.timeout(timeout_s):
                for room in list(self.rooms.values()):
                    await room.settle()
        except TimeoutError:
            self.counts.closed["stopped before stored"] += 1
        for connection in list(self._connections):
            connection.will = None
            connection.close("stopped")
        await asyncio.sleep(0)
        for connection in list(self._connections):
            connection.abort_if_lingering()
        for room in self.rooms.values():
            room.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(room.settle() for room in self.rooms.values()))
        await self._keep.close()

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _load(self) -> None:
        for tenant, client, device, seen_us in await self._keep.load("session", "tenant, client"):
            room = self.room(tenant)
            room.sessions[client] = session = Session(room, client, device, persistent=True)
            session.seen_us = seen_us
        for tenant, client, wanted, qos in await self._keep.load("subscription", "tenant, client"):
            session = self.rooms[tenant].sessions[client]
            session.subscriptions[wanted] = qos
            session.room.tree.add(wanted, session, qos)
        for tenant, client, packet_id in await self._keep.load("received", "tenant, client"):
            self.rooms[tenant].sessions[client].received.add(packet_id)
        for row in await self._keep.load("outgoing", "seq"):
            _, tenant, client, packet_id, qos, topic, payload, retain, released = row
            message = Outgoing(packet_id, topic, payload, qos, bool(retain), released=bool(released))
            self.rooms[tenant].sessions[client].restore(message)
        for tenant, topic, payload, qos in await self._keep.load("retained", "tenant, topic"):
            room = self.room(tenant)
            room.retained[topic] = (payload, qos)
            room.retained_bytes += len(topic) + len(payload)
        self._expire()

    def _expire(self) -> None:
        limit_us = time.time_ns() // 1000 - int(self.options.session_expiry_s * 1e6)
        for room in self.rooms.values():
            room.expire(limit_us)

    async def _sweep(self) -> None:
        for turn in itertools.count():
            await asyncio.sleep(_SWEEP_S)
            if turn % _EXPIRE_EVERY == 0:
                self._expire()
            now, now_us, options = time.monotonic(), time.time_ns() // 1000, self.options
            for c in list(self._connections):
                if c.session is None:
                    self._doorstep.hurry(c, now)
                elif c.until_us and now_us > c.until_us:
                    c.close("certificate ended")
                elif c.partial_since and not c.is_held and now - c.partial_since > options.packet_timeout_s:
                    c.close("slow packet", flush=False)
                elif c.keep_alive_s and not c.is_held and now - c.heard > 1.5 * c.keep_alive_s:  # [MQTT-3.1.2-24]
                    c.close("keep alive", flush=False)
                elif c.write_paused and now - c.write_paused_since > options.write_timeout_s:
                    c.close("subscriber takes nothing", flush=False)

    # clients

    def entered(self, connection: Connection) -> None:
        self._connections.add(connection)
        self.counts.connects += 1
        if len(self._connections) > self.options.connections:
            self.counts.refused["too many connections"] += 1
            connection.close("too many connections", flush=False)
        else:
            self._doorstep.come(connection)

    def left(self, connection: Connection) -> None:
        """Clean up behind a connection: its will, its session if that was to be clean."""
        self._connections.discard(connection)
        self._doorstep.leave(connection)
        session, room = connection.session, connection.room
        if session is None:
            return
        room.leave(connection)
        will, connection.will = connection.will, None
        if session.connection is connection:
            session.leave()
            if not session.persistent:
                session.forget()
                if room.sessions.get(session.client_id) is session:
                    del room.sessions[session.client_id]
        if will is not None:
            if connection.allowance.may("publish", will.topic):
                room.publish(connection.book, will.topic, will.payload, will.qos, retain=will.retain)
                self.announce(room, connection.device, connection.book)
            else:
                self.deny(connection, "publish", will.topic)
        room.wake()

    def sign_in(self, connection: Connection, packet: p.Connect) -> None:
        self._spawn(self._sign_in(connection, packet))

    async def _sign_in(self, connection: Connection, packet: p.Connect) -> None:
        found = await self.entrance.identify(packet, connection.certificate)
        if connection.is_closed:
            return
        who, refusal = found.who, found.code
        if who is not None:
            refusal = self._room_for(self.room(who.tenant), who.device, packet)
        if who is None or refusal:
            why = found.why or REASONS[refusal]
            self.entrance.turn_away(connection.peer, why, packet, found.about)
            connection.send(encode(p.Connack(refusal)))
            connection.close(f"refused: {why}")
            return
        connection.key, connection.until_us = found.key, found.until_us
        connection.who = who
        self._admit(connection, packet, self.room(who.tenant), who.device)

    def _room_for(self, room: Room, device: str, packet: p.Connect) -> int:
        """Return why this client cannot be taken in, or 0."""
        if device in room.disabled:
            return p.NOT_AUTHORIZED
        known = packet.client_id in room.sessions
        full = len(room.connections) >= self.options.connections_per_tenant
        if (full or len(room.sessions) >= self.options.sessions_per_tenant) and not known:
            return p.UNAVAILABLE
        return 0

    def _admit(self, connection: Connection, packet: p.Connect, room: Room, device: str) -> None:
        client_id = packet.client_id or f"auto-{uuid.uuid4().hex}"
        connection.client_id = client_id
        while client_id in room.sessions and room.sessions[client_id].device != device:
            client_id = f"{device}/{client_id}"  # nobody pushes out another machine by using its client id
        before = room.sessions.get(client_id)
        if before is not None and before.connection is not None:  # [MQTT-3.1.4-2]
            before.connection.close("taken over")
            self.left(before.connection)
            before = room.sessions.get(client_id)
        connection.device, connection.room = device, room
        connection.configure(room.book(device), room.named[device])
        may_less = before is not None and before.keep_to(connection.allowance)  # what waits for it may be others'
        if before is not None and (packet.clean or may_less):  # [MQTT-3.1.2-6]
            before.forget()
            before = None
        session = before or Session(room, client_id, device, persistent=not packet.clean)
        room.sessions[client_id] = session
        session.open(connection)
        connection.session = session
        room.enter(connection)
        self._doorstep.leave(connection)
        connection.keep_alive_s, connection.will = float(packet.keep_alive_s), packet.will
        connection.heard = time.monotonic()
        connection.send(encode(p.Connack(p.ACCEPTED, before is not None)))
        session.resume()
        connection.go_on()
        room.wake()

    # topics

    def deny(self, connection: Connection, action: str, topic: str) -> BaigongError:
        """Count what a client may not, and tell of it where that is due."""
        if action == "publish":
            self.counts.dropped["mqtt.topic_denied"] += 1
        denials = connection.room.denials.setdefault(connection.device, Denials())
        count = denials.note(action, topic)
        if count:
            detail = {"action": action, "topic": denials.topic, "count": count, "from": connection.peer}
            self._tell(connection, "client.denied", detail | {"client": connection.client_id[:100]}, every_s=0.0)
        return denials.error()

    def publish(self, tenant: str, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> None:
        """Give a message to the tenant's subscribers (a command, a live value); it is not stored as telemetry."""
        room = self.room(tenant)
        room.pass_on(topic, payload, qos, retain=retain)
        if room.outward is not None:
            room.outward(tenant, topic, payload, qos, retain=retain)
        room.wake()

    # what others ask

    def room(self, tenant: str) -> Room:
        if tenant not in self.rooms:
            outward = self._bridge.send if self._bridge is not None else None
            self.rooms[tenant] = Room(tenant, self.options, self._sink, self._keep, self.counts, outward)
        return self.rooms[tenant]

    def configure(self, tenant: str, device: str, spec: DeviceSpec | None) -> None:
        """Set a device's mapping (``options.mapping``) and points. Raises driver.option."""
        self.room(tenant).configure(device, spec)

    def sign_out(self, key: tuple[str, str]) -> None:
        """Hang up on whoever signed in with this user name, or this certificate."""
        for c in [c for c in self._connections if c.key == key]:
            c.close("credentials revoked", flush=False)

    def sign_out_device(self, tenant: str, device: str) -> None:
        """Hang up on all connections of a device."""
        room = self.rooms.get(tenant)
        for c in list(room.present.get(device, ())) if room else []:
            c.close("credentials revoked")

    def signed_in(self) -> set[tuple[str, str]]:
        """Tell what all who are here signed in with."""
        return {c.key for c in self._connections if c.key[0]}

    def announce(self, room: Room, device: str, book: Book) -> None:
        self._announcer.add(room.tenant, device, book)

    def tell_slowed(self, connection: Connection) -> None:
        self._tell(connection, "quota.exceeded", {"messages_s": self.options.messages_s}, every_s=60.0)

    def tell_closed(self, connection: Connection, reason: str, error: BaigongError | None) -> None:
        if reason not in ("disconnect", "stopped", "mqtt.topic_denied"):  # of the last is told with its count
            detail = {"reason": reason, "message": error.message if error else "", "client": connection.client_id}
            self._tell(connection, "client.disconnected", detail, every_s=1.0)

    def _tell(self, connection: Connection, kind: str, detail: dict[str, Any], *, every_s: float) -> None:
        if self._notice is None or connection.room is None:
            return
        now, key = time.monotonic(), (kind, f"{connection.room.tenant}/{connection.device}")
        if now - self._told.get(key, -every_s) < every_s:
            return
        if len(self._told) > 10_000:
            self._told.clear()
        self._told[key] = now
        tenant, subject = connection.room.tenant, f"device:{connection.device}"
        self._notice(Event(kind=kind, time_us=time.time_ns() // 1000, tenant=tenant, subject=subject, detail=detail))

    def stats(self) -> dict[str, Any]:
        """Numbers since start (see ``Counts``) and of this moment."""
        rooms = list(self.rooms.values())
        waiting = [room.waiting for room in rooms if room.waiting]
        return {
            **self.counts.plain(),
            "connections": len(self._connections),
            "signing_in": self._doorstep.waiting,
            "in_line": self._doorstep.in_line,
            "sessions": sum(len(room.sessions) for room in rooms),
            "subscriptions": sum(len(s.subscriptions) for room in rooms for s in room.sessions.values()),
            "retained": sum(len(room.retained) for room in rooms),
            "backlog": sum(len(room.batch.columns) + room.storing for room in rooms),
            "queued": sum(len(s.waiting) + len(s.flight) for room in rooms for s in room.sessions.values()),
            "refused_points": sum(book.refused for room in rooms for book in room.books.values()),
            "unannounced": self._announcer.waiting,
            "recent_refusals": list(self.entrance.refusals),
            "waiting": waiting[0].problem() if waiting else None,
        }

    def devices(self, tenant: str | None = None) -> list[dict[str, Any]]:
        """List the devices that came through the door, with when they were last heard."""
        rooms = [room for room in self.rooms.values() if tenant in (None, room.tenant)]
        return [room.describe(device) for room in rooms for device in room.books]

    def keys(self) -> list[tuple[str, str]]:
        """Name the (tenant, device)s that are known here."""
        return [(room.tenant, device) for room in self.rooms.values() for device in room.books]

    def device(self, tenant: str, device: str) -> dict[str, Any] | None:
        """The same of one device; None when it is not known here."""
        room = self.rooms.get(tenant)
        return room.describe(device) if room and device in room.books else None

    def is_present(self, tenant: str, device: str) -> bool:
        room = self.rooms.get(tenant)
        return room is not None and device in room.present

    def take_presence(self) -> list[tuple[str, str]]:
        """Name the devices that came or went since this was last asked."""
        found = []
        for room in self.rooms.values():
            found += [(room.tenant, device) for device in room.came_or_went]
            room.came_or_went = set()
        return found

    def why(self, tenant: str, number: int) -> dict[str, Any] | None:
        """Say what is known of one point: its message, its client, its last error. None: it never came this way."""
        room = self.rooms.get(tenant)
        return room.why(number) if room else None
