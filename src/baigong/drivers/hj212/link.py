"""The connection of a monitor: packets come by themselves, commands go and are answered by number."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from baigong.drivers.hj212 import codec
from baigong.drivers.hj212.codec import Packet
from baigong.drivers.hj212.settings import Settings
from baigong.drivers.line import Line, opened

Hear = Callable[[Packet], None]
_MOST_EARLY = 2000  # packets


@dataclass(eq=False)
class Link(Line[Settings]):
    """``wrong``: what was not read. What comes before anybody listens waits for the first who does."""

    _hearers: list[Hear] = field(default_factory=list)  # the drivers of one call
    _early: list[Packet] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    _answers: dict[tuple[str, int], asyncio.Future[Packet]] = field(default_factory=dict)

    def _awaited(self) -> Iterable[asyncio.Future[Any]]:
        self.ended.set()
        return self._answers.values()

    def _take(self) -> None:
        while self._buffer:
            used, packet, fault = codec.take(self._buffer)
            if not used:
                return
            self._buffer = self._buffer[used:]
            if fault:
                self.wrong[fault] += 1
            elif packet is not None:
                self._hear(packet)

    def _hear(self, packet: Packet) -> None:
        if packet.command in (9011, 9012):
            self.counters.answers += 1
            number = packet.number or packet.fields.get("QN", "")
            waiting = self._answers.get((number, packet.command))
            if waiting is not None and not waiting.done():
                waiting.set_result(packet)
            else:
                self.counters.strays += 1
            return
        if not self._hearers and len(self._early) < _MOST_EARLY:
            self._early.append(packet)
        for hear in self._hearers:
            hear(packet)

    def listen(self, hear: Hear) -> None:
        """Tell somebody of every packet from now on."""
        self._hearers.append(hear)
        early, self._early = self._early, []
        for packet in early:
            hear(packet)

    def ignore(self, hear: Hear) -> None:
        if hear in self._hearers:
            self._hearers.remove(hear)

    async def ask(self, packet: Packet, command: int) -> asyncio.Future[Packet]:
        """Expect an answer (9011 or 9012) to a packet, that is sent by whoever calls."""
        self.require_alive()
        made: asyncio.Future[Packet] = asyncio.get_running_loop().create_future()
        self._answers[packet.number, command] = made
        made.add_done_callback(lambda _: self._answers.pop((packet.number, command), None))
        return made

    def tell(self, packet: Packet) -> None:
        """Send a packet; one for a line that was lost meanwhile is nobody's."""
        if self.alive:
            self.counters.requests += 1
            self.send(codec.wrap(packet))


async def connect(settings: Settings) -> Link:
    """Dial the monitor, or wait for its call: raises driver.unreachable."""
    if settings.caller is not None:
        return await settings.caller.line(lambda: Link(settings), settings.timeout_s)
    link = Link(settings)
    await opened(link, link.dial())
    return link
