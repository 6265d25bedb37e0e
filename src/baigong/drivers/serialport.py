"""A serial port as the line of a driver that asks and is answered."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from pymodbus.transport.serialtransport import create_serial_connection


class Port(Protocol):
    """The options of a serial port."""

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
    @property
    def timeout_s(self) -> float: ...


async def plug(line: asyncio.Protocol, made: asyncio.Event, port: Port) -> None:
    """Connect a line to a serial port; ``made`` is set by its ``connection_made``. Raises OSError."""
    loop = asyncio.get_running_loop()
    transport: Any
    transport, _ = await create_serial_connection(
        loop,
        lambda: line,
        port.serial_port.strip(),
        baudrate=port.baudrate,
        bytesize=port.bytesize,
        parity=port.parity[0].upper(),
        stopbits=port.stopbits,
        timeout=port.timeout_s,
    )
    try:
        await made.wait()
    except asyncio.CancelledError:
        loop.call_soon(transport.close)  # behind the transport's own start, which is already on its way
        raise
