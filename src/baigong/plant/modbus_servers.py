"""The plant's PLCs and meters as real Modbus TCP servers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from baigong.drivers.modbus.address import Register
from baigong.drivers.modbus.codec import Decoder, encode
from baigong.plant.catalogue import DEVICES, Signal, signals
from baigong.plant.live import Shown
from baigong.plant.points import HOST, MODBUS_UNITS, MQTT_DEVICES, OPCUA_DEVICES, Ports, modbus_type, register
from baigong.plant.setpoints import SETPOINTS, SetPoints
from baigong.vocab.errors import FixConfiguration

_REGISTERS = 400


@dataclass(slots=True)
class Unit:
    """The registers of one PLC or meter; only its set-points can be written, whole."""

    device: str
    setpoints: SetPoints = field(default_factory=SetPoints)
    bank: list[int] = field(default_factory=lambda: [0] * _REGISTERS)
    _where: list[tuple[Signal, Register, float]] = field(init=False)
    _last: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._where = [(one, register(one), modbus_type(one.row)[1]) for one in signals(self.device)]

    def show(self, shown: Shown) -> None:
        """Write what changed; a value's registers change together, as nothing else runs meanwhile."""
        for signal, where, scale in self._where:
            value = float(shown.values[signal.name])
            if self._last.get(signal.name) == value:
                continue
            self._last[signal.name] = value
            whole = where.kind not in ("float32", "float64")
            raw = encode(where, round(value / scale) if whole else value, self.bank[where.start])
            self.bank[where.start : where.start + where.count] = np.frombuffer(raw, ">u2").tolist()

    def served(self, unit: int) -> SimDevice:
        # Areas that a unit does not have keep one word at the end of the address space, which _answer refuses.
        none = SimData(0xFFF0, values=[0] * 16, datatype=DataType.REGISTERS)
        bits = SimData(0xFFF0, values=[False] * 16, datatype=DataType.BITS)
        held = SimData(0, values=[0] * _REGISTERS, datatype=DataType.REGISTERS)
        meter = self.device in MODBUS_UNITS
        areas: Any = ([bits], [bits], [none if meter else held], [held if meter else none])
        return SimDevice(id=unit, simdata=areas, action=self._answer)

    async def _answer(
        self, function: int, first: int, address: int, count: int, registers: list[int], values: Any
    ) -> ExcCodes | None:
        """Called by pymodbus before each access, with the whole block to be brought up to date."""
        if values is not None:
            return self._take(address, [int(v) for v in values])
        if address + count > _REGISTERS:
            return ExcCodes.ILLEGAL_ADDRESS
        registers[address - first : address - first + count] = self.bank[address : address + count]
        return None

    def _take(self, address: int, values: list[int]) -> ExcCodes | None:
        """Somebody writes: a set-point is taken over at once, anything else is refused."""
        for signal, where, scale in self._where:
            if signal.name in SETPOINTS and (where.start, where.count) == (address, len(values)):
                self.bank[address : address + len(values)] = values
                raw = np.array(values, ">u2").view(np.uint8)
                (value,) = Decoder(1, [(0, where, 0)]).decode(raw).value
                self.setpoints.write(signal.name, float(value) * scale)
                return None
        return ExcCodes.ILLEGAL_ADDRESS


class ModbusServers:
    """Four servers: pump PLC, compressor controller, furnace PLC, and a gateway box with four meters behind it."""

    def __init__(self, ports: Ports) -> None:
        self.setpoints = SetPoints()
        self._units = {name: Unit(name, self.setpoints) for name in DEVICES if name not in MQTT_DEVICES + OPCUA_DEVICES}
        self._running: dict[int, ModbusTcpServer] = {}
        self._ports = ports

    async def show(self, shown: Shown) -> None:
        """Bring every register up to date; pull or plug the compressor controller's cable."""
        for unit in self._units.values():
            unit.show(shown)
        wanted = {self._ports.of(name) for name in self._units}
        if shown.silent:
            wanted.discard(self._ports.air)
        for port in wanted - self._running.keys():
            await self._start(port)
        for port in self._running.keys() - wanted:
            await self._running.pop(port).shutdown()

    async def close(self) -> None:
        while self._running:
            await self._running.popitem()[1].shutdown()

    async def _start(self, port: int) -> None:
        served = [
            unit.served(MODBUS_UNITS.get(name, 1)) for name, unit in self._units.items() if self._ports.of(name) == port
        ]
        server = ModbusTcpServer(served, address=(HOST, port))
        try:
            await server.serve_forever(background=True)
        except RuntimeError as error:  # pymodbus says no more than this when it cannot listen
            raise FixConfiguration("bus.port_taken", f"port {port}: {error}", place=f"{HOST}:{port}") from error
        self._running[port] = server
