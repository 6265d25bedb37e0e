"""One connection that somebody made to us: what it said first, and the line that drivers ask over meanwhile."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from baigong.drivers.calls import LONGEST, Expected, Name, Skipped, names_of
from baigong.drivers.line import Line
from baigong.vocab.networks import CallPort

L = TypeVar("L", bound=Line[Any])
_QUIET_S = 0.3  # a packet has ended when nothing more has come for so long
_LONGEST_S = 1.0  # … or when it has lasted so long: who sends all the time is looked at too
_MOST_KEPT = 1 << 16  # bytes of somebody of whom nobody knows yet whether they are worth keeping
_MOST_PACKETS, _MOST_NAMES = 4, 200  # that are remembered of somebody unknown
_MOST_UNSENT = 1 << 16  # bytes that a half-open connection does not take any more
_KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))  # two minutes until a dead SIM is known


class Exchange(Protocol):
    """Whom a call tells what happens."""

    def admit(self, call: Call) -> bool: ...

    def heard(self, call: Call) -> None: ...

    def lost(self, call: Call) -> None: ...


class Call(asyncio.Protocol):
    """Its own protocol for as long as it lives; a ``Line`` is given what comes, and writes through ``write``."""

    def __init__(self, exchange: Exchange, port: CallPort) -> None:
        self._exchange = exchange
        self.port = port
        self.address = ""
        self.packets: list[bytes] = []  # what it said while nobody knew who it is: who it is, then its heartbeats
        self.names: frozenset[Name] = frozenset()
        self.began_s = 0.0
        self.users = 0
        self.dropped = 0  # bytes that came while nobody asked
        self.skipped = Skipped()
        self._transport: Any = None
        self._line: Line[Any] | None = None
        self._known = False
        self._keeps = 0
        self._kept = bytearray()
        self._fresh = bytearray()
        self._quiet: asyncio.TimerHandle | None = None
        self._packet_s = 0.0

    # -- what asyncio calls ----------------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.began_s = asyncio.get_running_loop().time()
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        if not self._exchange.admit(self):
            transport.abort()
            return
        made = transport.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE:
            if hasattr(socket, name):
                made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def data_received(self, data: bytes) -> None:
        if not self._known:
            self._listen(data)
            return
        rest = self.skipped.clean(data)
        if not rest:
            return
        if self._line is not None:
            self._line.data_received(rest)
        elif self._keeps:
            self._keep(rest)
        else:
            self.dropped += len(rest)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._exchange.lost(self)
        line, self._line = self._line, None
        if line is not None:
            line.connection_lost(exc)

    # -- who it is -------------------------------------------------------------------------------------------

    @property
    def packet(self) -> bytes:
        """What it said first; empty: nothing yet."""
        return self.packets[0] if self.packets else b""

    def is_it(self, wanted: Expected) -> bool:
        return any(wanted.is_it(self.names, packet) for packet in self.packets)

    def _listen(self, data: bytes) -> None:
        now = asyncio.get_running_loop().time()
        if not self._fresh:
            self._packet_s = now
            self._meant(data)  # a heartbeat may follow within the silence that ends a packet
        self._fresh += data[: LONGEST - len(self._fresh)]
        self._kept += data[: _MOST_KEPT - len(self._kept)]
        self._stop_timer()
        if len(self._fresh) >= LONGEST or now - self._packet_s > _LONGEST_S:
            self._decide()
        else:
            self._quiet = asyncio.get_running_loop().call_later(_QUIET_S, self._decide)

    def _decide(self) -> None:
        packet, self._fresh = bytes(self._fresh), bytearray()
        self._meant(packet)
        if packet not in self.packets and len(self.packets) < _MOST_PACKETS:
            self.packets.append(packet)
        self._exchange.heard(self)

    def _meant(self, packet: bytes) -> None:
        if len(self.names) < _MOST_NAMES:
            self.names |= names_of(packet)

    def claimed(self, wanted: Expected) -> None:
        """It is somebody whom a device waits for."""
        self._stop_timer()
        if self._known:
            return
        self._known, self._keeps = True, wanted.keeps
        if not wanted.keeps:
            self._kept.clear()
            self.skipped.learn(self.packets)

    def _stop_timer(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None

    def _keep(self, rest: bytes) -> None:
        self._kept += rest
        if len(self._kept) > self._keeps:
            self._transport.pause_reading()  # the sender waits; nothing is thrown away

    # -- the line --------------------------------------------------------------------------------------------

    def join(self, make: Callable[[], L], wanted: Expected) -> L | None:
        """Return the line on this call, made now if it is nobody's; None: it is another driver's kind of line."""
        self.skipped.learn(wanted.heartbeats)
        if self._line is None or not self._line.alive:
            line = make()
            self._line, self.users = line, 0
            line.connection_made(self)
            kept, self._kept = bytes(self._kept), bytearray()
            if kept:
                self._transport.resume_reading()
                line.data_received(kept)
        else:
            line = self._line  # type: ignore[assignment]
            if type(line) is not type(make()):
                return None
        self.users += 1
        return line

    def leave(self, line: Line[Any]) -> None:
        """One driver less asks here; after the last the line is over, and the call goes on."""
        if self._line is not line:
            return
        self.users -= 1
        if self.users <= 0:
            self._line = None
            line.connection_lost(None)

    def write(self, data: bytes) -> None:
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > _MOST_UNSENT:
            self.hang_up()

    def abort(self) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        """End the connection; the other side calls again."""
        if self._transport is not None:
            self._transport.abort()
