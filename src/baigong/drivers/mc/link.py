"""One connection to a MELSEC PLC or its Ethernet module: commands one after the other."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from baigong.drivers.line import opened
from baigong.drivers.mc import codec
from baigong.drivers.mc.settings import Settings
from baigong.drivers.scan import Refused
from baigong.drivers.turns import Turns


@dataclass(eq=False)
class Link(Turns[Settings]):
    """A connection. Open with ``connect``. ``model``: what the CPU calls itself, once it was asked."""

    dialect: codec.Dialect = field(default_factory=codec.Dialect)
    model: str = ""
    _serial: int = 0

    @property
    def keyed(self) -> bool:
        return self.dialect.frame == "4e"

    def _telegram(self, buffer: bytes) -> tuple[int, Hashable, bytes]:
        return self.dialect.take(buffer)

    async def command(self, command: int, content: bytes = b"", *, bits: bool = False) -> bytes:
        """Have a command executed and return its answer's data: raises Refused and what ``ask`` raises."""
        self._serial = (self._serial + 1) % 0x10000 if self.keyed else 0
        sub = 0 if command == codec.MODEL else self.dialect.sub(bits=bits)
        return self.dialect.data(
            await self.ask(self.dialect.request(self._serial, command, sub, content), self._serial)
        )

    async def meet(self) -> str:
        """Ask for the CPU's model; empty where it does not say. Its answer shows that somebody is there."""
        try:
            self.model = (await self.command(codec.MODEL))[:16].decode("ascii", "replace").strip("\0 ")
        except Refused:
            self.model = ""
        return self.model

    async def open(self) -> None:
        """Connect; by UDP, where that says nothing, ask for the model."""
        if self.settings.transport == "tcp":
            await self.dial()
            return
        await self.reach()
        await self.meet()


async def connect(settings: Settings) -> Link:
    """Open the connection: raises driver.unreachable, or driver.option for a host that cannot be."""
    link = Link(settings, dialect=settings.dialect)
    await opened(link, link.open())
    return link
