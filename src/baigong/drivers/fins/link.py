"""One connection to an Omron PLC: who is which node, then commands one after the other."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

from baigong.drivers.fins import codec
from baigong.drivers.fins.settings import Settings
from baigong.drivers.line import opened
from baigong.drivers.scan import Refused
from baigong.drivers.turns import Turns


@dataclass(eq=False)
class Link(Turns[Settings]):
    """A connection. Open with ``connect``. ``model``: what the controller calls itself, once it was asked."""

    route: codec.Route = codec.Route()  # noqa: RUF009 - it cannot change
    model: str = ""
    _sid: int = 0

    def _telegram(self, buffer: bytes) -> tuple[int, Hashable, bytes]:
        if self.settings.transport == "udp":
            sid, command, content = codec.answer(buffer)
            return len(buffer), (sid, command), content
        used, kind, content = codec.take(buffer)
        if not used or kind != codec.FRAME:
            return used, kind, content
        sid, command, content = codec.answer(content)
        return used, (sid, command), content

    async def command(self, command: int, content: bytes = b"") -> bytes:
        """Have a command executed and return its answer's data: raises Refused and what ``ask`` raises."""
        self._sid = self._sid % 0xFF + 1
        frame = self.route.frame(self._sid, command, content)
        telegram = frame if self.settings.transport == "udp" else codec.wrap(codec.FRAME, frame)
        return codec.data(await self.ask(telegram, (self._sid, command)))

    async def meet(self) -> str:
        """Ask for the controller's model; empty where it does not say. Its answer shows that somebody is there."""
        try:
            self.model = (await self.command(codec.MODEL, b"\0"))[:20].decode("ascii", "replace").strip("\0 ")
        except Refused:
            self.model = ""
        return self.model

    async def open(self) -> None:
        """Connect and find out both node addresses; by UDP they are the last parts of the IP addresses."""
        given = self.settings
        if given.transport == "udp":
            await self.reach()
            ours, theirs = self._last_part("sockname"), self._last_part("peername")
        else:
            await self.dial()
            ours, theirs = codec.nodes(await self.ask(codec.hello(given.source_node), codec.WELCOME))
        self.route = replace(
            self.route,
            network=given.network,
            node=given.node or theirs,
            unit=given.unit,
            source_network=given.source_network,
            source_node=given.source_node or ours,
        )
        if given.transport == "udp":
            await self.meet()

    def _last_part(self, end: str) -> int:
        told: Any = self._transport.get_extra_info(end)
        last = str(told[0]).rpartition(".")[2] if told else ""
        return int(last) if last.isdigit() else 0


async def connect(settings: Settings) -> Link:
    """Open the connection: raises driver.unreachable, driver.protocol, or driver.option for a host that cannot be."""
    link = Link(settings)
    await opened(link, link.open())
    return link
