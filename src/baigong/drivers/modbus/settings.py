"""The options of a Modbus device, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from baigong.drivers.modbus.address import ORDERS
from baigong.drivers.modbus.codec import MAX_BITS, MAX_REGISTERS
from baigong.vocab.errors import FixConfiguration

TRANSPORTS = ("tcp", "rtu-over-tcp", "serial")
_CHOICES = {
    "transport": TRANSPORTS,
    "order": ORDERS,
    "addressing": ("zero", "one"),
    "parity": ("none", "even", "odd"),
    "write_with": ("single", "multiple"),
}
_RANGES: dict[str, tuple[float, float]] = {
    "port": (1, 65535),
    "unit": (0, 255),
    "baudrate": (50, 4_000_000),
    "bytesize": (7, 8),
    "stopbits": (1, 2),
    "timeout_s": (0.02, 60),
    "retries": (0, 10),
    "max_gap": (0, MAX_REGISTERS),
    "max_registers": (1, MAX_REGISTERS),
    "max_bits": (1, MAX_BITS),
}


@dataclass(slots=True, frozen=True)
class Settings:
    """See docs.md for what each option means."""

    transport: str = "tcp"
    host: str = ""
    connect_to: Sequence[str] = ()  # given by the gateway: addresses of the host, already judged
    port: int = 502
    unit: int = 1
    serial_port: str = ""
    baudrate: int = 9600
    bytesize: int = 8
    parity: str = "none"
    stopbits: int = 1
    timeout_s: float = 2.0
    retries: int = 1
    order: str = "abcd"
    addressing: str = "zero"
    max_gap: int = 16
    max_registers: int = MAX_REGISTERS
    max_bits: int = MAX_BITS
    write_with: str = "single"

    @property
    def place(self) -> str:
        """Where the device is, for messages."""
        line = self.serial_port if self.transport == "serial" else f"{self.host}:{self.port}"
        return f"{line} unit {self.unit}"


def settings(options: dict[str, Any]) -> Settings:
    """Check the options; driver.option names the wrong one in ``place``."""
    for name, value in options.items():
        if name in _CHOICES:
            if value not in _CHOICES[name]:
                raise _wrong(name, f"{value!r} is none of {', '.join(_CHOICES[name])}")
        elif name in _RANGES:
            _number(name, value)
        elif name != "connect_to" and not isinstance(value, str):
            raise _wrong(name, f"{value!r} is not text")
    try:
        made = Settings(**options)
    except TypeError as error:
        raise _wrong(next(iter(options.keys() - set(Settings.__slots__)), ""), str(error)) from error
    needed = "serial_port" if made.transport == "serial" else "host"
    if not getattr(made, needed).strip():
        raise _wrong(needed, f"transport {made.transport} needs {needed}")
    if "://" in made.serial_port:  # pyserial would open URLs, and one of its schemes writes files
        raise _wrong("serial_port", "name a serial port, like /dev/ttyUSB0 or COM3; for sockets use rtu-over-tcp")
    return made


def _number(name: str, value: Any) -> None:
    low, high = _RANGES[name]
    kinds = (int, float) if name.endswith("_s") else int
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        raise _wrong(name, f"{value!r} is not a number from {low:g} to {high:g}")


def _wrong(name: str, why: str) -> FixConfiguration:
    return FixConfiguration("driver.option", f"{name}: {why}", place=name)
