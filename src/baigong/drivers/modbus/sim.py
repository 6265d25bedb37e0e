"""A Modbus device in this process: pymodbus' server over registers that can be set, for tests and the demo plant.

::

    async with Simulator({"holding": [(0, 100)]}, values={"holding:12:float32": 47.3}) as device:
        ModbusDriver({"host": "127.0.0.1", "port": device.port})
        await device.set("holding:12:float32", 47.4)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from pymodbus import FramerType
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from baigong.drivers.modbus.address import AREAS, BIT_AREAS, Register, parse
from baigong.drivers.modbus.codec import FUNCTIONS, encode
from baigong.drivers.switched import Addressed

Ranges = Mapping[str, Sequence[tuple[int, int]]]
"""Area -> the (start, count) that exist, bits in whole words of 16; everything else is an illegal address."""

_WRITTEN = {5: "coil", 15: "coil", 6: "holding", 16: "holding"}
_REMEMBERED = 1000  # requests
EVERYTHING: Ranges = {area: [(0, 1000)] for area in AREAS}


class Simulator(Addressed):
    """Serves one unit over TCP, RTU over TCP, or RTU on ``serial_port``.

    ``refuse`` and ``requests`` serve tests: what must be answered with which exception, and what was asked.
    """

    def __init__(
        self,
        ranges: Ranges = EVERYTHING,
        *,
        values: Mapping[str, Any] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        unit: int = 1,
        transport: str = "tcp",
        serial_port: str = "",
        order: str = "abcd",
    ) -> None:
        super().__init__(host, port)
        self._ranges = {area: sorted(ranges.get(area, ())) for area in AREAS}
        self._memory = {area: np.zeros(0x10000, np.uint16) for area in AREAS}
        self._server: Any = None
        self._order = order
        self.unit = unit
        self.transport, self.serial_port = transport, serial_port
        self.refuse: dict[tuple[str, int], int] = {}  # (area, register or bit) -> exception code
        self.longest: int = 2000  # registers or bits in one request; more is refused with exception 3
        self.requests: list[tuple[str, int, int]] = []  # the last ones: (area, start, count)
        self.writes: list[tuple[str, int, list[int]]] = []  # the last ones: (area, start, values)
        self.written: Callable[[str, int, list[int]], None] | None = None  # is told of each
        for address, value in (values or {}).items():
            self._store(address, value)

    @property
    def options(self) -> dict[str, Any]:
        """The options with which the driver reaches this device."""
        if self.transport == "serial":
            return {"transport": "serial", "serial_port": self.serial_port, "unit": self.unit, "order": self._order}
        where = {"host": self.host, "port": self.port}
        return {"transport": self.transport, **where, "unit": self.unit, "order": self._order}

    async def start(self) -> None:
        if self._server is not None:
            return
        device = SimDevice(id=self.unit, simdata=self._blocks(), action=self._action)
        if self.transport == "serial":
            server: Any = ModbusSerialServer(device, port=self.serial_port, baudrate=9600, reconnect_delay=0)
        else:
            framer = FramerType.SOCKET if self.transport == "tcp" else FramerType.RTU
            server = ModbusTcpServer(device, framer=framer, address=(self.host, self.port))
        await server.serve_forever(background=True)
        if self.transport != "serial":
            self.port = server.transport.sockets[0].getsockname()[1]
        self._server = server

    async def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.shutdown()

    async def set(self, address: str, value: float | int | str | bool) -> None:
        """Give one address (zero-based notation) a new value, all its registers at once."""
        register = self._store(address, value)
        if self._server is None:
            return
        held = self._memory[register.area][register.start : register.start + register.count]
        written = held.astype(bool).tolist() if register.area in BIT_AREAS else held.tolist()
        await self._server.async_setValues(self.unit, FUNCTIONS[register.area], register.start, written)

    def _store(self, address: str, value: Any) -> Register:
        register = parse(address, order=self._order)
        memory = self._memory[register.area]
        if register.area in BIT_AREAS:
            memory[register.start] = bool(value)
        else:
            raw = encode(register, value, int(memory[register.start]))
            memory[register.start : register.start + register.count] = np.frombuffer(raw, ">u2")
        return register

    def _blocks(self) -> Any:
        blocks = []
        for area in AREAS:
            kind = DataType.BITS if area in BIT_AREAS else DataType.REGISTERS
            made = []
            # an area without ranges still needs a block: the last address, which _action refuses
            for start, count in self._ranges[area] or [(0xFFF0, 16)]:
                held = self._memory[area][start : start + count]
                values: Any = held.astype(bool).tolist() if area in BIT_AREAS else held.tolist()
                made.append(SimData(start, values=values, datatype=kind))
            blocks.append(made)
        return tuple(blocks)

    async def _action(
        self, function: int, first: int, address: int, count: int, registers: Any, values: Any
    ) -> ExcCodes | None:
        """Called by pymodbus for every access; ``count`` is in registers, also for bits."""
        if values is not None:
            return self._take(function, address, [int(v) for v in values])
        if function in _WRITTEN:  # pymodbus looks at what it has just written
            return None
        area = AREAS[function - 1]
        self.requests.append((area, address, count))
        del self.requests[:-_REMEMBERED]
        if count > self.longest:
            return ExcCodes.ILLEGAL_VALUE
        step = 16 if area in BIT_AREAS else 1
        begin = address - address % step
        for at in range(begin, begin + count * step, step):
            codes = [self.refuse[area, one] for one in range(at, at + step) if (area, one) in self.refuse]
            if codes:
                return ExcCodes(codes[0])
            if not any(start < at + step and at < start + length for start, length in self._ranges[area]):
                return ExcCodes.ILLEGAL_ADDRESS
        return None

    def _take(self, function: int, address: int, values: list[int]) -> ExcCodes | None:
        """Somebody writes; our own ``set`` comes this way too, with the function that reads."""
        if function not in _WRITTEN:
            return None
        area = _WRITTEN[function]
        if any((area, address + i) in self.refuse for i in range(len(values))):
            return ExcCodes(self.refuse[area, address])
        self.writes.append((area, address, values))
        del self.writes[:-_REMEMBERED]
        self._memory[area][address : address + len(values)] = values
        if self.written is not None:
            self.written(area, address, values)
        return None
