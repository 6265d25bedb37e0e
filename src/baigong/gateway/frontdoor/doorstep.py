"""Those who have not signed in yet, by address: so many at a time, a line behind them, and no more than that.

Thousands of machines behind one address come at once after a power cut: they stand in line, unread, and are let on as
fast as those before them have signed in. Who says nothing while others wait is not waited for long.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from baigong.gateway.frontdoor.connection import Connection
from baigong.gateway.frontdoor.entrance import Entrance
from baigong.gateway.frontdoor.options import Options
from baigong.vocab.addresses import network_of

_CROWDED = "too many from one address"


@dataclass(slots=True)
class _From:
    """Of one address (of IPv6 its /64), in the order in which they came."""

    inside: dict[Connection, None] = field(default_factory=dict)
    line: dict[Connection, None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.inside) + len(self.line)


class Doorstep:
    """``time`` of all here: monotonic seconds."""

    def __init__(self, options: Options, entrance: Entrance) -> None:
        self._options, self._entrance = options, entrance
        self._at: dict[str, _From] = {}
        self.waiting = 0  # all who have not signed in, in line or not

    @property
    def in_line(self) -> int:
        return sum(len(place.line) for place in self._at.values())

    def come(self, connection: Connection) -> None:
        """Take one in, put it in line, or send it away; when all is full, whoever came last from where most are."""
        connection.network = network_of(connection.peer)
        place = self._at.setdefault(connection.network, _From())
        if len(place) >= self._options.signing_in_per_address + self._options.line_per_address:
            self._send_away(connection)
            return
        self.waiting += 1
        if len(place.inside) < self._options.signing_in_per_address:
            place.inside[connection] = None
        else:
            place.line[connection] = None
            connection.is_in_line = True
            # not now: uvloop begins to read after connection_made
            asyncio.get_running_loop().call_soon(self._hold, connection)
        if self.waiting > self._options.connections // 2:
            fullest = max(self._at.values(), key=len)
            self._send_away(next(reversed(fullest.line or fullest.inside)))

    def leave(self, connection: Connection) -> None:
        """Follow when one has signed in or is gone: the next of its address is read."""
        place = self._at.get(connection.network)
        if place is None or (connection not in place.inside and connection not in place.line):
            return
        self.waiting -= 1
        place.line.pop(connection, None)
        place.inside.pop(connection, None)
        connection.is_in_line = False
        while place.line and len(place.inside) < self._options.signing_in_per_address:
            following = next(iter(place.line))
            del place.line[following]
            place.inside[following] = None
            following.go_in()
        if not len(place):
            self._at.pop(connection.network, None)

    def hurry(self, connection: Connection, now: float) -> None:
        """End what has had its time."""
        if connection.is_in_line:
            return
        options, place = self._options, self._at.get(connection.network)
        patience_s = options.connect_timeout_s
        if place is not None and place.line and not connection.is_signing_in:
            patience_s = min(patience_s, options.crowded_timeout_s)
        if now - connection.began > patience_s + options.refusal_delay_s:
            connection.close("slow to sign in", flush=False)
            self.leave(connection)

    def _hold(self, connection: Connection) -> None:
        if connection.is_in_line and not connection.is_closed:
            connection.hold("line")

    def _send_away(self, connection: Connection) -> None:
        self._entrance.turn_away(connection.peer, _CROWDED, None)
        connection.close(_CROWDED, flush=False)
        self.leave(connection)
