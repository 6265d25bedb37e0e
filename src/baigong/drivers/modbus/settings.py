"""The options of a Modbus device, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from baigong.drivers import fieldline
from baigong.drivers.calls import Caller
from baigong.drivers.manifest import manifest
from baigong.drivers.modbus.codec import MAX_BITS, MAX_REGISTERS


@dataclass(slots=True, frozen=True)
class Settings:
    """See docs.md for what each option means, driver.toml for what it may be."""

    transport: str = "tcp"
    host: str = ""
    connect_to: Sequence[str] = ()  # given by the gateway: addresses of the host, already judged
    port: int = 502
    caller: Caller | None = None  # given by the gateway: the device calls us
    registration: str = ""
    registration_is: str = "text"
    heartbeat: str = ""
    unit: int = 1
    serial_port: str = ""
    baudrate: int = 9600
    bytesize: int = 8
    parity: str = "none"
    stopbits: int = 1
    timeout_s: float = 2.0
    retries: int = 1
    pause_ms: int = 0
    order: str = "abcd"
    addressing: str = "zero"
    max_gap: int = 16
    max_registers: int = MAX_REGISTERS
    max_bits: int = MAX_BITS
    write_with: str = "single"

    @property
    def place(self) -> str:
        """Where the device is, for messages."""
        return self.place_of(self.unit)

    def place_of(self, unit: int) -> str:
        """Where a unit of this line is."""
        return f"{fieldline.name(self)} unit {unit}"

    @property
    def is_called(self) -> bool:
        """The device calls us: bytes that are no telegrams may come on its line at any time."""
        return self.caller is not None


def settings(options: dict[str, Any]) -> Settings:
    """Check the options; driver.option names the wrong one in ``place``."""
    claimed = manifest("modbus")
    claimed.check_options(options)
    made = Settings(**options)
    fieldline.check(claimed, options, made, sockets="rtu-over-tcp")
    return made
