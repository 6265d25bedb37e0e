"""The line of a field bus, with one or more devices: of a serial server, of a DTU that calls us, or a serial port.

What the drivers of such lines share: which options must be given, what a line is called, and how it is opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from pymodbus.transport.serialtransport import create_serial_connection

from baigong.drivers.calls import Caller, expected
from baigong.drivers.line import Far, Line, opened
from baigong.drivers.manifest import Manifest, wrong_option


class Wired(Far, Protocol):
    """The options of a line; ``transport`` serial: a port of this machine."""

    @property
    def transport(self) -> str: ...
    @property
    def caller(self) -> Caller | None: ...
    @property
    def registration(self) -> str: ...
    @property
    def serial_port(self) -> str: ...
    @property
    def baudrate(self) -> int: ...
    @property
    def bytesize(self) -> int: ...
    @property
    def parity(self) -> str: ...  # none, even, odd
    @property
    def stopbits(self) -> int: ...


W = TypeVar("W", bound=Wired)


def check(claimed: Manifest, options: dict[str, Any], made: Wired, sockets: str = "") -> None:
    """Raise driver.option unless it is said where the line is. ``sockets``: the transport that is meant by a URL."""
    if expected(claimed, options) is not None:
        return
    needed = "serial_port" if made.transport == "serial" else "host"
    if not getattr(made, needed).strip():
        more = "" if made.transport == "serial" else ", or the registration of a device that calls us"
        raise wrong_option(needed, f"{needed}: transport {made.transport} needs {needed}{more}")
    if "://" in made.serial_port:  # pyserial would open URLs, and one of its schemes writes files
        hint = f"; for sockets use {sockets}" if sockets else ""
        raise wrong_option("serial_port", f"serial_port: name a serial port, like /dev/ttyUSB0 or COM3{hint}")


def name(made: Wired) -> str:
    """What a line is called in messages."""
    line = made.serial_port if made.transport == "serial" else f"{made.host}:{made.port}"
    return line if made.host or not made.registration else made.registration


@dataclass(eq=False)
class Fieldline(Line[W]):
    """A line. Open with ``take_up``; devices behind the same caller share it."""

    _made: asyncio.Event = field(default_factory=asyncio.Event)

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._made.set()

    async def plug(self) -> None:
        """Connect to the serial port. Raises OSError."""
        loop, port = asyncio.get_running_loop(), self.settings
        transport: Any
        transport, _ = await create_serial_connection(
            loop,
            lambda: self,
            port.serial_port.strip(),
            baudrate=port.baudrate,
            bytesize=port.bytesize,
            parity=port.parity[0].upper(),
            stopbits=port.stopbits,
            timeout=port.timeout_s,
        )
        try:
            await self._made.wait()
        except asyncio.CancelledError:
            loop.call_soon(transport.close)  # behind the transport's own start, which is already on its way
            raise

    async def close(self) -> None:
        """Close the line; waits a moment for the system to let go of it."""
        if self.settings.transport == "serial":  # pymodbus' serial transport tells nobody that it closed
            self._gone.set()
        await super().close()


L = TypeVar("L", bound=Fieldline[Any])


async def take_up(make: Callable[[W], L], settings: W) -> L:
    """Open a line: raises driver.unreachable, or driver.option for a host or port that cannot be."""
    if settings.caller is not None:
        return await settings.caller.line(lambda: make(settings), settings.timeout_s)
    line = make(settings)
    if settings.transport == "serial":
        await opened(line, line.plug(), "serial_port")
    else:
        await opened(line, line.dial())
    return line
