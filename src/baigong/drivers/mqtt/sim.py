"""A small MQTT 3.1.1 broker for tests: one process, no security, persistent sessions in memory.

It publishes the values it is given, retained, and again when told to; what clients publish it passes on with QoS 0.
Messages sent with QoS 1 stay until they are acknowledged and are sent again at the next connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Any

from baigong.drivers.mqtt import packets as p
from baigong.drivers.mqtt.codec import decode, encode, encode_publish
from baigong.drivers.mqtt.topics import covers
from baigong.drivers.switched import Switched
from baigong.vocab.errors import FixConfiguration


class _Session:
    def __init__(self) -> None:
        self.filters: dict[str, int] = {}
        self.unacknowledged: dict[int, tuple[str, bytes]] = {}
        self.next_id = 0
        self.client: _Client | None = None


class _Client(asyncio.Protocol):
    def __init__(self, broker: Simulator) -> None:
        self.broker = broker
        self.session: _Session | None = None
        self.clean = True
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.broker.clients.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.broker.clients.discard(self)
        if self.session is not None and self.session.client is self:
            self.session.client = None

    def data_received(self, raw: bytes) -> None:
        self._rest += raw
        try:
            while True:
                packet, used = decode(self._rest)
                if packet is None:
                    return
                self._rest = self._rest[used:]
                self._answer(packet)
        except FixConfiguration:
            self.transport.close()

    def send(self, packet: p.Packet) -> None:
        self.transport.write(encode(packet))

    def _answer(self, packet: p.Packet) -> None:
        match packet:
            case p.Connect(level=4):
                self._connect(packet)
            case p.Connect():
                self.send(p.Connack(p.BAD_LEVEL))
                self.transport.close()
            case p.Subscribe() if self.session:
                self.send(p.Suback(packet.packet_id, tuple(min(qos, 1) for _, qos in packet.filters)))
                for wanted, qos in packet.filters:
                    self.session.filters[wanted] = min(qos, 1)
                    for topic, payload in self.broker.retained.items():
                        if covers(wanted, topic):
                            self.broker.give(self.session, topic, payload, min(qos, 1), retain=True)
            case p.Puback() if self.session:
                self.session.unacknowledged.pop(packet.packet_id, None)
                self.broker.acknowledged += 1
            case p.Publish():
                if packet.qos == 1:
                    self.send(p.Puback(packet.packet_id))
                self.broker.received.append((packet.topic, packet.payload))
                self.broker.publish(packet.topic, packet.payload, qos=0)
            case p.Pingreq():
                self.send(p.Pingresp())
            case p.Disconnect():
                self.transport.close()

    def _connect(self, packet: p.Connect) -> None:
        sessions = self.broker.sessions
        present = packet.client_id in sessions and not packet.clean
        self.session = sessions[packet.client_id] if present else _Session()
        if packet.clean:
            sessions.pop(packet.client_id, None)
            self.broker.passing.append(self.session)
        else:
            sessions[packet.client_id] = self.session
        self.session.client = self
        self.send(p.Connack(session_present=present))
        for packet_id, (topic, payload) in self.session.unacknowledged.items():
            self.transport.write(encode_publish(topic, payload, 1, packet_id, dup=True))


class Simulator(Switched):
    """``values``: topic -> JSON document. ``start`` and ``stop`` may be repeated: the port and the sessions stay."""

    def __init__(self, values: Mapping[str, Any] | None = None, port: int = 0) -> None:
        super().__init__(port=port)
        self.retained = {topic: json.dumps(value).encode() for topic, value in (values or {}).items()}
        self.sessions: dict[str, _Session] = {}
        self.passing: list[_Session] = []
        self.clients: set[_Client] = set()
        self.acknowledged = 0
        self.received: list[tuple[str, bytes]] = []  # what clients published
        self._server: asyncio.Server | None = None

    @property
    def options(self) -> dict[str, Any]:
        return {"host": self.host, "port": self.port}

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Client(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Vanish, as if unplugged."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for client in list(self.clients):
            client.transport.abort()
        self.passing.clear()
        await asyncio.sleep(0)

    def publish(self, topic: str, payload: bytes, *, qos: int = 1) -> None:
        """Give a message to whoever subscribed."""
        for session in [*self.sessions.values(), *self.passing]:
            granted = [q for wanted, q in session.filters.items() if covers(wanted, topic)]
            if granted:
                self.give(session, topic, payload, min(qos, max(granted)))

    def give(self, session: _Session, topic: str, payload: bytes, qos: int, *, retain: bool = False) -> None:
        if qos:
            session.next_id = session.next_id % 65_535 + 1
            session.unacknowledged[session.next_id] = (topic, payload)
        if session.client is not None:
            with contextlib.suppress(ConnectionError):
                session.client.transport.write(
                    encode_publish(topic, payload, qos, session.next_id if qos else 0, retain=retain)
                )

    async def stir(self) -> None:
        """Publish every value again."""
        for topic, payload in self.retained.items():
            self.publish(topic, payload)
